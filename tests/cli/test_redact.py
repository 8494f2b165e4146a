"""R14 over HTTP: no secret on the wire, in a download, in what the server prints; and how to switch that off."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.capture.leaks import leaks
from tests.capture.planted import PLANTED, Planted

from .conftest import ROOT, Tracer
from .test_serve import Server, start  # noqa: F401  # the fixture

Start = Callable[..., Server]

APP = """\
import asyncio, logging, threading
from pydantic import BaseModel, Field
from langchain_core.runnables import RunnableLambda
from tests.capture.planting import fail, say_it_at_once, say_it_everywhere

class Given(BaseModel):
    values: list[str] = Field(examples=[{examples}])
    fail: bool = True

def late(value):
    raise ValueError(f"too late for {{value}}")

async def everything(given, config):
    for value in given["values"]:
        logging.getLogger("my_app").error("about %s", value)
        asyncio.get_running_loop().call_soon(late, value)
    return await say_it_everywhere(given, config)

chain = RunnableLambda(say_it_at_once, everything).with_types(input_type=Given)
"""


def read(server: Server, path: str, body: Any = None) -> bytes:
    request = urllib.request.Request(
        server.origin + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize(
    "formats", [PLANTED[::4], pytest.param(PLANTED, marks=pytest.mark.long)], ids=["some formats", "all formats"]
)
def test_no_secret_on_the_wire_or_in_the_server_s_log(
    formats: tuple[Planted, ...],
    start: Start,  # noqa: F811
    folder: Path,
) -> None:
    texts = [one.text for one in formats]
    (folder / "leaky.py").write_text(APP.format(examples=repr(texts)))
    (folder / ".env").write_text("MY_OWN_TOKEN=zeppelin-4711-over\n")
    planted = (*formats, Planted("environment", "zeppelin-4711-over", "zeppelin-4711-over"))
    server = start("serve", "leaky.py:chain", PYTHONPATH=str(ROOT))
    given = {"values": [one.text for one in planted], "fail": True}
    config = {"tags": texts, "metadata": {"m": texts, "zeppelin-4711-over": 1}}
    body = {"chain": "leaky:chain", "input": given, "config": config}
    run = json.loads(read(server, "/api/runs", body))["run"]
    # Until the end is told.
    live = read(server, f"/api/runs/{run}/events")
    assert b"event: end" in live
    assert live.count(b"\ndata: ") > 5 * len(planted)
    wire = {
        "events": live,
        "log": read(server, f"/api/runs/{run}/log?from=0"),
        "whole": read(server, f"/api/runs/{run}/log?from=0&whole=1"),
        "download": read(server, f"/api/runs/{run}/log"),
        "run": read(server, f"/api/runs/{run}"),
        "list": read(server, "/api/runs"),
        "found": read(server, "/api/runs?q=secret"),
        "chains": read(server, "/api/chains"),
        "chain": read(server, "/api/chains/leaky:chain"),
    }
    for name, raw in wire.items():
        assert leaks(raw, planted) == set(), name
    assert b'"last_input":[' in wire["chain"]
    code, said = server.stop()
    assert code == 0
    assert leaks(said.encode(), planted) == set()
    assert said.count("too late for") >= len(planted)
    assert said.count("about ") >= len(planted)
    for file in folder.rglob("runs/*"):
        assert leaks(file.read_bytes(), planted) == set(), file


def test_no_redact_records_all_and_everybody_can_tell(folder: Path, tracer: Tracer) -> None:
    secret = PLANTED[0]
    given = json.dumps({"a": secret.text})
    for arguments, variables in ((("--no-redact",), {}), ((), {"TRACER_REDACT": "0"})):
        file = folder / "run.jsonl"
        file.unlink(missing_ok=True)
        done = tracer("run", "my_app:echo", "--input", given, "-o", "run.jsonl", *arguments, **variables)
        assert done.returncode == 0, done.stderr
        raw = file.read_bytes()
        assert leaks(raw, [secret]) == {secret.name}
        assert json.loads(raw.splitlines()[0])["redact"] is False
    assert "recorded with its secrets" in tracer("show", "run.jsonl").stdout


def test_what_is_wrong_with_the_settings_is_said_in_one_line(folder: Path, tracer: Tracer) -> None:
    for name, value in (("TRACER_REDACT_PATTERNS", "a=("), ("TRACER_REDACT_FUNCTION", "no:thing")):
        done = tracer("run", "my_app:echo", "--input", "1", **{name: value})
        assert done.returncode == 2
        assert done.stderr.startswith(f"tracer: {name}"), done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not (folder / "runs").exists()


def test_an_own_function_of_the_working_folder_is_found(folder: Path, tracer: Tracer) -> None:
    (folder / "mine.py").write_text("def hide(text, key):\n    return text.replace('Ada', 'somebody')\n")
    done = tracer("run", "my_app:echo", "--input", '"Ada"', "-o", "run.jsonl", TRACER_REDACT_FUNCTION="mine:hide")
    assert done.returncode == 0, done.stderr
    assert b"Ada" not in (folder / "run.jsonl").read_bytes()
    assert b"somebody" in (folder / "run.jsonl").read_bytes()


def test_a_run_is_not_answered_with_what_a_marker_says() -> None:
    from tracer.run.runner import _described

    assert list(_described({"configurable": {"url": "https://a:[secret: url_password]@b"}}, "config")) == [
        "config.configurable.url"
    ]
