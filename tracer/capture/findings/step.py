"""What the detectors know of a span."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MODELS = frozenset({"chat_model", "llm"})
TAKES_WHOLE = frozenset({"prompt", "chat_model", "llm", "retriever", "tool"})
"""Types that can do nothing with a piece of their input, by what they are."""


@dataclass(slots=True, eq=False)
class Step:
    """One span. Times are seconds on the monotonic clock; chunks are those that hold something."""

    span: int
    parent: Step | None
    type: str
    name: str
    place: int
    """Its number in its sequence, from 1; 0 outside of one."""
    branch: bool
    """Whether it is one branch of a RunnableParallel."""
    start: float
    provider: str | None = None
    params: Any = None
    model: Any = None
    """The model object itself, while it runs."""
    retry: Any = None
    """The RunnableRetry that streams it, while it runs."""
    shares_id: bool = False
    """Whether another span has its run id: their ends cannot be told apart."""
    falls_back: bool = False
    """Whether it is a RunnableWithFallbacks."""
    first: float | None = None
    last: float = 0.0
    chunks: int = 0
    end: float | None = None
    failed: bool = False
    error: dict[str, str] = field(default_factory=dict)
    children: list[Step] = field(default_factory=list)

    def piece(self, now: float) -> None:
        if self.first is None:
            self.first = now
        self.last = now
        self.chunks += 1

    def above(self) -> Iterator[Step]:
        """Its parent, that one's parent, and so on."""
        step = self.parent
        while step is not None:
            yield step
            step = step.parent

    def below(self) -> Iterator[Step]:
        """Its children and theirs."""
        waiting = list(self.children)
        while waiting:
            step = waiting.pop()
            yield step
            waiting += step.children

    def feeder(self) -> Step | None:
        """The step whose output is this one's input, where tags of LangChain's tell."""
        step: Step = self
        while step.parent is not None:
            if step.place > 1:
                before = [other for other in step.parent.children if 0 < other.place < step.place]
                return max(before, key=lambda other: other.place, default=None)
            inside_assign = step.place == 0 and step.parent.name.startswith("RunnableAssign")
            if not (step.place == 1 or step.branch or inside_assign):
                return None
            step = step.parent
        return None

    def error_words(self) -> str:
        """The type's own name and the first line of what it failed with."""
        message = self.error.get("message", "").partition("\n")[0].rstrip(". ")
        kind = self.error.get("type", "").rpartition(".")[2]
        return cut(f"{kind}: {message}" if message else kind, 160)


def holds(chunk: Any) -> bool:
    """Whether there is anything in an encoded chunk of a model."""
    if type(chunk) is not dict:
        return bool(chunk)
    return bool(chunk.get("content") or chunk.get("tool_call_chunks") or chunk.get("text"))


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
