"""Events on their way through v2's queue."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from langchain_core.tracers.memory_stream import _MemoryStream

from tracer.capture.sending import sender


class Counting(asyncio.SelectorEventLoop):
    woken = 0

    def _write_to_self(self) -> None:
        self.woken += 1
        super()._write_to_self()  # type: ignore[misc]


def test_events_keep_the_order_in_which_any_thread_sent_them() -> None:
    loop = Counting()

    async def main() -> list[Any]:
        stream: _MemoryStream[Any] = _MemoryStream(loop)
        send = sender(stream.get_send_stream())
        woken = loop.woken
        send(0)
        assert loop.woken == woken
        thread = threading.Thread(target=send, args=(1,))
        thread.start()
        thread.join()
        assert loop.woken == woken + 1
        send(2)
        stream.get_send_stream().send_nowait(3)
        send(4)
        stream.get_send_stream().close()
        return [event async for event in stream.get_receive_stream()]

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(main()) == [0, 1, 2, 3, 4]


def test_a_queue_that_is_not_as_expected_is_left_to_langchain() -> None:
    class Other:
        def send_nowait(self, event: Any) -> None:
            got.append(event)

    got: list[Any] = []
    sender(Other())("event")
    assert got == ["event"]
