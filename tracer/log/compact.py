"""Verbatim LangChain events ⇄ lines: spans get numbers; what is constant for a span stands on its start line only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .events import Line, is_node, span_event

_OWN = ("tags", "metadata")
"""What a custom event may have of its own: sent from synchronous code it has none."""


@dataclass(slots=True)
class _Known:
    span: int
    type: str
    run_id: str
    ancestors: list[str]
    """Run ids from the root to the parent, as the start line lets a reader derive them."""
    constants: dict[str, Any]
    open: bool = True


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


@dataclass(slots=True)
class Compactor:
    """Turns one run's events, in order, into lines (without `seq` and `t_us`)."""

    _table: _Table = field(default_factory=_Table)

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
        """The line for an event in LangChain's shape whose values are strict JSON.

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
        line["data"] = event["data"]
        return line

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
        line["data"] = event["data"]
        return line


def expand(lines: Iterator[Line]) -> Iterator[dict[str, Any]]:
    """LangChain's events back from lines, with encoded values; errors that v2 does not send stand among them.

    Lines that are no events of LangChain's (`run_start`, `run_end`, findings, bad lines) are left out.
    """
    spans: dict[int, _Known] = {}
    for line in lines:
        name = line["event"]
        if not name.startswith("on_"):
            continue
        event: dict[str, Any] = {"event": name, "data": line.get("data")}
        kind = span_event(name)
        number = line.get("span")
        if kind and kind[1] == "start" and isinstance(number, int):
            parent = spans.get(line.get("parent") or 0)
            ancestors = [*parent.ancestors, parent.run_id] if parent else []
            constants = {key: line.get(key) for key in ("name", "run_id", "tags", "metadata")}
            constants["parent_ids"] = line.get("parent_ids", ancestors)
            spans[number] = _Known(number, kind[0], str(line.get("run_id")), ancestors, constants)
        known = spans.get(number) if isinstance(number, int) else None
        if known:
            event |= known.constants
        event |= {key: line[key] for key in ("name", "run_id", "tags", "metadata", "parent_ids") if key in line}
        yield event
