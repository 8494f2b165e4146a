"""What a run's secrets are looked for with: the settings, and what its code says."""

from __future__ import annotations

import importlib
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tracer.settings import BY_NAME

from .environment import variables_in
from .markers import Json
from .redact import Function, Redactor, unredacted

Redact = Callable[..., Json]
"""(plain value, the key it stands under or "") → the value without its secrets."""
Choice = bool | Function | None
"""What code says: True and False, an own function beside the patterns, or None for what the settings say."""

_OFF, _ON = ("0", "false", "no", "off"), ("1", "true", "yes", "on")
_KIND = re.compile(r"[A-Za-z][\w.-]{0,59}")
_KEPT = 8

_redactors: dict[Any, Redactor] = {}
_lock = threading.Lock()


def chosen(choice: Choice, environment: Mapping[str, str] | None = None) -> Redact:
    """The redaction of a run that starts now. Raises ValueError where a setting is wrong.

    The values of the environment are those of this moment. `unredacted` where none is wanted.
    """
    given = os.environ if environment is None else environment
    if choice is None and not is_on(given):
        return unredacted
    if choice is False:
        return unredacted
    function = choice if callable(choice) else own_function(given)
    patterns = own_patterns(given)
    variables = variables_in(given)
    about = (tuple((kind, pattern.pattern) for kind, pattern in patterns), function, variables)
    with _lock:
        # What it knows to be clean is worth keeping from run to run.
        redactor = _redactors.get(about)
        if redactor is None:
            while len(_redactors) >= _KEPT:
                del _redactors[next(iter(_redactors))]
            redactor = _redactors[about] = Redactor(patterns, function, variables)
    return redactor


def is_on(environment: Mapping[str, str]) -> bool:
    """What TRACER_REDACT says. Raises ValueError."""
    variable = BY_NAME["redact"].variable
    said = environment.get(variable, "").strip().lower()
    if said in _OFF:
        return False
    if said and said not in _ON:
        raise ValueError(f"{variable} is {said[:40]!r}; it is 1 or 0")
    return True


def own_patterns(environment: Mapping[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """TRACER_REDACT_PATTERNS as (kind, pattern): lines `kind=regex`, or @FILE with such lines. Raises ValueError."""
    variable = BY_NAME["redact_patterns"].variable
    text = environment.get(variable, "").strip()
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text("utf-8")
        except (OSError, ValueError) as error:
            raise ValueError(f"{variable}: {text[1:]} cannot be read: {error}") from None
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        kind, equals, pattern = line.partition("=")
        kind = kind.strip()
        if not equals or not _KIND.fullmatch(kind):
            raise ValueError(f"{variable}, line {number}: kind=regex is wanted, not {line[:60]!r}")
        try:
            compiled = re.compile(pattern.strip())
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"{variable}, line {number}: {error}") from None
        if compiled.match(""):
            raise ValueError(f"{variable}, line {number}: this matches the empty text: {pattern.strip()[:60]!r}")
        found.append((kind, compiled))
    return tuple(found)


def own_function(environment: Mapping[str, str]) -> Function | None:
    """The function that TRACER_REDACT_FUNCTION names as `module:function`. Raises ValueError."""
    variable = BY_NAME["redact_function"].variable
    name = environment.get(variable, "").strip()
    if not name:
        return None
    module, _, attribute = name.partition(":")
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
    try:
        function = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise ValueError(f"{variable}: {name!r} cannot be imported: {type(error).__name__}: {error}") from None
    if not callable(function):
        raise ValueError(f"{variable}: {name!r} is no function")
    return function  # type: ignore[no-any-return]
