"""Whether an encoded value is what it must be: written by orjson, read back the same by a parser of strict JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

from tracer.capture.encode import Limits

PLAIN = (dict, list, str, int, float, bool, type(None))


def strict(encoded: Any, limits: Limits | None = None) -> Any:
    """The value read back. Raises AssertionError, or what orjson and json raise, where it is no strict JSON."""
    plain(encoded, 0)
    written = orjson.dumps(encoded)
    assert len(written) <= (limits or Limits()).max_bytes
    again = json.loads(written.decode("utf-8"), parse_constant=refuse, object_pairs_hook=once)
    assert again == encoded
    return again


def plain(encoded: Any, depth: int) -> None:
    """Of nothing but the types that JSON has, exactly; no NaN, which orjson writes as null; not too deep for it."""
    assert type(encoded) in PLAIN, type(encoded)
    assert depth < 200
    if type(encoded) is float:
        assert math.isfinite(encoded)
    elif type(encoded) is str:
        encoded.encode()
    elif type(encoded) is list:
        for item in encoded:
            plain(item, depth + 1)
    elif type(encoded) is dict:
        for key, item in encoded.items():
            assert type(key) is str
            plain(item, depth + 1)


def refuse(name: str) -> Any:
    raise AssertionError(name)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    assert len(made) == len(pairs), "a key stands twice"
    return made
