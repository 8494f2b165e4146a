"""Where in one run a text stands: the values that went into a span, and those that came out.

The file is read as bytes; only lines that have the text, or refer to one that has, are parsed, and only where it is not
known yet whether the text stands in a value is the line made whole. So a value that is said by reference counts for the
span that refers to it, and a text that came in pieces counts once the pieces make it up. What `search.py` says of case,
and of what is not found, holds here too; the pieces of a model's text are the page's business, which has them all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from .delta import DeltaError, tokens, value_at
from .events import Line
from .expand import WINDOW, Whole
from .file import LogFile, check
from .search import Needle, texts_in

_BLOCK = 1 << 20
_MOST_ENDS = 4096
"""Values that grow, and strings in one, whose ends are kept: those beyond are read again."""
_FINDING = ("text", "advice", "evidence")


class Hit(NamedTuple):
    """The first line of a span that has the text number `text`; `where` is input, output or finding."""

    text: int
    span: int
    seq: int
    where: str


class Look(NamedTuple):
    """How far a look through the file has come, in bytes of how many, and what it found since the last one."""

    read: int
    of: int
    hits: list[Hit]


def find(file: LogFile, texts: Sequence[str]) -> Iterator[Look]:
    """Look through a run for texts, a megabyte a step. Each hit is told once for a text, a span and a place."""
    lines = _Recent(file)
    finder = _Finder([Needle(text) for text in texts], lines)
    while block := lines.more():
        begin = lines.begin
        hits: list[Hit] = []
        for seq, raw in block:
            hits += finder.take(seq, raw, begin)
            begin += len(raw) + 1
        yield Look(lines.end, max(lines.end, file.size()), hits)


class _Recent:
    """The lines of a file in their order, and those of the last 8 MB once more."""

    def __init__(self, file: LogFile) -> None:
        self._file = file
        self._blocks: deque[tuple[int, list[tuple[int, bytes]]]] = deque()
        self._seq = 0
        self.begin = self.end = 0

    def more(self) -> list[tuple[int, bytes]]:
        """The next lines; `begin` and `end` are theirs."""
        found, end = self._file.complete(self._seq, self.end, _BLOCK)
        self._blocks.append((self.end, found))
        # One more than a reference may reach back.
        while len(self._blocks) > 1 and self._blocks[1][0] < self.end - WINDOW:
            self._blocks.popleft()
        self.begin, self.end = self.end, end
        self._seq += len(found)
        return found

    def fetch(self, seq: int) -> Line | None:
        for _, block in reversed(self._blocks):
            if block and block[0][0] <= seq:
                at = seq - block[0][0]
                return check(seq, block[at][1])[0] if at < len(block) else None
        return None


class _Finder:
    def __init__(self, needles: Sequence[Needle], lines: _Recent) -> None:
        self._needles = needles
        self._whole = Whole(lines.fetch)
        self._told: dict[tuple[int, str], set[int]] = {}
        self._matched: list[set[int]] = [set() for _ in needles]
        """Lines among the last 8 MB that have the text; those of which it was told already are taken at their word."""
        self._order: deque[tuple[int, int, int]] = deque()
        self._ends: dict[tuple[object, str], tuple[int, dict[str, str]]] = {}
        """Of each value that grows, its newest line and how its strings end."""
        self._keep = max((needle.long for needle in needles), default=0)

    def take(self, seq: int, raw: bytes, begin: int) -> Iterator[Hit]:
        low = raw.lower()
        candidates = {n for n, needle in enumerate(self._needles) if needle.find(low, 0) >= 0}
        refers = b'"same"' in raw or b'"delta"' in raw
        if not (candidates or refers):
            return
        while self._order and self._order[0][0] < begin - WINDOW:
            _, n, old = self._order.popleft()
            self._matched[n].discard(old)
        line, raw = check(seq, raw)
        if refers:
            bases = set(_bases(line))
            candidates |= {n for n, matched in enumerate(self._matched) if not matched.isdisjoint(bases)}
            candidates |= self._grown(seq, line, len(raw))
        if not candidates:
            return
        found = line.get("span")
        span = found if type(found) is int and found > 0 else 0
        names = _names(line)
        values: list[tuple[str, list[str]]] | None = None
        for n in sorted(candidates):
            if span and all(span in self._told.get((n, name), ()) for name in names):
                self._mark(n, seq, begin)
                continue
            if values is None:
                values = list(_values(self._whole.line(line, len(raw)) if refers else line))
            for name, texts in values:
                if not any(_has(self._needles[n], text) for text in texts):
                    continue
                self._mark(n, seq, begin)
                told = self._told.setdefault((n, name), set())
                if span and span not in told:
                    told.add(span)
                    yield Hit(n, span, seq, name)

    def _mark(self, n: int, seq: int, begin: int) -> None:
        if seq not in self._matched[n]:
            self._matched[n].add(seq)
            self._order.append((begin, n, seq))

    def _grown(self, seq: int, line: Line, size: int) -> set[int]:
        """Which texts a string has now that an operation appended to it, where none of its pieces has them."""
        found: set[int] = set()
        for pointer, change in _entries(line.get("delta")):
            if not isinstance(change, dict) or not isinstance(change.get("ops"), list):
                continue
            key = (line.get("span"), pointer)
            known, ends = self._ends.get(key, (-1, {}))
            if known != change.get("base") or len(ends) > _MOST_ENDS:
                ends = {}
            for op in change["ops"]:
                if isinstance(op, dict) and isinstance(path := op.get("path"), str):
                    found |= self._operate(seq, line, size, pointer, path, op, ends)
            if len(self._ends) > _MOST_ENDS:
                self._ends.clear()
            self._ends[key] = seq, ends
        return found

    def _operate(
        self, seq: int, line: Line, size: int, pointer: str, path: str, op: dict[str, Any], ends: dict[str, str]
    ) -> set[int]:
        value = op.get("value")
        if op.get("op") == "append" and isinstance(value, str):
            text = ends[path] + value if path in ends else self._string(line, size, pointer, path)
            if text is None:
                return set()
            ends[path] = text[-self._keep :]
            return {n for n, needle in enumerate(self._needles) if _has(needle, text)}
        if not path.endswith("/-"):
            # What stood at other places may have moved, or gone.
            last = path.rpartition("/")[2]
            if not isinstance(value, str) or last.isdigit():
                ends.clear()
            if isinstance(value, str):
                ends[path] = value[-self._keep :]
        return set()

    def _string(self, line: Line, size: int, pointer: str, path: str) -> str | None:
        try:
            value = value_at(self._whole.line(line, size).get("data"), tokens(pointer) + tokens(path))
        except DeltaError:
            return None
        return value if isinstance(value, str) else None


def _entries(value: object) -> Iterator[tuple[str, Any]]:
    return iter(value.items()) if isinstance(value, dict) else iter(())


def _bases(line: Line) -> Iterator[int]:
    """The lines it refers to."""
    for _, said in _entries(line.get("same")):
        if isinstance(said, list) and said and type(said[0]) is int:
            yield said[0]
    for _, change in _entries(line.get("delta")):
        if isinstance(change, dict) and type(change.get("base")) is int:
            yield change["base"]


def _names(line: Line) -> tuple[str, ...]:
    """The places its values may be in."""
    event = str(line.get("event"))
    if event == "finding":
        return ("finding",)
    return ("output",) if event.endswith("_stream") else ("input", "output")


def _values(line: Line) -> Iterator[tuple[str, list[str]]]:
    """The texts in the values of a whole line, by the place they are in."""
    event = line.get("event")
    if event == "run_start":
        yield "input", list(texts_in(line.get("data", {"input": line.get("input")})))
    elif event == "finding":
        yield "finding", list(texts_in([line[name] for name in _FINDING if name in line]))
    else:
        data = line.get("data")
        inside = data if isinstance(data, dict) else {"data": data}
        given = [inside[name] for name in ("input",) if name in inside]
        yield "input", list(texts_in([*given, line.get("invocation_params")]))
        yield "output", list(texts_in([value for name, value in inside.items() if name != "input"]))


def _has(needle: Needle, text: str) -> bool:
    return needle.text in text.lower() or needle.text in text.casefold()


def dumped(look: Look) -> bytes:
    """As JSON: `{"read", "of", "hits": [[text, span, seq, where], …]}`."""
    return orjson.dumps({"read": look.read, "of": look.of, "hits": [list(hit) for hit in look.hits]})
