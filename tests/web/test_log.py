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


def test_the_lines_of_one_span(live: Live) -> None:
    run = new_run_id()
    lines = [{"event": "on_chain_stream", "span": n % 3 + 1, "data": {"chunk": {"span": 2}}} for n in range(300)]
    text = "".join(json.dumps({"seq": seq, "t_us": seq, **line}) + "\n" for seq, line in enumerate(lines))
    # As another tool may write it, and a line that only speaks of the span.
    text += '{"event" : "x", "span"  :  2}\n{"event": "y", "data": "\\"span\\":2"}\n'
    (live.folder / f"{run}.jsonl").write_text(text)

    def seqs(query: str) -> list[int]:
        return [json.loads(line)["seq"] for line in live.ask("GET", f"/api/runs/{run}/log?{query}").body.splitlines()]

    assert seqs("span=2") == [*range(1, 300, 3), 300]
    assert seqs("span=2&from=150&to=160&whole=1") == [151, 154, 157, 160]
    assert seqs("span=9") == []
    for query, field in (("span=0", "span"), ("span=x", "span"), ("whole=2", "whole"), ("whole=yes", "whole")):
        reply = live.ask("GET", f"/api/runs/{run}/log?{query}")
        assert (reply.status, reply.json()["field"]) == (400, field)


def test_every_line_is_the_same_whole_wherever_reading_begins(live: Live) -> None:
    run = new_run_id()
    values = [{"answer": "x" * 100, "n": [0]}]
    lines: list[dict[str, Any]] = [LINES[0], LINES[1], {**LINES[2], "data": {"chunk": values[0]}}]
    for n in range(1, 400):
        values.append({"answer": values[-1]["answer"], "n": [*values[-1]["n"], n]})
        change = {"base": n + 1, "ops": [{"op": "add", "path": "/n/-", "value": n}]}
        lines.append({"event": "on_chain_stream", "span": 1, "delta": {"/chunk": change}})
    text = "".join(json.dumps({"seq": seq, "t_us": seq, **line}) + "\n" for seq, line in enumerate(lines))
    (live.folder / f"{run}.jsonl").write_text(text)
    for first, last in ((0, 401), (2, 401), (400, 401), (399, 399), (300, 350)):
        body = live.ask("GET", f"/api/runs/{run}/log?from={first}&to={last}&whole=1").body
        got = [json.loads(line) for line in body.splitlines()]
        assert [line["seq"] for line in got] == list(range(first, last + 1))
        assert [line["data"]["chunk"] for line in got if line["seq"] >= 2] == values[max(0, first - 2) : last - 1]
