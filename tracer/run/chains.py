"""The chains that are served: what they are called, what they take, how they are built."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import Runnable

from tracer.capture.record import MODES
from tracer.run import describe, targets
from tracer.run.targets import ChainError

__all__ = ["Chain", "ChainError", "Chains"]

_log = logging.getLogger("tracer")


@dataclass
class Chain:
    """One Runnable that can be run by name.

    `name` is `pkg.mod:attr` (`file:attr` for `file.py:attr`), `label` the attribute alone where no other
    chain has the same, `description` what its author says of it ("" if nothing).
    """

    name: str
    label: str
    description: str
    runnable: Runnable[Any, Any]
    _described: dict[str, Any] | None = field(default=None, repr=False, compare=False)
    _complained: bool = field(default=False, repr=False, compare=False)

    def describe(self) -> dict[str, Any]:
        """Plain JSON: name, label, description, input_schema, configurable, examples, graph, problems, modes.

        `input_schema` and `configurable` are JSON schemas, `examples` a list of inputs, `graph` as made by
        tracer.run.describe; each None (`[]`) where the runnable cannot tell, or has none, and then `problems` may
        have the reason under the same name. Never raises; takes about 2 s at worst, since it calls the chain's own
        code.
        """
        made = self._described
        if made is None:
            made, whole = describe.describe(self.runnable)
            if whole:
                self._described = made
            if not self._complained:
                self._complained = True
                for part, reason in made["problems"].items():
                    _log.warning("%s: its %s cannot be had: %s", self.name, part.replace("_", " "), reason)
        return {
            "name": self.name,
            "label": self.label,
            "description": self.description,
            **made,
            "modes": list(MODES),
        }


class Chains(Mapping[str, Chain]):
    """The served chains by full name, in the order they were asked for; a unique label finds one too.

    `notice` is a sentence for the page about all of them, or None.
    """

    def __init__(self, chains: Sequence[Chain], notice: str | None = None) -> None:
        self.notice = notice
        self._by_name = {chain.name: chain for chain in chains}
        labels = Counter(chain.label for chain in self._by_name.values())
        self._by_label = {c.label: c for c in self._by_name.values() if labels[c.label] == 1}

    @classmethod
    def load(cls, names: Sequence[str], *, factory: bool = False) -> Chains:
        """The chains that `pkg.mod:attr`, `file.py:attr`, a module or a file alone name; raises ChainError.

        The same chain named twice is served once. With `factory`, each attribute is called and
        gives the chain.
        """
        found = {f"{one.module}:{one.attr}": one for target in names for one in targets.find(target, factory=factory)}
        attrs = Counter(one.attr for one in found.values())
        return cls(
            [
                Chain(name, one.attr if attrs[one.attr] == 1 else name, one.description, one.runnable)
                for name, one in found.items()
            ]
        )

    def __getitem__(self, name: str) -> Chain:
        chain = self._by_name.get(name) or self._by_label.get(name)
        if chain is None:
            raise KeyError(name)
        return chain

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)
