"""Secrets known by what stands before them: a name (`password=…`, `"api_key": "…"`), a scheme, a URL's user."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from .secrets import Span

_BEFORE_KEY = r"(?:api|access|secret|private|account|shared|encryption|signing|master|auth|service|subscription)[_\- ]?"
_BEFORE_TOKEN = (
    r"(?:access|refresh|auth|bearer|session|id|api|bot|oauth|csrf|xsrf|jwt|security|personal|client|user|app)[_\- ]?"
)
_STRONG = rf"pass[_\- ]?(?:word|wd|phrase|code)|secret|credentials?|{_BEFORE_KEY}key|{_BEFORE_TOKEN}token"
"""Whatever has such a name is secret; what has a weak one is, where it looks like it."""
_WEAK = r"token|pwd|pass|auth|sig(?:nature)?|[a-z0-9]_key"
_AFTER = r"(?:[_\-]?(?:hash|value|text|string|b64|base64|\d{1,3}))?"

_CORE = re.compile(
    r"pass(?:[_\- ]?(?:word|wd|phrase|code))?|secret|key|token|pwd|auth(?![_\- ]?(?:key|token))"
    r"|sig(?:nature)?|credentials?"
)
"""The last word of such a name, in lower case: what stands before it is looked at where a value follows."""
_LAST_STRONG = re.compile(rf"(?:{_STRONG})\Z")
_LAST_WEAK = re.compile(rf"(?:{_WEAK})\Z")
_LONGEST_NAME = 24
_STRONG_NAME = re.compile(rf"(?:^|_)(?:{_STRONG}s?|set_cookie|cookies?|(?:proxy_)?authorization){_AFTER}$")
_WEAK_NAME = re.compile(rf"(?:^|_)(?:{_WEAK}){_AFTER}$")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NO_SECRETS = re.compile(
    r"(?:^|_)(?:eos|bos|pad|unk|cls|sep|mask|stop|next|prev|page|continuation|per|max|min|special)_token$"
)

_VALUE = re.compile(
    rf"{_AFTER}"
    r"(?:\\*[\"'`])?\]?"
    r"(?:\s{0,4}:\s{0,2}(?:str|bytes|string|SecretStr|str \| None|Optional\[str\])\s{0,2}=(?!=)"
    r"|\s{0,4}(?:=>|:=|={1,2}|:)|(?P<flag> ))"
    r"\s{0,4}(?:[bru](?=[\"']))?"
    r"(?:(?P<quote>\\*[\"'`])(?P<quoted>(?:(?!(?<!\\)(?P=quote))[\s\S]){1,1000}+)"
    r"|(?P<bare>[^\s\"'`\\&;<>]{1,1000}+))",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"(?:<[^>]*>?|\{[^}]*\}*|(?:[^\w{}]*\{\w*\})+[^\w{}]*|\$\{?\w+\}?|%\(?\w*\)?s?|\W+|x+|\[secret: .*"
    r"|your[\W_].*|my[ _-](?:api[ _-]?)?(?:key|token|secret|password)|[\w-]{0,12}(?:\.\.\.|…)"
    r"|null|none|true|false|nil|undefined|str|string|bytes|optional\[.*"
    r"|required|optional|missing|invalid|empty|hidden|redacted|example|changeme|pass(?:word|wd)?|pwd|secret|token"
    r"|integer|number|boolean|object|array|text|not|is|are|must|and|or|the|a|an|of|for|in|to|with)",
    re.IGNORECASE | re.DOTALL,
)
_CODE = re.compile(r"[A-Za-z_][\w.]*(?:[(\[{].*)?[,)\]}:]*")
_CALL = re.compile(r"[A-Za-z_][\w.]*[(\[]")
_TOKEN = re.compile(r"[A-Za-z0-9_\-+/=.~%:]{16,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}

_BEARER = re.compile(r"(?:(?<![a-z])|(?<=\\[nrt]))bearer\s{1,3}([A-Za-z0-9_\-.~+/=]{12,})", re.IGNORECASE)
_BASIC = re.compile(r"(?:(?<![a-z])|(?<=\\[nrt]))basic\s{1,3}([A-Za-z0-9+/]{6,}={0,2})", re.IGNORECASE)
_AUTHORIZATION = re.compile(
    r"authorization(?:\\*[\"']\s{0,3}[:=,]|\s{0,3}[:=])\s{0,3}(?:[bru](?=[\"']))?(?:\\*[\"'])?"
    r"(?P<scheme>(?:bearer|basic|token|digest|negotiate|apikey|bot|key|aws4-hmac-sha256)\s{1,3})?"
    r"(?P<value>[^\"'\r\n\\]{4,2000})",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    r"(?:(?<![a-z])|(?<=\\[nrt]))cookie(?:\\*[\"']\s{0,3}[:,]|\s{0,3}:)\s{0,3}(?:[bru](?=[\"']))?(?:\\*[\"'])?"
    r"([\w.\-]{1,100}=[^\r\n\"'\\]{3,4000})",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"://([^\s/?#:@\"'<>\\]{0,200}+)(?::([^\s/?#\"'<>\\]{1,400}))?@(?=[\w\[%{.-])")
_NETRC = re.compile(r"\blogin\s{1,8}\S{1,200}\s{1,8}password\s{1,8}(\S{1,400})")
_CURL = re.compile(r"(?:-u|--user)[ =]?[\"']?[^\s:\"']{1,100}:([^\s\"']{1,200})")


def kind_of(name: str) -> tuple[str, bool] | None:
    """`(kind, strong)` for a dict's key that names a secret, None for any other."""
    if "[secret: " in name:
        return None  # what stands there was a secret, and says nothing of what is beside it
    normal = "_".join(_WORDS.findall(name[:200])).lower()
    found = _STRONG_NAME.search(normal)
    if found is None:
        found = _WEAK_NAME.search(normal)
        if found is None or _NO_SECRETS.search(normal):
            return None
        return _kind(found[0]), False
    if _NO_SECRETS.search(normal):
        return None
    return _kind(found[0]), True


