"""`tracer export`: LangChain's events and the models' text, of any file."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import JsonOutputParser
from langchain_core.prompts import ChatPromptTemplate

import tracer
from tracer import export
from tracer.capture.encode import encode
from tracer.cli import cli
from tracer.log.file import LogError

from .conftest import command, environment

FIXTURES = Path(__file__).parents[1] / "fixtures"


def exported(path: Path, *options: str) -> bytes:
    result = CliRunner().invoke(cli, ["export", str(path), *options], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout_bytes


def text(path: Path) -> str:
    return exported(path, "--format", "text").decode()


def written(path: Path, *lines: dict[str, Any]) -> Path:
    header = {"event": "run_start", "format": 1, "run": "r", "chain": "c", "input": 1}
    with path.open("wb") as file:
        for seq, line in enumerate((header, *lines)):
            file.write(orjson.dumps({"seq": seq, "t_us": seq, **line}) + b"\n")
    return path


def started(span: int, name: str, kind: str = "chat_model") -> dict[str, Any]:
    about = {"span": span, "parent": None, "run_id": f"r{span}", "name": name, "tags": [], "metadata": {}}
    return {"event": f"on_{kind}_start", **about, "data": {}}


def chunk(span: int, value: Any, kind: str = "chat_model") -> dict[str, Any]:
    return {"event": f"on_{kind}_stream", "span": span, "data": {"chunk": value}}


def test_events_are_those_that_langchain_sent(tmp_path: Path) -> None:
    people = json.dumps({"people": [{"name": f"Person {n}", "n": n} for n in range(9)]})
    model = GenericFakeChatModel(messages=iter([AIMessage(people)]))
    chain = ChatPromptTemplate.from_messages([("human", "{q}")]) | model | JsonOutputParser()
    path, sent = tmp_path / "r.jsonl", []

    async def run() -> None:
        async for event in tracer.astream_events(chain, {"q": "who?"}, path=path):
            sent.append({key: encode(value) for key, value in event.items()})

    asyncio.run(run())
    assert b'"delta"' in path.read_bytes()
    lines = exported(path, "--format", "events").split(b"\n")
    assert lines.pop() == b""
    assert list(map(orjson.loads, lines)) == sent
    assert text(path) == people + "\n"


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.jsonl")))
@pytest.mark.parametrize("form", export.FORMATS)
def test_any_log(name: str, form: str) -> None:
    raw = exported(FIXTURES / f"{name}.jsonl", "--format", form)
    if form == "events":
        events = tracer.load(FIXTURES / f"{name}.jsonl").events
        assert [orjson.loads(line) for line in raw.splitlines()] == events


def test_the_text_of_one_model_stands_alone_that_of_several_below_their_names(tmp_path: Path) -> None:
    path = written(tmp_path / "r.jsonl", started(1, "Chat"), chunk(1, {"content": "Hel"}), chunk(1, {"content": "lo"}))
    assert text(path) == "Hello\n"
    end = {"event": "on_llm_end", "span": 3, "data": {"output": {"generations": [[{"text": "whole\n"}]]}}}
    path = written(
        *(tmp_path / "s.jsonl", started(1, "Chat"), started(2, "Ot\x1b[31mher"), started(4, "silent"), chunk(2, "b")),
        *(chunk(1, {"content": "a"}), chunk(2, {"text": "b"}, "llm"), started(3, "Whole", "llm"), end),
    )
    assert text(path) == "--- #1 Chat\na\n\n--- #2 Ot�[31mher\nbb\n\n--- #3 Whole\nwhole\n"


def test_what_is_text(tmp_path: Path) -> None:
    high, low = ({"$tracer": "surrogate", "json": f"{half}"} for half in ("a\\ud83d", "\\ude00"))
    blocks = [{"type": "text", "text": "one "}, {"type": "reasoning", "text": "hidden"}, "two ", {"type": "image_url"}]
    calls = {"content": "", "tool_call_chunks": [{"args": "{}"}]}
    cut = {"$tracer": "cut", "kind": "str", "size": 9, "head": "…"}
    odd = [
        None,
        5,
        [],
        {},
        {"content": 5},
        {"content": [[1]]},
        {"generations": []},
        {"$tracer": "surrogate", "json": '"'},
    ]
    said = [{"content": blocks}, calls, {"content": high}, {"content": low}, {"content": cut}, *odd, {"content": high}]
    path = written(tmp_path / "r.jsonl", started(1, "Chat"), *(chunk(1, one) for one in said))
    assert text(path) == "one two a😀…a�\n"


def test_torn_and_lost_files_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    whole = (FIXTURES / "compact-growing-json.jsonl").read_bytes()
    path = tmp_path / "r.jsonl"
    path.write_bytes(whole[: len(whole) // 2])
    complete = path.read_bytes().count(b"\n")
    assert len(exported(path).splitlines()) == complete - 1
    said = json.loads((FIXTURES / "compact-growing-json.whole.json").read_bytes())[1:complete]
    pieces = (line["data"]["chunk"]["content"] for line in said if line["event"] == "on_chat_model_stream")
    assert text(path) == "".join(pieces) + "\n"


@pytest.mark.parametrize("content", [b"", b"nothing\nof the kind\n", b'{"seq":0,"event":"run_start","format":9}\n'])
def test_what_is_no_log_is_told_in_one_error(content: bytes, tmp_path: Path) -> None:
    path, output = tmp_path / "r.jsonl", tmp_path / "out"
    path.write_bytes(content)
    with pytest.raises(LogError, match=r"r\.jsonl"):
        export.export(path, "events", output)
    assert not output.exists()


def test_to_a_file(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    assert exported(FIXTURES / "sequence.jsonl", "-o", str(output)) == b""
    assert output.read_bytes() == exported(FIXTURES / "sequence.jsonl")
    with pytest.raises(LogError, match="the log itself"):
        export.export(output, "events", output)
    with pytest.raises(LogError, match="No such file"):
        export.export(FIXTURES / "sequence.jsonl", "events", tmp_path / "none" / "out")


def test_a_reader_who_leaves_is_no_error_to_show(tmp_path: Path) -> None:
    lines = [started(1, "Chat"), *(chunk(1, {"content": "x" * 4_000}) for _ in range(3_000))]
    path = written(tmp_path / "r.jsonl", *lines)
    for form in export.FORMATS:
        done = subprocess.Popen(
            [*command(), "export", str(path), "--format", form],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        assert done.stdout
        assert done.stderr
        done.stdout.read(10)
        done.stdout.close()
        assert done.wait(60) == 1
        assert done.stderr.read() == b""
        done.stderr.close()
