"""Values that grow are written in a short way: the very lines that the long way gives, whatever comes in between."""

from __future__ import annotations

import copy
import enum
import marshal
import math
import uuid
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tracer
from tests.log.streams import Run
from tracer.capture.encode import encode
from tracer.capture.growing import Growing, _may_be_no_number, _may_be_shared
from tracer.capture.record import header
from tracer.capture.rules import chosen
from tracer.capture.tap import Tap
from tracer.log.writer import Writer


class Kind(enum.StrEnum):
    """Its members are equal to text, and orjson writes them as such."""

    A = "a"


class Recorder:
    """Sends events of one chain and of one around it to a tap, and knows what their chunks were like."""

    def __init__(self, path: Path, redact: Any = False) -> None:
        self.path = path
        self.redact = chosen(redact)
        fields = header("run", "chain", "x", None, redact=self.redact)
        self.tap = Tap(Writer(path, fields), "x", self.redact, fields)
        self.expected: list[bytes] = []
        self.short = 0
        for run_id, above in (("outer", []), ("inner", ["outer"])):
            self._send("on_chain_start", run_id, {}, above)

    def _send(self, event: str, run_id: str, data: dict[str, Any], above: list[str]) -> None:
        about = {"run_id": run_id, "name": run_id, "tags": [], "metadata": {}, "parent_ids": above}
        self.tap.sent({"event": event, **about, "data": data})

    def say(self, chunk: Any, run_id: str = "inner") -> None:
        self.expected.append(orjson.dumps(self.redact(encode({"chunk": chunk}))))
        self._send("on_chain_stream", run_id, {"chunk": chunk}, [] if run_id == "outer" else ["outer"])

    def check(self) -> tracer.Run:
        self.tap.end({"status": "ok", "spans": 2})
        run = tracer.load(self.path)
        found = [orjson.dumps(line["data"]) for line in run.lines if line["event"] == "on_chain_stream"]
        assert found == self.expected
        assert self.tap.dropped == 0
        return run


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each event that the short way was tried for took it."""
    took: list[bool] = []
    write = Growing.write

    def noted(self: Growing, event: Any) -> bool:
        took.append(write(self, event))
        return took[-1]

    monkeypatch.setattr(Growing, "write", noted)
    return took


def records(count: int) -> dict[str, Any]:
    people = [{"id": n, "name": f"Person {n}", "left": None, "score": n / 2, "tags": ["a", "b"]} for n in range(count)]
    return {"people": people}


def test_partial_json_takes_the_short_way(tmp_path: Path, short: list[bool]) -> None:
    recorder = Recorder(tmp_path / "r.jsonl")
    for count in range(10, 40):
        value = records(count)
        recorder.say(value)
        recorder.say(value, "outer")
        value["people"][-1]["note"] = "text that"
        recorder.say(value)
        recorder.say(value, "outer")
        value["people"][-1]["note"] += " goes on"
        recorder.say(value)
    run = recorder.check()
    # The first one of each chain shows what it is like.
    assert short.count(False) == 2 + 2
    assert run.path.stat().st_size < 60_000


def changes() -> dict[str, Callable[[dict[str, Any]], Any]]:
    """What may come next in place of a value's last state: each is something that orjson or Python take for another."""

    def replaced(**fields: Any) -> Callable[[dict[str, Any]], Any]:
        return lambda value: {**value, "people": [{**value["people"][0], **fields}, *value["people"][1:]]}

    def added(item: Any) -> Callable[[dict[str, Any]], Any]:
        return lambda value: {**value, "people": [*value["people"], item]}

    deep: Any = "deep"
    for _ in range(120):
        deep = [deep]
    cycle: list[Any] = []
    cycle.append(cycle)
    return {
        "an enum for its text": replaced(name=Kind.A),
        "NaN for null": replaced(left=float("nan")),
        "infinity for null": replaced(left=float("-inf")),
        "true for 1": replaced(id=True),
        "1.0 for 1": replaced(id=0.0),
        "-0.0 for 0.0": replaced(score=-0.0),
        "a tuple for a list": replaced(tags=("a", "b")),
        "an enum at the end": added(Kind.A),
        "a UUID at the end": added(uuid.UUID(int=7)),
        "a Fragment at the end": added(orjson.Fragment(b"1")),
        "NaN at the end": added(float("nan")),
        "a marker of one's own": added({"$tracer": "nan"}),
        "another one": added({"$$tracer": "nan"}),
        "half a surrogate pair": added("\ud800"),
        "a big integer": added(2**70),
        "a key that is no text": added({1: 2}),
        "a set": added({1}),
        "nothing that can be read": added(object()),
        "what is too deep": added(deep),
        "what is nearly too deep": added(deep[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]),
        "a circle": added(cycle),
        "what a graph asks": lambda value: {**value, "__interrupt__": ()},
        "a list": lambda value: [value],
        "nothing": lambda value: None,
        "less": lambda value: {"people": value["people"][:-1]},
        "another dict": lambda value: {"more": value},
    }


