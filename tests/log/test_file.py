from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.log.file import LogError, LogFile, check, read

HEADER = b'{"seq":0,"t_us":0,"event":"run_start","format":1,"run":"r"}\n'


def _events(count: int) -> bytes:
    return b"".join(
        b'{"seq":%d,"t_us":%d,"event":"on_custom_event","data":%d}\n' % (n, n, n) for n in range(1, count + 1)
    )


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_torn_last_line_is_a_bad_line(tmp_path: Path) -> None:
    lines = list(read(_write(tmp_path / "a", HEADER + b'{"seq":1,"t_us')))
    assert lines[1] == {"seq": 1, "event": "bad_line", "line": 2, "bytes": 14}


def test_a_last_line_without_a_newline_that_is_whole_counts(tmp_path: Path) -> None:
    assert len(list(read(_write(tmp_path / "a", HEADER + _events(1)[:-1])))) == 2


def test_separators_of_other_worlds_do_not_end_a_line(tmp_path: Path) -> None:
    text = "a\u2028b\u0085c\r"
    data = (
        HEADER + json.dumps({"seq": 1, "event": "on_custom_event", "data": text}, ensure_ascii=False).encode() + b"\r\n"
    )
    lines = list(read(_write(tmp_path / "a", data)))
    assert [line.get("data") for line in lines] == [None, text]


@pytest.mark.parametrize("bad", [b"", b"null", b"[]", b'{"a":NaN,"event":"x"}', b"\xff", b'{"event":1}', b'"\\ud800"'])
def test_a_bad_line_keeps_its_place(bad: bytes, tmp_path: Path) -> None:
    lines = list(read(_write(tmp_path / "a", HEADER + bad + b"\n" + _events(2).split(b"\n")[1] + b"\n")))
    assert [line["event"] for line in lines] == ["run_start", "bad_line", "on_custom_event"]
    assert [line["seq"] for line in lines] == [0, 1, 2]
    assert lines[1]["bytes"] == len(bad)


def test_nothing_after_the_end_is_read(tmp_path: Path) -> None:
    data = HEADER + b'{"seq":1,"t_us":1,"event":"run_end","status":"ok"}\n' + b"junk\n"
    assert len(list(read(_write(tmp_path / "a", data)))) == 2


@pytest.mark.parametrize(("made", "reason"), [(2, "made by a newer tracer (format 2"), ("x", "format 'x' is not one")])
def test_another_format_is_refused_by_name_and_line(made: object, reason: str, tmp_path: Path) -> None:
    path = _write(tmp_path / "a.jsonl", json.dumps({"event": "run_start", "format": made}).encode() + b"\n")
    with pytest.raises(LogError) as caught:
        list(read(path))
    assert (caught.value.path, caught.value.line) == (path, 1)
    assert reason in str(caught.value)


@pytest.mark.parametrize("what", ["missing", "folder", "fifo", "a\x00b"])
def test_what_is_no_file_is_one_error(what: str, tmp_path: Path) -> None:
    path = tmp_path / what
    if what == "folder":
        path.mkdir()
    if what == "fifo":
        os.mkfifo(path)
    with pytest.raises(LogError, match=re.escape(str(path))):
        list(read(path))


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_bytes_are_read_or_refused_with_the_one_error(noise: bytes, cut: int) -> None:
    data = (HEADER + _events(4))[:cut] + noise
    with tempfile.TemporaryDirectory() as folder:
        try:
            lines = list(read(_write(Path(folder, "a"), data)))
        except LogError:
            return
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    intact = 0 if cut < len(HEADER) else (HEADER + _events(4))[:cut].count(b"\n")
    assert len(lines) >= intact


@given(st.lists(st.integers(1, 3_000_000) | st.integers(1, 60), min_size=1, max_size=8), st.integers(0, 9))
def test_any_line_is_found_however_long_those_before_it_are(lengths: list[int], wanted: int) -> None:
    lines = [b"x" * length for length in lengths]
    with tempfile.TemporaryDirectory() as folder, LogFile(_write(Path(folder, "a"), b"\n".join(lines) + b"\n")) as file:
        seq, offset = file.locate(wanted)
        assert seq == min(wanted, len(lines))
        assert offset == sum(lengths[:seq]) + seq
        if seq < len(lines):
            found, after = file.complete(seq, offset)
            assert found[0] == (seq, lines[seq])
            assert after > offset


def test_the_index_points_at_the_lines_of_a_long_file(tmp_path: Path) -> None:
    with LogFile(_write(tmp_path / "a", HEADER + _events(5000))) as file:
        for wanted in (4999, 0, 511, 512, 513, 1024, 5000):
            seq, offset = file.locate(wanted)
            assert json.loads(file.complete(seq, offset)[0][0][1])["seq"] == wanted
        assert file.locate(9999)[0] == 5001


def test_a_line_with_a_wrong_seq_gets_its_own() -> None:
    line, raw = check(7, b'{"seq":3,"event":"on_custom_event","data":1}')
    assert line["seq"] == 7
    assert json.loads(raw) == line
