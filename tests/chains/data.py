"""What goes through: falsy, odd, huge, alive, and what JSON cannot say."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import uuid
from collections import deque, namedtuple
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda, RunnablePassthrough
from pydantic import BaseModel, SecretStr

from .case import case
from .parts import Script, same

Chain = Runnable[Any, Any]


def steps(*functions: Any) -> Chain:
    first, *others = (RunnableLambda(function) for function in functions)
    chain: Chain = first
    for other in others:
        chain = chain | other
    return chain


ONE = "RunnableSequence\n  give\n  same"


def given(make: Any) -> Chain:
    """A chain whose first step gives what `make` makes, and whose second passes it on."""

    def give(value: Any) -> Any:
        return make()

    return steps(give, same)


@case(0, "ok", "RunnableSequence\n  same\n  same", invoked="same")
def zero() -> Chain:
    """0 all the way."""
    return steps(same, same)


@case("", "ok", "RunnableSequence\n  same\n  same", invoked="same")
def empty_text() -> Chain:
    """An empty text all the way."""
    return steps(same, same)


@case([], "ok", "RunnableSequence\n  same\n  same", invoked="same")
def empty_list() -> Chain:
    """An empty list all the way."""
    return steps(same, same)


@case({}, "ok", "RunnableSequence\n  same\n  same", invoked="same")
def empty_dict() -> Chain:
    """An empty dict all the way."""
    return steps(same, same)


@case(None, "ok", "RunnableSequence\n  same\n  same", invoked="same")
def none() -> Chain:
    """None all the way."""
    return steps(same, same)


@case(False, "ok", "RunnableSequence\n  same\n  RunnablePassthrough", invoked="same")
def false() -> Chain:
    """False all the way."""
    return RunnableLambda(same) | RunnablePassthrough()


@case({"input": ""}, "ok", "RunnableSequence\n  same\n  same", invoked="same")
def looks_like_no_input() -> Chain:
    """The very dict by which LangChain says that it does not know the input."""
    return steps(same, same)


@case(float("nan"), "ok", ONE, invoked="same")
def floats() -> Chain:
    """NaN and the infinities."""
    return given(lambda: [float("nan"), float("inf"), float("-inf"), 1e308, -0.0])


@case(b"\x00\xff", "ok", ONE, invoked="same")
def binary() -> Chain:
    """Bytes of every kind."""
    return given(lambda: {"bytes": b"\xff" * 10_000, "array": bytearray(3), "view": memoryview(b"abc")})


@case("half \ud83d", "ok", ONE, invoked="same")
def surrogates() -> Chain:
    """Half a pair, alone, in a key, and in a name."""
    return given(lambda: {"\udc00": "\ud83d", "whole": "😀"})


@case(
    "x",
    "ok",
    """
    RunnableSequence
      halves
      same
    """,
)
def a_pair_cut_in_two() -> Chain:
    """A pair of surrogates cut apart by streaming."""

    async def halves(chunks: AsyncIterator[Any]) -> AsyncIterator[str]:
        yield "\ud83d"
        yield "\ude00"

    return RunnableGenerator(halves) | RunnableLambda(same)


Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    """One."""

    RED = 1


@dataclasses.dataclass
class Box:
    """Holds anything."""

    inside: Any


class Secret(BaseModel):
    """Holds a secret."""

    key: SecretStr
    at: datetime.datetime


@case(
    {1: "one", (2, 3): "pair", None: "none", "$tracer": "mine"},
    "ok",
    ONE,
    invoked="same",
)
def every_type() -> Chain:
    """All that is no JSON, in one value."""
    return given(
        lambda: {
            "set": {1, "a", None},
            "frozenset": frozenset([1.5]),
            "tuple": (1, (2,)),
            "named": Point(1, 2),
            "enum": Colour.RED,
            "dataclass": Box(Box(None)),
            "model": Secret(key=SecretStr("s3cret"), at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)),
            "decimal": decimal.Decimal("1.10"),
            "uuid": uuid.UUID(int=1),
            "path": Path("a") / "b",
            "deque": deque([1, 2]),
            "complex": 1j,
            "range": range(3),
            "big": 10**40,
            "ellipsis": ...,
            "type": int,
            "exception": ValueError("as a value"),
            "function": len,
            "messages": [HumanMessage("hi"), AIMessage("yes")],
        }
    )


class Hostile:
    """Raises whatever is asked of it."""

    def __repr__(self) -> str:
        raise ValueError("no")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    def __bool__(self) -> bool:
        raise RuntimeError("no")

    __hash__ = None  # type: ignore[assignment]


@case("x", "ok", ONE, invoked="same")
def hostile() -> Chain:
    """Objects that fight back."""
    return given(lambda: [Hostile(), {"deep": Hostile()}])


@case("x", "ok", ONE, invoked="same")
def cycles() -> Chain:
    """A list in itself, and two dicts in each other."""

    def make() -> Any:
        loop: list[Any] = []
        loop.append(loop)
        left: dict[str, Any] = {}
        left["right"] = {"left": left}
        return [loop, left]

    return given(make)


@case("x", "ok", ONE, invoked="same")
def depth() -> Chain:
    """Deeper than JSON is written."""

    def make() -> Any:
        value: Any = "bottom"
        for _ in range(2_000):
            value = [value]
        return value

    return given(make)


@case("x", "ok", ONE, invoked="same")
def size() -> Chain:
    """A megabyte of text, and long lists."""
    return given(lambda: {"text": "ä" * 500_000, "list": list(range(20_000))})


@case("x" * 1_017, "ok", f"{'n' * 1_017}", invoked="same")
def a_name_of_1017_characters() -> Chain:
    """A very long name."""
    return RunnableLambda(same, name="n" * 1_017)


@case("x", "ok", "weird « \u2028 name »\n", invoked="same")
def a_name_with_a_line_separator() -> Chain:
    """U+2028 in a name."""
    return RunnableLambda(same, name="weird « \u2028 name »")


@case(
    {"items": []},
    "ok",
    """
    RunnableSequence
      add
      add
    """,
)
def mutated_after_sending() -> Chain:
    """A step changes the object that the step before it was seen to give."""

    def add(value: Any) -> Any:
        value["items"].append(len(value["items"]))
        return value

    return steps(add, add)


@case("x", "ok", "RunnableSequence\n  give\n  read", invoked="same")
def a_generator_as_a_value() -> Chain:
    """A generator goes through unread."""

    def give(value: Any) -> Any:
        return {"later": (n for n in range(3))}

    def read(value: Any) -> Any:
        return list(value["later"])

    return steps(give, read)


@case(
    "x",
    "ok",
    """
    RunnableSequence
      pieces
      same
    """,
)
def dicts_that_do_not_add_up() -> Chain:
    """Chunks of which only the last stays."""

    async def pieces(chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
        yield {"a": 1}
        yield {"a": 2}

    return RunnableGenerator(pieces) | RunnableLambda(same)


@case("x", "ok", "Script", invoked="same")
def usage_and_finish_reason() -> Chain:
    """What a model says of itself at the end."""
    last = AIMessageChunk(
        content="",
        id="said",
        usage_metadata={"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
        response_metadata={"finish_reason": "length", "model_name": "m"},
    )
    return Script(script=[[AIMessageChunk(content="hi", id="said"), last]])


@case("x", "ok", "tagged", config={"tags": ["t", "ä"], "metadata": {"n": 1, "odd": {"s": [None]}}}, invoked="same")
def tags_and_metadata() -> Chain:
    """Odd tags and metadata."""
    return RunnableLambda(same, name="tagged").with_config(tags=["own"], metadata={"path": "a/b"})
