"""What stands around a span that is about to start, read from the stack: v2's events do not tell it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import FrameType
from typing import Any

from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.runnables.retry import RunnableRetry

_STREAMING = frozenset(f"RunnableBindingBase.{how}" for how in ("astream", "atransform", "stream", "transform"))
_MOST_FRAMES = 40


@dataclass(slots=True)
class Wrapping:
    starter: Any = None
    """The Runnable that starts the span; of models only."""
    retry: RunnableRetry[Any, Any] | None = None
    """What would retry the span, were it called and not streamed."""
    falls_back: bool = False
    """Whether the span is a RunnableWithFallbacks."""


def wrapping(model: bool) -> Wrapping | None:
    """Of the span whose start callback is being called in this thread; None where there is nothing to tell.

    A RunnableRetry has no span of its own when it is streamed: it hands its input on to what it binds.
    """
    frame = _starter(sys._getframe(1))
    if frame is None:
        return None
    found = Wrapping(falls_back=frame.f_code.co_qualname.startswith("RunnableWithFallbacks."))
    if model:
        found.starter = frame.f_locals.get("self")
    around: FrameType | None = frame
    for _ in range(_MOST_FRAMES):
        if around is None or not _langs(around):
            break
        name = around.f_code.co_qualname
        if around is not frame and name.endswith("transform_stream_with_config"):
            break  # from here on it is another span's
        if name in _STREAMING and isinstance(bound := around.f_locals.get("self"), RunnableRetry):
            found.retry = bound
            break
        around = around.f_back
    return found if model or found.retry is not None or found.falls_back else None


def retry_around(chain: Any) -> RunnableRetry[Any, Any] | None:
    """The RunnableRetry that this is, or binds."""
    while isinstance(chain, RunnableBindingBase):
        if isinstance(chain, RunnableRetry):
            return chain
        chain = chain.bound
    return None


def _starter(frame: FrameType | None) -> FrameType | None:
    """The first frame outwards that is neither ours nor a callback manager's."""
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return None
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(("langchain_core.callbacks", "tracer.capture")):
            return frame if _langs(frame) else None
        frame = frame.f_back
    return None


def _langs(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith("lang")
