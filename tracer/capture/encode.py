"""Any value → strict JSON. Total: it never raises, and what JSON cannot say becomes a `$tracer` marker.

It runs no code of the value's own but `__repr__` and, of exceptions, `__str__`: fields of messages, models and
dataclasses are read where they are stored (readers.py). What it keeps is bounded by `Limits`. docs/format.md lists the
markers.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from itertools import islice
from typing import Any

import orjson

from . import history
from .errors import encode_error
from .known import by_message, holding, recall
from .limits import SHORT, Limits
from .markers import Json, from_outside, integer, is_whole, key, mark, number, surrogate, text, type_name
from .readers import reader_of

__all__ = ["LIMITS", "Limits", "encode", "encode_error"]

LIMITS = Limits.from_environment(os.environ)

HEAD = 64 << 10
"""Characters kept of a text over `max_string`."""
_PER_VALUE = 20 * SHORT
"""Bytes of JSON that one value takes at most, its key, its marker and its share of commas included; longer texts
are counted apart. A character takes up to 6 bytes."""
_KNOWN_KEYS = 20_000
_LOOK_EVERY = 4_000
_INT_MIN, _INT_MAX = -(1 << 63), (1 << 64) - 1


def encode(value: Any, limits: Limits = LIMITS) -> Json:
    """`value` as a tree of dict, list, str, int, float, bool and None that orjson writes as strict JSON.

    Nothing in the tree changes when the value does; it may share parts with other trees, and must not be changed. Its
    JSON has at most `limits.max_bytes` bytes.
    """
    try:
        walk = Walk(limits, limits.max_bytes, limits.max_values)
        result = walk.value(value, 0)
        if 6 * (limits.max_bytes - walk.room) + _PER_VALUE * (limits.max_values - walk.left) > limits.max_bytes:
            return _fit(value, limits, walk, result)
        return result
    except BaseException as error:
        if from_outside(error):
            raise
        # Out of stack or memory, in code that calls nothing any more.
        return {"$tracer": "cut", "kind": "nodes"}


def _fit(value: Any, limits: Limits, walk: Walk, result: Json) -> Json:
    """`result`, or what fits of it: the walk counts characters, and what they take in JSON is known only here."""
    share = 1.0
    room, left = limits.max_bytes - walk.room, limits.max_values - walk.left
    hasty = limits
    for _ in range(4):
        size = len(orjson.dumps(result))
        if size <= limits.max_bytes:
            return result
        share *= 0.9 * limits.max_bytes / size
        hasty = replace(hasty, max_seconds=hasty.max_seconds / 2)
        result = Walk(hasty, int(room * share), int(left * share)).value(value, 0)
    if len(orjson.dumps(result)) <= limits.max_bytes:
        return result
    return mark("cut", kind="nodes", type=type_name(type(value)))


class Walk:
    """One walk over a value: what lies on the path from the root, and how much may still be taken.

    `depth` is everywhere the number of JSON arrays and objects around what is returned.
    """

    __slots__ = ("_late_at", "_look_at", "_path", "left", "limits", "room")

    def __init__(self, limits: Limits, room: int, left: int) -> None:
        self.limits = limits
        self.room = room
        """Characters that longer texts may still have."""
        self.left = left
        """Values that may still be taken."""
        self._path: set[int] = set()
        self._look_at = left - _LOOK_EVERY
        self._late_at = 0.0

    def value(self, value: Any, depth: int) -> Json:
        kind = type(value)
        if kind is str:
            return value if len(value) <= SHORT and value.isascii() else self.text(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if _INT_MIN <= value <= _INT_MAX else self._integer(value)
        if kind is float:
            return value if value - value == 0.0 else number(value)
        return self.other(value, kind, depth)

    def other(self, value: Any, kind: type, depth: int) -> Json:
        """What is no plain str, int, float, bool or None."""
        if depth > self.limits.max_depth:
            return mark("cut", kind="depth", type=type_name(kind))
        if self.left < self._look_at:
            self.is_late()
        here = id(value)
        if here in self._path:
            return mark("cycle", type=type_name(kind))
        self._path.add(here)
        try:
            if kind is dict:
                return self._dict(value, depth)
            if kind is list:
                return self._list(value, depth)
            return reader_of(kind)(self, value, depth)
        except BaseException as error:  # a value that fights back is a value to show, not a reason to fail the chain
            if from_outside(error):
                raise
            return mark("repr", type=type_name(kind), error=type_name(type(error)))
        finally:
            self._path.discard(here)

    def is_late(self) -> bool:
        """Whether the time is over; nothing more is taken then."""
        now = time.perf_counter()
        self._look_at = self.left - _LOOK_EVERY
        if not self._late_at:
            self._late_at = now + self.limits.max_seconds
        elif now > self._late_at:
            self.left = 0
            return True
        return False

    def text(self, value: str) -> Json:
        """A plain str of any length and content."""
        size = len(value)
        if size > SHORT:
            if size > self.limits.max_string or size > self.room:
                return self._cut_text(value)
            self.room -= size
        if is_whole(value):
            return value
        # Written out as JSON text, a character takes up to twelve.
        if 12 * size > self.limits.max_string or self.room <= 0:
            return self._cut_text(value)
        marked = surrogate(value)
        self.room -= len(marked["json"])
        return marked

    def own_text(self, kind: type, make: Any) -> Json:
        """A `repr` marker with what the value's own code says of it."""
        if self.is_late() or self.left <= 0 or self.room <= 0:
            return self.cut(kind, None)
        self.left -= 5
        said = text(make, self.limits.max_repr)
        self.room -= len(said)
        return mark("repr", type=type_name(kind), repr=said)

    def fields(self, kind: type, fields: dict[Any, Any], depth: int) -> Json:
        """An `object` marker with these fields."""
        if self.left <= 0:
            return self.cut(kind, None)
        self.left -= 5
        return mark("object", type=type_name(kind), value=self.entries(fields, depth + 1))

    def entries(self, entries: dict[Any, Any], depth: int) -> Json:
        """A dict that is ours, encoded in place."""
        size = len(entries)
        if size > self.limits.max_items or size > self.left:
            return self.some_entries(entries.items(), size, depth)
        self.left -= size
        return self._encoded(entries, depth)

    def some_entries(self, pairs: Any, size: int, depth: int) -> Json:
        """As many pairs of a dict as there is room for; `pairs` is iterable, and runs no code of the value's."""
        room = self._take(size)
        if size and not room:
            return self.cut(dict, size)
        cut = room < size
        plain = self._encoded(dict(islice(pairs, room)), depth + cut)
        return mark("cut", kind="dict", size=size, head=plain) if cut else plain

    def some_items(self, items: Any, size: int, kind: type, depth: int) -> Json:
        """As many of a list, tuple, … as there is room for; `items` is iterable, and runs no code of the value's."""
        room = self._take(size)
        if size and not room:
            return self.cut(kind, size)
        cut = room < size
        head = self._items(list(islice(items, room)), depth + cut)
        return mark("cut", kind=kind.__name__, size=size, head=head) if cut else head

    def cut(self, kind: type, size: int | None) -> Json:
        """The marker for what there is no room for."""
        if size is None:
            return mark("cut", kind="nodes", type=type_name(kind))
        return mark("cut", kind=kind.__name__, size=size)

    def _dict(self, value: dict[Any, Any], depth: int) -> Json:
        size = len(value)
        if size > self.limits.max_items or size > self.left:
            return self.some_entries(value.items(), size, depth)
        self.left -= size
        return self._encoded(value.copy(), depth)

    def _list(self, value: list[Any], depth: int) -> Json:
        size = len(value)
        if size > self.limits.max_items or size > self.left:
            return self.some_items(value, size, list, depth)
        items = value[:size]
        if size > history.SHORTEST and id(items[1]) in by_message:
            # A conversation may begin with what was put in, made into a message anew at each step.
            self.left -= 1
            return self._history(self._items(items[:1], depth), items[1:], depth)
        self.left -= size
        return self._items(items, depth)

    def _history(self, before: list[Json], messages: list[Any], depth: int) -> list[Json]:
        """Messages, after what is encoded already."""
        left, room = self.left, self.room
        known = history.recall(self, messages, depth)
        trees: list[Json] = [] if known is None else known.tree
        further = messages[len(trees) :]
        if further:
            self.left -= len(further)
            trees = trees + self._items(further, depth)
            if known is None or len(further) > history.FURTHER:
                known = history.remember(self, messages, trees, (left - self.left, room - self.room), known)
        result = before + trees
        if known is not None:
            holding(known, result, len(before))
        return result

    # The two loops say again what `value` says: a call a leaf would double the time that a big partial JSON takes.

    def _items(self, items: list[Any], depth: int) -> list[Json]:
        for index, item in enumerate(items):
            kind = type(item)
            if kind is str:
                if len(item) > SHORT or not item.isascii():
                    items[index] = self.text(item)
            elif kind is int:
                if not _INT_MIN <= item <= _INT_MAX:
                    items[index] = self._integer(item)
            elif kind is float:
                if item - item != 0.0:
                    items[index] = number(item)
            elif item is not None and kind is not bool:
                # A history is a list of messages, all but the newest as they were.
                kept = recall(self, item, depth + 1) if id(item) in by_message else None
                items[index] = self.other(item, kind, depth + 1) if kept is None else kept
        return items

    def _encoded(self, entries: dict[Any, Any], depth: int) -> Json:
        for name in entries:
            if type(name) is not str or name not in _known:
                entries, plain = self._named(entries)
                if not plain:
                    return self._pairs(entries, depth)
                break
        for name, item in entries.items():
            kind = type(item)
            if kind is str:
                if len(item) > SHORT or not item.isascii():
                    entries[name] = self.text(item)
            elif kind is int:
                if not _INT_MIN <= item <= _INT_MAX:
                    entries[name] = self._integer(item)
            elif kind is float:
                if item - item != 0.0:
                    entries[name] = number(item)
            elif item is not None and kind is not bool:
                entries[name] = self.other(item, kind, depth + 1)
        return entries

    def _named(self, entries: dict[Any, Any]) -> tuple[dict[Any, Any], bool]:
        """The dict with keys that are no marker's, and whether they can stand as keys at all."""
        renamed = False
        for name in entries:
            if type(name) is not str:
                return entries, False
            size = len(name)
            if size > SHORT:
                if size > self.room or size > self.limits.max_string:
                    return entries, False
                self.room -= size
            elif name.isascii() and key(name) is name:
                if len(_known) > _KNOWN_KEYS:
                    _known.clear()
                _known.add(name)
                continue
            if not is_whole(name):
                return entries, False
            renamed = renamed or key(name) is not name
        return {key(name): item for name, item in entries.items()} if renamed else entries, True

    def _pairs(self, entries: dict[Any, Any], depth: int) -> Json:
        return mark(
            "dict",
            items=[[self.value(name, depth + 3), self.value(item, depth + 3)] for name, item in entries.items()],
        )

    def _integer(self, value: int) -> Json:
        if self.room <= 0:
            return mark("cut", kind="int", size=value.bit_length())
        marked = integer(value, self.limits.max_repr)
        self.room -= len(marked.get("value") or marked["head"])
        return marked

    def _cut_text(self, value: str) -> Json:
        room = min(HEAD, self.limits.max_string, max(self.room, SHORT))
        head = value[:room]
        if not is_whole(head):
            head = value[: room // 12]
        self.room -= room
        return mark("cut", kind="str", size=len(value), head=head if is_whole(head) else surrogate(head))

    def _take(self, size: int) -> int:
        room = max(0, min(size, self.limits.max_items, self.left))
        self.left -= room
        return room


_known: set[str] = set()
"""Keys seen to be short, ASCII and no marker's: most keys come again and again."""
