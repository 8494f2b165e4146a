"""How a run streamed: derived from the fold. Twin of static/js/health.js; integers, so both give the same numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from .spans import Fold, Span

_MODELS = ("chat_model", "llm")


class GapTimes(TypedDict):
    """Microseconds between chunks that hold something; quantiles are at most 1/16 too high."""

    count: int
    p50_us: int
    p95_us: int
    longest_us: int


class SpanHealth(TypedDict):
    span: int
    wait_us: int | None
    """From its start to its first chunk that holds something."""
    gaps: GapTimes | None
    tokens_per_s: float | None
    """Of a model that has ended: output tokens since its first chunk (without chunks: since its start)."""
    untraced_us: int | None
    """The time in which none of its children ran; None where it has no children."""


class Health(TypedDict):
    duration_us: int
    waited_us: int
    """The time in which at least one model had been asked and had not yet begun to answer."""
    waited_share: float
    """Of `duration_us`, from 0 to 1, in thousandths."""
    spans: list[SpanHealth]
    """In the order of the fold's."""


def health(fold: Fold) -> Health:
    """How the run streams, or streamed; of what is still running, up to the newest line."""
    now = fold.t_us
    children: dict[int, list[Span]] = {}
    for span in fold.spans:
        if span.parent is not None:
            children.setdefault(span.parent, []).append(span)
    waits = [(span.start_us, _or(span.first_us, _or(span.end_us, now))) for span in fold.spans if span.type in _MODELS]
    waited = _covered(waits)
    return {
        "duration_us": now,
        "waited_us": waited,
        "waited_share": waited * 1000 // now / 1000 if now else 0.0,
        "spans": [_of_span(span, fold, children.get(span.span, [])) for span in fold.spans],
    }


def _of_span(span: Span, fold: Fold, children: list[Span]) -> SpanHealth:
    gaps = fold.gaps(span.span)
    end = _or(span.end_us, fold.t_us)
    untraced = None
    if children:
        inside = ((max(c.start_us, span.start_us), min(_or(c.end_us, fold.t_us), end)) for c in children)
        untraced = end - span.start_us - _covered(inside)
    return {
        "span": span.span,
        "wait_us": None if span.first_us is None else span.first_us - span.start_us,
        "gaps": {
            "count": gaps.count,
            "p50_us": gaps.quantile_us(50),
            "p95_us": gaps.quantile_us(95),
            "longest_us": gaps.longest_us,
        }
        if gaps is not None and gaps.count
        else None,
        "tokens_per_s": _rate(span),
        "untraced_us": untraced,
    }


def _rate(span: Span) -> float | None:
    if span.usage is None or span.end_us is None:
        return None
    took = span.end_us - (span.start_us if span.first_us is None else span.first_us)
    if took <= 0:
        return None
    return span.usage["output_tokens"] * 1_000_000_000 // took / 1000


def _covered(intervals: Iterable[tuple[int, int]]) -> int:
    """The length of the union of [from, to)."""
    length, reached = 0, 0
    for begin, end in sorted(intervals):
        length += max(0, end - max(begin, reached))
        reached = max(reached, end)
    return length


def _or(value: int | None, other: int) -> int:
    return other if value is None else value
