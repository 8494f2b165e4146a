"""JSON pointers, and changes of a value that leave the value itself as it was. docs/format.md has the rules.

Twin of static/js/delta.js.
"""

from __future__ import annotations

import re
from typing import Any

TOKENS = 64
"""A pointer with more of them leads nowhere."""

MOST = 64 << 20
"""Entries and characters that the changes of one value may copy or move."""

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


class DeltaError(Exception):
    """A pointer that leads nowhere, or an operation that does not fit the value it is for."""


def tokens(pointer: object) -> list[str]:
    """The keys of a pointer. Raises DeltaError.

    >>> tokens("/a~1b/0")
    ['a/b', '0']
    """
    if type(pointer) is not str or (pointer and pointer[0] != "/"):
        raise DeltaError
    if not pointer:
        return []
    found = pointer[1:].split("/")
    if len(found) > TOKENS:
        raise DeltaError
    if "~" in pointer:
        found = [token.replace("~1", "/").replace("~0", "~") for token in found]
    return found


def pointer_token(key: str) -> str:
    """A key as it stands in a pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def value_at(value: Any, path: list[str]) -> Any:
    """The value that these keys lead to. Raises DeltaError."""
    for token in path:
        kind = type(value)
        if kind is dict and token in value:
            value = value[token]
        elif kind is list:
            value = value[_index(token, len(value) - 1)]
        else:
            raise DeltaError
    return value


class Draft:
    """A value being changed: what is changed is copied first, all else is shared with the value it began as."""

    __slots__ = ("_own", "copied", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.copied = 0
        """Entries and characters that were copied or moved."""
        self._own: dict[int, Any] = {}

    def put(self, path: list[str], value: Any) -> None:
        """Set a member (at the end where it is new), an element that is there, or all of it. Raises DeltaError."""
        if not path:
            self.value = value
            return
        inside, key = self._parent(path), path[-1]
        if type(inside) is dict:
            inside[key] = value
        else:
            inside[_index(key, len(inside) - 1)] = value

    def apply(self, operation: Any) -> None:
        """One operation of a delta. Raises DeltaError; the draft is of no use then."""
        if type(operation) is not dict or ("value" not in operation and operation.get("op") != "remove"):
            raise DeltaError
        name, path, value = operation.get("op"), tokens(operation.get("path")), operation.get("value")
        if name == "append":
            old = value_at(self.value, path)
            if type(old) is not str or type(value) is not str:
                raise DeltaError
            self._spend(len(old))
            self.put(path, old + value)
        elif name == "replace":
            value_at(self.value, path)
            self.put(path, value)
        elif name == "add":
            self._add(path, value)
        elif name == "remove" and path:
            inside, key = self._parent(path), path[-1]
            if type(inside) is list:
                self._spend(len(inside) >> 3)
                del inside[_index(key, len(inside) - 1)]
            elif key in inside:
                del inside[key]
            else:
                raise DeltaError
        else:
            raise DeltaError

    def _add(self, path: list[str], value: Any) -> None:
        if not path:
            self.value = value
            return
        inside, key = self._parent(path), path[-1]
        if type(inside) is dict:
            inside[key] = value
            return
        at = len(inside) if key == "-" else _index(key, len(inside))
        self._spend(len(inside) - at >> 3)
        inside.insert(at, value)

    def _parent(self, path: list[str]) -> Any:
        """The object or list that the last key is for, copied with all above it."""
        inside = self.value = self._mine(self.value)
        for token in path[:-1]:
            key: Any = token
            if type(inside) is list:
                key = _index(token, len(inside) - 1)
            elif token not in inside:
                raise DeltaError
            inside[key] = inside = self._mine(inside[key])
        return inside

    def _mine(self, value: Any) -> Any:
        if id(value) in self._own:
            return value
        if type(value) is not dict and type(value) is not list:
            raise DeltaError
        self._spend(len(value))
        copy = value.copy()
        # Kept, so that its id stays its own.
        self._own[id(copy)] = copy
        return copy

    def _spend(self, size: int) -> None:
        self.copied += size
        if self.copied > MOST:
            raise DeltaError


def _index(token: str, most: int) -> int:
    if not _INDEX.fullmatch(token) or int(token) > most:
        raise DeltaError
    return int(token)
