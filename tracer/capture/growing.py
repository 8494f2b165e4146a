"""The short way of values that grow while they are streamed: partial JSON, written by what came to its end."""

from __future__ import annotations

import marshal  # noqa: TID251  # nothing is read with it: it refuses, in C, whatever is not exactly a plain type
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import orjson

from tracer.log.compact import Compactor
from tracer.log.edge import Edge, Growth, Level
from tracer.log.events import span_event
from tracer.log.once import Value
from tracer.log.writer import Writer

from .encode import LIMITS
from .findings.step import Step
from .redact import Redactor, unredacted
from .rules import Redact

_SHORTEST = 128
"""Bytes. Below that a value is not said by how it grew."""
_LONGEST = min(LIMITS.max_string, LIMITS.max_bytes) - 100
_FEW = min(LIMITS.max_items, LIMITS.max_values)
_TRIES = 5
_RECENT = 8
_STEP = 100_000
"""Values and characters by which a value may grow in one event."""
_OPTIONS = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_FLOAT = b"g\xe7"
"""How marshal begins a float."""
_SHARED = (b"\xa8", b"\xdb", b"\xa9", b"\xfb")
"""A tuple, list, short tuple or dict that something else refers to as well, as marshal writes it; or part of a text or
a number."""
_KEYS = frozenset(b"rzZaAuts" + bytes(kind | 0x80 for kind in b"zZaAuts"))
_ITEMS = _KEYS | frozenset(b"NTFigl()[{" + bytes(kind | 0x80 for kind in b"igl()[{"))
"""How marshal begins a key, and an item."""
_COUNTED = 1 << 16
_MARKED = 5
"""Bytes by which such a mark is told."""
_END = 200
"""Bytes at the end of a value that grows, where it may be written in another way than before."""
_TO_ITSELF = b"r\0\0\0\0"
"""A reference to the whole of it, which others refer to in any case."""
_ABOUT_OTHERS = frozenset(("name", "key", "value"))
"""Members that make a secret of one beside them."""


@dataclass(slots=True)
class _Said:
    """What a span said last."""

    event: str
    step: Step | None
    edge: Edge
    has_null: bool
    """Whether there is a null in it, or was: orjson makes one of NaN as well."""
    alone: bytes
    """As marshal wrote it, where nothing in it stands in several places."""


class _Recent(NamedTuple):
    """A value seen a moment ago."""

    chunk: Any
    edge: Edge
    has_null: bool
    exact: bytes
    """As marshal wrote it."""


