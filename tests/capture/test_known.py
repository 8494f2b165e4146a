"""Messages that were encoded before: said again as they were, or as they are now where they changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from tracer.capture import fields, known
from tracer.capture import history as histories
from tracer.capture.encode import LIMITS, encode
from tracer.capture.redact import Redactor


def _message() -> AIMessage:
    call = {"name": "weather", "args": {"days": [1, 2]}, "id": "call-1"}
    return AIMessage(content=[{"type": "text", "text": "It rains."}], tool_calls=[call])


def _set(name: str, value: Any) -> Callable[[Any], None]:
    return lambda message: setattr(message, name, value)


CHANGES: dict[str, Callable[[Any], None]] = {
    "an id is given": _set("id", "run-1"),
    "an empty dict is filled": lambda message: message.additional_kwargs.update(a=1),
    "a block is changed": lambda message: message.content[0].update(text="It snows."),
    "an argument is added": lambda message: message.tool_calls[0]["args"]["days"].append(3),
    "1 becomes true": lambda message: message.tool_calls[0]["args"]["days"].__setitem__(0, True),
    "1 becomes 1.0": lambda message: message.tool_calls[0]["args"]["days"].__setitem__(0, 1.0),
    "something of another kind": _set("additional_kwargs", {"when": {1, 2}}),
    "a field of its own": _set("extra", "more"),
    "a field is taken away": lambda message: message.tool_calls.clear(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_what_changed_is_seen_and_what_was_said_stays(change: Callable[[Any], None], depth: int) -> None:
    message, other = _message(), HumanMessage("And now?")
    value: Any = message
    for _ in range(depth):
        value = [other, value]
    first = encode({"messages": value})
    stood = orjson.dumps(first)
    assert orjson.dumps(encode({"messages": value})) == stood
    change(message)
    again: Any = message.model_copy(deep=True)
    for _ in range(depth):
        again = [HumanMessage("And now?"), again]
    now = orjson.dumps(encode({"messages": value}))
    assert now == orjson.dumps(encode({"messages": again}))
    assert now != stood
    assert orjson.dumps(first) == stood


ORDERS: dict[str, Callable[[list[Any]], None]] = {
    "one more": lambda history: history.append(HumanMessage("More.")),
    "one less": lambda history: history.pop(),
    "two change places": lambda history: history.insert(2, history.pop(4)),
    "another one in its place": lambda history: history.__setitem__(3, HumanMessage("Another.")),
    "a copy of one, of another kind": lambda history: history.__setitem__(3, ToolMessage("1", tool_call_id="a")),
    "another one first": lambda history: history.__setitem__(0, {"role": "user", "content": "Anew."}),
}


@pytest.mark.parametrize("change", ORDERS.values(), ids=ORDERS)
def test_a_history_is_said_as_it_is_now(change: Callable[[list[Any]], None]) -> None:
    history: list[Any] = [HumanMessage(str(n)) if n % 2 else _message() for n in range(9)]
    for _ in range(2):
        encode({"messages": history})
    change(history)
    fresh = [one if isinstance(one, dict) else one.model_copy(deep=True) for one in history]
    for _ in range(3):
        assert orjson.dumps(encode({"messages": history})) == orjson.dumps(encode({"messages": fresh}))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("place", [0, 1, 5, 8])
def test_what_changed_in_a_history_is_seen(change: Callable[[Any], None], place: int) -> None:
    history: list[Any] = [_message() for _ in range(9)]
    first = encode({"messages": history})
    stood = orjson.dumps(first)
    assert orjson.dumps(encode({"messages": history})) == stood
    change(history[place])
    now = orjson.dumps(encode({"messages": history}))
    assert now == orjson.dumps(encode({"messages": [one.model_copy(deep=True) for one in history]}))
    assert now != stood
    assert orjson.dumps(first) == stood


def test_a_field_by_another_name_is_seen() -> None:
    history: list[Any] = [HumanMessage(str(n)) for n in range(9)]
    for message in history:
        message.__dict__["last"] = "the same text"
    for _ in range(2):
        encode({"messages": history})
    history[4].__dict__["other"] = history[4].__dict__.pop("last")
    assert encode({"messages": history})["messages"][4]["other"] == "the same text"


def test_what_another_thread_changes_meanwhile_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    message = _message()
    remember = known.remember

    def late(*args: Any) -> None:
        message.content = "It snows."
        remember(*args)

    monkeypatch.setattr(fields, "remember", late)
    encode([message])
    monkeypatch.undo()
    assert encode([message])[0]["content"] == "It snows."


def test_nor_in_a_history(monkeypatch: pytest.MonkeyPatch) -> None:
    history: list[Any] = [_message() for _ in range(9)]
    for message in history:
        message.additional_kwargs["k"] = 1
    encode({"messages": history})
    keep = histories.remember

    def late(*args: Any) -> None:
        history[3].additional_kwargs["k"] = 2
        keep(*args)

    monkeypatch.setattr(histories, "remember", late)
    encode({"messages": history})
    monkeypatch.undo()
    assert encode({"messages": history})["messages"][3]["additional_kwargs"] == {"k": 2}


class Mine(HumanMessage):
    """The same fields, and the same objects in them."""


def test_one_of_another_kind_is_seen() -> None:
    history: list[Any] = [HumanMessage(str(n)) for n in range(9)]
    # Without this field it is the class's name that is said.
    del history[4].__dict__["type"]
    for _ in range(2):
        encode({"messages": history})
    other = history[4].model_copy()
    other.__class__ = Mine
    history[4] = other
    assert encode({"messages": history})["messages"][4] == {"type": "Mine", "content": "4"}


def test_histories_do_not_pile_up() -> None:
    for round in range(40):
        history: list[Any] = [HumanMessage(f"{round} {n} {'x' * 9_000}") for n in range(20)]
        encode({"messages": history})
        encode({"messages": history})
    assert sum(known.size for alike in histories._lists.values() for known in alike) <= 4_000_000
    assert len(histories._lists) <= 16


def _tangled() -> list[Any]:
    """It holds itself twice: to write it out would take for ever."""
    tangled: list[Any] = []
    tangled.extend([tangled, tangled])
    return tangled


def _doubled() -> list[Any]:
    """One text, two to the fortieth times."""
    doubled: list[Any] = ["x"]
    for _ in range(40):
        doubled = [doubled, doubled]
    return doubled


@pytest.mark.timeout(20)
@pytest.mark.parametrize("make", [_tangled, _doubled])
def test_what_would_be_endless_is_cut(make: Callable[[], list[Any]]) -> None:
    message = _message()
    message.additional_kwargs["tree"] = make()
    plain = orjson.dumps(encode([message]))
    assert b'"$tracer"' in plain
    # Known before, and tangled since.
    message = _message()
    encode([message])
    message.tool_calls[0]["args"]["days"] = make()
    assert b'"$tracer"' in orjson.dumps(encode([message]))


def test_what_is_said_again_takes_as_much_of_the_room() -> None:
    messages = [HumanMessage("x" * 400) for _ in range(100)]
    encode(messages)
    for limits in (replace(LIMITS, max_bytes=10_000), replace(LIMITS, max_values=150), replace(LIMITS, max_depth=1)):
        fresh = [HumanMessage("x" * 400) for _ in range(100)]
        assert encode(messages, limits) == encode(fresh, limits)
        assert encode(messages, limits) == encode(fresh, limits)


def test_a_count_that_went_wrong_costs_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_bytes", 1 << 40)
    assert encode([_message()]) == encode([_message()])
    assert encode([_message()])[0]["type"] == "ai"


def test_a_secret_that_comes_into_a_known_message_is_taken_out() -> None:
    redact, messages = Redactor(), [HumanMessage("Hello, how are you?"), _message()]
    for _ in range(2):
        plain = encode(messages)
        assert redact(plain) is plain
    messages[1].additional_kwargs["api_key"] = "sk-" + "a1B2" * 12
    assert b"a1B2a1B2" not in orjson.dumps(redact(encode(messages)))


def test_a_secret_that_comes_into_a_known_history_is_taken_out() -> None:
    redact, messages = Redactor(), [_message() for _ in range(9)]
    for _ in range(3):
        plain = encode(messages)
        assert redact(plain) is plain
    messages[5].additional_kwargs["api_key"] = "sk-" + "a1B2" * 12
    assert b"a1B2a1B2" not in orjson.dumps(redact(encode(messages)))


def test_what_one_found_clean_is_not_taken_as_clean_by_another() -> None:
    history = [_message() for _ in range(9)]
    history[4].additional_kwargs["note"] = "the word is Rumpelstilzchen"
    for _ in range(3):
        plain = encode(history)
        assert Redactor()(plain) is plain
    strict = Redactor([("name", re.compile("Rumpelstilzchen"))])
    assert "Rumpelstilzchen" not in str(strict(encode(history)))


@pytest.mark.parametrize("count", [1, 9], ids=["a message", "a history"])
def test_what_is_said_again_further_down_is_the_same_until_it_is_too_deep(count: int) -> None:
    messages = [_message() for _ in range(count)]
    trees = {id(tree): tree for tree in encode(messages)}
    encode(messages)
    for depth in range(1, LIMITS.max_depth + 2):
        value: Any = messages
        fresh: Any = [_message() for _ in range(count)]
        for _ in range(depth):
            value, fresh = [value], [fresh]
        made = encode(value)
        assert orjson.dumps(made) == orjson.dumps(encode(fresh))
        for _ in range(depth):
            made = made[0] if isinstance(made, list) else made
        # Nothing was encoded anew for standing deeper than before.
        assert depth > LIMITS.max_depth - 8 or all(id(tree) in trees for tree in made)
