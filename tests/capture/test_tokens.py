"""The short way of pieces of text writes the very bytes that the long way does."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk, HumanMessageChunk
from langchain_core.messages.base import TextAccessor
from langchain_core.runnables.utils import AddableDict

from tracer.capture.redact import Redactor, unredacted
from tracer.capture.tap import Tap
from tracer.capture.tokens import Tokens
from tracer.log.writer import Writer

RUN_IDS = [str(UUID(int=n)) for n in range(4)]
KEY = "sk-proj-" + "Ab3" * 12

texts = st.one_of(
    st.sampled_from(["", "a", "the ", "quay", "é", "\u2028", "\ud83d", '"\\', KEY, "password=hunter2!x", "x" * 300]),
    st.text(max_size=12),
)
keys = st.one_of(
    st.sampled_from(["left", "value", "name", "password", "$tracer", "$$tracer", "k" * 70, "é"]), st.just(1), texts
)
metadata: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"model_provider": "openai"}, {"n": 1}, {"n": True}, {"n": 1.0}, {"n": float("nan")}, {"n": None}]
)


SPANS = dict(zip(RUN_IDS, ("chat_model", "chain", "parser", "chat_model"), strict=True))


@st.composite
def chunks(draw: st.DrawFn, kind: str, run_id: str) -> Any:
    text: Any = draw(texts)
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from([None, {}, {"chunk": text}, [text], HumanMessageChunk(content=text)]))
    if kind == "chain":
        branch: st.SearchStrategy[Any] = st.dictionaries(
            keys, st.one_of(texts, texts.map(TextAccessor), st.just(1)), max_size=2
        )
        return draw(st.one_of(texts, branch.map(lambda entries: AddableDict(entries))))
    if kind != "chat_model":
        return TextAccessor(text)
    own = f"run--{run_id}"
    message = AIMessageChunk(content=text, id=own)
    change = draw(st.sampled_from([*["nothing"] * 6, "metadata", "id", "more", "last", "extra", "tools"]))
    if change == "metadata":
        message.response_metadata = dict(draw(metadata))
    elif change == "id":
        message.id = draw(st.sampled_from(["run-2", None, ""]))
    elif change == "more":
        message.additional_kwargs["more"] = text
    elif change == "last":
        message.chunk_position = "last"
    elif change == "extra":
        message = AIMessageChunk(content=text, id=own, also=text)  # type: ignore[call-arg]  # a server may
    elif change == "tools":
        message.tool_calls.append({"name": "f", "args": {}, "id": "1", "type": "tool_call"})
    return message


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    run_id = draw(st.sampled_from(RUN_IDS))
    phase = draw(st.sampled_from(["start", *["stream"] * 12, "end"]))
    data: dict[str, Any] = {"chunk": draw(chunks(SPANS[run_id], run_id))} if phase == "stream" else {"input": "x"}
    if phase == "stream" and draw(st.integers(0, 9)) == 0:
        data["input"] = "x"
    return told(run_id, f"on_{SPANS[run_id]}_{phase}", data)


def told(run_id: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "event": name,
        "run_id": run_id,
        "name": "step",
        "tags": [],
        "metadata": {},
        "parent_ids": [],
        "data": data,
    }


STARTS = [told(run_id, f"on_{kind}_start", {}) for run_id, kind in SPANS.items()]


def written(path: Path, sent: list[dict[str, Any]], redact: Any) -> bytes:
    path.unlink(missing_ok=True)
    ticks = itertools.count(step=1_000)
    writer = Writer(path, {"run": "r"}, clock=lambda: next(ticks) // 100 * 100)
    tap = Tap(writer, None, redact)
    for event in sent:
        tap.sent(event)
    assert tap.dropped == 0
    tap.end({"status": "ok"})
    return path.read_bytes()


@settings(max_examples=300, deadline=None)
@given(sent=st.lists(events(), max_size=60), secrets=st.booleans())
def test_both_ways_write_the_same(tmp_path_factory: pytest.TempPathFactory, sent: list[Any], secrets: bool) -> None:
    folder = tmp_path_factory.getbasetemp()
    redact = Redactor() if secrets else unredacted
    sent = [*STARTS, *sent]
    short = timeless(written(folder / "short.jsonl", sent, redact))
    with never_short():
        assert timeless(written(folder / "long.jsonl", sent, redact)) == short


def test_text_goes_the_short_way(tmp_path: Path) -> None:
    sent = [event("start"), *(event("stream", text) for text in ("a", "b", "c")), event("end")]
    taken: list[bool] = []
    with pytest.MonkeyPatch.context() as patch:
        write = Tokens.write

        def noted(self: Tokens, given: Any) -> bool:
            taken.append(write(self, given))
            return taken[-1]

        patch.setattr(Tokens, "write", noted)
        written(tmp_path / "r.jsonl", sent, unredacted)
    assert taken == [False, True, True, True, False]


def test_an_own_function_sees_every_text(tmp_path: Path) -> None:
    seen: list[str] = []

    def own(text: str, key: str) -> str:
        seen.append(text)
        return text

    written(tmp_path / "r.jsonl", [event("start"), *(event("stream", str(n)) for n in range(5))], Redactor((), own))
    assert {str(n) for n in range(5)} <= set(seen)


def event(phase: str, chunk: Any = None) -> dict[str, Any]:
    return told(RUN_IDS[0], f"on_chain_{phase}", {"chunk": chunk} if phase == "stream" else {})


def timeless(log: bytes) -> list[bytes]:
    """Lines without their times: the long way asks the clock at other moments."""
    return [line[: line.index(b',"t_us"')] + line[line.index(b',"event"') :] for line in log.splitlines()]


@contextlib.contextmanager
def never_short() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tokens, "write", lambda self, given: False)
        yield
