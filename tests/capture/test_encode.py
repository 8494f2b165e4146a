"""Any value becomes strict JSON, whatever it does to be in the way."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import functools
import json
import math
import os
import re
import signal
import sys
import threading
import time
import traceback
import types
import uuid
from collections import OrderedDict, deque, namedtuple
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.outputs import GenerationChunk
from langchain_core.prompt_values import ChatPromptValue
from langgraph.types import Command, Interrupt, Send
from pydantic import BaseModel, Field, SecretStr

from tracer.capture.encode import Limits, encode, encode_error

from . import values
from .strict import strict as check


def strict(value: Any, limits: Limits = Limits()) -> Any:  # noqa: B008 frozen
    """Encode, write, and read back with a parser that takes nothing but JSON."""
    return check(encode(value, limits), limits)


class Colour(enum.Enum):
    RED = "r"


class Level(enum.IntEnum):
    HIGH = 3


class Name(str):
    __slots__ = ()


@dataclasses.dataclass
class Point:
    x: int
    y: Any = None


class Model(BaseModel):
    a: int
    secret: SecretStr = SecretStr("hunter2")
    hidden: str = Field(default="not shown", exclude=True)


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        raise RuntimeError("bool")


Pair = namedtuple("Pair", "left right")  # the untyped kind is what users still have
HERE = __name__


def a(kind: str, **fields: Any) -> dict[str, Any]:
    return {"$tracer": "object", "type": f"{HERE}.{kind}", "value": fields}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, {"$tracer": "nan"}),
        (-math.inf, {"$tracer": "-inf"}),
        (2**64, {"$tracer": "int", "value": "18446744073709551616"}),
        (2**64 - 1, 2**64 - 1),
        (Level.HIGH, {"$tracer": "enum", "type": f"{HERE}.Level", "name": "HIGH", "value": 3}),
        (Colour.RED, {"$tracer": "enum", "type": f"{HERE}.Colour", "name": "RED", "value": "r"}),
        (Name("n"), "n"),
        ((1, "a"), [1, "a"]),
        ({"b", "a"}, {"$tracer": "set", "value": ["a", "b"]}),
        ({1: "a", "1": "b"}, {"$tracer": "dict", "items": [[1, "a"], ["1", "b"]]}),
        ({"$tracer": 1, "$$tracer": 2, "$other": 3}, {"$$tracer": 1, "$$$tracer": 2, "$other": 3}),
        (b"\x00\xff", {"$tracer": "bytes", "size": 2, "base64": "AP8="}),
        ("caf\ud83d", {"$tracer": "surrogate", "json": "caf\\ud83d"}),
        (datetime.date(2026, 11, 20), {"$tracer": "datetime", "value": "2026-11-20"}),
        (datetime.timedelta(seconds=90), {"$tracer": "timedelta", "seconds": 90.0}),
        (decimal.Decimal("1.50"), {"$tracer": "decimal", "value": "1.50"}),
        (uuid.UUID(int=5), {"$tracer": "uuid", "value": "00000000-0000-0000-0000-000000000005"}),
        (PurePosixPath("/a"), {"$tracer": "path", "value": "/a"}),
        (Point(1, [Point(2)]), a("Point", x=1, y=[a("Point", x=2, y=None)])),
        (Pair(1, 2), a("Pair", left=1, right=2)),
        (OrderedDict(a=1), {"$tracer": "object", "type": "collections.OrderedDict", "value": {"a": 1}}),
        (Model(a=1), a("Model", a=1, secret={"$tracer": "secret", "kind": "pydantic"})),
        (Document("t", metadata={"k": 1}), {"type": "Document", "page_content": "t", "metadata": {"k": 1}}),
        (HumanMessage("hi"), {"type": "human", "content": "hi"}),
        (AIMessageChunk(content="Hel", id="run-1"), {"type": "AIMessageChunk", "content": "Hel", "id": "run-1"}),
        (GenerationChunk(text="x"), {"type": "Generation", "text": "x"}),
        (ChatPromptValue(messages=[]), {"type": "ChatPromptValue", "messages": []}),
        (Hostile(), {"$tracer": "repr", "type": f"{HERE}.Hostile", "repr": "<unprintable: RuntimeError>"}),
        ([None, True, 1.5, ""], [None, True, 1.5, ""]),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_becomes_of_it(value: Any, expected: Any) -> None:
    assert strict(value) == expected


def test_a_tool_call_stays_readable() -> None:
    message = AIMessage("", tool_calls=[{"name": "weather", "args": {"city": "Paris"}, "id": "1"}])
    assert strict(message)["tool_calls"] == [
        {"name": "weather", "args": {"city": "Paris"}, "id": "1", "type": "tool_call"}
    ]
    assert strict(ToolMessage("21", tool_call_id="1", artifact=Point(1)))["tool_call_id"] == "1"


def test_pieces_cut_inside_a_character_can_be_joined_again() -> None:
    pieces = [strict(piece)["json"] for piece in ("a\ud83d", "\ude00b")]
    assert json.loads('"' + "".join(pieces) + '"') == "a😀b"


def test_cycles_end() -> None:
    loop: dict[str, Any] = {"me": None, "other": [1]}
    loop["me"] = loop
    assert strict(loop) == {"me": {"$tracer": "cycle", "type": "dict"}, "other": [1]}
    twice = [1]
    assert strict([twice, twice]) == [[1], [1]]


def test_big_values_say_how_big_they_were() -> None:
    limits = Limits(max_string=100, max_items=3)
    assert encode("x" * 101, limits) == {"$tracer": "cut", "kind": "str", "size": 101, "head": "x" * 100}
    assert encode([1, 2, 3, 4], limits) == {"$tracer": "cut", "kind": "list", "size": 4, "head": [1, 2, 3]}
    assert encode({str(n): n for n in range(5)}, limits)["size"] == 5


def test_errors_carry_type_message_and_traceback() -> None:
    try:
        raise ValueError("bad \ud800")
    except ValueError as error:
        shown = encode_error(error)
    assert (shown["type"], shown["message"]) == ("ValueError", "bad \\ud800")
    assert "test_errors_carry" in shown["traceback"]
    assert encode_error(json.JSONDecodeError("m", "", 0))["type"] == "json.decoder.JSONDecodeError"


def test_an_error_that_cannot_be_printed() -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert encode_error(Silent())["message"] == "<unprintable: RuntimeError>"


@given(st.randoms(use_true_random=False))
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_value_becomes_strict_json(random: Any) -> None:
    strict(values.value(random))


@pytest.mark.parametrize("index", range(len(values.FIXED)))
def test_each_hostile_value_becomes_strict_json(index: int) -> None:
    value = values.FIXED[index]  # by its place: pytest itself does not stand all of them
    shown = strict([value, {"a": value}, AIMessage("", additional_kwargs={"v": value})])
    assert len(shown) == 3
    assert "hunter2" not in json.dumps(shown)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


@given(_JSON)
def test_what_is_json_stays_as_it_is_but_is_a_copy(value: Any) -> None:
    if "$tracer" in json.dumps(value):
        return
    encoded = encode(value)
    assert encoded == value
    assert repr(encoded) == repr(value)  # True is not 1, -0.0 not 0.0
    if type(value) in (list, dict) and value:
        assert encoded is not value


def test_what_comes_back_does_not_change_with_the_value() -> None:
    value = {"a": [1, {"b": [2]}], "m": AIMessage("x", additional_kwargs={"k": [3]})}
    encoded = encode(value)
    before = json.dumps(encoded)
    value["a"][1]["b"].append(3)
    value["m"].additional_kwargs["k"].append(4)
    value["m"].content = "y"
    assert json.dumps(encoded) == before


# Limits


def test_a_million_keys() -> None:
    shown = strict({str(n): n for n in range(1_000_000)})
    assert (shown["$tracer"], shown["kind"], shown["size"]) == ("cut", "dict", 1_000_000)
    assert list(shown["head"])[:2] == ["0", "1"]
    assert len(shown["head"]) == 100_000


@pytest.mark.parametrize("character", ["x", "é", "\ud800", "\x00"])
def test_fifty_megabytes_of_text(character: str) -> None:
    shown = strict({"text": character * 50_000_000, "after": 1})
    assert (shown["text"]["kind"], shown["text"]["size"], shown["after"]) == ("str", 50_000_000, 1)
    assert shown["text"]["head"]


def test_an_image_stays_whole() -> None:
    url = "data:image/png;base64," + "A" * 10_000_000
    message = HumanMessage([{"type": "image_url", "image_url": {"url": url}}])
    assert strict({"input": [message]})["input"][0]["content"][0]["image_url"]["url"] == url


@pytest.mark.parametrize(
    "make",
    [
        lambda: ["x" * 1_000_000] * 1_000,
        lambda: ["\x00" * 1_000_000] * 1_000,
        lambda: [{f"{n} {m} {'é' * 90}": "\x01" * 99 for n in range(500)} for m in range(1_000)],
        lambda: [{"k" * 90_000 + str(n): n} for n in range(2_000)],
        lambda: ["\ud800" * 90] * 90_000,
        lambda: [1 << 100_000] * 5_000,
        lambda: [b"x" * 5_000] * 50_000,
        lambda: [values.BadRepr(lambda: "r" * 5_000) for _ in range(20_000)],
        lambda: [ValueError("\x00" * 30_000) for _ in range(5_000)],
        lambda: [object() for _ in range(100_000)],
        lambda: [values.Point(n) for n in range(100_000)],
        lambda: [{n: n} for n in range(100_000)],
        lambda: [{n} for n in range(100_000)],
        lambda: [[0.1] * 1_536 for _ in range(5_000)],
        lambda: {str(n): {str(n): [n]} for n in range(100_000)},
    ],
    ids=[
        "texts", "escaped", "short", "keys", "surrogates", "ints", "bytes", "reprs", "errors", "objects", "dataclasses",
        "pairs", "sets", "floats", "dicts",
    ],
)  # fmt: skip
def test_one_value_is_never_over_its_bytes_nor_takes_seconds(make: Callable[[], Any]) -> None:
    value = {"big": make(), "after": "still here"}
    began = time.thread_time()
    encoded = encode(value)
    assert time.thread_time() - began < 3
    assert check(encoded)["after"] == "still here"


def test_what_is_inside_itself_in_many_places_ends() -> None:
    laughs: Any = "lol"
    for _ in range(50):
        laughs = [laughs] * 10
    assert '"cut"' in json.dumps(strict(laughs))


def test_slow_reprs_end_when_the_time_is_over() -> None:
    def slow() -> str:
        time.sleep(0.01)
        return "slow"

    began = time.perf_counter()
    shown = strict([values.BadRepr(slow)] * 1_000, Limits(max_seconds=0.05))
    assert time.perf_counter() - began < 2
    assert shown[0]["repr"] == "slow"
    assert shown[-1] == {"$tracer": "cut", "kind": "nodes", "type": "tests.capture.values.BadRepr"}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: [inner],
        lambda inner: (inner,),
        lambda inner: {"a": inner},
        lambda inner: {1: inner},
        lambda inner: Point(inner),
        lambda inner: values.List([inner]),
        lambda inner: deque([inner]),
        lambda inner: Document("d", metadata={"a": inner}),
        lambda inner: AIMessage("", additional_kwargs={"a": inner}),
        lambda inner: values.Plain(a=inner),
        lambda inner: types.SimpleNamespace(a=inner),
    ],
)
def test_any_depth_of_anything(wrap: Callable[[Any], Any]) -> None:
    made: Any = 0
    for _ in range(1_000):
        made = wrap(made)
    for depth in (1, 20, 100, 150):
        assert "depth" in json.dumps(strict(made, Limits(max_depth=depth)))


def test_a_hundred_thousand_levels() -> None:
    made: Any = {}
    for _ in range(100_000):
        made = {"a": [made]}
    assert "depth" in json.dumps(strict(made))
    while made:  # freed from outside in: the other way overflows the stack of older Pythons
        made = made["a"].pop()


def test_no_stack_left() -> None:
    def down(left: int) -> Any:
        try:
            return down(left - 1) if left else encode(deep)
        except RecursionError:
            return encode(deep)

    deep = {"a": [Point([{"b": [Point(1)]}])]}
    for left in (900, 950, 970):
        assert check(down(left))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([[1, 2], [3, 4]], [[1, 2], {"$tracer": "cut", "kind": "list", "size": 2, "head": [3]}]),
        ([{"a": 1, "b": 2}, {"c": 3}], [{"a": 1, "b": 2}, {"$tracer": "cut", "kind": "dict", "size": 1, "head": {}}]),
    ],
)
def test_outer_levels_are_taken_before_inner_ones(value: Any, expected: Any) -> None:
    shown = strict(value, Limits(max_values=5 if expected[1]["head"] else 4))
    if not expected[1]["head"]:
        del expected[1]["head"]
    assert shown == expected


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("TRACER_MAX_STRING", "many", "TRACER_MAX_STRING in the environment or .env: not a number: 'many'"),
        ("TRACER_MAX_ITEMS", "0", "TRACER_MAX_ITEMS in the environment or .env: max_items must be above 0, not 0"),
        ("TRACER_MAX_DEPTH", "1000", "max_depth must be at most 150, not 1000"),
        ("TRACER_MAX_BYTES", "10", "max_bytes must be at least 10000, not 10"),
        ("TRACER_MAX_STRING", "10", "max_string must be at least 100, not 10"),
        ("TRACER_MAX_SECONDS", "nan", "max_seconds must be above 0, not nan"),
    ],
)
def test_a_wrong_limit_names_its_variable(variable: str, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Limits.from_environment({variable: text})


def test_limits_come_from_the_environment() -> None:
    limits = Limits.from_environment({"TRACER_MAX_STRING": "5000", "TRACER_MAX_SECONDS": "0.5", "TRACER_MAX_ITEMS": ""})
    assert limits == Limits(max_string=5_000, max_seconds=0.5)


# What runs, and what may stop it


def test_an_exit_in_a_repr_is_the_value_s_own() -> None:
    assert strict(values.BadRepr(values.exits))["repr"] == "<unprintable: SystemExit>"


def test_an_interrupt_in_a_repr_of_another_thread_is_the_value_s_own() -> None:
    def interrupt() -> str:
        raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as pool:
        shown = pool.submit(encode, values.BadRepr(interrupt)).result()
    assert shown["repr"] == "<unprintable: KeyboardInterrupt>"
    with pytest.raises(KeyboardInterrupt):
        encode(values.BadRepr(interrupt))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_encoding_goes_through(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(*_: Any) -> None:
        sys.exit(5)

    def killed() -> str:
        os.kill(os.getpid(), number)
        time.sleep(1)
        return "not reached"

    before = signal.getsignal(number)
    signal.signal(number, signal.default_int_handler if number is signal.SIGINT else leave)
    try:
        with pytest.raises((SystemExit, KeyboardInterrupt)):
            encode([values.BadRepr(killed)])
    finally:
        signal.signal(number, before)


def test_values_that_another_thread_changes() -> None:
    shared: dict[str, Any] = {"list": [], "dict": {}, "set": set(), "message": AIMessage("x")}
    stop = threading.Event()

    def change() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            shared["list"].append(n)
            shared["dict"][str(n)] = {n: [n]}
            shared["set"].add(n)
            shared["message"].additional_kwargs[str(n)] = n
            if n % 50 == 0:
                for one in (shared["list"], shared["dict"], shared["set"], shared["message"].additional_kwargs):
                    one.clear()

    thread = threading.Thread(target=change)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        for _ in range(500):
            shown = strict(shared)
            assert type(shown["list"]) is list
            assert shown["message"]["content"] == "x"
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_no_method_of_a_value_s_own_is_called() -> None:
    called: list[str] = []

    def tell(name: str) -> Callable[..., Any]:
        def method(self: Any, *args: Any) -> Any:
            called.append(name)
            return NotImplemented

        return method

    for base in (dict, list, str, set, tuple, int, float, deque):
        names = ("__len__", "__iter__", "__getitem__", "items", "keys", "__eq__", "__bool__", "__str__", "__int__")
        made = type(base.__name__, (base,), {name: tell(name) for name in names} | {"__hash__": base.__hash__})()
        called.clear()
        strict([made, {"a": made}, HumanMessage("", additional_kwargs={"v": made})])
        assert called == []


def test_a_class_that_claims_to_be_another_is_not() -> None:
    class Same(type):
        def __eq__(cls, other: object) -> bool:
            return True

        def __hash__(cls) -> int:
            return hash(deque)

    class Twin(metaclass=Same):
        pass

    assert strict(deque())["type"] == "collections.deque"
    assert strict(Twin())["$tracer"] == "repr"
    assert strict(Twin())["type"].endswith("Twin")
    assert "repr" in strict(Twin())


def test_a_generator_is_not_consumed() -> None:
    numbers = (n for n in range(3))
    strict([numbers])
    assert list(numbers) == [0, 1, 2]


# What stays readable


def test_broken_models_show_what_there_is() -> None:
    assert strict(values.BARE_MODEL)["value"] == {}
    assert strict(values.BARE_MESSAGE) == {"type": "AIMessageChunk", "content": ""}
    broken = values.Plain.model_construct(a=values.Key())
    assert strict(broken)["value"]["a"]["$tracer"] == "repr"
    assert strict(values.STRANGE)["items"]  # a key that is no text: pairs


def test_extras_are_shown_and_excluded_fields_are_not() -> None:
    assert strict(values.Extra(a=1, b=2))["value"] == {"a": 1, "b": 2}
    assert set(strict(values.Plain())["value"]) == {"a", "secret", "blob"}
    message = strict(values.Message("x", note="kept", more="extra"))
    assert message == {"type": "ai", "content": "x", "note": "kept", "more": "extra"}


def test_a_property_is_not_asked() -> None:
    assert strict(values.Shadowed(1)) == {
        "$tracer": "object",
        "type": "tests.capture.values.Shadowed",
        "value": {"x": 1},
    }
    assert strict(values.Slotted.__new__(values.Slotted))["value"] == {}


def test_graph_values() -> None:
    assert strict(Send("node", {"x": 1}))["value"] == {"node": "node", "arg": {"x": 1}, "timeout": None}
    assert strict(Command(goto="n", update={"a": [AIMessage("x")]}))["value"]["update"]["a"] == [
        {"type": "ai", "content": "x"}
    ]
    assert strict(Interrupt(value={"ask": "?"}))["value"]["value"] == {"ask": "?"}


def test_keys_that_are_no_text_lose_nothing() -> None:
    assert strict({(1, "a"): 1, "b": {2: 3}}) == {
        "$tracer": "dict",
        "items": [[[1, "a"], 1], ["b", {"$tracer": "dict", "items": [[2, 3]]}]],
    }
    # Written as keys, these two would be one.
    assert strict({"\ud800": 1, "\\ud800": 2})["items"] == [
        [{"$tracer": "surrogate", "json": "\\ud800"}, 1],
        ["\\ud800", 2],
    ]
    long = {"k" * 200 + "a": 1, "k" * 200 + "b": 2}
    assert strict(long) == long
    assert [pair[0]["size"] for pair in strict(long, Limits(max_string=100))["items"]] == [201, 201]


def test_long_integers_say_how_long() -> None:
    assert strict(10**600) == {"$tracer": "int", "value": str(10**600)}
    assert int(strict(-(10**2_000))["value"], 16) == -(10**2_000)
    shown = strict(-(10**100_000))
    assert (shown["kind"], shown["size"]) == ("int", (10**100_000).bit_length())
    assert hex(10**100_000).startswith(shown["head"][1:])


def test_collections_keep_their_type() -> None:
    assert strict(deque([1, 2])) == {"$tracer": "object", "type": "collections.deque", "value": [1, 2]}
    assert strict({"a": 1}.keys()) == {"$tracer": "object", "type": "dict_keys", "value": ["a"]}
    assert strict(types.MappingProxyType({"a": 1})) == {"$tracer": "object", "type": "mappingproxy", "value": {"a": 1}}
    assert strict(partial(print, 1, end=""))["value"]["args"] == [1]


def test_a_method_does_not_show_all_it_is_bound_to() -> None:
    assert strict(Point("x" * 5_000).__init__)["repr"] == "<bound method Point.__init__>"


def test_numpy() -> None:
    shown = strict(np.arange(6.0).reshape(2, 3))
    assert shown == {
        "$tracer": "array", "type": "numpy.ndarray", "shape": [2, 3], "dtype": "float64", "head": [0, 1, 2, 3, 4, 5],
    }  # fmt: skip
    assert strict([np.float32(0.5), np.int64(5), np.bool_(True), np.str_("x")]) == [0.5, 5, True, "x"]
    assert strict(np.float32("nan")) == {"$tracer": "nan"}
    assert strict(np.datetime64("2026-01-01"))["value"] == "2026-01-01"
    assert strict(np.array([np.nan, None], dtype=object))["head"] == [{"$tracer": "nan"}, None]
    huge = np.lib.stride_tricks.as_strided(np.zeros(1), shape=(10**6, 10**6), strides=(0, 0))
    assert strict(huge.T)["shape"] == [10**6, 10**6]  # a copy would take 8 TB


# Errors


def raised(make: Callable[[], Any]) -> BaseException:
    try:
        make()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def from_a_cause() -> None:
    try:
        {}["key"]
    except KeyError as error:
        raise ValueError("bad") from error


def in_handling() -> None:
    try:
        {}["key"]
    except KeyError:
        int("no number")


def hidden_context() -> None:
    try:
        {}["key"]
    except KeyError:
        raise ValueError("alone") from None


@pytest.mark.parametrize("make", [from_a_cause, in_handling, hidden_context, lambda: 1 / 0, lambda: json.loads("{")])
def test_a_traceback_is_python_s_own(make: Callable[[], Any]) -> None:
    error = raised(make)
    assert encode_error(error)["traceback"] == "".join(traceback.format_exception(error))


def test_an_error_names_its_cause() -> None:
    shown = encode_error(raised(from_a_cause))
    assert shown["cause"] == {"type": "KeyError", "message": "'key'"}
    assert "cause" not in encode_error(raised(hidden_context))
    assert strict(raised(from_a_cause))["cause"]["type"] == "KeyError"


def test_long_errors_keep_head_and_tail() -> None:
    def down(left: int) -> None:
        down(left - 1) if left else exec("raise ValueError('a' + 'x' * 1_000_000 + 'z')")

    shown = encode_error(raised(lambda: down(300)))
    assert len(shown["message"]) < 17_000
    assert (shown["message"][0], shown["message"][-1]) == ("a", "z")
    assert "characters cut" in shown["message"]
    assert len(shown["traceback"]) < 66_000
    assert "in raised" in shown["traceback"]
    assert "frames cut" in shown["traceback"]
    assert '"<string>", line 1' in shown["traceback"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: functools.reduce(lambda inner, n: chained(RuntimeError(n), inner), range(50_000), ValueError("first")),
        lambda: ExceptionGroup("g", [ExceptionGroup("h", [ValueError("x")] * 2_000)] * 2_000),
        lambda: functools.reduce(lambda inner, _: ExceptionGroup("g", [inner] * 3), range(200), ValueError("x")),
        lambda: values.CYCLIC,
    ],
)
def test_errors_upon_errors_end(make: Callable[[], BaseException]) -> None:
    error = make()
    began = time.thread_time()
    shown = encode_error(error)
    assert time.thread_time() - began < 1
    assert check(shown) == shown
    assert len(shown["traceback"]) < 66_000
    if error.__cause__ and error is not values.CYCLIC:
        assert shown["traceback"].startswith("… earlier exceptions cut …\n\nRuntimeError: 49990\n")
        unchain(error)


def chained(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def unchain(error: BaseException | None) -> None:
    """Freed one by one: freeing a long chain from its head overflows the stack of older Pythons."""
    seen: list[BaseException] = []
    while error is not None and len(seen) < 100_000:
        seen.append(error)
        error = error.__cause__
    for one in seen:
        one.__cause__ = None


@pytest.mark.parametrize("error", [values.Quiet("x"), values.NoCause("x"), values.RAISED, SystemExit(1)])
def test_hostile_errors(error: BaseException) -> None:
    shown = encode_error(error)
    assert check(shown) == shown
    assert shown["type"]


def test_group_members_are_told() -> None:
    shown = encode_error(ExceptionGroup("both", [ValueError("one"), KeyError("two")]))
    assert "ValueError: one" in shown["traceback"]
    assert "KeyError: 'two'" in shown["traceback"]
