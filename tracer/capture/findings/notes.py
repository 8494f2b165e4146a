"""Findings of one run, before they are lines: each once per span and kind, and of no kind too many."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

from tracer.log.events import Line

KINDS = (
    "not_streaming",
    "model_not_streaming",
    "retry_off",
    "fallback_used",
    "loop_blocked",
    "children_lost",
    "parser_none",
    "cut_by_length",
    "closed_early",
    "usage_missing",
    "same_prompt_twice",
)
"""docs/findings.md tells each."""

MOST_OF_A_KIND = 20


class Notes:
    """Takes findings from whichever thread notices them, until somebody writes them."""

    def __init__(self) -> None:
        self.waiting: deque[Line] = deque()
        self._lock = threading.Lock()
        self._seen: set[tuple[int | None, str]] = set()
        self._of_kind: Counter[str] = Counter()

    def add(self, kind: str, span: int | None, text: str, advice: str, evidence: dict[str, Any]) -> None:
        with self._lock:
            if (span, kind) in self._seen:
                return
            self._seen.add((span, kind))
            self._of_kind[kind] += 1
            if self._of_kind[kind] <= MOST_OF_A_KIND:
                self.waiting.append(_line(kind, span, text, advice, evidence))

    def count_the_rest(self) -> None:
        """At the end: one more finding for each kind of which there were too many."""
        with self._lock:
            for kind, found in self._of_kind.items():
                if found > MOST_OF_A_KIND:
                    more = found - MOST_OF_A_KIND
                    self.waiting.append(_line(kind, None, f"The same on {more} more spans.", "", {"more": more}))
            self._of_kind.clear()

    def take(self) -> Iterator[Line]:
        while self.waiting:
            try:
                yield self.waiting.popleft()
            except IndexError:
                return


def _line(kind: str, span: int | None, text: str, advice: str, evidence: dict[str, Any]) -> Line:
    return {"event": "finding", "span": span, "kind": kind, "text": text, "advice": advice, "evidence": evidence}
