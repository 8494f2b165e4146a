"""From emission to receipt: a run paced in the server's process, viewers in another.

    python -m benchmarks.latency [--rates 100 1000 5000] [--viewers 1 10 50] [--seconds 5] [--attached] [--markdown]

For each rate and number of viewers, prints p50, p99 and the longest delay in ms, between the moment an event was handed
to the log and the moment a viewer had read it off its socket, and what the server took of a core, the run's own part
included. With `--attached` another process writes the run. Exits with 1 where anything was lost, doubled or out of
order, or p99 is over 250 ms at up to 1,000 events/s.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tracer.log.store import Store, new_run_id
from tracer.run.chains import Chains
from tracer.run.runner import Runner
from tracer.web.server import serve

from .client import request
from .pairs import percentile
from .table import Table

ROOT = Path(__file__).resolve().parents[1]
LIMIT_MS, LIMITED_RATE = 250, 1_000
TIMED = 10
"""Viewers that read the time of every event; the others only look whether all came: to read them takes a core."""

# What a token looks like in the log, with the moment it was sent in place of its text.
EVENT = {"event": "on_chat_model_stream", "span": 3}
CHUNK = {"type": "AIMessageChunk", "content": "", "id": "run--0199c5b2-6d1a-7c31-9c0e-2f6d1f0c8a55"}
_SENT = re.compile(rb'"content":"(\d+)"')


def write(folder: Path, run: str, rate: int, seconds: float) -> None:
    """Append `rate` events a second, in the runner's way: one call an event, whenever it is due."""
    writer = Store(folder).create({"run": run, "chain": "benchmark:paced", "mode": "stream", "input": None})
    pace(writer, rate, seconds)


def pace(writer: object, rate: int, seconds: float) -> None:
    """Hand over `rate` events a second, each when it is due, and end the run."""
    began = time.monotonic()
    for n in range(round(rate * seconds)):
        wait = began + n / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        data = {"chunk": {**CHUNK, "content": str(time.monotonic_ns())}}
        writer.append(lambda data=data: {**EVENT, "data": data})  # type: ignore[attr-defined]
    writer.end({"status": "ok", "spans": 0})  # type: ignore[attr-defined]


def server(folder: Path) -> int:
    """Serve the folder, and write the runs that standard input asks for: `RUN RATE SECONDS`."""
    store, chains = Store(folder), Chains([])

    def take_orders() -> None:
        for line in sys.stdin:
            run, rate, seconds = line.split()
            writer = store.create({"run": run, "chain": "benchmark:paced", "mode": "stream", "input": None})
            threading.Thread(target=pace, args=(writer, int(rate), float(seconds)), daemon=True).start()

    threading.Thread(target=take_orders, daemon=True).start()
    return serve(lambda: (store, Runner(store, chains), chains), port=0, on_ready=lambda url: print(url, flush=True))


async def view(port: int, token: str, run: str, timed: bool) -> tuple[int, list[float]]:
    """Follow the run to its end: how many messages came, each id one more than the last (0 where not), and, where it is
    `timed`, the delay of each event in ms."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    writer.write(request("GET", port, f"/api/runs/{run}/events", token=token))
    await reader.readuntil(b"\r\n\r\n")
    due, ended = 0, False
    delays: list[float] = []
    while not ended:
        size = int(await reader.readuntil(b"\r\n"), 16)
        chunk = await reader.readexactly(size + 2)
        now = time.monotonic_ns()
        ended = size == 0 or b"event: end\n" in chunk
        messages = chunk.count(b"\nid: ") + chunk.startswith(b"id: ")
        if messages:
            last = int(chunk[chunk.rindex(b"id: ") + 4 :].partition(b"\n")[0])
            first = int(chunk[chunk.index(b"id: ") + 4 :].partition(b"\n")[0])
            if (first, last) != (due, due + messages - 1):
                return 0, delays
            due += messages
        if timed:
            delays += [(now - int(sent)) / 1e6 for sent in _SENT.findall(chunk)]
    writer.close()
    return due, delays


class Bench:
    """A server of its own, and what it takes of the processor."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = self._start("--serve", str(folder))
        assert self.process.stdout is not None
        address, _, self._token = self.process.stdout.readline().strip().partition("/?token=")
        if not address:
            sys.exit("the server did not start")
        self._port = int(address.rpartition(":")[2])

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.latency", *arguments],
            env=self._environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, rate: int, viewers: int, seconds: float, attached: bool) -> tuple[bool, list[float], float]:
        """Whether all viewers got all of it in order, all delays in ms, and the share of a core."""
        run = new_run_id()
        order = [run, str(rate), str(seconds)]
        writing = None
        if attached:
            writing = self._start("--write", str(self._folder), *order)
        else:
            assert self.process.stdin is not None
            self.process.stdin.write(" ".join(order) + "\n")
            self.process.stdin.flush()
        file = self._folder / f"{run}.jsonl"
        while not file.exists():
            time.sleep(0.005)
        before = self._used()

        async def all_of_them() -> list[tuple[int, list[float]]]:
            views = (view(self._port, self._token, run, n < TIMED) for n in range(viewers))
            return await asyncio.gather(*views)

        seen = asyncio.run(all_of_them())
        used = self._used() - before
        if writing is not None:
            writing.wait(10)
        # What begins and ends the run has no time of its own.
        whole = all(messages == round(rate * seconds) + 2 for messages, _ in seen)
        file.unlink()
        return whole, [delay for _, delays in seen for delay in delays], used / seconds

    def _used(self) -> float:
        """Seconds of processor time so far; 0 where the system does not say."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--rates", type=int, nargs="+", default=[100, 1_000, 5_000], help="events a second")
    options.add_argument("--viewers", type=int, nargs="+", default=[1, 10, 50])
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--attached", action="store_true", help="another process writes the run")
    options.add_argument("--markdown", action="store_true")
    options.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--write", nargs=4, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        return server(given.serve)
    if given.write:
        write(Path(given.write[0]), given.write[1], int(given.write[2]), float(given.write[3]))
        return 0
    good = True
    table = Table(
        "events/s", "viewers", "p50 ms", "p99 ms", "longest ms", "server's cores", "whole", markdown=given.markdown
    )
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            for rate in given.rates:
                for viewers in given.viewers:
                    whole, delays, cores = bench.run(rate, viewers, given.seconds, given.attached)
                    p50, p99 = percentile(delays, 0.5), percentile(delays, 0.99)
                    good = good and whole and (rate > LIMITED_RATE or p99 <= LIMIT_MS)
                    table.row(
                        f"{rate:,}",
                        str(viewers),
                        f"{p50:.1f}",
                        f"{p99:.1f}",
                        f"{max(delays):.1f}",
                        f"{cores:.2f}",
                        "yes" if whole else "NO",
                    )
        finally:
            bench.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
