"""LangChain's own events in a file, as people dump them: one JSON object a line, or a JSON array of them.

Nobody noted when they were sent, so their times are unknown: `t_us` counts them, and the `run_start` line that is put
before them says `"times": "unknown"`. How a run ended is known by its roots alone: v2 sends no errors.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import orjson

from .elements import Broken, begins_array, elements
from .events import FORMAT, Line, bad_line, span_event
from .spans import Fold, Span

Shape = Literal["lines", "array"]

_BOM = b"\xef\xbb\xbf"
_BEYOND = re.compile(rb"NaN|Infinity|\\u[dD][89a-fA-F]|[0-9][eE]\+?[0-9]{3}|[0-9]{200}")
_LOOKED_AT = 64


def shape(head: bytes) -> Shape | None:
    """How a file that begins like this holds plain events; None where it does not: the first sound line decides."""
    if begins_array(head):
        # The last of them is cut off by the end of the head, which makes it a broken one.
        for _, raw in zip(range(_LOOKED_AT), elements([head]), strict=False):
            if isinstance(raw, bytes) and (event := _object(raw)) is not None:
                return "array" if _is_event(event) else None
        return None
    for raw in head.removeprefix(_BOM).split(b"\n", _LOOKED_AT)[:_LOOKED_AT]:
        event = _object(raw)
        if event is not None and isinstance(event.get("event"), str):
            return "lines" if _is_event(event) else None
    return None


class _Spans:
    """Numbers for spans: an event belongs to the newest open span with its run id, else to the newest one."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}
        self._open: dict[str, list[int]] = {}
        self._constants: list[tuple[str, int | None, list[Any], dict[str, Any]]] = []
        """Of each span: its run id, its parent's number, its tags and its metadata."""

    def line(self, event: dict[str, Any]) -> Line:
        """The line of an event that has all of its fields, without `seq` and `t_us`."""
        kind = span_event(event["event"])
        line: Line = {"event": event["event"]}
        if kind and kind[1] == "start":
            line |= self._start(event)
        elif (number := self._find(event["run_id"])) is None:
            line |= {key: event[key] for key in ("run_id", "name", "parent_ids", "tags", "metadata")}
        else:
            line["span"] = number
            _, _, tags, metadata = self._constants[number - 1]
            if kind is None:
                own = {"name": event["name"], "tags": event["tags"], "metadata": event["metadata"]}
                constant = {"tags": tags, "metadata": metadata}
                line |= {key: value for key, value in own.items() if key == "name" or value != constant[key]}
            elif kind[1] in ("end", "error") and (open_ := self._open.get(event["run_id"])):
                open_.pop()
        return {**line, "data": event["data"]}

    def _find(self, run_id: str) -> int | None:
        open_ = self._open.get(run_id)
        return open_[-1] if open_ else self._newest.get(run_id)

    def _start(self, event: dict[str, Any]) -> Line:
        above: list[str] = event["parent_ids"]
        parent = self._find(above[-1]) if above else None
        self._constants.append((event["run_id"], parent, event["tags"], event["metadata"]))
        number = len(self._constants)
        line: Line = {"span": number, "parent": parent}
        line |= {key: event[key] for key in ("run_id", "name", "tags", "metadata")}
        if not self._are_ancestors(above, parent):
            line["parent_ids"] = above
        self._newest[event["run_id"]] = number
        self._open.setdefault(event["run_id"], []).append(number)
        return line

    def _are_ancestors(self, run_ids: list[str], parent: int | None) -> bool:
        for run_id in reversed(run_ids):
            if parent is None:
                return False
            known, parent, _, _ = self._constants[parent - 1]
            if known != run_id:
                return False
        return parent is None


