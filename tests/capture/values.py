"""Values of every kind, made from a seed: what chains really carry, and what fights back. For tests and benchmarks."""

from __future__ import annotations

import array
import asyncio
import ctypes
import dataclasses
import datetime
import decimal
import enum
import functools
import importlib.util
import math
import pathlib
import threading
import types
import uuid
import weakref
from collections import Counter, OrderedDict, UserDict, UserList, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, NoReturn

from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, Generation, LLMResult
from langchain_core.prompt_values import ChatPromptValue, ImagePromptValue, StringPromptValue
from langchain_core.runnables import RunnableLambda
from langgraph.types import Command, Interrupt, Send
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, RootModel, SecretBytes, SecretStr

Make = Callable[[Random, int], Any]


class Evil(Exception):
    pass


def evil(*_: Any, **__: Any) -> NoReturn:
    raise Evil


def exits(*_: Any, **__: Any) -> NoReturn:
    raise SystemExit(3)


def hostile(base: type, raises: Callable[..., NoReturn] = evil) -> type:
    """A subclass all of whose methods raise, but those that make an instance."""
    made = {"__new__", "__init__", "__init_subclass__", "__class__", "__getattribute__", "__hash__", "__doc__"}
    names = [name for name in dir(base) if name not in made and callable(getattr(base, name, None))]
    methods: dict[str, Any] = dict.fromkeys(names, raises)
    # Without the teardown of weak references and garbage: those are not the encoder's to call.
    for name in ("__del__", "__reduce__", "__reduce_ex__"):
        methods.pop(name, None)
    methods["__hash__"] = base.__hash__
    return type(f"Hostile{base.__name__}", (base,), methods)


Dict, List, Str, Int, Float, Tuple, Set, Bytes, Deque = (
    hostile(base) for base in (dict, list, str, int, float, tuple, set, bytes, deque)
)
ExitDict, ExitList, ExitStr = (hostile(base, exits) for base in (dict, list, str))


class BadRepr:
    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def __repr__(self) -> str:
        return self.make()


class NoAttributes:
    def __getattribute__(self, name: str) -> Any:
        raise SystemExit(name)


class Liar:
    @property
    def __class__(self) -> Any:  # type: ignore[override]
        return dict

    def __len__(self) -> int:
        return -1


class Meta(type):
    def __eq__(cls, other: object) -> bool:
        return True

    def __hash__(cls) -> int:
        return hash(str)

    def __getattribute__(cls, name: str) -> Any:
        raise SystemExit(name)

    def __repr__(cls) -> str:
        raise SystemExit

    def __instancecheck__(cls, instance: Any) -> bool:
        return True


class OfMeta(metaclass=Meta):
    pass


class Key:
    """A key whose hash is that of all its kind, and which nothing may be compared with."""

    def __hash__(self) -> int:
        return 7

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        raise Evil


class NoTruth:
    def __bool__(self) -> bool:
        raise SystemExit

    def __eq__(self, other: object) -> bool:
        raise SystemExit

    __hash__ = None  # type: ignore[assignment]


