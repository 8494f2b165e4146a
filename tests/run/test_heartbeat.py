"""What blocks the loop that chains run in is named, in the run whose step it is; what does not, is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

import tracer
from tracer.log.spans import Fold
from tracer.log.store import Store
from tracer.run import heartbeat
from tracer.run.chains import Chain, Chains
from tracer.run.runner import Runner


async def sleeps(value: Any) -> Any:
    time.sleep(1.0)  # noqa: ASYNC251 - the fault that is to be found
    return value


async def computes(value: Any) -> Any:
    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        sum(range(1_000))
    return value


def in_a_thread(value: Any) -> Any:
    time.sleep(1.0)
    return value


async def awaits(value: Any) -> Any:
    await asyncio.sleep(1.0)
    return value


async def briefly(value: Any) -> Any:
    time.sleep(0.2)  # noqa: ASYNC251 - the same, too short to matter
    return value


async def in_small_steps(value: Any, config: RunnableConfig) -> Any:
    for _ in range(100):
        time.sleep(0.01)  # noqa: ASYNC251 - the same, in pieces
        await asyncio.sleep(0)
    return value


STEPS = (sleeps, computes, in_a_thread, awaits, briefly, in_small_steps)
RUNNABLES: dict[str, Runnable[Any, Any]] = {
    step.__name__: RunnableLambda(lambda x: x, name="first") | RunnableLambda(step) for step in STEPS
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def runner(store: Store) -> Iterator[Runner]:
    runner = Runner(store, Chains([Chain(f"m:{name}", name, "", made) for name, made in RUNNABLES.items()]))
    yield runner
    runner.close(1)


def findings(store: Store, run: str) -> list[dict[str, Any]]:
    return Fold.of(tracer.load(store.path(run)).lines).findings


def ended(runner: Runner, *runs: str) -> None:
    for run in runs:
        assert runner.wait(run, 20)


@pytest.mark.parametrize("mode", ["stream", "invoke"])
@pytest.mark.parametrize(("step", "code"), [("sleeps", "`time.sleep(1.0)"), ("computes", "")])
def test_a_blocked_loop_and_the_line_that_blocks_it(
    step: str, code: str, mode: str, runner: Runner, store: Store
) -> None:
    run = runner.start(f"m:{step}", "x", mode=mode)
    ended(runner, run)
    (one,) = findings(store, run)
    assert one["kind"] == "loop_blocked"
    evidence = one["evidence"]
    assert evidence["file"] == __file__
    assert evidence["function"] == step
    assert 0.5 < evidence["seconds"] < 3
    assert code in one["text"]
    span = next(span for span in tracer.load(store.path(run)).spans if span.span == one["span"])
    assert span.name == step
    if code:
        lines = Path(__file__).read_text().splitlines()
        assert lines[evidence["line"] - 1].strip() == evidence["code"]


@pytest.mark.parametrize("step", ["in_a_thread", "awaits", "briefly", "in_small_steps"])
def test_what_leaves_the_loop_alone(step: str, runner: Runner, store: Store) -> None:
    run = runner.start(f"m:{step}", "x")
    ended(runner, run)
    assert findings(store, run) == []


def test_only_the_run_that_blocks_is_blamed(runner: Runner, store: Store) -> None:
    waiting = runner.start("m:awaits", "x")
    time.sleep(0.1)
    blocking = runner.start("m:sleeps", "x")
    ended(runner, waiting, blocking)
    assert findings(store, waiting) == []
    assert [one["kind"] for one in findings(store, blocking)] == ["loop_blocked"]


def test_what_blocks_for_long_is_told_while_it_does(
    runner: Runner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "STILL_SECONDS", 0.3)
    run = runner.start("m:sleeps", "x")
    deadline = time.monotonic() + 5
    while not findings(store, run):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert runner.owns(run)
    ended(runner, run)
    (one,) = findings(store, run)
    assert one["evidence"]["still"] is True


def test_nobody_is_watched_once_runs_have_ended(runner: Runner, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_BEAT_SECONDS", 0.01)
    run = runner.start("m:briefly", "x")
    ended(runner, run)
    beats = runner._loop.heartbeat  # type: ignore[union-attr]
    deadline = time.monotonic() + 5
    while beats._thread is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    again = runner.start("m:sleeps", "x")
    ended(runner, again)
    assert [one["kind"] for one in findings(store, again)] == ["loop_blocked"]


def test_children_lost_in_the_threads_of_the_loop(store: Store) -> None:
    child: Runnable[Any, Any] = RunnableLambda(lambda x: x, name="child")

    async def starts(value: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(None, child.invoke, value)

    async def keeps(value: Any) -> Any:
        return await asyncio.to_thread(child.invoke, value)

    made = {"starts": RunnableLambda(starts), "keeps": RunnableLambda(keeps)}
    runner = Runner(store, Chains([Chain(f"m:{name}", name, "", chain) for name, chain in made.items()]))
    try:
        lost, kept = runner.start("m:starts", "x"), runner.start("m:keeps", "x")
        ended(runner, lost, kept)
        (one,) = findings(store, lost)
        assert (one["kind"], one["span"], one["evidence"]["child"]) == ("children_lost", 1, "child")
        assert findings(store, kept) == []
    finally:
        runner.close(1)
