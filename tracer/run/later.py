"""Calls that are due after a while, all made by one thread: a thread for each would cost more than most of them do."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

_IDLE_SECONDS = 5.0

_log = logging.getLogger("tracer")


class Later:
    """A daemon thread that is there while something is due. What it calls must not wait for anything."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._works = False

    def call(self, seconds: float, function: Callable[[], object]) -> None:
        """Call it so many seconds from now. From any thread."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), function))
            if self._works:
                self._changed.notify()
                return
            self._works = True
        try:
            threading.Thread(target=self._work, name="tracer-timer", daemon=True).start()
        except RuntimeError:  # the system gives no more threads; the next call tries again
            with self._changed:
                self._works = False
            raise

    def _work(self) -> None:
        while (function := self._next()) is not None:
            try:
                function()
            except Exception:
                _log.exception("a call that was due failed")

    def _next(self) -> Callable[[], object] | None:
        """The next call, once it is due; None after a while in which there was none."""
        with self._changed:
            idle_at = time.monotonic() + _IDLE_SECONDS
            while True:
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    return heapq.heappop(self._due)[2]
                if not self._due and now >= idle_at:
                    self._works = False
                    return None
                self._changed.wait((self._due[0][0] if self._due else idle_at) - now)
