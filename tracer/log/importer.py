"""A foreign file, taken into a folder of runs: rewritten to format 1 under an id of ours, hidden until it is whole."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

import orjson

from . import plain
from .compact import Shortener
from .elements import Broken
from .events import FORMAT, Line, bad_line, whole
from .file import LogError, LogFile, check, refuse_newer

_PREFIX = ".import-"
_NAME = 255
_HEAD = 1_000
_YOUNG_SECONDS = 60
_TOO_DEEP = {"$tracer": "cut", "kind": "depth"}
_NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC


class Imported(NamedTuple):
    """`lines` of the new run, `bad_lines` among them; `ignored` are lines that came after the run's end."""

    run: str
    lines: int
    bad_lines: int
    ignored: int


class Import:
    """One file on its way into a folder. Leaving the `with` block without `finish` leaves nothing of it behind.

    `run` is the id that it will have, `name` what its owner calls the file: it is kept as text. Raises OSError.
    """

    def __init__(self, root: Path, run: str, name: str = "") -> None:
        self.run = run
        self._name = "".join(char for char in name if char.isprintable())[:_NAME]
        self._at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self._target = root / f"{run}.jsonl"
        self._came = root / f"{_PREFIX}{run}"
        self._made = root / f"{_PREFIX}{run}.new"
        self._added = self._ignored = 0
        self._file: BinaryIO = os.fdopen(os.open(self._came, _NEW_FILE, 0o600), "wb", buffering=1 << 20)
        # Held as long as this process is at it: what is left of a dead one can be told by it.
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def __enter__(self) -> Import:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        for path in (self._came, self._made):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def write(self, block: bytes) -> None:
        """The next bytes of the file. Raises OSError."""
        self._file.write(block)

    def finish(self) -> Imported:
        """The file is complete: make the run of it. Raises OSError; LogError where it is none, or newer."""
        self._file.flush()
        lines = bad = 0
        with (
            LogFile(self._came) as source,
            os.fdopen(os.open(self._made, _NEW_FILE, 0o600), "wb", buffering=1 << 20) as made,
        ):
            events = source.plain()
            rewritten = self._log(source) if events is None else self._plain(plain.lines(events, self.run))
            for raw, is_bad in rewritten:
                made.write(raw)
                made.write(b"\n")
                lines += 1
                bad += is_bad
        if lines - bad <= self._added:
            said = f"none of its {bad} lines is one of a run's log" if bad else "it is empty"
            raise LogError(self._came, None, said)
        os.rename(self._made, self._target)
        return Imported(self.run, lines, bad, self._ignored)

    def _plain(self, lines: Iterator[Line]) -> Iterator[tuple[bytes, bool]]:
        self._added = 2
        shortener = Shortener()
        for line in lines:
            if line["event"] == "run_start":
                line = {**line, "imported": self._about(None)}
            try:
                yield shortener.raw(line), line["event"] == "bad_line"
            except TypeError:
                yield _too_deep(line)

    def _log(self, source: LogFile) -> Iterator[tuple[bytes, bool]]:
        """The lines of a run's log, with a header of ours; what is no line leaves a stand-in with its beginning."""
        ended = False
        for at, given in enumerate(source.raw_lines()):
            if ended:
                self._ignored += given != b""
                continue
            line, raw = (bad_line(at, given.bytes), b"") if isinstance(given, Broken) else check(at, given)
            if at == 0:
                refuse_newer(self._came, line)
                yield self._header(line)
                if not self._added:
                    continue
            ended = line["event"] == "run_end"
            if line["event"] == "bad_line":
                head = b"" if isinstance(given, Broken) else given[:_HEAD]
                yield _written({**line, "seq": at + self._added, "head": head.decode("utf-8", "backslashreplace")})
            elif self._added:
                yield _written({**_shifted(line, self._added), "seq": at + self._added})
            else:
                yield raw, False

    def _header(self, first: Line) -> tuple[bytes, bool]:
        """Our header in the place of the file's own; before its first line where it has none."""
        header: Line = {"seq": 0, "t_us": 0, "event": "run_start", "format": FORMAT, "run": self.run}
        if first["event"] != "run_start":
            self._added = 1
            return _written({**header, "chain": "", "mode": "", "imported": self._about(None)})
        kept = {key: value if _can_be_written(value) else _TOO_DEEP for key, value in first.items()}
        kept.pop("pid", None)
        return _written({**kept, **header, "imported": self._about(first.get("run"))})

    def _about(self, run: object) -> dict[str, Any]:
        return {"run": run if isinstance(run, str) else None, "file": self._name, "at": self._at}


def sweep(root: Path) -> None:
    """Remove what imports of processes that died have left in this folder."""
    for path in root.glob(f"{_PREFIX}*"):
        came = path.with_suffix("")
        with contextlib.suppress(OSError):
            if time.time() - path.lstat().st_mtime < _YOUNG_SECONDS or (came != path and came.exists()):
                continue
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                path.with_name(f"{path.name}.new").unlink(missing_ok=True)
            finally:
                os.close(fd)


def _written(line: Line) -> tuple[bytes, bool]:
    """The line as bytes, and whether it is a bad one: what is nested deeper than can be written leaves its place."""
    try:
        return orjson.dumps(line), line["event"] == "bad_line"
    except TypeError:
        return _too_deep(line)


def _too_deep(line: Line) -> tuple[bytes, bool]:
    return orjson.dumps(bad_line(line["seq"], 0)), True


def _shifted(line: Line, by: int) -> Line:
    """The same line where all lines of its log stand `by` places later: what it refers to has moved too."""
    moved = dict(line)
    same, delta = line.get("same"), line.get("delta")
    if isinstance(same, dict):
        moved["same"] = {key: [_later(at[0], by), *at[1:]] if _is_pair(at) else at for key, at in same.items()}
    if isinstance(delta, dict):
        moved["delta"] = {
            key: {**change, "base": _later(change.get("base"), by)} if isinstance(change, dict) else change
            for key, change in delta.items()
        }
    return moved


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2


def _later(seq: object, by: int) -> object:
    number = whole(seq)
    return seq if number is None else number + by


def _can_be_written(value: object) -> bool:
    """As a field of a line, which is a level of its own."""
    try:
        orjson.dumps([value])
    except TypeError:
        return False
    return True
