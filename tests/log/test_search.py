"""Which runs have a text in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.log import search as searching
from tracer.log.search import Needle
from tracer.log.store import Store, new_run_id

from .folders import ended, header


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def _found(store: Store, text: str) -> list[tuple[str, str]]:
    return [(step.run, step.excerpt) for step in store.search(text, store.find()) if step.run]


def _end(output: Any) -> dict[str, Any]:
    return {"event": "on_chain_end", "span": 1, "data": {"output": output}}


def _chunk(content: Any, span: int = 1, **more: Any) -> dict[str, Any]:
    return {"event": "on_chat_model_stream", "span": span, "data": {"chunk": {"content": content, **more}}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("needle", "a NEEDLE in hay"),
        ("NEEDLE", {"deep": [{"er": "the needle"}]}),
        ("two words", "Two  words" if False else "Two words"),
        ('say "hi"', 'they say "hi" at noon'),
        ("back\\slash", "a back\\slash"),
        ("zürich", "nach Zürich"),
        ("ÉTÉ", "en été"),
        ("東京", "to 東京 now"),
        ("4711", {"order": 4711}),
        ("call-77", {"type": "call-77"}),
    ],
)
def test_a_value_is_found(text: str, value: Any, store: Store) -> None:
    run = ended(store, lines=(_end(value),))
    ended(store)
    ((found, excerpt),) = _found(store, text)
    assert found == run
    assert text.casefold() in excerpt.casefold()


@pytest.mark.parametrize("text", ["on_chain_end", "output", "data", "span", "seq", "human", "m:c", "t_us", " ", ""])
def test_the_log_s_own_words_are_not(text: str, store: Store) -> None:
    ended(store, lines=(_end({"type": "human", "content": "ok"}), _chunk("so")))
    assert _found(store, text) == []


def test_input_and_error_are_searched(store: Store) -> None:
    run = ended(store, input="the only question")
    failed = ended(store, lines=({"event": "on_tool_error", "span": 1, "data": {"error": {"message": "no disk"}}},))
    assert [found for found, _ in _found(store, "only quest")] == [run]
    assert [found for found, _ in _found(store, "NO DISK")] == [failed]


@pytest.mark.parametrize("status", ["error", "cancelled", "lost"])
def test_text_spread_over_tokens_is_found_where_no_end_repeats_it(status: str, store: Store) -> None:
    lines = [
        _chunk(piece, span) for pair in zip("harbour", "lagoons", strict=True) for span, piece in enumerate(pair, 1)
    ]
    run = ended(store, status=status, lost=status == "lost", lines=tuple(lines))
    assert [found for found, _ in _found(store, "harbour")] == [run]
    assert [found for found, _ in _found(store, "LAGOON")] == [run]
    assert _found(store, "hlaargbooounr") == []


def test_tokens_of_any_kind_are_put_together(store: Store) -> None:
    calls = [{"index": 0, "args": args} for args in ('{"ci', 'ty": "Ly', 'on"}')]
    lines = (
        *(_chunk("", tool_call_chunks=[call]) for call in calls),
        *(_chunk([{"type": "text", "text": piece, "index": 0}]) for piece in ("sea", "gull")),
        *({"event": "on_parser_stream", "span": 3, "data": {"chunk": piece}} for piece in ("bright", "ness")),
    )
    run = ended(store, status="cancelled", lines=lines)
    for text in ("lyon", "seagull", "brightness"):
        assert [found for found, _ in _found(store, text)] == [run], text


def test_a_growing_value_is_searched_as_a_whole(store: Store) -> None:
    def grow(value: str) -> dict[str, Any]:
        ops = [{"op": "append", "path": "/answer", "value": value}]
        return {"event": "on_parser_stream", "span": 2, "delta": {"/chunk": {"base": 1, "ops": ops}}}

    run = ended(store, lines=(grow("wheel"), grow("barrow"), {**_end(0), "same": {"/output": [2, "/chunk"]}}))
    assert [found for found, _ in _found(store, "wheelbarrow")] == [run]
    assert [found for found, _ in _found(store, "barrow")] == [run]
    for own in ("append", "/answer", "/chunk", "base"):
        assert _found(store, own) == []


def test_a_run_still_written_and_a_torn_one_are_searched(store: Store) -> None:
    run = new_run_id()
    writer = store.create(header(run))
    writer.append(lambda: _end("in the making"))
    torn = ended(store, lost=True)
    with store.path(torn).open("ab") as file:
        file.write(b'{"seq":9,"event":"on_chain_end","data":{"output":"in the maki')
    writer.end({"status": "ok"})
    assert [found for found, _ in _found(store, "the making")] == [run]


def test_hostile_files_are_passed_over(store: Store) -> None:
    run = ended(store, lines=(_end("gold"),))
    deep = b'{"event":"x","data":' + b'{"a":' * 5000 + b'"gold"' + b"}" * 5000 + b"}\n"
    for n, text in enumerate(
        (b"", b"gold\n" * 9, b"\x00\xffgold", deep, b'{"event":"x","data":{"chunk":{"content":{}}}}\n')
    ):
        (store.root / f"foreign-{n}.jsonl").write_bytes(text)
    (store.root / "gone.jsonl").write_text("{}\n")
    steps = store.search("gold", ["gone", *store.find(), "never-was"])
    (store.root / "gone.jsonl").unlink()
    assert [step.run for step in steps if step.run] == [run]


def test_long_lines_and_files_are_read_in_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_BLOCK", 256)
    run = ended(store, lines=(*(_end("x" * 100) for _ in range(20)), _end("y" * 5000 + "needle")), status="error")
    tokens = ended(store, lines=tuple(_chunk(letter) for letter in "a haystack of one letter a line"), status="error")
    steps = list(store.search("needle", (run, tokens)))
    assert [step.run for step in steps if step.run] == [run]
    assert len(steps) > 10
    assert [one for one, _ in _found(store, "haystack of one letter")] == [tokens]


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
def test_whatever_was_written_is_found_as_it_was_typed(text: str, before: str, after: str) -> None:
    line = json.dumps(_end(before + text + after), ensure_ascii=False).encode() + b"\n"
    needle = Needle(text)
    if " ".join(text.split()) == text:
        assert searching._in_lines(line, needle), text
