"""`tracer.handler`: the log of code that calls the chain itself."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, RunnableParallel

import tracer
from tests.capture import chains
from tests.chains.functions import TWICE, one_run_id_twice, one_run_id_twice_at_once
from tracer.capture.handler import RunHandler
from tracer.capture.record import header, record_invoke
from tracer.capture.tap import Tap
from tracer.log.writer import Writer

INPUT = {"q": "why?"}


def logs(folder: Path) -> list[tracer.Run]:
    return [tracer.load(path) for path in sorted(folder.glob("*.jsonl"))]


def keeps_nothing(handler: RunHandler) -> bool:
    return not handler._open and not handler._newest


def names(run: tracer.Run) -> list[tuple[str, str]]:
    return [(span.name, span.state) for span in run.spans]


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "batch"])
def test_every_way_of_calling_is_recorded(way: str, tmp_path: Path) -> None:
    config: RunnableConfig = {"callbacks": [tracer.handler(tmp_path / "run.jsonl")], "tags": ["mine"]}
    chain = chains.sequence()
    if way == "invoke":
        chain.invoke(INPUT, config)
    elif way == "ainvoke":
        asyncio.run(chain.ainvoke(INPUT, config))
    elif way == "stream":
        assert "".join(chain.stream(INPUT, config)) == "hello big world"
    else:
        chain.batch([INPUT, INPUT], config)
    found = logs(tmp_path)
    assert len(found) == (2 if way == "batch" else 1)
    for run in found:
        assert (run.status, run.lines[0]["mode"], run.lines[-1]["event"]) == ("ok", "invoke", "run_end")
        assert {state for _, state in names(run)} == {"ok"}
        assert run.spans[0].tags == ["mine"]
        # A stream's input is whole only in the end.
        first, last = run.events[0]["data"], run.events[-1]["data"]
        assert (first if way != "stream" else last)["input"] == INPUT
        assert "input" not in (last if way != "stream" else first)


@pytest.mark.parametrize("name", [*chains.SEQUENTIAL, "parallel"])
def test_the_same_states_as_with_the_stream(name: str, tmp_path: Path) -> None:
    """But for what streaming itself changes, an invoked chain has the spans, states and causes of a streamed one."""
    make = {**chains.SEQUENTIAL, **chains.CONCURRENT}[name]

    async def both() -> None:
        for call in (
            lambda: make().ainvoke(INPUT, {"callbacks": [tracer.handler(tmp_path / "a.jsonl")]}),
            lambda: _drain(make(), tmp_path / "b.jsonl"),
        ):
            try:
                await call()
            except (Exception, asyncio.CancelledError):
                continue

    asyncio.run(both())
    invoked, streamed = logs(tmp_path)
    assert invoked.status == streamed.status

    def shape(run: tracer.Run) -> Counter[tuple[Any, ...]]:
        by_number = {span.span: span.name for span in run.spans}
        return Counter((s.type, s.name, s.state, s.recovered, by_number.get(s.cause or 0)) for s in run.spans)

    assert shape(invoked) == shape(streamed)


async def _drain(chain: Runnable[Any, Any], path: Path) -> None:
    async for _ in tracer.astream_events(chain, INPUT, path=path):
        pass


def test_errors_reach_the_caller_and_the_log(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="this step fails"):
        chains.fails_deep().invoke(INPUT, {"callbacks": [tracer.handler(tmp_path / "run.jsonl")]})
    (run,) = logs(tmp_path)
    assert run.status == "error"
    assert run.error is not None
    assert run.error["type"] == "ValueError"
    assert [state for _, state in names(run)].count("error") == 1


def test_on_one_inner_step(tmp_path: Path) -> None:
    inner = chains.sequence().with_config(callbacks=[tracer.handler(tmp_path / "run.jsonl")])
    (RunnableLambda(lambda x: x, name="outside") | inner).invoke(INPUT)
    (run,) = logs(tmp_path)
    assert "outside" not in dict(names(run))
    assert run.events[0]["parent_ids"] == []


def test_shared_by_concurrent_runs(tmp_path: Path) -> None:
    shared = tracer.handler(tmp_path)

    def call(number: int) -> None:
        chains.sequence().invoke({"q": str(number)}, {"callbacks": [shared]})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(24)))
    found = logs(tmp_path)
    assert sorted(int(run.lines[0]["input"]["q"]) for run in found) == list(range(24))
    assert {run.status for run in found} == {"ok"}
    assert {len(run.spans) for run in found} == {4}
    assert keeps_nothing(shared)


def test_a_log_that_cannot_be_opened_is_told_and_the_chain_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refused = tracer.handler(tmp_path / "no" / "run.jsonl")
    with caplog.at_level(logging.ERROR, "tracer"):
        for _ in range(3):
            assert chains.sequence().invoke(INPUT, {"callbacks": [refused]}) == "hello big world"
    assert caplog.text.count("is not recorded") == 3  # once a run
    assert keeps_nothing(refused)


def test_a_path_that_ends_with_a_slash_is_a_folder(tmp_path: Path) -> None:
    config: RunnableConfig = {"callbacks": [tracer.handler(f"{tmp_path}/new/")]}
    chains.sequence().batch([INPUT, INPUT], config)
    assert [run.status for run in logs(tmp_path / "new")] == ["ok", "ok"]


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text("mine\n")
    chains.sequence().invoke(INPUT, {"callbacks": [tracer.handler(tmp_path / "run.jsonl")]})
    assert (tmp_path / "run.jsonl").read_text() == "mine\n"
    assert tracer.load(tmp_path / "run-2.jsonl").status == "ok"


def test_the_next_free_number_is_found_at_once(tmp_path: Path) -> None:
    for number in range(2, 2000):
        (tmp_path / f"run-{number}.jsonl").touch()
    (tmp_path / "run.jsonl").touch()
    began = time.process_time()
    for _ in range(50):
        RunnableLambda(str).invoke(1, {"callbacks": [tracer.handler(tmp_path / "run.jsonl")]})
    assert time.process_time() - began < 2
    assert {tracer.load(tmp_path / f"run-{number}.jsonl").status for number in range(2000, 2050)} == {"ok"}


def test_runs_that_start_at_once_take_different_numbers(tmp_path: Path) -> None:
    shared = tracer.handler(tmp_path / "run.jsonl")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: RunnableLambda(str).invoke(n, {"callbacks": [shared]}), range(24)))
    assert sorted(run.lines[0]["input"] for run in logs(tmp_path)) == list(range(24))


def slowly(value: Any) -> Any:
    time.sleep(0.02)
    return value


def fails(value: Any) -> Any:
    raise ZeroDivisionError


def bound(function: Any, name: str) -> Runnable[Any, Any]:
    return RunnableLambda(function, name=name).with_config(run_id=TWICE)


def one_run_id_in_threads() -> Runnable[Any, Any]:
    return RunnableParallel(a=bound(slowly, "a"), b=bound(slowly, "b"))


def the_childs_is_the_roots() -> Runnable[Any, Any]:
    def outer(value: Any) -> Any:
        return RunnableLambda(str, name="inner").invoke(value)

    return (bound(outer, "child") | RunnableLambda(str, name="last")).with_config(run_id=TWICE)


def the_childs_is_the_roots_which_fails() -> Runnable[Any, Any]:
    return (bound(str, "child") | RunnableLambda(fails)).with_config(run_id=TWICE)


SAME_RUN_ID: list[tuple[Any, str, list[tuple[str, str, str | None]]]] = [
    (
        one_run_id_twice,
        "ok",
        [
            ("RunnableSequence", "ok", None),
            ("first", "ok", "RunnableSequence"),
            ("second", "ok", "RunnableSequence"),
        ],
    ),
    (
        one_run_id_twice_at_once,
        "ok",
        [
            ("RunnableParallel<a,b>", "ok", None),
            ("slow", "ok", "RunnableParallel<a,b>"),
            ("slow", "ok", "RunnableParallel<a,b>"),
        ],
    ),
    (
        one_run_id_in_threads,
        "ok",
        [
            ("RunnableParallel<a,b>", "ok", None),
            ("a", "ok", "RunnableParallel<a,b>"),
            ("b", "ok", "RunnableParallel<a,b>"),
        ],
    ),
    (
        the_childs_is_the_roots,
        "ok",
        [
            ("RunnableSequence", "ok", None),
            ("child", "ok", "RunnableSequence"),
            ("inner", "ok", "child"),
            ("last", "ok", "RunnableSequence"),
        ],
    ),
    (
        the_childs_is_the_roots_which_fails,
        "error",
        [
            ("RunnableSequence", "propagated", None),
            ("child", "ok", "RunnableSequence"),
            ("fails", "error", "RunnableSequence"),
        ],
    ),
]


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "run"])
@pytest.mark.parametrize(("make", "status", "spans"), SAME_RUN_ID, ids=lambda value: getattr(value, "__name__", ""))
def test_a_run_id_comes_again(
    way: str, make: Any, status: str, spans: list[tuple[str, str, str | None]], tmp_path: Path
) -> None:
    chain, path = make(), tmp_path / "run.jsonl"
    shared = tracer.handler(path)
    try:
        if way == "run":
            asyncio.run(
                record_invoke(chain, "x", None, Tap(Writer(path, header("run", "chain", "x", None, "invoke")), "x"))
            )
        elif way == "ainvoke" or make is one_run_id_twice_at_once:
            asyncio.run(chain.ainvoke("x", {"callbacks": [shared]}))
        else:
            chain.invoke("x", {"callbacks": [shared]})
    except ZeroDivisionError:
        assert status == "error"
    (run,) = logs(tmp_path)
    by_number = {span.span: span.name for span in run.spans}
    assert run.status == status
    assert sorted((s.name, s.state, by_number.get(s.parent or 0)) for s in run.spans) == sorted(spans, key=str)
    assert keeps_nothing(shared)


def test_one_run_id_in_two_runs_at_once(tmp_path: Path) -> None:
    """Of two open spans with one run id an end belongs to the one below the parent that LangChain names."""
    shared = tracer.handler(tmp_path)
    both = threading.Barrier(2)

    def step(value: int) -> int:
        both.wait(10)
        time.sleep(0.02 * value)
        return value

    chain = RunnableLambda(lambda value: value) | bound(step, "step")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda n: chain.invoke(n, {"callbacks": [shared]}), range(2)))
    for run in logs(tmp_path):
        assert {state for _, state in names(run)} == {"ok"}
        (output,) = (
            event["data"]["output"] for event in run.events if event["name"] == "step" and "output" in event["data"]
        )
        assert output == run.lines[0]["input"]
    assert keeps_nothing(shared)


def test_what_starts_below_an_ended_run_makes_no_log(tmp_path: Path) -> None:
    shared = tracer.handler(tmp_path)
    done = threading.Event()
    threads = []

    def late(config: RunnableConfig) -> None:
        done.wait(10)
        chains.sequence().invoke(INPUT, config)

    def outer(value: Any, config: RunnableConfig) -> Any:
        threads.append(threading.Thread(target=late, args=(config,)))
        threads[0].start()
        return value

    RunnableLambda(outer).invoke(1, {"callbacks": [shared]})
    done.set()
    threads[0].join(10)
    (run,) = logs(tmp_path)
    assert names(run) == [("outer", "ok")]
    assert keeps_nothing(shared)


def test_a_value_that_calls_a_chain_when_it_is_shown(tmp_path: Path) -> None:
    shared = tracer.handler(tmp_path)

    class Lazy:
        def __repr__(self) -> str:
            return RunnableLambda(str, name="shown").invoke("q", {"callbacks": [shared]})

    thread = threading.Thread(
        target=lambda: RunnableLambda(lambda value: 1, name="outer").invoke(Lazy(), {"callbacks": [shared]}),
        daemon=True,
    )
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert ("outer", "ok") in [span for run in logs(tmp_path) for span in names(run)]
