"""Where a value grows: its last child, the last child of that one, and so on down. Compared as bytes, at C speed.

A value that grows repeats, byte for byte, what it was, up to one of these: only what comes after is looked at.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from .delta import pointer_token

_DEEPEST = 30
"""Levels that are looked at: what grows deeper is replaced from there on."""
_QUOTE, _COMMA = b'",'
_AFTER = frozenset(b",]}")

Ops = list[dict[str, Any]]


class Level(NamedTuple):
    """A container on the way down, by its place in the bytes of the whole value."""

    opens: int
    start: int
    """Where its last child begins, with the comma before it."""
    only: bool
    """Whether the last child is the only one."""
    key: str | int
    container: str
    """Its pointer."""
    before: bytes
    """JSON that opens the containers around it, each with nothing but the way down."""

    @property
    def pointer(self) -> str:
        """Of the last child."""
        return f"{self.container}/{pointer_token(str(self.key))}"

    @property
    def way(self) -> bytes:
        """JSON that opens this one too, up to the value of its last child."""
        if type(self.key) is int:
            return self.before + b"["
        return self.before + b"{" + orjson.dumps(self.key) + b":"


class Edge:
    """A value as the bytes that orjson writes of it, and the way down to where it may grow. Never changed."""

    __slots__ = ("_levels", "raw")

    def __init__(self, raw: bytes, levels: list[Level] | None = None) -> None:
        self.raw = raw
        self._levels = levels

    @property
    def levels(self) -> list[Level]:
        if self._levels is None:
            levels: list[Level] = []
            _descend(levels, orjson.loads(self.raw), self.raw, 0, "", b"")
            self._levels = levels
        return self._levels

    def grown(self, raw: bytes) -> Growth | None:
        """How this value became the one with these bytes; None where it changed elsewhere than at its edge."""
        old = self.raw
        if old[0] == _QUOTE:
            if raw[0] != _QUOTE or not raw.startswith(old[:-1]):
                return None
            # What was there is whole, escapes included, so what follows is a text of its own.
            rest = orjson.loads(b'"' + raw[len(old) - 1 :])
            return Growth([{"op": "append", "path": "", "value": rest}], Edge(raw, []), (), orjson.loads(raw))
        levels = self.levels
        if (
            levels
            and levels[0].only
            and type(levels[0].key) is str
            and not raw.startswith(orjson.dumps(levels[0].key), 1)
        ):
            return None  # another member in the place of the only one: nothing of it is left
        for at in range(len(levels) - 1, -1, -1):
            level = levels[at]
            # Where a last child stood that was not the only one, there must be another, or the container's end.
            if raw.startswith(old[: level.start]) and (level.only or raw[level.start] in _AFTER):
                return _grown(self, raw, at)
        return None


class Growth(NamedTuple):
    """`ops` change the old value to the new one, whose edge `edge` is."""

    ops: Ops
    edge: Edge
    way: tuple[Level, ...]
    """Down to the container in which, and around which, something changed."""
    skeleton: Any
    """The new value, but of the containers on the way only what may have changed in them."""

    def wider(self, depth: int) -> Any:
        """The skeleton with the whole of the container at this depth of the way."""
        level = self.way[depth]
        return orjson.loads(level.before + self.edge.raw[level.opens :])


def _grown(edge: Edge, raw: bytes, at: int) -> Growth:
    levels, old = edge.levels, edge.raw
    level = levels[at]
    opener = old[level.opens : level.opens + 1]
    rest = raw[level.start + 1 :] if not level.only and raw[level.start] == _COMMA else raw[level.start :]
    skeleton = orjson.loads(level.before + opener + rest)
    way = [skeleton]
    for _ in range(at):
        inside = way[-1]
        way.append(inside[0] if type(inside) is list else next(iter(inside.values())))
    new = way[at]
    # The level's own closing bracket, and none of those around it.
    before = orjson.loads(opener + old[level.start + (not level.only) : len(old) - at])
    ops: Ops = []
    in_place = _changed(ops, level, before, new)
    outermost = at
    for depth in range(at - 1, -1, -1):
        if _added(ops, levels[depth], way[depth]):
            outermost = depth
    return Growth(ops, Edge(raw, _levels(levels, way, raw, outermost, in_place)), tuple(levels[: at + 1]), skeleton)


def _changed(ops: Ops, level: Level, before: Any, new: Any) -> bool:
    """Ops for the last child and what follows it; whether it stands where it stood, with nothing removed."""
    if type(new) is list:
        if not new:
            ops.append({"op": "remove", "path": level.pointer})
            return False
        _replaced(ops, level.pointer, before[0], new[0])
    else:
        if next(iter(new), None) != level.key:
            ops.append({"op": "remove", "path": level.pointer})
            _added(ops, level, new, 0)
            return False
        _replaced(ops, level.pointer, before[level.key], new[level.key])
    _added(ops, level, new)
    return True


def _replaced(ops: Ops, pointer: str, old: Any, new: Any) -> None:
    if type(old) is str and type(new) is str and new.startswith(old):
        if len(new) > len(old):
            ops.append({"op": "append", "path": pointer, "value": new[len(old) :]})
    elif type(old) is not type(new) or orjson.dumps(old) != orjson.dumps(new):
        ops.append({"op": "replace", "path": pointer, "value": new})


def _added(ops: Ops, level: Level, inside: Any, known: int = 1) -> bool:
    if len(inside) <= known:
        return False
    if type(inside) is list:
        at = int(level.key)
        for number in range(known, len(inside)):
            ops.append({"op": "add", "path": f"{level.container}/{at + number}", "value": inside[number]})
    else:
        for key in list(inside)[known:]:
            ops.append({"op": "add", "path": f"{level.container}/{pointer_token(key)}", "value": inside[key]})
    return True


def _levels(levels: list[Level], way: list[Any], raw: bytes, outermost: int, in_place: bool) -> list[Level] | None:
    """Those of the new value; None where they have to be looked for anew."""
    level, inside = levels[outermost], way[outermost]
    kept = levels[:outermost]
    if in_place and len(inside) == 1:
        kept.append(level)
        begins = level.start + (not level.only)
        if type(inside) is dict:
            begins += len(orjson.dumps(level.key)) + 1
        value = next(iter(inside if type(inside) is list else inside.values()))
        _descend(kept, value, raw, begins, level.pointer, level.way)
        return kept
    if not inside and not level.only:
        return None
    first = level.key if type(level.key) is int else 0
    _descend(kept, inside, raw, level.opens, level.container, level.before, first, level.only)
    return kept


def _descend(
    levels: list[Level],
    value: Any,
    raw: bytes,
    opens: int,
    container: str,
    before: bytes,
    first: int = 0,
    whole: bool = True,
) -> None:
    """Add the levels from `value` on, which opens there and is the innermost container but these that ends `raw`.

    Not `whole`, it holds only its last children; `first` is the index of the first of them.
    """
    while (type(value) is dict or type(value) is list) and value and len(levels) < _DEEPEST:
        ends = len(raw) - 1 - len(levels)
        key: str | int
        if type(value) is dict:
            key, last = next(reversed(value.items()))
            begins = ends - len(orjson.dumps(last))
            begins_key = begins - 1 - len(orjson.dumps(key))
        else:
            key, last = first + len(value) - 1, value[-1]
            begins = begins_key = ends - len(orjson.dumps(last))
        only = whole and len(value) == 1
        level = Level(opens, begins_key - (not only), only, key, container, before)
        levels.append(level)
        value, opens, container, before, first, whole = last, begins, level.pointer, level.way, 0, True
