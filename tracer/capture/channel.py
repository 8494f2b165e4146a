"""The way from v2's handler to who reads its stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

_DONE = object()


class Channel:
    """Stands in for both ends of v2's queue: what is sent is seen at once, in whatever thread, then read in that order.

    That queue takes a turn of the loop, and a write into the pipe that wakes it, for each event; here the loop is woken
    where somebody waits, and through the pipe only from another thread. Where nobody wants to read, `keeps` is False.
    Make it in the loop in which it is read.
    """

    def __init__(self, saw: Callable[[Any], None], keeps: bool = True) -> None:
        self._saw = saw
        self._keeps = keeps
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._items: deque[Any] = deque()

    def send_nowait(self, item: Any) -> None:
        self._saw(item)
        if self._keeps:
            self._put(item)

    async def aclose(self) -> None:
        self.close()

    def close(self) -> None:
        """Nothing more is sent."""
        self._put(_DONE)

    async def __aiter__(self) -> AsyncIterator[Any]:
        items = self._items
        while True:
            while items:
                item = items.popleft()
                if item is _DONE:
                    return
                yield item
            waiting = self._waiting = self._loop.create_future()
            # Another thread may have sent before it could see that somebody waits.
            if not items:
                await waiting
            self._waiting = None

    def _put(self, item: Any) -> None:
        self._items.append(item)
        if self._waiting is None:
            return
        if asyncio._get_running_loop() is self._loop:
            self._wake()
            return
        try:
            self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:
            # As v2's queue: nobody reads any more.
            if not self._loop.is_closed():
                raise

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
