"""Verbatim LangChain events ⇄ lines: spans get numbers; what is constant for a span stands on its start line only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from .delta import pointer_token
from .events import Line, is_node, span_event
from .once import SHORT, Once, Value

_OWN = ("tags", "metadata")
"""What a custom event may have of its own: sent from synchronous code it has none."""
_MODELS = frozenset({"chat_model", "llm"})
_DEEPEST = 1_000


@dataclass(slots=True)
class _Known:
    span: int
    type: str
    run_id: str
    ancestors: list[str]
    """Run ids from the root to the parent, as the start line lets a reader derive them."""
    constants: dict[str, Any]
    open: bool = True
    parts: dict[str, tuple[bytes, bytes, bool]] = field(default_factory=dict)
    """Of its stream's lines, by event: how they begin, also with the data, and whether a model streams them."""


class _Table:
    """Spans by number and by run id. A run id may come again: it then means the newest open span that has it."""

    def __init__(self) -> None:
        self.spans: list[_Known] = []
        self._by_run_id: dict[str, list[_Known]] = {}

    def find(self, run_id: str) -> _Known | None:
        having = self._by_run_id.get(run_id)
        if not having:
            return None
        if having[-1].open or len(having) == 1:
            return having[-1]
        return next((known for known in reversed(having) if known.open), having[-1])

    def add(self, known: _Known) -> None:
        self.spans.append(known)
        self._by_run_id.setdefault(known.run_id, []).append(known)

    def ancestors(self, parent: _Known | None) -> list[str]:
        return [*parent.ancestors, parent.run_id] if parent else []


class Compactor:
    """Turns one run's events, in order, into lines."""

    def __init__(self) -> None:
        self._table = _Table()
        self._once = Once()
        self._newest = 0

    @property
    def spans(self) -> int:
        """How many spans have started."""
        return len(self._table.spans)

    def number(self, run_id: str) -> int | None:
        known = self._table.find(run_id)
        return known.span if known else None

    def type_of(self, span: int) -> str:
        return self._table.spans[span - 1].type

    def is_open(self, span: int) -> bool:
        return self._table.spans[span - 1].open

    def is_node(self, span: int, graph: str | None) -> bool:
        """Whether it is a node of the LangGraph with this run id."""
        known = self._table.spans[span - 1]
        return known.ancestors[-1:] == [graph] and is_node(known.constants["tags"])

    def close(self, span: int) -> None:
        """It has ended, though no event says so."""
        self._table.spans[span - 1].open = False

    def innermost(self, run_id: str | None) -> int | None:
        """The newest open span in this one, itself included (in the run, without a run id); else this one."""
        for known in reversed(self._table.spans):
            if known.open and (run_id is None or run_id in (known.run_id, *known.ancestors)):
                return known.span
        return self.number(run_id) if run_id else None

    def line(self, event: Mapping[str, Any]) -> Line:
        """The line for an event in LangChain's shape whose values are strict JSON, without `seq` and `t_us`.

        Of an event that belongs to a span already started only `event`, `run_id`, `data` and `cause` are read (and
        `name`, `tags` and `metadata`, of a custom event).
        """
        name, run_id = event["event"], event["run_id"]
        kind = span_event(name)
        if kind and kind[1] == "start":
            return self._start(kind[0], event)
        known = self._table.find(run_id)
        line: Line = {"event": name}
        if known is None:
            line |= {key: event[key] for key in ("run_id", "name", "parent_ids", "tags", "metadata") if key in event}
        else:
            line["span"] = known.span
            if kind is None:
                line["name"] = event["name"]
                line |= {key: event[key] for key in _OWN if event[key] != known.constants[key]}
            elif kind[1] in ("end", "error"):
                known.open = False
        if "cause" in event:
            line["cause"] = event["cause"]
        if "data" in event:
            line["data"] = event["data"]
        return line

    def begin(self, header: Mapping[str, Any]) -> None:
        """These are the fields of the run's first line."""
        if "input" in header:
            self._once.header(orjson.dumps(header["input"]))

    def chunk(self, seq: int, begins: int, event: str, run_id: str, value: Value) -> bytes | None:
        """The line for a chunk of a span that has started, as `raw` gives it; None for one that has not."""
        known = self._table.find(run_id)
        if known is None:
            return None
        parts = known.parts.get(event)
        if parts is None:
            kind = span_event(event)
            head = b"," + orjson.dumps({"event": event, "span": known.span})[1:-1]
            is_model = kind is not None and kind[0] in _MODELS
            parts = known.parts[event] = (head, head + b',"data":{"chunk":', is_model)
        head, opening, is_model = parts
        self._saying(seq)
        if len(value.raw) > SHORT:
            if not is_model:
                return head + self._once.data(seq, begins, known.span, {"chunk": value}) + b"}"
            self._once.whole(seq, begins, "/chunk", value.raw)
        return opening + value.raw + b"}}"

    def raw(self, seq: int, begins: int, line: Line, data: Mapping[str, Value] | bytes | None = None) -> bytes:
        """A line as it stands in the log, from the comma after its `t_us` on. `begins` is the byte at which it begins.

        `line` is without `data`, which is its members, as JSON; all of it, where that is no object; None for none.
        """
        said = b"," + orjson.dumps(line)[1:-1]
        self._saying(seq)
        kind = span_event(line["event"])
        span = line.get("span")
        if isinstance(data, Mapping):
            if kind and kind[1] == "stream" and kind[0] in _MODELS:
                for key, value in data.items():
                    self._once.whole(seq, begins, f"/{pointer_token(key)}", value.raw)
                members = b",".join([orjson.dumps(key) + b":" + value.raw for key, value in data.items()])
                said += b',"data":{' + members + b"}"
            else:
                said += self._once.data(seq, begins, span if kind and kind[1] == "stream" else None, data)
        elif data is not None:
            said += self._once.any(seq, begins, data)
        if span is not None and kind and kind[1] in ("end", "error"):
            self._once.ended(span)
        return said + b"}"

    def _saying(self, seq: int) -> None:
        if seq <= self._newest:
            # A line with this seq was made, but not written (Ctrl-C came in between): none may refer to it.
            self._once = Once()
        self._newest = seq

    def _start(self, span_type: str, event: Mapping[str, Any]) -> Line:
        parent_ids = event["parent_ids"]
        parent = self._table.find(parent_ids[-1]) if parent_ids else None
        ancestors = self._table.ancestors(parent)
        constants = {key: event[key] for key in _OWN}
        known = _Known(len(self._table.spans) + 1, span_type, event["run_id"], ancestors, constants)
        self._table.add(known)
        line: Line = {
            "event": event["event"],
            "span": known.span,
            "parent": parent.span if parent else None,
            "run_id": known.run_id,
            "name": event["name"],
            "tags": event["tags"],
            "metadata": event["metadata"],
        }
        if ancestors != parent_ids:
            line["parent_ids"] = parent_ids
        if "invocation_params" in event:
            line["invocation_params"] = event["invocation_params"]
        if "data" in event:
            line["data"] = event["data"]
        return line


