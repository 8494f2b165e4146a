"""The ways to run a load that are compared: each in a process of its own, each timed from its start to its last event.

`python -m benchmarks.ways bare|recorded FOLDER` is the process of the first two: it reads names of loads from its
standard input, runs each, and answers with the seconds it took and the events that came.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tracer

from . import client
from .loads import LOADS, Load

ROOT = Path(__file__).resolve().parents[1]
_OF_ALL_THREADS = 2
"""Linux makes the clock of a process out of its id and this (clock_getcpuclockid)."""


@dataclass(frozen=True, slots=True)
class Took:
    """One time: seconds, events that LangChain sent (0 where a server does not tell), bytes that were made of them."""

    seconds: float
    events: int
    bytes: int


class Way(ABC):
    """A process that runs loads. Close it when done."""

    name: str
    process: subprocess.Popen[str]

    def cpu(self) -> float:
        """Seconds of processor time that the process has taken so far, in all its threads. On Linux only."""
        return time.clock_gettime(~self.process.pid << 3 | _OF_ALL_THREADS)

    @abstractmethod
    def run(self, load: Load) -> Took:
        """All runs of the load at once, to the last event."""

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


class Loop(Way):
    """The events taken in the process that makes them: `bare` from LangChain, `recorded` through tracer."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self._folder = name, folder / name
        how = "recorded" if name == "recorded" else "bare"
        self.process = _start("-m", "benchmarks.ways", how, str(self._folder))

    def run(self, load: Load) -> Took:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{load.name}\n")
        self.process.stdin.flush()
        seconds, events = json.loads(self.process.stdout.readline())
        return Took(seconds, events, _emptied(self._folder))


class Tracer(Way):
    """`tracer serve`: a POST that starts the run, and a viewer that follows it to its end."""

    name = "served"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / self.name
        targets = [f"benchmarks.loads:{name}" for name in LOADS]
        self.process = _start("-m", "tracer", "serve", *targets, "--dir", str(self._folder), "--port", "0", "--no-open")
        assert self.process.stdout is not None
        address, _, self._token = self.process.stdout.readline().strip().partition("/?token=")
        self._port = int(address.rpartition(":")[2])
        self.process.stdout.readline()

    def run(self, load: Load) -> Took:
        async def one() -> client.Seen:
            order = {"chain": f"benchmarks.loads:{load.name}", "input": load.input}
            run = (await client.post(self._port, "/api/runs", order, self._token))["run"]
            asked = client.request("GET", self._port, f"/api/runs/{run}/events", token=self._token)
            return await client.stream(self._port, asked)

        took = _timed(one, load.times)
        _emptied(self._folder)
        return took


class LangServe(Way):
    """LangServe's `/stream_events`, which records nothing."""

    name = "langserve"

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self.process = _start("-m", "benchmarks.langserve_app", str(self._port))
        while self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port)):
                return
            time.sleep(0.1)
        raise RuntimeError("LangServe did not start")

    def run(self, load: Load) -> Took:
        async def one() -> client.Seen:
            body = json.dumps({"input": load.input}).encode()
            return await client.stream(
                self._port, client.request("POST", self._port, f"/{load.name}/stream_events", body)
            )

        return _timed(one, load.times)


@contextlib.contextmanager
def opened(folder: Path, *, langserve: bool = True) -> Iterator[dict[str, Way]]:
    """Every way by its name; `control` is a second `bare`."""
    ways: dict[str, Way] = {}
    try:
        for name in ("bare", "control", "recorded"):
            ways[name] = Loop(name, folder)
        ways["served"] = Tracer(folder)
        if langserve:
            ways["langserve"] = LangServe()
        yield ways
    finally:
        for way in ways.values():
            way.close()


def _start(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _timed(one: client.Viewer, times: int) -> Took:
    async def all_at_once() -> list[client.Seen]:
        return await asyncio.gather(*(one() for _ in range(times)))

    began = time.perf_counter()
    seen = asyncio.run(all_at_once())
    seconds = time.perf_counter() - began
    return Took(seconds, sum(one.messages for one in seen), sum(one.bytes for one in seen))


def _emptied(folder: Path) -> int:
    """Remove the logs in a folder; how many bytes they had."""
    size = 0
    for file in folder.glob("*.jsonl"):
        size += file.stat().st_size
        file.unlink()
    return size


def _work(how: str, folder: Path) -> None:
    """Run what standard input names, one after the other, until it ends."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    async def one(load: Load) -> int:
        count = 0
        if how == "bare":
            async for _ in load.chain.astream_events(load.input, version="v2"):
                count += 1
        else:
            async for _ in tracer.astream_events(load.chain, load.input, path=folder):
                count += 1
        return count

    async def all_at_once(load: Load) -> list[int]:
        return await asyncio.gather(*(one(load) for _ in range(load.times)))

    with asyncio.Runner() as runner:
        for line in sys.stdin:
            load = LOADS[line.strip()]
            began = time.perf_counter()
            events = runner.run(all_at_once(load))
            print(json.dumps([time.perf_counter() - began, sum(events)]), flush=True)


if __name__ == "__main__":
    _work(sys.argv[1], Path(sys.argv[2]))