class Proxied(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise Evil

    def __iter__(self) -> Iterator[str]:
        raise Evil

    def __len__(self) -> int:
        return 5


class Zone(datetime.tzinfo):
    def utcoffset(self, when: datetime.datetime | None) -> datetime.timedelta:
        raise SystemExit


class Colour(enum.Enum):
    RED = "r"
    NAN = math.nan
    LIST = [1, 2]  # noqa: RUF012 a value, not a default


class Level(enum.IntEnum):
    HIGH = 3


class Word(enum.StrEnum):
    A = "a"


class Bits(enum.Flag):
    A = 1
    B = 2


@dataclasses.dataclass
class Point:
    x: Any
    y: Any = None


@dataclasses.dataclass(slots=True, frozen=True)
class Slotted:
    x: Any
    y: Any = dataclasses.field(default=1, repr=False)


@dataclasses.dataclass
class Shadowed:
    x: Any = None

    @property
    def y(self) -> Any:
        raise Evil


class Plain(BaseModel):
    a: Any = None
    secret: SecretStr = SecretStr("hunter2")
    blob: SecretBytes = SecretBytes(b"hunter2")
    hidden: str = Field(default="hunter2", exclude=True)
    _private: str = PrivateAttr("hunter2")


class Extra(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: Any = None


class Root(RootModel[list[Any]]):
    pass


class Message(AIMessage):
    note: Any = None
    hidden: str = Field(default="hunter2", exclude=True)


class Quiet(Exception):
    def __str__(self) -> str:
        raise SystemExit


class NoCause(Exception):
    @property
    def __cause__(self) -> NoReturn:  # type: ignore[override]
        raise Evil

    @property
    def __traceback__(self) -> NoReturn:  # type: ignore[override]
        raise Evil


Pair = namedtuple("Pair", "left right")  # the untyped kind is what users still have


def _coroutine() -> Any:
    async def nothing() -> None:
        await asyncio.sleep(0)

    made = nothing()
    made.close()
    return made


def _released() -> memoryview:
    view = memoryview(b"abc")
    view.release()
    return view


def _dead() -> Any:
    class Gone:
        pass

    return weakref.proxy(Gone())


def _cyclic_error() -> BaseException:
    first, second = ValueError("first"), KeyError("second")
    first.__cause__, second.__cause__ = second, first
    return first


def _raised() -> BaseException:
    try:
        try:
            raise KeyError("\ud800")
        except KeyError as error:
            raise RuntimeError("outer") from error
    except RuntimeError as error:
        error.add_note("note \udfff")
        return error


COROUTINE, RELEASED, DEAD, RAISED, CYCLIC = _coroutine(), _released(), _dead(), _raised(), _cyclic_error()
STR_KEY = Str("k")
BARE_MODEL, BARE_MESSAGE = Plain.__new__(Plain), AIMessageChunk.__new__(AIMessageChunk)
STRANGE = AIMessage("x")
STRANGE.__dict__.update({"$tracer": "nan", "\ud800": 1, "type": 3})  # type: ignore[dict-item]
STRANGE.__dict__[5] = Key()  # type: ignore[index]
PIECE = HumanMessage([{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 3000}}, "text"])

FIXED: list[Any] = [
    *(None, True, False, 0, -1, 2**63, 2**64 - 1, 2**64, -(2**63) - 1, 10**5_000, 1 << 400_000, -(1 << 400_000)),
    *(0.0, -0.0, 1e308, 5e-324, math.nan, math.inf, -math.inf, complex(math.nan, 1)),
    *("", "a", "é", "\x00", "\ud83d", "\ude00b", "\u2028", "$tracer", "x" * 5_000, "\ud800" * 3_000, "\x01" * 3_000),
    *(Str("x"), Int(5), Float(1.5), Int(10**30), Float("nan"), Bytes(b"x"), Tuple((1, 2)), ExitStr("x")),
    *(Dict({"a": 1}), List([1]), Deque([1]), ExitDict({"a": 1}), ExitList([1]), Set({1})),
    *(BadRepr(evil), BadRepr(exits), BadRepr(lambda: 5), BadRepr(lambda: Str("x" * 50)), BadRepr(lambda: "\ud800")),
    *(BadRepr(lambda: "r" * 1_000_000), NoAttributes(), Liar(), OfMeta(), OfMeta, NoTruth(), Key(), object()),
    *(types.MappingProxyType(Proxied()), types.MappingProxyType({"a": 1}), {}.keys(), {1: 2}.values(), {1: 2}.items()),
    *(len, int, math, print, functools.partial(int, base=2), [].append, Point(1).__repr__, lambda: 1, iter([]), ...),
    *((n for n in "ab"), COROUTINE, RELEASED, DEAD, threading.Lock(), threading.RLock(), ctypes.c_int(5), range(10**9)),
    *(ctypes.create_string_buffer(5), array.array("d", [math.nan, 1.0]), memoryview(b"abcd")[::2], bytearray(b"\xff")),
    *(Colour.RED, Colour.NAN, Colour.LIST, Level.HIGH, Word.A, Bits.A | Bits.B, Bits(0), Colour),
    *(datetime.datetime(2026, 1, 1, tzinfo=Zone()), datetime.datetime.max, datetime.date.min, datetime.time(1)),
    *(datetime.timedelta.max, decimal.Decimal("sNaN"), decimal.Decimal("1E+999999"), uuid.UUID(int=1)),
    *(pathlib.PurePosixPath("/a\udc80"), pathlib.Path(), types.SimpleNamespace(a=1), NotImplemented, type),
    *(Quiet("x"), NoCause("x"), RAISED, CYCLIC, SystemExit(1), KeyboardInterrupt(), ExceptionGroup("g", [RAISED])),
    *(BARE_MODEL, BARE_MESSAGE, STRANGE, PIECE, Plain.model_construct(a=Key(), nonsense=1), Extra(a=1, b=math.nan)),
    *(Root([1, math.nan]), Plain(), Slotted(1), Slotted.__new__(Slotted), Point.__new__(Point), Shadowed()),
    *(Message("x"), RemoveMessage(id="1"), ChatMessage("x", role="r"), FunctionMessage("x", name="f")),
    SystemMessage("s"),
    *(StringPromptValue(text="x"), ImagePromptValue(image_url={"url": "u"}), SecretStr("hunter2"), RunnableLambda(len)),
    *(Send("n", {"x": 1}), Command(goto="n", update={"a": 1}), Interrupt(value="?"), BaseMessage(content="", type="t")),
]  # fmt: skip

if importlib.util.find_spec("numpy"):
    import numpy as np

    FIXED += [
        *(np.float32("nan"), np.int64(5), np.bool_(True), np.str_("x"), np.bytes_(b"x"), np.longdouble(1) / 3),
        *(np.datetime64("2026-01-01", "ns"), np.datetime64("NaT"), np.timedelta64(5, "s"), np.complex64(1j)),
        *(np.zeros((1_000, 1_000)).T, np.array([Key(), None], dtype=object), np.array(5), np.array([])),
        *(np.zeros(3, dtype=[("a", "i4"), ("b", "U5")]), np.zeros(1, dtype=[("a", "i4")])[0], np.ma.masked_array([1])),
        *(np.array([math.nan, math.inf]), np.array(["\ud800"], dtype=object), np.random.default_rng(0), np.void(b"x")),
    ]
if importlib.util.find_spec("pydantic.v1"):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydantic.v1 import BaseModel as BaseModelV1
        from pydantic.v1 import Field as FieldV1
        from pydantic.v1 import SecretStr as SecretStrV1

        class Old(BaseModelV1):
            a: Any = None
            secret: SecretStrV1 = SecretStrV1("hunter2")
            hidden: str = FieldV1("hunter2", exclude=True)

        FIXED += [Old(a=[1]), Old.__new__(Old), Old.construct(a=Key())]


def text(random: Random, size: int = 12) -> str:
    alphabet = ('abcdef $"\\', "abcdef", "\x00\n\x1f\x7f", "éß漢字", "\ud83d\ude00\udfff", "😀𝄞", "$tracer")
    letters = random.choice(alphabet)
    return "".join(random.choice(letters) for _ in range(random.randrange(size)))


def key(random: Random, depth: int) -> Any:
    made = random.randrange(12)
    if made < 8:
        return text(random, 5)
    fixed = (1, 1.5, None, True, (1, "a"), STR_KEY, Word.A, Level.HIGH, Key(), b"j", "$tracer", "k" * 300, math.nan)
    return random.choice(fixed)


def _dict(random: Random, depth: int) -> dict[Any, Any]:
    return {key(random, depth): value(random, depth - 1) for _ in range(random.randrange(6))}


def _list(random: Random, depth: int) -> list[Any]:
    return [value(random, depth - 1) for _ in range(random.randrange(6))]


def _plain(random: Random, depth: int) -> dict[str, Any]:
    return {text(random, 6): random.choice((1, "a", None, 2.5, [1], {"b": []}, "é")) for _ in range(8)}


def _cycle(random: Random, depth: int) -> Any:
    inner = _list(random, depth)
    outer = {"in": inner, "x": value(random, depth - 1)}
    inner.append(random.choice((outer, inner, Point(outer), AIMessage("", additional_kwargs={"o": outer}))))
    return outer


def _deep(random: Random, depth: int) -> Any:
    made = value(random, 0)
    wrap = random.choice(
        (lambda v: [v], lambda v: {"a": v}, Point, lambda v: {1: v}, lambda v: (v,), lambda v: List([v]), Root)
    )
    for _ in range(random.randrange(300)):
        made = wrap([made]) if wrap is Root else wrap(made)
    return made


def _wide(random: Random, depth: int) -> Any:
    made = value(random, 0)
    for _ in range(random.randrange(12)):
        made = [made] * random.randrange(1, 4)
    return made


def _error(random: Random, depth: int) -> BaseException:
    made: BaseException = ValueError(value(random, depth - 1))
    for _ in range(random.randrange(4)):
        outer = RuntimeError(text(random))
        outer.__context__, made = made, outer
    return ExceptionGroup("g", [made, KeyError()]) if random.random() < 0.2 and isinstance(made, Exception) else made


def _calls(random: Random) -> list[Any]:
    return [{"name": "weather", "args": {"city": text(random)}, "id": "1", "type": "tool_call"}]


MAKERS: list[Make] = [
    _dict, _dict, _list, _list, _plain, _plain, _cycle, _error,
    lambda r, d: tuple(_list(r, d)),
    lambda r, d: Dict(_dict(r, d)),
    lambda r, d: List(_list(r, d)),
    lambda r, d: deque(_list(r, d)),
    lambda r, d: UserDict(_dict(r, d)) if r.random() < 0.5 else UserList(_list(r, d)),
    lambda r, d: r.choice((OrderedDict, lambda p: defaultdict(list, p)))(_dict(r, d)),
    lambda r, d: Counter(text(r)),
    lambda r, d: {text(r) for _ in range(4)} | {1, None, (1,)},
    lambda r, d: frozenset({b"x", text(r), Word.A}),
    lambda r, d: Point(value(r, d - 1), value(r, d - 1)),
    lambda r, d: Slotted(value(r, d - 1)),
    lambda r, d: Pair(value(r, d - 1), value(r, d - 1)),
    lambda r, d: types.SimpleNamespace(a=value(r, d - 1)),
    lambda r, d: functools.partial(print, value(r, d - 1), k=value(r, d - 1)),
    lambda r, d: Plain(a=value(r, d - 1)),
    lambda r, d: Extra(a=value(r, d - 1), **{"b": value(r, d - 1), "$tracer": 1}),
    lambda r, d: Root(_list(r, d)),
    lambda r, d: AIMessageChunk(content=text(r), id=text(r)),
    lambda r, d: AIMessage(text(r), tool_calls=_calls(r), additional_kwargs={"v": value(r, d - 1)}),
    lambda r, d: HumanMessage([{"type": "text", "text": text(r)}, {"type": "image", "base64": "A" * 500}]),
    lambda r, d: ToolMessage(text(r), tool_call_id="1", artifact=value(r, d - 1)),
    lambda r, d: Message(text(r), note=value(r, d - 1)),
    lambda r, d: Document(text(r), metadata={text(r): value(r, d - 1)}),
    lambda r, d: ChatPromptValue(messages=[AIMessage(text(r)), PIECE]),
    lambda r, d: ChatGeneration(message=AIMessage(text(r)), generation_info={"v": value(r, d - 1)}),
    lambda r, d: ChatGenerationChunk(message=AIMessageChunk(content=text(r))),
    lambda r, d: LLMResult(generations=[[Generation(text=text(r))]], llm_output={"v": value(r, d - 1)}),
    lambda r, d: Send(text(r), value(r, d - 1)),
    lambda r, d: Command(update={"v": value(r, d - 1)}, goto=text(r)),
    lambda r, d: Interrupt(value=value(r, d - 1)),
    lambda r, d: types.MappingProxyType(_dict(r, d)),
    lambda r, d: _dict(r, d).values(),
    _deep, _wide,
]  # fmt: skip


def value(random: Random, depth: int = 4) -> Any:
    """Any value, `depth` makers deep at most. The same seed makes the same kinds in the same places."""
    if depth <= 0 or random.random() < 0.35:
        return text(random) if random.random() < 0.3 else random.choice(FIXED)
    return random.choice(MAKERS)(random, depth)
