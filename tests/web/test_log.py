"""A run's lines over HTTP, as the page reads them again: whole, and the file in parts."""

from __future__ import annotations

import json
from typing import Any

from tracer.log.store import new_run_id

from .conftest import Live

BIG = {"answer": "x" * 200, "n": [1]}
LINES: list[dict[str, Any]] = [
    {"event": "run_start", "format": 1},
    {"event": "on_chain_start", "span": 1, "parent": None, "name": "c"},
    {"event": "on_chain_stream", "span": 1, "data": {"chunk": BIG}},
    {
        "event": "on_chain_stream",
        "span": 1,
        "delta": {"/chunk": {"base": 2, "ops": [{"op": "add", "path": "/n/-", "value": 2}]}},
    },
    {"event": "on_chain_end", "span": 1, "same": {"/output": [3, "/chunk"]}},
    {"event": "run_end", "status": "ok"},
]


def _run(live: Live) -> str:
    run = new_run_id()
    lines = [json.dumps({"seq": seq, "t_us": seq, **line}) for seq, line in enumerate(LINES)]
    (live.folder / f"{run}.jsonl").write_text("\n".join(lines) + "\n")
    return run


def test_lines_are_given_whole_on_request(live: Live) -> None:
    run = _run(live)
    grown = {"answer": "x" * 200, "n": [1, 2]}
    reply = live.ask("GET", f"/api/runs/{run}/log?from=3&to=4&whole=1")
    assert [json.loads(line) for line in reply.body.splitlines()] == [
        {"seq": 3, "t_us": 3, "event": "on_chain_stream", "span": 1, "data": {"chunk": grown}},
        {"seq": 4, "t_us": 4, "event": "on_chain_end", "span": 1, "data": {"output": grown}},
    ]
    raw = live.ask("GET", f"/api/runs/{run}/log?from=3&to=4").body
    assert b'"delta"' in raw
    assert b'"same"' in raw


def test_the_file_is_given_in_parts(live: Live) -> None:
    run = _run(live)
    whole = live.ask("GET", f"/api/runs/{run}/log").body
    part = live.ask("GET", f"/api/runs/{run}/log", {"Range": "bytes=10-29"})
    assert (part.status, part.body) == (206, whole[10:30])
    assert part.header("content-range") == f"bytes 10-29/{len(whole)}"
    assert live.ask("GET", f"/api/runs/{run}/log", {"Range": f"bytes={len(whole)}-"}).status == 416
