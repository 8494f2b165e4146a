"""A real server and a paced writer, each in a process of its own, and how much memory a process has."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracer.log.store import Store, new_run_id
from tracer.log.writer import Writer

ROOT = Path(__file__).resolve().parents[1]

SERVE = """
import sys
from tracer.log.store import Store
from tracer.run.chains import Chains
from tracer.run.runner import Runner
from tracer.web.server import serve

def make():
    store, chains = Store(sys.argv[1]), Chains([])
    return store, Runner(store, chains), chains

sys.exit(serve(make, port=0, on_ready=lambda url: print(url, flush=True)))
"""

# As a recorded run has them: mostly tokens, now and then a step, an output.
_TOKEN = {"type": "AIMessageChunk", "content": "", "id": "run--0199c5b2-6d1a-7c31-9c0e-2f6d1f0c8a55"}
_META = {"langgraph_step": 3, "langgraph_node": "agent", "ls_provider": "openai", "ls_model_name": "gpt-4o-mini"}


@dataclass
class Server:
    process: subprocess.Popen[str]
    port: int
    token: str

    def request(self, path: str, **headers: str) -> bytes:
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        about = f"Host: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {self.token}\r\n{more}"
        return f"GET {path} HTTP/1.1\r\n{about}\r\n".encode()


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Server]:
    """`tracer` serving this folder, without chains."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", SERVE, str(folder)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            if not address:
                sys.exit("the server did not start")
            url, token = address.split("/?token=")
            yield Server(process, int(url.rpartition(":")[2]), token)
        finally:
            process.terminate()


def line(n: int, size: int) -> dict[str, Any]:
    """The n-th line of a run; of a token, its moment in monotonic ns stands for its text. About `size` bytes."""
    if n % 500 == 499:
        return {"event": "on_chain_end", "span": 2, "data": {"output": {"messages": ["x" * 2000] * 4}}}
    if n % 100 == 99:
        return {"event": "on_chain_start", "span": n, "parent": 1, "name": "step", "metadata": _META, "data": {}}
    chunk = {**_TOKEN, "content": str(time.monotonic_ns()), "more": "x" * max(0, size - 190)}
    return {"event": "on_chat_model_stream", "span": 3, "data": {"chunk": chunk}}


def begin(folder: Path, run: str | None = None) -> tuple[str, Writer]:
    """A new run in this folder."""
    run = run or new_run_id()
    return run, Store(folder).create({"run": run, "chain": "benchmark:paced", "mode": "stream", "input": None})


def paced(writer: Writer, events: int, rate: float, size: int) -> float:
    """Append so many events at this rate, each when it is due; the longest that one call took, in ms."""
    began, longest = time.monotonic(), 0.0
    for n in range(events):
        wait = began + n / rate - time.monotonic()
        if wait > 0.0005:
            time.sleep(wait)
        at = time.perf_counter()
        writer.append(lambda n=n: line(n, size))  # type: ignore[misc]
        longest = max(longest, time.perf_counter() - at)
    return longest * 1000


WRITE = """
import sys
from pathlib import Path
from benchmarks.served import begin, paced, rss
folder, run, events, rate, size = sys.argv[1:]
run, writer = begin(Path(folder), run)
print("begun", flush=True)
sys.stdin.readline()
before = rss()
longest = paced(writer, int(events), float(rate), int(size))
writer.end({"status": "ok", "spans": 0}, timeout=60)
print(longest, rss() - before, writer.alarm or "", flush=True)
"""


@contextlib.contextmanager
def writing(folder: Path, run: str, events: int, rate: float, size: int) -> Iterator[subprocess.Popen[str]]:
    """A process that has begun this run, and writes it as soon as it is sent a line; it says `longest growth alarm`."""
    words = [sys.executable, "-c", WRITE, str(folder), run, str(events), str(rate), str(size)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def said(process: subprocess.Popen[str]) -> tuple[float, float, str]:
    """What a writer says when its run has ended: ms of its longest call, MB that it grew by, its alarm."""
    assert process.stdout is not None
    longest, growth, *alarm = process.stdout.readline().split(maxsplit=2)
    return float(longest), float(growth), " ".join(alarm)


def rss(pid: int | None = None) -> float:
    """The memory that a process has now, in MB (10**6 bytes)."""
    text = subprocess.run(["ps", "-o", "rss=", "-p", str(pid or os.getpid())], capture_output=True, text=True).stdout
    return int(text) * 1024 / 1e6


def quantile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
