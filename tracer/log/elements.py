"""The elements of a JSON array that is too long to be read at once, each as it stands in the file."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 128 << 20
"""Characters of one element; a longer one is broken."""

_BLANK = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n,]*")
_NEXT = re.compile(r'\}[ \t\r\n]*,[ \t\r\n]*(?=\{[ \t\r\n]*"(?:event|data|name|run_id|tags|metadata|parent_ids)")')
_BRACKET = re.compile(r'[\[\]{}]|"(?:[^"\\]|\\.)*+("?)', re.DOTALL)
_CUT = 12
"""So near to the end of the text a token may only be cut off there: a pair of surrogates, `-Infinity`."""
_LOOK = 1 << 12


@dataclass(frozen=True, slots=True)
class Broken:
    """What stands in the place of an element that cannot be read; `bytes` may be a little off where it is no UTF-8."""

    bytes: int


# Only where an element ends is asked for here. A number of a million digits would take minutes to be read as an int.
_scan = json.JSONDecoder(strict=False, parse_int=float).raw_decode


class _Text:
    """The array's text, of which only what is not read yet is held."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self.text = ""
        self.at = 0
        self.whole = False
        """Nothing more comes."""

    def more(self) -> bool:
        """Take on at least as much as is held already, so that what is read again and again stays in proportion."""
        if self.whole:
            return False
        held = [self.text[self.at :]]
        self.at = 0
        wanted = len(held[0]) or 1
        while wanted > 0:
            block = next(self._blocks, None)
            if block is None:
                self.whole = True
                held.append(self._decode(b"", True))
                break
            held.append(self._decode(block))
            wanted -= len(held[-1])
        self.text = "".join(held)
        return True

    def skip(self, what: re.Pattern[str]) -> bool:
        """Go past all of this; whether something follows."""
        while True:
            found = what.match(self.text, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.text):
                return True
            if not self.more():
                return False


def begins_array(head: bytes) -> bool:
    """Whether a file that begins like this is an array of objects."""
    text = head[:_LOOK].decode("utf-8", "surrogateescape").removeprefix("\ufeff").lstrip(" \t\r\n")
    return text.startswith("[") and text[1:].lstrip(" \t\r\n")[:1] in ("{", "]")


def elements(blocks: Iterable[bytes]) -> Iterator[bytes | Broken]:
    """The elements of the array that these blocks are, in order; memory is bounded by the longest of them.

    After a broken element it goes on where the next one seems to begin: with an object that has a key of an event's.
    What follows the array is one that is broken.
    """
    text = _Text(blocks)
    text.more()
    if text.text.startswith("\ufeff"):
        text.at = 1
    text.skip(_BLANK)
    text.at += 1
    while text.skip(_BETWEEN):
        if text.text[text.at] == "]":
            text.at += 1
            if text.skip(_BLANK):
                yield Broken(_rest(text))
            return
        yield _element(text)


def _element(text: _Text) -> bytes | Broken:
    while True:
        try:
            _, end = _scan(text.text, text.at)
        except json.JSONDecodeError as error:
            if _may_be_cut(error, text) and len(text.text) - text.at < LONGEST and text.more():
                continue
            return _to_next(text, error.pos)
        except RecursionError:
            return _to_end(text)
        if text.text[end - 1] not in '}]"' and len(text.text) - end < _CUT and text.more():
            # A number may go on.
            continue
        found = text.text[text.at : end]
        text.at = end
        return found.encode("utf-8", "surrogateescape")


def _may_be_cut(error: json.JSONDecodeError, text: _Text) -> bool:
    return error.pos >= len(text.text) - _CUT or error.msg.startswith("Unterminated string")


def _to_next(text: _Text, position: int) -> Broken:
    """Go on where, after `position`, the next element seems to begin."""
    size = 0
    while True:
        found = _NEXT.search(text.text, max(text.at, position))
        if found is not None:
            size += found.start() + 1 - text.at
            text.at = found.start() + 1
            return Broken(size)
        # The pattern itself may be cut off by the end of what is held.
        kept = max(text.at, text.text.rfind("}", max(0, len(text.text) - _LOOK)), len(text.text) - _LOOK)
        size += kept - text.at
        text.at, position = kept, 0
        if not text.more():
            return Broken(size + _rest(text))


def _to_end(text: _Text) -> Broken:
    """Go past an element that is nested too deep for `_scan`, by its brackets alone."""
    size = depth = 0
    while True:
        at = text.at
        for found in _BRACKET.finditer(text.text, at):
            if found[0][0] == '"':
                if not found[1]:
                    break
            else:
                depth += 1 if found[0] in "[{" else -1
                if depth == 0:
                    size += found.end() - at
                    text.at = found.end()
                    return Broken(size)
            text.at = found.end()
        size += text.at - at
        if len(text.text) - text.at > LONGEST or not text.more():
            return Broken(size + _rest(text))


def _rest(text: _Text) -> int:
    """Go to the end; how much that was."""
    size = len(text.text) - text.at
    text.at = len(text.text)
    while text.more():
        size += len(text.text)
        text.at = len(text.text)
    return size