def lines(raws: Iterable[bytes | Broken], run: str) -> Iterator[Line]:
    """A whole run, from its `run_start` line to its `run_end`, made of plain events as they stand in a file.

    `run` is its id. What is no event of LangChain's is a bad line; its `line` counts the events from 1.
    """
    spans, fold = _Spans(), Fold()
    begun = False
    early: list[Line] = []
    seq = 0
    for raw in raws:
        if isinstance(raw, bytes) and not raw.strip():
            continue
        seq += 1
        event = _read(raw.removeprefix(_BOM) if seq == 1 and isinstance(raw, bytes) else raw)
        if event is None:
            size = raw.bytes if isinstance(raw, Broken) else len(raw)
            line: Line = {**bad_line(seq, size), "t_us": seq, "line": seq}
        else:
            line = {"seq": seq, "t_us": seq, **spans.line(event)}
        if not begun and event is None:
            early.append(line)
            continue
        if not begun:
            begun = True
            yield _header(run, event or {})
            yield from early
        fold.add(line)
        yield line
    if not begun:
        yield from early
        return
    yield {"seq": seq + 1, "t_us": seq + 1, "event": "run_end", **_end(fold)}


def _header(run: str, first: dict[str, Any]) -> Line:
    header: Line = {"seq": 0, "t_us": 0, "event": "run_start", "format": FORMAT, "run": run}
    header |= {"chain": first.get("name", ""), "mode": "stream", "times": "unknown"}
    data = first.get("data")
    if not first.get("parent_ids") and isinstance(data, dict) and "input" in data:
        header["input"] = data["input"]
    return header


def _end(fold: Fold) -> dict[str, Any]:
    roots = [span for span in fold.spans if fold.span(span.parent) is None]
    status, failed = _status(roots)
    end: dict[str, Any] = {"status": status, "spans": len(fold.spans)}
    if failed is not None and failed.error is not None:
        end["error"] = {"type": failed.error["type"], "message": failed.error["message"]}
    return end


def _status(roots: list[Span]) -> tuple[str, Span | None]:
    for span in roots:
        if span.state in ("error", "propagated"):
            return "error", span
    for state in ("cancelled", "interrupted"):
        if any(span.state == state for span in roots):
            return state, None
    # Without a root's end: it failed, was stopped, or nobody read on. That is all one here.
    return ("ok" if roots and all(span.state == "ok" for span in roots) else "unfinished"), None


def _is_event(line: dict[str, Any]) -> bool:
    event = line.get("event")
    if not (isinstance(event, str) and event.startswith("on_") and isinstance(line.get("run_id"), str)):
        return False
    return "seq" not in line and "t_us" not in line


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = decode(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _read(raw: bytes | Broken) -> dict[str, Any] | None:
    """The event with every field that LangChain's have, and none else; None where it is none."""
    event = None if isinstance(raw, Broken) else _object(raw)
    if event is None or not _is_event(event):
        return None
    above, tags, metadata = event.get("parent_ids"), event.get("tags"), event.get("metadata")
    return {
        "event": event["event"],
        "name": event["name"] if isinstance(event.get("name"), str) else "",
        "run_id": event["run_id"],
        "parent_ids": [one for one in above if isinstance(one, str)] if isinstance(above, list) else [],
        "tags": tags if isinstance(tags, list) else [],
        "metadata": metadata if isinstance(metadata, dict) else {},
        "data": event.get("data"),
    }


def decode(raw: bytes) -> Any:
    """JSON, with a marker for what Python's json module writes beyond it. Raises ValueError.

    Those are NaN and Infinity, and half a surrogate pair; numbers beyond a float's range are taken for infinite.
    """
    try:
        return orjson.loads(raw)
    except ValueError:
        if _BEYOND.search(raw) is None:
            raise
    try:
        return _mended(json.loads(raw.decode(), parse_constant=_constant, parse_float=_float, parse_int=_float_or_int))
    except RecursionError:
        raise ValueError("nested too deep") from None


def _constant(name: str) -> Line:
    return {"$tracer": {"NaN": "nan", "Infinity": "inf"}.get(name, "-inf")}


def _float(text: str) -> float | Line:
    value = float(text)
    return value if math.isfinite(value) else {"$tracer": "inf" if value > 0 else "-inf"}


def _float_or_int(text: str) -> int | float | Line:
    return int(text) if len(text) < 19 else _float(text)


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value if _is_text(value) else {"$tracer": "surrogate", "json": json.dumps(value)[1:-1]}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        if all(map(_is_text, value)):
            return {key: _mended(item) for key, item in value.items()}
        return {"$tracer": "dict", "items": [[_mended(key), _mended(item)] for key, item in value.items()]}
    return value


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
