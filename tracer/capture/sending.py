"""v2's queue, without waking a loop that is awake."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


def sender(send_stream: Any) -> Callable[[Any], None]:
    """What does as `send_nowait` of v2's event handler, for less.

    That one always writes into the pipe that wakes the loop, which is for other threads: in the loop's own, two system
    calls an event and most of what sending one costs. Both ways put the event at the end of what the loop is to do, so
    the order is the same.
    """
    send: Callable[[Any], None] = send_stream.send_nowait
    loop = getattr(send_stream, "_reader_loop", None)
    put = getattr(getattr(send_stream, "_queue", None), "put_nowait", None)
    if not isinstance(loop, asyncio.AbstractEventLoop) or put is None:
        return send
    call_soon, running = loop.call_soon, asyncio._get_running_loop

    def send_nowait(event: Any) -> None:
        if running() is loop:
            call_soon(put, event)
        else:
            send(event)

    return send_nowait
