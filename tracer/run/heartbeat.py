"""Notices when an event loop does not answer, and where its thread is meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import linecache
import os
import site
import sysconfig
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from tracer.capture.frames import current_frames, outwards
from tracer.capture.tap import Tap

SECONDS = 0.5
"""What blocks a loop for less is not told."""
STILL_SECONDS = 3.0
"""What blocks a loop for that long is told before it ends."""
_BEAT_SECONDS = 0.05
_SETTLED_SECONDS = 1.0
_MOST_CODE = 120

_Place = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Where:
    """A place in code that a loop was in."""

    file: str
    line: int
    function: str
    code: str
    """The line of source, "" where there is none to read."""
    run: str | None
    """Whose task was running; None where that is not known."""
    run_id: str | None
    """The LangChain run id of the step in it."""

    @property
    def place(self) -> _Place:
        return self.file, self.function, self.run


@dataclass(frozen=True, slots=True)
class Block:
    """A loop that did not answer for `seconds` (so far, where it is `still` blocked), for being there."""

    seconds: float
    still: bool
    where: Where


Report = Callable[[Block], None]


class Heartbeat:
    """Asks a loop 20 times a second whether it still turns, while somebody watches. One daemon thread a loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, run_of: Callable[[Any], str | None]) -> None:
        """`run_of` says to which run a task of the loop belongs."""
        self._loop = loop
        self._run_of = run_of
        self._reports: dict[str, Report] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def watched(self, run: str, report: Report) -> Iterator[None]:
        """In the loop: while inside, `report` is called (in another thread) with what blocks it in this run."""
        with self._changed:
            self._reports[run] = report
            if self._thread is None:
                ident = threading.get_ident()
                self._thread = threading.Thread(target=self._watch, args=(ident,), name="tracer-beat", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            self.forget(run)

    def forget(self, run: str) -> None:
        """What blocks this run is no longer of interest. From any thread."""
        with self._changed:
            self._reports.pop(run, None)
            self._changed.notify()

    def _watch(self, ident: int) -> None:
        while True:
            with self._changed:
                if not self._reports and not self._changed.wait_for(lambda: bool(self._reports), _BEAT_SECONDS * 10):
                    self._thread = None
                    return
            self._beat(ident)
            with self._changed:
                self._changed.wait(_BEAT_SECONDS)

    def _beat(self, ident: int) -> None:
        asked = time.monotonic()
        answered = threading.Event()
        seen = _Seen()

        def answer() -> None:
            # In the loop, so that the run cannot end before it is told. The loop stopped at some time after the beat
            # before.
            seconds = time.monotonic() - asked + _BEAT_SECONDS / 2
            if seconds >= SECONDS - _BEAT_SECONDS / 2 and not told:
                self._tell(seen, seconds, False)
            answered.set()

        told = False
        try:
            self._loop.call_soon_threadsafe(answer)
        except RuntimeError:  # closed
            return
        # A loop may be stuck for good: once there is nothing left to tell, its thread is left alone.
        while not answered.wait(_SETTLED_SECONDS if told or not self._reports else _BEAT_SECONDS):
            if told or not self._reports:
                if self._loop.is_closed():
                    return
                continue
            seen.add(self._where(ident))
            if time.monotonic() - asked >= STILL_SECONDS:
                told = self._tell(seen, time.monotonic() - asked, True)

    def _tell(self, seen: _Seen, seconds: float, still: bool) -> bool:
        """Report the place in which the loop was most of the time, if there is one."""
        where = seen.most()
        if where is None:
            return False
        with self._changed:
            to = [report for run, report in self._reports.items() if where.run in (None, run)]
        for report in to:
            report(Block(seconds, still, where))
        return True

    def _where(self, ident: int) -> Where | None:
        frame = current_frames().get(ident)
        if frame is None:
            return None
        task = asyncio.current_task(self._loop)
        if task is None:
            return None  # between two tasks: many small steps, and no one place to blame
        frames = list(outwards(frame))
        blamed = _users(frames)
        code = ""
        # Its cache may be changed by another thread meanwhile, which it does not expect.
        with contextlib.suppress(Exception):
            code = linecache.getline(blamed.f_code.co_filename, blamed.f_lineno).strip()
        return Where(
            blamed.f_code.co_filename,
            blamed.f_lineno,
            blamed.f_code.co_qualname.replace(".<locals>", ""),
            code,
            self._run_of(task),
            next((run_id for run_id in map(_run_id, frames) if run_id), None),
        )


class _Seen:
    """How often a loop was found in which place."""

    def __init__(self) -> None:
        self._times: Counter[_Place | None] = Counter()
        self._newest: dict[_Place, Where] = {}

    def add(self, where: Where | None) -> None:
        self._times[where.place if where else None] += 1
        if where:
            self._newest[where.place] = where

    def most(self) -> Where | None:
        """The newest sight of the place that it was in at least half of the time."""
        for place, times in self._times.most_common(1):
            if place is not None and times * 2 >= self._times.total():
                return self._newest[place]
        return None


def tell(tap: Tap, block: Block) -> None:
    """Write the finding `loop_blocked` into the log of the run whose step it was."""
    where = block.where
    file = os.path.relpath(where.file) if where.file.startswith(os.path.join(os.getcwd(), "")) else where.file
    by = f" by `{where.code[:_MOST_CODE]}`" if where.code else ""
    long = f"for more than {block.seconds:.0f} s, and still is," if block.still else f"for {block.seconds:.1f} s"
    tap.notice(
        "loop_blocked",
        where.run_id,
        f"The event loop was blocked {long}{by} at {file}:{where.line}, in {where.function}: no step could go on.",
        "Await what waits (asyncio.sleep, an async client), move the call to a thread (asyncio.to_thread), or make the "
        "step a plain `def`: LangChain runs those in threads.",
        {
            "seconds": round(block.seconds, 3),
            "still": block.still,
            "file": where.file,
            "line": where.line,
            "function": where.function,
            "code": where.code[:_MOST_CODE],
        },
    )


_LIBRARIES = tuple(
    os.path.join(folder, "")
    for folder in {
        *(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(),
        site.getusersitepackages(),
    }
)


def _users(frames: list[FrameType]) -> FrameType:
    """The innermost frame of the user's own code; without any, of a library that is not the machinery around it."""

    def own(frame: FrameType) -> bool:
        file = frame.f_code.co_filename
        return not file.startswith(_LIBRARIES) and not file.startswith("<frozen") and not _machinery(frame)

    return next((frame for frame in frames if own(frame)), None) or next(
        (frame for frame in frames if not _machinery(frame)), frames[0]
    )


def _machinery(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    if module.startswith("tracer.demo."):
        return False
    return module.partition(".")[0] in ("tracer", "asyncio", "threading", "langchain_core", "contextlib", "selectors")


def _run_id(frame: FrameType) -> str | None:
    run_id = getattr(frame.f_locals.get("run_manager"), "run_id", None)
    return None if run_id is None else str(run_id)
