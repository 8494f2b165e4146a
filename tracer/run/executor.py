"""Threads for the synchronous parts of chains: so many for each run, and none that holds up the interpreter's exit."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

IDLE_SECONDS = 10.0
MOST_THREADS = min(32, (os.cpu_count() or 1) + 4)
"""What asyncio's own executor has; here each run has as many. Further calls of that run wait for one of them."""

Owner = tuple[Hashable, object] | None
"""The run whose call it is, and what else is known of that call."""
_Job = tuple[Future[Any], Callable[[], Any], Owner]


class _Share:
    """The threads that work for one run."""

    __slots__ = ("threads", "waiting")

    def __init__(self) -> None:
        self.threads = 0
        self.waiting: deque[_Job] = deque()


class DaemonExecutor(ThreadPoolExecutor):
    """Runs a call at once, in an idle thread or a new one, unless `MOST_THREADS` work for the same run already.

    A pool of a fixed size would let the stuck calls of one run hold up those of another, and the standard library
    joins its threads at exit. (asyncio takes only a ThreadPoolExecutor as a loop's default executor.) `owner` is asked
    at each call whose call it is; those of nobody (None) never wait.
    """

    def __init__(self, owner: Callable[[], Owner] = lambda: None, name: str = "tracer-sync") -> None:
        super().__init__(max_workers=1)
        self._name = name
        self._owner = owner
        self._idle: list[queue.SimpleQueue[_Job | None]] = []
        self._busy: dict[int, object] = {}
        self._shares: dict[Hashable, _Share] = {}
        self._guard = threading.Lock()
        self._closed = False

    def busy(self) -> dict[int, object]:
        """Thread id → owner of the call that the thread is in."""
        with self._guard:
            return dict(self._busy)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        job: _Job = (future, lambda: fn(*args, **kwargs), self._owner())
        with self._guard:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if not self._has_share(job):
                return future
            if self._idle:
                self._idle.pop().put(job)
                return future
        try:
            threading.Thread(target=self._work, args=(job,), name=self._name, daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            with self._guard:
                self._give_back(job[2])
            raise
        return future

    def _has_share(self, job: _Job) -> bool:
        """Take a thread from the share of the job's run, or let the job wait for one. Under the guard."""
        owner = job[2]
        if owner is not None:
            share = self._shares.setdefault(owner[0], _Share())
            if share.threads >= MOST_THREADS:
                share.waiting.append(job)
                return False
            share.threads += 1
        return True

    def _following(self, owner: Owner) -> _Job | None:
        """What the thread that worked for this run goes on with; its share is given back where there is nothing."""
        if owner is not None and (waiting := self._shares[owner[0]].waiting):
            return waiting.popleft()
        self._give_back(owner)
        return None

    def _give_back(self, owner: Owner) -> None:
        if owner is not None:
            share = self._shares[owner[0]]
            share.threads -= 1
            if not share.threads:
                del self._shares[owner[0]]

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let idle threads go; busy ones finish on their own. Never waits."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for waiting in idle:
            waiting.put(None)

    def _work(self, job: _Job | None) -> None:
        waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        me = threading.get_ident()
        while job is not None:
            future, call, owner = job
            with self._guard:
                self._busy[me] = owner
            _run(future, call)
            # What the job holds must not live as long as an idle thread.
            del job, future, call
            with self._guard:
                del self._busy[me]
                job = self._following(owner)
                if job is None:
                    if self._closed:
                        return
                    self._idle.append(waiting)
            del owner
            if job is not None:
                continue
            try:
                job = waiting.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                with self._guard:
                    if waiting in self._idle:
                        self._idle.remove(waiting)
                        return
                job = waiting.get()


def _run(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # a future carries whatever was raised
        future.set_exception(error)
    else:
        future.set_result(result)
