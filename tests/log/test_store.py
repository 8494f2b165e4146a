from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from tracer.log.follow import Batch, Signal
from tracer.log.store import Gone, RunNotFound, RunRunning, Store, new_run_id
from tracer.log.summary import preview
from tracer.log.writer import Writer


def _header(run: str, **more: Any) -> dict[str, Any]:
    return {"run": run, "chain": "m:c", "mode": "stream", "started_at": "t", "input": {"question": "why?"}, **more}


def _run(store: Store, lines: int = 3, **more: Any) -> str:
    run = new_run_id()
    writer = store.create(_header(run, **more))
    _append(writer, lines)
    writer.end({"status": "ok", "spans": 0})
    return run


def _append(writer: Writer, lines: int) -> None:
    for n in range(lines):
        writer.append(lambda n=n: {"event": "on_custom_event", "data": n})  # type: ignore[misc]


async def _collect(following: AsyncGenerator[Batch | Signal, None]) -> tuple[list[int], Signal | None]:
    seqs: list[int] = []
    async for item in following:
        if isinstance(item, Signal):
            return seqs, item
        seqs += [seq for seq, _ in item.lines]
    return seqs, None


def _python(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stdin=pipe, stdout=pipe)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not true():  # noqa: ASYNC110  # what is waited for happens in another process
            await asyncio.sleep(0.01)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


async def test_follow_gives_a_finished_run_from_any_line(store: Store) -> None:
    run = _run(store)
    for after in range(-1, 5):
        assert await _collect(store.follow(run, after)) == (
            list(range(after + 1, 5)),
            Signal("end", {"seq": 4, "status": "ok"}),
        )


def test_a_foreign_file_nested_without_end_does_not_hide_the_others(store: Store) -> None:
    run = _run(store)
    deep = '{"a":' * 400 + "1" + "}" * 400
    start = f'{{"seq":0,"event":"run_start","format":1,"chain":"f:c","input":{deep}}}'
    (store.root / "foreign.jsonl").write_text(f'{start}\n{{"event":"on_custom_event","data":{deep}}}\n')
    assert {summary["run"] for summary in store.list()[0]} == {run, "foreign"}
    assert store.summary("foreign")["chain"] == "f:c"
    assert [json.loads(line)["event"] for _, line in store.lines("foreign", 1)] == ["bad_line"]


async def test_follow_past_the_end_says_so(store: Store) -> None:
    assert await _collect(store.follow(_run(store), 5)) == ([], Signal("past_end", {"seq": 4}))


async def test_follow_gives_what_is_written_while_it_waits(store: Store) -> None:
    run = new_run_id()
    writer = store.create(_header(run))
    task = asyncio.ensure_future(_collect(store.follow(run)))
    for _ in range(20):
        _append(writer, 5)
        await asyncio.sleep(0.005)
    writer.end({"status": "error"})
    assert await task == (list(range(102)), Signal("end", {"seq": 101, "status": "error"}))


async def test_follow_another_process_that_dies(store: Store) -> None:
    run = new_run_id()
    code = (
        "import sys, time; from tracer.log.store import Store; w = Store(sys.argv[1]).create({'run': sys.argv[2]})\n"
        "for n in range(50): w.append(lambda: {'event': 'on_custom_event', 'data': n}); time.sleep(0.002)\n"
        "time.sleep(0.05); open(w.path, 'ab').write(b'{\"torn'); print(1, flush=True); time.sleep(60)"
    )
    with _python(code, str(store.root), run) as process:
        await _until(lambda: store.total() == 1)
        task = asyncio.ensure_future(_collect(store.follow(run)))
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        assert store.summary(run)["status"] == "running"
        process.kill()
        seqs, signal = await asyncio.wait_for(task, 5)
    assert (seqs, signal) == (list(range(52)), Signal("lost", {"seq": 50}))
    assert store.summary(run)["status"] == "lost"


async def test_follow_says_when_the_file_is_gone(store: Store) -> None:
    run = new_run_id()
    writer = store.create(_header(run))
    following = store.follow(run)
    assert isinstance(await anext(following), Batch)
    store.root.joinpath(f"{run}.jsonl").unlink()
    _append(writer, 1)
    seqs, signal = await _collect(following)
    if signal is not None and signal.name == "alarm":
        assert "the file was deleted" in signal.data["message"]
        seqs, signal = await _collect(following)
    assert (seqs, signal) == ([], Signal("gone", {}))
    writer.end({})


