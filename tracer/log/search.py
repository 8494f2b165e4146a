"""Which runs have a text in them: their files are searched as bytes, and only lines that match are parsed.

Found is what stands in a value of one line (input, data, error …), and what stands in the stream of one span, spread
over tokens. Case does not matter for ASCII; another letter is found as it was typed, in lower case and in capitals.
Not found is what is not in the file: values that were cut or taken out, text that a foreign file spells with `\\u`
escapes, and a text inside a bigger value of which no line holds more than a piece.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

_BLOCK = 1 << 20
_BEFORE, _AFTER = 16, 100
"""How many characters around what was found are shown."""
_FIELDS = ("data", "input", "error", "interrupts", "config", "metadata", "tags", "text", "advice", "evidence", "stack")


class Step(NamedTuple):
    """How far a search has come: `run` with its `excerpt` where one was found, else both are ""."""

    read: int
    run: str = ""
    excerpt: str = ""


class Needle:
    """A text to look for, ignoring case."""

    def __init__(self, text: str) -> None:
        said = " ".join(text.split())
        self.text = said.casefold()
        self.long = len(said)
        spelt = {said, said.lower(), said.upper(), said.title(), said.capitalize()}
        self._bytes = tuple({form.lower() for one in spelt for form in _forms(one)})

    def find(self, low: bytes, begin: int) -> int:
        """Where one of its spellings stands first in bytes of lower case from `begin` on; -1 for nowhere."""
        places = [place for one in self._bytes if (place := low.find(one, begin)) >= 0]
        return min(places, default=-1)

    def excerpt(self, text: str) -> str | None:
        """The place in a text where it stands, with some of what is around it; None where it does not."""
        place = text.lower().find(self.text)
        if place < 0 and (place := text.casefold().find(self.text)) < 0:
            return None
        begin, end = max(0, place - _BEFORE), place + self.long + _AFTER
        found = " ".join(text[begin:end].split())
        return f"{'…' if begin else ''}{found}{'…' if end < len(text) else ''}"


def search(
    runs: Iterable[str], path: Callable[[str], Path], is_whole: Callable[[str], bool], text: str
) -> Iterator[Step]:
    """Look through the runs in their order: a step after each and, in long files, after each megabyte.

    `is_whole`: whether a run ended well, so that what was streamed stands in one piece in its last lines.
    """
    needle = Needle(text)
    for read, run in enumerate(runs if needle.text else ()):
        # Whoever was deleted meanwhile has nothing in it.
        with contextlib.suppress(LookupError, OSError):
            fd = os.open(path(run), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
            try:
                streams = _Streams(needle, b'"append"' if is_whole(run) else b'_stream"')
                for block in _blocks(fd):
                    excerpt = _in_lines(block, needle) or streams.find(block)
                    if excerpt:
                        yield Step(read + 1, run, excerpt)
                        break
                    yield Step(read)
            finally:
                os.close(fd)
        yield Step(read + 1)


def _blocks(fd: int) -> Iterator[bytes]:
    """The file in blocks of whole lines, about a megabyte each; a longer line is a block of its own."""
    offset, length = 0, _BLOCK
    while block := os.pread(fd, length, offset):
        end = block.rfind(b"\n") + 1 if len(block) == length else len(block)
        if end == 0:
            length *= 2
            continue
        yield block[:end]
        offset, length = offset + end, _BLOCK


def _in_lines(block: bytes, needle: Needle) -> str | None:
    low = block.lower()
    place = needle.find(low, 0)
    while place >= 0:
        begin, end = block.rfind(b"\n", 0, place) + 1, block.find(b"\n", place)
        end = len(block) if end < 0 else end
        for value in _texts(_object(block[begin:end])):
            if excerpt := needle.excerpt(value):
                return excerpt
        # It was a field's name or another of the log's own words.
        place = needle.find(low, end)
    return None


class _Streams:
    """The text of streams, put together from its pieces; of what was searched only the end is kept."""

    def __init__(self, needle: Needle, word: bytes) -> None:
        self._needle = needle
        self._word = word
        """Only lines with it are read."""
        self._ends: dict[tuple[object, ...], str] = {}

    def find(self, block: bytes) -> str | None:
        pieces: dict[tuple[object, ...], list[str]] = {}
        for raw in block.split(b"\n") if self._word in block else ():
            if self._word in raw:
                for key, text in _pieces(_object(raw)):
                    pieces.setdefault(key, []).append(text)
        for key, texts in pieces.items():
            text = self._ends.get(key, "") + "".join(texts)
            if excerpt := self._needle.excerpt(text):
                return excerpt
            self._ends[key] = text[-self._needle.long - _BEFORE :]
        return None


def _pieces(line: dict[str, Any]) -> Iterator[tuple[tuple[object, ...], str]]:
    """What a stream line adds to the texts of its span, each with the key of the text that it belongs to."""
    span = line.get("span")
    data = line.get("data")
    chunk = data.get("chunk") if isinstance(data, dict) else None
    if isinstance(chunk, str):
        yield (span, "chunk"), chunk
    elif isinstance(chunk, dict):
        for name in ("content", "text"):
            content = chunk.get(name)
            for index, part in enumerate(content if isinstance(content, list) else [content]):
                text = part.get("text") if isinstance(part, dict) else part
                if isinstance(text, str):
                    at = part.get("index", index) if isinstance(part, dict) else 0
                    yield (span, name, str(at)), text
        calls = chunk.get("tool_call_chunks")
        for call in calls if isinstance(calls, list) else []:
            if isinstance(call, dict) and isinstance(call.get("args"), str):
                yield (span, "args", str(call.get("index"))), call["args"]
    delta = line.get("delta")
    for pointer, change in delta.items() if isinstance(delta, dict) else []:
        ops = change.get("ops") if isinstance(change, dict) else None
        for op in ops if isinstance(ops, list) else []:
            if isinstance(op, dict) and isinstance(op.get("value"), str):
                yield (span, pointer, str(op.get("path"))), op["value"]


def _texts(line: dict[str, Any]) -> Iterator[str]:
    """Every text in the values of a line, and numbers as they stand; not the keys, which are often the log's own."""
    waiting: list[Any] = [line[name] for name in _FIELDS if name in line]
    delta = line.get("delta")
    for change in delta.values() if isinstance(delta, dict) else []:
        ops = change.get("ops") if isinstance(change, dict) else None
        if isinstance(ops, list):
            waiting.extend(op.get("value") for op in ops if isinstance(op, dict))
    yield from texts_in(waiting)


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value, and numbers as they stand; not the keys."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            # A message says what kind it is.
            waiting.extend(one for key, one in value.items() if key != "type" or "content" not in value)
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, float):
            # JSON's 1e300 is Python's 1e+300.
            yield orjson.dumps(value).decode()
        elif value is not None and not isinstance(value, bool):
            yield str(value)


def _forms(text: str) -> Iterator[bytes]:
    """As it stands in JSON: itself, and once more in JSON that stands in a text."""
    once = orjson.dumps(text)[1:-1]
    yield once
    yield orjson.dumps(once.decode())[1:-1]


def _object(raw: bytes) -> dict[str, Any]:
    try:
        line = orjson.loads(raw)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}