@pytest.mark.parametrize("change", list(changes()))
def test_what_only_looks_alike_is_told_apart(change: str, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.jsonl")
    make = changes()[change]
    for count in (10, 11):
        recorder.say(records(count))
    recorder.say(make(records(11)))
    for count in (12, 13):
        recorder.say(records(count))
    recorder.check()


def test_an_object_that_changes_between_two_events(tmp_path: Path, short: list[bool]) -> None:
    recorder, value = Recorder(tmp_path / "r.jsonl"), records(12)
    for _ in range(2):
        recorder.say(value)
        recorder.say(value, "outer")
    for change in (lambda: value["people"].pop(), lambda: value["people"][0].update(name="other"), value.clear):
        change()
        recorder.say(value, "outer")
        recorder.say(value)
    recorder.check()
    assert True in short


@pytest.mark.parametrize(
    "piece",
    [
        {"note": "the key is sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD"},
        {"password": "hunter2-is-a-secret"},
        {"name": "Authorization", "value": "Bearer abcdefghijklmnopqrstuvwxyz"},
    ],
)
def test_secrets_in_what_is_new(piece: dict[str, str], tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.jsonl", redact=True)
    value = {**records(12), "headers": [{"said": "before"}]}
    recorder.say(value)
    for end in range(1, 1 + max(map(len, piece.values()))):
        new = {key: text[:end] for key, text in piece.items()}
        recorder.say({**value, "headers": [*value["headers"], new]})
    *first, (last, text) = piece.items()
    for end in range(1, 1 + len(text)):
        recorder.say({**value, "headers": [*value["headers"], {**dict(first), last: text[:end]}]})
    for name in piece:
        recorder.say({**value, "headers": [*value["headers"], {name: piece[name]}]})
    recorder.check()
    assert any(b"secret" in one for one in recorder.expected)


def test_a_pair_in_a_list_is_a_name_and_what_it_is_of(tmp_path: Path, short: list[bool]) -> None:
    recorder = Recorder(tmp_path / "r.jsonl", None)
    text = "A text that is long enough. " * 6
    secret = "hunter2-Zx9Q2zTq77Lm"
    for pairs in (
        [["accept", "any"]],
        [["accept", "any of it"]],
        [["accept", "any of it"], ["password"]],
        [["accept", "any of it"], ["password", ""]],
        [["accept", "any of it"], ["password", secret]],
        [["accept", "any of it"], ["password", secret], ["host"]],
        [["accept", "any of it"], ["password", secret], ["host", "example.org"]],
    ):
        recorder.say({"text": text, "headers": pairs})
        recorder.say({"text": text, "headers": pairs})
    recorder.check()
    assert any(short)
    assert secret[:8] not in (tmp_path / "r.jsonl").read_text()


def test_a_few_objects_in_very_many_places(tmp_path: Path) -> None:
    recorder, value = Recorder(tmp_path / "r.jsonl"), records(12)
    recorder.say(value)
    shared: list[Any] = ["x" * 1_000]
    for _ in range(12):
        shared = [shared] * 10
    # As JSON it would be a petabyte.
    chunk = {**value, "people": [*value["people"], shared]}
    event = {"event": "on_chain_stream", "run_id": "inner", "data": {"chunk": chunk}}
    assert not recorder.tap._growing.write(event)
    recorder.check()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("at", [0, 2])
def test_what_would_be_endless_does_not_hold_the_chain_up(at: int, tmp_path: Path) -> None:
    endless: list[Any] = ["x"]
    for _ in range(40):
        endless = [endless, endless]
    recorder = Recorder(tmp_path / "r.jsonl")
    said = {"before": [1], "text": "x" * 200}
    for number in range(4):
        if number == at:
            # In another place than where it grows; and, for who says it again, in the very object.
            said["before"] = endless
            recorder._send("on_chain_stream", "outer", {"chunk": said}, [])
        said["text"] = "x" * (200 + number)
        recorder._send("on_chain_stream", "inner", {"chunk": said}, ["outer"])
    recorder.tap.end({"status": "ok", "spans": 2})
    lines = [line for line in tracer.load(recorder.path).lines if line["event"] == "on_chain_stream"]
    assert len(lines) == 5
    assert b'"$tracer"' in orjson.dumps(lines[-1]["data"])


_LEAVES = st.one_of(
    *(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.integers(0, 300), st.floats(), st.text()),
    *(st.sampled_from(["", "é", "©", "i", "\udcff", "û"]), st.binary(max_size=3)),
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=3), st.sampled_from(["é", "-", "k"])), inner, max_size=4),
    ),
    max_leaves=12,
)


