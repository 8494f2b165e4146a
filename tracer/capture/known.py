"""Messages that were encoded before: a history is said again at every step, and its messages seldom change.

Whether one has is not taken on trust: its fields hold the same objects as then, and what of those can change in itself
is compared as marshal writes it, exact types included, at C speed.
"""

from __future__ import annotations

import marshal  # noqa: TID251  # nothing is read with it
import weakref
from collections.abc import Sequence
from itertools import chain
from operator import is_
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import BaseModel

from .limits import Limits
from .markers import Json

if TYPE_CHECKING:
    from .encode import Walk

_MOST = 4_096
_MOST_BYTES = 8_000_000
_LONGEST = 200_000
_MOST_VALUES = 2_000
_HOLDING = frozenset((dict, list, tuple, set, frozenset))


class Known:
    """One message as it was encoded, or a list of them. `tree` is shared: nobody changes it."""

    __slots__ = (
        *("asked", "clean", "deepest", "empty", "held", "keys", "left", "limits", "message", "room", "size", "sizes"),
        *("stored", "tree", "types", "values"),
    )

    def __init__(
        self,
        types: list[type],
        fields: list[dict[Any, Any]],
        size: int,
        tree: Any,
        limits: Limits,
        spent: tuple[int, int, int],
        parts: Sequence[Known] = (),
    ) -> None:
        """`spent` are so many values and characters, at this depth or any up to it. It begins with what `parts` are."""
        self.message: Any = None
        self.types: list[type] = [*_joined(part.types for part in parts), *types]
        self.sizes: list[int] = [*_joined(part.sizes for part in parts), *map(len, fields)]
        self.keys: list[Any] = [*_joined(part.keys for part in parts), *_joined(fields)]
        self.values: list[Any] = [*_joined(part.values for part in parts), *_joined(map(dict.values, fields))]
        loose = [value for held in fields for value in held.values() if type(value) in _HOLDING]
        self.empty: list[Any] = [*_joined(part.empty for part in parts), *(value for value in loose if not value)]
        self.held: list[Any] = [*_joined(part.held for part in parts), *(value for value in loose if value)]
        self.stored = self._stored()
        """What can change in itself, and how it was. Of that, marshal says what stands in several places once; for
        texts that depends on who else has them, as the tree has from now on."""
        self.size = size
        """Bytes."""
        self.tree = tree
        self.limits = limits
        self.deepest, self.left, self.room = spent
        self.clean: set[int] = set()
        """Who found no secret in it."""
        self.asked: bytes | None = None
        """For whoever compares prompts: a digest of what is sent of it."""

    def _stored(self) -> bytes:
        return marshal.dumps(self.held, 4) if self.held else b""

    def holds(self) -> bool:
        """Whether what can change in itself has not."""
        return not any(self.empty) and self._stored() == self.stored

    def recall(self, walk: Walk, messages: Sequence[Any], depth: int) -> Any:
        """The encoding, where it is what this walk would make, and all that they hold is as it was; None otherwise."""
        if self.limits is not walk.limits or self.deepest < depth or walk.left <= self.left or walk.room <= self.room:
            return None
        try:
            if not all(map(is_, map(type, messages), self.types)) or any(map(_extra_of, messages)):
                return None
            fields = [*map(_fields_of, messages)]
            if [*map(len, fields)] != self.sizes or [*_joined(fields)] != self.keys:
                return None
            if not all(map(is_, _joined(map(dict.values, fields)), self.values)):
                return None
            if not self.holds():
                return None
        except (AttributeError, TypeError, ValueError, RuntimeError, MemoryError):
            return None
        walk.left -= self.left
        walk.room -= self.room
        return self.tree


_fields_of, _extra_of = BaseModel.__dict__["__dict__"].__get__, BaseModel.__dict__["__pydantic_extra__"].__get__

_joined = chain.from_iterable

by_message: dict[int, Known] = {}
by_tree: dict[int, Known] = {}
within: dict[int, tuple[list[Json], Known, int]] = {}
"""By the id of a list that was just made: it, what of it was known as a whole, and where that begins."""
_MOST_WITHIN = 4
_bytes = 0


def holding(known: Known, tree: list[Json], at: int) -> None:
    """What is known stands in this list from there on."""
    if len(within) >= _MOST_WITHIN:
        within.clear()
    within[id(tree)] = tree, known, at


def _is_small(fields: dict[Any, Any]) -> bool:
    """Whether they hold few values, each counted wherever it stands.

    What stands in many places is written by marshal as often, and a cycle until it is deep, whatever that takes.
    """
    left = _MOST_VALUES
    inner = [value for value in fields.values() if type(value) in _HOLDING and value]
    while inner:
        left -= sum(map(len, inner))
        if left < 0:
            return False
        inner = [
            value
            for holding in inner
            for value in (holding.values() if type(holding) is dict else holding)
            if type(value) in _HOLDING and value
        ]
    return True


def _levels(tree: Json) -> int:
    """How many lists and dicts stand inside each other in it, itself included."""
    level, levels = [tree], 0
    while level:
        levels += 1
        level = [
            item
            for holding in level
            for item in (holding.values() if type(holding) is dict else holding)
            if type(item) is dict or type(item) is list
        ]
    return levels


def stored_in(fields: dict[Any, Any]) -> bytes | None:
    """All that these fields hold, for comparison; None where that is not plain."""
    try:
        if not _is_small(fields):
            return None
        stored = marshal.dumps(fields, 2)
    except (ValueError, RuntimeError, MemoryError):
        return None
    return stored if len(stored) <= _LONGEST else None


def recall(walk: Walk, message: Any, depth: int) -> Any:
    """Its encoding, where it is known to this walk and all that it holds is as it was; what that takes is spent."""
    known = by_message.get(id(message))
    if known is None or known.message() is not message:
        return None
    return known.recall(walk, (message,), depth)


def remember(
    message: Any, fields: dict[Any, Any], stored: bytes, tree: Json, limits: Limits, spent: tuple[int, int]
) -> None:
    """These fields of it, stored so, were encoded so, for so many values and characters."""
    global _bytes
    # A marker may stand for what was cut there and then.
    if spent[0] > _MOST_VALUES or b'"$tracer"' in orjson.dumps(tree):
        return
    try:
        deepest = limits.max_depth - _levels(tree) + 1
        known = Known([type(message)], [fields], len(stored), tree, limits, (deepest, *spent))
    except ValueError:
        return
    # Another thread may have changed it since.
    if stored_in(fields) != stored:
        return
    at = id(message)
    forget(at)
    try:
        known.message = weakref.ref(message, lambda _: forget(at))
    except TypeError:
        return
    by_message[at] = by_tree[id(tree)] = known
    _bytes += known.size
    while len(by_message) > _MOST or _bytes > _MOST_BYTES:
        if not by_message:
            # Two threads, or a message that went at the wrong moment, have miscounted.
            _bytes = 0
            break
        forget(next(iter(by_message), at))


def forget(at: int) -> None:
    """The message with this id is gone."""
    global _bytes
    known = by_message.pop(at, None)
    if known is not None:
        by_tree.pop(id(known.tree), None)
        _bytes -= known.size
