"""Run any LangChain chain, watch it live in the browser, keep its log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .log.file import LogError
from .log.load import Run, load

if TYPE_CHECKING:
    from .capture.handler import handler
    from .capture.stream import astream_events

__all__ = ["LogError", "Run", "astream_events", "handler", "load"]


def __getattr__(name: str) -> Any:
    # Reading a log imports no LangChain; recording one does.
    if name == "astream_events":
        from .capture.stream import astream_events

        return astream_events
    if name == "handler":
        from .capture.handler import handler

        return handler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
