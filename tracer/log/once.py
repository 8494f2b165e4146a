"""What has been said in a log: values that stand there already are referred to, grown ones said as what changed.

docs/format.md has the rules; expand.py puts back what is left out here.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from .delta import pointer_token
from .edge import Edge, Growth

SHORT = 64
"""Bytes of JSON up to which a value is always said itself."""
WINDOW = 8_000_000
"""Bytes of log, from the start of a line back, in which the lines begin that it may refer to."""
NESTED = 8
STATES = 4_096
DEEPEST = 32
BROUGHT = 32 << 20
_HELD = 8_000_000
_ENTRY = 300
_HEAD = 96
_HEADED = 256
"""Bytes from which on a value is found by its beginning when it has grown."""
_LEAST_GROWN = 128
"""Bytes below which a value is not said as what changed: that takes nearly as many."""
_MOST_HEADS = 256
_MOST_SIZES = 256
_SIZES_HELD = 2_000_000
_QUOTE, _BRACE, _BRACKET = b'"{['


class Value(NamedTuple):
    """One value as orjson writes it; where it is known to have grown, out of which one, and how."""

    raw: bytes
    before: Edge | None = None
    growth: Growth | None = None


class _Place(NamedTuple):
    """Where a value stands that can be referred to."""

    seq: int
    pointer: str
    begins: int
    nested: int


class _State:
    """A value that may grow, at a place where it was said whole or as a delta."""

    __slots__ = ("cost", "count", "edge", "place")

    def __init__(self, edge: Edge, place: _Place, cost: int = 0, count: int = 0) -> None:
        self.edge = edge
        self.place = place
        self.cost = cost
        """Bytes of the deltas since it was last said whole, and in how many lines."""
        self.count = count

    def lies_in(self, seq: int, nested: int) -> None:
        """What this line says, it says inside a value that is put together out of others, so many inside each other."""
        if self.place.seq == seq and self.place.nested < nested:
            self.place = self.place._replace(nested=nested)


class _Line:
    """What a line is going to say by reference, and what can be referred to in it afterwards."""

    __slots__ = ("begins", "brought", "deltas", "same", "seq", "span", "states", "values")

    def __init__(self, seq: int, begins: int, span: int | None) -> None:
        self.seq = seq
        self.begins = begins
        self.span = span
        """That of a stream's line, whose next one is likely to say the same value, grown."""
        self.same: list[tuple[str, _Place]] = []
        self.deltas: list[bytes] = []
        self.values: list[tuple[bytes, str, int]] = []
        self.states: list[tuple[str, _State]] = []
        self.brought = 0

    def mark(self) -> tuple[int, int, int, int, int]:
        return len(self.same), len(self.deltas), len(self.values), len(self.states), self.brought

    def back(self, mark: tuple[int, int, int, int, int]) -> None:
        same, deltas, values, states, self.brought = mark
        del self.same[same:], self.deltas[deltas:], self.values[values:], self.states[states:]


class _Said(NamedTuple):
    """`literal` is None where the value is said by reference."""

    literal: bytes | None
    nested: int


