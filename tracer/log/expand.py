"""Whole lines from lines as they stand in the log. Twin of static/js/expand.js; docs/format.md has the rules."""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from .delta import DeltaError, Draft, tokens, value_at
from .events import Line, whole

WINDOW = 8 << 20
"""Bytes of log, from the start of a line back, that are kept; a line refers to none that begins further back."""
NESTED = 16
"""References inside each other that are followed."""
LINES = 65_536
"""Lines that one line is rebuilt from at most."""
BROUGHT = 64 << 20
"""Characters and values that references may bring into one line."""
_HELD = 32 << 20
_UNWRITABLE = 1 << 20


@dataclass(slots=True)
class _Built:
    """The whole data of a line. It is shared with other lines and never changed."""

    data: Any
    put: list[tuple[str, int]]
    """Pointers of the values put back, each with how many references are inside each other there."""
    weight: int
    """Bytes of JSON that it is at most."""
    cost: int
    """Bytes of memory that only it takes, about."""

    def nested(self, pointer: str) -> int:
        """References inside each other in, or around, the value there."""
        return max((n for at, n in self.put if _inside(at, pointer) or _inside(pointer, at)), default=0)


class Whole:
    """Puts back what lines say by reference (`same`, `delta`). Total: what cannot be found becomes a marker `missing`.

    Without `fetch`, lines are given in order, and those of the last 8 MB are kept. With it, any line may be given:
    `fetch(seq)` returns an earlier line as it stands in the log, or None. Values are shared between lines and must
    not be changed.
    """

    def __init__(self, fetch: Callable[[int], Line | None] | None = None) -> None:
        self._fetch = fetch
        self._next = 0
        self._bytes = 0
        self._lines: dict[int, tuple[Line, int]] = {}
        self._starts: deque[tuple[int, int]] = deque()
        self._states: dict[int, _Built] = {}
        self._order: deque[int] = deque()
        self._held = 0
        self._weights = _Weights()

    def line(self, line: Line, size: int | None = None) -> Line:
        """The whole line: itself where nothing is missing in it. `size` is its length in bytes, where it is known."""
        seq = line.get("seq")
        if type(seq) is not int:
            seq = self._next
        self._next = seq + 1
        refers = "same" in line or "delta" in line
        if self._fetch is None:
            self._keep(seq, line, _size(line) if size is None else size)
        elif refers and size is None:
            size = _size(line)
        if not refers:
            return line
        built = self._states.get(seq) if self._fetch else None
        if built is None:
            built = self._build(seq, line, size or self._lines[seq][1], self._resolve(seq, line))
            self._remember(seq, built)
        whole = {key: value for key, value in line.items() if key != "same" and key != "delta"}
        whole["data"] = built.data
        return whole

    def _keep(self, seq: int, line: Line, size: int) -> None:
        begins = self._bytes
        self._bytes += size + 1
        while self._starts and self._starts[0][1] < begins - WINDOW:
            old, _ = self._starts.popleft()
            self._lines.pop(old, None)
        self._starts.append((seq, begins))
        self._lines[seq] = line, size

    def _remember(self, seq: int, built: _Built) -> None:
        if seq not in self._states:
            self._order.append(seq)
            self._held += built.cost
        self._states[seq] = built
        while self._held > _HELD and len(self._order) > 1:
            self._held -= self._states.pop(self._order.popleft()).cost

    def _raw(self, seq: int) -> tuple[Line, int] | None:
        if self._fetch is None:
            return self._lines.get(seq)
        try:
            line = self._fetch(seq)
        except LookupError:
            return None
        return (line, _size(line)) if isinstance(line, dict) else None

    def _resolve(self, seq: int, line: Line) -> dict[int, _Built | None]:
        """The lines that this one refers to, whole; None for those that are not to be had."""
        found: dict[int, _Built | None] = {}
        raws: dict[int, tuple[Line, int]] = {}
        users: Counter[int] = Counter(_referred(line, seq))
        waiting = list(users)
        left = LINES
        while waiting:
            at = waiting[-1]
            known = found.get(at) or self._states.get(at)
            if known is None and at not in found:
                raw = raws.get(at)
                if raw is None and left > 0 and (raw := self._raw(at)) is not None:
                    left -= 1
                    raws[at] = raw
                    needed = list(_referred(raw[0], at))
                    users.update(needed)
                    if needed:
                        waiting += needed
                        continue
                if raw is not None:
                    known = self._build(at, raw[0], raw[1], found)
                    del raws[at]
                    for number in _referred(raw[0], at):
                        users[number] -= 1
                        # A long chain of states is not held all at once.
                        if not users[number]:
                            found.pop(number, None)
                    if "same" in raw[0] or "delta" in raw[0]:
                        self._remember(at, known)
            found[at] = known
            waiting.pop()
        return found

    def _build(self, seq: int, line: Line, size: int, found: Mapping[int, _Built | None]) -> _Built:
        data = {"input": line.get("input")} if line.get("event") == "run_start" else line.get("data", {})
        if "same" not in line and "delta" not in line:
            return _Built(data, [], size, 0)
        draft = Draft(data)
        self._weights.forget(size)
        # What lines are at most adds up to more and more; where it may be too much, it is looked what they bring.
        sources = [source for number in _referred(line, seq) if (source := found.get(number)) is not None]
        weights = self._weights if sum(source.weight for source in sources) > BROUGHT else None
        put: list[tuple[str, int]] = []
        weight, room = size, BROUGHT
        for pointer, about in _entries(line, "delta"):
            base = whole(about.get("base")) if isinstance(about, dict) else None
            source = found.get(base) if base is not None and base < seq else None
            value: Any = _missing(base)
            if source is not None and isinstance(ops := about.get("ops"), list):
                with contextlib.suppress(DeltaError):
                    there: Any = about.get("from", pointer)
                    changed = Draft(value_at(source.data, tokens(there)))
                    brought = _weigh(source, changed.value, room, weights)
                    for operation in ops:
                        changed.apply(operation)
                    value = changed.value
                    room, weight = room - brought, weight + brought
                    draft.copied += changed.copied
                    put.append((pointer, source.nested(str(there))))
            _put(draft, pointer, value)
        for pointer, about in _entries(line, "same"):
            number, at = (whole(about[0]), about[1]) if isinstance(about, list) and len(about) == 2 else (None, None)
            source = found.get(number) if number is not None and number < seq else None
            value = _missing(number)
            if source is not None:
                with contextlib.suppress(DeltaError):
                    referred = value_at(source.data, tokens(at))
                    brought = _weigh(source, referred, room, weights)
                    nested = source.nested(str(at)) + 1
                    if nested <= NESTED:
                        value = referred
                        room, weight = room - brought, weight + brought
                        put.append((pointer, nested))
            _put(draft, pointer, value)
        return _Built(draft.value, put, weight, 300 + 8 * draft.copied)


