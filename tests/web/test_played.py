"""`?speed=`: a run with its recorded timing, over a clock that only sleeping moves."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tracer.log.follow import Batch, Signal
from tracer.log.pace import Pace
from tracer.log.store import new_run_id
from tracer.web.sse import played

from .client import Message, Viewer
from .conftest import Live, add, write


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds


def _line(seq: int, t_us: Any) -> tuple[int, bytes]:
    return seq, json.dumps({"seq": seq, "t_us": t_us, "event": "x"}, separators=(",", ":")).encode()


async def _all(items: list[Batch | Signal], speed: float) -> tuple[list[tuple[float, list[int]]], Clock]:
    clock = Clock()

    async def given() -> AsyncGenerator[Batch | Signal, None]:
        for item in items:
            yield item

    came = []
    async for item in played(given(), speed, clock, clock.sleep):
        came.append((clock.now - 100, [seq for seq, _ in item.lines] if isinstance(item, Batch) else [-1]))
    return came, clock


@pytest.mark.parametrize("speed", [0.25, 1.0, 3.0, 64.0])
async def test_lines_come_as_far_apart_as_they_were_recorded(speed: float) -> None:
    times = [0, 0, 500_000, 500_000, 500_001, 4_000_000]
    lines = [_line(seq, t_us) for seq, t_us in enumerate(times)]
    came, _ = await _all([Batch(lines[:3]), Batch(lines[3:]), Signal("end", {})], speed)
    at = {seq: when for when, seqs in came for seq in seqs}
    for seq, t_us in enumerate(times):
        assert at[seq] == pytest.approx(t_us / 1e6 / speed, abs=1e-6)
    assert came[-1] == (pytest.approx(4 / speed), [-1])


async def test_what_is_due_together_comes_together_and_the_first_at_once() -> None:
    lines = [_line(seq, 7_000_000 + seq // 10 * 1_000_000) for seq in range(30)]
    came, clock = await _all([Batch(lines)], 2)
    assert [(round(at, 6), len(seqs)) for at, seqs in came] == [(0, 10), (0.5, 10), (1, 10)]
    assert len(clock.slept) == 2


@pytest.mark.parametrize("odd", [None, "soon", -5, 1.5, True, 10**17, 2**53 + 1, 3])
async def test_a_line_that_says_no_time_comes_with_the_one_before_it(odd: Any) -> None:
    came, _ = await _all([Batch([_line(0, 0), _line(1, 1_000_000), _line(2, odd), _line(3, 2_000_000)])], 1)
    assert [(at, seqs) for at, seqs in came] == [(0, [0]), (1, [1, 2]), (2, [3])]


async def test_a_pause_of_years_is_slept_in_parts() -> None:
    clock = Clock()
    pace = Pace(0.25, clock)
    assert pace.wait(0) == 0
    assert pace.wait(2**53) == pytest.approx(2**53 / 1e6 * 4)
    _, clock = await _all([Batch([_line(0, 0), _line(1, 200_000_000)])], 1)
    assert clock.slept == [60, 60, 60, 20]


def _follow(live: Live, run: str, query: str, headers: dict[str, str] | None = None) -> list[Message]:
    with Viewer(live.port, f"/api/runs/{run}/events?{query}", headers) as viewer:
        assert viewer.status == 200
        return list(viewer.messages())


def _recorded(live: Live, step_us: int) -> tuple[str, list[str]]:
    run = new_run_id()
    lines = [{"event": "run_start", "format": 1}, *[{"event": "x", "data": n} for n in range(20)], {"event": "run_end"}]
    texts = [json.dumps({"seq": seq, "t_us": seq * step_us, **line}) for seq, line in enumerate(lines)]
    (live.folder / f"{run}.jsonl").write_text("\n".join(texts) + "\n")
    return run, texts


def test_over_http_the_lines_are_the_same_and_the_end_comes(live: Live) -> None:
    run, texts = _recorded(live, 100_000)
    messages = _follow(live, run, "speed=16")
    assert [one.data for one in messages[:-1]] == texts
    assert messages[-1].event == "end"
    assert [one.id for one in _follow(live, run, "speed=64&after=15")[:-1]] == [str(n) for n in range(16, 22)]
    assert [one.id for one in _follow(live, run, "speed=64.0", {"Last-Event-ID": "19"})[:-1]] == ["20", "21"]
    assert [one.event for one in _follow(live, run, "speed=2&after=99")] == ["past_end"]
    assert live.ask("HEAD", f"/api/runs/{run}/events?speed=2").status == 200


@pytest.mark.parametrize(
    "bad", ["", "0", "0.2", "64.1", "65", "-1", "1e1", "fast", "nan", "inf", "1,5", "%2B2", ".5", "1.", "9" * 400, "²"]
)
def test_a_wrong_speed_is_named(live: Live, bad: str) -> None:
    run = live.done()
    reply = live.ask("GET", f"/api/runs/{run}/events?speed={bad.replace('²', '%C2%B2')}")
    assert (reply.status, reply.json()["field"]) == (400, "speed")
    assert reply.json()["detail"] == "speed has to be a number from 0.25 to 64"


def test_a_run_that_goes_on_is_played_and_then_followed(own: Live) -> None:
    run, writer = write(own.store, 3)
    with Viewer(own.port, f"/api/runs/{run}/events?speed=64") as viewer:
        messages = viewer.messages()
        assert [next(messages).id for _ in range(4)] == ["0", "1", "2", "3"]
        add(writer, 1)
        assert next(messages).id == "4"
        writer.end({"status": "ok", "spans": 0})
        assert [one.event for one in messages] == ["message", "end"]
