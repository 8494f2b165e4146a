"""LangGraph in the runner: what nodes write, interrupts, and runs that answer them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

import tracer
from tests.capture import chains as small
from tracer.capture.graph import wants_thread
from tracer.log.store import RunNotFound, Store
from tracer.run.chains import Chain, Chains
from tracer.run.describe import configurable
from tracer.run.runner import Runner


class State(TypedDict):
    text: str


def draft(state: State) -> dict[str, str]:
    get_stream_writer()({"progress": 0.5})
    return {"text": state["text"] + "!"}


def ask(state: State) -> dict[str, str]:
    return {"text": interrupt({"question": "send it?"}) + " " + state["text"]}


def graph() -> Any:
    made = StateGraph(State)
    made.add_node("draft", draft)
    made.add_node("ask", ask)
    made.add_edge(START, "draft")
    made.add_edge("draft", "ask")
    made.add_edge("ask", END)
    return made.compile(checkpointer=InMemorySaver())


CONFIG = {"configurable": {"thread_id": "t1"}}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def runner(store: Store) -> Iterator[Runner]:
    runner = Runner(store, Chains([Chain("m:g", "g", "", graph()), Chain("m:s", "s", "", small.sequence())]))
    yield runner
    runner.close(1)


@pytest.mark.parametrize("mode", ["stream", "invoke"])
def test_an_interrupt_is_answered_by_a_run_that_continues(mode: str, runner: Runner, store: Store) -> None:
    first = runner.start("m:g", {"text": "hi"}, CONFIG, mode)
    assert runner.wait(first, 5)
    footer = store.footer(first)
    assert footer is not None
    assert footer["status"] == "interrupted"
    assert footer["interrupts"][0]["value"]["value"] == {"question": "send it?"}
    states = {span.name: span.state for span in tracer.load(store.path(first)).spans}
    assert states == {"LangGraph": "interrupted", "draft": "ok", "ask": "interrupted"}

    second = runner.resume(first, "yes")
    assert runner.wait(second, 5)
    got = tracer.load(store.path(second))
    assert got.status == "ok"
    assert got.events[-1]["data"]["output"] == {"text": "yes hi!"}
    header = store.header(second)
    assert (header["continues"], header["mode"], header["config"]["configurable"]) == (first, mode, {"thread_id": "t1"})


def test_a_thread_is_offered_and_a_new_one_taken_where_none_is_named(runner: Runner, store: Store) -> None:
    made = graph()
    offered = configurable(made)
    assert offered is not None
    assert list(offered["properties"]) == ["thread_id"]
    for bound in (made.with_config(configurable={"thread_id": "mine"}), small.sequence()):
        assert configurable(bound) is None
        assert not wants_thread(bound)
    assert wants_thread(made.with_config(tags=["t"]))
    run = runner.start("m:g", {"text": "hi"})
    assert runner.wait(run, 5)
    assert store.header(run)["config"]["configurable"] == {"thread_id": run}
    second = runner.resume(run, "yes")
    assert runner.wait(second, 5)
    assert store.summary(second)["status"] == "ok"
    assert (store.summary(second)["continues"], store.summary(second)["input"]) == (run, "yes")
    assert store.summary(run)["continues"] is None
    plain = runner.start("m:s", {"q": "?"})
    assert runner.wait(plain, 5)
    assert "configurable" not in store.header(plain)["config"]


def test_only_an_interrupted_run_can_be_answered(runner: Runner) -> None:
    run = runner.start("m:s", {"q": "?"})
    assert runner.wait(run, 5)
    with pytest.raises(ValueError, match="is ok; only an interrupted one"):
        runner.resume(run, "yes")
    with pytest.raises(RunNotFound):
        runner.resume("nope", "yes")


def test_what_nodes_write_is_recorded_and_chunks_are_as_ever(runner: Runner, store: Store) -> None:
    run = runner.start("m:g", {"text": "hi"}, CONFIG)
    assert runner.wait(run, 5)
    lines = tracer.load(store.path(run)).lines
    written = [line for line in lines if line["event"] == "on_custom_event"]
    assert [(line["name"], line["data"]) for line in written] == [("stream_writer", {"progress": 0.5})]
    chunks = [line["data"]["chunk"] for line in lines if line["event"] == "on_chain_stream" and line["span"] == 1]
    assert chunks[0] == {"draft": {"text": "hi!"}}
    assert list(chunks[1]) == ["__interrupt__"]
