"""An exception → its type, message, traceback and cause, each of bounded length."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from .markers import safe, shorten, text, type_name

LONGEST_MESSAGE = 16 << 10
LONGEST_TRACEBACK = 64 << 10
"""Characters kept, of the head and the tail."""
FRAMES_AT_ENDS = (20, 60)
"""Frames kept of a longer stack: the outermost, the innermost."""
LONGEST_ENTRY = 2_000
LONGEST_CHAIN = 10
MOST_IN_GROUP = 10
DEEPEST_GROUP = 3
_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"

# Read where BaseException stores them: a subclass may have properties of these names.
_cause, _context = BaseException.__dict__["__cause__"].__get__, BaseException.__dict__["__context__"].__get__
_suppressed = BaseException.__dict__["__suppress_context__"].__get__
_traceback = BaseException.__dict__["__traceback__"].__get__
_members = BaseExceptionGroup.__dict__["exceptions"].__get__


def encode_error(error: BaseException) -> dict[str, Any]:
    """`{"type", "message", "traceback"}` of an exception; the type without its module where it is a builtin.

    With `cause`, `{"type", "message"}` of the exception it was raised from or in handling of, where there is one.
    """
    shown: dict[str, Any] = {
        "type": type_name(type(error)),
        "message": message(error),
        "traceback": shorten(text(lambda: "".join(_chain(error, 0)), 8 * LONGEST_TRACEBACK), LONGEST_TRACEBACK),
    }
    before = _before(error)
    if before is not None:
        shown["cause"] = {"type": type_name(type(before[0])), "message": message(before[0])}
    return shown


def message(error: BaseException) -> str:
    return shorten(text(lambda: str(error), 64 * LONGEST_MESSAGE), LONGEST_MESSAGE)


def _before(error: BaseException) -> tuple[BaseException, str] | None:
    """The exception that led to this one, and what stands between the two in a traceback."""
    cause = _cause(error)
    if cause is not None:
        return cause, _CAUSE
    context = _context(error)
    return None if context is None or _suppressed(error) else (context, _CONTEXT)


def _chain(error: BaseException, depth: int) -> Iterator[str]:
    """As Python prints it, oldest first; but bounded whatever the length of the chain, the stack or the group."""
    chain, seen = [(error, "")], {id(error)}
    before = _before(error)
    while before is not None and id(before[0]) not in seen:
        if len(chain) == LONGEST_CHAIN:
            yield "… earlier exceptions cut …\n\n"
            break
        seen.add(id(before[0]))
        chain.append(before)
        before = _before(before[0])
    for one, glue in reversed(chain):
        yield from _one(one, depth)
        yield glue


def _one(error: BaseException, depth: int) -> Iterator[str]:
    frames = _traceback(error)
    if frames is not None:
        yield "Traceback (most recent call last):\n"
        yield from _frames(frames)
    said = message(error)
    yield f"{type_name(type(error))}: {said}\n" if said else f"{type_name(type(error))}\n"
    notes = object.__getattribute__(error, "__dict__").get("__notes__")
    for note in notes[:MOST_IN_GROUP] if type(notes) is list else ():
        if type(note) is str:
            yield shorten(safe(note[:LONGEST_MESSAGE]), LONGEST_ENTRY) + "\n"
    if issubclass(type(error), BaseExceptionGroup):
        yield from _group(_members(error), depth)


def _group(members: tuple[BaseException, ...], depth: int) -> Iterator[str]:
    for number, member in enumerate(members[:MOST_IN_GROUP] if depth < DEEPEST_GROUP else (), 1):
        yield f"  +---------------- {number} of {len(members)} ----------------\n"
        for line in "".join(_chain(member, depth + 1)).splitlines():
            yield f"  | {line}\n"
    if len(members) > MOST_IN_GROUP or depth >= DEEPEST_GROUP:
        yield f"  + {len(members)} in all\n"


def _frames(first: TracebackType) -> Iterator[str]:
    links: list[TracebackType] = []
    at: TracebackType | None = first
    while at is not None:
        links.append(at)
        at = at.tb_next
    head, tail = FRAMES_AT_ENDS
    long = len(links) > head + tail
    outermost = traceback.extract_tb(first, limit=head if long else None)
    yield from (entry[:LONGEST_ENTRY] for entry in traceback.format_list(outermost))
    if long:
        yield f"  … {len(links) - head - tail:,} frames cut …\n"
        yield from (entry[:LONGEST_ENTRY] for entry in traceback.format_list(traceback.extract_tb(links[-tail])))
