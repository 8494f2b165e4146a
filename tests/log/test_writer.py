from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tracer.log.file import read
from tracer.log.writer import Writer, is_being_written


def _line(n: int) -> dict[str, object]:
    return {"event": "on_custom_event", "name": "n", "data": n}


def test_the_first_line_is_on_disk_when_it_is_open(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    assert json.loads((tmp_path / "r.jsonl").read_bytes())["event"] == "run_start"
    assert stat.S_IMODE((tmp_path / "r.jsonl").stat().st_mode) == 0o600
    writer.end({"status": "ok"})


def test_lines_are_on_disk_when_the_end_returns(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    for n in range(1000):
        writer.append(lambda n=n: _line(n))  # type: ignore[misc]
    writer.end({"status": "ok"})
    lines = list(read(tmp_path / "r.jsonl"))
    assert [line["seq"] for line in lines] == list(range(1002))
    assert lines[-1]["event"] == "run_end"
    assert not is_being_written(tmp_path / "r.jsonl")


def test_time_never_goes_back(tmp_path: Path) -> None:
    ticks = iter([0, 5_000_000, 3_000_000, 9_000_000])
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"}, clock=lambda: next(ticks))
    writer.append(lambda: _line(1))
    writer.append(lambda: _line(2))
    writer.end({"status": "ok"})
    assert [line["t_us"] for line in read(tmp_path / "r.jsonl")] == [0, 5000, 5000, 9000]


def test_what_comes_after_the_end_is_counted_not_written(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    writer.end({"status": "ok"})
    size = (tmp_path / "r.jsonl").stat().st_size
    assert writer.append(lambda: _line(1)) is None
    writer.end({"status": "error"})
    assert writer.beyond_end == 1
    assert (tmp_path / "r.jsonl").stat().st_size == size


def test_a_line_that_cannot_be_made_leaves_no_gap(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    with pytest.raises(TypeError):
        writer.append(lambda: {"data": object()})
    writer.append(lambda: None)
    writer.append(lambda: _line(1))
    writer.end({})
    assert [line["seq"] for line in read(tmp_path / "r.jsonl")] == [0, 1, 2]


def test_an_existing_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("mine\n")
    with pytest.raises(FileExistsError):
        Writer(tmp_path / "r.jsonl", {"run": "r"})
    assert (tmp_path / "r.jsonl").read_text() == "mine\n"


def test_threads_write_whole_lines_in_order_of_seq(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})

    def work() -> None:
        for n in range(500):
            writer.append(lambda: _line(n))  # noqa: B023  # called before n moves on

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.end({})
    assert [line["seq"] for line in read(tmp_path / "r.jsonl")] == list(range(2002))


def test_a_full_disk_alarms_keeps_the_file_whole_and_does_not_raise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    real = os.write

    def full(fd: int, data: bytes) -> int:
        real(fd, bytes(data)[:7])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tracer.log.writer.os.write", full)
    writer.append(lambda: _line(1))
    writer.end({"status": "ok"})
    assert writer.alarm is not None
    assert "No space left on device" in writer.alarm
    assert [line["event"] for line in read(tmp_path / "r.jsonl")] == ["run_start"]


def test_an_open_file_is_known_to_be_written_and_one_whose_writer_died_is_not(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib; from tracer.log.writer import Writer; "
        "w = Writer(pathlib.Path(sys.argv[1]), {'run': 'r'}); "
        "w.append(lambda: {'event': 'on_custom_event', 'data': 1}); time.sleep(0.1); print('ready', flush=True); "
        "time.sleep(60)"
    )
    path = tmp_path / "r.jsonl"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert is_being_written(path)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not is_being_written(path)
    assert [line["event"] for line in read(path)] == ["run_start", "on_custom_event"]


def test_a_reader_that_closes_the_file_does_not_free_the_lock(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    (tmp_path / "r.jsonl").read_bytes()
    list(read(tmp_path / "r.jsonl"))
    assert is_being_written(tmp_path / "r.jsonl")
    writer.end({})


def test_a_file_that_was_only_just_made_counts_as_being_written(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.touch()
    assert is_being_written(path)
    os.utime(path, (time.time() - 10,) * 2)
    assert not is_being_written(path)


def test_lines_not_yet_written_survive_the_end_of_the_interpreter(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from tracer.log.writer import Writer\n"
        "w = Writer(pathlib.Path(sys.argv[1]), {'run': 'r'})\n"
        "for n in range(5000): w.append(lambda: {'event': 'on_custom_event', 'data': n})"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "r.jsonl")], check=True)
    assert len(list(read(tmp_path / "r.jsonl"))) == 5001


def test_a_forked_child_leaves_the_log_to_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from tracer.log.writer import Writer, is_being_written\n"
        "path = pathlib.Path(sys.argv[1]); w = Writer(path, {'run': 'r'})\n"
        "child = os.fork()\n"
        "w.append(lambda: {'event': 'on_custom_event', 'data': child})\n"
        "if not child:\n    w.end({'status': 'child'}); os._exit(0)\n"
        "os.waitpid(child, 0); assert is_being_written(path); w.end({'status': 'parent'})\n"
        "assert not is_being_written(path)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "r.jsonl")], check=True)
    lines = list(read(tmp_path / "r.jsonl"))
    assert [line["seq"] for line in lines] == [0, 1, 2]
    assert lines[-1]["status"] == "parent"


def test_an_end_that_cannot_be_written_down_is_not_an_end(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"})
    with pytest.raises(TypeError):
        writer.end({"status": object()})
    writer.end({"status": "ok"})
    assert [line["event"] for line in read(tmp_path / "r.jsonl")] == ["run_start", "run_end"]


def test_what_happened_earlier_keeps_its_place_and_never_goes_back_in_time(tmp_path: Path) -> None:
    ticks = iter([0, 9_000_000, 12_000_000])
    writer = Writer(tmp_path / "r.jsonl", {"run": "r"}, clock=lambda: next(ticks))
    writer.append(lambda: _line(1))
    writer.append(lambda: _line(2), at=4000)
    writer.end({})
    assert [line["t_us"] for line in read(tmp_path / "r.jsonl")] == [0, 9000, 9000, 12000]