async def test_an_alarm_reaches_the_viewer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run_id()
    writer = store.create(_header(run))
    following = store.follow(run)
    assert isinstance(await anext(following), Batch)

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tracer.log.writer.os.write", fail)
    _append(writer, 1)
    signal = await asyncio.wait_for(anext(following), 3)
    assert isinstance(signal, Signal)
    assert signal.name == "alarm"
    assert "No space left" in signal.data["message"]
    await following.aclose()
    writer.end({})


def test_list_is_newest_first_in_pages(store: Store) -> None:
    runs = [_run(store) for _ in range(7)][::-1]
    first, before = store.list(limit=3)
    assert [summary["run"] for summary in first] == runs[:3]
    second, before = store.list(limit=3, before=before)
    assert [summary["run"] for summary in second] == runs[3:6]
    last, none = store.list(limit=3, before=before)
    assert [summary["run"] for summary in last] == runs[6:]
    assert none is None
    assert store.total() == 7


def test_list_finds_by_text_status_and_chain(store: Store) -> None:
    _run(store, input="Crème brûlée")
    other = _run(store, chain="other:chain")
    assert [s["input"] for s in store.list(q="CRÈME")[0]] == ["Crème brûlée"]
    assert [s["run"] for s in store.list(chain="other:chain")[0]] == [other]
    assert store.list(status="error")[0] == []
    assert len(store.list(status="ok")[0]) == 2


def test_summary_of_a_run(store: Store) -> None:
    run = new_run_id()
    writer = store.create(_header(run))
    assert store.summary(run)["status"] == "running"
    writer.end({"status": "error", "error": {"type": "ValueError", "message": "x" * 999}, "spans": 2})
    summary = store.summary(run)
    assert summary["error"] == {"type": "ValueError", "message": "x" * 300}
    assert (summary["status"], summary["spans"], summary["input"]) == ("error", 2, "why?")
    assert summary["pid"] == os.getpid()
    assert summary["duration_us"] is not None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain  text\nhere", "plain text here"),
        ({"k": 3, "question": "why?"}, "why?"),
        ({"messages": [{"role": "system", "content": "be"}, {"role": "user", "content": "hi"}]}, "hi"),
        ([["human", "hello"]], "hello"),
        ({"a": 1}, '{"a":1}'),
        (0, "0"),
        (None, ""),
        ({}, ""),
    ],
)
def test_preview(value: Any, expected: str) -> None:
    assert preview(value) == expected


def test_last_input(store: Store) -> None:
    assert store.last_input("m:c") == []
    _run(store, input=1)
    _run(store, input=0)
    _run(store, chain="other", input=3)
    assert store.last_input("m:c") == [0]


@pytest.mark.parametrize(
    ("given", "offered"),
    [
        ({"$tracer": "object", "type": "langgraph.types.Command", "value": {"resume": "yes"}}, {"a": 1}),
        ([{"role": "user"}, {"$tracer": "repr", "value": "<X>"}], {"a": 1}),
        ({"key": {"$tracer": "secret"}, "q": [1]}, {"q": [1]}),
        ({"$$tracer": 1, "$$$tracer": 2, "$$x": 3}, {"$tracer": 1, "$$tracer": 2, "$$x": 3}),
    ],
)
def test_what_a_log_only_describes_is_not_offered_to_be_sent(store: Store, given: Any, offered: Any) -> None:
    _run(store, input={"a": 1})
    _run(store, input=given)
    assert store.last_input("m:c") == [offered]


def test_delete(store: Store) -> None:
    run = new_run_id()
    writer = store.create(_header(run))
    with pytest.raises(RunRunning, match=run):
        store.delete(run)
    writer.end({})
    store.delete(run)
    assert list(store.root.iterdir()) == []
    with pytest.raises(RunNotFound):
        store.delete(run)


