"""A cursor over one run: what stands in its file, then what is appended, until the run ends."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from .file import LogFile, check
from .index import Index, Stub
from .stub import OVERSIZE, stub
from .writer import Writer, is_being_written

PROBE_SECONDS = 2.0
FOREIGN_POLL_SECONDS = 0.05
READ_BYTES = 1 << 17
"""What a follower holds of the file at most, but for the one line that is longer."""
LONGEST = 64 << 20
"""A line over this is a bad one: nobody writes such, and to read it would take the memory of all others."""

_END_LINE = 4096
_RUN_END = b'"event":"run_end"'
_HEAD = 80
"""In which a line of ours says what it is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines as they stand in the log: `(seq, line without its newline)`, strict JSON."""

    lines: list[tuple[int, bytes]]
    cut: bool = False
    """Whether it is one line over OVERSIZE bytes, of which this is the stub."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What is no line: end {"seq", "status"} · lost {"seq"} · gone {} · past_end {"seq"} · alarm {"message"}.

    The message of an alarm is "" once its reason is gone.
    """

    name: str
    data: dict[str, Any]


async def follow(
    file: LogFile, after: int, writer: Writer | None, pulses: Pulses
) -> AsyncGenerator[Batch | Signal, None]:
    """All lines after seq `after`, then what is appended; the last is one of the signals end, lost, gone, past_end.

    `writer` is the run's where this process writes it. Between two steps it holds nothing of the file.
    """
    path, index = file.path, file.index
    loop = asyncio.get_running_loop()
    with pulses.of(path, writer) as pulse:
        changed = asyncio.Event()
        # To a thread only what takes long: while the loop is busy, each of its steps waits for the interpreter.
        long = file.is_far(after + 1)
        seq, offset, status = await asyncio.to_thread(_begin, file, after + 1) if long else _begin(file, after + 1)
        if seq < after + 1:
            yield Signal("past_end", {"seq": seq - 1})
            return
        if status is not None:
            yield Signal("end", {"seq": seq - 1, "status": status})
            return
        told = ""
        probed = -PROBE_SECONDS
        dead = False
        while True:
            changed.clear()
            # Before the look, or what is written just after it would wake nobody.
            pulse.waiting.add(changed)
            limit = writer.shown - offset if writer else READ_BYTES
            lines, end = file.complete(seq, offset, min(READ_BYTES, limit), OVERSIZE)
            if end > offset:
                pulse.waiting.discard(changed)
                if lines:
                    lines, status = _checked(index, lines, offset, end, own=writer is not None and not writer.closed)
                    cut = False
                else:
                    line, cut, status = await asyncio.to_thread(_long, file, seq, offset, end)
                    lines = [(seq, line)]
                    del line
                seq, offset = lines[-1][0] + 1, end
                # Held by nobody but who takes it: a reader that is slow to may be one of hundreds.
                ready = [Batch(lines, cut)]
                del lines
                yield ready.pop()
                if status is not None:
                    if told and writer and not writer.alarm:
                        yield Signal("alarm", {"message": ""})
                    yield Signal("end", {"seq": seq - 1, "status": status})
                    return
                continue
            if writer and (writer.alarm or "") != told:
                told = writer.alarm or ""
                yield Signal("alarm", {"message": told})
            if dead:
                # Whatever the writer still managed to write has been read by now, but for a torn last line.
                if file.size() > offset:
                    line, cut, _ = await asyncio.to_thread(_long, file, seq, offset, file.size() + 1)
                    yield Batch([(seq, line)], cut)
                yield Signal("lost", {"seq": seq - 1})
                return
            if not path.exists():
                yield Signal("gone", {})
                return
            if loop.time() - probed >= PROBE_SECONDS:
                probed = loop.time()
                with contextlib.suppress(FileNotFoundError):
                    dead = not is_being_written(path)
                    if dead:
                        continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROBE_SECONDS):
                    await changed.wait()


class Pulses:
    """One wake-up a file and loop, for all who follow it there: by its writer, or by its size where another process
    writes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pulses: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Path, Pulse]]
        self._pulses = weakref.WeakKeyDictionary()

    @contextlib.contextmanager
    def of(self, path: Path, writer: Writer | None) -> Iterator[Pulse]:
        """What wakes those who wait for this file to grow."""
        loop = asyncio.get_running_loop()
        with self._lock:
            here = self._pulses.setdefault(loop, {})
            pulse = here.get(path)
            if pulse is None or pulse.writer is not writer:
                pulse = here[path] = Pulse(loop, path, writer)
        pulse.users += 1
        try:
            yield pulse
        finally:
            pulse.users -= 1
            if not pulse.users:
                pulse.stop()
                if here.get(path) is pulse:
                    del here[path]


