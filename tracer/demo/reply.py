"""What a scripted model answers: text or tool calls, or one of the ways in which real endpoints fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

# drop: the socket closes in mid-answer · error: an error frame in mid-stream · undone: the stream ends without
# its last chunks and [DONE] · badframe: a frame that is no JSON, in mid-stream.
Fault = Literal["drop", "error", "undone", "badframe"]


@dataclass(frozen=True)
class Call:
    """One tool call: the tool's name and its arguments as they go into JSON."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """One answer. `status` ≥ 400: nothing but that error, with `text` as its message ("": OpenAI's own words).

    `limit` cuts the answer after so many pieces, with finish_reason "length"; `fault` strikes half-way.
    """

    text: str = ""
    calls: tuple[Call, ...] = ()
    status: int = 200
    fault: Fault | None = None
    limit: int | None = None


Script = Callable[[dict[str, Any]], Reply]
"""From a request's JSON body to its answer. Called on the endpoint's own thread; it must not block."""
