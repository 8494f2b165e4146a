"""`fallback_used`: this step went well, but not the way it was meant to."""

from __future__ import annotations

from bisect import bisect_right

from .notes import Notes
from .step import Step


def ended(step: Step, notes: Notes) -> None:
    """A RunnableWithFallbacks ended well."""
    tried = step.children
    if not tried and step.parent is not None:
        # Called, and not streamed, it hands its own config on: what it tries then seems to run beside it.
        siblings = step.parent.children
        tried = siblings[bisect_right(siblings, step.span, key=lambda other: other.span) :]
    failures = [other for other in tried if other.failed]
    if not failures:
        return
    answered = next((other for other in reversed(tried) if not other.failed), None)
    first = failures[0]
    instead = f"{answered.name} (span {answered.span})" if answered else "a fallback"
    notes.add(
        "fallback_used",
        step.span,
        f"{first.name} (span {first.span}) failed with {first.error_words()}; {instead} answered instead.",
        # Of the step alone: how the run ends is not known yet.
        "Without the fallback this step would have failed: see why the first choice did.",
        {
            "failed": [other.span for other in failures],
            "used": answered.span if answered else None,
            "error": first.error_words(),
        },
    )
