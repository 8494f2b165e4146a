"""What LangGraph's graphs need, without importing LangGraph (an optional extra) where nobody uses it."""

from __future__ import annotations

import sys
from typing import Any

WRITER = "stream_writer"
"""Name of the custom events that nodes send by `get_stream_writer()`."""


def stream_mode(chain: Any) -> list[str] | None:
    """The modes that make a graph stream what it would anyway and what its nodes write too; None for any other chain.

    A graph that is given a list of modes yields `(mode, chunk)` for each chunk.
    """
    graph = _graph(chain)
    if graph is None:
        return None
    own = graph.stream_mode
    return [*([own] if isinstance(own, str) else own), "custom"]


def wants_thread(chain: Any) -> bool:
    """Whether it is a graph with a checkpointer, which refuses to run without a `thread_id`, and has none bound."""
    graph = _graph(chain)
    if graph is None or graph.checkpointer in (None, True, False):
        return False
    while chain is not graph:
        if "thread_id" in (getattr(chain, "config", None) or {}).get("configurable", {}):
            return False
        chain = chain.bound
    return "thread_id" not in (graph.config or {}).get("configurable", {})


def with_thread(chain: Any, config: dict[str, Any] | None, new: str) -> dict[str, Any] | None:
    """The config, with a thread of its own (`new`) for a graph that wants one where it names none."""
    configurable = (config or {}).get("configurable") or {}
    if configurable.get("thread_id") or not wants_thread(chain):
        return config
    return {**(config or {}), "configurable": {**configurable, "thread_id": new}}


def _graph(chain: Any) -> Any:
    pregel = sys.modules.get("langgraph.pregel")
    while hasattr(chain, "bound"):
        chain = chain.bound
    return chain if pregel is not None and isinstance(chain, pregel.Pregel) else None


def resume(answer: Any) -> Any:
    """The input that answers a graph's interrupt. Raises ImportError without LangGraph."""
    from langgraph.types import Command

    return Command(resume=answer)