class Growing:
    """Writes values that grow into one run's log: the very lines that encoding and redacting them would give.

    That it is the same value, grown, is seen by comparing its JSON, at C speed. What orjson writes alike though it is
    not plain (enums, NaN) is told apart by marshal.
    """

    def __init__(self, writer: Writer, redact: Redact, compactor: Compactor, clock: Callable[[], float]) -> None:
        self._writer = writer
        self._redact = redact
        self._compactor = compactor
        self._clock = clock
        # Somebody's own function wants to see every text.
        self._able = redact is unredacted or (isinstance(redact, Redactor) and not redact.asks)
        self._said: dict[str, _Said] = {}
        self._tries: dict[str, int] = {}
        self._recent: dict[int, _Recent] = {}
        """By id: the chains around a parser say the very object that it said."""

    def write(self, event: Mapping[str, Any]) -> bool:
        """Record an event of v2's if it is such a value; False leaves it to be recorded in the long way."""
        run_id = event["run_id"]
        said = self._said.get(run_id)
        if said is None or event["event"] != said.event:
            return False
        at = self._writer.now()
        try:
            chunk = event["data"]["chunk"]
            found = self._value(said, chunk) if len(event["data"]) == 1 else None
        except Exception:  # what orjson or marshal do not take, or what changes meanwhile
            return False
        if found is None:
            return False
        value, edge, exact = found
        name, writer = said.event, self._writer
        writer.append(lambda: self._compactor.chunk(writer.lines, writer.offset, name, run_id, value), at)
        said.edge = edge
        self._remember(chunk, said, exact)
        if said.step is not None:
            said.step.piece(self._clock())
        return True

    def _value(self, said: _Said, chunk: Any) -> tuple[Value, Edge, bytes] | None:
        if (type(chunk) is not dict or "__interrupt__" in chunk) and type(chunk) is not list:
            return None
        exact = marshal.dumps(chunk, 4)
        if len(exact) > _LONGEST:
            return None
        recent = self._recent.get(id(chunk))
        if recent is not None and recent.chunk is chunk and recent.exact == exact:
            said.has_null = recent.has_null
            return Value(recent.edge.raw), recent.edge, exact
        # What stands in many places is written by marshal once, by orjson as often as it stands there.
        if not _may_be_shared(exact, said.alone):
            said.alone = exact
        elif not _is_little([chunk]):
            return None
        if recent is not None and recent.chunk is chunk:
            raw = orjson.dumps(chunk, None, _OPTIONS)
            if raw == recent.edge.raw:
                if recent.has_null and _may_be_no_number(exact):
                    return None
                said.has_null = recent.has_null
                return Value(recent.edge.raw), recent.edge, exact
        if not _grew_little(chunk, said.edge.levels):
            return None
        raw = orjson.dumps(chunk, None, _OPTIONS)
        if len(raw) > _LONGEST or (len(raw) > 2 * _FEW and sum(map(raw.count, b",[{")) >= _FEW):
            return None
        growth = None if raw == said.edge.raw else said.edge.grown(raw)
        has_null = said.has_null or (growth is not None and b"null" in orjson.dumps(growth.skeleton))
        if has_null and _may_be_no_number(exact):
            return None
        said.has_null = has_null
        if raw == said.edge.raw:
            return Value(said.edge.raw), said.edge, exact
        if growth is None or not self._is_ordinary(growth):
            return None
        return Value(raw, said.edge, growth), growth.edge, exact

    def _is_ordinary(self, growth: Growth) -> bool:
        """Whether what is new in it is encoded as it is, and holds no secret."""
        skeleton = growth.skeleton
        if b'tracer"' in orjson.dumps(skeleton) or not _is_shallow(skeleton):
            return False
        if self._redact is unredacted:
            return True
        shown = {"chunk": skeleton}
        if self._redact(shown) is not shown:
            return False
        inside = skeleton
        within: Any = None
        for depth, level in enumerate(growth.way):
            about_others = type(inside) is dict and not _ABOUT_OTHERS.isdisjoint(inside)
            # Of a pair in a list, the first is what the second is called.
            if about_others or (type(inside) is list and level.key == 1 and type(within) is list):
                wider = {"chunk": growth.wider(depth)}
                return self._redact(wider) is wider
            within = inside
            if depth + 1 < len(growth.way):
                inside = inside[0] if type(inside) is list else inside[level.key]
        return True

    def learn(self, event: Mapping[str, Any], raw: bytes, step: Step | None) -> None:
        """A chunk of a span was recorded as this JSON: the next one may be written by how it grew."""
        run_id, chunk = event["run_id"], event["data"].get("chunk")
        self._said.pop(run_id, None)
        if not self._able or not _SHORTEST <= len(raw) <= _LONGEST or len(event["data"]) != 1:
            return
        kind = span_event(event["event"])
        if kind is None or kind[1] != "stream" or (type(chunk) is not dict and type(chunk) is not list):
            return
        tries = self._tries[run_id] = self._tries.get(run_id, 0) + 1
        if tries > _TRIES:
            return
        # With a marker in it, it is not what orjson would write, which might be without end.
        if b'tracer"' in raw:
            return
        try:
            # First: what another thread changes in between must not be taken for what was recorded.
            exact = marshal.dumps(chunk, 4)
            if orjson.dumps(chunk, None, _OPTIONS) != raw:
                return
        except Exception:
            return
        self._tries[run_id] = 0
        said = self._said[run_id] = _Said(event["event"], step, Edge(raw), b"null" in raw, b"")
        self._remember(chunk, said, exact)

    def forget(self, run_id: str) -> None:
        """A span with this run id began or ended."""
        self._said.pop(run_id, None)
        self._tries.pop(run_id, None)
        if not self._said:
            self._recent = {}

    def _remember(self, chunk: Any, said: _Said, exact: bytes) -> None:
        self._recent.pop(id(chunk), None)
        self._recent[id(chunk)] = _Recent(chunk, said.edge, said.has_null, exact)
        if len(self._recent) > _RECENT:
            self._recent = dict(list(self._recent.items())[-_RECENT // 2 :])


def _may_be_shared(exact: bytes, alone: bytes = b"") -> bool:
    """Whether something in it, which is not empty, may stand in several places. In what is `alone` nothing does."""
    # Of a list that is not longer than that, the upper two of the four bytes that count its items are zero.
    if len(exact) > _COUNTED or _TO_ITSELF in exact:
        return True
    # What grows begins, nearly always, as it did.
    begins = max(1, len(alone) - _END)
    begins = begins - _MARKED if begins > _MARKED and exact.startswith(alone[:begins]) else 1
    for mark in _SHARED:
        at = exact.find(mark, begins)
        while at >= 0:
            after = exact[at + 1 : at + _MARKED]
            if mark == b"\xfb":
                found = after[0] in _KEYS if after else False
            elif mark == b"\xa9":
                found = len(after) > 1 and after[0] != 0 and after[1] in _ITEMS
            else:
                found = after[2:] == b"\0\0"
            if found:
                return True
            at = exact.find(mark, at + 1)
    return False


def _may_be_no_number(exact: bytes) -> bool:
    """Whether there may be a float in it that JSON cannot say: eight bytes, of which the last two tell."""
    for last in (b"\x7f", b"\xff"):
        at = exact.find(last, 8)
        while at >= 0:
            if exact[at - 1] >= 0xF0 and exact[at - 8] in _FLOAT:
                return True
            at = exact.find(last, at + 1)
    return False


def _grew_little(value: Any, levels: list[Level]) -> bool:
    """Whether there is not too much of it at its end: a few objects may hold each other in very many places."""
    for level in levels:
        if type(value) is list and len(value) > int(level.key):
            new, value = value[int(level.key) + 1 :], value[int(level.key)]
        elif type(value) is dict and level.key in value:
            new = []
            for key in reversed(value):
                if key == level.key:
                    break
                new.append(value[key])
                if len(new) > _STEP:
                    return False
            value = value[level.key]
        else:
            break
        if not _is_little(new):
            return False
    return _is_little([value])


def _is_little(values: list[Any]) -> bool:
    seen = 0
    while values:
        seen += sum(len(item) if type(item) is str else 1 for item in values)
        inner = [item for item in values if type(item) is dict or type(item) is list or type(item) is tuple]
        if seen + sum(map(len, inner)) > _STEP:
            return False
        values = list(chain.from_iterable(item.values() if type(item) is dict else item for item in inner))
    return True


def _is_shallow(value: Any) -> bool:
    level, depth = [value], 0
    while level:
        level = [
            item
            for one in level
            if type(one) is dict or type(one) is list
            for item in (one.values() if type(one) is dict else one)
        ]
        depth += 1
    return depth < LIMITS.max_depth
