"""Starting and stopping as a process: R9, R10, R18, R20, and --reload."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tracer.log.store import Store
from tracer.run.chains import Chains
from tracer.run.runner import Runner
from tracer.web import server as servers
from tracer.web.server import serve

from .client import Connection, Message, Reply, Viewer, request
from .conftest import add, address, serving, until, write


def never() -> tuple[Store, Runner, Chains]:
    raise AssertionError("it got as far as making the store")


def refused(capsys: pytest.CaptureFixture[str], code: int, *said: str, **options: Any) -> None:
    assert serve(never, **options) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("tracer: ")
    assert captured.err.count("\n") == 1
    for words in said:
        assert words in captured.err


# R10


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "0"])
def test_a_bind_beyond_loopback_needs_leave(capsys: pytest.CaptureFixture[str], host: str) -> None:
    refused(capsys, 2, host, "--allow-remote", host=host, port=0)


@pytest.mark.parametrize("option", [{"host": ""}, {"host": "  "}, {"token": ""}, {"allow_hosts": [""]}])
def test_an_empty_value_switches_nothing_off(capsys: pytest.CaptureFixture[str], option: dict[str, Any]) -> None:
    refused(capsys, 2, **{"port": 0, **option})


def test_a_short_token_and_a_wrong_host_name(capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, 2, "the token has 5 characters", token="short", port=0)
    refused(capsys, 2, "'http://x' is not a host name", allow_hosts=["http://x"], port=0)
    refused(capsys, 2, "no address for the host 'no.such.invalid'", host="no.such.invalid", port=0)


def test_a_port_that_is_taken_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(capsys, 1, f"port {port} is taken", "--port 0", port=port)
    refused(capsys, 2, "there is no port 70000", port=70_000)


@pytest.mark.parametrize(
    ("host", "names", "shown", "listed"),
    [
        ("127.0.0.1", [], "127.0.0.1", ["127.0.0.1"]),
        ("localhost", [], "localhost", ["localhost"]),
        ("::1", [], "[::1]", ["[::1]"]),
        ("0.0.0.0", [], "127.0.0.1", []),
        ("0.0.0.0", ["box.lan"], "box.lan", []),
        ("::", ["box.lan"], "box.lan", []),
        ("192.0.2.1", ["box.lan"], "192.0.2.1", ["192.0.2.1"]),
    ],
)
def test_the_printed_address_is_one_that_opens(host: str, names: list[str], shown: str, listed: list[str]) -> None:
    assert servers._shown(host, names) == shown
    assert servers._own_name(host) == listed


# Processes

CHAINS = '''
import asyncio, threading, time
from langchain_core.runnables import RunnableGenerator, RunnableLambda

async def _ticks(given):
    async for _ in given:
        for n in range(100_000):
            yield f"tick {n} "
            await asyncio.sleep(0.005)

ticks = RunnableGenerator(_ticks)
"""DESCRIBED"""

def _stuck(given):
    threading.Thread(target=time.sleep, args=(60,)).start()
    time.sleep(60)

stuck = RunnableLambda(_stuck)

async def _deaf(given):
    time.sleep(60)

deaf = RunnableLambda(_deaf)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chains.py").write_text(CHAINS)
    return tmp_path


def ask(port: int, token: str, method: str, path: str, body: Any = None) -> Any:
    return reply(port, token, method, path, body).json()


def reply(port: int, token: str, method: str, path: str, body: Any = None) -> Reply:
    data = None if body is None else json.dumps(body).encode()
    with Connection(port) as connection:
        connection.send(request(port, method, path, {"Authorization": f"Bearer {token}"}, data))
        return connection.reply(method)


def ended(process: subprocess.Popen[str], began: float) -> tuple[int, float, str, str]:
    """Exit code, seconds since `began`, what it printed."""
    out, err = process.communicate(timeout=10)
    return process.returncode, time.monotonic() - began, out, err


def last_line(folder: Path, run: str) -> dict[str, Any]:
    line: dict[str, Any] = json.loads((folder / "runs" / f"{run}.jsonl").read_text().splitlines()[-1])
    return line


def test_sigterm_with_100_viewers_and_readers_that_do_not_read(folder: Path) -> None:
    """R20; and R9: nowhere but in its address does the server print the token."""
    with serving("chains.py", folder=folder) as process, contextlib.ExitStack() as open_:
        port, token = address(process)
        bearer = {"Authorization": f"Bearer {token}"}
        run = ask(port, token, "POST", "/api/runs", {"chain": "ticks", "input": "x"})["run"]
        viewers = [open_.enter_context(Viewer(port, f"/api/runs/{run}/events", bearer)) for _ in range(100)]
        big, writer = write(Store(folder / "runs"), 0)
        for _ in range(200):
            writer.append(lambda: {"event": "on_custom_event", "name": "x", "data": "y" * 100_000})
        for path in ["/api/runs/events"] * 5 + [f"/api/runs/{big}/events"] * 5:
            open_.enter_context(Viewer(port, path, bearer))
        for viewer in viewers:
            assert next(viewer.messages()).id == "0"
        assert reply(port, token, "GET", f"/?token={token}").status == 303
        process.send_signal(signal.SIGTERM)
        code, seconds, out, err = ended(process, time.monotonic())
        assert (code, out, err) == (0, "", "")
        assert seconds <= 3
        for viewer in viewers:
            *_, end = viewer.messages()
            assert (end.event, json.loads(end.data)["status"]) == ("end", "cancelled")
        writer.end({"status": "ok", "spans": 0})
    end = last_line(folder, run)
    assert (end["event"], end["status"], end["reason"]) == ("run_end", "cancelled", "server_stopped")


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGHUP])
def test_threads_that_cannot_be_stopped_hold_nothing_up(folder: Path, sig: signal.Signals) -> None:
    with serving("chains.py", folder=folder) as process:
        port, token = address(process)
        runs = [
            ask(port, token, "POST", "/api/runs", {"chain": name, "input": "x"})["run"] for name in ("stuck", "deaf")
        ]
        until(lambda: (folder / "runs" / f"{runs[1]}.jsonl").read_text().count("\n") > 1)
        process.send_signal(sig)
        code, seconds, _, err = ended(process, time.monotonic())
    assert (code, err) == (0, "")
    assert seconds <= 3
    for run in runs:
        assert last_line(folder, run)["status"] == "cancelled"


def test_a_second_signal_ends_it_at_once(folder: Path) -> None:
    """And a token of one's own is taken, without a file."""
    own = "an-own-token-of-36-characters-length"
    with serving("chains.py", folder=folder, token=own) as process:
        port, token = address(process)
        assert token == own
        assert not (folder / "runs" / ".token").exists()
        ask(port, token, "POST", "/api/runs", {"chain": "deaf", "input": "x"})
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        code, seconds, _, err = ended(process, time.monotonic())
    assert (code, err) == (130, "")
    assert seconds < 0.5


