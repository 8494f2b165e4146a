"""The pieces of a text that are secret: where they may be, how they are put together, what is left without them."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable

from .errors import LONGEST_MESSAGE
from .secrets import Span

_NAMES = (
    *("passw", "pass_", "pass-", "passphrase", "passcode", "secret", "token", "_key", "-key", "apikey", "api key"),
    *("accesskey", "secretkey", "privatekey", "accountkey", "sharedkey", "pwd", "auth", "cookie", "credential", "sig="),
    *("signature", "bearer", "pass=", "pass:", '"pass', "'pass", "access key", "secret key", "private key", "login"),
)
_MARKER = re.compile(r"\[secret: [A-Za-z][\w .-]{0,99}\]")
_CUT = " characters cut …\n"
_CUT_AT = re.compile(r"\n… [\d,]+ characters cut …\n")
_RUN = string.ascii_letters + string.digits + "_-+/=.~%"
_LONGEST_RUN = 1_000


def may_be_named(text: str) -> bool:
    """The screen for secrets that have a name, a scheme or a URL before them."""
    if not (":" in text or "=" in text or "earer " in text or "asic " in text or "--" in text or " login " in text):
        return False
    if "asic " in text or ("://" in text and "@" in text):
        return True
    lowered = text.lower()
    return any(name in lowered for name in _NAMES)


def merged_spans(text: str, found: list[Span]) -> list[Span]:
    """In order, none overlapping another; each of the kind of its longest part. Markers that stand there stay."""
    if "[secret: " in text:
        markers = [marker.span() for marker in _MARKER.finditer(text)]
        found = [span for span in found if not any(start <= span.start < end for start, end in markers)]
    merged: list[Span] = []
    longest = 0
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            size = span.end - span.start
            merged[-1] = Span(last.start, max(last.end, span.end), span.kind if size > longest else last.kind)
            longest = max(longest, size)
        else:
            merged.append(span)
            longest = span.end - span.start
    return merged


def mended(text: str) -> str:
    """A text whose middle is missing, without the halves of words on both sides: they may be halves of a secret."""
    cut = halved(text)
    if cut is None:
        return text
    start, end = cut.span()
    after = text[end : end + _LONGEST_RUN].lstrip(_RUN)
    return f"{without_last_run(text[:start])}{cut[0]}{after}{text[end + _LONGEST_RUN :]}"


def halved(text: str) -> re.Match[str] | None:
    """The place where the middle of a message or a traceback is missing."""
    return _CUT_AT.search(text) if len(text) > LONGEST_MESSAGE and _CUT in text else None


def without_last_run(text: str) -> str:
    """A text that was cut off, without the half word at its end."""
    return text[:-_LONGEST_RUN] + text[-_LONGEST_RUN:].rstrip(_RUN)


def is_all(span: Span, text: str) -> bool:
    return not text[: span.start].strip() and not text[span.end :].strip()


def without(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    at = 0
    for span in spans:
        parts += (text[at : span.start], f"[secret: {span.kind}]")
        at = span.end
    return text if not parts else "".join((*parts, text[at:]))
