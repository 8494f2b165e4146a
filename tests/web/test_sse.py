"""The stream: whole, in order, resumable, coalesced; R15 to R17."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import shutil
import subprocess
import threading
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tracer.log.follow import Batch, Signal
from tracer.log.spans import Fold
from tracer.log.store import Gone, Store
from tracer.log.stub import OVERSIZE, stub
from tracer.web import sse
from tracer.web.sse import FLUSH_SECONDS, Viewers, feed_run, message, settled

from .client import TOKEN, Connection, EventParser, Message, Viewer, request
from .conftest import ROOT, Live, add, until, write


def follow(live: Live, run: str, headers: dict[str, str] | None = None, query: str = "") -> list[Message]:
    with Viewer(live.port, f"/api/runs/{run}/events{query}", headers) as viewer:
        assert viewer.status == 200
        return list(viewer.messages())


def seqs(messages: list[Message]) -> list[int]:
    return [int(one.id) for one in messages if one.event in ("message", "oversize")]


# What is sent


def test_a_run_comes_whole_and_says_that_it_ended(live: Live) -> None:
    run = live.done()
    messages = follow(live, run)
    lines = (live.folder / f"{run}.jsonl").read_text().splitlines()
    assert [one.data for one in messages[:-1]] == lines
    assert [one.id for one in messages[:-1]] == [str(n) for n in range(len(lines))]
    end = messages[-1]
    assert (end.event, json.loads(end.data)) == ("end", {"seq": len(lines) - 1, "status": "ok"})
    assert end.id == str(len(lines) - 1), "a signal has no id of its own"


def test_the_answer_is_one_that_proxies_pass_on(live: Live) -> None:
    run = live.done()
    for method in ("GET", "HEAD"):
        headers = live.ask(method, f"/api/runs/{run}/events").headers
        assert headers["content-type"] == ["text/event-stream; charset=utf-8"]
        assert headers["x-accel-buffering"] == ["no"]
        assert headers["cache-control"] == ["no-store"]
    assert live.ask("GET", f"/api/runs/{run}/events").body.startswith(b"retry: 1000\n\n")
    assert live.ask("HEAD", "/api/runs/events").headers["content-type"] == ["text/event-stream; charset=utf-8"]
    assert live.ask("HEAD", "/api/runs/none/events").status == 404


def test_lines_come_while_the_run_goes_on(own: Live) -> None:
    run, writer = write(own.store, 0)
    with Viewer(own.port, f"/api/runs/{run}/events") as viewer:
        messages = viewer.messages()
        assert next(messages).id == "0"
        for n in range(1, 20):
            add(writer, 1)
            assert next(messages).id == str(n)
        writer.end({"status": "cancelled", "spans": 0})
        *_, end = messages
        assert json.loads(end.data)["status"] == "cancelled"


def test_a_run_that_is_deleted_or_whose_writer_is_gone_says_so(own: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = write(own.store, 2)
    with Viewer(own.port, f"/api/runs/{run}/events") as viewer:
        messages = viewer.messages()
        assert [next(messages).id for _ in range(3)] == ["0", "1", "2"]
        (own.folder / f"{run}.jsonl").unlink()
        assert next(messages).event == "gone"
        assert list(messages) == []
    source = own.folder / f"{own.done()}.jsonl"
    (own.folder / "lost.jsonl").write_bytes(b"".join(source.read_bytes().splitlines(keepends=True)[:2]))
    *_, lost = follow(own, "lost")
    assert (lost.event, json.loads(lost.data)) == ("lost", {"seq": 1})


def test_ten_thousand_awkward_lines_come_whole(own: Live) -> None:
    random.seed(15)
    alphabet = 'ab \\"\n\r\t\u2028\u2029\u0085\x00\x1f\ufeff\U0001f600é:data event id\r\n\n'
    awkward = ["".join(random.choices(alphabet, k=random.randrange(40))) for _ in range(10_000)]
    run, writer = write(own.store, 0)
    for text in awkward:
        writer.append(lambda text=text: {"event": "on_custom_event", "name": "x", "data": text})  # type: ignore[misc]
    writer.end({"status": "ok", "spans": 0})
    messages = follow(own, run)
    assert [json.loads(one.data)["data"] for one in messages[1:-2]] == awkward
    assert seqs(messages) == list(range(10_002))


def test_a_foreign_file_with_crlf_comes_whole(own: Live) -> None:
    lines = [
        b'{"seq":0,"event":"run_start"}',
        b'{"seq":1,\r"event":"x","data":"\\r"}',
        b'{"seq":2,"event":"run_end"}',
        b"",
    ]
    (own.folder / "crlf.jsonl").write_bytes(b"\r\n".join(lines))
    messages = follow(own, "crlf")
    assert seqs(messages) == [0, 1, 2]
    assert json.loads(messages[1].data)["data"] == "\r"


# Resuming


@pytest.mark.parametrize(
    ("headers", "query", "first"),
    [
        ({}, "", 0),
        ({}, "?after=-1", 0),
        ({}, "?after=0", 1),
        ({}, "?after=3", 4),
        ({"Last-Event-ID": "3"}, "", 4),
        ({"Last-Event-ID": "3"}, "?after=1", 4),
        ({"Last-Event-ID": "6"}, "", 7),
    ],
)
def test_a_reader_goes_on_where_it_was(own: Live, headers: dict[str, str], query: str, first: int) -> None:
    run, writer = write(own.store, 5)
    writer.end({"status": "ok", "spans": 0})
    messages = follow(own, run, headers, query)
    assert seqs(messages) == list(range(first, 7))
    end = messages[-1]
    assert (end.event, json.loads(end.data)) == ("end", {"seq": 6, "status": "ok"})


BAD_IDS = (
    "x",
    "1.0",
    "+1",
    "-2",
    "1e3",
    "0x1",
    "1 2",
    "1,2",
    "\xb2",
    "null",
    "undefined",
    "NaN",
    "9" * 20,
    "--1",
    "1-",
)


@pytest.mark.parametrize("bad", BAD_IDS)
def test_a_bad_id_is_refused(live: Live, bad: str) -> None:
    run = live.done()
    reply = live.ask("GET", f"/api/runs/{run}/events", {"Last-Event-ID": bad})
    assert (reply.status, reply.json()["field"]) == (400, "Last-Event-ID")
    reply = live.ask("GET", f"/api/runs/{run}/events?after={bad.replace(' ', '%20').replace('²', '%C2%B2')}")
    # In a query a plus is a space.
    assert (reply.status, reply.json()["field"]) == (400, "after")


@pytest.mark.parametrize("past", ["100", "999999999999999999", str(2**53)])
def test_an_id_past_the_end_is_told_in_the_stream(own: Live, past: str) -> None:
    run, writer = write(own.store, 5)
    writer.end({"status": "ok", "spans": 0})
    (only,) = follow(own, run, {"Last-Event-ID": past})
    assert (only.event, json.loads(only.data), only.id) == ("past_end", {"seq": 6}, "")


def test_no_such_run(live: Live) -> None:
    reply = live.ask("GET", "/api/runs/none/events")
    assert (reply.status, reply.header("content-type")) == (404, "application/problem+json")


def paced(writer: Any, lines: int) -> threading.Thread:
    """Writes this many lines over about a second, then ends the run."""

    def run() -> None:
        for _ in range(lines // 10):
            add(writer, 10)
            time.sleep(1 / (lines / 10))
        writer.end({"status": "ok", "spans": 0})

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_cut_off_200_times_at_random_bytes_and_resumed(own: Live) -> None:
    random.seed(16)
    run, writer = write(own.store, 0)
    writing = paced(writer, 3000)
    got: list[Message] = []
    last, cuts = "", 0
    while not got or got[-1].event != "end":
        parser = EventParser(last)
        headers = {"Last-Event-ID": last} if last else {}
        with Connection(own.port) as connection:
            connection.send(request(own.port, "GET", f"/api/runs/{run}/events", headers))
            assert connection.head()[0] == 200
            chunks = connection.chunks()
            left = random.randrange(20, 2500) if cuts < 230 else 1 << 30
            for chunk in chunks:
                got += parser.push(chunk[:left])
                left -= len(chunk)
                if left <= 0 or (got and got[-1].event == "end"):
                    break
        last = parser.last_id
        cuts += 1
    writing.join()
    assert cuts >= 200
    assert seqs(got) == list(range(3002))
    assert [json.loads(one.data)["seq"] for one in got[:-1]] == list(range(3002))


RESUME = """
import { SseParser } from "SSE";
const [url, token, cuts] = process.argv.slice(2);
const got = [];
let last = "", done = 0;
for (let ended = false; !ended; done++) {
  const parser = new SseParser(last);
  const abort = new AbortController();
  const headers = { Authorization: `Bearer ${token}`, ...(last && { "Last-Event-ID": last }) };
  const answer = await fetch(url, { headers, signal: abort.signal });
  if (answer.status !== 200) throw new Error(`status ${answer.status}`);
  let left = done < cuts ? 20 + Math.floor(Math.random() * 2500) : Infinity;
  for await (const bytes of answer.body) {
    for (const one of parser.push(bytes.subarray(0, Math.min(left, bytes.length)))) {
      if (one.event === "end") ended = true;
      else got.push([Number(one.id), JSON.parse(one.data).seq]);
    }
    left -= bytes.length;
    if (left <= 0 || ended) break;
  }
  abort.abort();
  last = parser.lastId;
}
console.log(JSON.stringify({ done, got }));
"""


def test_cut_off_200_times_and_resumed_by_the_pages_parser(own: Live, tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node is not None, "the page's own code is tested with Node"
    script = tmp_path / "resume.mjs"
    script.write_text(RESUME.replace("SSE", (ROOT / "static" / "js" / "sse.js").as_uri()))
    run, writer = write(own.store, 0)
    writing = paced(writer, 3000)
    url = f"{own.origin}/api/runs/{run}/events"
    done = subprocess.run([node, script, url, TOKEN, "230"], capture_output=True, timeout=90, check=False)
    writing.join()
    assert done.returncode == 0, done.stderr.decode()
    result = json.loads(done.stdout)
    assert result["done"] >= 200
    assert result["got"] == [[n, n] for n in range(3002)]


# Coalescing


class Times:
    """A clock that only sleeping moves, lines that appear at their times, and an outbox that keeps count."""

    def __init__(self, appear: list[float], took: float = 0.0) -> None:
        self.now = 0.0
        self._appear = appear
        self._took = took
        self.flushes: list[tuple[float, list[int]]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    async def follow(self) -> AsyncGenerator[Batch | Signal, None]:
        """As Store.follow: all there is, and waiting for the next where there is nothing."""
        seq = 0
        while seq < len(self._appear):
            self.now = max(self.now, self._appear[seq])
            ready = [n for n in range(seq, len(self._appear)) if self._appear[n] <= self.now]
            seq += len(ready)
            yield Batch([(n, b'{"seq":%d}' % n) for n in ready])
        yield Signal("end", {"seq": seq - 1, "status": "ok"})

    async def send(self, data: bytes) -> None:
        found = [int(one.id) for one in EventParser().push(data) if one.event == "message"]
        self.flushes.append((self.now, found))
        self.now += self._took


@pytest.mark.parametrize("took", [0.0, 0.003, 0.05])
async def test_a_viewer_gets_one_flush_every_16_ms_with_all_that_came(took: float) -> None:
    appear = [n / 1000 for n in range(1000)]
    times = Times(appear, took)
    await feed_run(times.follow(), times, times.clock, times.sleep)  # type: ignore[arg-type]
    gaps = [later - earlier for (earlier, _), (later, _) in zip(times.flushes, times.flushes[1:], strict=False)]
    assert min(gaps) >= FLUSH_SECONDS - 1e-9
    assert [n for _, found in times.flushes for n in found] == list(range(1000))
    worst = max(at - appear[n] for at, found in times.flushes for n in found)
    assert worst <= max(FLUSH_SECONDS, took) + 1e-9
    assert len(times.flushes) <= 1 / max(FLUSH_SECONDS, took) + 3


async def test_where_many_look_on_each_is_sent_more_at_a_time() -> None:
    viewers = Viewers()
    appear = [n / 1000 for n in range(1000)]
    times = Times(appear)
    with contextlib.ExitStack() as here:
        for _ in range(50):
            here.enter_context(viewers.ends())
        # Some of them take nothing: what is sent to them does not arrive.
        for _ in range(25):
            here.enter_context(viewers.sending())
        assert viewers.flush_seconds == 0.025
        seconds, sending = lambda: viewers.flush_seconds, viewers.sending
        await feed_run(times.follow(), times, times.clock, times.sleep, seconds, sending)  # type: ignore[arg-type]
    gaps = [later - earlier for (earlier, _), (later, _) in zip(times.flushes, times.flushes[1:], strict=False)]
    assert min(gaps) >= 0.025 - 1e-9
    assert [n for _, found in times.flushes for n in found] == list(range(1000))
    assert viewers.flush_seconds == FLUSH_SECONDS


async def test_a_line_after_a_pause_is_not_held_back() -> None:
    appear = [0.0, 1.0, 1.5]
    times = Times(appear)
    await feed_run(times.follow(), times, times.clock, times.sleep)  # type: ignore[arg-type]
    assert [at for at, found in times.flushes if found] == appear


async def test_a_reader_that_catches_up_is_not_slowed_down() -> None:
    times = Times([])

    async def much() -> AsyncGenerator[Batch | Signal, None]:
        for n in range(100):
            yield Batch([(n, b'{"a":"%b"}' % (b"x" * 100_000))])

    await feed_run(much(), times, times.clock, times.sleep)  # type: ignore[arg-type]
    assert (times.now, len(times.flushes)) == (0.0, 100)


def test_flushes_on_the_wire_are_coalesced(own: Live) -> None:
    run, writer = write(own.store, 0)
    writing = paced(writer, 1500)
    with Viewer(own.port, f"/api/runs/{run}/events") as viewer:
        chunks = list(viewer.connection.chunks())
    writing.join()
    assert len(chunks) < 1 / FLUSH_SECONDS * 2 + 10
    assert sum(len(EventParser().push(chunk)) for chunk in chunks) == 1503


# Oversize


def big(**data: Any) -> dict[str, Any]:
    return {"seq": 3, "t_us": 9, "event": "on_chat_model_end", "span": 1, "data": data}


def test_a_stub_holds_what_the_fold_needs() -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    meta = {"finish_reason": "stop", "model_name": "m"}
    lines: list[dict[str, Any]] = [
        {"seq": 0, "t_us": 0, "event": "run_start", "format": 1, "run": "r", "chain": "c", "input": "x" * 300_000},
        {
            **big(input={"messages": [[{"type": "human", "content": "x" * 300_000}] * 3]}),
            **{"seq": 1, "event": "on_chat_model_start", "parent": None, "name": "M", "run_id": "i", "tags": ["t"]},
            "metadata": {"ls_model_name": "m", "long": ["y" * 1000] * 400},
        },
        {**big(chunk={"type": "AIMessageChunk", "content": "z" * 400_000}), "seq": 2, "event": "on_chat_model_stream"},
        big(
            input={str(n): "v" * 100 for n in range(5000)},
            output={"content": ["part"] * 90_000, "usage_metadata": usage, "response_metadata": meta, "type": "ai"},
        ),
    ]
    whole, cut = Fold(), Fold()
    for line in lines:
        raw = orjson.dumps(line)
        assert len(raw) > OVERSIZE
        short = stub(raw)
        assert len(short) <= OVERSIZE
        assert orjson.loads(short)["oversize"] == len(raw)
        whole.add(line)
        cut.add(orjson.loads(short))
    spans = [fold.summary()["spans"][0] for fold in (whole, cut)]
    spans[0]["metadata"] = {**spans[0]["metadata"], "long": {"$tracer": "cut", "kind": "list", "size": 400}}
    assert spans[0] == spans[1]
    assert (spans[1]["usage"], spans[1]["model"], spans[1]["finish_reason"]) == (usage, "m", "stop")


@pytest.mark.parametrize(
    ("value", "marker"),
    [
        ("é" * 300_000, {"$tracer": "cut", "kind": "str", "size": 300_000}),
        ([1] * 200_000, {"$tracer": "cut", "kind": "list", "size": 200_000}),
        ({str(n): n for n in range(50_000)}, {"$tracer": "cut", "kind": "dict", "size": 50_000}),
    ],
)
def test_what_was_cut_is_marked_with_its_size(value: Any, marker: dict[str, Any]) -> None:
    short = orjson.loads(stub(orjson.dumps(big(value=value, small=[1, {"a": None}]))))
    assert short["data"] == {"value": marker, "small": [1, {"a": None}]}


def test_no_line_makes_a_stub_too_long() -> None:
    deep: Any = "x" * 300_000
    for _ in range(200):
        deep = {"d": [deep]}
    many = {f"field{n}": "w" * 40_000 for n in range(100)}
    for line in (big(deep=deep), {**big(a=1), **many}, {"event": "x", "seq": 1, **{f"f{n}": n for n in range(50_000)}}):
        short = stub(json.dumps(line).encode())
        assert len(short) <= OVERSIZE
        assert orjson.loads(short)["event"] == line["event"]


def test_a_long_line_comes_as_a_stub_with_its_id_and_whole_on_request(own: Live) -> None:
    run, writer = write(own.store, 1)
    text = "x" * 10_000_000
    writer.append(lambda: {"event": "on_custom_event", "name": "big", "data": {"text": text, "n": 1}})
    writer.append(lambda: {"event": "on_custom_event", "name": "fits", "data": "y" * (OVERSIZE - 1000)})
    writer.end({"status": "ok", "spans": 0})
    messages = follow(own, run)
    assert [one.event for one in messages] == ["message", "message", "oversize", "message", "message", "end"]
    assert seqs(messages) == [0, 1, 2, 3, 4]
    line = json.loads(messages[2].data)
    assert (line["seq"], line["data"]) == (2, {"text": {"$tracer": "cut", "kind": "str", "size": len(text)}, "n": 1})
    whole = own.ask("GET", f"/api/runs/{run}/log?from=2&to=2").body
    assert line["oversize"] == len(whole) - 1
    assert json.loads(whole)["data"]["text"] == text


# The list


def test_the_list_tells_what_begins_changes_ends_and_goes(own: Live) -> None:
    with Viewer(own.port, "/api/runs/events") as viewer:
        messages = viewer.messages()
        time.sleep(0.3)
        run, writer = write(Store(own.folder), 1)
        seen: list[tuple[str, str | None]] = []

        def until_seen(event: str, status: str | None) -> None:
            for one in messages:
                data = json.loads(one.data)
                if data["run"] == run:
                    seen.append((one.event, data.get("status")))
                    if seen[-1] == (event, status):
                        return

        until_seen("message", "running")
        writer.end({"status": "error", "spans": 0})
        until_seen("message", "error")
        own.ask("DELETE", f"/api/runs/{run}")
        until_seen("gone", None)
        assert seen[-1] == ("gone", None)


def test_what_changed_while_the_list_was_being_opened_is_told(own: Live) -> None:
    run, writer = write(own.store, 1)
    with Viewer(own.port, "/api/runs/events") as viewer:
        one = next(viewer.messages())
        assert (one.event, json.loads(one.data)["run"]) == ("message", run)
    writer.end({"status": "ok", "spans": 0})


def test_a_list_message_is_json_without_a_name_and_gone_has_one() -> None:
    assert sse._listed(Gone("r")) == b'event: gone\ndata: {"run":"r"}\n\n'


# Being let go


def test_when_the_server_stops_streams_end_properly(own: Live) -> None:
    run, writer = write(own.store, 3)
    viewers = [Viewer(own.port, path) for path in [f"/api/runs/{run}/events"] * 5 + ["/api/runs/events"] * 5]
    until(lambda: len(own.app.viewers._scopes) == 10)
    began = time.monotonic()
    own.stop()
    assert time.monotonic() - began < 2
    for viewer in viewers:
        with viewer:
            assert not [one for one in viewer.messages() if one.event == "lost"]
    writer.end({"status": "ok", "spans": 0})


def test_viewers_that_leave_leave_nothing(own: Live) -> None:
    run, writer = write(own.store, 3)
    for _ in range(30):
        with Viewer(own.port, f"/api/runs/{run}/events") as viewer:
            next(viewer.messages())
    until(lambda: not own.app.viewers._scopes and not own.server.server_state.connections)
    assert writer._listeners == []
    writer.end({"status": "ok", "spans": 0})


def test_a_reader_that_takes_nothing_is_let_go(
    own: Live, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sse, "SEND_SECONDS", 0.3)
    run, writer = write(own.store, 0)
    for _ in range(400):
        writer.append(lambda: {"event": "on_custom_event", "name": "x", "data": "y" * 50_000})
    writer.end({"status": "ok", "spans": 0})
    with Connection(own.port) as connection:
        connection.send(request(own.port, "GET", f"/api/runs/{run}/events"))
        connection.head()
        until(lambda: own.app.viewers._scopes)
        until(lambda: not own.app.viewers._scopes)
        until(lambda: not own.server.server_state.connections)
        # The end of the stream was never sent, so that a client comes back.
        with pytest.raises((EOFError, ConnectionError)):
            list(connection.chunks())
    assert own.ask("GET", "/api/runs").status == 200
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_silence_is_broken_by_comments(own: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "PING_SECONDS", 0.1)
    run, writer = write(own.store, 0)
    with Viewer(own.port, f"/api/runs/{run}/events") as viewer:
        chunks = viewer.connection.chunks()
        assert any(chunk.startswith(b": ping") for _, chunk in zip(range(4), chunks, strict=False))
    writer.end({"status": "ok", "spans": 0})


async def test_a_run_deleted_before_the_first_look_is_gone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert [item async for item in settled(store.follow("none"))] == [Signal("gone", {})]


def test_a_signal_is_an_event_without_an_id() -> None:
    assert message(Signal("alarm", {"message": "disk\nfull"})) == b'event: alarm\ndata: {"message":"disk\\nfull"}\n\n'


def test_the_library_does_not_print_what_it_sends(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        follow(live, live.done())
    assert not [record for record in caplog.records if "run_end" in record.getMessage()]