@pytest.mark.parametrize(
    "run", ["../x", "..", "", "a/b", "a\\b", ".hidden", "a\x00b", "a" * 200, "link", "folder", "nope"]
)
def test_only_ids_of_files_in_the_folder_are_found(run: str, store: Store) -> None:
    (store.root.parent / "x.jsonl").write_text("{}\n")
    (store.root / "link.jsonl").symlink_to(store.root.parent / "x.jsonl")
    (store.root / "folder.jsonl").mkdir()
    (store.root / ".hidden.jsonl").write_text("{}\n")
    with pytest.raises(RunNotFound):
        store.path(run)
    with pytest.raises(RunNotFound):
        store.summary(run)


def test_lines_by_seq(store: Store) -> None:
    run = _run(store, 10)
    assert [seq for seq, _ in store.lines(run, 3, 5)] == [3, 4, 5]
    assert [seq for seq, _ in store.lines(run)] == list(range(12))
    assert list(store.lines(run, 50)) == []
    assert json.loads(next(store.lines(run, 4))[1])["data"] == 3


async def test_watch_tells_what_begins_ends_dies_and_goes(store: Store) -> None:
    seen: list[tuple[str, str]] = []

    async def watch() -> None:
        async for news in store.watch():
            seen.extend((one.run, "gone") if isinstance(one, Gone) else (one["run"], one["status"]) for one in news)

    async def until(expected: tuple[str, str]) -> None:
        await _until(lambda: expected in seen)

    task = asyncio.ensure_future(watch())
    await asyncio.sleep(0.3)
    run = new_run_id()
    writer = store.create(_header(run))
    await until((run, "running"))
    writer.end({"status": "ok"})
    await until((run, "ok"))
    store.delete(run)
    await until((run, "gone"))
    other = new_run_id()
    code = "import sys; from tracer.log.store import Store; Store(sys.argv[1]).create({'run': sys.argv[2]}); input()"
    with _python(code, str(store.root), other) as process:
        await until((other, "running"))
        process.kill()
        process.wait()
    await until((other, "lost"))
    task.cancel()


async def test_watch_goes_on_in_a_folder_that_was_deleted_and_made_again(store: Store) -> None:
    seen: list[str] = []

    async def watch() -> None:
        async for news in store.watch():
            seen.extend(one.run if isinstance(one, Gone) else one["run"] for one in news)

    task = asyncio.ensure_future(watch())
    await asyncio.sleep(0.3)
    first, second, third = (new_run_id() for _ in range(3))
    store.create(_header(first)).end({"status": "ok"})
    await _until(lambda: first in seen)
    shutil.rmtree(store.root)
    store.create(_header(second)).end({"status": "ok"})
    await _until(lambda: second in seen)
    store.create(_header(third)).end({"status": "ok"})
    await _until(lambda: third in seen)
    task.cancel()


def test_the_folder_is_private(store: Store) -> None:
    assert stat.S_IMODE(store.root.stat().st_mode) == 0o700


@pytest.mark.parametrize("length", [10, 1 << 14, 1 << 16, 3 << 20])
def test_an_end_of_any_length_is_found(length: int, store: Store) -> None:
    run = new_run_id()
    writer = store.create(_header(run))
    _append(writer, 3)
    asks = [{"value": "é" * length}]
    writer.end({"status": "interrupted", "interrupts": asks, "spans": 1})
    assert store.summary(run)["status"] == "interrupted"
    footer = store.footer(run)
    assert footer is not None
    assert footer["interrupts"] == asks


def test_the_next_page_does_not_need_the_run_that_the_last_one_ended_with(store: Store) -> None:
    runs = [_run(store) for _ in range(5)][::-1]
    _, before = store.list(limit=2)
    assert before == runs[1]
    store.delete(before)
    assert [summary["run"] for summary in store.list(limit=9, before=before)[0]] == runs[2:]


def test_a_long_first_line_is_read_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run_id()
    writer = store.create(_header(run, input="x" * 1_000_000))
    assert store.summary(run)["input"] == "x" * 200
    monkeypatch.setattr("tracer.log.summary._first", None)
    _append(writer, 3)
    writer.end({"status": "ok", "spans": 0})
    assert (store.summary(run)["status"], store.summary(run)["input"]) == ("ok", "x" * 200)
