"""The line: names, states and shapes of format 1. docs/format.md tells it in prose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NotRequired, TypedDict

FORMAT: Final = 1

SPAN_TYPES: Final = ("chain", "chat_model", "llm", "parser", "prompt", "tool", "retriever")

STATES: Final = (
    "running",
    "ok",
    "error",
    "propagated",
    "cancelled",
    "interrupted",
    "abandoned",
    "unfinished",
    "lost",
)

INTERRUPTED: Final = frozenset({"GraphInterrupt", "NodeInterrupt"})
"""Exceptions by which LangGraph stops to be answered."""

HANDED_OVER: Final = "ParentCommand"
"""The exception by which a LangGraph goes on in the graph above it."""

Line = dict[str, Any]
"""One line of a log, decoded: always `event`; `seq` and `t_us` where it came through the reader."""


class RunError(TypedDict):
    """What a run or a span failed with. `type` is `module.Class`, without the module for builtins."""

    type: str
    message: str
    traceback: NotRequired[str]


class Usage(TypedDict):
    """Tokens of one model call, as the model reported them."""

    input_tokens: int
    output_tokens: int
    total_tokens: int


_MOST: Final = 2**53 - 1


def whole(value: object) -> int | None:
    """A whole number that both readers have exactly, as JSON may also write it (`1.0`); None for anything else."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and -_MOST <= value <= _MOST else None


def bad_line(seq: int, size: int) -> Line:
    """What stands in the place of a line of `size` bytes that is none."""
    return {"seq": seq, "event": "bad_line", "line": seq + 1, "bytes": size}


def is_node(tags: Iterable[object]) -> bool:
    """Whether these are the tags of a LangGraph's node, whose parent is that graph."""
    return any(isinstance(tag, str) and tag.startswith("graph:step:") for tag in tags)


_USUAL = {
    f"on_{span_type}_{phase}": (span_type, phase)
    for span_type in ("chain", "chat_model", "llm", "parser", "prompt", "tool", "retriever")
    for phase in ("start", "stream", "end", "error")
}


def span_event(event: str) -> tuple[str, str] | None:
    """Split `on_<type>_<phase>` into type and phase (start, stream, end, error); None for any other event.

    >>> span_event("on_chat_model_stream")
    ('chat_model', 'stream')
    """
    usual = _USUAL.get(event)
    if usual or not event.startswith("on_"):
        return usual
    span_type, _, phase = event[3:].rpartition("_")
    if span_type and phase in ("start", "stream", "end", "error"):
        return span_type, phase
    return None
