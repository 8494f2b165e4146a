"""`tracer replay`: a saved run in the terminal, with the timing it was recorded with."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from rich.console import Console

from tracer.live import Screen
from tracer.log.expand import Whole
from tracer.log.file import LogError, read
from tracer.log.pace import Pace
from tracer.log.writer import is_being_written

_SLEPT = 60.0
"""Seconds of one sleep: a log may say anything of its times."""


def replay(
    path: Path,
    speed: float,
    console: Console | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Play the run in this file up to its end, or to where its log stands now. Raises LogError."""
    try:
        lines = map(Whole().line, read(path.resolve()))
        first = next(lines, None)
        if first is None:
            raise LogError(path, None, "it is empty")
        pace = Pace(speed, clock)
        console = console or Console(soft_wrap=not sys.stdout.isatty())
        with Screen(console, str(path), clock, speed) as screen:
            for line in chain([first], lines):
                while (wait := pace.wait(line.get("t_us"))) > 0:
                    sleep(min(wait, _SLEPT))
                screen.show(line)
            if screen.fold.status == "running" and not is_being_written(path):
                screen.fold.lost()
    except OSError as error:
        raise LogError(path, None, error.strerror or str(error)) from None
