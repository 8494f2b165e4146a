"""Secrets out of encoded values, before they reach the disk. docs/security.md tells what is found and what cannot be.

A value goes through `Redactor` once, after it was encoded and before it becomes part of a line. Nearly all of them hold
no secret, and most of their texts were seen before or are short: what is left is screened at C speed, and only what the
screen stops at is looked at closely.
"""

from __future__ import annotations

import base64
import itertools
import logging
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from .encode import LIMITS
from .environment import Variable
from .known import by_tree, within
from .markers import Json, from_outside, mark, safe
from .named import holds, kind_of, named_in
from .pieces import halved, is_all, may_be_named, mended, merged_spans, without, without_last_run
from .secrets import LONG_RUN, NO_RUN, Span, formats_in

Function = Callable[[str, str], str]
"""Somebody's own: (text, the key it stands under or "") → the text that is recorded."""

FAILED = "redact_failed"
"""The kind of what an own function could not say anything about: nothing of it is recorded."""

SHORTEST = 8
"""Characters. A shorter text holds no secret by itself, only under a name."""
_SHORTEST_FORMAT = 20
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_STEP = rf"[A-Za-z_]{{1,20}}:{_UUID}"
_ID = re.compile(rf"(?:[a-z_]{{1,8}}-{{1,2}})?{_UUID}(?:-\d{{1,3}})?|{_STEP}(?:\|{_STEP})*")
"""LangChain's own ids, LangGraph's, and everybody's."""
_BASE64 = re.compile(r"(?:data:[\w.+/;=-]{1,100},)?[A-Za-z0-9+/]+={0,2}")
"""An image, a sound: nothing in it can be read."""
_REMEMBERED = 20_000
_LONGEST_REMEMBERED = 4_096
_GROWING = 200
"""Characters from which on a text is taken to grow: of one that begins as an earlier one, the rest is screened."""
_OVERLAP = 1_024
_GROWN = 512

_IN_PIECES = ("bytes", "cut", "repr", "dict")
"""Markers that may hold a piece of a secret, or one in a form of its own."""
_TEXTUAL = frozenset(
    ("content", "text", "name", "type", "message", "traceback", "role", "args", "arguments", "chunk", "json", "id")
)
"""Keys under which readers expect a text: a marker of the other form would be none."""

_numbers = itertools.count()
_log = logging.getLogger("tracer")


def unredacted(value: Json, key: str = "") -> Json:
    """The redaction of those who want none."""
    return value


