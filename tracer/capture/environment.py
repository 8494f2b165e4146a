"""Values of the environment that are secrets by the name of their variable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

SHORTEST = 8
"""Characters. A shorter value would be found in ordinary text."""
_NAMES = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE)S?$", re.IGNORECASE)
_HARD = re.compile(r"(?:SECRET|PASSWORD|PASSWD|PASSPHRASE)S?$", re.IGNORECASE)
"""Names whose values are secret even where they are words."""
_WORD = "(?:[a-z]{1,14}|[A-Z]{1,14}|[A-Z][a-z]{1,13})"
_WORDS = re.compile(rf"{_WORD}(?:[-_. :/]{_WORD})?")
_NUMBER = re.compile(r"[+-]?\d{1,11}(?:\.\d+)?")
_PLACE = re.compile(r"(?:~|\.{1,2})?/\S*|[A-Za-z]:\\.*|(?:https?|file|unix)://[^@]*")


class Variable(NamedTuple):
    """A secret as it may stand in a text, and the variable that holds it."""

    name: str
    value: str


def variables_in(environment: Mapping[str, str]) -> tuple[Variable, ...]:
    """The secrets among these variables, each in the forms in which texts quote it, the longest first."""
    # Each name of os.environ is decoded again, for every run: a tenth of what a short run takes to be recorded.
    stored = getattr(environment, "_data", None)
    if stored is not None and stored == _last.stored:
        return _last.secrets
    kept = dict(stored) if stored is not None else None
    found = [
        Variable(name, form)
        for name, value in environment.items()
        if _NAMES.search(name) and _is_secret(name, value.strip())
        for form in _forms(value.strip())
    ]
    variables = tuple(sorted(found, key=lambda variable: (-len(variable.value), variable)))
    if kept is not None:
        _last.stored, _last.secrets = kept, variables
    return variables


class _Last:
    """What the environment held the last time it was looked at, and its secrets."""

    stored: dict[Any, Any] | None = None
    secrets: tuple[Variable, ...] = ()


_last = _Last()


def _is_secret(name: str, value: str) -> bool:
    if len(value) < SHORTEST or len(set(value)) < 3 or _PLACE.fullmatch(value):
        return False
    # MODE_KEY=development, CACHE_KEY=user-id, PUBLIC_KEY_TOKEN=12345678
    return bool(_HARD.search(name)) or not (_WORDS.fullmatch(value) or _NUMBER.fullmatch(value))


def _forms(value: str) -> Iterator[str]:
    # A byte that is no UTF-8 reaches Python as half a surrogate, which stands in no text of a log.
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    forms.add(json.dumps(json.dumps(value))[3:-3])
    forms |= {quote(value, safe="", errors="replace"), quote(value, errors="replace")}
    yield from (form for form in forms if len(form) >= SHORTEST)
