from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import Runnable, RunnableLambda

import tracer
from tests.capture import chains as small
from tracer.log.store import Store, new_run_id
from tracer.log.writer import Writer
from tracer.run.chains import Chain, Chains
from tracer.run.runner import Runner


async def blocks(value: Any) -> Any:
    time.sleep(value["block"])  # noqa: ASYNC251  # blocking its own loop is what this chain is for
    return value


def _deep(levels: int, seconds: float) -> None:
    if levels:
        _deep(levels - 1, seconds)
    else:
        time.sleep(seconds)


async def blocks_deep_down(value: Any) -> Any:
    _deep(400, value["block"])
    return value


async def works(value: Any) -> Any:
    for _ in range(4):
        time.sleep(0.04)  # noqa: ASYNC251  # as a step does that computes
        await asyncio.sleep(0)
    return value


async def swallows(value: Any) -> Any:
    until = time.monotonic() + value["block"]
    while (left := until - time.monotonic()) > 0:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(left)


def in_a_thread(value: Any) -> Any:
    time.sleep(value["block"])
    return value


RUNNABLES: dict[str, Runnable[Any, Any]] = {
    "sequence": small.sequence(),
    "fails": small.fails_in_the_end(),
    "waits": small.waits(),
    "cancels_itself": small.cancels_itself(),
    "blocks": RunnableLambda(blocks),
    "blocks_deep_down": RunnableLambda(blocks_deep_down),
    "works": RunnableLambda(works),
    "swallows": RunnableLambda(swallows),
    "in_a_thread": RunnableLambda(in_a_thread) | RunnableLambda(small.slow),
    "says_where": RunnableLambda(lambda _: threading.current_thread().name) | RunnableLambda(small.slow),
}
INPUT = {"q": "why?", "block": 0.3}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def runner(store: Store) -> Iterator[Runner]:
    chains = Chains([Chain(f"m:{name}", name, "", runnable) for name, runnable in RUNNABLES.items()])
    runner = Runner(store, chains)
    yield runner
    runner.close(0.2)


def _status(store: Store, run: str) -> tuple[str, dict[str, str]]:
    got = tracer.load(store.path(run))
    return got.status, {span.name: span.state for span in got.spans}


@pytest.mark.parametrize(("name", "status"), [("sequence", "ok"), ("fails", "error"), ("cancels_itself", "cancelled")])
def test_a_run_is_written_to_its_end(name: str, status: str, runner: Runner, store: Store) -> None:
    run = runner.start(f"m:{name}", INPUT, {"tags": ["t"], "metadata": {"user": "me"}})
    assert runner.wait(run, 5)
    assert not runner.owns(run)
    header = store.header(run)
    assert (header["run"], header["chain"], header["input"]) == (run, f"m:{name}", INPUT)
    assert header["config"] == {"tags": ["t"], "metadata": {"user": "me"}}
    assert store.summary(run)["status"] == status
    root = tracer.load(store.path(run)).spans[0]
    assert (root.tags, root.metadata) == (["t"], {"user": "me"})


def test_the_start_is_on_disk_at_once_though_the_loop_is_blocked(runner: Runner, store: Store) -> None:
    first = runner.start("m:blocks", INPUT)
    second = runner.start("m:sequence", INPUT)
    assert store.header(second)["event"] == "run_start"
    assert runner.wait(first, 5)
    assert runner.wait(second, 5)
    assert store.summary(second)["status"] == "ok"


def test_cancel_reaches_async_work(runner: Runner, store: Store) -> None:
    run = runner.start("m:waits", INPUT)
    deadline = time.monotonic() + 5
    while not any(span.name == "for_ever" for span in tracer.load(store.path(run)).spans):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert runner.cancel(run)
    assert runner.wait(run, 1)
    status, states = _status(store, run)
    assert status == "cancelled"
    assert states["for_ever"] == states["RunnableSequence"] == "cancelled"
    assert states["ChatPromptTemplate"] == "ok"
    assert store.footer(run)["reason"] == "stopped"  # type: ignore[index]
    assert not runner.cancel(run)


def test_cancel_before_the_first_event(runner: Runner, store: Store) -> None:
    blocks = runner.start("m:blocks", INPUT)
    while not tracer.load(store.path(blocks)).spans:
        time.sleep(0.01)
    time.sleep(0.05)  # now it has the loop
    run = runner.start("m:sequence", INPUT)
    assert runner.cancel(run)
    assert runner.wait(run, 5)
    assert _status(store, run) == ("cancelled", {})


def test_a_failing_run_does_not_disturb_another(runner: Runner, store: Store) -> None:
    runs = [runner.start(f"m:{name}", INPUT) for name in ("fails", "sequence", "fails", "sequence")]
    assert all(runner.wait(run, 5) for run in runs)
    assert [store.summary(run)["status"] for run in runs] == ["error", "ok", "error", "ok"]


@pytest.mark.parametrize("name", ["waits", "blocks", "swallows", "in_a_thread"])
def test_close_ends_every_log_in_time(name: str, runner: Runner, store: Store) -> None:
    run = runner.start(f"m:{name}", {"q": "", "block": 1.5})
    time.sleep(0.1)
    began = time.monotonic()
    runner.close(0.5)
    assert time.monotonic() - began < 2
    assert _status(store, run)[0] == "cancelled"
    assert store.footer(run)["reason"] == "server_stopped"  # type: ignore[index]