class Pulse:
    """Sets the events in `waiting` once the file may have grown."""

    def __init__(self, loop: asyncio.AbstractEventLoop, path: Path, writer: Writer | None) -> None:
        self.writer = writer
        self.waiting: set[asyncio.Event] = set()
        self.users = 0
        self._over = asyncio.Event()
        self._loop, self._path = loop, path
        self._size = -1
        self._timer: asyncio.TimerHandle | None = None
        self._leave: Callable[[], None] | None = None
        if writer is None:
            self._look()
        else:
            self._leave = writer.listen(self._written)
            if writer.closed:
                self._over.set()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._leave is not None:
            self._leave()

    async def pause(self, seconds: float) -> None:
        """Sleep, but not beyond the end of a run that this process writes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    def _look(self) -> None:
        try:
            size = self._path.stat().st_size
        except OSError:
            size = -1
        if size != self._size:
            self._size = size
            self._wake()
        self._timer = self._loop.call_later(FOREIGN_POLL_SECONDS, self._look)

    def _written(self) -> None:
        # In the writer's thread, 125 times a second: each call into the loop takes the interpreter from the chain.
        if self.waiting or (self.writer and self.writer.closed):
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        waiting, self.waiting = self.waiting, set()
        for event in waiting:
            event.set()
        if self.writer and self.writer.closed:
            self._over.set()


def _begin(file: LogFile, seq: int) -> tuple[int, int, str | None]:
    """Seq and offset to begin from, and the status of the run where it ended just before."""
    at, offset = file.locate(seq)
    if at < seq or at == 0:
        return at, offset, None
    lines, _ = file.complete(*file.locate(at - 1), most=_END_LINE)
    line = check(at - 1, lines[0][1])[0] if lines else {}
    return at, offset, str(line.get("status", "ok")) if line.get("event") == "run_end" else None


def _checked(
    index: Index, lines: list[tuple[int, bytes]], offset: int, end: int, *, own: bool
) -> tuple[list[tuple[int, bytes]], str | None]:
    """The lines up to and with `run_end`, checked, and the status which that one gives.

    `own` lines, which this process has written itself, are as they have to be.
    """
    if index.is_sound(offset, end):
        return lines, None
    if own:
        if _RUN_END in lines[-1][1][:_HEAD]:
            return lines, str(orjson.loads(lines[-1][1])["status"])
        index.found_sound(offset, end)
        return lines, None
    batch = []
    as_they_stand = True
    for seq, raw in lines:
        line, sound = check(seq, raw)
        batch.append((seq, sound))
        if line["event"] == "run_end":
            return batch, str(line.get("status", "ok"))
        as_they_stand = as_they_stand and sound is raw
    if as_they_stand:
        index.found_sound(offset, end)
    return batch, None


def _long(file: LogFile, seq: int, offset: int, end: int) -> Stub:
    """The line between these offsets, its stub where it is over OVERSIZE."""
    index = file.index
    with index.stubbing:
        known = index.stubs.get(offset)
        if known is not None:
            return known
        size = end - 1 - offset
        raw = file.part(offset, size) if size <= LONGEST else b""
        line, sound = check(seq, raw)
        if line["event"] == "bad_line":
            line, sound = check(seq, b"")
            sound = sound.replace(b'"bytes":0', b'"bytes":%d' % size)
        status = str(line.get("status", "ok")) if line["event"] == "run_end" else None
        cut = len(sound) > OVERSIZE
        made = stub(sound) if cut else sound, cut, status
        if cut:
            index.keep_stub(offset, made)
        return made
