"""v2's own event handler, taken over: it tells the tap what it sends and what it does not, and costs the chain less.

LangChain calls a handler that is not inline in a task of its own, for each token too. What v2's handler does waits for
nothing, so it can as well be called in line.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler

from .callbacks import ErrorHandler
from .channel import Channel

if TYPE_CHECKING:
    from .tap import Tap

_NEEDED = ("send_stream", "receive_stream", "run_map", "parent_map", "_get_parent_ids", "_write_run_start_info")


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
    taken.send_stream = taken.receive_stream = Channel(tap.sent, tap.delivers)
    return True


@functools.cache
def _streamer(v2: type[Any]) -> type[Any]:
    def sent(name: str) -> Callable[..., Awaitable[None]]:
        theirs = getattr(v2, name)

        async def callback(self: Any, *args: Any, **kwargs: Any) -> None:
            await theirs(self, *args, **kwargs)
            # A turn of the loop: a chain that waits for nothing can still be stopped, and does not hold up others.
            await asyncio.sleep(0)

        return callback

    def told(name: str) -> Callable[..., Awaitable[None]]:
        ours, theirs = getattr(ErrorHandler, name), getattr(v2, name)

        async def callback(self: Any, *args: Any, **kwargs: Any) -> None:
            ours(self, *args, **kwargs)
            await theirs(self, *args, **kwargs)
            await asyncio.sleep(0)

        return callback

    def ended(name: str) -> Callable[..., Awaitable[None]]:
        ours, theirs = getattr(ErrorHandler, name), getattr(v2, name)

        async def callback(self: Any, *args: Any, **kwargs: Any) -> None:
            ours(self, *args, **kwargs)
            try:
                # First, so that what was left inside, and is closed by the loop, ends before what it is in.
                await asyncio.sleep(0)
            finally:
                await theirs(self, *args, **kwargs)

        return callback

    class Streamer(ErrorHandler, v2):  # type: ignore[misc]  # known at run time only
        _above: dict[UUID, list[str]]

        on_chat_model_start = told("on_chat_model_start")  # type: ignore[assignment]
        on_llm_start = told("on_llm_start")  # type: ignore[assignment]
        on_llm_new_token = sent("on_llm_new_token")
        on_llm_end = ended("on_llm_end")  # type: ignore[assignment]
        on_chain_start = told("on_chain_start")  # type: ignore[assignment]
        on_chain_end = ended("on_chain_end")  # type: ignore[assignment]
        on_tool_start = told("on_tool_start")  # type: ignore[assignment]
        on_tool_end = ended("on_tool_end")  # type: ignore[assignment]
        on_tool_error = told("on_tool_error")  # type: ignore[assignment]
        on_retriever_start = told("on_retriever_start")  # type: ignore[assignment]
        on_retriever_end = ended("on_retriever_end")  # type: ignore[assignment]
        on_custom_event = sent("on_custom_event")

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
