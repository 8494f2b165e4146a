"""Following as Server-Sent Events: one flush for all that came in between, and an end whenever the server stops."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager

import anyio
import orjson
from anyio.streams.memory import MemoryObjectSendStream
from sse_starlette.sse import AppStatus, EventSourceResponse, SendTimeoutError
from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from tracer.log.follow import Batch, Signal
from tracer.log.pace import Pace
from tracer.log.store import Gone, RunNotFound, Store
from tracer.log.summary import Summary

# At DEBUG it prints every chunk: what the chain saw, and a lot of it.
logging.getLogger("sse_starlette.sse").setLevel(logging.INFO)
# On a signal it would cut all streams off at once; ours end one step later, when viewers have seen their runs end.
AppStatus.disable_automatic_graceful_drain()  # type: ignore[no-untyped-call]
_log = logging.getLogger("tracer")

FLUSH_SECONDS = 0.016
"""Between two flushes to a viewer, as often as its screen is drawn."""
FLUSHES = 1_000
"""In a second, to all viewers who take them: beyond that each of them is sent more at a time."""
PING_SECONDS = 15.0
SEND_SECONDS = 30.0
QUIET_SECONDS = 0.1
SIGNAL_SECONDS = 0.01
CATCH_UP_BYTES = 1 << 16
"""From this size on a flush is a reader catching up: there is more, and waiting would only slow it down."""
_HELLO = b"retry: 1000\n\n"
_RECENT = 30
_SLEPT_SECONDS = 60.0
"""Of one sleep: a log may say anything of its times."""
_TIME = re.compile(rb'\{"seq":\d+,"t_us":(\d{1,16}),')
"""As a line of ours begins; it need not be parsed for this."""

Outbox = MemoryObjectSendStream[bytes]
Cut = Callable[[Scope], Awaitable[None]]
"""Breaks the connection of a request off."""


class Viewers:
    """All viewers: how often each is sent something, and how they are let go. Belongs to the server's loop."""

    def __init__(self) -> None:
        self.stopping = False
        self._scopes: set[anyio.CancelScope] = set()
        self._sending = 0

    @property
    def flush_seconds(self) -> float:
        """Between two flushes to one viewer. Who is being sent something does not count, as who takes nothing is."""
        return max(FLUSH_SECONDS, (len(self._scopes) - self._sending) / FLUSHES)

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """Meanwhile something is on its way to one viewer."""
        self._sending += 1
        try:
            yield
        finally:
            self._sending -= 1

    def begin(self) -> None:
        """From here on nothing new is started."""
        self.stopping = True

    def release(self) -> None:
        """End every stream."""
        self.stopping = True
        for scope in tuple(self._scopes):
            scope.cancel()

    @contextlib.contextmanager
    def ends(self) -> Iterator[None]:
        """The body is cancelled, without an error, as soon as viewers are let go."""
        with anyio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)


class Stream(EventSourceResponse):
    """An SSE answer: what `feed` puts into its outbox, as it is. One flush is sent before the next is taken."""

    def __init__(self, feed: Callable[[Outbox], Awaitable[None]], viewers: Viewers, cut: Cut) -> None:
        outbox, inbox = anyio.create_memory_object_stream[bytes](0)

        async def run() -> None:
            with outbox, viewers.ends():
                if not viewers.stopping:
                    # Without the reader gone is nobody to tell.
                    with contextlib.suppress(anyio.BrokenResourceError):
                        await outbox.send(_HELLO)
                        await feed(outbox)

        super().__init__(
            inbox, ping=PING_SECONDS, send_timeout=SEND_SECONDS, sep="\n", data_sender_callable=run, cleanup_timeout=1.0
        )
        self._streams = (outbox, inbox)
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        blocked = False

        async def noted(message: Message) -> None:
            nonlocal blocked
            blocked = True
            await send(message)
            blocked = False

        try:
            await super().__call__(scope, receive, noted)
        except SendTimeoutError:
            _log.info("a viewer took nothing for %g s and was let go", SEND_SECONDS)
        finally:
            for stream in self._streams:
                stream.close()
            if blocked:
                # Closing would wait for the reader to take the rest, and it takes nothing.
                await self._cut(scope)