def _holding(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [value, *(one for item in inner for one in _holding(item))] if isinstance(value, (dict, list, tuple)) else []


@settings(max_examples=400, deadline=None)
@given(
    tree=_TREES, shared=_TREES, places=st.lists(st.integers(0, 50), min_size=2, max_size=4), size=st.integers(0, 300)
)
def test_what_stands_in_several_places_is_seen(tree: Any, shared: Any, places: list[int], size: int) -> None:
    chunk = {"tree": [tree], "list": [0] * size}
    having = [one for one in _holding(chunk) if not isinstance(one, tuple)]
    for number, place in enumerate(places):
        into = having[place % len(having)]
        if isinstance(into, dict):
            into[f"shared{number}"] = shared
        else:
            into.insert(place % (len(into) + 1), shared)
    if isinstance(shared, (dict, list, tuple)) and shared:
        # A copy, in which what is shared is, and which nothing here refers to.
        assert _may_be_shared(marshal.dumps(copy.deepcopy(chunk), 4))


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_so_is_what_has_grown(seed: int) -> None:
    random = Random(seed)
    rows = [{"n": n, "tags": ["a", "b", n], "text": "x" * random.randrange(300)} for n in range(random.randrange(1, 9))]
    rows = orjson.loads(orjson.dumps(rows))
    alone = marshal.dumps(rows, 4)
    assert not _may_be_shared(alone)
    rows[-1]["text"] += "y" * random.randrange(300)
    row = rows[random.randrange(len(rows))]
    row["more"] = row["tags"]
    assert _may_be_shared(marshal.dumps(rows, 4), alone)


@given(st.lists(st.one_of(st.floats(), st.integers(), st.text(max_size=5)), max_size=20))
def test_a_number_that_json_cannot_say_is_seen(items: list[Any]) -> None:
    if any(isinstance(item, float) and not math.isfinite(item) for item in items):
        assert _may_be_no_number(marshal.dumps(items, 4))


def test_numbers_that_it_can_say_are_not_taken_for_one() -> None:
    numbers = [{"id": n, "share": n / 7, "minus": -n, "none": None} for n in range(1_000)]
    assert not _may_be_no_number(marshal.dumps(numbers, 4))


def test_what_holds_itself_is_seen() -> None:
    whole: dict[str, Any] = {"children": []}
    whole["children"] += [{"parent": whole}, {"parent": whole}]
    assert _may_be_shared(marshal.dumps(whole, 4))


def test_numbers_are_not_taken_for_it() -> None:
    numbers = orjson.loads(orjson.dumps({"rows": [{"n": n, "tags": ["a", "b", n]} for n in range(1_000)]}))
    assert len(marshal.dumps(numbers, 4)) < 1 << 16
    assert not _may_be_shared(marshal.dumps(numbers, 4))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_whatever_is_streamed(seed: int, tmp_path: Path) -> None:
    path = tmp_path / f"{seed}.jsonl"
    path.unlink(missing_ok=True)
    random, recorder = Random(seed), Recorder(path)
    run = Run(random)
    value: Any = {"begin": records(6), "then": None}
    for _ in range(25):
        value = run._changed(value)
        for run_id in random.choices(["inner", "outer"], k=2):
            recorder.say(value, run_id)
    recorder.check()
