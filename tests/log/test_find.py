"""Where in one run a text stands: the same as in its whole lines, however they are written."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.log.streams import run as made_run
from tracer.log import find as finding
from tracer.log.file import LogFile
from tracer.log.once import Once, Value

ROOT = Path(__file__).parents[2]
Places = set[tuple[int, int, str]]


def written(path: Path, lines: list[dict[str, Any]]) -> list[bytes]:
    """The lines as a recording writes them: what was said before is referred to, what grows is said as what changed."""
    once, begins = Once(), 0
    raws: list[bytes] = []
    for line in lines:
        event, data = line["event"], line.get("data")
        if event == "run_start":
            raw = orjson.dumps(line)
            once.header(orjson.dumps(line["input"]))
        elif "data" not in line:
            raw = orjson.dumps(line)
        else:
            head = orjson.dumps({key: value for key, value in line.items() if key != "data"})[:-1]
            if isinstance(data, dict) and event != "on_custom_event":
                span = line["span"] if event.endswith("_stream") else None
                said = once.data(
                    line["seq"], begins, span, {key: Value(orjson.dumps(one)) for key, one in data.items()}
                )
            else:
                said = once.any(line["seq"], begins, orjson.dumps(data))
            raw = head + said + b"}"
        raws.append(raw)
        begins += len(raw) + 1
    path.write_bytes(b"\n".join(raws) + b"\n")
    return raws


def found(path: Path, texts: list[str]) -> Places:
    with LogFile(path) as file:
        hits = [hit for look in finding.find(file, texts) for hit in look.hits]
    assert len({(hit.text, hit.span, hit.where) for hit in hits}) == len(hits)
    return {(hit.text, hit.span, hit.where) for hit in hits}


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        is_message = "content" in value
        return [text for key, one in value.items() if key != "type" or not is_message for text in strings(one)]
    if isinstance(value, list):
        return [text for one in value for text in strings(one)]
    if isinstance(value, str):
        return [value]
    # Numbers are found as JSON spells them; some are beyond what orjson writes.
    return [json.dumps(value) if isinstance(value, int) else orjson.dumps(value).decode()] if numeric(value) else []


def numeric(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def by_reading(lines: list[dict[str, Any]], texts: list[str]) -> Places:
    places = set()
    for line in lines:
        data = line.get("data", {})
        inside = data if isinstance(data, dict) else {"data": data}
        for name, value in inside.items():
            for number, text in enumerate(texts):
                if "span" in line and any(text.lower() in one.lower() for one in strings(value)):
                    places.add((number, line["span"], "input" if name == "input" else "output"))
    return places


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_it_finds_what_the_whole_lines_have(
    seed: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = made_run(random.Random(seed))
    path = tmp_path_factory.getbasetemp() / "find.jsonl"
    written(path, lines)
    # Pieces of what is there, cut anywhere: also across what was appended.
    pool = [text for line in lines for text in strings(line.get("data")) if len(" ".join(text.split())) > 1]
    texts = []
    for _ in range(3):
        text = data.draw(st.sampled_from(pool))
        begin = data.draw(st.integers(0, len(text) - 2))
        piece = " ".join(text[begin : begin + data.draw(st.integers(2, 12))].split())
        if piece:
            texts.append(piece)
    assert found(path, texts) == by_reading(lines, texts)


def test_the_page_finds_the_same_in_an_opened_file(tmp_path: Path) -> None:
    chance = random.Random(7)
    asked = []
    expected = []
    for seed in range(60):
        path = tmp_path / f"{seed}.jsonl"
        lines = made_run(random.Random(seed))
        written(path, lines)
        # Not of figures: JavaScript spells some of them in another way.
        pool = [text for line in lines for text in strings(line.get("data")) if text.strip("0123456789e.+ -\n")]
        texts = [" ".join(chance.choice(pool)[:9].split()) for _ in range(3)]
        asked.append({"file": str(path), "texts": texts})
        with LogFile(path) as file:
            expected.append([list(hit) for look in finding.find(file, texts) for hit in look.hits])
    made = subprocess.run(
        ["node", ROOT / "tests/js/finds.js"], input=json.dumps(asked).encode(), capture_output=True, check=True
    )
    assert [json.loads(line) for line in made.stdout.splitlines()] == expected
    assert sum(map(len, expected)) > 200


def test_what_came_in_pieces_and_what_is_said_by_reference(tmp_path: Path) -> None:
    words = "It was at the corner of the two streets that the needle was found, and nobody knew whose it had been. "
    start: dict[str, Any] = {"parent": None, "run_id": "r", "name": "n", "tags": [], "metadata": {}}
    lines: list[dict[str, Any]] = [{"event": "run_start", "format": 1, "input": {"question": words}}]
    lines.append({"event": "on_chain_start", "span": 1, **start, "data": {"input": {"question": words}}})
    lines.append({"event": "on_parser_start", "span": 2, **start, "data": {"input": "none"}})
    for end in range(0, 200, 5):
        answer = {"before": words[::-1] * 40, "answer": (words * 2)[:end]}
        lines.append({"event": "on_parser_stream", "span": 2, "data": {"chunk": answer}})
        lines.append({"event": "on_chain_stream", "span": 1, "data": {"chunk": answer}})
    lines.append({"event": "on_parser_end", "span": 2, "data": {"output": answer, "input": "none"}})
    lines = [{"seq": seq, "t_us": seq, **line} for seq, line in enumerate(lines)]
    raws = written(tmp_path / "run.jsonl", lines)
    assert b'"append"' in b"".join(raws)
    assert sum(b'"same"' in raw for raw in raws) > 20
    expected = {(0, 1, "input"), (0, 1, "output"), (0, 2, "output")}
    assert found(tmp_path / "run.jsonl", ["NEEDLE"]) == expected == by_reading(lines, ["needle"])
    with LogFile(tmp_path / "run.jsonl") as file:
        hits = [hit for look in finding.find(file, ["the needle was"]) for hit in look.hits]
    # The first line that has all of it, not one before.
    first = next(line["seq"] for line in lines if line.get("span") == 2 and "the needle was" in json.dumps(line))
    assert next(hit.seq for hit in hits if hit.span == 2) == first
    assert b"needle" not in raws[first]


@pytest.mark.parametrize(
    "line",
    [
        '{"seq":1,"event":"on_chain_end","span":1,"same":{"/output":[9,"/x"]}}',
        '{"seq":1,"event":"on_chain_end","span":1,"same":{"/output":[1,""]},"data":{"a":"needle"}}',
        '{"seq":1,"event":"on_chain_end","span":1,"same":7,"delta":[{"base":"x"}],"data":{"output":"needle"}}',
        '{"seq":1,"event":"x","span":"1","delta":{"/a":{"base":0,"ops":[{"op":"append","path":7,"value":[]}]}}}',
        '{"seq":1,"event":"x","span":1,"delta":{"/a":{"base":0,"ops":[{"op":"append","path":"/b","value":"needle"}]}}}',
        '{"seq":1,"event":"x","span":-1,"data":"needle"}',
        '{"seq":1,"event":"needle"',
        "needle",
        '["needle"]',
        '{"event":"run_start","data":7,"input":"needle"}',
        '{"event":"x","span":1e99,"data":{"needle":"needle"}}',
        "[" * 5000 + '"needle"' + "]" * 5000,
    ],
)
def test_what_is_forged_is_no_hit_and_stops_nothing(line: str, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    good = '{"seq":2,"t_us":2,"event":"on_chain_end","span":2,"data":{"output":"the needle"}}'
    path.write_text("\n".join(['{"seq":0,"event":"run_start","format":1}', line, good, ""]))
    assert (0, 2, "output") in found(path, ["needle"])
    assert found(path, ["nothing of it"]) == set()
