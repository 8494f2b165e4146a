"""What stands in the stream for a line too long to send to everyone: the same line, its big values cut."""

from __future__ import annotations

from typing import Any

import orjson

OVERSIZE = 256_000
"""Bytes from which on a line is sent as a stub."""
_ROOM = 48_000
_DEEP = 50
_KEPT = ("seq", "t_us", "event", "span", "parent", "run_id", "name", "type", "status", "cause", "error")


def stub(line: bytes) -> bytes:
    """The line with big values replaced by `{"$tracer": "cut", "kind", "size"}`, so that folding it gives the same.

    `size` counts characters of a string, members of a list or an object. What it had in bytes stands in `oversize`.
    """
    whole: dict[str, Any] = orjson.loads(line)
    cut = {name: _cut(value, 1)[0] for name, value in whole.items()}
    short = orjson.dumps({**cut, "oversize": len(line)})
    if len(short) > OVERSIZE:
        named = {name: cut[name] for name in _KEPT if name in cut}
        short = orjson.dumps({**named, "data": _marker(whole.get("data")), "oversize": len(line)})
    return short


def _cut(value: Any, depth: int) -> tuple[Any, int]:
    """The value, cut where it takes more than _ROOM bytes, and about how many bytes it takes now."""
    if isinstance(value, str):
        # In JSON a character takes six bytes at most, and the text above is ASCII or UTF-8.
        size = len(value) if value.isascii() else len(value.encode())
        return (value, size + 2) if size <= _ROOM else (_marker(value), 50)
    if not isinstance(value, list | dict):
        return value, 8
    if depth > _DEEP:
        return _marker(value), 50
    if isinstance(value, list):
        pairs = [_cut(item, depth + 1) for item in value]
        total = sum(size + 1 for _, size in pairs)
        return ([item for item, _ in pairs], total) if total <= _ROOM else (_marker(value), 50)
    parts = {key: _cut(item, depth + 1) for key, item in value.items()}
    total = sum(len(key) + size + 4 for key, (_, size) in parts.items())
    # The biggest go first: beside them stands what the fold needs, a model's usage or a finish reason.
    for key in sorted(parts, key=lambda key: -parts[key][1]):
        if total <= _ROOM or parts[key][1] <= 50:
            break
        total -= parts[key][1] - 50
        parts[key] = (_marker(value[key]), 50)
    return ({key: item for key, (item, _) in parts.items()}, total) if total <= _ROOM else (_marker(value), 50)


def _marker(value: Any) -> dict[str, Any]:
    if isinstance(value, str | list | dict):
        return {"$tracer": "cut", "kind": type(value).__name__, "size": len(value)}
    return {"$tracer": "cut", "kind": type(value).__name__, "size": 1}
