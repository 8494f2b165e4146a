"""The route that looks for texts in one run: what went into its spans and what came out of them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tracer.log.find import Look, dumped
from tracer.log.store import Store

from .problems import Problem
from .sse import Outbox, Stream, Viewers

TEXTS = 8
TEXT_LENGTH = 1000
_STEP_SECONDS = 0.05


async def find(request: Request, store: Store, viewers: Viewers) -> Response:
    """SSE: what was found since the last message, with how many bytes have been read, and at last `end`."""
    run = request.path_params["run"]
    store.path(run)
    texts = request.query_params.getlist("text")
    if len(texts) > TEXTS:
        raise Problem(400, f"at most {TEXTS} texts can be looked for at once", "text")
    if any(len(text) > TEXT_LENGTH for text in texts):
        raise Problem(400, f"text may have at most {TEXT_LENGTH} characters", "text")
    if not all(text.strip() for text in texts):
        raise Problem(400, "text is empty", "text")

    async def feed(outbox: Outbox) -> None:
        looks = store.find_in(run, texts) if texts else iter(())
        ended = False
        while not ended:
            # Between the steps a reader who has left is noticed, and the search ends with it.
            some, ended = await run_in_threadpool(_some, looks)
            await outbox.send(b"".join(b"data: %b\n\n" % dumped(look) for look in some))
        await outbox.send(b"event: end\ndata: {}\n\n")

    return Stream(feed, viewers, request.app.cut)


def _some(looks: Iterator[Look]) -> tuple[list[Look], bool]:
    """What a twentieth of a second brings, and whether that was all."""
    until = time.monotonic() + _STEP_SECONDS
    some = []
    for look in looks:
        some.append(look)
        if time.monotonic() > until:
            return some, False
    return some, True
