"""An input as a log has it, made one that can be sent again."""

from __future__ import annotations

from typing import Any

_KEY = "$tracer"


class NotSendable(ValueError):
    """It holds what a log only describes, where nothing can be left out."""


def sendable(value: Any) -> Any:
    """The input without what is only described: fields of objects are left out, to be filled in again.

    Raises NotSendable where the whole of it is described (a graph's Command), or an item of a list.
    """
    if isinstance(value, list):
        return [sendable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _KEY in value:
        raise NotSendable
    return {_own(key): sendable(item) for key, item in value.items() if not (isinstance(item, dict) and _KEY in item)}


def _own(key: str) -> str:
    """A user's key as it was: the log escapes those that look like ours."""
    return key[1:] if key.startswith("$$") and key.lstrip("$") == _KEY[1:] else key
