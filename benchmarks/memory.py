"""What a long run costs in memory, and how fast any of its lines is found.

`python -m benchmarks.memory` writes a run of 1,000,000 events at 20,000 a second, followed by one viewer, and says how
far the server's memory moved; how long any line takes, at first and later; what a log of 1 GB and an event of 10 MB
cost to open and to download; how far a process grows that hands over 200,000 events of 1 kB as fast as it can (R30,
R31, issue 4 must-show 5). Exits with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tracer.log.file import LogFile

from . import client
from .served import ROOT, Server, begin, go, paced, quantile, rss, said, server, writing

FLAT, SEEK, PRODUCER, OPENED = 50.0, 5.0, 64.0, 200.0

FAST = """
import sys, time
from pathlib import Path
from benchmarks.served import begin, rss
run, writer = begin(Path(sys.argv[1]), "fast")
make = lambda: {"event": "on_custom_event", "name": "n", "data": "x" * 950}
for _ in range(1000):
    writer.append(make)
time.sleep(0.2)
before = most = rss()
began = time.monotonic()
for n in range(200_000):
    writer.append(make)
    if n % 10_000 == 0:
        most = max(most, rss())
took = time.monotonic() - began
most = max(most, rss())
writer.end({"status": "ok"}, timeout=60)
print(most - before, took, writer.unrecorded, writer.alarm)
"""


class Watch:
    """The memory of a process while the body runs, in MB."""

    def __init__(self, pid: int, every: float = 0.1) -> None:
        self.seen: list[float] = []
        self._pid, self._every = pid, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        self.seen.append(rss(self._pid))
        while not self._over.wait(self._every):
            self.seen.append(rss(self._pid))


def view(served: Server, run: str) -> client.Seen:
    return asyncio.run(client.stream(served.port, served.request(f"/api/runs/{run}/events")))


def long_run(folder: Path, served: Server, events: int, rate: float) -> bool:
    run = "long"
    with writing(folder, run, events, rate, 300) as writer, Watch(served.process.pid) as memory:
        go(writer)
        assert view(served, run).messages == events + 3, "nothing is lost"
        _, growth, alarm = said(writer)
    size = (folder / f"{run}.jsonl").stat().st_size
    settled = memory.seen[len(memory.seen) // 20 :]
    moved = max(settled) - min(settled)
    print(
        f"{events:,} events ({size / 1e6:.0f} MB) at {rate:,.0f} a second to one viewer: the server had "
        f"{min(settled):.0f} to {max(settled):.0f} MB, so it moved by {moved:.0f} MB; the writer grew by {growth:.0f} "
        f"MB{' ' + alarm if alarm else ''}"
    )
    return moved <= FLAT and growth <= FLAT


def any_line(folder: Path, served: Server, events: int) -> bool:
    path = folder / "long.jsonl"
    began = time.perf_counter()
    with LogFile(path) as file:
        file.locate(events)
    cold = (time.perf_counter() - began) * 1000
    took = []
    for _ in range(1000):
        seq = random.randrange(events)
        began = time.perf_counter()
        with LogFile(path) as file:
            lines, _ = file.complete(*file.locate(seq), most=1 << 14)
        took.append((time.perf_counter() - began) * 1000)
        assert lines[0][1].startswith(b'{"seq":%d,' % seq)
    asked = []

    async def ask() -> None:
        for _ in range(100):
            seq = random.randrange(events)
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            began = time.perf_counter()
            writer.write(served.request(f"/api/runs/long/log?from={seq}&to={seq}"))
            await reader.readuntil(b'{"seq":%d,' % seq)
            asked.append((time.perf_counter() - began) * 1000)
            writer.close()

    asyncio.run(ask())
    print(
        f"any line of it: p50 {quantile(took, 0.5):.2f} ms, p99 {quantile(took, 0.99):.2f} ms, longest {max(took):.2f} "
        f"ms, the first in a process {cold:.0f} ms; over HTTP p50 {quantile(asked, 0.5):.1f} ms, p99 "
        f"{quantile(asked, 0.99):.1f} ms, the first {asked[0]:.0f} ms"
    )
    return quantile(took, 0.99) <= SEEK


def big(folder: Path, served: Server, megabytes: int) -> bool:
    """A long log and a long line, opened and downloaded."""
    run, writer = begin(folder, "big")
    writer.append(lambda: {"event": "on_custom_event", "name": "n", "data": {"text": "x" * 10_000_000, "n": [1] * 9}})
    paced(writer, megabytes * 1000, 1e9, 1000)
    writer.end({"status": "ok", "spans": 0}, timeout=60)
    size = (folder / f"{run}.jsonl").stat().st_size
    before = rss(served.process.pid)

    async def download() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1 << 22)
        writer.write(served.request(f"/api/runs/{run}/log", Connection="close"))
        got = 0
        while block := await reader.read(1 << 20):
            got += len(block)
        writer.close()
        return got

    with Watch(served.process.pid, 0.02) as memory:
        began = time.perf_counter()
        view(served, run)
        took = time.perf_counter() - began
        began = time.perf_counter()
        assert asyncio.run(download()) >= size, "all of it comes"
        downloaded = time.perf_counter() - began
    most = max(memory.seen)
    print(
        f"a log of {size / 1e6:.0f} MB with an event of 10 MB: all of it to a viewer in {took:.1f} s, downloaded in "
        f"{downloaded:.1f} s; the server had {before:.0f} MB before and {most:.0f} MB at most"
    )
    return most <= OPENED


def fast(folder: Path) -> bool:
    words = [sys.executable, "-c", FAST, str(folder)]
    out = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    growth, took, missing, alarm = out.split(maxsplit=3)
    print(
        f"200,000 events of 1 kB handed over in {float(took):.1f} s: the process grew by {float(growth):.0f} MB, "
        f"{missing} not recorded, alarm {alarm.strip()}"
    )
    return float(growth) <= PRODUCER and missing == "0"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--rate", type=float, default=20_000)
    options.add_argument("--megabytes", type=int, default=1000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = [fast(folder)]
        with server(folder) as served:
            good.append(long_run(folder, served, given.events, given.rate))
            good.append(any_line(folder, served, given.events))
            (folder / "long.jsonl").unlink()
        with server(folder) as served:
            good.append(big(folder, served, given.megabytes))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
