"""What a tab without a stream of its own asks for: the lines so far, and no more (`wait=0`)."""

from __future__ import annotations

import json
import time

import pytest

from .client import Viewer
from .conftest import Live, add, write


def _ids(own: Live, run: str, query: str) -> tuple[list[str], list[str]]:
    """Ids of the lines, and the names of the signals."""
    with Viewer(own.port, f"/api/runs/{run}/events?{query}") as viewer:
        messages = list(viewer.messages())
    lines = [one for one in messages if one.event == "message"]
    return [line.id for line in lines], [one.event for one in messages if one not in lines]


def test_the_lines_of_a_run_that_goes_on_come_in_turns(own: Live) -> None:
    run, writer = write(own.store, 5)
    assert _ids(own, run, "wait=0") == ([str(n) for n in range(6)], [])
    began = time.monotonic()
    assert _ids(own, run, "wait=0&after=5") == ([], [])
    assert time.monotonic() - began < 2
    add(writer, 3)
    assert _ids(own, run, "wait=0&after=5") == (["6", "7", "8"], [])
    writer.end({"status": "ok"})
    assert _ids(own, run, "wait=0&after=8") == (["9"], ["end"])
    assert _ids(own, run, "wait=0&after=99")[1] == ["past_end"]


def test_a_turn_ends_also_while_lines_keep_coming(own: Live) -> None:
    run = own.start("ticks")
    seen = -1
    for _ in range(4):
        began = time.monotonic()
        ids, _ = _ids(own, run, f"wait=0&after={seen}")
        assert time.monotonic() - began < 2
        assert [int(one) for one in ids] == list(range(seen + 1, seen + 1 + len(ids)))
        seen += len(ids)
    own.runner.cancel(run)
    assert own.runner.wait(run, 5)


@pytest.mark.parametrize("wait", ["2", "-1", "x", ""])
def test_a_wrong_wait(own: Live, wait: str) -> None:
    run, writer = write(own.store, 1)
    reply = own.ask("GET", f"/api/runs/{run}/events?wait={wait}")
    assert (reply.status, json.loads(reply.body)["field"]) == (400, "wait")
    writer.end({"status": "ok"})
