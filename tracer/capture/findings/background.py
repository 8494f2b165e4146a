"""`children_lost`: steps that nobody waits for."""

from __future__ import annotations

from collections.abc import Iterable

from .notes import Notes
from .step import Step

KIND = "children_lost"


def ended(steps: Iterable[Step], notes: Notes) -> None:
    """The run ended well; what has not ended by now never will, in this log."""
    for step in steps:
        if (
            step.end is not None
            or step.shares_id
            or step.parent is None
            or step.parent.end is None
            or step.parent.failed
        ):
            continue
        notes.add(
            KIND,
            step.span,
            f"{step.name} was still at work when the run ended: {step.parent.name} did not wait for it.",
            "Await the task (asyncio.gather, a TaskGroup) before the step that starts it returns.",
            {"how": "background", "started_in": step.parent.span},
        )
