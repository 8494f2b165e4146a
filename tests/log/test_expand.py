"""Whole lines out of compact ones: the same fixtures as tests/js/expand.test.js, and runs made by chance in both."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.log.compact import Shortener
from tracer.log.delta import DeltaError, Draft, tokens, value_at
from tracer.log.expand import WINDOW, Whole
from tracer.log.file import read

from .compact_fixtures import RUNS
from .streams import Lines, history, run

ROOT = Path(__file__).parents[2]
FIXTURES = sorted((ROOT / "tests" / "fixtures").glob("*.whole.json"))


def shortened(lines: Lines) -> Lines:
    """The lines as a reader of their log gets them, first compact and then parsed."""
    shortener = Shortener()
    return [orjson.loads(shortener.raw(line)) for line in lines]


def same(one: Any, other: Any) -> bool:
    """Equal byte for byte: 1, 1.0 and true are not, and the keys stand in the same order."""
    return orjson.dumps(one) == orjson.dumps(other)


def agrees(given: Lines, lines: Lines) -> None:
    """Compact lines put back are the lines that were given, read from the first to the last, or any of them alone."""
    whole = Whole()
    jumping = Whole(lambda seq: lines[seq])
    for line, expected in zip(lines, given, strict=True):
        for found in (whole.line(line), Whole(lambda seq: lines[seq]).line(line), jumping.line(line)):
            assert same(found.get("data"), expected.get("data"))
            assert found == expected


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture(path: Path) -> None:
    given = orjson.loads(path.read_bytes())
    agrees(given, list(read(path.with_suffix("").with_suffix(".jsonl"))))
    agrees(given, shortened(given))


def test_there_are_fixtures() -> None:
    assert len(FIXTURES) == len(RUNS)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 50))
def test_expand_undoes_compact(seed: int, length: int) -> None:
    given = run(Random(seed), length)
    before = orjson.dumps(given)
    lines = shortened(given)
    assert orjson.dumps(given) == before
    agrees(given, lines)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_parts_of_a_history_come_back(seed: int) -> None:
    given = history(Random(seed))
    agrees(given, shortened(given))


def test_runs_made_by_chance_in_the_browser_too(tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node, "node reads them"
    cases = []
    for seed in range(80):
        given = run(Random(seed), 60) if seed < 60 else history(Random(seed))
        cases.append({"lines": shortened(given), "whole": given})
    path = tmp_path / "runs.json"
    path.write_bytes(orjson.dumps(cases))
    script = ROOT / "tests" / "js" / "expand_runs.js"
    done = subprocess.run([node, str(script), str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-4_000:]
    assert done.stdout.split() == ["80", "runs"]


def test_what_comes_in_counts_not_all_that_the_line_it_comes_from_may_hold() -> None:
    text, keys = "x" * 2_000_000, "abcdefgh"
    lines: Lines = [{"seq": 0, "event": "a", "data": {"v": {"a": text}}}]
    for seq in range(1, 5):
        same = {f"/v/{key}": [seq - 1, "/v/a"] for key in keys}
        lines.append({"seq": seq, "event": "a", "data": {"v": dict.fromkeys(keys)}, "same": same})
    whole = Whole()
    for line in list(map(whole.line, lines))[1:]:
        assert line["data"]["v"] == dict.fromkeys(keys, text)


def test_values_are_shared_and_never_changed() -> None:
    ops = [{"op": "append", "path": "/list/1/text", "value": "b"}]
    lines: Lines = [
        {"seq": 0, "event": "a", "data": {"v": {"kept": {"deep": [1]}, "list": [{"n": 1}, {"n": 2, "text": "a"}]}}},
        {"seq": 1, "event": "a", "delta": {"/v": {"base": 0, "ops": ops}}},
        {"seq": 2, "event": "a", "same": {"/v": [1, "/v"]}},
    ]
    before = json.dumps(lines)
    whole = Whole()
    one, two, three = (whole.line(line)["data"]["v"] for line in lines)
    assert two["kept"] is one["kept"]
    assert two["list"][0] is one["list"][0]
    assert two["list"][1] == {"n": 2, "text": "ab"}
    assert one["list"][1] == {"n": 2, "text": "a"}
    assert three is two
    assert json.dumps(lines) == before


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"same": {"/v": [1, "/v"]}}, 1),
        ({"same": {"/v": [7, "/v"]}}, 7),
        ({"same": {"/v": [0, "/nothing"]}}, 0),
        ({"same": {"/v": [0, "v"]}}, 0),
        ({"same": {"/v": [0, 5]}}, 0),
        ({"same": {"/v": [0, "/v/list/01"]}}, 0),
        ({"same": {"/v": [0, "/a" * 65]}}, 0),
        ({"same": {"/v": ["0", "/v"]}}, None),
        ({"same": {"/v": [True, "/v"]}}, None),
        ({"same": {"/v": None}}, None),
        ({"delta": {"/v": {"base": 0}}}, 0),
        ({"delta": {"/v": {"base": 1, "ops": []}}}, 1),
        ({"delta": {"/v": {"base": 0, "from": None, "ops": []}}}, 0),
        ({"delta": {"/v": {"base": 0, "ops": [{"op": "append", "path": "/list", "value": "x"}]}}}, 0),
        ({"delta": {"/v": {"base": 0, "ops": [{"op": "append", "path": "/text"}]}}}, 0),
        ({"delta": {"/v": {"base": 0, "ops": [{"op": "remove", "path": ""}]}}}, 0),
        ({"delta": {"/v": {"base": 0, "ops": [{"op": "add", "path": "/list/5", "value": 1}]}}}, 0),
        ({"delta": {"/v": {"base": 0, "ops": [{"op": "copy", "path": "/list", "from": "/text"}]}}}, 0),
        ({"delta": {"/v": {"base": 0, "ops": [None]}}}, 0),
    ],
)
def test_what_cannot_be_followed_is_a_marker(fields: dict[str, Any], value: int | None) -> None:
    base = {"seq": 0, "event": "a", "data": {"v": {"text": "x" * 80, "list": [1]}}}
    lines = [base, {"seq": 1, "event": "a", **fields}]
    for whole in (Whole(), Whole(lambda seq: lines[seq])):
        whole.line(base)
        assert whole.line(lines[1])["data"] == {"v": {"$tracer": "missing", "seq": value}}


def test_references_inside_each_other_are_followed_16_deep() -> None:
    lines: Lines = [{"seq": 0, "event": "a", "data": {"v": "deep"}}]
    for seq in range(1, 20):
        lines.append({"seq": seq, "event": "a", "data": {"v": [None]}, "same": {"/v/0": [seq - 1, "/v"]}})
    found = list(map(Whole().line, lines))
    assert value_at(found[16]["data"]["v"], ["0"] * 16) == "deep"
    assert found[17]["data"]["v"] == [{"$tracer": "missing", "seq": 16}]


def test_a_value_that_holds_the_one_before_it_many_times_is_let_in_only_so_far() -> None:
    lines: Lines = [{"seq": 0, "event": "a", "data": {"v": ["x" * 80]}}]
    for seq in range(1, 12):
        same = {f"/v/{n}": [seq - 1, "/v"] for n in range(10)}
        lines.append({"seq": seq, "event": "a", "data": {"v": [None] * 10}, "same": same})
    values = [line["data"]["v"] for line in map(Whole().line, lines)]
    assert values[3][9][9][9] == ["x" * 80]
    first = next(n for n, value in enumerate(values) if {"$tracer": "missing", "seq": n - 1} in value)
    assert 3 < first < 8


def test_a_long_chain_of_states_is_put_together_without_recursion() -> None:
    lines: Lines = [{"seq": 0, "event": "a", "data": {"v": "x" * 80}}]
    for seq in range(1, 5_000):
        ops = [{"op": "append", "path": "", "value": "y"}]
        lines.append({"seq": seq, "event": "a", "delta": {"/v": {"base": seq - 1, "ops": ops}}})
    assert Whole(lambda seq: lines[seq]).line(lines[-1])["data"]["v"] == "x" * 80 + "y" * 4_999


def test_only_the_last_lines_are_kept() -> None:
    whole = Whole()
    whole.line({"seq": 0, "event": "a", "data": {"v": "first"}}, 100)
    whole.line({"seq": 1, "event": "a", "data": {}}, WINDOW - 200)
    assert whole.line({"seq": 2, "event": "a", "same": {"/v": [0, "/v"]}}, 50)["data"]["v"] == "first"
    whole.line({"seq": 3, "event": "a", "data": {}}, 300)
    found = whole.line({"seq": 4, "event": "a", "same": {"/v": [0, "/v"]}}, 50)
    assert found["data"]["v"] == {"$tracer": "missing", "seq": 0}


def test_pointers() -> None:
    assert tokens("") == []
    assert tokens("/a~1b/~0/ /~01") == ["a/b", "~", " ", "~1"]
    assert value_at({"": [0, "b"]}, ["", "1"]) == "b"
    for path in (["x"], ["a", "b"], ["a", "-1"], ["a", "2"], ["a", "٠"]):
        with pytest.raises(DeltaError):
            value_at({"a": [1, 2]}, path)
    with pytest.raises(DeltaError):
        Draft([1]).put(["1"], 2)
