"""Which span's exception another span's exception is."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from tracer.log.events import HANDED_OVER, INTERRUPTED

_STAMP = "__tracer_failures__"
_runs = itertools.count()

# Read where BaseException stores them: a subclass may have properties of these names.
_cause, _context = BaseException.__dict__["__cause__"].__get__, BaseException.__dict__["__context__"].__get__
_members = BaseExceptionGroup.__dict__["exceptions"].__get__


@dataclass(slots=True)
class _Failure:
    span: int
    from_beside: bool
    """Whether it only met, in what it reads, the failure of a span that is not below it."""


class Causes:
    """Failures of one run's spans. Spans are numbers.

    It keeps no exception: an exception keeps the frames it went through, and with them streams that are to be closed.
    Instead each one that it has seen carries which failures of which run those were.
    """

    def __init__(self) -> None:
        self._run = next(_runs)
        self._failures: list[_Failure] = []
        self._parents: dict[int, int | None] = {}
        self._began: dict[int, int] = {}
        """How many failures there were when a span started."""

    def started(self, span: int, parent: int | None) -> None:
        self._parents[span] = parent
        self._began[span] = len(self._failures)

    def failed(self, span: int, error: BaseException) -> int | None:
        """Note the failure; return the failed span whose exception this is, or None where it failed by itself.

        First the nearest descendant with the same object, then one with an exception that this one was raised from or
        while handling. Without any, the span beside it whose output it reads: one that failed in its lifetime with the
        same object, or one that it says it was raised from.
        """
        cause = self._below(span, error)
        beside = self._beside(span, error) if cause is None else None
        stored = object.__getattribute__(error, "__dict__")
        stored[_STAMP] = (self._run, (*self._failures_with(error), len(self._failures)))
        self._failures.append(_Failure(span, beside is not None))
        return beside if cause is None else cause

    def _below(self, span: int, error: BaseException) -> int | None:
        for linked in _chain(error):
            if linked is not error and _is_no_failure(linked):
                continue
            ranks = []
            for number in self._failures_with(linked):
                failure = self._failures[number]
                distance = self._distance(failure.span, span)
                if distance is not None:
                    # Among equals the latest: a retry fails with its last attempt.
                    ranks.append((failure.from_beside, distance, -number))
            if ranks:
                return self._failures[-min(ranks)[2]].span
        return None

    def _beside(self, span: int, error: BaseException) -> int | None:
        began = self._began.get(span, 0)
        for linked in _raised_from(error):
            if linked is not error and _is_no_failure(linked):
                return None
            for number in self._failures_with(linked):
                other = self._failures[number].span
                if number >= began and other != span and self._distance(span, other) is None:
                    return other
        return None

    def _failures_with(self, error: BaseException) -> tuple[int, ...]:
        run, numbers = object.__getattribute__(error, "__dict__").get(_STAMP, (None, ()))
        return numbers if run == self._run else ()

    def _distance(self, span: int, above: int) -> int | None:
        steps = 0
        at: int | None = span
        while at is not None and at != above:
            at = self._parents.get(at)
            steps += 1
        return steps if at == above and steps > 0 else None


def _chain(error: BaseException) -> list[BaseException]:
    """The exception, then what it was raised from or while handling, nearest first, members of groups included."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < 64:
        at = waiting.pop(0)
        if any(at is known for known in found):
            continue
        found.append(at)
        waiting += [linked for linked in (_cause(at), _context(at)) if linked is not None]
        if isinstance(at, BaseExceptionGroup):
            waiting += _members(at)
    return found


def _is_no_failure(error: BaseException) -> bool:
    """Whether it only stops what it passes. A timeout fails by itself, though it comes from what it cancelled."""
    name = type(error).__name__
    return isinstance(error, (asyncio.CancelledError, GeneratorExit)) or name in INTERRUPTED or name == HANDED_OVER


def _raised_from(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    for _ in range(64):
        if at is None:
            return
        yield at
        at = _cause(at)
