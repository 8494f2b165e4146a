"""What the terminal shows, piece by piece."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer import live, terminal
from tracer.log.spans import Fold


@pytest.mark.parametrize(
    ("us", "shown"),
    [
        (0, "0.0 ms"),
        (812, "0.8 ms"),
        (123_456, "123 ms"),
        (999_499, "999 ms"),
        (1_234_000, "1.23 s"),
        (63_000_000, "1 min 03 s"),
        (3_600_000_000, "60 min 00 s"),
    ],
)
def test_durations(us: int, shown: str) -> None:
    assert terminal.duration(us) == shown


@given(st.text())
def test_what_is_cleaned_cannot_steer_a_terminal(text: str) -> None:
    shown = terminal.clean(text)
    assert all(c in "\n\t" or unicodedata.category(c)[0] != "C" for c in shown)
    assert "\n" not in terminal.line_of(text)


def test_what_is_cut_says_how_long_it_was() -> None:
    assert terminal.clean("x" * 1_000, 10) == "xxxxxxxxxx … (1,000 characters)"


@pytest.mark.parametrize(
    ("chunk", "text"),
    [
        ("Hel", "Hel"),
        ({"content": "lo"}, "lo"),
        ({"content": "", "tool_call_chunks": [{"args": '{"a'}, {"args": None}]}, '{"a'),
        ({"content": [{"type": "text", "text": "hi"}]}, "hi"),
        ({"content": 3}, ""),
        ({"content": "", "tool_call_chunks": 7}, ""),
        (None, ""),
        ([1], ""),
    ],
)
def test_the_text_of_a_stream_line(chunk: Any, text: str) -> None:
    assert terminal.piece({"data": {"chunk": chunk}}) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["chunk", "content", "text", "args", "tool_call_chunks"]), inner, max_size=4)
    ),
)


@given(JSON)
def test_no_data_breaks_it(data: Any) -> None:
    assert isinstance(terminal.piece({"data": data}), str)


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        (None, ""),
        ("text", "text"),
        ({"type": "ai", "content": "said"}, "said"),
        ({"type": "ai", "content": ""}, '{\n  "type": "ai",\n  "content": ""\n}'),
        ([1], "[\n  1\n]"),
        (False, "false"),
    ],
)
def test_an_output_for_reading(output: Any, shown: str) -> None:
    assert live.output_text(output) == shown


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=40), st.integers(1, 12))
def test_the_newest_spans_are_drawn_with_all_above_them(spans: list[tuple[int, bool]], most: int) -> None:
    fold = Fold()
    for number, (parent, ended) in enumerate(spans, 1):
        above = parent if 0 < parent < number else None
        fold.add({"event": "on_chain_start", "span": number, "parent": above, "name": "n", "run_id": "r"})
        if ended:
            fold.add({"event": "on_chain_end", "span": number})
    chosen = live.newest(fold, most)
    if chosen is None:
        assert len(spans) <= most
        return
    assert {span.span for span in fold.spans[-most:]} <= chosen
    assert {span.span for span in fold.spans if span.state == "running"} <= chosen
    assert {span.parent for span in fold.spans if span.span in chosen} <= chosen | {None}
