"""Readers of what is one value: numbers, text, bytes, enums, exceptions, and whatever only its `repr` can tell."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import encode_error
from .fields import Reader
from .markers import Json, mark, type_name

if TYPE_CHECKING:
    from .encode import Walk


def number_kind(base: Any) -> Reader:
    exact = {int: int.__int__, float: float.__float__}[base]
    return lambda walk, value, depth: walk.value(exact(value), depth)


def str_kind(walk: Walk, value: Any, depth: int) -> Json:
    return walk.text(str.__str__(value))


def as_text(marker: str, say: Callable[[Any], str]) -> Reader:
    return lambda walk, value, depth: mark(marker, value=walk.text(str.__str__(say(value))))


def bytes_kind(walk: Walk, value: Any, depth: int) -> Json:
    room = walk.limits.max_repr
    kind = type(value)
    if kind is memoryview:
        size, head = value.nbytes, (value[:room] if value.ndim == 1 else value).tobytes()[:room]
    else:
        base: Any = bytes if issubclass(kind, bytes) else bytearray
        size, head = base.__len__(value), bytes(base.__getitem__(value, slice(0, room)))
    if walk.room <= 0:
        return mark("bytes", size=size, base64="")
    text = base64.b64encode(head).decode()
    walk.room -= len(text)
    return mark("bytes", size=size, base64=text)


def enum_kind(walk: Walk, value: Any, depth: int) -> Json:
    name, inner = object.__getattribute__(value, "_name_"), object.__getattribute__(value, "_value_")
    walk.left -= 1
    return mark(
        "enum", type=type_name(type(value)), name=walk.value(name, depth + 1), value=walk.value(inner, depth + 1)
    )


def exception(walk: Walk, value: Any, depth: int) -> Json:
    if walk.is_late() or walk.left <= 0 or walk.room <= 0:
        return walk.cut(type(value), None)
    shown = encode_error(value)
    walk.left -= 20
    walk.room -= sum(map(len, (shown["message"], shown["traceback"], shown.get("cause", {}).get("message", ""))))
    return mark("exception", **shown)


def method(walk: Walk, value: Any, depth: int) -> Json:
    # Its own repr is that of the object it is bound to, however big.
    function = value.__func__
    name = getattr(function, "__qualname__", "") if type(function) is type(method) else type_name(type(function))
    return walk.own_text(type(value), lambda: f"<bound method {name}>")


def by_repr(walk: Walk, value: Any, depth: int) -> Json:
    return walk.own_text(type(value), lambda: repr(value))


def secret(walk: Walk, value: Any, depth: int) -> Json:
    return mark("secret", kind="pydantic")
