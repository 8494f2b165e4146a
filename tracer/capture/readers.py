"""How each type is read: by what its instances store, never by methods that a subclass may have made its own.

A reader is `(walk, value, depth) → Json`, found once a type. It may raise; the walk then shows the value as a `repr`
marker that names the exception.
"""

from __future__ import annotations

import dataclasses
from array import array
from collections import UserDict, UserList, UserString, deque
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import PurePath
from types import MappingProxyType, MethodType, SimpleNamespace
from uuid import UUID

from langchain_core.messages import BaseMessage
from langchain_core.runnables.utils import AddableDict
from pydantic import BaseModel, SecretBytes, SecretStr

from .containers import (
    array_kind,
    deque_kind,
    dict_kind,
    list_kind,
    numpy_array,
    numpy_scalar,
    own_dict,
    proxy,
    set_kind,
    tuple_kind,
    view,
)
from .fields import Reader, class_attribute, instance, messages, model_v1, models, named_fields, partial_call
from .markers import mark
from .scalars import as_text, by_repr, bytes_kind, enum_kind, exception, method, number_kind, secret, str_kind

_KNOWN_TYPES = 2_000
_mro = type.__dict__["__mro__"].__get__
_name, _module = type.__dict__["__qualname__"].__get__, type.__dict__["__module__"].__get__

# By identity: a metaclass may have a hash and an == of its own. The type is kept, so that its id stays its own.
_readers: dict[int, tuple[type, Reader]] = {}


def reader_of(kind: type) -> Reader:
    known = _readers.get(id(kind))
    if known is not None:
        return known[1]
    reader = _find(kind)
    if len(_readers) >= _KNOWN_TYPES:
        _readers.clear()
    _readers[id(kind)] = kind, reader
    return reader


def _find(kind: type) -> Reader:
    bases = _mro(kind)
    if any(one is BaseMessage for one in bases):
        return messages(kind)
    for base, reader in _BY_BASE:
        if any(one is base for one in bases):
            return reader
    for one in bases:
        module = _module(one)
        # Only exact strings: a metaclass may have stored anything as the module.
        if type(module) is str and type(_name(one)) is str and (module, _name(one)) in _BY_NAME:
            return _BY_NAME[module, _name(one)]
    if any(one is BaseModel for one in bases):
        return models(kind)
    if class_attribute(kind, "__dataclass_fields__") is not None:
        return named_fields(tuple(field.name for field in dataclasses.fields(kind)))
    attributes = class_attribute(kind, "__attrs_attrs__")
    if attributes is not None:
        return named_fields(tuple(attribute.name for attribute in attributes))
    for base, reader in _PLAIN:
        if any(one is base for one in bases):
            return reader
    return by_repr


# In this order: an IntEnum is an enum before it is a number, a datetime no date.
_BY_BASE: tuple[tuple[type, Reader], ...] = (
    (Enum, enum_kind),
    (set, set_kind),
    (frozenset, set_kind),
    (bytes, bytes_kind),
    (bytearray, bytes_kind),
    (memoryview, bytes_kind),
    (SecretStr, secret),
    (SecretBytes, secret),
    (AddableDict, own_dict),
    (datetime, as_text("datetime", datetime.isoformat)),
    (date, as_text("datetime", date.isoformat)),
    (time, as_text("datetime", time.isoformat)),
    (timedelta, lambda walk, value, depth: mark("timedelta", seconds=timedelta.total_seconds(value))),
    (UUID, as_text("uuid", UUID.__str__)),
    (Decimal, as_text("decimal", Decimal.__str__)),
    (PurePath, as_text("path", PurePath.__str__)),
    (BaseException, exception),
)

# Of libraries that need not be here, and pydantic's second face.
_BY_NAME: dict[tuple[str, str], Reader] = {
    ("pydantic.types", "_SecretBase"): secret,
    ("pydantic.v1.types", "SecretStr"): secret,
    ("pydantic.v1.types", "SecretBytes"): secret,
    ("pydantic.v1.main", "BaseModel"): model_v1,
    ("langgraph.types", "Send"): named_fields(("node", "arg", "timeout")),
    ("numpy", "ndarray"): numpy_array,
    ("numpy", "generic"): numpy_scalar,
}

_PLAIN: tuple[tuple[type, Reader], ...] = (
    (str, str_kind),
    (int, number_kind(int)),
    (float, number_kind(float)),
    (tuple, tuple_kind),
    (dict, dict_kind),
    (list, list_kind),
    (deque, deque_kind),
    (array, array_kind),
    (UserDict, instance),
    (UserList, instance),
    (UserString, instance),
    (SimpleNamespace, instance),
    (partial, partial_call),
    (MappingProxyType, proxy),
    (type({}.keys()), view),
    (type({}.values()), view),
    (type({}.items()), view),
    (MethodType, method),
    (complex, lambda walk, value, depth: mark("repr", type="complex", repr=complex.__repr__(value))),
)
