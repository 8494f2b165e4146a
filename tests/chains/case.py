"""A chain, what is put into it, and what must be told of it: written down by hand, beside the chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from tracer.log.spans import Span

Make = Callable[[], Runnable[Any, Any]]


@dataclass(frozen=True, slots=True)
class Turn:
    """One run: what goes in, and what is told.

    `tree` has a line a span, indented below its parent: its name, then, where it did not simply end well, ` · ` and
    its state, `by` the name of its cause, `recovered`. Branches that run at once may stand in any order.
    """

    input: Any
    status: str
    tree: str


@dataclass(frozen=True, slots=True)
class Case:
    """A chain with the runs it goes through, one after the other."""

    name: str
    make: Make
    turns: tuple[Turn, ...]
    invoked: tuple[Turn, ...] | None
    """The same, called and seen through callbacks only; None where that shows nothing new."""
    config: RunnableConfig
    filters: dict[str, Any]
    same_as_bare: bool
    """Whether two runs of it send the same events: not where the time decides what happens."""
    leave_after: str | None
    """The event after which the consumer leaves the loop."""
    sync: bool
    """Whether it is called with `invoke` instead of `ainvoke`."""


CASES: dict[str, Case] = {}


def case(
    input: Any,
    status: str,
    tree: str,
    *turns: Turn,
    invoked: str | Turn | Sequence[Turn] | None = None,
    config: RunnableConfig | None = None,
    filters: dict[str, Any] | None = None,
    same_as_bare: bool = True,
    leave_after: str | None = None,
    sync: bool = False,
) -> Callable[[Make], Make]:
    """Enter a chain into the corpus. `invoked` is "same", another tree, another turn, or other turns."""

    def enter(make: Make) -> Make:
        name = make.__name__
        assert name not in CASES, f"two chains are called {name}"
        assert make.__doc__, f"{name} says nothing of itself"
        streamed = (Turn(input, status, tree), *turns)
        calls: tuple[Turn, ...] | None
        if invoked is None:
            calls = None
        elif invoked == "same":
            calls = streamed
        elif isinstance(invoked, str):
            calls = (Turn(input, status, invoked),)
        elif isinstance(invoked, Turn):
            calls = (invoked,)
        else:
            calls = tuple(invoked)
        CASES[name] = Case(name, make, streamed, calls, config or {}, filters or {}, same_as_bare, leave_after, sync)
        return make

    return enter


@dataclass(slots=True)
class _Node:
    text: str
    below: list[_Node] = field(default_factory=list)

    def told(self) -> list[str]:
        lines = [self.text]
        for below in sorted(node.told() for node in self.below):
            lines += [f"  {line}" for line in below]
        return lines


def written(tree: str) -> list[str]:
    """The tree that was written by hand, branches in an order of their own."""
    top = _Node("")
    path: list[tuple[int, _Node]] = [(-1, top)]
    for line in tree.split("\n"):
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        while path[-1][0] >= indent:
            path.pop()
        node = _Node(" ".join(line.split()))
        path[-1][1].below.append(node)
        path.append((indent, node))
    return top.told()[1:]


def told(spans: Sequence[Span]) -> list[str]:
    """The tree that a log tells of."""
    top = _Node("")
    nodes: dict[int | None, _Node] = {None: top}
    names = {span.span: span.name for span in spans}
    for span in spans:
        words = [span.state] if span.state != "ok" else []
        if words and span.cause is not None:
            words.append(f"by {names[span.cause]}")
        if span.recovered:
            words.append("recovered")
        name = " ".join(span.name.split())
        node = _Node(f"{name} · {' '.join(words)}" if words else name)
        nodes[span.span] = node
        nodes[span.parent].below.append(node)
    return top.told()[1:]
