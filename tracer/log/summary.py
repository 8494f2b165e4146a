"""What the list shows of a run, read from the first and the last line of its file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import orjson

from .events import RunError
from .file import LogFile
from .meta import NONE, Meta
from .writer import is_being_written

_MESSAGE = 300
_PREVIEW = 200
_HEAD = 1 << 12
_TOO_DEEP = {"$tracer": "cut", "kind": "depth"}
_OPEN = ("running", "lost")
"""What a file that is written on may still turn from."""


class Summary(TypedDict):
    """`duration_us` and `spans` are None until the run has ended, the former also where the times are unknown.

    `input` is a preview of at most 200 characters.
    """

    run: str
    name: str | None
    """What a person called it."""
    starred: bool
    chain: str
    mode: str
    status: str
    started_at: str
    duration_us: int | None
    spans: int | None
    input: str
    error: RunError | None
    bytes: int
    pid: int | None
    continues: str | None
    """The run whose question this one answers."""
    timed: bool
    """Whether its times are known; those of plain events are not."""
    imported: bool
    """Whether somebody sent its file: it came later than it began."""


class _Known(NamedTuple):
    version: tuple[int, int, int]
    summary: Summary
    meta: Meta
    text: str
    """What a search looks through."""
    begun: Summary | None
    """As the first line has it, which never changes and may be long; None once the run has ended."""


class Summaries:
    """Summaries by run, remembered for as long as the file stays as it is. Raises LogError and FileNotFoundError."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def of(self, run: str, path: Path, meta: Meta = NONE) -> Summary:
        """One look at the file, and into it where it has changed."""
        about = os.stat(path)
        version = (about.st_ino, about.st_size, about.st_mtime_ns)
        known = self._known.get(run)
        if known is None or known.version != version:
            begun = known.begun if known and known.version[0] == version[0] else None
            known = self._read(run, path, version, begun, meta)
        elif known.summary["status"] == "running" and not is_being_written(path):
            known = self._read(run, path, version, known.begun, meta)
        elif known.meta is not meta:
            known = _known(version, {**known.summary, **meta}, meta, known.begun)
        self._known[run] = known
        return known.summary

    def settled(self, run: str, meta: Meta) -> tuple[Summary, str] | None:
        """What is known of a run that has ended, and what a search looks through, without a look at its file."""
        known = self._known.get(run)
        if known is None or known.meta is not meta or known.summary["status"] in _OPEN:
            return None
        return known.summary, known.text

    def text(self, run: str) -> str:
        """What a search looks through, of a run that `of` was asked for."""
        known = self._known.get(run)
        return known.text if known else ""

    def running(self) -> list[str]:
        """The runs that were seen running last."""
        return [run for run, known in tuple(self._known.items()) if known.summary["status"] == "running"]

    def chains(self) -> list[str]:
        return sorted({known.summary["chain"] for known in tuple(self._known.values())} - {""})

    def knows(self, run: str) -> bool:
        return run in self._known

    def forget(self, run: str) -> None:
        self._known.pop(run, None)

    def _read(self, run: str, path: Path, version: tuple[int, int, int], begun: Summary | None, meta: Meta) -> _Known:
        with LogFile(path) as file:
            # An empty file is one that is being made: what it begins with is not known yet.
            begun = begun or _begin(run, _first(file))
            footer = _last(file)
            if footer is None and not is_being_written(path):
                # Between the two looks it may have ended.
                footer = _last(file) or {"status": "lost"}
            summary = _end({**begun, **meta}, footer, version[1])
        ended = summary["status"] not in _OPEN
        return _known(version, summary, meta, begun if version[1] and not ended else None)

    def header(self, path: Path) -> dict[str, Any]:
        """The first line where it is a `run_start`, else {}."""
        with LogFile(path) as file:
            return _writable(_first(file))

    def footer(self, path: Path) -> dict[str, Any] | None:
        """The last complete line where it is a `run_end`, else None."""
        with LogFile(path) as file:
            footer = _last(file)
        return None if footer is None else _writable(footer)


def _first(file: LogFile) -> dict[str, Any]:
    lines, _ = file.complete(0, 0, most=_HEAD)
    line = _object(lines[0][1]) if lines else {}
    return line if line.get("event") == "run_start" else {}


def _last(file: LogFile) -> dict[str, Any] | None:
    raw = file.last()
    line = _object(raw) if b"run_end" in raw else {}
    return line if line.get("event") == "run_end" else None


def _known(version: tuple[int, int, int], summary: Summary, meta: Meta, begun: Summary | None) -> _Known:
    error = summary["error"]
    about = f"{error['type']} {error['message']}" if error else ""
    parts = (summary["run"], summary["name"] or "", summary["chain"], summary["status"], summary["input"], about)
    return _Known(version, summary, meta, "\n".join(parts).casefold(), begun)


def preview(value: Any) -> str:
    """The first text a person would recognise an input by, at most 200 characters on one line."""
    text = _first_text(value, 6)
    if not text and value not in (None, {}, []) and _can_be_written(value):
        text = orjson.dumps(value).decode()
    return " ".join(text[: 4 * _PREVIEW].split())[:_PREVIEW]


def _first_text(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return value
    if depth == 0:
        return ""
    if isinstance(value, dict):
        named = [value[key] for key in ("content", "question", "input", "query", "messages", "text") if key in value]
        parts = named or [part for key, part in value.items() if key not in ("type", "role", "$tracer")]
        return next((text for part in parts if (text := _first_text(part, depth - 1))), "")
    if isinstance(value, list):
        return next((text for part in reversed(value) if (text := _first_text(part, depth - 1))), "")
    return ""


def _begin(run: str, header: dict[str, Any]) -> Summary:
    return {
        "run": run,
        "name": None,
        "starred": False,
        # A folder has few of these and many runs.
        "chain": sys.intern(str(header.get("chain", ""))),
        "mode": sys.intern(str(header.get("mode", ""))),
        "status": "running",
        "started_at": str(header.get("started_at", "")),
        "duration_us": None,
        "spans": None,
        "input": preview(_given(header)),
        "error": None,
        "bytes": 0,
        "pid": _integer(header.get("pid")),
        "continues": continues if isinstance(continues := header.get("continues"), str) else None,
        "timed": header.get("times") != "unknown",
        "imported": "imported" in header,
    }


def _given(header: dict[str, Any]) -> Any:
    """The input; of a run that goes on with an answer, the answer alone."""
    given = header.get("input")
    command = given.get("value") if isinstance(given, dict) else None
    return command["resume"] if "continues" in header and isinstance(command, dict) and "resume" in command else given


def _end(begun: Summary, footer: dict[str, Any] | None, size: int) -> Summary:
    summary: Summary = {**begun, "bytes": size}
    if footer is not None:
        error = footer.get("error")
        summary["status"] = sys.intern(str(footer.get("status", "ok")))
        summary["duration_us"] = _integer(footer.get("t_us")) if begun["timed"] else None
        summary["spans"] = _integer(footer.get("spans"))
        if isinstance(error, dict):
            message = str(error.get("message", ""))[:_MESSAGE]
            summary["error"] = {"type": str(error.get("type", "")), "message": message}
    return summary


def _writable(line: dict[str, Any]) -> dict[str, Any]:
    """More levels can be read than written: what is nested that deep in a foreign file is cut."""
    return {key: value if _can_be_written(value) else _TOO_DEEP for key, value in line.items()}


def _can_be_written(value: object) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def _integer(value: object) -> int | None:
    return value if type(value) is int else None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        line = orjson.loads(raw)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}
