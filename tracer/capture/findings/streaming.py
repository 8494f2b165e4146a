"""`not_streaming`: a step that holds the stream up."""

from __future__ import annotations

from .notes import Notes
from .step import TAKES_WHOLE, Step

SECONDS = 0.4
"""Less than that nobody sees."""

KIND = "not_streaming"


class Streaming:
    """Steps that took their input in pieces, and gave their first output after the last piece.

    Whether that is a fault shows only at the end: where a prompt, a model or a tool comes after the step, or is in it,
    they would have waited for the whole of it all the same.
    """

    def __init__(self) -> None:
        self._held_up: list[tuple[Step, Step]] = []

    def step_ended(self, step: Step) -> None:
        if step.type in TAKES_WHOLE or step.first is None:
            return
        feeder = step.feeder()
        if feeder is None or feeder.first is None or feeder.chunks < 2 or feeder.end is None:
            return
        if feeder.last - feeder.first >= SECONDS and step.first >= feeder.last:
            self._held_up.append((step, feeder))

    def ended(self, notes: Notes) -> None:
        told: set[Step] = set()
        # Children end before their parents, so the innermost is blamed, and not what stands around it.
        for step, feeder in self._held_up:
            if step in told or _wants_the_whole(step):
                continue
            told.update(step.above())
            seconds = round(feeder.last - (feeder.first or 0.0), 3)
            notes.add(
                KIND,
                step.span,
                f"{step.name} does not stream: its input came in {feeder.chunks} pieces over {seconds:.1f} s, and its "
                "first output only after the last.",
                "Make it a generator function (RunnableGenerator, or a RunnableLambda around `async def` with `yield`) "
                "that takes an iterator of pieces and gives each on as it comes; or put it before the model.",
                {"seconds": seconds, "pieces": feeder.chunks, "from": feeder.span},
            )
        self._held_up.clear()


def _wants_the_whole(step: Step) -> bool:
    if _takes_whole(step):
        return True
    at: Step = step
    while at.parent is not None:
        if at.place and any(other.place > at.place and _takes_whole(other) for other in at.parent.children):
            return True
        at = at.parent
    return False


def _takes_whole(step: Step) -> bool:
    return step.type in TAKES_WHOLE or any(below.type in TAKES_WHOLE for below in step.below())
