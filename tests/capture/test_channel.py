"""Events on their way from v2's handler to who reads the stream."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from tracer.capture.channel import Channel


class Counting(asyncio.SelectorEventLoop):
    woken = 0

    def _write_to_self(self) -> None:
        self.woken += 1
        super()._write_to_self()  # type: ignore[misc]


def send(channel: Channel, first: int, count: int) -> None:
    for number in range(first, first + count):
        channel.send_nowait(number)


async def read(channel: Channel) -> list[Any]:
    return [event async for event in channel]


def test_events_keep_the_order_in_which_any_thread_sent_them() -> None:
    loop = Counting()
    seen: list[Any] = []

    async def main() -> list[Any]:
        channel = Channel(seen.append)
        reading = loop.create_task(read(channel))
        await asyncio.sleep(0)
        woken = loop.woken
        channel.send_nowait(0)
        channel.send_nowait(1)
        assert loop.woken == woken
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        thread = threading.Thread(target=send, args=(channel, 2, 4))
        thread.start()
        thread.join()
        assert loop.woken > woken
        channel.send_nowait(6)
        channel.close()
        return await reading

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(main()) == seen == list(range(7))


async def test_many_threads_lose_nothing() -> None:
    channel = Channel(lambda _: None)
    threads = [threading.Thread(target=send, args=(channel, first, 1_000)) for first in range(0, 8_000, 1_000)]
    for thread in threads:
        thread.start()

    async def close() -> None:
        for thread in threads:
            await asyncio.to_thread(thread.join)
        await channel.aclose()

    closing = asyncio.create_task(close())
    got = await read(channel)
    await closing
    assert sorted(got) == list(range(8_000))
    for start in range(0, 8_000, 1_000):
        assert [n for n in got if start <= n < start + 1_000] == list(range(start, start + 1_000))


async def test_where_nobody_reads_nothing_is_kept() -> None:
    seen: list[Any] = []
    channel = Channel(seen.append, keeps=False)
    channel.send_nowait("event")
    channel.close()
    assert seen == ["event"]
    assert await read(channel) == []


async def test_one_who_stops_waiting_can_come_back() -> None:
    channel = Channel(lambda _: None)
    reading = asyncio.create_task(read(channel))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    channel.send_nowait("event")
    channel.close()
    assert await read(channel) == ["event"]


def test_after_the_loop_is_closed_nobody_is_waited_for() -> None:
    async def main() -> Channel:
        channel = Channel(lambda _: None)
        task = asyncio.create_task(read(channel))
        await asyncio.sleep(0)
        task.cancel()
        channel._waiting = asyncio.get_running_loop().create_future()
        return channel

    channel = asyncio.run(main())
    channel.send_nowait("late")
