"""Health, held to the same fixtures as its twin in tests/js/health.test.js."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.log.expand import Whole
from tracer.log.file import read
from tracer.log.gaps import Gaps
from tracer.log.health import health
from tracer.log.spans import Fold

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").glob("*.jsonl"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture(path: Path) -> None:
    fold = Fold.of(map(Whole().line, read(path)))
    fold.lost()
    assert health(fold) == json.loads(path.with_suffix(".health.json").read_text())


def test_a_run_that_has_not_begun_has_no_health_to_speak_of() -> None:
    assert health(Fold()) == {"duration_us": 0, "waited_us": 0, "waited_share": 0.0, "spans": []}


def test_what_still_runs_is_measured_up_to_the_newest_line() -> None:
    fold = Fold.of(
        [
            {"event": "on_chain_start", "span": 1, "t_us": 10},
            {"event": "on_chat_model_start", "span": 2, "parent": 1, "t_us": 20},
            {"event": "on_custom_event", "span": 1, "name": "tick", "t_us": 100},
        ]
    )
    found = health(fold)
    assert (found["waited_us"], found["waited_share"]) == (80, 0.8)
    assert [span["untraced_us"] for span in found["spans"]] == [10, None]


@given(st.lists(st.integers(0, 1 << 33), min_size=1, max_size=200), st.integers(1, 100))
def test_a_quantile_is_at_most_a_sixteenth_too_high(times: list[int], percent: int) -> None:
    gaps = Gaps()
    for time in times:
        gaps.add(time)
    rank = max(1, math.ceil(len(times) * percent / 100))
    true = min(sorted(times)[rank - 1], (1 << 31) - 1)
    assert true <= gaps.quantile_us(percent) <= true + true // 16


def test_gaps_take_no_more_memory_the_more_there_are() -> None:
    gaps = Gaps()
    for time in range(300_000):
        gaps.add(time)
    assert gaps.count == 300_000
    assert len(gaps._buckets) < 300
    assert gaps.quantile_us(50) == pytest.approx(150_000, rel=0.07)
