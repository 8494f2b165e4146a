"""What the list shows of a run, read from the first and the last line of its file."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import orjson

from .events import RunError
from .file import LogFile
from .writer import is_being_written

_MESSAGE = 300
_PREVIEW = 200
_KEPT = 20_000


T = TypeVar("T")


class Summary(TypedDict):
    """`duration_us` and `spans` are None until the run has ended; `input` is a preview of at most 200 characters."""

    run: str
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


class Summaries:
    """Summaries by file, remembered for as long as the file stays as it is. Raises LogError and FileNotFoundError."""

    def __init__(self) -> None:
        self._known: OrderedDict[Path, tuple[tuple[int, int], Summary]] = OrderedDict()
        self._begun: OrderedDict[Path, tuple[int, Summary]] = OrderedDict()
        """As the first line has it, which never changes and may be long."""

    def of(self, run: str, path: Path) -> Summary:
        about = path.stat()
        version = (about.st_size, about.st_mtime_ns)
        known = self._known.get(path)
        begun = self._begun.get(path)
        if begun is None or begun[0] != about.st_ino:
            known, begun = None, (about.st_ino, _begin(run, self.header(path)))
            if about.st_size:
                _remember(self._begun, path, begun)
        if known is None or known[0] != version:
            known = (version, _end(begun[1], self.footer(path), about.st_size))
            _remember(self._known, path, known)
        summary = known[1]
        if summary["status"] == "running" and not is_being_written(path):
            footer = self.footer(path)
            summary = _end(begun[1], footer, about.st_size)
            if footer is None:
                summary["status"] = "lost"
        return summary

    def header(self, path: Path) -> dict[str, Any]:
        """The first line where it is a `run_start`, else {}."""
        with LogFile(path) as file:
            lines, _ = file.complete(0, 0, most=1 << 14)
        line = _object(lines[0][1]) if lines else {}
        if line.get("event") != "run_start":
            return {}
        # More levels can be read than written: what is nested that deep in a foreign file is left out.
        return {key: value for key, value in line.items() if _can_be_written(value)}

    def footer(self, path: Path) -> dict[str, Any] | None:
        """The last complete line where it is a `run_end`, else None."""
        with LogFile(path) as file:
            line = _object(file.last())
        return line if line.get("event") == "run_end" else None


def preview(value: Any) -> str:
    """The first text a person would recognise an input by, at most 200 characters on one line."""
    text = _first_text(value, 6)
    if not text and value not in (None, {}, []):
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
        "chain": str(header.get("chain", "")),
        "mode": str(header.get("mode", "")),
        "status": "running",
        "started_at": str(header.get("started_at", "")),
        "duration_us": None,
        "spans": None,
        "input": preview(_given(header)),
        "error": None,
        "bytes": 0,
        "pid": _integer(header.get("pid")),
        "continues": continues if isinstance(continues := header.get("continues"), str) else None,
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
        summary["status"] = str(footer.get("status", "ok"))
        summary["duration_us"] = _integer(footer.get("t_us"))
        summary["spans"] = _integer(footer.get("spans"))
        if isinstance(error, dict):
            message = str(error.get("message", ""))[:_MESSAGE]
            summary["error"] = {"type": str(error.get("type", "")), "message": message}
    return summary


def _remember(known: OrderedDict[Path, T], path: Path, value: T) -> None:
    known[path] = value
    while len(known) > _KEPT:
        known.popitem(last=False)


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
