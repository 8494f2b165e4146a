"""`expand(compact(x)) == x` for the events that LangChain can send."""

from __future__ import annotations

import tracemalloc
from collections import deque
from collections.abc import Iterator
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tracer.log.compact import Compactor, expand, values
from tracer.log.events import SPAN_TYPES
from tracer.log.expand import Whole

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def streams(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Events of a tree of spans; some spans share a run id, some parents' starts are not sent."""
    events: list[dict[str, Any]] = []
    open_: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 20))):
        action = draw(st.sampled_from(["start", "stream", "end", "error", "custom"])) if open_ else "start"
        if action == "start":
            parent = draw(st.sampled_from([*open_, None]))
            ancestors = [*parent["parent_ids"], parent["run_id"]] if parent else draw(st.sampled_from([[], ["unseen"]]))
            # A run id is used again only once the span that had it has ended.
            ended = [e["run_id"] for e in events if e["run_id"] not in {o["run_id"] for o in open_}]
            run_id = draw(st.sampled_from([f"run-{number}", *ended])) if not ancestors else f"run-{number}"
            span = {
                "type": draw(st.sampled_from(SPAN_TYPES)),
                "run_id": run_id,
                "name": draw(st.text(max_size=4)),
                "tags": draw(st.lists(st.text(max_size=3), max_size=2)),
                "metadata": draw(st.dictionaries(st.text(max_size=3), _JSON, max_size=2)),
                "parent_ids": ancestors,
            }
            open_.append(span)
        else:
            span = draw(st.sampled_from(open_))
            if action in ("end", "error"):
                open_.remove(span)
        constants = {key: span[key] for key in ("run_id", "name", "tags", "metadata", "parent_ids")}
        if action == "custom":
            event = {"event": "on_custom_event", **constants, "name": "progress", "data": draw(_JSON)}
        else:
            data = draw(st.dictionaries(st.sampled_from(["input", "chunk", "output"]), _JSON, max_size=2))
            event = {"event": f"on_{span['type']}_{action}", **constants, "data": data}
        events.append(event)
    return events


@given(streams())
def test_expand_undoes_compact(events: list[dict[str, Any]]) -> None:
    compactor = Compactor()
    lines = [{"event": "run_start"}, *(compactor.line(event) for event in events), {"event": "run_end"}]
    assert list(expand(iter(lines))) == events
    starts = [line["span"] for line in lines if line["event"].endswith("_start") and "span" in line]
    assert starts == list(range(1, compactor.spans + 1))


def test_an_event_without_its_start_keeps_everything() -> None:
    event = {
        "event": "on_chat_model_stream",
        "run_id": "m",
        "name": "ChatOpenAI",
        "parent_ids": ["root"],
        "tags": ["t"],
        "metadata": {"k": 1},
        "data": {"chunk": "x"},
    }
    line = Compactor().line(event)
    assert "span" not in line
    assert list(expand(iter([line]))) == [event]


def test_constants_stand_on_the_start_line_only() -> None:
    compactor = Compactor()
    about = {"run_id": "a", "name": "c", "parent_ids": [], "tags": [], "metadata": {}}
    compactor.line({"event": "on_chain_start", **about, "data": {}})
    line = compactor.line({"event": "on_chain_stream", **about, "data": {"chunk": 1}})
    assert line == {"event": "on_chain_stream", "span": 1, "data": {"chunk": 1}}


def test_what_was_made_and_not_written_is_not_referred_to() -> None:
    first, second = ({"input": text * 20} for text in ("the first ", "the second "))
    compactor = Compactor()

    def said(seq: int, data: dict[str, Any]) -> bytes:
        return compactor.raw(seq, 100 * seq, {"event": "on_custom_event"}, values(data))

    said(1, first)  # and then Ctrl-C
    raws = [said(1, second), said(2, first), said(3, first)]
    whole = Whole()
    found = [whole.line(orjson.loads(b'{"seq":%d%b' % (seq, raw))) for seq, raw in enumerate(raws, 1)]
    assert [line["data"] for line in found] == [second, first, first]
    assert b'"same"' in raws[2]


def test_a_log_of_spans_inside_each_other_takes_memory_as_its_length() -> None:
    def starts() -> Iterator[dict[str, Any]]:
        for span in range(1, 1_501):
            yield {"event": "on_chain_start", "span": span, "parent": span - 1, "run_id": f"r{span}", "data": {}}

    tracemalloc.start()
    try:
        last = deque(expand(starts()), maxlen=1)[0]
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert (len(last["parent_ids"]), last["parent_ids"][-1]) == (1_000, "r1499")
