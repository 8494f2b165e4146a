"""Whole lines from lines as they stand in the log. Twin of static/js/expand.js; docs/format.md has the rules."""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from .delta import DeltaError, Draft, tokens, value_at
from .events import Line

WINDOW = 8 << 20
"""Bytes of log, from the start of a line back, in which the lines begin that it may refer to."""
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
    nested: int
    weight: int
    """Bytes of JSON that it is at most."""
    cost: int
    """Bytes of memory that only it takes, about."""


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
            return _Built(data, 0, size, 0)
        draft = Draft(data)
        nested, weight, room = 0, size, BROUGHT
        for pointer, about in _entries(line, "delta"):
            base = about.get("base") if isinstance(about, dict) else None
            source = found.get(base) if type(base) is int and base < seq else None
            value: Any = _missing(base)
            if source is not None and isinstance(ops := about.get("ops"), list):
                with contextlib.suppress(DeltaError):
                    changed = Draft(value_at(source.data, tokens(about.get("from", pointer))))
                    brought = _weigh(source, changed.value, room)
                    for operation in ops:
                        changed.apply(operation)
                    value = changed.value
                    room -= brought
                    draft.copied += changed.copied
                    nested, weight = max(nested, source.nested), weight + brought
            _put(draft, pointer, value)
        for pointer, about in _entries(line, "same"):
            number, at = about if isinstance(about, list) and len(about) == 2 else (None, None)
            source = found.get(number) if type(number) is int and number < seq else None
            value = _missing(number)
            if source is not None and source.nested < NESTED:
                with contextlib.suppress(DeltaError):
                    referred = value_at(source.data, tokens(at))
                    brought = _weigh(source, referred, room)
                    value = referred
                    room -= brought
                    nested, weight = max(nested, source.nested + 1), weight + brought
            _put(draft, pointer, value)
        return _Built(draft.value, nested, weight, 300 + 8 * draft.copied)


def _weigh(source: _Built, value: Any, room: int) -> int:
    """How much a value out of this line brings in. Raises DeltaError where that is more than there is room for."""
    brought = source.weight
    if brought > room:
        brought = _measure(value, room)
    if brought > room:
        raise DeltaError
    return brought


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
        if isinstance(about, dict) and type(about.get("base")) is int and 0 <= about["base"] < seq:
            yield about["base"]
    for _, about in _entries(line, "same"):
        if isinstance(about, list) and len(about) == 2 and type(about[0]) is int and 0 <= about[0] < seq:
            yield about[0]


def _missing(seq: Any) -> dict[str, Any]:
    return {"$tracer": "missing", "seq": seq if type(seq) is int else None}


def _measure(value: Any, most: int) -> int:
    """Characters and values in it; more than `most` where there are more."""
    taken, waiting = 0, [value]
    while waiting and taken <= most:
        one = waiting.pop()
        taken += 1
        if type(one) is str:
            taken += len(one)
        elif type(one) is list:
            taken += len(one)
            waiting += one
        elif type(one) is dict:
            taken += sum(map(len, one))
            waiting += one.values()
    return taken


def _size(line: Line) -> int:
    try:
        return len(orjson.dumps(line))
    except TypeError:
        # Nested deeper than can be written.
        return _UNWRITABLE
