"""The fold, held to the same fixtures as its twin in tests/js/spans.test.js."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.log.events import SPAN_TYPES, STATES
from tracer.log.expand import Whole
from tracer.log.file import read
from tracer.log.spans import Fold

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").glob("*.jsonl"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture(path: Path) -> None:
    fold = Fold.of(map(Whole().line, read(path)))
    fold.lost()  # a fixture without run_end is a run whose writer died
    assert fold.summary() == json.loads(path.with_suffix(".fold.json").read_text())


def test_there_are_fixtures() -> None:
    assert len(FIXTURES) >= 16


Lines = list[dict[str, Any]]


@st.composite
def lines(draw: st.DrawFn) -> Lines:
    """Any lines at all that are shaped like events, in any order, with parents and causes that may not exist."""
    numbers = st.integers(1, 6)
    found: Lines = []
    for _ in range(draw(st.integers(0, 30))):
        span_type = draw(st.sampled_from(SPAN_TYPES))
        phase = draw(st.sampled_from(["start", "start", "stream", "end", "error"]))
        line: dict[str, Any] = {"event": f"on_{span_type}_{phase}", "span": draw(numbers), "t_us": draw(st.integers(0))}
        if phase == "start":
            line |= {"parent": draw(st.none() | numbers), "name": draw(st.text(max_size=3)), "metadata": {}, "tags": []}
        if phase == "error":
            line["data"] = {
                "error": {"type": draw(st.sampled_from(["ValueError", "a.GraphInterrupt", "GeneratorExit"]))}
            }
            if draw(st.booleans()):
                line["cause"] = draw(numbers)
        found.append(line)
    return found


@given(lines(), st.sampled_from(["ok", "error", "cancelled", None]))
def test_every_span_of_an_ended_run_is_in_a_final_state(found: Lines, status: str | None) -> None:
    fold = Fold.of([*found, {"event": "run_end", "status": status}] if status else found)
    fold.lost()
    for span in fold.spans:
        assert span.state in STATES
        assert span.state != "running"
        assert span.end_us is not None
        assert span.end_us >= span.start_us
        assert not span.recovered or span.state == "ok"
    assert fold.status == (status or "lost")


@given(lines(), st.integers(0, 30))
def test_a_final_state_never_changes(found: Lines, cut: int) -> None:
    fold = Fold.of(found[:cut])
    before = {span.span: span.state for span in fold.spans if span.state != "running"}
    for line in found[cut:]:
        fold.add(line)
    assert {number: fold.span(number).state for number in before} == before  # type: ignore[union-attr]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "event": st.sampled_from(
                    ["run_start", "run_end", "bad_line", "on_chain_start", "on_llm_end", "on_tool_error"]
                )
            },
            optional={
                key: _JSON for key in ("span", "parent", "t_us", "seq", "data", "cause", "status", "error", "name")
            },
        ),
        max_size=12,
    )
)
def test_takes_any_values_in_any_field(found: Lines) -> None:
    fold = Fold.of(found)
    fold.lost()
    assert fold.lines == len(found)
    fold.summary()
