"""A thread with an event loop for chains to run in, apart from whoever asks for them."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import inspect
import logging
import threading
import traceback
import weakref
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any

from langchain_core.runnables.config import var_child_runnable_config

from tracer.capture.findings.threads import WATCH
from tracer.capture.frames import current_frames, outwards

from .executor import DaemonExecutor
from .heartbeat import Heartbeat

CURRENT_RUN: contextvars.ContextVar[str | None] = contextvars.ContextVar("tracer_run", default=None)

_log = logging.getLogger("tracer")

_LOOK_SECONDS = 0.05

Hang = tuple[str | None, str]
"""The LangChain run id of the step that hangs, where it is known, and the stack it hangs in."""


class ChainLoop:
    """One daemon thread, one event loop, and an executor of its own for synchronous steps."""

    def __init__(self) -> None:
        self.runs: set[str] = set()
        """What was started here and has not ended."""
        self._run_of: weakref.WeakKeyDictionary[asyncio.Task[Any], str | None] = weakref.WeakKeyDictionary()
        """In the order in which the tasks were made."""
        self._executor = DaemonExecutor(_owner)
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(self._executor)
        self._loop.set_task_factory(self._task)
        self._over = False
        WATCH.know(self._executor)
        self.heartbeat = Heartbeat(self._loop, self._run_of.get)
        self._thread = threading.Thread(target=self._serve, name="tracer-chains", daemon=True)
        self._thread.start()

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Call it in the loop, soon. From any thread."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *args)

    def create_task(self, coroutine: Coroutine[Any, Any, None], run: str) -> asyncio.Task[None]:
        """Start the coroutine of a run. Call in the loop."""
        context = contextvars.copy_context()
        context.run(CURRENT_RUN.set, run)
        return self._loop.create_task(coroutine, name=f"run {run}", context=context)

    def answers(self, timeout: float) -> bool:
        """Whether the loop takes a call within `timeout` seconds."""
        answered = threading.Event()
        self.call(answered.set)
        return answered.wait(timeout)

    def in_threads(self, run: str) -> list[Hang]:
        """Where the synchronous steps of a run are now."""
        frames = current_frames()
        found = []
        for thread, owner in self._executor.busy().items():
            if isinstance(owner, tuple) and owner[0] == run and thread in frames:
                found.append((owner[1], _stack(_calls(frames[thread]))))
        return found

    def in_tasks(self, run: str) -> list[Hang]:
        """Where the newest asynchronous step of a run waits now. While the loop answers."""
        waiting = [
            task
            for task, its_run in list(self._run_of.items())
            if its_run == run and not task.done() and not isinstance(getattr(task, "_fut_waiter", None), asyncio.Task)
        ]
        return [(None, _stack(list(_inwards(task.get_coro())))) for task in waiting[-1:]]

    def in_loop(self) -> Hang:
        """What keeps the loop from answering."""
        frame = current_frames().get(self._thread.ident or 0)
        return None, _stack(_calls(frame)) if frame else ""

    def step(self) -> object:
        """What the loop is in the middle of: the same object until it comes out of it. None while it waits."""
        innermost = frame = current_frames().get(self._thread.ident or 0)
        while frame is not None:
            if frame.f_code is asyncio.Handle._run.__code__:
                return frame.f_locals["self"]
            frame = frame.f_back
        # Of a loop that is not asyncio's own (uvloop's) no more can be told than that it is in some step.
        where = innermost.f_globals.get("__name__") if innermost is not None else __name__
        return None if where in (*_BEGINNINGS, "selectors") else self

    def stop(self) -> None:
        """Let the thread go once nothing is left in the loop: closing it would tear what is stuck there in mid-step."""
        self.call(self._wind_down)

    def _wind_down(self) -> None:
        if asyncio.all_tasks(self._loop):
            self._loop.call_later(_LOOK_SECONDS, self._wind_down)
        else:
            self._executor.shutdown()
            self._over = True
            self._loop.stop()

    def _task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **kwargs: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **kwargs)
        context = kwargs.get("context")
        self._run_of[task] = context.get(CURRENT_RUN) if context else CURRENT_RUN.get()
        return task

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            while not self._over:
                try:
                    self._loop.run_forever()
                except BaseException as error:
                    # asyncio lets SystemExit and KeyboardInterrupt through, from whichever task; by then that task has
                    # ended with it, which is for its run alone to tell. All others are as they were.
                    _log.debug("%s left a task of the chains' loop; it goes on", type(error).__name__)
        finally:
            with contextlib.suppress(Exception):
                self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()


def _owner() -> tuple[str | None, str | None]:
    """The run, and the LangChain run id of the step, in whose context a synchronous call is made."""
    config = var_child_runnable_config.get()
    parent = getattr((config or {}).get("callbacks"), "parent_run_id", None)
    return CURRENT_RUN.get(), str(parent) if parent else None


def _calls(innermost: FrameType) -> list[tuple[FrameType, int]]:
    """What a thread is in, and at which lines, outermost first."""
    return [(frame, frame.f_lineno) for frame in outwards(innermost)][::-1]


_BEGINNINGS = ("threading", "asyncio.base_events", "asyncio.events", "asyncio.runners", __name__, "tracer.run.executor")
_FRAMES = {"cr_frame": "cr_await", "ag_frame": "ag_await", "gi_frame": "gi_yieldfrom"}


def _inwards(awaited: Any) -> Iterator[tuple[FrameType, int]]:
    """Frames of a suspended coroutine and of what it awaits, outermost first."""
    for _ in range(100):
        name = next((name for name in _FRAMES if getattr(awaited, name, None) is not None), None)
        if name is None:
            awaited = _behind(awaited)
            if awaited is None:
                return
            continue
        frame = getattr(awaited, name)
        yield frame, frame.f_lineno
        awaited = getattr(awaited, _FRAMES[name])


def _behind(awaited: Any) -> Any:
    """What `anext`, `asend` and their like wait for: they have no frame to see, the generator behind them has."""
    for _ in range(3):
        referents = gc.get_referents(awaited)
        found = next((ref for ref in referents if inspect.isasyncgen(ref) or inspect.iscoroutine(ref)), None)
        if found is not None:
            return found
        awaited = next((ref for ref in referents if inspect.isawaitable(ref)), None)
    return None


def _stack(frames: list[tuple[FrameType, int]]) -> str:
    """As a traceback shows it, innermost last, at most the innermost 20 frames; without the thread's own beginnings."""
    while frames and frames[0][0].f_globals.get("__name__") in _BEGINNINGS:
        del frames[0]
    summary = traceback.StackSummary.extract(iter(frames[-20:]), lookup_lines=True)
    return "".join(summary.format())
