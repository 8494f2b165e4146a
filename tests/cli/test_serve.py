"""`tracer serve` and `tracer demo` in processes of their own."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from tracer import serving
from tracer.cli import cli

from .conftest import Tracer, command, environment


class Server:
    """A running `tracer serve`; `url` is what it printed."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self._said = folder / f"stderr-{time.monotonic_ns()}"
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                command(*arguments),
                cwd=folder,
                env=environment(**{"DISPLAY": "", "WAYLAND_DISPLAY": "", **variables}),
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        found = re.fullmatch(r"tracer: (http://\S+/\?token=\S+)\n", first)
        if found is None:
            self.process.kill()
            raise AssertionError(f"{first!r} {self.stderr()}")
        self.url = found[1]
        self.kept = self.process.stdout.readline()
        parts = urlsplit(self.url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.port = parts.port
        self.token = parse_qs(parts.query)["token"][0]

    def get(self, path: str) -> Any:
        request = urllib.request.Request(self.origin + path, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def stderr(self) -> str:
        return self._said.read_text()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Exit code and stderr; asserts the three seconds."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.communicate(timeout=20)
        assert time.monotonic() - began < 3.5
        return self.process.returncode, self.stderr()


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def one(*arguments: str, **variables: str) -> Server:
        started.append(Server(folder, *arguments, "--port", "0", **variables))
        return started[-1]

    yield one
    for server in started:
        with contextlib.suppress(OSError):
            server.process.kill()
        server.process.communicate()


Start = Callable[..., Server]


def test_it_prints_its_address_serves_and_stops(start: Start, folder: Path) -> None:
    server = start("serve", "my_app:chain", "my_app:echo")
    assert server.kept == f"tracer: runs are kept in {folder / 'runs'}\n"
    said = server.get("/api/chains")
    assert [chain["name"] for chain in said["chains"]] == ["my_app:chain", "my_app:echo"]
    assert said["notice"] is None
    assert server.get("/api/chains/my_app:chain")["input_schema"]["properties"].keys() == {"topic"}
    assert server.stop() == (0, "")


def test_a_restart_keeps_the_token(start: Start) -> None:
    first = start("serve", "my_app:echo")
    first.stop(signal.SIGINT)
    assert start("serve", "my_app:echo").token == first.token


def test_a_token_of_one_s_own(start: Start) -> None:
    mine = "a-token-of-my-own-choice-1"
    assert start("serve", "my_app:echo", "--token", mine).token == mine
    assert start("serve", "my_app:echo", TRACER_TOKEN=mine[::-1]).token == mine[::-1]


def test_the_demo_says_that_its_answers_are_scripted(start: Start) -> None:
    server = start("demo")
    said = server.get("/api/chains")
    assert {"rag", "extract", "agent", "parallel", "flaky"} == {chain["label"] for chain in said["chains"]}
    assert "scripted" in said["notice"]
    for chain in said["chains"]:
        about = server.get(f"/api/chains/{chain['name']}")
        assert about["examples"], chain
        assert about["graph"], chain
        assert about["description"], chain


def test_a_taken_port_is_one_clear_line(tracer: Tracer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = tracer("serve", "my_app:echo", "--port", str(port))
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.startswith(f"tracer: port {port} is taken")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["my_app:chian"], "tracer: my_app has no attribute 'chian': did you mean 'chain'?\n"),
        (["my_app:echo", "--host", "0.0.0.0"], "--allow-remote"),
        (["my_app:echo", "--token", ""], "the token is empty"),
        (["my_app:echo", "--allow-host", "http://x"], "is not a host name"),
        (["my_app:echo", "--dir", "my_app.py"], "is a file"),
        ([], "Missing argument 'CHAIN...'"),
    ],
)
def test_wrong_use_exits_with_2(working_folder: Path, arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(cli, ["serve", *arguments, "--port", "0"])
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


def wait_for(what: Callable[[], bool], server: Server) -> None:
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end, server.stderr()
        time.sleep(0.05)


def test_reload_serves_what_the_file_says_now(start: Start, folder: Path) -> None:
    server = start("serve", "my_app:echo", "my_app.py", "--reload")

    def labels() -> set[str]:
        with contextlib.suppress(OSError):
            return {chain["label"] for chain in server.get("/api/chains")["chains"]}
        return set()

    assert "added" not in labels()
    app = folder / "my_app.py"
    whole = app.read_text()
    app.write_text(whole + "\n1 / 0\n")
    wait_for(lambda: "not serving; waiting for a change" in server.stderr(), server)
    assert "ZeroDivisionError" in server.stderr()
    assert labels() == set()
    app.write_text(whole + "\nadded = RunnableLambda(lambda x: x)\n")
    wait_for(lambda: "added" in labels(), server)
    assert server.stop()[0] == 0
    with socket.create_server(("127.0.0.1", server.port or 0)):  # nobody is left behind on it
        pass


@pytest.mark.parametrize(
    ("arguments", "variables", "opened"),
    [
        (["--open"], {}, True),
        ([], {"DISPLAY": ":0", "CI": "", "SSH_CONNECTION": "", "SSH_TTY": ""}, True),
        ([], {"DISPLAY": ":0", "SSH_CONNECTION": "1 2 3 4"}, False),
        (["--no-open"], {"DISPLAY": ":0"}, False),
    ],
)
def test_a_browser_is_opened_where_it_would_be_seen(
    start: Start, folder: Path, arguments: list[str], variables: dict[str, str], opened: bool
) -> None:
    browser, told = folder / "browser", folder / "told"
    browser.write_text(f'#!/bin/sh\necho "$1" > {told}.new\nmv {told}.new {told}\n')
    browser.chmod(0o700)
    server = start("serve", "my_app:echo", *arguments, BROWSER=f"{browser} %s", **variables)
    if opened:
        wait_for(told.exists, server)
        assert told.read_text() == f"{server.url}\n"
    else:
        server.stop()
        assert not told.exists()


@pytest.mark.parametrize(
    ("platform", "variables", "seen"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": ":0", "CI": "true"}, False),
        ("darwin", {}, True),
        ("darwin", {"SSH_TTY": "/dev/pts/1"}, False),
        ("win32", {}, True),
    ],
)
def test_where_there_is_a_desktop(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], seen: bool
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY", "CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(serving.sys, "platform", platform)
    assert serving.desktop() is seen
