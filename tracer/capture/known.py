"""Messages that were encoded before: a history is said again at every step, and its messages seldom change.

Whether one has is not taken on trust: marshal writes all that it stores, exact types included, at C speed, and refuses
what is not plain.
"""

from __future__ import annotations

import marshal  # noqa: TID251  # nothing is read with it
import weakref
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
    """One message as it was encoded. `tree` is shared: nobody changes it."""

    __slots__ = ("clean", "depth", "left", "limits", "message", "room", "stored", "tree")

    def __init__(self, message: Any, stored: bytes, tree: Json, limits: Limits, spent: tuple[int, int, int]) -> None:
        self.message = message
        self.stored = stored
        self.tree = tree
        self.limits = limits
        self.depth, self.left, self.room = spent
        self.clean: set[int] = set()
        """Who found no secret in it."""

    def fits(self, walk: Walk, depth: int) -> bool:
        """Whether a walk would make the same of it here."""
        enough = walk.left > self.left and walk.room > self.room
        return enough and self.limits is walk.limits and self.depth >= depth


_fields_of, _extra_of = BaseModel.__dict__["__dict__"].__get__, BaseModel.__dict__["__pydantic_extra__"].__get__

by_message: dict[int, Known] = {}
by_tree: dict[int, Known] = {}
_bytes = 0


def is_small(fields: dict[Any, Any]) -> bool:
    """Whether they hold few values, each counted wherever it stands.

    Marshal writes what stands in many places as often, and goes round a cycle until it is deep, whatever that takes.
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


def stored_in(fields: dict[Any, Any]) -> bytes | None:
    """All that these fields hold, for comparison; None where that is not plain."""
    try:
        if not is_small(fields):
            return None
        stored = marshal.dumps(fields, 2)
    except (ValueError, RuntimeError, MemoryError):
        return None
    return stored if len(stored) <= _LONGEST else None


def find(message: Any) -> Known | None:
    """How this message was encoded the last time, whatever it holds now."""
    known = by_message.get(id(message))
    return known if known is not None and known.message() is message else None


def recall(walk: Walk, message: Any, depth: int) -> Json | None:
    """Its encoding, where it is known to this walk and all that it holds is as it was; what that takes is spent."""
    known = find(message)
    if known is None:
        return None
    try:
        fields = _fields_of(message)
        if _extra_of(message) or not is_small(fields) or marshal.dumps(fields, 2) != known.stored:
            return None
    except (AttributeError, ValueError, RuntimeError, MemoryError):
        return None
    if not known.fits(walk, depth):
        return None
    walk.left -= known.left
    walk.room -= known.room
    return known.tree


def remember(message: Any, stored: bytes, tree: Json, limits: Limits, depth: int, left: int, room: int) -> None:
    """It was encoded so, at this depth, for so many values and characters."""
    global _bytes
    # A marker may stand for what was cut there and then.
    if left > _MOST_VALUES or b'"$tracer"' in orjson.dumps(tree):
        return
    at = id(message)
    forget(at)
    try:
        message = weakref.ref(message, lambda _: forget(at))
    except TypeError:
        return
    known = by_message[at] = by_tree[id(tree)] = Known(message, stored, tree, limits, (depth, left, room))
    _bytes += len(known.stored)
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
        _bytes -= len(known.stored)
