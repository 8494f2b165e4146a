"""The only reader of run files. Takes any bytes; the one error it raises is LogError."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from . import index, plain
from .elements import Broken, elements
from .events import FORMAT, Line, bad_line

LONGEST = 256 << 20
"""Bytes of one line; a longer one is a bad line to those who read a whole file."""
_BLOCK = 1 << 20
_TAIL = 1 << 14
_BOM = b"\xef\xbb\xbf"


class LogError(Exception):
    """A log that cannot be read. Says which file, which line (from 1, or None for the whole file) and why."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")
        self.path, self.line, self.reason = path, line, reason


class LogFile:
    """A run file open for reading: lines from any seq, also while another thread or process appends.

    A line's seq is its place in the file. A place that holds no JSON object is given as
    `{"seq", "event": "bad_line", "line", "bytes"}`, so nothing that follows it moves.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # Opening a FIFO would wait for its writer.
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (OSError, ValueError) as error:
            raise LogError(path, None, getattr(error, "strerror", None) or str(error)) from error
        if not stat.S_ISREG(os.fstat(self._fd).st_mode):
            self.close()
            raise LogError(path, None, "not a regular file")
        self.index = index.index_of(path, self._fd)

    def __enter__(self) -> LogFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._fd)

    def size(self) -> int:
        return os.fstat(self._fd).st_size

    def locate(self, seq: int) -> tuple[int, int]:
        """`(seq, offset)` of the line with this seq, or of the end of the complete lines where there are fewer.

        Takes well under a millisecond; the first in this process for a part of the file counts its lines up to there,
        half a second for a gigabyte.
        """
        return self.index.locate(self._fd, seq)

    def is_far(self, seq: int) -> bool:
        """Whether `locate` would have to count its way there through more than a few MB."""
        return self.index.is_far(self._fd, seq)

    def _long_line(self, offset: int) -> int:
        """Length of the line at `offset`, however long, newline included; 0 where it is not complete."""
        length = 0
        while block := os.pread(self._fd, _BLOCK, offset + length):
            newline = block.find(b"\n")
            if newline >= 0:
                return length + newline + 1
            length += len(block)
        return 0

    def complete(
        self, seq: int, offset: int, most: int = _BLOCK, longest: int | None = None
    ) -> tuple[list[tuple[int, bytes]], int]:
        """The complete lines from `offset` on, about `most` bytes of them, and the offset after the last one.

        One line may be more than `most`; where it is more than `longest`, no line, and the offset after it.
        """
        block = os.pread(self._fd, max(0, most), offset)
        end = block.rfind(b"\n") + 1
        if end == 0:
            length = self._long_line(offset)
            if length == 0 or most <= 0:
                return [], offset
            if longest is not None and length > longest:
                return [], offset + length
            block = os.pread(self._fd, length, offset)
            end = len(block)
        parts = block[: end - 1].split(b"\n")
        return [(seq + n, part) for n, part in enumerate(parts)], offset + end

    def part(self, offset: int, size: int) -> bytes:
        """What stands there."""
        return os.pread(self._fd, size, offset)

    def last(self) -> bytes:
        """The last complete line, however long; b"" where there is none."""
        size = self.size()
        length = _TAIL
        while True:
            tail = os.pread(self._fd, length, max(0, size - length))
            complete = tail[: tail.rfind(b"\n") + 1].rstrip(b"\n")
            newline = complete.rfind(b"\n")
            if newline >= 0 or length >= size:
                return complete[newline + 1 :]
            length *= 4

    def rest(self, offset: int) -> bytes:
        """What stands after the last complete line."""
        return os.pread(self._fd, max(0, self.size() - offset), offset)

    def blocks(self) -> Iterator[bytes]:
        """All bytes as they stand now."""
        offset = 0
        while block := os.pread(self._fd, _BLOCK, offset):
            offset += len(block)
            yield block

    def raw_lines(self) -> Iterator[bytes | Broken]:
        """All lines as they stand now, a torn last one among them. Memory is bounded by LONGEST."""
        parts: list[bytes] = []
        size = 0
        for block in self.blocks():
            first, *others = block.split(b"\n")
            size += len(first)
            parts = [*parts, first] if size <= LONGEST else []
            for other in others:
                yield b"".join(parts) if size <= LONGEST else Broken(size)
                parts, size = [other], len(other)
        if size:
            yield b"".join(parts) if size <= LONGEST else Broken(size)

    def plain(self) -> Iterator[bytes | Broken] | None:
        """LangChain's plain events, as they stand, where this file holds nothing else; None where it is a run's log."""
        shape = plain.shape(os.pread(self._fd, _BLOCK, 0))
        if shape is None:
            return None
        return elements(self.blocks()) if shape == "array" else self.raw_lines()


def check(seq: int, raw: bytes) -> tuple[Line, bytes]:
    """The line as an object and as strict JSON that carries its own seq; a bad line's stand-in where it is none."""
    if seq == 0:
        raw = raw.removeprefix(_BOM)
    try:
        line = orjson.loads(raw)
    except ValueError:
        line = None
    if not isinstance(line, dict) or not isinstance(line.get("event"), str):
        line = bad_line(seq, len(raw))
        return line, orjson.dumps(line)
    if type(line.get("seq")) is int and line["seq"] == seq:
        return line, raw
    line = {**line, "seq": seq}
    try:
        return line, orjson.dumps(line)
    except TypeError:
        # Nested deeper than can be written again.
        line = bad_line(seq, len(raw))
        return line, orjson.dumps(line)


def read(path: str | os.PathLike[str]) -> Iterator[Line]:
    """All lines of a log as it stands now, decoded, up to and with `run_end`. A torn last line counts as a bad one.

    A file of LangChain's plain events is read as the log of a run whose times are unknown. Raises LogError for a file
    that cannot be opened or was written by a newer tracer.
    """
    with LogFile(Path(path)) as file:
        events = file.plain()
        if events is not None:
            yield from plain.lines(events, file.path.stem)
            return
        for seq, raw in enumerate(file.raw_lines()):
            line = bad_line(seq, raw.bytes) if isinstance(raw, Broken) else check(seq, raw)[0]
            if seq == 0:
                refuse_newer(file.path, line)
            yield line
            if line["event"] == "run_end":
                return


def refuse_newer(path: Path, line: dict[str, Any]) -> None:
    """Raises LogError for a first line that says it is of a format which is not read here."""
    if line["event"] == "run_start" and line.get("format") != FORMAT:
        made = line.get("format")
        if isinstance(made, int) and made > FORMAT:
            raise LogError(path, line["seq"] + 1, f"made by a newer tracer (format {made}, this one reads {FORMAT})")
        raise LogError(path, line["seq"] + 1, f"format {made!r} is not one that tracer knows (it reads {FORMAT})")
