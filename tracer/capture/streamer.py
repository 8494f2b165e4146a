"""v2's own event handler, taken over: it tells the tap what it sends and what it does not, and costs the chain less.

LangChain calls a handler that is not inline in a task of its own, for each token too, and makes a loop for it in code
without one, for each start and end. What v2's handler does waits for nothing, so it can as well be called in line.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import time
from collections.abc import Callable, Coroutine
from types import MethodType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.callbacks.manager import handle_event

from .callbacks import ErrorHandler
from .channel import Channel

if TYPE_CHECKING:
    from .tap import Tap

_NEEDED = ("send_stream", "receive_stream", "run_map", "parent_map", "_get_parent_ids", "_write_run_start_info")
_SYNCHRONOUS = getattr(handle_event, "__code__", None)
_TURN = 0.001
"""Seconds for which a model may stream without one."""


def take_over(handler: BaseCallbackHandler, tap: Tap) -> bool:
    """Make v2's handler, in the loop it is read in, tell this tap as well.

    False for any other handler, or where LangChain has changed it.
    """
    if not all(hasattr(handler, name) for name in _NEEDED):
        return False
    taken: Any = handler
    kind: Any = type(handler)
    taken.__class__ = _streamer(kind)
    taken.tap = tap
    taken._above = {}
    taken._rested = 0.0
    taken.send_stream = taken.receive_stream = Channel(tap.sent, tap.delivers)
    return True


class _Callback:
    """A method of the handler: a coroutine function, but for LangChain's synchronous code, which it calls in line."""

    def __init__(self, waits: Callable[..., Coroutine[Any, Any, None]], at_once: Callable[..., None]) -> None:
        self._waits = waits
        self._at_once = at_once

    def __get__(self, handler: Any, kind: type[Any] | None = None) -> Any:
        if handler is None:
            return self
        at_once = sys._getframe(1).f_code is _SYNCHRONOUS
        return MethodType(self._at_once if at_once else self._waits, handler)


def _finish(call: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that waits for nothing."""
    try:
        call.send(None)
    except StopIteration:
        return
    call.close()
    raise RuntimeError("v2's event handler waits for something")


async def _turn(_: Any) -> None:
    """A turn of the loop: a chain that waits for nothing can still be stopped, and does not hold up others.

    Steps that run side by side begin in the order in which they would without it, as all of them take one.
    """
    await asyncio.sleep(0)


async def _turn_now_and_then(handler: Any) -> None:
    """The same, where there are very many."""
    now = time.monotonic()
    if now - handler._rested > _TURN:
        handler._rested = now
        await asyncio.sleep(0)


@functools.cache
def _streamer(v2: type[Any]) -> type[Any]:
    def sent(name: str, rest: Callable[[Any], Coroutine[Any, Any, None]]) -> _Callback:
        theirs = getattr(v2, name)

        async def waits(self: Any, *args: Any, **kwargs: Any) -> None:
            await theirs(self, *args, **kwargs)
            await rest(self)

        def at_once(self: Any, *args: Any, **kwargs: Any) -> None:
            _finish(theirs(self, *args, **kwargs))

        return _Callback(waits, at_once)

    def told(name: str, ends: bool = False) -> _Callback:
        ours, theirs = getattr(ErrorHandler, name), getattr(v2, name)

        async def waits(self: Any, *args: Any, **kwargs: Any) -> None:
            ours(self, *args, **kwargs)
            try:
                if ends:
                    # First, so that what was left inside, and is closed by the loop, ends before what it is in.
                    await asyncio.sleep(0)
            finally:
                await theirs(self, *args, **kwargs)
            if not ends:
                await _turn(self)

        def at_once(self: Any, *args: Any, **kwargs: Any) -> None:
            ours(self, *args, **kwargs)
            _finish(theirs(self, *args, **kwargs))

        return _Callback(waits, at_once)

    class Streamer(ErrorHandler, v2):  # type: ignore[misc]  # known at run time only
        _above: dict[UUID, list[str]]
        _rested: float

        on_chat_model_start = told("on_chat_model_start")
        on_llm_start = told("on_llm_start")
        on_llm_new_token = sent("on_llm_new_token", _turn_now_and_then)
        on_llm_end = told("on_llm_end", ends=True)
        on_chain_start = told("on_chain_start")
        on_chain_end = told("on_chain_end", ends=True)
        on_tool_start = told("on_tool_start")
        on_tool_end = told("on_tool_end", ends=True)
        on_tool_error = told("on_tool_error")
        on_retriever_start = told("on_retriever_start")
        on_retriever_end = told("on_retriever_end", ends=True)
        on_custom_event = sent("on_custom_event", _turn)

        def _get_parent_ids(self, run_id: UUID) -> list[str]:
            """As v2's, which goes all the way up for each event."""
            known = self._above.get(run_id)
            if known is None:
                known = super()._get_parent_ids(run_id)
                top: UUID | None = run_id
                for _ in known:
                    top = self.parent_map[top]
                # What stands above one that has not started yet shows later.
                if top in self.parent_map:
                    self._above[run_id] = known
            return known.copy()

        def _write_run_start_info(self, run_id: UUID, **about: Any) -> None:
            if run_id in self.parent_map:
                self._above.clear()
            super()._write_run_start_info(run_id, **about)

    Streamer.__name__ = v2.__name__
    return Streamer