def _kind(name: str) -> str:
    return "_".join(word for word in _WORDS.findall(name) if not word.isdigit()).lower()


def holds(value: str, strong: bool) -> bool:
    """Whether what stands under a name is a secret: not something to fill in, nor a word that tells of it."""
    value = value.strip()
    if not value or _PLACEHOLDER.fullmatch(value):
        return False
    return strong or is_random(value)


def is_random(value: str) -> bool:
    """Whether it looks like nothing that a person would write."""
    if not _TOKEN.fullmatch(value) or value.startswith(("/", "./", "http:", "https:")) or _UUID.fullmatch(value):
        return False
    if not (any(c.isdigit() for c in value) and any(c.isalpha() for c in value)):
        return False
    longest = max(re.split(r"[-_./:=%+~]", value), key=len)
    return len(longest) >= 16 or (value != value.lower() and value != value.upper() and len(longest) >= 10)


def named_in(text: str) -> Iterator[Span]:
    """The pieces of a text that what stands before them makes secret."""
    lowered = text.lower()
    if len(lowered) != len(text):
        # Some characters get longer in lower case, and what follows them moves.
        lowered = text.translate(_LOWER)
    if "@" in text:
        yield from _urls(text)
    for found in _each(_BEARER, text, lowered, "bearer"):
        if any(c.isdigit() for c in found[1]) or len(found[1]) > 30:
            yield Span(*found.span(1), "bearer_token")
    for found in _each(_BASIC, text, lowered, "basic"):
        if _is_user_and_password(found[1]):
            yield Span(*found.span(1), "basic_auth")
    for found in _each(_AUTHORIZATION, text, lowered, "authorization"):
        yield from _header(found)
    for found in _each(_COOKIE, text, lowered, "cookie"):
        yield Span(*found.span(1), "cookie")
    if "password" in text:
        for found in _each(_NETRC, text, text, "login"):
            yield Span(*found.span(1), "password")
    if "curl" in text:
        for option in (" -u", " --user"):
            for found in _each(_CURL, text, text, option, 1):
                yield Span(*found.span(1), "basic_auth")
    yield from _values(text, lowered)


