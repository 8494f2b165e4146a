"""A whole server in a thread: real runs, real sockets, on a free port of loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda

from tracer.log.store import Store, new_run_id
from tracer.log.writer import Writer
from tracer.run.chains import Chain, Chains
from tracer.run.runner import Runner
from tracer.web.app import App, create_app
from tracer.web.gate import Gate
from tracer.web.server import Server

from .client import TOKEN, Reply, ask

ROOT = Path(__file__).parents[2]


async def _ticks(given: AsyncIterator[Any]) -> AsyncIterator[str]:
    async for _ in given:
        for n in range(10_000):
            yield f"tick {n} "
            await asyncio.sleep(0.01)


def _described() -> Runnable[Any, Any]:
    def echo(question: str) -> str:
        return question

    return RunnableLambda(echo)


def chains() -> Chains:
    """`echo` ends at once, `ticks` goes on for 100 s."""
    return Chains(
        [
            Chain("here:echo", "echo", "Says it again", _described()),
            Chain("here:ticks", "ticks", "", RunnableGenerator(_ticks)),
        ],
        notice="Made for tests.",
    )


class Live:
    """A server in a thread. `port`, and the parts it is made of."""

    def __init__(self, folder: Path, port: int = 0, **gate: Any) -> None:
        self.folder = folder
        self.store = Store(folder)
        self.chains = chains()
        self.runner = Runner(self.store, self.chains)
        self.app: App = create_app(self.store, self.runner, self.chains, Gate(TOKEN, **gate))
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.cookie = f"tracer-{self.port}={TOKEN}"
        self.server = Server(self.app, self.runner)
        self._thread = threading.Thread(target=self.server.run, args=([self._listener],), daemon=True)
        self._thread.start()
        until(lambda: self.server.started)

    def ask(self, method: str, path: str | bytes, headers: dict[str, str] | None = None, body: Any = None) -> Reply:
        return ask(self.port, method, path, headers, body)

    def start(self, chain: str, given: Any = "x") -> str:
        reply = self.ask("POST", "/api/runs", body={"chain": chain, "input": given})
        assert reply.status == 201, reply
        return str(reply.json()["run"])

    def done(self) -> str:
        """A run of `echo` that has ended."""
        run = self.start("echo")
        assert self.runner.wait(run, 10)
        return run

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()


def write(store: Store, lines: int, **more: Any) -> tuple[str, Writer]:
    """A run with this many lines after its start, as some other process would write it; not ended."""
    run = new_run_id()
    writer = store.create({"run": run, "chain": "there:chain", "mode": "stream", "input": "x", **more})
    add(writer, lines)
    return run, writer


def add(writer: Writer, lines: int) -> None:
    for n in range(lines):
        writer.append(lambda n=n: {"event": "on_custom_event", "name": "n", "data": n})  # type: ignore[misc]


def until(true: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One server for all tests that leave it as it was."""
    server = Live(tmp_path_factory.mktemp("live") / "runs")
    yield server
    server.stop()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Live]:
    """A server for one test."""
    server = Live(tmp_path / "runs")
    yield server
    server.stop()


@contextlib.contextmanager
def program(code: str, *arguments: str, folder: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Python code in a process and a folder of its own; killed at the end if it has not ended by itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


SERVE = """
import sys
from pathlib import Path
from tracer.log.store import Store
from tracer.run.chains import Chains
from tracer.run.runner import Runner
from tracer.web.server import serve

def make():
    store = Store("runs")
    chains = Chains.load(sys.argv[2:] or ["json:decoder"]) if len(sys.argv) > 2 else Chains([])
    return store, Runner(store, chains), chains

sys.exit(serve(make, port=int(sys.argv[1]), on_ready=lambda url: print(url, flush=True), reload=RELOAD, token=TOKEN))
"""


def serving(
    *targets: str, folder: Path, port: int = 0, reload: bool = False, token: str | None = None
) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    """`serve` in a process of its own; the first line it prints is its address with the token."""
    return program(
        SERVE.replace("RELOAD", str(reload)).replace("TOKEN", repr(token)), str(port), *targets, folder=folder
    )


def address(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Port and token from the address that a process of `serving` prints."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line, process.stderr.read() if process.stderr else ""
    url, token = line.split("/?token=")
    return int(url.rpartition(":")[2]), token
