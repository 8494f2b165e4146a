"""R26: what `--fsync` promises: the disk keeps a line before anybody is shown it, and the new file's name, too."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

import tracer
from tracer.log.file import read
from tracer.log.follow import Batch, Signal
from tracer.log.store import Store
from tracer.log.writer import Writer, is_being_written


class Calls:
    """What is asked of the system, in order: write, sync, folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        self.broken = False
        write, sync, fsync = os.write, os.fdatasync, os.fsync

        def noted_write(fd: int, data: Any) -> int:
            self.made.append("write")
            return write(fd, data)

        def noted_sync(fd: int) -> None:
            self.made.append("sync")
            if self.broken:
                raise OSError(errno.EIO, "Input/output error")
            sync(fd)

        def noted_fsync(fd: int) -> None:
            self.made.append("folder")
            fsync(fd)

        monkeypatch.setattr("tracer.log.disk.os.write", noted_write)
        monkeypatch.setattr("tracer.log.disk.os.fdatasync", noted_sync)
        monkeypatch.setattr("tracer.log.disk.os.fsync", noted_fsync)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


def _append(writer: Writer, n: int = 1) -> None:
    writer.append(lambda: {"event": "on_custom_event", "name": "n", "data": n})


def test_each_batch_and_the_name_of_the_file_are_made_to_last(tmp_path: Path, calls: Calls) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"}, fsync=True)
    assert calls.made == ["write", "sync", "folder"]
    del calls.made[:]
    seen: list[tuple[int, list[str]]] = []
    writer.listen(lambda: seen.append((writer.shown, calls.made.copy())))
    _append(writer)
    writer.end({"status": "ok"})
    for _, made in seen:
        assert made == ["write", "sync"] * (len(made) // 2), "nobody is woken between a write and its sync"
    assert seen[-1][0] == (tmp_path / "r.jsonl").stat().st_size
    assert len(calls.made) >= 2


def test_without_it_the_disk_is_not_waited_for(tmp_path: Path, calls: Calls) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    _append(writer)
    writer.end({"status": "ok"})
    assert set(calls.made) == {"write"}


async def test_a_line_is_not_shown_before_it_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path, fsync=True)
    writer = store.create({"run": "r"})
    asked, may = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(fd: int) -> None:
        loop.call_soon_threadsafe(asked.set)
        asyncio.run_coroutine_threadsafe(may.wait(), loop).result(10)

    monkeypatch.setattr("tracer.log.disk.os.fdatasync", slow)
    following = store.follow("r")
    first = await anext(following)
    assert isinstance(first, Batch)
    assert [seq for seq, _ in first.lines] == [0]
    _append(writer)
    await asyncio.wait_for(asked.wait(), 10)
    assert len(list(read(writer.path))) == 2, "it is in the file"
    step = asyncio.ensure_future(anext(following))  # type: ignore[arg-type]
    _, waiting = await asyncio.wait({step}, timeout=0.1)
    assert waiting, "and not shown yet"
    may.set()
    batch = await asyncio.wait_for(step, 10)
    assert isinstance(batch, Batch)
    assert [seq for seq, _ in batch.lines] == [1]
    await following.aclose()
    monkeypatch.undo()
    writer.end({"status": "ok"})


async def test_a_disk_that_does_not_promise_is_told_and_the_run_goes_on(tmp_path: Path, calls: Calls) -> None:
    store = Store(tmp_path, fsync=True)
    writer = store.create({"run": "r"})
    calls.broken = True
    following = store.follow("r")
    assert isinstance(await anext(following), Batch)
    _append(writer)
    signal, batch = sorted([await anext(following), await anext(following)], key=lambda one: isinstance(one, Batch))
    assert isinstance(batch, Batch)
    assert isinstance(signal, Signal)
    assert signal.data["message"].endswith(
        "Input/output error; the run is recorded, but may not survive a loss of power"
    )
    await following.aclose()
    _append(writer)
    writer.end({"status": "ok"})
    assert [line["seq"] for line in read(writer.path)] == [0, 1, 2, 3]
    assert calls.made.count("sync") == 2, "what it dropped once it would not tell again"


async def test_the_python_face_takes_it_and_the_environment_sets_it(
    tmp_path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = RunnableLambda(lambda x: x)

    async def recorded(name: str, **how: Any) -> bool:
        del calls.made[:]
        async for _ in tracer.astream_events(chain, 1, path=tmp_path / name, **how):
            pass
        return "sync" in calls.made

    assert not await recorded("a")
    assert await recorded("b", fsync=True)
    monkeypatch.setenv("TRACER_FSYNC", "1")
    assert await recorded("c")
    assert not await recorded("d", fsync=False)
    del calls.made[:]
    await chain.ainvoke(1, {"callbacks": [tracer.handler(tmp_path / "e")]})
    assert "sync" in calls.made


def test_a_run_that_ends_while_the_disk_is_slow_is_locked_until_it_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"}, fsync=True)
    locked: list[bool] = []
    monkeypatch.setattr("tracer.log.disk.os.fdatasync", lambda _: locked.append(is_being_written(writer.path)))
    writer.end({"status": "ok"})
    assert locked == [True]
    end = time.monotonic() + 5
    while is_being_written(writer.path):
        assert time.monotonic() < end
