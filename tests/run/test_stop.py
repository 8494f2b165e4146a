"""Stop: what ends, what is abandoned and where it hangs; and that nobody waits for somebody else's stuck code."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda
from langchain_core.tools import tool

import tracer
from tests.capture import chains as small
from tracer.log.store import Store
from tracer.run.chains import Chain, Chains
from tracer.run.runner import Runner

gate = threading.Event()


def sits_in_a_thread(value: Any) -> Any:
    inside.append(threading.get_ident())
    gate.wait(10)
    return value


@tool
def slow_tool(x: int) -> int:
    """Wait."""
    gate.wait(10)
    return x


async def blocks_the_loop(value: Any) -> Any:
    gate.wait(10)
    return value


async def swallows(value: Any) -> Any:
    while not gate.is_set():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.2)


async def exits(value: Any) -> Any:
    sys.exit(3)


async def interrupts(value: Any) -> Any:
    raise KeyboardInterrupt


def exits_in_a_thread(value: Any) -> Any:
    sys.exit(3)


async def exits_in_a_task(value: Any) -> Any:
    return await asyncio.gather(exits(value))


async def leaves_a_task_that_exits(value: Any) -> Any:
    async def later() -> None:
        await asyncio.sleep(0.05)
        sys.exit(3)

    kept.append(asyncio.create_task(later()))
    return value


async def leaves_a_task_that_blocks(value: Any) -> Any:
    async def later() -> None:
        await asyncio.sleep(0.05)
        time.sleep(0.4)  # noqa: ASYNC251  # blocking its own loop is what it is for

    kept.append(asyncio.create_task(later()))
    return value


async def waits_briefly(value: Any) -> Any:
    await asyncio.sleep(0.6)
    return value


async def counts_cancels(value: Any) -> Any:
    while not gate.is_set():
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            cancels.append(threading.current_thread().name)


inside: list[int] = []
kept: list[asyncio.Task[None]] = []
cancels: list[str] = []


async def swallows_once(given: AsyncIterator[Any]) -> AsyncIterator[str]:
    """As `asyncio.wait_for` does, when the cancellation comes just as its result does."""
    async for _ in given:
        pass
    swallowed = False
    while not gate.is_set():
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            if swallowed:
                raise
            swallowed = True
        yield "token"


RUNNABLES: dict[str, Runnable[Any, Any]] = {
    "sequence": small.sequence(),
    "waits": small.waits(),
    "in_a_thread": RunnableLambda(lambda x: x, name="first") | RunnableLambda(sits_in_a_thread),
    "in_a_tool": RunnableLambda(lambda x: {"x": 1}, name="first") | slow_tool,
    "blocks": RunnableLambda(lambda x: x, name="first") | RunnableLambda(blocks_the_loop),
    "swallows_once": RunnableGenerator(swallows_once),
    "swallows": RunnableLambda(lambda x: x, name="first") | RunnableLambda(swallows),
    "waits_briefly": RunnableLambda(waits_briefly),
    "counts_cancels": RunnableLambda(counts_cancels),
    "leaves_a_task_that_exits": RunnableLambda(leaves_a_task_that_exits),
    "leaves_a_task_that_blocks": RunnableLambda(leaves_a_task_that_blocks),
    **{
        step.__name__: RunnableLambda(lambda x: x, name="first") | RunnableLambda(step)
        for step in (exits, interrupts, exits_in_a_thread, exits_in_a_task)
    },
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def runner(store: Store) -> Iterator[Runner]:
    gate.clear()
    kept.clear()
    cancels.clear()
    runner = Runner(store, Chains([Chain(f"m:{name}", name, "", made) for name, made in RUNNABLES.items()]))
    yield runner
    gate.set()
    runner.close(1)


def _started(runner: Runner, store: Store, name: str, step: str) -> str:
    run = runner.start(f"m:{name}", {"q": "?"})
    deadline = time.monotonic() + 5
    while not any(span.name == step for span in tracer.load(store.path(run)).spans):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.05)  # the span has started; now it gets to where it waits
    return run


@pytest.mark.parametrize("mode", ["stream", "invoke"])
def test_async_work_ends_cancelled_within_a_second(mode: str, runner: Runner, store: Store) -> None:
    run = runner.start("m:waits", {"q": "?"}, mode=mode)
    time.sleep(0.2)
    runner.cancel(run)
    assert runner.wait(run, 1)
    assert tracer.load(store.path(run)).status == "cancelled"


@pytest.mark.parametrize(
    ("name", "step", "where"),
    [
        ("in_a_thread", "sits_in_a_thread", "gate.wait(10)"),
        ("in_a_tool", "slow_tool", "gate.wait(10)"),
        ("blocks", "blocks_the_loop", "gate.wait(10)"),
        ("swallows", "swallows", "await asyncio.sleep(0.2)"),
    ],
)
def test_what_cannot_be_stopped_is_abandoned_with_its_stack(
    name: str, step: str, where: str, runner: Runner, store: Store
) -> None:
    run = _started(runner, store, name, step)
    began = time.monotonic()
    runner.cancel(run)
    assert runner.wait(run, 3)
    assert time.monotonic() - began < 2
    got = tracer.load(store.path(run))
    assert got.status == "abandoned"
    assert got.lines[-1]["reason"] == "stopped"
    span = next(span for span in got.spans if span.name == step)
    assert span.state == "abandoned"
    assert where in (span.stack or "")
    assert {s.state for s in got.spans if s.name == "first"} == {"ok"}
    assert not {s.state for s in got.spans} & {"running", "unfinished"}


def test_what_goes_on_sending_is_cancelled_again(runner: Runner, store: Store) -> None:
    run = _started(runner, store, "swallows_once", "swallows_once")
    runner.cancel(run)
    assert runner.wait(run, 1)
    assert tracer.load(store.path(run)).status == "cancelled"


def test_a_thread_that_comes_back_in_time_is_cancelled(runner: Runner, store: Store) -> None:
    run = _started(runner, store, "in_a_thread", "sits_in_a_thread")
    runner.cancel(run)
    time.sleep(0.2)
    assert runner.owns(run)
    gate.set()
    assert runner.wait(run, 1)
    assert tracer.load(store.path(run)).status == "cancelled"


def test_a_blocked_loop_does_not_hold_up_the_next_run(runner: Runner, store: Store) -> None:
    blocked = _started(runner, store, "blocks", "blocks_the_loop")
    began = time.monotonic()
    run = runner.start("m:sequence", {"q": "?"})
    assert runner.wait(run, 3)
    assert time.monotonic() - began < 2
    assert runner.owns(blocked)
    assert tracer.load(store.path(run)).status == "ok"
    gate.set()
    assert runner.wait(blocked, 3)
    assert tracer.load(store.path(blocked)).status == "ok"


def test_sixty_stuck_threads_do_not_hold_up_the_next_run(runner: Runner, store: Store) -> None:
    inside.clear()
    stuck = [runner.start("m:in_a_thread", {"q": "?"}) for _ in range(60)]
    deadline = time.monotonic() + 5
    while len(inside) < 60:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for run in stuck:
        runner.cancel(run)
    assert all(runner.wait(run, 5) for run in stuck)
    assert {tracer.load(store.path(run)).status for run in stuck} == {"abandoned"}
    run = runner.start("m:sequence", {"q": "?"})
    assert runner.wait(run, 2)


def test_runs_leave_no_thread_and_no_file_behind(runner: Runner, store: Store) -> None:
    import os

    def open_files() -> int:
        return len(os.listdir("/dev/fd"))

    runner.wait(runner.start("m:sequence", {"q": "?"}), 5)
    threads, files = threading.active_count(), open_files()
    for number in range(60):
        run = runner.start("m:waits" if number % 2 else "m:sequence", {"q": "?"})
        if number % 2:
            runner.cancel(run)
        assert runner.wait(run, 5)
    deadline = time.monotonic() + 5
    while threading.active_count() > threads + 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= threads + 1  # one idle thread for synchronous steps may stay
    assert open_files() <= files


@pytest.mark.parametrize("mode", ["stream", "invoke"])
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("exits", "SystemExit"),
        ("interrupts", "KeyboardInterrupt"),
        ("exits_in_a_thread", "SystemExit"),
        ("exits_in_a_task", "SystemExit"),
    ],
)
def test_a_chain_that_exits_ends_alone(name: str, error: str, mode: str, runner: Runner, store: Store) -> None:
    beside = runner.start("m:waits_briefly", "x")
    time.sleep(0.1)
    loop = runner._loop
    run = runner.start(f"m:{name}", "x", mode=mode)
    assert runner.wait(run, 5)
    got = tracer.load(store.path(run))
    assert got.status == "error"
    assert got.error is not None
    assert got.error["type"].rpartition(".")[2] == error
    assert next(span for span in got.spans if span.name == name).state == "error"
    assert runner.wait(beside, 5)
    assert store.summary(beside)["status"] == "ok"
    after = runner.start("m:waits_briefly", "x")
    assert runner.wait(after, 5)
    assert store.summary(after)["status"] == "ok"
    assert runner._loop is loop


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_task_that_is_left_behind_and_exits_harms_nobody(runner: Runner, store: Store) -> None:
    beside = runner.start("m:waits_briefly", "x")
    run = runner.start("m:leaves_a_task_that_exits", "x")
    assert runner.wait(run, 5)
    assert runner.wait(beside, 5)
    assert {store.summary(one)["status"] for one in (run, beside)} == {"ok"}
    (task,) = kept
    assert isinstance(task.exception(), SystemExit)


def _loops() -> int:
    return sum(thread.name == "tracer-chains" for thread in threading.enumerate())


def test_a_loop_that_was_left_goes_when_it_answers_again(runner: Runner) -> None:
    before = _loops()
    for _ in range(3):
        assert runner.wait(runner.start("m:leaves_a_task_that_blocks", "x"), 5)
        time.sleep(0.1)
        assert runner.wait(runner.start("m:sequence", {"q": "?"}), 5)
    deadline = time.monotonic() + 5
    while _loops() > before + 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _loops() <= before + 1


def test_only_the_first_stop_cancels(runner: Runner, store: Store) -> None:
    run = _started(runner, store, "counts_cancels", "counts_cancels")
    for _ in range(3):
        assert runner.cancel(run)
        time.sleep(0.1)
    gate.set()
    assert runner.wait(run, 3)
    assert len(cancels) == 1


def test_stop_of_a_run_that_is_moved_reaches_it_in_its_own_loop(
    runner: Runner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    where: list[tuple[str, bool]] = []

    class Task(asyncio.Task[Any]):
        def cancel(self, msg: Any | None = None) -> bool:
            where.append((self.get_name(), asyncio._get_running_loop() is self.get_loop()))
            return super().cancel(msg)

    blocked = _started(runner, store, "blocks", "blocks_the_loop")
    monkeypatch.setattr("tracer.run.loop.asyncio.Task", Task)
    run = runner.start("m:waits", {"q": "?"})
    runner.cancel(run)  # the loop that is asked is blocked; by the time it answers the run is elsewhere
    assert runner.wait(run, 3)
    gate.set()
    assert runner.wait(blocked, 3)
    time.sleep(0.1)
    assert [here for name, here in where if name == f"run {run}"] == [True]
    assert store.summary(run)["status"] == "cancelled"


def test_a_stuck_loop_is_left_alone_once_its_runs_are_given_up(runner: Runner, store: Store) -> None:
    run = _started(runner, store, "blocks", "blocks_the_loop")
    loop = runner._loop
    assert loop is not None
    looked: list[float] = []
    where = loop.heartbeat._where
    loop.heartbeat._where = lambda ident: (looked.append(time.monotonic()), where(ident))[1]  # type: ignore[method-assign]
    runner.cancel(run)
    assert runner.wait(run, 3)
    assert looked
    time.sleep(0.1)
    looked.clear()
    time.sleep(0.3)
    assert looked == []
