"""`children_lost`, in threads: a Runnable called in a bare thread has no config, and so no callbacks of ours.

LangChain asks configure hooks whenever a Runnable starts, in whatever thread; ours adds nothing, it only looks. A
thread does not know who started it, so the span is found by who holds the thread, its pool or its future: the code of
a step that waits for it. What holds none of them (a thread that is started and forgotten) is not seen.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import FrameType
from typing import Any, Protocol, cast

from langchain_core.callbacks.base import BaseCallbackManager
from langchain_core.runnables.config import var_child_runnable_config
from langchain_core.tracers.context import register_configure_hook

from tracer.capture.callbacks import ErrorHandler, EventHandler
from tracer.capture.frames import current_frames, outwards

from .background import KIND

_MOST_ITEMS = 1_000


class Recorder(Protocol):
    """What records a run: a Tap."""

    def knows(self, run_id: str) -> bool: ...
    def notice(self, kind: str, run_id: str | None, text: str, advice: str, evidence: dict[str, Any]) -> None: ...


class Executor(Protocol):
    """An executor that knows for which step each of its threads works."""

    def busy(self) -> dict[int, object]: ...


class _Watch:
    """Stands where LangChain expects a context variable that may hold a handler; it never does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recorders: weakref.WeakSet[Any] = weakref.WeakSet()
        self._executors: weakref.WeakSet[Any] = weakref.WeakSet()
        self._hooked = False

    def begin(self, recorder: Recorder) -> None:
        with self._lock:
            self._recorders.add(recorder)
            if not self._hooked:
                self._hooked = True
                register_configure_hook(cast(Any, self), inheritable=False)

    def end(self, recorder: Recorder) -> None:
        with self._lock:
            self._recorders.discard(recorder)

    def know(self, executor: Executor) -> None:
        """Ask this executor, too, for whom a thread works: `(run, run id of the step)`."""
        with self._lock:
            self._executors.add(executor)

    def get(self) -> None:
        """A Runnable is about to start in this thread."""
        if var_child_runnable_config.get() is not None or not self._recorders:
            return
        with contextlib.suppress(Exception):  # whatever it is, the chain must not notice
            self._look(sys._getframe(1))

    def _look(self, configuring: FrameType) -> None:
        me = threading.current_thread()
        if me is threading.main_thread():
            return
        with self._lock:
            recorders, executors = list(self._recorders), list(self._executors)
        handlers = _handlers(configuring.f_locals.get("inheritable_callbacks"))
        if any(isinstance(handler, ErrorHandler | EventHandler) for handler in handlers):
            return
        run_ids = (*_owners(executors, me), *_waiting_for(me, _future(configuring)))
        for run_id in run_ids:
            for recorder in recorders:
                if recorder.knows(run_id):
                    child = _started(configuring)
                    recorder.notice(
                        KIND,
                        run_id,
                        f"{child} was started in the thread {me.name} without this run's config: it, and all below "
                        "it, is missing here.",
                        "Pass the config on (invoke(x, config)), or the context "
                        "(pool.submit(contextvars.copy_context().run, chain.invoke, x)); or let LangChain make the "
                        "threads: batch(), RunnableParallel.",
                        {"how": "thread", "child": child, "thread": me.name},
                    )
                    return


WATCH = _Watch()


def _handlers(callbacks: Any) -> Iterable[Any]:
    return callbacks.handlers if isinstance(callbacks, BaseCallbackManager) else callbacks or ()


def _owners(executors: list[Executor], me: threading.Thread) -> Iterator[str]:
    for executor in executors:
        owner = executor.busy().get(me.ident or 0)
        if isinstance(owner, tuple) and isinstance(owner[1], str):
            yield owner[1]


def _waiting_for(me: threading.Thread, future: Future[Any] | None) -> Iterator[str]:
    """Run ids of the steps whose code, in another thread, holds this thread, its pool or its future."""
    for thread, top in current_frames().items():
        if thread == me.ident:
            continue
        held = False
        for frame in outwards(top):
            values = frame.f_locals
            held = held or any(_holds(value, me, future) for value in list(values.values()))
            run_id = getattr(values.get("run_manager"), "run_id", None)
            if run_id is not None:
                if held:
                    yield str(run_id)
                break


def _holds(value: Any, me: threading.Thread, future: Future[Any] | None) -> bool:
    if value is me or (future is not None and value is future):
        return True
    if isinstance(value, ThreadPoolExecutor):
        return me in getattr(value, "_threads", ())
    if type(value) in (list, tuple, set, frozenset, dict) and len(value) <= _MOST_ITEMS:
        return any(item is me or (future is not None and item is future) for item in list(value))
    return False


def _future(frame: FrameType) -> Future[Any] | None:
    """The future that this thread of a pool works for."""
    for at in outwards(frame):
        if at.f_code.co_qualname == "_WorkItem.run":
            return getattr(at.f_locals.get("self"), "future", None)
    return None


def _started(frame: FrameType) -> str:
    """The name of the Runnable that is about to start."""
    for at in outwards(frame):
        if not at.f_globals.get("__name__", "").startswith("langchain_core.callbacks"):
            runnable = at.f_locals.get("self")
            if runnable is not None:
                name = getattr(runnable, "name", None)
                return name if isinstance(name, str) and name else type(runnable).__name__
    return "A step"