class Redactor:
    """Takes secrets out of plain values. Total, and safe to share between threads.

    `patterns` are (kind, pattern): of a match the first group is removed, where there is one. `variables` are values of
    the environment.
    """

    def __init__(
        self,
        patterns: Iterable[tuple[str, re.Pattern[str]]] = (),
        function: Function | None = None,
        variables: Iterable[Variable] = (),
    ) -> None:
        self._number = next(_numbers)
        self._patterns = tuple(patterns)
        self._function = function
        self._variables = tuple(variables)
        self._overlap = max([_OVERLAP, *(len(variable.value) for variable in self._variables)])
        self._shortest = 1 if self._patterns else SHORTEST
        self._harmless: set[str] = set()
        """Keys that name no secret and hold none."""
        self._clean: set[str] = set()
        self._clean_long: set[tuple[int, int]] = set()
        """Hash and length: their texts are not kept alive for this."""
        self._grown: dict[str, str] = {}
        self._said = False

    @property
    def shortest(self) -> int:
        """Characters of the shortest text that may be secret by itself."""
        return self._shortest

    @property
    def asks(self) -> bool:
        """Whether there is an own function, which is to see every text."""
        return self._function is not None

    def __call__(self, value: Json, key: str = "") -> Json:
        """The value without its secrets: itself where it has none. It is not changed. `key` is what it stands under."""
        try:
            kind = type(value)
            if self._function is None:
                if kind is str:
                    if self._is_clean(value):
                        return value
                elif (kind is not dict and kind is not list) or self._is_clean_tree(value):
                    return value
            return self._value(value, key)
        except BaseException as error:  # out of memory or stack: what could not be looked at is not recorded
            if from_outside(error):
                raise
            self._report("a value could not be searched for secrets")
            return mark("secret", kind=FAILED)

    # What has no secret: the way nearly everything takes.

    def _is_clean_tree(self, value: Any) -> bool:
        in_list = type(value) is list
        if not in_list:
            if not self._harmless.issuperset(value) and not self._are_harmless(value):
                return False
            value = value.values()
        elif id(value) in within:
            made = within.pop(id(value), None)
            # A conversation, most of which was looked at when it was said before.
            if made is not None and made[0] is value:
                _, history, at = made
                if self._number not in history.clean:
                    if not self._is_clean_tree(history.tree):
                        return False
                    history.clean.add(self._number)
                value = value[:at] + value[at + len(history.tree) :]
        clean, shortest = self._clean, self._shortest
        for item in value:
            kind = type(item)
            if kind is str:
                if len(item) >= shortest and item not in clean and not self._is_clean(item):
                    return False
            elif (kind is dict or kind is list) and item:
                if in_list and _is_pair(item) and not self._are_harmless({item[0]: item[1]}):
                    return False
                # A message of a history, say, which was looked at when it was said first.
                known = by_tree.get(id(item))
                if known is None or known.tree is not item:
                    if not self._is_clean_tree(item):
                        return False
                elif self._number not in known.clean:
                    if not self._is_clean_tree(item):
                        return False
                    known.clean.add(self._number)
        return True

    def _are_harmless(self, entries: dict[str, Any]) -> bool:
        harmless = self._harmless
        for key in entries:
            if key not in harmless:
                if key == "$tracer":
                    if entries[key] in _IN_PIECES:
                        return False
                    continue
                if key == "value":
                    if _about_value(entries) is not None:
                        return False
                    continue
                if kind_of(key) is not None or not self._is_clean(key):
                    return False
                if len(harmless) >= _REMEMBERED:
                    harmless.clear()
                if len(key) <= _LONGEST_REMEMBERED:
                    harmless.add(key)
        return True

    def _is_clean(self, text: str) -> bool:
        size = len(text)
        if size < self._shortest or text in self._clean:
            return True
        if size <= _LONGEST_REMEMBERED:
            if not self._is_clean_growing(text):
                return False
            if len(self._clean) >= _REMEMBERED:
                self._clean.clear()
            self._clean.add(text)
            return True
        seen = (hash(text), size)
        if seen in self._clean_long:
            return True
        if not self._is_clean_growing(text):
            return False
        if len(self._clean_long) >= _REMEMBERED:
            self._clean_long.clear()
        self._clean_long.add(seen)
        return True

    def _is_clean_growing(self, text: str) -> bool:
        """A text that says more at each event is screened from where it was."""
        if halved(text) is not None:
            return False
        if len(text) < _GROWING:
            return not self._stops(text) or not self._spans(text)
        begin = text[:64]
        before = self._grown.get(begin)
        grown = before is not None and text.startswith(before)
        new = text[max(0, len(before) - self._overlap) :] if before is not None and grown else text
        if self._stops(new) and self._spans(new):
            return False
        # Nobody knows how far back these look.
        if grown and any(pattern.search(text) for _, pattern in self._patterns):
            return False
        if len(self._grown) >= _GROWN:
            self._grown.clear()
        self._grown[begin] = text
        return True

    def _stops(self, text: str) -> bool:
        """The screen: whether there may be a secret in this."""
        if self._patterns and any(pattern.search(text) for _, pattern in self._patterns):
            return True
        for variable in self._variables:
            if variable.value in text:
                return True
        if len(text) > _LONGEST_REMEMBERED and _BASE64.fullmatch(text):
            return False
        if len(text) >= _SHORTEST_FORMAT and (
            (LONG_RUN.search(text) and not _ID.fullmatch(text)) or NO_RUN.search(text)
        ):
            return True
        return may_be_named(text)

    # What may have one.

    def _value(self, value: Any, key: str) -> Json:
        kind = type(value)
        if kind is str:
            return self._shown(value, key)
        if kind is dict:
            return self._marker(value, key) if "$tracer" in value else self._dict(value)
        if kind is list:
            return [self._pair(item) if _is_pair(item) else self._value(item, key) for item in value]
        return value

    def _dict(self, value: dict[str, Any]) -> Json:
        shown: dict[str, Any] = {}
        about = _about_value(value)
        for name, item in value.items():
            key = self._textual(name, "")
            if key in shown:
                number = 2
                while f"{key} ({number})" in shown:
                    number += 1
                key = f"{key} ({number})"
            shown[key] = self._under(name, item, about if name == "value" else kind_of(name))
        return shown

    def _pair(self, pair: list[Any]) -> Json:
        """A header, say, whatever stands beside it: a list that is still streamed ends with half a pair."""
        name, item = pair
        return [self._textual(name, ""), self._under(name, item, kind_of(name))]

    def _under(self, name: str, item: Any, about: tuple[str, bool] | None) -> Json:
        """What stands under a name."""
        if about is None:
            return self._value(item, name)
        kind, strong = about
        if type(item) is str:
            if holds(item, strong):
                spans = self._spans(item)
                whole = len(spans) == 1 and is_all(spans[0], item)
                return _removed(spans[0].kind if whole else kind, len(item), name)
        elif type(item) is int and strong and abs(item) > 999:
            return _removed(kind, len(str(item)), name)
        elif type(item) is list and all(type(one) is str for one in item):
            return [self._under(name, one, about) for one in item]
        elif type(item) is dict and item.get("$tracer") in ("bytes", "surrogate", "cut", "int", "repr") and strong:
            return mark("secret", kind=kind)
        return self._value(item, name)

    def _marker(self, value: dict[str, Any], key: str) -> Json:
        """A marker keeps its form. What was cut may end in the middle of a secret, which then looks like none."""
        marker = value["$tracer"]
        if marker == "bytes" and type(value.get("base64")) is str:
            return {**value, "base64": self._base64(value["base64"])}
        if marker == "secret":
            return value
        shown = {name: item for name, item in value.items()}
        for name in ("head", "repr"):
            item = value.get(name)
            if type(item) is str and (name == "head" or len(item) >= LIMITS.max_repr):
                shown[name] = without_last_run(item)
        if marker == "dict" and type(value.get("items")) is list:
            shown["items"] = self._value(value["items"], key)
            return shown
        for name, item in shown.items():
            if name != "$tracer":
                shown[name] = self._textual(item, key) if type(item) is str else self._value(item, key)
        return shown

    def _base64(self, text: str) -> str:
        try:
            raw = base64.b64decode(text, validate=True).decode("latin-1")
        except ValueError:
            return str(self._textual(text, ""))
        shown = self._textual(raw, "")
        return text if shown is raw else base64.b64encode(shown.encode("utf-8")).decode()

    def _shown(self, text: str, key: str) -> Json:
        if key in _TEXTUAL:
            return self._textual(text, key)
        spans: Iterable[Span] = ()
        if not self._is_clean(text):
            text = mended(text)
            spans = self._spans(text)
            if len(spans) == 1 and is_all(spans[0], text):
                return mark("secret", kind=spans[0].kind, size=len(text))
        return self._own(without(text, spans), key, False)

    def _textual(self, text: str, key: str) -> str:
        if not self._is_clean(text):
            text = mended(text)
            text = without(text, self._spans(text))
        return str(self._own(text, key, True))

    def _own(self, text: str, key: str, textual: bool) -> Json:
        if self._function is None:
            return text
        try:
            said = self._function(text, key)
            if issubclass(type(said), str):
                return text if said is text else safe(str.__str__(said))
            self._report("the redact function did not return a text")
        except BaseException as error:
            if from_outside(error):
                raise
            self._report("the redact function failed")
        return f"[secret: {FAILED}]" if textual else mark("secret", kind=FAILED, size=len(text))

    def _report(self, what: str) -> None:
        if not self._said:
            self._said = True
            _log.error("%s; what it was asked about is not recorded", what, exc_info=sys.exc_info()[0] is not None)

    def _spans(self, text: str) -> list[Span]:
        """The secret pieces, in order, none overlapping another; each of the kind of its longest part."""
        found = [*formats_in(text), *(named_in(text) if may_be_named(text) else ())]
        for variable in self._variables:
            at = text.find(variable.value)
            while at >= 0:
                found.append(Span(at, at + len(variable.value), f"environment {variable.name}"))
                at = text.find(variable.value, at + len(variable.value))
        for kind, pattern in self._patterns:
            for match in pattern.finditer(text):
                start, end = match.span(1 if pattern.groups and match[1] is not None else 0)
                if end > start:
                    found.append(Span(start, end, kind))
        return merged_spans(text, found)


def _is_pair(value: Any) -> bool:
    return type(value) is list and len(value) == 2 and type(value[0]) is str


def _about_value(entries: dict[str, Any]) -> tuple[str, bool] | None:
    """Of {"name": "Authorization", "value": "…"}, as some write headers, what `value` is."""
    named = entries.get("name", entries.get("key"))
    return kind_of(named) if type(named) is str and "value" in entries else None


def _removed(kind: str, size: int, key: str) -> Json:
    return f"[secret: {kind}]" if key in _TEXTUAL else mark("secret", kind=kind, size=size)
