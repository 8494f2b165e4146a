"""Files that are sent to be kept: a run whole, or nothing at all."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

import tracer
from tests.log.mutants import Random, event, joined, laughs, mutants, span, start
from tests.log.mutants import end as ended
from tracer.log import importer
from tracer.log.importer import Import, sweep
from tracer.log.store import Store, new_run_id
from tracer.web.imports import limit

from .client import Connection, Reply, Viewer, request
from .conftest import Live, until

FIXTURES = Path(__file__).parents[1] / "fixtures"
LINES = {"Content-Type": "application/jsonl"}
PATH = "/api/runs/import"

LOG = joined([start(run="old"), span(1, 1), event(2, "on_chain_end", data={"output": "x"}), ended(3)])
PLAIN = (
    b'{"event":"on_chain_start","run_id":"a","name":"c","data":{"input":1}}\n{"event":"on_chain_end","run_id":"a"}\n'
)


def files(live: Live) -> set[str]:
    return {path.name for path in live.folder.iterdir()}


def sent(live: Live, body: bytes, name: str = "", headers: dict[str, str] | None = None) -> Reply:
    return live.ask("POST", f"{PATH}?name={name}" if name else PATH, headers or LINES, body)


def kept(live: Live, reply: Reply) -> list[dict[str, Any]]:
    assert reply.status == 201, reply
    run = reply.json()["run"]
    assert reply.header("location") == f"/runs/{run}"
    return [orjson.loads(raw) for raw in (live.folder / f"{run}.jsonl").read_bytes().splitlines()]


def test_a_log_becomes_a_run_of_ours_that_says_where_it_is_from(own: Live) -> None:
    reply = sent(own, LOG, "my%20run%E2%80%AE.jsonl")
    header, *rest = kept(own, reply)
    run = reply.json()["run"]
    assert reply.json() == {"run": run, "lines": 4, "bad_lines": 0, "ignored": 0}
    assert rest == [json.loads(raw) for raw in LOG.splitlines()[1:]]
    assert (header["run"], header["chain"], header["format"]) == (run, "app:chain", 1)
    assert (header["imported"]["run"], header["imported"]["file"]) == ("old", "my run.jsonl")
    assert own.ask("GET", f"/api/runs/{run}").json()["status"] == "ok"
    assert (own.folder / f"{run}.jsonl").stat().st_mode & 0o777 == 0o600
    with Viewer(own.port, f"/api/runs/{run}/events") as viewer:
        assert [message.event for message in viewer.messages()] == ["message"] * 4 + ["end"]


def test_the_same_file_twice_is_two_runs(own: Live) -> None:
    assert sent(own, LOG).json()["run"] != sent(own, LOG).json()["run"]
    assert own.ask("GET", "/api/runs").json()["total"] == 2


@pytest.mark.parametrize("kind", ["application/jsonl", "application/x-ndjson", "application/json; charset=utf-8"])
def test_what_calls_itself_json_is_taken(kind: str, own: Live) -> None:
    assert sent(own, LOG, headers={"Content-Type": kind}).status == 201


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_what_a_foreign_page_can_send_unasked_is_not(kind: str, live: Live) -> None:
    before = files(live)
    assert sent(live, LOG, headers={"Content-Type": kind}).status == 415
    assert files(live) == before


def test_a_page_of_another_origin_cannot(live: Live) -> None:
    headers = {**LINES, "Authorization": "", "Cookie": live.cookie}
    assert sent(live, LOG, headers={**headers, "Origin": "http://evil.example"}).status == 403
    assert sent(live, LOG, headers=headers).status == 403
    assert live.ask("POST", PATH, {**LINES, "Content-Encoding": "gzip"}, LOG).status == 415
    for path in ("/api/runs", "/api/runs/x/cancel"):
        assert live.ask("POST", path, LINES, b"{}").status in (404, 415)


def test_plain_events_become_a_run_with_unknown_times(own: Live) -> None:
    reply = sent(own, PLAIN)
    lines = kept(own, reply)
    assert [line["event"] for line in lines] == ["run_start", "on_chain_start", "on_chain_end", "run_end"]
    assert (lines[0]["times"], lines[0]["chain"], lines[0]["imported"]["run"]) == ("unknown", "c", None)
    listed = own.ask("GET", f"/api/runs/{reply.json()['run']}").json()
    assert (listed["status"], listed["duration_us"], listed["timed"]) == ("ok", None, False)
    assert listed["imported"]


def test_bad_lines_are_kept_as_what_they_are(own: Live) -> None:
    data = LOG.replace(b'{"seq":1', b'NaN \xff "' + b"x" * 2_000, 1)
    reply = sent(own, data)
    assert (reply.json()["lines"], reply.json()["bad_lines"]) == (4, 1)
    line = kept(own, reply)[1]
    assert (line["event"], line["seq"], line["line"]) == ("bad_line", 1, 2)
    assert line["bytes"] == len(data.splitlines()[1])
    assert line["head"].startswith('NaN \\xff "xxx')
    assert len(line["head"]) < 1_010


def test_a_log_without_its_header_gets_one_and_its_references_move_along(own: Live) -> None:
    big = {"text": "y" * 100}
    grown = {"/chunk": {"base": 1, "ops": [{"op": "add", "path": "/n", "value": 1}]}}
    lines = [span(0, 1, data={"input": big}), {**event(1, "on_chain_stream"), "same": {"/chunk": [0, "/input"]}}]
    lines += [{**event(2, "on_chain_stream"), "delta": grown}]
    reply = sent(own, joined(lines))
    assert reply.json()["lines"] == 4
    run = tracer.load(own.folder / f"{reply.json()['run']}.jsonl")
    assert [event["data"].get("chunk") for event in run.events] == [None, big, {**big, "n": 1}]
    assert run.status == "lost"


def test_what_follows_the_end_is_counted_and_left_out(own: Live) -> None:
    assert sent(own, LOG + LOG + b"\n").json()["ignored"] == 4


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "it is empty"),
        (b"junk\nmore\n", "none of its 2 lines is one of a run's log"),
        (b"\x89PNG\r\n\x1a\n\0\0", "none of its"),
        (b"[1,2,3]", "none of its"),
        (joined([start(format=2)]), "line 1: made by a newer tracer (format 2, this one reads 1)"),
    ],
)
def test_what_is_no_log_is_refused_with_the_reason_and_leaves_nothing(body: bytes, said: str, live: Live) -> None:
    before = files(live)
    reply = sent(live, body)
    assert (reply.status, reply.header("content-type")) == (422, "application/problem+json")
    assert said in reply.json()["detail"]
    assert files(live) == before


def test_an_imported_question_is_not_answered_on_its_own_word(own: Live) -> None:
    lines = [start(chain="here:echo", config={"configurable": {"base_url": "http://evil.example"}})]
    run = sent(own, joined([*lines, ended(1, status="interrupted", interrupts=[{"value": "?"}])])).json()["run"]
    reply = own.ask("POST", "/api/runs", body={"continues": run, "resume": "yes"})
    assert reply.status == 409
    assert "imported" in reply.json()["detail"]


class TestSize:
    @pytest.fixture
    def small(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
        from . import conftest

        make = conftest.create_app
        monkeypatch.setattr(conftest, "create_app", lambda *given: make(*given, max_import=1_000))
        return Live(tmp_path / "runs")

    def test_an_announced_one_is_refused_at_once(self, small: Live) -> None:
        with Connection(small.port) as connection:
            connection.send(request(small.port, "POST", PATH, {**LINES, "Content-Length": "1001"}))
            reply = connection.reply()
        assert (reply.status, reply.header("connection")) == (413, "close")
        assert "TRACER_MAX_IMPORT" in reply.json()["detail"]
        small.stop()

    def test_one_that_is_not_announced_is_cut_off(self, small: Live) -> None:
        with Connection(small.port) as connection:
            connection.send(request(small.port, "POST", PATH, {**LINES, "Transfer-Encoding": "chunked"}))
            for _ in range(3):
                connection.send(b"190\r\n" + b"x" * 400 + b"\r\n")
            assert connection.reply().status == 413
        assert files(small) == set()
        assert sent(small, LOG).status == 201
        small.stop()

    def test_the_setting(self) -> None:
        assert limit({}) == limit({"TRACER_MAX_IMPORT": " "}) == 2 << 30
        assert limit({"TRACER_MAX_IMPORT": "5"}) == 5
        for wrong in ("0", "-1", "2G", "1.5", "9" * 30):
            with pytest.raises(ValueError, match="TRACER_MAX_IMPORT"):
                limit({"TRACER_MAX_IMPORT": wrong})


def test_a_body_that_breaks_off_leaves_nothing_and_no_traceback(own: Live, caplog: pytest.LogCaptureFixture) -> None:
    connection = Connection(own.port)
    connection.send(request(own.port, "POST", PATH, {**LINES, "Content-Length": "5000000"}))
    connection.send(LOG * 10_000)
    until(lambda: any(name.startswith(".import-") for name in files(own)))
    assert own.ask("GET", "/api/runs").json()["total"] == 0
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.socket.close()
    until(lambda: not files(own))
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("where", ["_came", "_made"])
def test_a_full_disk_is_told_and_leaves_nothing(where: str, own: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fdopen

    def full(fd: int, *how: Any, **more: Any) -> Any:
        file = real(fd, *how, **more)
        name = os.readlink(f"/proc/self/fd/{fd}")
        if name.endswith(".new") == (where == "_made"):
            monkeypatch.setattr(importer.os, "fdopen", real)
            file = Full(file)
        return file

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

    monkeypatch.setattr(importer.os, "fdopen", full)
    before = files(own)
    reply = sent(own, LOG)
    assert reply.status == 507
    assert "No space left" in reply.json()["detail"]
    assert files(own) == before


def test_what_a_dead_server_left_is_swept_and_what_is_under_way_is_not(tmp_path: Path) -> None:
    long_ago = time.time() - 3_600
    for name in (".import-a", ".import-a.new", ".import-b.new", "run.jsonl", ".token"):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (long_ago, long_ago))
    with Import(tmp_path, new_run_id()) as under_way:
        name = f".import-{under_way.run}"
        os.utime(tmp_path / name, (long_ago, long_ago))
        sweep(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {"run.jsonl", ".token", name}


def test_nobody_sees_it_before_it_is_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with Import(tmp_path, new_run_id()) as file:
        file.write(LOG)
        assert store.list()[0] == []
        run = file.finish().run
    assert [summary["run"] for summary in store.list()[0]] == [run]
    with (tmp_path / f"{run}.jsonl").open("rb") as whole:
        fcntl.flock(whole, fcntl.LOCK_EX | fcntl.LOCK_NB)


def strict_messages(live: Live, run: str) -> int:
    with Viewer(live.port, f"/api/runs/{run}/events") as viewer:
        seqs = []
        for message in viewer.messages():
            line = orjson.loads(message.data)
            if message.event in ("message", "oversize"):
                assert line["seq"] == int(message.id)
                seqs.append(line["seq"])
    assert seqs == list(range(len(seqs)))
    return len(seqs)


@pytest.mark.parametrize(
    "files", [40, pytest.param(2_000, marks=[pytest.mark.long, pytest.mark.timeout(3_600)])], ids=["some", "all"]
)
def test_generated_files_over_every_route(files: int, own: Live) -> None:
    """In the folder and sent to it: no failure of the server's, and nothing but strict JSON."""
    count = 0
    for number, mutant in enumerate(mutants(files, seed=8)):
        run = f"m{number}"
        (own.folder / f"{run}.jsonl").write_bytes(mutant.data)
        if not mutant.data:
            continue
        about = own.ask("GET", f"/api/runs/{run}")
        assert about.status == 200, mutant.kind
        orjson.loads(about.body)
        count += strict_messages(own, run)
        # Whole, laughs are as many as one line may bring in, in each of them.
        whole = "?from=0&to=5&whole=1" if mutant.kind in ("laughs", "swollen") else "?from=0&whole=1"
        for query in ("?from=0", whole, "?from=1&to=2"):
            reply = own.ask("GET", f"/api/runs/{run}/log{query}")
            assert reply.status == 200, (mutant.kind, query)
            for raw in filter(None, reply.body.split(b"\n")):
                orjson.loads(raw)
        reply = sent(own, mutant.data)
        assert reply.status in (201, 422), (mutant.kind, reply)
        if reply.status == 201:
            assert strict_messages(own, reply.json()["run"]) >= 1
    assert count > 10 * files
    listed = own.ask("GET", "/api/runs?limit=500")
    assert listed.status == 200
    orjson.loads(listed.body)
    assert own.ask("GET", "/api/runs?q=chain").status == 200


def test_a_billion_laughs_are_kept_as_small_as_they_came(own: Live) -> None:
    data = laughs(Random(1))
    run = sent(own, data).json()["run"]
    assert (own.folder / f"{run}.jsonl").stat().st_size < len(data) + 1_000
