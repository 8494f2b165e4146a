"""Every chain of the corpus: nothing is lost or added but errors, and each span ends in the state that is true."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.capture.encode import encode
from tracer.capture.handler import handler
from tracer.log.events import STATES, span_event

from . import (  # noqa: F401  # each module enters its chains
    data,
    errors,
    functions,
    graphs,
    interrupts,
    lcel,
    models,
    stops,
    tools,
)
from .case import CASES, Case, Turn, told, written
from .parts import Hard

pytestmark = [
    pytest.mark.filterwarnings("ignore::langchain_core._api.deprecation.LangChainDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::langchain_core._api.beta_decorator.LangChainBetaWarning"),
]

SENT_BY_LANGCHAIN = "on_tool_error"


@pytest.fixture(params=list(CASES.values()), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


async def consume(events: AsyncIterator[Any], leave_after: str | None = None) -> list[Any]:
    """The events, whatever they end with."""
    seen = []
    with contextlib.suppress(Exception, asyncio.CancelledError, Hard):
        async with contextlib.aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                seen.append({key: encode(value) for key, value in event.items()})
                if event["event"] == leave_after:
                    break
    return seen


def config_of(case: Case, **more: Any) -> Any:
    return {**case.config, **more}


def record(case: Case, folder: Path) -> list[tracer.Run]:
    async def main() -> None:
        chain = case.make()
        for number, turn in enumerate(case.turns):
            path = folder / f"{number}.jsonl"
            events = tracer.astream_events(chain, copy.deepcopy(turn.input), config_of(case), path=path, **case.filters)
            await consume(events, case.leave_after)

    asyncio.run(main())
    return [tracer.load(folder / f"{number}.jsonl") for number in range(len(case.turns))]


def bare(case: Case) -> list[list[Any]]:
    async def main() -> list[list[Any]]:
        chain = case.make()
        return [
            await consume(
                chain.astream_events(copy.deepcopy(turn.input), config_of(case), version="v2", **case.filters),
                case.leave_after,
            )
            for turn in case.turns
        ]

    return asyncio.run(main())


def invoke(case: Case, turns: tuple[Turn, ...], folder: Path) -> list[tracer.Run]:
    async def main() -> None:
        chain = case.make()
        for turn in turns:
            with contextlib.suppress(Exception, asyncio.CancelledError, Hard):
                config = config_of(case, callbacks=[handler(folder / "run.jsonl")])
                value = copy.deepcopy(turn.input)
                if case.sync:
                    chain.invoke(value, config)
                else:
                    await chain.ainvoke(value, config)

    asyncio.run(main())
    return [tracer.load(path) for path in sorted(folder.glob("*.jsonl"), key=lambda path: path.stat().st_ino)]


def test_streamed(case: Case, tmp_path: Path) -> None:
    runs = record(case, tmp_path)
    for turn, run in zip(case.turns, runs, strict=True):
        tells(turn, run)
    if case.same_as_bare:
        for events, run in zip(bare(case), runs, strict=True):
            sent = [event for event in run.events if not added(event)]
            assert Counter(map(shape, sent)) == Counter(map(shape, events))
            assert [event["event"] for event in run.events[:1]] == [event["event"] for event in events[:1]]
    if not case.filters:
        for turn, run in zip(case.turns, runs, strict=True):
            in_order(turn, run)


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.invoked], ids=lambda case: case.name)
def test_called(case: Case, tmp_path: Path) -> None:
    assert case.invoked is not None
    runs = invoke(case, case.invoked, tmp_path)
    for turn, run in zip(case.invoked, runs, strict=True):
        tells(turn, run)
        in_order(turn, run)


def tells(turn: Turn, run: tracer.Run) -> None:
    """The log is whole and strict, and says what was written down."""
    strict(run.path)
    assert [line["seq"] for line in run.lines] == list(range(len(run.lines)))
    times = [line["t_us"] for line in run.lines]
    assert times == sorted(times)
    assert run.lines[-1]["event"] == "run_end"
    assert run.lines[-1]["spans"] == len(run.spans)
    assert {span.state for span in run.spans} <= set(STATES) - {"running", "lost"}
    assert "\n".join(told(run.spans)) == "\n".join(written(turn.tree))
    assert run.status == turn.status
    states = {span.span: span.state for span in run.spans}
    for span in run.spans:
        assert (span.state == "propagated") <= (span.cause is not None)
        assert (span.state == "error") <= (span.cause is None)
        if span.state == "propagated" and span.cause is not None:
            assert states[span.cause] in ("error", "propagated")
        if span.recovered:
            assert span.state == "ok"
    assert (run.error is not None) == (turn.status == "error")


def strict(path: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in {path}")

    raw = path.read_bytes()
    assert raw.endswith(b"\n")
    for line in raw[:-1].split(b"\n"):
        value = json.loads(line.decode("utf-8"), parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # raises for half a surrogate pair


def in_order(turn: Turn, run: tracer.Run) -> None:
    """What can be relied on in a stream without filters."""
    lines = [line for line in run.lines if line["event"].startswith("on_")]
    if not lines:
        return
    first = lines[0]
    assert first["event"].endswith("_start")
    assert first["parent"] is None
    assert "parent_ids" not in first
    if run.lines[0]["mode"] == "stream":
        assert first["data"]["input"] == encode(turn.input)
    started: set[int] = set()
    ended: set[int] = set()
    for line in lines:
        kind, number = span_event(line["event"]), line["span"]
        if kind and kind[1] == "start":
            assert number == len(started) + 1
            assert line["parent"] is None or line["parent"] in started
            started.add(number)
        else:
            assert number in started
            assert number not in ended
            if kind and kind[1] in ("end", "error"):
                ended.add(number)
    if 1 in ended and run.status == "ok":
        assert lines[-1]["span"] == 1


def added(event: dict[str, Any]) -> bool:
    return str(event["event"]).endswith("_error") and event["event"] != SENT_BY_LANGCHAIN


def shape(event: dict[str, Any]) -> tuple[str, str, int, str]:
    about = _without_ids({key: event[key] for key in ("tags", "metadata", "data")})
    return event["event"], event["name"], len(event["parent_ids"]), json.dumps(about, sort_keys=True)


_RANDOM = re.compile(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b0x[0-9a-f]{6,}\b")
_OWN_TO_A_RUN = ("id", "traceback", "$tracer", "checkpoint_id", "checkpoint_ns", "langgraph_checkpoint_ns", "ns")


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(item) for key, item in value.items() if key not in _OWN_TO_A_RUN}
    if isinstance(value, list):
        return [_without_ids(item) for item in value]
    return _RANDOM.sub("…", value) if isinstance(value, str) else value


@pytest.mark.parametrize("mode", ["streamed", "called"])
def test_of_several_questions_none_is_lost(mode: str, tmp_path: Path) -> None:
    case = CASES["two_ask_at_once"]
    run = (record(case, tmp_path) if mode == "streamed" else invoke(case, case.turns, tmp_path))[0]
    asked = [interrupt["value"]["value"] for interrupt in run.lines[-1]["interrupts"]]
    assert asked == [{"side": "left"}, {"side": "right"}]
