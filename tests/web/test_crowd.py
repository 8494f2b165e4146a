"""R28 to R32 in small, by the parts that measure them in full: `python -m benchmarks.crowd`, `benchmarks.memory`.

What is judged here is what no busy machine changes: that nothing is lost, and memory.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import crowd, memory
from benchmarks.served import Server, begin, paced, rss, server

LATE = 20_000.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crowd")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Server]:
    with server(folder) as served:
        yield served


def test_many_viewers_get_everything(folder: Path, served: Server) -> None:
    assert crowd.follow(folder, served, 20, 300, 1, limit=LATE)


def test_viewers_who_come_back_together_get_what_they_missed(folder: Path, served: Server) -> None:
    assert crowd.back(folder, served, 60, 1000, 50, seconds=2, limit=LATE)


def test_a_viewer_who_reads_nothing_costs_less_than_a_megabyte(folder: Path, served: Server) -> None:
    run, writer = begin(folder)
    paced(writer, 8000, 1e9, 4000)
    writer.end({"status": "ok", "spans": 0})
    memory.view(served, run)
    before = rss(served.process.pid)
    with contextlib.ExitStack() as open_:
        for _ in range(30):
            open_.enter_context(crowd._stuck(served, run))
        until = time.monotonic() + 1
        while time.monotonic() < until:
            time.sleep(0.2)
            assert rss(served.process.pid) - before < 30
        memory.view(served, run)


def test_a_fast_producer_stays_small(tmp_path: Path) -> None:
    assert memory.fast(tmp_path)


def test_the_server_does_not_grow_with_a_run_and_finds_any_line_of_it(folder: Path, served: Server) -> None:
    assert memory.long_run(folder, served, 40_000, 40_000)
    memory.any_line(folder, served, 40_000)


def test_a_long_log_with_a_long_line_is_opened_and_downloaded_in_little_memory(folder: Path, served: Server) -> None:
    assert memory.big(folder, served, 60)
