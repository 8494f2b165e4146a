"""Any line by reading one block: as right as counting from the beginning, whatever the file holds or becomes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.log import index as module
from tracer.log.file import LogFile
from tracer.log.index import Index


def counted(data: bytes, seq: int) -> tuple[int, int]:
    """What `locate` has to give."""
    ends = [n + 1 for n, byte in enumerate(data) if byte == 10]
    at = min(seq, len(ends))
    return at, ends[at - 1] if at else 0


@given(
    st.lists(st.lists(st.integers(0, 40), max_size=12), min_size=1, max_size=6),
    st.lists(st.integers(0, 80), min_size=1, max_size=12),
    st.integers(3, 16),
)
def test_any_line_of_a_growing_file(grown: list[list[int]], wanted: list[int], block: int) -> None:
    with tempfile.TemporaryFile() as file:
        fd, data = file.fileno(), b""
        index = Index(fd)
        index._block = block
        for lengths in grown:
            # A torn tail that is cut off, and written anew with newlines in it, as the writer may have to.
            torn = os.pwrite(fd, b"t" * (2 * block), len(data))
            index.locate(fd, 80)
            os.ftruncate(fd, len(data))
            assert torn
            data += b"".join(b"x" * length + b"\n" for length in lengths)
            os.pwrite(fd, data, 0)
            for seq in wanted:
                assert index.locate(fd, seq) == counted(data, seq)


def test_a_very_long_file_is_counted_in_longer_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_BLOCKS", 16)
    data = b"".join(b"y" * (n % 7) + b"\n" for n in range(3000))
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        index = Index(file.fileno())
        index._block = 64
        for seq in (10, 200, 500, 1000, 2000, 2999, 3000, 3001, 7, 1500):
            assert index.locate(file.fileno(), seq) == counted(data, seq)
        assert len(index._before) <= 17 * 2
        assert index._block > 64


def _numbered(first: int, count: int) -> bytes:
    return b"".join(b'{"seq":%d,"event":"x"}\n' % n for n in range(first, first + count))


@pytest.mark.parametrize("how", ["replaced", "rewritten", "shorter"])
def test_a_file_in_the_place_of_another_is_read_anew(how: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(_numbered(0, 30_000))
    with LogFile(path) as file:
        assert file.locate(29_000)[0] == 29_000
    other = b"".join(b'{"other":%d}\n' % n for n in range(90_000)) if how != "shorter" else _numbered(0, 10)
    if how == "replaced":
        (tmp_path / "new").write_bytes(other)
        (tmp_path / "new").replace(path)
    else:
        path.write_bytes(other)
    with LogFile(path) as file:
        assert file.locate(29_000) == counted(other, 29_000)


def test_readers_share_what_is_known_and_few_files_are_remembered(tmp_path: Path) -> None:
    for n in range(module._FILES + 5):
        (tmp_path / str(n)).write_bytes(_numbered(0, 3))
        with LogFile(tmp_path / str(n)) as one, LogFile(tmp_path / str(n)) as two:
            assert one.index is two.index
    assert len(module._known) <= module._FILES


def test_a_line_is_found_by_reading_a_few_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "r").write_bytes(_numbered(0, 200_000))
    read, pread = [0], os.pread

    def noted(fd: int, size: int, offset: int) -> bytes:
        data = pread(fd, size, offset)
        read[0] += len(data)
        return data

    monkeypatch.setattr("tracer.log.index.os.pread", noted)
    with LogFile(tmp_path / "r") as file:
        file.locate(200_000)
        assert read[0] <= 2.2 * file.size()
        for seq in range(0, 200_000, 9973):
            read[0] = 0
            assert file.locate(seq)[0] == seq
            assert read[0] <= 3 * module.BLOCK, "the last block is counted each time: it may still change"


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=40))
def test_what_was_found_sound_is_known_and_nothing_else(found: list[tuple[int, int]]) -> None:
    with tempfile.TemporaryFile() as file:
        index = Index(file.fileno())
        known: set[int] = set()
        for begin, length in found:
            index.found_sound(begin, begin + length)
            known |= set(range(begin, begin + length))
            assert index.is_sound(begin, begin + length)
            for first in range(0, 90, 7):
                assert index.is_sound(first, first + 3) == ({first, first + 1, first + 2} <= known)
