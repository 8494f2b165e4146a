"""The order of lines is the order of what happened, and every error names the right cause."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableConfig

import tracer
from tests.capture import chains
from tracer.capture.encode import encode

INPUT = {"q": "why?"}
ALL = {**chains.SEQUENTIAL, **chains.CONCURRENT}


class Witness(BaseCallbackHandler):
    """Notes each start, end and error at the moment of its callback, independently of ours."""

    run_inline = True

    def __init__(self) -> None:
        self.saw: list[tuple[str, str]] = []

    def on_chat_model_start(self, *args: Any, run_id: UUID, **kwargs: Any) -> None:
        self.saw.append(("start", str(run_id)))

    def _note(phase: str) -> Any:  # type: ignore[misc]
        def note(self: Witness, *args: Any, run_id: UUID, **kwargs: Any) -> None:
            self.saw.append((phase, str(run_id)))

        return note

    on_chain_start = on_retriever_start = on_tool_start = on_llm_start = _note("start")
    on_chain_end = on_retriever_end = on_tool_end = on_llm_end = _note("end")
    on_chain_error = on_retriever_error = on_tool_error = on_llm_error = _note("error")


def run(name: str, path: Path, witness: Witness | None = None) -> tracer.Run:
    async def main() -> None:
        config: RunnableConfig | None = {"callbacks": [witness]} if witness else None
        with contextlib.suppress(Exception):
            async for _ in tracer.astream_events(ALL[name](), INPUT, config, path=path):
                pass

    asyncio.run(main())
    return tracer.load(path)


def phases(run: tracer.Run) -> list[tuple[str, str]]:
    """(phase, run id) of each start, end and error line, in the order of the lines."""
    ids = {span.span: span.run_id for span in run.spans}
    found = []
    for line in run.lines:
        phase = line["event"].rpartition("_")[2]
        if "span" in line and phase in ("start", "end", "error"):
            found.append((phase, ids[line["span"]]))
    return found


@pytest.mark.parametrize("name", chains.SEQUENTIAL)
def test_lines_stand_in_the_order_of_the_callbacks(name: str, tmp_path: Path) -> None:
    witness = Witness()
    got = run(name, tmp_path / "run.jsonl", witness)
    assert phases(got) == witness.saw
    assert len(witness.saw) >= 4


@pytest.mark.parametrize("name", chains.CONCURRENT)
def test_each_branch_stands_in_its_own_order(name: str, tmp_path: Path) -> None:
    witness = Witness()
    got = run(name, tmp_path / "run.jsonl", witness)
    parents = {span.run_id: span.parent for span in got.spans}
    for branch in got.spans:
        if branch.parent == 1:
            mine = {s.run_id for s in got.spans if s.span == branch.span or parents[s.run_id] == branch.span}
            ours = [p for p in phases(got) if p[1] in mine]
            # A branch that is left behind is told so only when the loop closes, long after the run.
            assert ours == [p for p in witness.saw if p[1] in mine][: len(ours)]
    assert len(witness.saw) - len(phases(got)) == (1 if name == "parallel_one_fails" else 0)


@pytest.mark.parametrize("name", ALL)
def test_times_never_decrease_and_seq_has_no_gap(name: str, tmp_path: Path) -> None:
    lines = run(name, tmp_path / "run.jsonl").lines
    times = [line["t_us"] for line in lines]
    assert times == sorted(times)
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert lines[-1]["event"] == "run_end"


@pytest.mark.parametrize("name", ALL)
def test_every_event_is_there_once_and_only_errors_are_added(name: str, tmp_path: Path) -> None:
    async def bare() -> list[dict[str, Any]]:
        events = []
        with contextlib.suppress(Exception):
            async for event in ALL[name]().astream_events(INPUT, version="v2"):
                events.append(encode(dict(event)))
        return events

    def shape(event: dict[str, Any]) -> tuple[str, str, int, str]:
        return event["event"], event["name"], len(event["parent_ids"]), _without_ids(event["data"])

    expected = Counter(shape(event) for event in asyncio.run(bare()))
    got = run(name, tmp_path / "run.jsonl").events
    sent = [event for event in got if not event["event"].endswith("_error") or event["event"] == "on_tool_error"]
    assert Counter(shape(event) for event in sent) == expected


def _without_ids(data: Any) -> str:
    if isinstance(data, dict):
        # An error has the same fields whether it is its span's or only data; only the latter is marked.
        dropped = ("id", "traceback", "$tracer")
        return str({key: _without_ids(value) for key, value in sorted(data.items()) if key not in dropped})
    if isinstance(data, list):
        return str([_without_ids(value) for value in data])
    return str(data)


def story(run: tracer.Run) -> dict[str, tuple[str, str | None]]:
    """Name → (state, name of the cause), for the spans that did not simply end well."""
    names = {span.span: span.name for span in run.spans}
    return {
        span.name: ("recovered" if span.recovered else span.state, names.get(span.cause or 0))
        for span in run.spans
        if span.state != "ok" or span.recovered
    }


STORIES: dict[str, tuple[str, dict[str, tuple[str, str | None]]]] = {
    "sequence": ("ok", {}),
    "fallback": ("ok", {"fail": ("error", None), "RunnableWithFallbacks": ("recovered", None)}),
    "all_fallbacks_fail": (
        "error",
        {
            "fail": ("error", None),
            "fail_late": ("error", None),
            "RunnableWithFallbacks": ("propagated", "fail"),
            "RunnableSequence": ("propagated", "RunnableWithFallbacks"),
        },
    ),
    "fails_in_the_end": ("error", {"fail": ("error", None), "RunnableSequence": ("propagated", "fail")}),
    "raised_from_another": (
        "error",
        {"fail": ("error", None), "wrap": ("propagated", "fail"), "RunnableSequence": ("propagated", "wrap")},
    ),
    "swallowed_beside_tokens": ("ok", {"fail": ("error", None), "swallow": ("recovered", None)}),
    "retriever_fails": ("error", {"Notes": ("error", None), "RunnableSequence": ("propagated", "Notes")}),
    "agent_tool_fails": ("ok", {"agent": ("recovered", None)}),
    "parallel_one_fails": (
        "error",
        {
            "fail_late": ("error", None),
            "slow": ("unfinished", None),
            "RunnableParallel<good,bad>": ("propagated", "fail_late"),
        },
    ),
    "cancels_itself": ("cancelled", {"give_up": ("cancelled", None), "RunnableSequence": ("cancelled", "give_up")}),
    "branch": ("ok", {}),
}


@pytest.mark.parametrize("name", STORIES)
def test_states_and_causes(name: str, tmp_path: Path) -> None:
    got = run(name, tmp_path / "run.jsonl")
    status, expected = STORIES[name]
    seen = story(got)
    if name == "agent_tool_fails":
        # Both calls have the tool's name: the first went well, the second is the error.
        assert [span.state for span in got.spans if span.name == "divide"] == ["ok", "error"]
        seen.pop("divide")
    assert (got.status, seen) == (status, expected)


def test_a_deep_failure_points_down_step_by_step(tmp_path: Path) -> None:
    got = run("fails_deep", tmp_path / "run.jsonl")
    failed = [span for span in got.spans if span.state in ("error", "propagated")]
    assert [span.state for span in failed] == ["propagated"] * (len(failed) - 1) + ["error"]
    for above, below in itertools.pairwise(failed):
        assert (above.cause, below.parent) == (below.span, above.span)


def test_leaving_the_loop_records_cancelled(tmp_path: Path) -> None:
    async def main() -> None:
        events = tracer.astream_events(chains.waits(), INPUT, path=tmp_path / "run.jsonl")
        async with contextlib.aclosing(events) as stream:
            async for event in stream:
                if event["event"] == "on_chat_model_end":
                    break

    asyncio.run(main())
    got = tracer.load(tmp_path / "run.jsonl")
    assert got.status == "cancelled"
    assert got.lines[-1]["reason"] == "consumer"
    assert {span.state for span in got.spans} == {"ok", "cancelled"}


def test_yields_langchains_own_events_and_raises_its_error(tmp_path: Path) -> None:
    async def main() -> list[Any]:
        return [event async for event in tracer.astream_events(chains.sequence(), INPUT, path=tmp_path)]

    events = asyncio.run(main())
    assert type(events[0]["data"]["input"]) is dict
    assert any(type(event["data"].get("chunk")).__name__ == "AIMessageChunk" for event in events)

    async def fails() -> None:
        async for _ in tracer.astream_events(chains.fails_in_the_end(), INPUT, path=tmp_path):
            pass

    with pytest.raises(ValueError, match="this step fails"):
        asyncio.run(fails())
    assert len(list(tmp_path.glob("*.jsonl"))) == 2


def test_a_file_that_holds_a_run_is_left_alone(tmp_path: Path) -> None:
    run("sequence", tmp_path / "run.jsonl")
    before = (tmp_path / "run.jsonl").read_bytes()

    async def again() -> None:
        async for _ in tracer.astream_events(chains.sequence(), INPUT, path=tmp_path / "run.jsonl"):
            pass

    with pytest.raises(FileExistsError, match="already holds a run; give another path"):
        asyncio.run(again())
    assert (tmp_path / "run.jsonl").read_bytes() == before


def test_only_version_2(tmp_path: Path) -> None:
    async def main() -> None:
        async for _ in tracer.astream_events(chains.sequence(), INPUT, path=tmp_path, version="v1"):
            pass

    with pytest.raises(ValueError, match='records "v2" only'):
        asyncio.run(main())


def test_filters_are_langchains(tmp_path: Path) -> None:
    async def main(path: Path | None) -> list[Any]:
        if path is None:
            return [e async for e in chains.sequence().astream_events(INPUT, version="v2", include_types=["parser"])]
        return [e async for e in tracer.astream_events(chains.sequence(), INPUT, path=path, include_types=["parser"])]

    bare, ours = asyncio.run(main(None)), asyncio.run(main(tmp_path / "run.jsonl"))
    assert [e["event"] for e in ours] == [e["event"] for e in bare]
    got = tracer.load(tmp_path / "run.jsonl").events
    assert [e["event"] for e in got] == [e["event"] for e in bare]
    assert all(len(e["parent_ids"]) == 1 for e in got)


def test_the_tap_still_attaches(tmp_path: Path) -> None:
    """The canary: LangChain changed how v2 takes callbacks if this fails, and times are those of receipt."""
    from tracer.capture.record import header
    from tracer.capture.tap import Tap
    from tracer.log.writer import Writer

    tap = Tap(Writer(tmp_path / "run.jsonl", header("r", "c", INPUT, None)), INPUT)

    async def main() -> None:
        config: RunnableConfig = {"callbacks": tap.callbacks(None)}
        async for _ in chains.sequence().astream_events(INPUT, config, version="v2"):
            pass

    asyncio.run(main())
    tap.writer.end({})
    assert tap.attached
    assert tap.dropped == 0


@pytest.mark.parametrize("given", ["list", "manager"])
def test_the_users_own_callbacks_are_still_called(given: str, tmp_path: Path) -> None:
    from langchain_core.callbacks import AsyncCallbackManager

    witness = Witness()
    callbacks: Any = [witness] if given == "list" else AsyncCallbackManager([witness], [witness], tags=["mine"])

    async def main() -> None:
        config: RunnableConfig = {"callbacks": callbacks}
        async for _ in tracer.astream_events(chains.sequence(), INPUT, config, path=tmp_path / "run.jsonl"):
            pass

    asyncio.run(main())
    assert len(witness.saw) == 8


def test_bound_callbacks_do_not_lose_the_tap(tmp_path: Path) -> None:
    witness = Witness()
    bound = chains.sequence().with_config(callbacks=[witness])

    async def main() -> None:
        async for _ in tracer.astream_events(bound, INPUT, path=tmp_path / "run.jsonl"):
            pass

    asyncio.run(main())
    assert len(witness.saw) == 8
    assert tracer.load(tmp_path / "run.jsonl").status == "ok"


def test_where_a_run_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def record(path: str | None) -> None:
        async def main() -> None:
            async for _ in tracer.astream_events(chains.sequence(), INPUT, path=path):
                pass

        asyncio.run(main())

    record(None)
    record("new/")
    monkeypatch.setenv("TRACER_DIR", "elsewhere")
    record(None)
    record("file.jsonl")
    assert {folder: len(list(Path(folder).glob("*.jsonl"))) for folder in ("runs", "new", "elsewhere", ".")} == {
        "runs": 1,
        "new": 1,
        "elsewhere": 1,
        ".": 1,
    }
