"""A part of a run: lines by seq, as they stand or whole, of one span or of all."""

from __future__ import annotations

import contextlib
import json
import re
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import orjson

from .events import Line
from .expand import WINDOW, Whole
from .file import LogFile, check

_FEW = 100
_LITTLE = 1 << 14
_BLOCK = 1 << 18
_ROOM, _TIMES = 32 << 20, 1_000
"""Bytes that lines made whole may take in all: so many, and so many times what they take in the log."""


def lines(file: LogFile, first: int, last: int | None, *, span: int | None, whole: bool) -> Iterator[tuple[int, bytes]]:
    """The lines with first ≤ seq ≤ last (None: to the end) as they stand now, as `(seq, strict JSON)`.

    `span` gives only those of that span; `whole` puts back what a line says by reference. Memory is bounded: blocks of
    the file, 8 MB of it beside them where lines are made whole, and what one of them takes. Where they come to more
    than those of any run that was recorded, the rest stays as it stands.
    """
    found = _of_span(_sound(file, first, last), span) if span is not None else _sound(file, first, last)
    return _whole(file, found) if whole else found


def _sound(file: LogFile, first: int, last: int | None) -> Iterator[tuple[int, bytes]]:
    seq, offset = file.locate(first)
    most = _LITTLE if last is not None and last - first < _FEW else _BLOCK
    while seq >= first:
        found, offset = file.complete(seq, offset, most)
        if not found:
            return
        for seq, raw in found:
            if last is not None and seq > last:
                return
            yield seq, check(seq, raw)[1]
        seq += 1


def _of_span(found: Iterator[tuple[int, bytes]], span: int) -> Iterator[tuple[int, bytes]]:
    # Most lines are another span's: they are not parsed.
    named = re.compile(rb'"span"\s*:\s*%d\b' % span)
    for seq, raw in found:
        if named.search(raw) and orjson.loads(raw).get("span") == span:
            yield seq, raw


def _whole(file: LogFile, found: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    recent: OrderedDict[int, bytes] = OrderedDict()
    held, room = 0, _ROOM

    def fetch(seq: int) -> Line | None:
        raw = recent.get(seq) or next((raw for _, raw in _sound(file, seq, seq)), None)
        return None if raw is None else orjson.loads(raw)

    expander = Whole(fetch)
    for seq, raw in found:
        recent[seq] = raw
        held += len(raw)
        while held > WINDOW and len(recent) > 1:
            held -= len(recent.popitem(last=False)[1])
        # A line without either word refers to nothing. One that comes when too much was put back stays as it stands.
        room += _TIMES * len(raw)
        if room > 0 and (b'"same"' in raw or b'"delta"' in raw):
            line = orjson.loads(raw)
            rebuilt = expander.line(line, len(raw))
            # References inside each other may reach deeper than can be written.
            with contextlib.suppress(RecursionError):
                raw = raw if rebuilt is line else dumped(rebuilt)
                room -= len(raw)
        yield seq, raw


def dumped(value: Any) -> bytes:
    """Strict JSON. A foreign log may be nested deeper than orjson writes (it reads more than it writes).

    Raises RecursionError for what is deeper still.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, allow_nan=False).encode()