def _each(pattern: re.Pattern[str], text: str, within: str, word: str, skip: int = 0) -> Iterator[re.Match[str]]:
    """The matches that begin with this word (after `skip` characters of it), wherever it stands in `within`."""
    at = within.find(word)
    while at >= 0:
        found = pattern.match(text, at + skip)
        if found is not None:
            yield found
        at = within.find(word, at + 1 if found is None else found.end())


def _urls(text: str) -> Iterator[Span]:
    for found in _each(_IN_URL, text, text, "://"):
        user, password = found[1], found[2]
        if password is not None:
            if not _PLACEHOLDER.fullmatch(password):
                yield Span(*found.span(2), "url_password")
        elif is_random(user):
            yield Span(*found.span(1), "url_password")


def _header(found: re.Match[str]) -> Iterator[Span]:
    value = found["value"]
    first = value.split(None, 1)[0] if value.strip() else ""
    if _PLACEHOLDER.fullmatch(first) or _CALL.match(first):
        return
    if found["scheme"] or (len(first) >= 8 and any(c.isdigit() for c in first)):
        yield Span(*found.span("value"), "authorization")


def _is_user_and_password(value: str) -> bool:
    try:
        decoded = base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except ValueError:
        return False
    return b":" in decoded and decoded.isascii() and decoded.decode().isprintable()


def _values(text: str, lowered: str) -> Iterator[Span]:
    at = 0
    while (core := _CORE.search(lowered, at)) is not None:
        at = core.end()
        value = _VALUE.match(text, at)
        if value is None:
            continue
        begin = max(0, at - _LONGEST_NAME)
        name = _LAST_STRONG.search(lowered, begin, at)
        strong = name is not None
        if name is None:
            name = _LAST_WEAK.search(lowered, begin, at)
            if name is None or (lowered[name.start() - 1 : name.start()].isalpha() and name[0] != "token"):
                continue  # "monkey: …", "compass: …", "bypass=…"
        if value["flag"]:
            option = text[max(0, begin - 16) : name.start()].rpartition("--")
            if not option[1] or " " in option[2]:
                continue
        found = _quoted(value, strong) if value["quote"] else _bare(text, name, value, strong)
        if found is not None:
            yield Span(*found, _kind(text[name.start() : name.end()]))
            at = found[1]


def _quoted(value: re.Match[str], strong: bool) -> tuple[int, int] | None:
    said = value["quoted"]
    if len(said.strip()) < 4 or not holds(said, strong):
        return None
    if not value["quote"] or said.count(" ") > 5 or said[:1] in " ,)" or "\n" in said.strip():
        return None
    # `"Password: " + text + "…"`: the quote that opens is the one that closes.
    return value.span("quoted")


def _bare(text: str, name: re.Match[str], value: re.Match[str], strong: bool) -> tuple[int, int] | None:
    said = value["bare"].rstrip(".,)]}:")
    if len(said) < 4 or not holds(said, strong):
        return None
    separator = text[name.end() : value.start("bare")]
    if not any(c.isdigit() for c in said) and _CODE.fullmatch(said):
        # A word, or code. In a query, a connection string or a line of settings it is the value itself.
        before = text[name.start() - 1] if name.start() else ""
        line = text.rfind("\n", 0, name.start()) + 1
        whole = not re.search(r"[\s(]", text[line : name.start()])
        if "(" in said or "=" not in separator or " " in separator or not (before in "?&;" or whole):
            return None
        if before not in "?&;" and text.count("\n", 0, 4000):
            return None
    elif _CALL.match(said) or (not strong and "==" in separator):
        return None
    start = value.start("bare")
    return start, start + len(said)
