"""How a value grew, seen in its bytes: the operations make the new one of the old one."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.utils.json import parse_partial_json

from tracer.log.delta import Draft
from tracer.log.edge import Edge, Growth

from .streams import Run

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["a", "b/c", "~", "", "é", "d"]), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


def grows(old: Any, new: Any, edge: Edge | None = None) -> Growth | None:
    """What `old` grew by; checked to give `new`, byte for byte, and to know the new edge as if it were looked for."""
    edge = edge or Edge(orjson.dumps(old))
    growth = edge.grown(orjson.dumps(new))
    if growth is not None:
        draft = Draft(orjson.loads(edge.raw))
        for operation in orjson.loads(orjson.dumps(growth.ops)):
            draft.apply(operation)
        assert orjson.dumps(draft.value) == orjson.dumps(new) == growth.edge.raw
        assert growth.edge.levels == Edge(growth.edge.raw).levels
        for depth in range(len(growth.way)):
            growth.wider(depth)
    return growth


def ops(old: Any, new: Any) -> list[tuple[str, str, Any]]:
    growth = grows(old, new)
    assert growth is not None
    return [(one["op"], one["path"], one.get("value")) for one in growth.ops]


@settings(deadline=None)
@given(_JSON, _JSON)
def test_any_value_to_any_other(old: Any, new: Any) -> None:
    grows(old, new)
    grows({"kept": 1, "list": [1, {"at": old}]}, {"kept": 1, "list": [1, {"at": new}]})
    grows({"at": old}, {"at": new, "more": [new]})


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32))
def test_partial_json_is_followed_from_token_to_token(seed: int) -> None:
    random = Random(seed)
    value = Run(random)._value(0)
    text = json.dumps({"first": [value, value], "then": value}, ensure_ascii=random.random() < 0.5)
    edge: Edge | None = None
    at = 0
    while at < len(text):
        at += random.randrange(1, 7)
        try:
            part = parse_partial_json(text[:at])
            raw = orjson.dumps(part)
        except Exception:
            continue
        growth = grows(None, part, edge) if edge else None
        if edge is not None and edge.levels:
            assert growth is not None
        edge = growth.edge if growth else Edge(raw)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("ab", "abc", [("append", "", "c")]),
        ('a"', 'a"\\é', [("append", "", "\\é")]),
        ([1, "a"], [1, "ab"], [("append", "/1", "b")]),
        ([1], [1, 2, 3], [("add", "/1", 2), ("add", "/2", 3)]),
        ([1], [12], [("replace", "/0", 12)]),
        ([1, 2], [1], [("remove", "/1", None)]),
        ({"a": 1, "b": 2}, {"a": 1, "c": 2}, [("remove", "/b", None), ("add", "/c", 2)]),
        ({"a": {"b/~": "x"}}, {"a": {"b/~": "xy"}, "c": 1}, [("append", "/a/b~1~0", "y"), ("add", "/c", 1)]),
        ({"a": [1]}, {"a": [True]}, [("replace", "/a/0", True)]),
        ({"a": [1]}, {"a": [1.0]}, [("replace", "/a/0", 1.0)]),
        ({"a": [0.0]}, {"a": [-0.0]}, [("replace", "/a/0", -0.0)]),
        ({"a": None}, {"a": "text"}, [("replace", "/a", "text")]),
        ({"a": [{"b": "x"}]}, {"a": [{"b": "xy"}, {}]}, [("append", "/a/0/b", "y"), ("add", "/a/1", {})]),
    ],
)
def test_operations(old: Any, new: Any, expected: list[tuple[str, str, Any]]) -> None:
    assert ops(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ab", "b"),
        ("a", ["a"]),
        ([1], {"a": 1}),
        ([1, 2], [3, 2]),
        ([1, 2], [12]),
        ({"a": 1, "b": 2}, {"a": 12}),
        (1, 2),
        ([], [1]),
        ({"a": 1, "b": 2}, {"c": 1}),
    ],
)
def test_what_changed_elsewhere_is_no_growth(old: Any, new: Any) -> None:
    growth = grows(old, new)
    assert growth is None or len(orjson.dumps(growth.ops)) > len(orjson.dumps(new))


def test_only_what_is_new_is_parsed() -> None:
    old = {"people": [{"name": f"Person {n}"} for n in range(1_000)]}
    new = {"people": [*old["people"][:-1], {"name": "Person 999 and more"}]}
    growth = grows(old, new)
    assert growth is not None
    assert growth.skeleton == {"people": [{"name": "Person 999 and more"}]}
    assert [level.key for level in growth.way] == ["people", 999, "name"]
