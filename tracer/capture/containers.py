"""Readers of what has members: subclasses of dict, list and tuple, sets, views, arrays."""

from __future__ import annotations

import sys
from array import array
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from .fields import class_attribute
from .markers import Json, mark, type_name
from .scalars import by_repr

if TYPE_CHECKING:
    from .encode import Walk

ARRAY_HEAD = 16
"""Members of an array that are shown."""


def tuple_kind(walk: Walk, value: Any, depth: int) -> Json:
    kind = type(value)
    names = class_attribute(kind, "_fields")
    if type(names) is tuple:
        return walk.fields(kind, dict(zip(names, tuple.__iter__(value), strict=False)), depth)
    if kind is tuple:
        return walk.some_items(value, len(value), list, depth)
    return wrapped(walk, kind, walk.some_items(tuple.__iter__(value), tuple.__len__(value), list, depth + 1))


def wrapped(walk: Walk, kind: type, plain: Json) -> Json:
    walk.left -= 1
    return mark("object", type=type_name(kind), value=plain)


def dict_kind(walk: Walk, value: Any, depth: int) -> Json:
    plain = walk.some_entries(dict.items(value), dict.__len__(value), depth + 1)
    return wrapped(walk, type(value), plain)


def own_dict(walk: Walk, value: Any, depth: int) -> Json:
    """LangChain's own kind of dict, in which the pieces of branches come: it says nothing but what it holds."""
    return walk.some_entries(dict.items(value), dict.__len__(value), depth)


def list_kind(walk: Walk, value: Any, depth: int) -> Json:
    plain = walk.some_items(list.__iter__(value), list.__len__(value), list, depth + 1)
    return wrapped(walk, type(value), plain)


def deque_kind(walk: Walk, value: Any, depth: int) -> Json:
    plain = walk.some_items(deque.__iter__(value), deque.__len__(value), list, depth + 1)
    return wrapped(walk, type(value), plain)


def view(walk: Walk, value: Any, depth: int) -> Json:
    return wrapped(walk, type(value), walk.some_items(iter(value), len(value), list, depth + 1))


def proxy(walk: Walk, value: Any, depth: int) -> Json:
    return wrapped(walk, type(value), walk.some_entries(value.items(), len(value), depth + 1))


def set_kind(walk: Walk, value: Any, depth: int) -> Json:
    base = set if issubclass(type(value), set) else frozenset
    size = base.__len__(value)
    if walk.left <= 0:
        return walk.cut(set, size)
    members = islice(base.__iter__(value), min(size, walk.limits.max_items))
    plain = walk.some_items(sorted(members, key=_order), size, set, depth + 1)
    return mark("set", value=plain)


def _order(value: Any) -> tuple[str, str, float]:
    """The same order in each run for text and numbers, whose hashes may change; nothing else is asked to compare."""
    kind = type(value)
    if kind is str:
        return "str", value, 0
    return (type_name(kind), "", value) if kind is int else (type_name(kind), "", 0)


def array_kind(walk: Walk, value: Any, depth: int) -> Json:
    head = list(islice(array.__iter__(value), ARRAY_HEAD))
    return mark(
        "array",
        type=type_name(type(value)),
        shape=[array.__len__(value)],
        dtype=value.typecode,
        head=walk.value(head, depth + 1),
    )


def numpy_array(walk: Walk, value: Any, depth: int) -> Json:
    base = sys.modules["numpy"].ndarray
    shape = [int(n) for n in base.shape.__get__(value)]
    # `flat` copies what is taken; `ravel` may copy it all.
    head = base.tolist(base.flat.__get__(value)[:ARRAY_HEAD])
    return mark(
        "array",
        type=type_name(type(value)),
        shape=shape,
        dtype=walk.text(str(base.dtype.__get__(value))[:200]),
        head=walk.value(head, depth + 1),
    )


def numpy_scalar(walk: Walk, value: Any, depth: int) -> Json:
    if value.dtype.kind in "Mm":
        return mark("datetime" if value.dtype.kind == "M" else "timedelta", value=str(value))
    item = value.item()
    # An extended float has no Python number: its item is itself.
    return by_repr(walk, value, depth) if type(item) is type(value) else walk.value(item, depth + 1)
