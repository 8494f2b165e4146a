"""R25: whatever the disk answers, at every write: the chain goes on, the alarm tells, the file stays valid."""

from __future__ import annotations

import errno
import json
import logging
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tracer.log import writer as module
from tracer.log.file import read
from tracer.log.load import load
from tracer.log.writer import Writer, is_being_written

ROOT = Path(__file__).parents[2]
LINES = 6
WRITES = LINES + 2

Write = Callable[[int, Any], int]


def fails(code: int) -> Callable[[Write, int, Any], int]:
    def fault(write: Write, fd: int, data: Any) -> int:
        raise OSError(code, os.strerror(code))

    return fault


def torn(code: int) -> Callable[[Write, int, Any], int]:
    """Some of it is written, and then nothing more."""

    def fault(write: Write, fd: int, data: Any) -> int:
        write(fd, bytes(data)[: len(data) // 2])
        raise OSError(code, os.strerror(code))

    return fault


def nothing(write: Write, fd: int, data: Any) -> int:
    return 0


FAULTS = {
    "ENOSPC": fails(errno.ENOSPC),
    "EIO": fails(errno.EIO),
    "EDQUOT": fails(errno.EDQUOT),
    "EINTR": fails(errno.EINTR),
    "torn": torn(errno.ENOSPC),
    "nothing": nothing,
    "memory": lambda write, fd, data: (_ for _ in ()).throw(MemoryError()),
}


class Disk:
    """Stands between the writer and the system: it counts writes, takes 9 bytes at a time, and fails where told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.writes = 0
        self.fault: Callable[[Write, int, Any], int] | None = None
        self._write = os.write
        monkeypatch.setattr("tracer.log.disk.os.write", self)

    def __call__(self, fd: int, data: Any) -> int:
        if self.fault is not None:
            return self.fault(self._write, fd, data)
        return self._write(fd, bytes(data)[:9])


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.002)
    monkeypatch.setattr(module, "BATCH_SECONDS", 0.0001)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def _until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


def _append(writer: Writer, n: int) -> None:
    writer.append(lambda: {"event": "on_custom_event", "name": "n", "data": [n, "é" * 20]})


def _seqs(path: Path) -> list[int]:
    """Of all lines, none of which is bad."""
    lines = list(read(path))
    assert [line["event"] for line in lines if line["event"] == "bad_line"] == []
    assert path.read_bytes().endswith(b"\n"), "no torn line is left"
    return [line["seq"] for line in lines]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_at_any_write_loses_nothing_once_it_is_over(
    name: str, tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    for at in range(1, WRITES):
        path = tmp_path / f"{at}.jsonl"
        writer = Writer(path, {"run": "r"})
        for n in range(1, WRITES):
            if n == at:
                disk.fault = FAULTS[name]
            if n == WRITES - 1:
                writer.end({"status": "ok"}, timeout=0.02)
            else:
                _append(writer, n)
            if n == at and name != "EINTR":
                _until(lambda: writer.alarm)  # noqa: B023  # called at once
                assert _seqs(path) == list(range(len(_seqs(path))))
                assert is_being_written(path), "it is not lost: it may go on"
            disk.fault = None
        _until(lambda: not is_being_written(path))  # noqa: B023
        assert _seqs(path) == list(range(WRITES))
        assert writer.alarm is None
    assert name != "EINTR" or not caplog.records, "what is only interrupted is no reason for an alarm"


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "EINTR"])
def test_a_disk_that_stays_broken_leaves_the_run_up_to_there(name: str, tmp_path: Path, disk: Disk) -> None:
    for at in range(1, WRITES):
        path = tmp_path / f"{at}.jsonl"
        writer = Writer(path, {"run": "r"})
        for n in range(1, WRITES - 1):
            if n == at:
                _until(lambda: not writer._waiting)  # noqa: B023
                disk.fault = FAULTS[name]
            _append(writer, n)
        _until(lambda: not writer._waiting or writer.alarm)  # noqa: B023
        disk.fault = FAULTS[name]
        began = time.monotonic()
        writer.end({"status": "ok"})
        assert time.monotonic() - began < 1, "the end of the run does not wait for a broken disk"
        _until(lambda: writer.alarm)  # noqa: B023
        assert _seqs(path) == list(range(min(at, WRITES - 1)))
        writer.forsake()
        disk.fault = None


@pytest.mark.parametrize("name", ["ENOSPC", "EIO", "torn", "nothing"])
def test_a_file_that_cannot_be_begun_leaves_nothing(name: str, tmp_path: Path, disk: Disk) -> None:
    disk.fault = FAULTS[name]
    with pytest.raises(OSError, match=r"."):
        Writer(tmp_path / "r.jsonl", {"run": "r"})
    assert list(tmp_path.iterdir()) == []


def test_a_torn_line_that_cannot_be_cut_off_at_once_is_cut_off_before_the_next_write(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    cut = os.ftruncate

    def refuses(fd: int, size: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("tracer.log.writer.os.ftruncate", refuses)
    disk.fault = FAULTS["torn"]
    _append(writer, 1)
    _until(lambda: writer.alarm)
    disk.fault = None
    time.sleep(0.02)
    assert list(read(tmp_path / "r.jsonl"))[1]["event"] == "bad_line", "nothing is written behind a torn line"
    monkeypatch.setattr("tracer.log.writer.os.ftruncate", cut)
    writer.end({"status": "ok"})
    _until(lambda: not is_being_written(tmp_path / "r.jsonl"))
    assert _seqs(tmp_path / "r.jsonl") == [0, 1, 2]


def test_whole_lines_that_a_viewer_may_have_seen_are_not_cut_off(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    monkeypatch.setattr(module, "RETRY_SECONDS", 60)

    def most_of_it(write: Write, fd: int, data: Any) -> int:
        disk.fault = FAULTS["ENOSPC"]
        return write(fd, bytes(data)[: len(data) - 5])

    with writer._lock:
        for n in range(1, 4):
            writer._add(json.dumps({"seq": n, "event": "on_custom_event"}).encode())
        disk.fault = most_of_it
    module._thread.wake(writer)
    _until(lambda: writer.alarm)
    assert _seqs(tmp_path / "r.jsonl") == [0, 1, 2]
    disk.fault = None
    writer.hurry()
    module._thread.wake(writer)
    _until(lambda: writer.alarm is None)
    assert _seqs(tmp_path / "r.jsonl") == [0, 1, 2, 3]
    writer.forsake()


def test_what_does_not_fit_into_memory_is_counted_and_told_at_the_end(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "QUEUE_BYTES", 1 << 20)
    monkeypatch.setattr(module, "STALL_SECONDS", 0.05)
    monkeypatch.setattr(module._thread, "share", 1 << 20)
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    disk.fault = FAULTS["ENOSPC"]
    _append(writer, 0)
    _until(lambda: writer.alarm)
    began = time.monotonic()
    for _ in range(3000):
        writer.append(lambda: {"event": "on_custom_event", "data": "x" * 1000})
    assert time.monotonic() - began < 1, "the chain goes on"
    assert writer._waiting < (1 << 20) + 2000
    assert writer.alarm is not None
    assert writer.alarm.endswith("No space left on device; the run goes on, what happens from here on is not recorded")
    assert writer.alarm in caplog.text
    disk.fault = None
    monkeypatch.setattr("tracer.log.disk.os.write", disk._write)
    writer.end({"status": "ok"})
    _until(lambda: not is_being_written(tmp_path / "r.jsonl"))
    seqs = _seqs(tmp_path / "r.jsonl")
    *_, missing, end = read(tmp_path / "r.jsonl")
    assert seqs == list(range(len(seqs)))
    assert writer.unrecorded == 3000 - (len(seqs) - 4)
    assert (missing["event"], missing["kind"]) == ("finding", "unrecorded")
    assert missing["evidence"] == {"lines": writer.unrecorded}
    assert end["status"] == "ok"
    assert writer.alarm is not None, "that something is missing stays true"


def test_a_disk_that_hangs_holds_the_chain_up_for_a_moment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUE_BYTES", 1 << 20)
    monkeypatch.setattr(module, "STALL_SECONDS", 0.05)
    monkeypatch.setattr(module._thread, "share", 1 << 20)
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    write, hanging = os.write, [True]

    def hangs(fd: int, data: Any) -> int:
        while hanging[0]:
            time.sleep(0.005)
        return write(fd, data)

    monkeypatch.setattr("tracer.log.disk.os.write", hangs)
    began = time.monotonic()
    for _ in range(3000):
        writer.append(lambda: {"event": "on_custom_event", "data": "x" * 1000})
    assert time.monotonic() - began < 1
    assert writer.alarm is not None
    assert "the disk does not keep up" in writer.alarm
    hanging[0] = False
    writer.end({"status": "ok"})
    assert list(read(tmp_path / "r.jsonl"))[-2]["evidence"] == {"lines": writer.unrecorded}


def test_one_line_that_is_longer_than_any_queue_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUEUE_BYTES", 1 << 20)
    monkeypatch.setattr(module._thread, "share", 1 << 20)
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    for _ in range(4):
        writer.append(lambda: {"event": "on_custom_event", "data": "x" * 3_000_000})
    writer.end({"status": "ok"})
    assert _seqs(tmp_path / "r.jsonl") == list(range(6))
    assert writer.alarm is None


def test_a_fast_producer_is_held_to_the_disks_pace_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R30 in small: what waits is bounded, however fast it comes."""
    monkeypatch.setattr(module, "QUEUE_BYTES", 1 << 20)
    monkeypatch.setattr(module._thread, "share", 1 << 20)
    write, most = os.write, [0]

    def slow(fd: int, data: Any) -> int:
        time.sleep(0.002)
        most[0] = max(most[0], writer._waiting)
        return write(fd, data)

    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    monkeypatch.setattr("tracer.log.disk.os.write", slow)
    for _ in range(10_000):
        writer.append(lambda: {"event": "on_custom_event", "data": "x" * 1000})
    writer.end({"status": "ok"}, timeout=10)
    assert most[0] < 1 << 20
    assert writer.alarm is None
    assert len(_seqs(tmp_path / "r.jsonl")) == 10_002


# With the system's own errors


def test_a_deleted_folder_is_told_and_the_run_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    for at in range(1, 4):
        writer = Writer(folder / "r.jsonl", {"run": "r"})
        for n in range(1, 4):
            if n == at:
                shutil.rmtree(folder)
            _append(writer, n)
            _until(lambda: not writer._waiting)  # noqa: B023
        assert writer.alarm is not None
        assert writer.alarm.endswith("the file was deleted; the run goes on, it is not recorded any more")
        assert writer.alarm in caplog.text
        writer.end({"status": "ok"})
        _until(lambda: writer._fd < 0)  # noqa: B023  # nothing holds what was deleted
        folder.mkdir()


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder in which this process may not make a file; a superuser becomes another one for it."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    folder.chmod(0o700)
    shutil.rmtree(folder)


def test_a_read_only_folder_is_named_when_the_run_is_begun(read_only: Path) -> None:
    with pytest.raises(PermissionError, match="Permission denied"):
        Writer(read_only / "r.jsonl", {"run": "r"})


def test_a_folder_that_becomes_read_only_does_not_stop_a_run_that_has_begun(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    tmp_path.chmod(0o555)
    (tmp_path / "r.jsonl").chmod(0o400)
    _append(writer, 1)
    writer.end({"status": "ok"})
    assert _seqs(tmp_path / "r.jsonl") == [0, 1, 2]
    tmp_path.chmod(0o700)


CHAIN = """
import asyncio, resource, sys
import tracer
from langchain_core.runnables import RunnableGenerator

async def words(given):
    async for _ in given:
        for n in range(400):
            yield f"word {n} "
            await asyncio.sleep(0.0005)

async def main(path, again):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    count = 0
    async for event in tracer.astream_events(RunnableGenerator(words), "x", path=path):
        count += event["event"] == "on_chain_stream"
        if count == 300 and again:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    print(count)

asyncio.run(main(sys.argv[1], sys.argv[2] == "again"))
"""


@pytest.mark.parametrize("again", ["again", "never"])
def test_a_real_limit_of_the_file_never_reaches_the_chain(again: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    ran = subprocess.run(
        [sys.executable, "-c", CHAIN, str(path), again],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.split() == ["400"], "the chain goes on"
    assert "File too large; the run goes on" in ran.stderr
    seqs = _seqs(path)
    assert seqs == list(range(len(seqs)))
    if again == "again":
        assert load(path).status == "ok"
        assert len(seqs) == 404
    else:
        assert 15_000 < path.stat().st_size <= 20_000
        assert load(path).status == "lost"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_the_alarm_is_in_the_log_once_and_so_is_the_all_clear(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tracer")
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    disk.fault = FAULTS["EIO"]
    _append(writer, 1)
    _until(lambda: writer.alarm)
    _append(writer, 2)
    time.sleep(0.02)
    disk.fault = None
    writer.end({"status": "ok"})
    _until(lambda: writer.alarm is None)
    said = [record.getMessage().partition("r.jsonl: ")[2] for record in caplog.records]
    assert said == [
        "Input/output error; the run goes on, what happens is kept in memory until it can be written",
        "what waited is written now",
    ]
