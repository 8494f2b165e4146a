"""R25 where people look: the alarm in the stream, live and after a reload, and its end."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tracer.log import writer as module

from .client import Viewer
from .conftest import Live, add, until, write


class Disk:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self._write = os.write
        monkeypatch.setattr("tracer.log.disk.os.write", self)

    def __call__(self, fd: int, data: Any) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._write(fd, data)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)
    return Disk(monkeypatch)


def test_an_alarm_comes_live_and_to_who_comes_later_and_goes_when_there_is_room_again(
    own: Live, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    run, writer = write(own.store, 2)
    path = f"/api/runs/{run}/events"
    with Viewer(own.port, path) as first:
        messages = first.messages()
        assert [next(messages).id for _ in range(3)] == ["0", "1", "2"]
        disk.full = True
        add(writer, 1)
        alarm = next(messages)
        said = json.loads(alarm.data)["message"]
        assert (alarm.event, alarm.id) == ("alarm", "2")
        assert said.endswith(
            "No space left on device; the run goes on, what happens is kept in memory until it can be written"
        )
        assert said in caplog.text, "it is in the server's log, too"
        with Viewer(own.port, path, {"Last-Event-ID": "2"}) as later:
            again = next(later.messages())
            assert (again.event, json.loads(again.data)["message"]) == ("alarm", said)
        writer.end({"status": "ok", "spans": 0}, timeout=0.1)
        assert own.store.summary(run)["status"] == "running", "it is not lost"
        disk.full = False
        came = list(messages)
        assert [one.id for one in came if one.event == "message"] == ["3", "4"]
        assert ("alarm", {"message": ""}) in [(one.event, json.loads(one.data)) for one in came]
        assert came[-1].event == "end"


def test_a_run_whose_end_was_not_recorded_says_so_to_who_comes_later(
    own: Live, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A line that comes right after another is written before it is looked whether the file is still there.
    monkeypatch.setattr("tracer.log.writer.LOOK_SECONDS", 0.4)
    run, writer = write(own.store, 2)
    (own.folder / f"{run}.jsonl").rename(own.folder / "kept")
    (own.folder / "kept").unlink()
    add(writer, 1)
    until(lambda: writer.alarm)
    writer.end({"status": "ok", "spans": 0})
    assert own.ask("GET", f"/api/runs/{run}/events").status == 404
    assert "the file was deleted" in str(writer.alarm)
    other, next_ = write(own.store, 1)
    next_.end({"status": "ok", "spans": 0})
    assert own.ask("GET", f"/api/runs/{other}").json()["status"] == "ok", "other runs go on"


def test_a_full_disk_is_named_when_a_run_is_to_be_started(own: Live, disk: Disk, tmp_path: Path) -> None:
    disk.full = True
    reply = own.ask("POST", "/api/runs", body={"chain": "echo", "input": 1})
    assert (reply.status, reply.json()["detail"]) == (507, "the run's log cannot be made: No space left on device")
    disk.full = False
    assert list(own.folder.glob("*.jsonl")) == []
