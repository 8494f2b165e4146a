"""LangChain's plain events, as people dump them, read as a run whose times are unknown."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.load import dumpd
from langchain_core.messages import AIMessage
from langchain_core.prompts import ChatPromptTemplate

import tracer
from tracer.cli import cli
from tracer.log import elements as splitting
from tracer.log.elements import Broken, elements
from tracer.log.file import LogFile, read
from tracer.log.plain import decode

Events = list[dict[str, Any]]


async def real_events() -> Events:
    model = GenericFakeChatModel(messages=iter([AIMessage("The moon is far away")]))
    chain = ChatPromptTemplate.from_template("About {topic}") | model
    return [dumpd(event) async for event in chain.astream_events({"topic": "tides"}, version="v2")]


def lines_of(events: Events) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


MARK = b"\xef\xbb\xbf"
SHAPES: dict[str, Callable[[Events], bytes]] = {
    "lines": lines_of,
    "lines, CRLF, BOM": lambda events: MARK + lines_of(events).replace(b"\n", b"\r\n"),
    "lines, the last not ended": lambda events: lines_of(events)[:-1],
    "lines with blank ones": lambda events: lines_of(events).replace(b"\n", b"\n\n"),
    "array": lambda events: json.dumps(events).encode(),
    "array, pretty": lambda events: json.dumps(events, indent=2).encode(),
    "array, pretty, CRLF, BOM": lambda events: MARK + json.dumps(events, indent=1).encode().replace(b"\n", b"\r\n"),
    "array, a line each": lambda events: b"[\n" + b",\n".join(lines_of(events).splitlines()) + b"\n]\n",
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
async def test_events_come_back_and_spans_have_their_states(shape: str, tmp_path: Path) -> None:
    events = await real_events()
    path = tmp_path / "events.json"
    path.write_bytes(SHAPES[shape](events))
    run = tracer.load(path)
    assert run.events == events
    assert run.status == "ok"
    assert [(span.name, span.parent, span.state) for span in run.spans] == [
        ("RunnableSequence", None, "ok"),
        ("ChatPromptTemplate", 1, "ok"),
        ("GenericFakeChatModel", 1, "ok"),
    ]
    header = run.lines[0]
    assert (header["chain"], header["input"], header["times"]) == ("RunnableSequence", {"topic": "tides"}, "unknown")
    assert [line["t_us"] for line in run.lines] == [line["seq"] for line in run.lines] == list(range(len(run.lines)))


async def test_show_says_that_times_are_unknown_and_no_duration(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(lines_of(await real_events()))
    out = CliRunner().invoke(cli, ["show", str(path)]).stdout
    assert "✓ ok · times unknown · 3 spans" in out
    assert "GenericFakeChatModel #3" in out
    assert " ms" not in out


ABOUT: dict[str, Any] = {"tags": [], "metadata": {}, "parent_ids": []}


def events_of(*names: str, run_id: str = "a") -> Events:
    return [{"event": name, "name": "x", "run_id": run_id, **ABOUT, "data": {}} for name in names]


ROOT = events_of("on_chain_start", "on_chain_stream", "on_chain_end")
ERROR = {
    "event": "on_chain_error",
    "name": "x",
    "run_id": "a",
    **ABOUT,
    "data": {"error": {"type": "E", "message": "m"}},
}
BARE = [{"event": "on_chain_start", "run_id": "a", "data": None}, {"event": "on_chain_end", "run_id": "a"}]


@pytest.mark.parametrize(
    ("events", "status", "states"),
    [
        (ROOT, "ok", ["ok"]),
        (ROOT[:2], "unfinished", ["unfinished"]),
        ([ROOT[0], ERROR], "error", ["error"]),
        (ROOT * 2, "ok", ["ok", "ok"]),
        ([*ROOT, *ROOT[:1]], "unfinished", ["ok", "unfinished"]),
        (ROOT[1:], "unfinished", []),
        ([{"event": "on_chain_start", "run_id": "a"}], "unfinished", ["unfinished"]),
        (BARE, "ok", ["ok"]),
    ],
    ids=["whole", "cut off", "with an error", "twice", "twice, cut off", "without its start", "bare", "no data"],
)  # fmt: skip
def test_how_it_ended_is_told_by_its_roots(events: Events, status: str, states: list[str], tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_bytes(lines_of(events))
    run = tracer.load(path)
    assert run.status == status
    assert [span.state for span in run.spans] == states


def test_what_is_no_event_is_a_bad_line_among_the_others(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_bytes(lines_of(ROOT[:1]) + b"nonsense\n" + b'{"event":"run_end"}\n' + lines_of(ROOT[1:]))
    run = tracer.load(path)
    assert [line.get("line") for line in run.lines if line["event"] == "bad_line"] == [2, 3]
    assert run.status == "ok"


def test_what_json_cannot_say_stays_visible_as_a_marker() -> None:
    raw = b'{"a":NaN,"b":[-Infinity,1e999],"c":"\\ud83d","\\udead":1,"d":' + b"9" * 400 + b"}"
    assert decode(raw) == {
        "$tracer": "dict",
        "items": [
            ["a", {"$tracer": "nan"}],
            ["b", [{"$tracer": "-inf"}, {"$tracer": "inf"}]],
            ["c", {"$tracer": "surrogate", "json": "\\ud83d"}],
            [{"$tracer": "surrogate", "json": "\\udead"}, 1],
            ["d", {"$tracer": "inf"}],
        ],
    }
    for refused in (b"{", b'{"a":NaN', b'{"a":NaN,"b":\xff}', b'{"a":NaN,"b":' + b"[" * 5_000):
        with pytest.raises(ValueError):  # noqa: PT011 (of any text)
            decode(refused)


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(_JSON, max_size=8), st.sampled_from([None, 1]), st.integers(1, 40), st.booleans())
def test_an_array_is_split_whatever_its_blocks_are(
    values: list[Any], indent: int | None, size: int, ascii: bool
) -> None:
    data = json.dumps(values, indent=indent, ensure_ascii=ascii).encode()
    found = list(elements(blocks(data, size)))
    assert [json.loads(raw) for raw in found if isinstance(raw, bytes)] == values


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_after_a_broken_element_the_next_ones_are_read(size: int) -> None:
    good = [b'{"event":"on_x_start","run_id":"%d"}' % n for n in range(4)]
    deep = b'{"a":' + b"[" * 3_000 + b'"]}"' + b"]" * 3_000 + b"}"
    data = (
        b"["
        + b",".join([good[0], b'{"event":"on_y", oops}', good[1], deep, good[2], b'{"a":"\xff"}', good[3]])
        + b"] x"
    )
    found = list(elements(blocks(data, size)))
    assert [raw for raw in found if raw in good] == good
    broken = [raw.bytes for raw in found if isinstance(raw, Broken)]
    assert broken == [len(b'{"event":"on_y", oops}'), len(deep), 1]
    assert b'{"a":"\xff"}' in found


def test_an_array_takes_no_more_memory_than_its_longest_element() -> None:
    one = b'{"event":"on_chain_stream","run_id":"a","data":{"chunk":"' + b"x" * 10_000 + b'"}},'
    total = 6_000

    def file() -> Iterator[bytes]:
        yield b"["
        for _ in range(total // 100):
            yield one * 100
        yield one[:-1] + b"]"

    tracemalloc.start()
    try:
        count = sum(1 for _ in elements(file()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == total + 1
    assert peak < 12 << 20


def test_a_string_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "LONGEST", 1 << 16)
    data = b'[{"a":1},{"b":"' + b"x" * (1 << 20)
    found = list(elements(blocks(data, 1 << 12)))
    assert found[0] == b'{"a":1}'
    assert found[1:] == [Broken((1 << 20) + 6)]


def test_a_log_of_our_own_is_never_taken_for_plain_events(tmp_path: Path) -> None:
    for fixture in sorted((Path(__file__).parent.parent / "fixtures").glob("*.jsonl")):
        whole = fixture.read_bytes()
        for data in (whole, whole.partition(b"\n")[2]):
            path = tmp_path / "log.jsonl"
            path.write_bytes(data)
            with LogFile(path) as file:
                assert file.plain() is None


def test_the_first_sound_line_decides(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_bytes(b'{"torn\n' + lines_of(ROOT))
    assert [line["event"] for line in read(path)][:3] == ["run_start", "bad_line", "on_chain_start"]


def test_a_million_starts_of_one_run_id_take_no_longer_than_of_many(tmp_path: Path) -> None:
    count = 20_000
    first, others = events_of("on_chain_start"), events_of("on_chain_start", "on_chain_end") * count
    path = tmp_path / "e.jsonl"
    path.write_bytes(lines_of([*first, *others, *events_of("on_chain_stream") * count]))
    done = subprocess.run(
        [sys.executable, "-c", f"import tracer; print(len(tracer.load({str(path)!r}).spans))"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert int(done.stdout) == count + 1