async def feed_run(
    items: AsyncGenerator[Batch | Signal, None],
    outbox: Outbox,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    seconds: Callable[[], float] = lambda: FLUSH_SECONDS,
    sending: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
) -> None:
    """What `Store.follow` yields, with so many seconds between two flushes; what came meanwhile is in the next one."""
    async with contextlib.aclosing(items):
        async for item in items:
            data = message(item)
            del item
            flushed = clock()
            with sending():
                await outbox.send(data)
            if len(data) < CATCH_UP_BYTES and (wait := flushed + seconds() - clock()) > 0:
                await sleep(wait)


async def at_once(
    items: AsyncGenerator[Batch | Signal, None], quiet: float = QUIET_SECONDS
) -> AsyncGenerator[Batch | Signal, None]:
    """What there is by now, however busy the run is: ends when nothing came for `quiet` seconds, or after a few lines.

    A signal that follows those at once still comes.
    """
    few = False
    async with contextlib.aclosing(items):
        while True:
            try:
                item = await asyncio.wait_for(anext(items), SIGNAL_SECONDS if few else quiet)
            except (StopAsyncIteration, TimeoutError):
                return
            yield item
            if few:
                return
            few = isinstance(item, Batch) and sum(len(line) for _, line in item.lines) < CATCH_UP_BYTES


async def played(
    items: AsyncGenerator[Batch | Signal, None],
    speed: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncGenerator[Batch | Signal, None]:
    """The same, each line when it is due by its recorded time; what is due together comes together."""
    pace = Pace(speed, clock)
    async with contextlib.aclosing(items):
        async for item in items:
            if isinstance(item, Signal):
                yield item
                continue
            ready: list[tuple[int, bytes]] = []
            for seq, line in item.lines:
                at = _time(line)
                if ready and pace.wait(at) > 0:
                    yield Batch(ready, item.cut)
                    ready = []
                while (wait := pace.wait(at)) > 0:
                    await sleep(min(wait, _SLEPT_SECONDS))
                ready.append((seq, line))
            yield Batch(ready, item.cut)


def _time(line: bytes) -> object:
    found = _TIME.match(line)
    return int(found[1]) if found else orjson.loads(line).get("t_us")


async def settled(
    items: AsyncGenerator[Batch | Signal, None],
) -> AsyncGenerator[Batch | Signal, None]:
    """The same, but `gone` where the run was deleted between the request and the first look at it."""
    async with contextlib.aclosing(items):
        # Not by `async for`, which would hold on to what it gave.
        while True:
            try:
                yield await anext(items)
            except StopAsyncIteration:
                return
            except RunNotFound:
                yield Signal("gone", {})
                return


async def feed_list(store: Store, outbox: Outbox, settle: float = 0.5) -> None:
    """Every change of the list of runs; once, after `settle` seconds, the newest and the running ones as they are.

    The latter is for what changed after the client asked and before watching was under way.
    """

    async def watch() -> None:
        items = store.watch()
        async with contextlib.aclosing(items):
            async for news in items:
                await outbox.send(b"".join(map(_listed, news)))

    async def catch_up() -> None:
        await asyncio.sleep(settle)
        newest, _ = await run_in_threadpool(store.list, limit=_RECENT)
        if newest:
            await outbox.send(b"".join(map(_listed, reversed(newest))))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        tasks.start_soon(catch_up)


def message(item: Batch | Signal) -> bytes:
    """SSE text: a message for each line with its seq as id, `event: oversize` for stubs; signals have no id."""
    if isinstance(item, Signal):
        return b"event: %b\ndata: %b\n\n" % (item.name.encode(), orjson.dumps(item.data))
    parts: list[bytes] = []
    for seq, line in item.lines:
        if item.cut:
            parts.append(b"id: %d\nevent: oversize\ndata: %b\n\n" % (seq, line))
        else:
            # A foreign file may hold a CR between its tokens, where it is white space; here it would end the line.
            parts.append(b"id: %d\ndata: %b\n\n" % (seq, line.replace(b"\r", b" ")))
    return b"".join(parts)


def _listed(item: Summary | Gone) -> bytes:
    if isinstance(item, Gone):
        return b"event: gone\ndata: %b\n\n" % orjson.dumps({"run": item.run})
    return b"data: %b\n\n" % orjson.dumps(item)