def test_chains_run_in_a_thread_of_their_own(runner: Runner, store: Store) -> None:
    run = runner.start("m:says_where", INPUT)
    assert runner.wait(run, 5)
    output = tracer.load(store.path(run)).events[-1]["data"]["output"]
    assert output == "tracer-sync"


def test_a_run_can_be_written_to_a_path_of_ones_own(runner: Runner, tmp_path: Path) -> None:
    run = runner.start("m:sequence", INPUT, path=tmp_path / "mine.jsonl")
    assert runner.wait(run, 5)
    assert tracer.load(tmp_path / "mine.jsonl").status == "ok"


def test_a_loop_that_is_only_busy_keeps_its_runs(runner: Runner) -> None:
    first = runner.start("m:works", INPUT)
    loop = runner._loop
    runs = [first, *(runner.start("m:works", INPUT) for _ in range(5))]
    time.sleep(0.1)
    late = [runner.start("m:works", INPUT) for _ in range(2)]
    for run in runs + late:
        assert runner.wait(run, 10)
    assert runner._loop is loop


@pytest.mark.parametrize("name", ["blocks", "blocks_deep_down"])
def test_a_run_behind_a_step_that_blocks_gets_a_fresh_loop(name: str, runner: Runner) -> None:
    blocked = runner.start(f"m:{name}", {"block": 1.5})
    loop = runner._loop
    time.sleep(0.1)
    behind = runner.start("m:sequence", INPUT)
    assert runner.wait(behind, 1)
    assert runner.owns(blocked)
    assert runner._loop is not loop


def test_an_unknown_chain(runner: Runner) -> None:
    with pytest.raises(KeyError):
        runner.start("m:nope", INPUT)


def test_a_slow_disk_does_not_freeze_the_other_runs(
    runner: Runner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    end, slow = Writer.end, threading.Event()

    def slowly(self: Writer, footer: Any, timeout: float = 2.0) -> None:
        if self.path.stem == first:
            slow.wait(5)
        end(self, footer, timeout)

    first = ""
    monkeypatch.setattr(Writer, "end", slowly)
    beside = runner.start("m:waits", INPUT)
    first = runner.start("m:sequence", INPUT)
    assert not runner.wait(first, 0.5)
    loop = runner._loop
    assert loop is not None
    assert loop.answers(2)
    second = runner.start("m:sequence", INPUT)
    assert runner.wait(second, 3)
    assert runner._loop is loop
    assert store.footer(first) is None
    assert runner.owns(first)
    slow.set()
    assert runner.wait(first, 3)
    assert store.footer(first) is not None
    runner.cancel(beside)
    assert runner.wait(beside, 3)


def test_a_run_ends_though_its_log_cannot(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Writer, footer: Any, timeout: float = 2.0) -> None:
        raise RuntimeError("no")

    seen: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args.exc_value))
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "end", fail)
        run = runner.start("m:sequence", INPUT)
        assert runner.wait(run, 3)
    assert not runner.owns(run)


def _interrupted(store: Store, run: str, config: dict[str, Any]) -> str:
    """A run in the log that asks something."""
    writer = store.create({"run": run, "chain": "m:sequence", "mode": "stream", "input": INPUT, "config": config})
    writer.end({"status": "interrupted", "spans": 0, "interrupts": []})
    return run


def test_a_run_is_answered_once(runner: Runner, store: Store) -> None:
    asked, other = (_interrupted(store, new_run_id(), {"tags": ["t"]}) for _ in range(2))
    answers = []

    def answer() -> None:
        try:
            answers.append(runner.resume(asked, "yes"))
        except ValueError as error:
            answers.append(str(error))

    threads = [threading.Thread(target=answer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    (run,) = [answer for answer in answers if "answered" not in answer]
    assert {answer for answer in answers if answer != run} == {f"run {asked} has been answered already, by run {run}"}
    assert runner.wait(run, 5)
    assert store.header(run)["continues"] == asked
    assert runner.wait(runner.resume(other, "yes"), 5)
    store.delete(run)
    assert runner.wait(runner.resume(asked, "yes"), 5)


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"configurable": {"thread_id": {"$tracer": "repr", "repr": "<t>"}}}, "config.configurable.thread_id"),
        ({"metadata": {"a": [1, {"$tracer": "nan"}]}}, "config.metadata.a.1"),
    ],
)
def test_a_config_that_the_log_only_describes_is_refused(
    config: dict[str, Any], place: str, runner: Runner, store: Store
) -> None:
    run = _interrupted(store, new_run_id(), config)
    with pytest.raises(ValueError, match=f"only describes the value of {place}"):
        runner.resume(run, "yes")
    assert store.total() == 1


def test_of_another_kind_of_loop_it_is_only_seen_whether_it_is_in_a_step(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = runner.start("m:blocks", {"block": 0.5})
    loop = runner._loop
    assert loop is not None
    time.sleep(0.2)
    assert isinstance(loop.step(), asyncio.Handle)
    as_it_is = asyncio.Handle._run
    # As under uvloop, whose steps have no frame of their own.
    monkeypatch.setattr(asyncio.Handle, "_run", lambda handle: as_it_is(handle))
    assert loop.step() is loop
    monkeypatch.undo()
    assert runner.wait(blocked, 5)
    time.sleep(0.1)
    assert loop.step() is None
