"""What clients send: JSON bodies and query parameters, strictly, with the place of whatever is wrong in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Set
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from .gate import BODY_TYPES, JSON
from .problems import Problem

LIMIT = 16 << 20
_LONG = 1 << 18
_DECIMAL = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?", re.ASCII)
_NAMES: dict[type, str] = {
    str: "a string",
    dict: "an object",
    list: "a list",
    int: "a whole number",
    bool: "true or false",
}


async def json_object(request: Request) -> dict[str, Any]:
    """The body, a JSON object of at most LIMIT bytes. Raises Problem 413, 415 and 400, which says line and column."""
    too_large = Problem(413, f"the body may have at most {LIMIT >> 20} MB", headers={"Connection": "close"})
    lines_type = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if lines_type != JSON and lines_type in BODY_TYPES:
        raise Problem(415, f"the body has to be one JSON object: send Content-Type: {JSON}", "Content-Type")
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > LIMIT:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT:
            raise too_large
    # A long text would hold up every viewer while it is parsed.
    value = await run_in_threadpool(parse, bytes(body)) if len(body) > _LONG else parse(bytes(body))
    if not isinstance(value, dict):
        raise Problem(400, "the body has to be a JSON object")
    return value


def parse(text: bytes) -> Any:
    """Strict JSON: UTF-8, no NaN, no half surrogates, no number beyond a float's range. Raises Problem 400."""
    if not text.strip():
        raise Problem(400, "the body is empty; it has to be JSON")
    try:
        # The first is strict and knows the place, the second keeps whole numbers of any length whole.
        orjson.loads(text)
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Problem(400, f"the body is not JSON: {error.msg} ({place})") from None
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"the body is not JSON: {error}") from None


def only(given: Mapping[str, Any], known: Set[str], prefix: str = "") -> None:
    """Raises Problem 400 for the first field that is not known."""
    for name in given:
        if name not in known:
            raise Problem(400, f"there is no field {prefix}{name}; known are {', '.join(sorted(known))}", prefix + name)


def field(given: Mapping[str, Any], name: str, kind: type[Any], prefix: str = "", least: int | None = None) -> Any:
    """The field as this type, None where it is absent. Raises Problem 400."""
    if name not in given:
        return None
    value: Any = given[name]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Problem(400, f"{prefix}{name} has to be {_NAMES[kind]}", prefix + name)
    if least is not None and value < least:
        raise Problem(400, f"{prefix}{name} has to be at least {least}", prefix + name)
    return value


def number(text: str | None, name: str, *, default: int, least: int = 0, most: int = 10**18) -> int:
    """A whole number from a query parameter or header; `default` where it is None. Raises Problem 400."""
    if text is None:
        return default
    digits = text.removeprefix("-") if least < 0 else text
    if digits.isascii() and digits.isdecimal() and len(digits) < 20 and least <= int(text) <= most:
        return int(text)
    raise Problem(400, f"{name} has to be a whole number from {least} to {most}", name)


def decimal(text: str | None, name: str, *, least: float, most: float) -> float | None:
    """A number like 2 or 0.5 from a query parameter; None where it is absent. Raises Problem 400."""
    if text is None:
        return None
    if _DECIMAL.fullmatch(text) and least <= float(text) <= most:
        return float(text)
    raise Problem(400, f"{name} has to be a number from {least:g} to {most:g}", name)