def values(data: Any) -> dict[str, Value] | bytes:
    """An event's data, strict JSON, as `Compactor.raw` takes it."""
    if type(data) is dict:
        return {key: Value(orjson.dumps(item)) for key, item in data.items()}
    return orjson.dumps(data)


class Shortener:
    """Turns whole lines, in order, into lines as they stand in a log."""

    def __init__(self) -> None:
        self._compactor = Compactor()
        self._bytes = 0

    def raw(self, line: Line) -> bytes:
        """A whole line that has its `seq`, as it stands in a log, without the newline.

        Raises TypeError for one that is nested too deep to be written.
        """
        if line["event"] == "run_start":
            self._compactor.begin(line)
            raw = orjson.dumps(line)
        else:
            stamps = {key: line[key] for key in ("seq", "t_us") if key in line}
            head = {key: value for key, value in line.items() if key != "data" and key not in stamps}
            data = values(line["data"]) if "data" in line else None
            raw = orjson.dumps(stamps)[:-1] + self._compactor.raw(line["seq"], self._bytes, head, data)
        self._bytes += len(raw) + 1
        return raw


@dataclass(slots=True)
class _Started:
    """A span of a log that is read."""

    run_id: str
    parent: _Started | None
    constants: dict[str, Any]

    def ancestors(self) -> list[str]:
        """Run ids from the root to the parent; the nearest ones of a log that says there are more than any chain has.

        Looked for when they are wanted: kept, they would take memory with the square of the depth.
        """
        found: list[str] = []
        above = self.parent
        while above is not None and len(found) < _DEEPEST:
            found.append(above.run_id)
            above = above.parent
        return found[::-1]


def expand(lines: Iterator[Line]) -> Iterator[dict[str, Any]]:
    """LangChain's events back from lines, with encoded values; errors that v2 does not send stand among them.

    Lines that are no events of LangChain's (`run_start`, `run_end`, findings, bad lines) are left out.
    """
    spans: dict[int, _Started] = {}
    for line in lines:
        name = line["event"]
        if not name.startswith("on_"):
            continue
        event: dict[str, Any] = {"event": name, "data": line.get("data")}
        kind = span_event(name)
        number = line.get("span")
        if kind and kind[1] == "start" and isinstance(number, int):
            above = line.get("parent")
            constants = {key: line[key] for key in ("parent_ids",) if key in line}
            constants |= {key: line.get(key) for key in ("name", "run_id", "tags", "metadata")}
            parent = spans.get(above) if type(above) is int else None
            spans[number] = _Started(str(line.get("run_id")), parent, constants)
        known = spans.get(number) if isinstance(number, int) else None
        if known:
            event |= known.constants
            if "parent_ids" not in event:
                event["parent_ids"] = known.ancestors()
        event |= {key: line[key] for key in ("name", "run_id", "tags", "metadata", "parent_ids") if key in line}
        yield event
