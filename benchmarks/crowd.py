"""Many viewers of one run: who follows, who is stuck, who comes back.

`python -m benchmarks.crowd` measures, with the server, the writer and the viewers in processes of their own:
50 viewers of 1,000 events/s (R28: p99 ≤ 250 ms, nothing lost, flat memory); 5 viewers alone and beside 20 that read
nothing (R29: p99 of the 5 within 10 %, ≤ 1 MB a viewer, the stuck are let go); 500 viewers that come back within a
second (R32: all caught up in ≤ 10 s, the writer's pace as before). Exits with 1 where a goal is missed; the one about
10 % needs a quiet machine, so it is said and not judged.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .memory import Watch
from .served import Server, begin, go, paced, quantile, rss, server, writing

_SENT = b'"content":"'


@dataclass
class Viewer:
    """Follows a run to its end. `delays` are in ms, of every event read off the socket, where they are wanted."""

    after: int = -1
    last: int = -1
    got: int = 0
    timed: bool = True
    delays: list[float] = field(default_factory=list)
    caught_up: float | None = None
    """Monotonic seconds at which it had line `until`."""

    async def run(self, served: Server, run: str, until: int = -1) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1 << 22)
        headers = {"Last_Event_ID": str(self.after)} if self.after >= 0 else {}
        writer.write(served.request(f"/api/runs/{run}/events", **headers))
        await reader.readuntil(b"\r\n\r\n")
        rest = b""
        while block := await reader.read(1 << 18):
            now = time.monotonic_ns()
            whole, end, rest = (rest + block).rpartition(b"\n\n")
            if not end:
                continue
            # Cheap, or hundreds of these would measure themselves: ids in order are as many as the last one says.
            self.got += whole.count(b"\nid: ") + whole.startswith(b"id: ")
            if (at := whole.rfind(b"id: ")) >= 0:
                self.last = int(whole[at + 4 : whole.index(b"\n", at)])
            if self.timed:
                self._time(whole, now)
            if self.caught_up is None and 0 <= until <= self.last:
                self.caught_up = time.monotonic()
            if whole.rfind(b"event: end") >= 0:
                break
        writer.close()

    def _time(self, whole: bytes, now: int) -> None:
        for part in whole.split(_SENT)[1:]:
            self.delays.append((now - int(part[: part.index(b'"')])) / 1e6)

    @property
    def whole(self) -> bool:
        return self.got == self.last - self.after


async def _all(viewers: list[Viewer], served: Server, run: str) -> None:
    await asyncio.gather(*(viewer.run(served, run) for viewer in viewers))


def _whole(viewers: list[Viewer], last: int) -> bool:
    return all(viewer.whole and viewer.last == last for viewer in viewers)


def _delays(viewers: list[Viewer]) -> list[float]:
    return [delay for viewer in viewers for delay in viewer.delays]


def follow(folder: Path, served: Server, count: int, rate: int, seconds: float, limit: float = 250) -> bool:
    """R28."""
    run, events = "follow", int(rate * seconds)
    with writing(folder, run, events, rate, 250) as writer:
        viewers = [Viewer() for _ in range(count)]
        with Watch(served.process.pid) as memory:
            go(writer)
            asyncio.run(_all(viewers, served, run))
    delays, whole = _delays(viewers), _whole(viewers, events + 1)
    begun = memory.seen[len(memory.seen) // 4]
    p99 = quantile(delays, 0.99)
    print(
        f"{count} viewers of {rate:,} events/s for {seconds:g} s: p50 {quantile(delays, 0.5):.0f} ms, p99 {p99:.0f} "
        f"ms, {len(delays):,} received, {'nothing lost' if whole else 'NOT WHOLE'}; the server had {begun:.0f} MB a "
        f"quarter through and {max(memory.seen):.0f} MB at most"
    )
    return whole and p99 <= limit and max(memory.seen) - begun <= 50


def beside(folder: Path, stuck: int, rate: int, seconds: float) -> bool:
    """R29."""
    p99: list[float] = []
    good = True
    with server(folder) as served:
        for some in (0, stuck):
            run, events = f"beside-{some}", int(rate * seconds)
            with writing(folder, run, events, rate, 4000) as writer, contextlib.ExitStack() as open_:
                go(writer)
                before = rss(served.process.pid)
                sockets = [open_.enter_context(_stuck(served, run)) for _ in range(some)]
                viewers = [Viewer() for _ in range(5)]
                with Watch(served.process.pid) as memory:
                    asyncio.run(_all(viewers, served, run))
                p99.append(quantile(_delays(viewers), 0.99))
                good = good and _whole(viewers, events + 1)
                gone = sum(_closed(one) for one in sockets)
                growth = max(memory.seen) - before
    print(
        f"5 viewers alone: p99 {p99[0]:.0f} ms; beside {stuck} that read nothing: p99 {p99[1]:.0f} ms; the server grew "
        f"by {growth:.0f} MB for these {5 + stuck}, {gone} of {stuck} were let go in {seconds:g} s"
    )
    return good and gone == stuck and growth <= 5 + stuck


def _stuck(served: Server, run: str) -> socket.socket:
    """Asks for the run's events and takes none; its buffer is small, so that the server soon finds out."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.connect(("127.0.0.1", served.port))
    one.sendall(served.request(f"/api/runs/{run}/events"))
    return one