def _weigh(source: _Built, value: Any, room: int, weights: _Weights | None) -> int:
    """How much a value out of this line brings in, at most or, with `weights`, in fact.

    Raises DeltaError where that is more than there is room for.
    """
    brought = source.weight if weights is None else weights.of(value)
    if brought > room:
        raise DeltaError
    return brought


def _inside(pointer: str, outer: str) -> bool:
    """Whether the one pointer leads to the other's value, or into it."""
    return pointer.startswith(outer) and (len(pointer) == len(outer) or pointer[len(outer)] == "/")


def _put(draft: Draft, pointer: str, value: Any) -> None:
    # Where the pointer leads nowhere, the line is what it is without.
    with contextlib.suppress(DeltaError):
        draft.put(tokens(pointer), value)


def _entries(line: Line, name: str) -> Iterator[tuple[str, Any]]:
    entries = line.get(name)
    return iter(entries.items()) if isinstance(entries, dict) else iter(())


def _referred(line: Line, seq: int) -> Iterator[int]:
    """The earlier lines that this one refers to."""
    for _, about in _entries(line, "delta"):
        number = whole(about.get("base")) if isinstance(about, dict) else None
        if number is not None and 0 <= number < seq:
            yield number
    for _, about in _entries(line, "same"):
        number = whole(about[0]) if isinstance(about, list) and len(about) == 2 else None
        if number is not None and 0 <= number < seq:
            yield number


def _missing(seq: int | None) -> dict[str, Any]:
    return {"$tracer": "missing", "seq": seq}


class _Weights:
    """Characters and values in a value: of what stands in many places counted for each, but looked at once.

    A log may hold a value that holds the one before it ten times, which holds the one before it ten times.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, int]] = {}
        self._seen = 0

    def forget(self, size: int) -> None:
        """Let go, now and then, of the values that are held here; `size` bytes of log were read since the last time."""
        self._seen += size
        if self._seen > _HELD:
            self._seen = 0
            self._known.clear()

    def of(self, value: Any) -> int:
        """More than BROUGHT where there are more."""
        holder = [value]
        known: dict[int, tuple[Any, int]] = self._known
        waiting: list[Any] = [holder]
        while waiting:
            one: Any = waiting[-1]
            if id(one) in known:
                waiting.pop()
                continue
            inner: list[Any] = []
            taken = 1 + (len(one) if type(one) is list else sum(map(len, one)))
            for item in one if type(one) is list else one.values():
                if type(item) is str:
                    taken += 1 + len(item)
                elif type(item) is not list and type(item) is not dict:
                    taken += 1
                elif (found := known.get(id(item))) is None:
                    inner.append(item)
                else:
                    taken += found[1]
            if inner:
                waiting += inner
                continue
            waiting.pop()
            known[id(one)] = one, min(taken, BROUGHT + 1)
        return known.pop(id(holder))[1]


def _size(line: Line) -> int:
    try:
        return len(orjson.dumps(line))
    except TypeError:
        # Nested deeper than can be written.
        return _UNWRITABLE
