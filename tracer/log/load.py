"""`tracer.load`: a saved run, whole."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from .compact import expand
from .events import Line, RunError
from .expand import Whole
from .file import read
from .spans import Fold, Span
from .writer import is_being_written


class Run:
    """A run as its log tells it. Nothing in it is revived: messages and documents are plain dicts."""

    def __init__(self, path: Path, lines: Iterable[Line]) -> None:
        self.path = path
        self._lines = list(lines)
        self._fold = Fold.of(map(Whole().line, self._lines))
        if self._fold.status == "running" and not is_being_written(path):
            self._fold.lost()

    @cached_property
    def lines(self) -> list[Line]:
        """The lines of the log, whole. They share values, which must not be changed."""
        return list(map(Whole().line, self._lines))

    @property
    def status(self) -> str:
        """running, ok, error, cancelled, interrupted, abandoned or lost."""
        return self._fold.status

    @property
    def error(self) -> RunError | None:
        return self._fold.error

    @property
    def spans(self) -> list[Span]:
        """In the order in which they started."""
        return self._fold.spans

    @property
    def events(self) -> list[dict[str, Any]]:
        """LangChain's events with encoded data, in order; errors that v2 does not send are among them.

        They share values, which must not be changed.
        """
        return list(expand(map(Whole().line, self._lines)))


def load(path: str | os.PathLike[str]) -> Run:
    """Read a run's log. Raises LogError."""
    return Run(Path(path), read(path))