def _closed(one: socket.socket) -> bool:
    """Whether the server has broken this connection off: what it never sends, a reader would read to its proper end."""
    one.settimeout(5)
    try:
        while block := one.recv(1 << 16):
            if block.endswith(b"0\r\n\r\n"):
                return False
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def back(
    folder: Path, served: Server, count: int, lines: int, rate: int, seconds: float = 12, limit: float = 10
) -> bool:
    """R32: they come within a second, each from where it was, while the run goes on."""
    chance = random.Random(32)
    run, writer = begin(folder, "back")
    paced(writer, lines, 1e9, 250)
    while (folder / "back.jsonl").stat().st_size < lines * 200:
        time.sleep(0.1)
    alone = paced(writer, rate, rate, 250)
    viewers = [Viewer(after=chance.randrange(lines // 2, lines), timed=False) for _ in range(count)]
    longest: list[float] = []

    def record() -> None:
        longest.append(paced(writer, int(seconds * rate), rate, 250))
        writer.end({"status": "ok", "spans": 0}, timeout=30)

    async def come() -> list[float]:
        async def one(viewer: Viewer, wait: float) -> float:
            await asyncio.sleep(wait)
            began = time.monotonic()
            # What stands in the log when it comes.
            await viewer.run(served, run, until=writer.lines - 1)
            return (viewer.caught_up or 1e9) - began

        return await asyncio.gather(*(one(viewer, chance.random()) for viewer in viewers))

    with Watch(served.process.pid) as memory:
        recording = threading.Thread(target=record)
        recording.start()
        took = asyncio.run(come())
        recording.join()
    whole = _whole(viewers, writer.lines - 1)
    print(
        f"{count} viewers back within 1 s, each with {lines // 4:,} lines to catch up on the average, beside {rate:,} "
        f"events/s: all had them in {max(took):.1f} s (median {quantile(took, 0.5):.1f}), "
        f"{'nothing lost' if whole else 'NOT WHOLE'}; recording took {longest[0]:.1f} ms for its slowest event, before "
        f"{alone:.1f} ms, alarm {writer.alarm}; the server had {max(memory.seen):.0f} MB at most"
    )
    return whole and max(took) <= limit and writer.alarm is None


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--viewers", type=int, default=50)
    options.add_argument("--stuck", type=int, default=20)
    options.add_argument("--back", type=int, default=500)
    options.add_argument("--seconds", type=float, default=10)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with server(folder) as served:
            good = [follow(folder, served, given.viewers, 1000, given.seconds)]
        good.append(beside(folder, given.stuck, 250, 50))
        with server(folder) as served:
            good.append(back(folder, served, given.back, 2000, 100))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
