"""Readers of what has named fields: messages, models, dataclasses. They read what is stored and call no method."""

from __future__ import annotations

from collections.abc import Callable
from types import GetSetDescriptorType, MemberDescriptorType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from .known import recall, remember, stored_in
from .markers import Json

if TYPE_CHECKING:
    from .encode import Walk

Reader = Callable[["Walk", Any, int], Json]

_mro = type.__dict__["__mro__"].__get__
_own = type.__dict__["__dict__"].__get__
_module = type.__dict__["__module__"].__get__
_fields_of, _extra_of = BaseModel.__dict__["__dict__"].__get__, BaseModel.__dict__["__pydantic_extra__"].__get__


def class_attribute(kind: type, name: str) -> Any:
    return next((_own(base)[name] for base in _mro(kind) if name in _own(base)), None)


def _stored(value: Any) -> dict[Any, Any]:
    """A copy of the instance's fields."""
    fields = object.__getattribute__(value, "__dict__")
    return fields.copy() if type(fields) is dict else dict(dict.items(fields))


def messages(kind: type) -> Reader:
    hidden = _hidden(kind)
    name = kind.__name__
    # Pieces are seen once.
    comes_again = not name.endswith("Chunk")

    def read(walk: Walk, message: Any, depth: int) -> Json:
        stored = _fields_of(message)
        fields = stored.copy() if type(stored) is dict else dict(dict.items(stored))
        try:
            extra = _extra_of(message)
        except AttributeError:  # made without its constructor
            extra = None
        if extra:
            fields.update(dict.items(extra))
        if not comes_again:
            return encoded(walk, fields, depth)
        known = recall(walk, message, depth)
        if known is not None:
            return known
        now = stored_in(fields)
        if now is None:
            return encoded(walk, fields, depth)
        left, room = walk.left, walk.room
        tree = encoded(walk, fields.copy(), depth)
        if not extra:
            remember(message, fields, now, tree, walk.limits, (left - walk.left, room - walk.room))
        return tree

    def encoded(walk: Walk, fields: dict[Any, Any], depth: int) -> Json:
        plain: dict[str, Any] = {"type": name, "content": ""}
        for field, value in fields.items():
            # What is empty is the default; a 0 is not, and usage of 0 tokens stands in a dict.
            if value is None or value is False:
                continue
            of = type(value)
            if (of is dict or of is list or of is str) and not value:
                continue
            plain[field] = value
        for field in hidden:
            plain.pop(field, None)
        return walk.entries(plain, depth)

    return read


def models(kind: type) -> Reader:
    hidden = _hidden(kind)
    module = _module(kind)
    langchain = type(module) is str and module.startswith("langchain_core.")

    def read(walk: Walk, model: Any, depth: int) -> Json:
        fields = _stored(model)
        fields.update(_extra(model))
        for name in hidden:
            fields.pop(name, None)
        if langchain:
            # Documents, prompt values, generations: most have LangChain's own `type`.
            named = {"type": kind.__name__, **fields}
            return walk.entries({name: item for name, item in named.items() if item is not None}, depth)
        return walk.fields(kind, fields, depth)

    return read


def _extra(model: Any) -> dict[str, Any]:
    try:
        extra = _extra_of(model)
    except AttributeError:  # made without its constructor
        return {}
    return dict(dict.items(extra)) if extra else {}


def _hidden(kind: type) -> set[str]:
    """Fields that the model keeps out of what it gives away."""
    fields = class_attribute(kind, "__pydantic_fields__") or {}
    return {name for name, field in fields.items() if field.exclude}


def model_v1(walk: Walk, model: Any, depth: int) -> Json:
    kind = type(model)
    declared = class_attribute(kind, "__fields__") or {}
    fields = {
        name: item
        for name, item in _stored(model).items()
        if not (name in declared and declared[name].field_info.exclude)
    }
    return walk.fields(kind, fields, depth)


def named_fields(names: tuple[str, ...]) -> Reader:
    def read(walk: Walk, value: Any, depth: int) -> Json:
        fields: dict[str, Any] = {}
        for name in names:
            try:
                fields[name] = _field(value, name)
            except AttributeError:  # never set
                continue
        return walk.fields(type(value), fields, depth)

    return read


def _field(value: Any, name: str) -> Any:
    """What is stored under the name: in the instance, in a slot, or as the class's default. Never a property's."""
    try:
        stored = object.__getattribute__(value, "__dict__")
        if name in stored:
            return stored[name]
    except AttributeError:
        pass
    found = class_attribute(type(value), name)
    if type(found) in (MemberDescriptorType, GetSetDescriptorType):
        return found.__get__(value)
    if found is None or hasattr(type(found), "__get__"):
        raise AttributeError(name)
    return found


def instance(walk: Walk, value: Any, depth: int) -> Json:
    return walk.fields(type(value), _stored(value), depth)


def partial_call(walk: Walk, value: Any, depth: int) -> Json:
    fields = {"func": value.func, "args": value.args, "keywords": value.keywords}
    return walk.fields(type(value), fields, depth)