class Once:
    """Says the data of one run's lines, in their order. Its memory is bounded, however long the run is."""

    def __init__(self) -> None:
        self._bytes = 0
        """Where the line begins that is being said."""
        self._known: dict[bytes, _Place] = {}
        self._oldest: deque[tuple[bytes, _Place]] = deque()
        self._known_bytes = 0
        self._slots: OrderedDict[tuple[int, str], _State] = OrderedDict()
        """By span and pointer."""
        self._slot_bytes = 0
        self._pointers: dict[int, list[str]] = {}
        self._heads: OrderedDict[bytes, _State] = OrderedDict()
        self._head_bytes = 0
        self._sizes: OrderedDict[int, _State] = OrderedDict()
        """By the bytes of their values."""
        self._sizes_bytes = 0

    def header(self, input: bytes) -> None:
        """The run's first line has been written, with this input."""
        line = _Line(0, 0, None)
        if len(input) > SHORT:
            self._whole(line, "/input", input)
        self._commit(line)

    def ended(self, span: int) -> None:
        """Nothing more is streamed by it."""
        for pointer in self._pointers.pop(span, ()):
            state = self._slots.pop((span, pointer), None)
            if state is not None:
                self._slot_bytes -= len(state.edge.raw)

    def whole(self, seq: int, begins: int, pointer: str, raw: bytes) -> None:
        """A value that is written whole whatever has been said."""
        self._bytes = begins
        if len(raw) > SHORT:
            self._keep(raw, _Place(seq, pointer, self._bytes, 0))

    def data(self, seq: int, begins: int, span: int | None, values: Mapping[str, Value]) -> bytes:
        """The fields `data`, `delta`, `same` for an object with these members, as JSON that goes on from a comma on.

        The line is that with this `seq`, which begins at this byte. `span` is given for what a span streams.
        """
        self._bytes = begins
        line = _Line(seq, begins, span)
        pieces = [(key, self._value(line, f"/{pointer_token(key)}", value).literal) for key, value in values.items()]
        self._commit(line)
        referred = [key for key, literal in pieces if literal is None]
        # Put back, they come last: deltas, then the same.
        if referred and _stand_last(referred, pieces, line):
            pieces = [piece for piece in pieces if piece[1] is not None]
            if not pieces:
                return b"," + _references(line)
        members = b",".join([orjson.dumps(key) + b":" + (literal or b"null") for key, literal in pieces])
        return b',"data":{' + members + b"}" + (b"," + _references(line) if line.same or line.deltas else b"")

    def any(self, seq: int, begins: int, raw: bytes) -> bytes:
        """The same for data that is no object."""
        self._bytes = begins
        line = _Line(seq, begins, None)
        literal = self._value(line, "", Value(raw)).literal
        self._commit(line)
        if literal is None:
            return b"," + _references(line)
        return b',"data":' + literal + (b"," + _references(line) if line.same or line.deltas else b"")

    def _value(self, line: _Line, pointer: str, value: Value, tree: Any = None) -> _Said:
        raw = value.raw
        size = len(raw)
        if size <= SHORT or pointer.count("/") > DEEPEST:
            return _Said(raw, 0)
        sized = self._sizes.get(size)
        if sized is not None and sized.edge.raw == raw and (said := self._same(line, pointer, sized.place, size)):
            if line.span is not None:
                line.states.append((pointer, sized))
            return said
        state = None if line.span is None else self._slots.get((line.span, pointer))
        if state is not None and (said := self._delta(line, pointer, value, state)):
            return said
        place = self._known.get(raw)
        if place is not None and (said := self._same(line, pointer, place, size)):
            return said
        headed = self._heads.get(raw[:_HEAD]) if size >= _HEADED else None
        if headed is not None and headed is not state and (said := self._delta(line, pointer, value, headed)):
            return said
        return self._whole(line, pointer, raw, tree)

    def _same(self, line: _Line, pointer: str, place: _Place, size: int) -> _Said | None:
        if not self._is_near(place) or place.nested >= NESTED or line.brought + size > BROUGHT:
            return None
        line.same.append((pointer, place))
        line.brought += size
        return _Said(None, place.nested + 1)

    def _is_near(self, place: _Place) -> bool:
        return self._bytes - place.begins <= WINDOW

    def _delta(self, line: _Line, pointer: str, value: Value, state: _State) -> _Said | None:
        """None where that is not worth it; the whole value where it has been put together out of enough lines."""
        place, raw = state.place, value.raw
        size = len(raw)
        if not self._is_near(place) or line.brought + size > BROUGHT:
            return None
        if raw == state.edge.raw:
            return self._same(line, pointer, place, size)
        if size < _LEAST_GROWN:
            return None
        growth = value.growth
        if growth is None or value.before is None or value.before.raw != state.edge.raw:
            growth = state.edge.grown(raw)
        if growth is None:
            return None
        mark = line.mark()
        nested = place.nested
        operations: list[Any] = []
        for operation in growth.ops:
            item = operation.get("value")
            if operation["op"] != "append" and (type(item) is dict or type(item) is list or type(item) is str):
                said = self._value(line, pointer + operation["path"], Value(orjson.dumps(item)), item)
                nested = max(nested, said.nested)
                operation = {**operation, "value": None if said.literal is None else orjson.Fragment(said.literal)}
            operations.append(operation)
        entry = {"base": place.seq, "ops": operations}
        if place.pointer != pointer:
            entry = {"base": place.seq, "from": place.pointer, "ops": operations}
        delta = orjson.dumps({pointer: entry})
        references = sum(len(there.pointer) + len(here) + 20 for here, there in line.same[mark[0] :])
        cost = state.cost + len(delta) + references
        if cost - state.cost < size and (cost > size or state.count + 1 >= STATES) and line.span is not None:
            # The whole of it, and not by reference: a chain of states ends here.
            line.back(mark)
            line.values.append((raw, pointer, 0))
            line.states.append((pointer, _State(growth.edge, _Place(line.seq, pointer, line.begins, 0))))
            return _Said(raw, 0)
        if cost > size or state.count + 1 >= STATES:
            line.back(mark)
            return None
        for at in range(mark[2], len(line.values)):
            inner_raw, inner, inner_nested = line.values[at]
            line.values[at] = inner_raw, inner, max(inner_nested, nested)
        for _, inner_state in line.states[mark[3] :]:
            inner_state.lies_in(line.seq, nested)
        # Before those of what it holds, which are put into it.
        line.deltas.insert(mark[1], delta[1:-1])
        line.brought += size
        grown = _State(growth.edge, _Place(line.seq, pointer, line.begins, nested), cost, state.count + 1)
        line.states.append((pointer, grown))
        return _Said(None, nested)

    def _whole(self, line: _Line, pointer: str, raw: bytes, tree: Any = None) -> _Said:
        """The value itself; what it holds may be said by reference."""
        nested, literal = 0, raw
        if raw[0] == _BRACE or raw[0] == _BRACKET:
            tree = orjson.loads(raw) if tree is None else tree
            changed: dict[Any, Any] = {}
            for key, item in tree.items() if type(tree) is dict else enumerate(tree):
                kind = type(item)
                # An escape takes six bytes at most.
                if (kind is str and len(item) > SHORT // 6) or ((kind is dict or kind is list) and item):
                    inner = orjson.dumps(item)
                    if len(inner) > SHORT:
                        token = pointer_token(key) if type(key) is str else str(key)
                        said = self._value(line, f"{pointer}/{token}", Value(inner), item)
                        nested = max(nested, said.nested)
                        if said.literal is None:
                            changed[key] = None
                        elif len(said.literal) != len(inner):
                            changed[key] = orjson.Fragment(said.literal)
            if changed:
                copy = tree.copy()
                for key, item in changed.items():
                    copy[key] = item
                literal = orjson.dumps(copy)
        line.values.append((raw, pointer, nested))
        if line.span is not None or len(raw) >= _HEADED:
            line.states.append((pointer, _State(Edge(raw), _Place(line.seq, pointer, line.begins, nested))))
        return _Said(literal, nested)

    def _commit(self, line: _Line) -> None:
        for raw, pointer, nested in line.values:
            self._keep(raw, _Place(line.seq, pointer, line.begins, nested))
        for pointer, state in line.states:
            raw = state.edge.raw
            if len(raw) >= _HEADED:
                self._head(raw[:_HEAD], state)
            if line.span is not None:
                self._slot(line.span, pointer, state)
            self._sized(state)

    def _keep(self, raw: bytes, place: _Place) -> None:
        size = len(raw) + _ENTRY
        if size > _HELD:
            return
        if raw not in self._known:
            self._known_bytes += size
        self._known[raw] = place
        self._oldest.append((raw, place))
        oldest = self._oldest
        while oldest and (self._known_bytes > _HELD or not self._is_near(oldest[0][1])):
            old, was = oldest.popleft()
            # It may have been said again since.
            if self._known.get(old) is was:
                del self._known[old]
                self._known_bytes -= len(old) + _ENTRY

    def _slot(self, span: int, pointer: str, state: _State) -> None:
        size = len(state.edge.raw)
        if size > _HELD:
            return
        at = (span, pointer)
        old = self._slots.pop(at, None)
        if old is None:
            self._pointers.setdefault(span, []).append(pointer)
        else:
            self._slot_bytes -= len(old.edge.raw)
            if self._sizes.get(len(old.edge.raw)) is old:
                del self._sizes[len(old.edge.raw)]
                self._sizes_bytes -= len(old.edge.raw)
        self._slots[at] = state
        self._slot_bytes += size
        while self._slot_bytes > _HELD:
            _, dropped = self._slots.popitem(last=False)
            self._slot_bytes -= len(dropped.edge.raw)

    def _sized(self, state: _State) -> None:
        size = len(state.edge.raw)
        if size > _SIZES_HELD:
            return
        if self._sizes.pop(size, None) is None:
            self._sizes_bytes += size
        self._sizes[size] = state
        while self._sizes_bytes > _SIZES_HELD or len(self._sizes) > _MOST_SIZES:
            dropped, _ = self._sizes.popitem(last=False)
            self._sizes_bytes -= dropped

    def _head(self, head: bytes, state: _State) -> None:
        size = len(state.edge.raw)
        if size > _HELD:
            return
        old = self._heads.pop(head, None)
        if old is not None:
            self._head_bytes -= len(old.edge.raw)
        self._heads[head] = state
        self._head_bytes += size
        while self._head_bytes > _HELD or len(self._heads) > _MOST_HEADS:
            _, dropped = self._heads.popitem(last=False)
            self._head_bytes -= len(dropped.edge.raw)


def _stand_last(referred: list[str], pieces: list[tuple[str, bytes | None]], line: _Line) -> bool:
    """Whether these members would come in their place if they were put at the end."""
    if [key for key, _ in pieces][-len(referred) :] != referred:
        return False
    tops = {pointer for pointer, _ in line.same}
    kinds = [f"/{pointer_token(key)}" in tops for key in referred]
    return kinds == sorted(kinds)


def _references(line: _Line) -> bytes:
    fields: list[bytes] = []
    if line.deltas:
        fields.append(b'"delta":{' + b",".join(line.deltas) + b"}")
    if line.same:
        fields.append(b'"same":' + orjson.dumps({at: [place.seq, place.pointer] for at, place in line.same}))
    return b",".join(fields)