def test_a_restarted_server_goes_on_where_viewers_were(folder: Path) -> None:
    """R18: same port, same token, resumed by Last-Event-ID; the run is one that another process writes."""
    run, writer = write(Store(folder / "runs"), 50)
    got: list[Message] = []
    port, first_token = 0, ""
    for start, sig in enumerate((signal.SIGTERM, signal.SIGKILL, None)):
        with serving(folder=folder, port=port) as process:
            port, token = address(process)
            assert token == (first_token or token)
            first_token = token
            headers = {"Authorization": f"Bearer {token}", **({"Last-Event-ID": got[-1].id} if got else {})}
            with Viewer(port, f"/api/runs/{run}/events", headers) as viewer:
                for one in viewer.messages():
                    got.append(one)
                    if one.id == str(50 * start + 50) and one.event == "message":
                        if sig is None:
                            writer.end({"status": "ok", "spans": 0})
                            continue
                        process.send_signal(sig)
                        process.wait(5)
                        add(writer, 50)
                        break
    assert [one.id for one in got[:-1]] == [str(n) for n in range(152)]
    assert got[-1].event == "end"


@pytest.mark.timeout(90)
def test_a_saved_source_file_restarts_it_under_the_same_address(folder: Path) -> None:
    with serving("chains.py", folder=folder, reload=True) as process:
        port, token = address(process)
        (page,) = [one for one in ask(port, token, "GET", "/api/chains")["chains"] if one["label"] == "ticks"]
        assert page["description"] == "DESCRIBED"
        run = ask(port, token, "POST", "/api/runs", {"chain": "ticks", "input": "x"})["run"]

        def described() -> str:
            try:
                chains = ask(port, token, "GET", "/api/chains")["chains"]
            except (OSError, EOFError):
                return "nobody is there"
            return str(next(one["description"] for one in chains if one["label"] == "ticks"))

        (folder / "chains.py").write_text("this is not Python")
        assert process.stderr is not None
        said = [process.stderr.readline()]
        while "waiting for a change" not in said[-1]:
            said.append(process.stderr.readline())
            assert said[-1], said
        assert said[0] == "tracer: chains.py changed, starting anew\n"
        assert described() == "nobody is there"
        (folder / "chains.py").write_text(CHAINS.replace("DESCRIBED", "once more"))
        until(lambda: described() == "once more", 20)
        assert last_line(folder, run)["reason"] == "server_stopped"
        process.send_signal(signal.SIGTERM)
        code, seconds, out, err = ended(process, time.monotonic())
    assert (code, out) == (0, ""), err
    assert seconds <= 3
    assert err == "tracer: chains.py changed, starting anew\n"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 1)


def test_the_child_of_a_killed_supervisor_ends_too(folder: Path) -> None:
    with serving("chains.py", folder=folder, reload=True) as process:
        port, _ = address(process)
        process.kill()
        process.wait()

        def free() -> bool:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                return True
            return False

        until(free, 5)
