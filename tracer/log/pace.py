"""The recorded timing of a run, played again: when each line is due."""

from __future__ import annotations

from collections.abc import Callable

SLOWEST, FASTEST = 0.25, 64.0
_LATEST_US = 1 << 53


class Pace:
    """Lines are due as far apart as they were recorded, divided by `speed`; the first one at once.

    Due is due from the first line on: what is late makes nothing that follows it later. A line without a time is due
    with the one before it.
    """

    def __init__(self, speed: float, clock: Callable[[], float]) -> None:
        self._speed = speed
        self._clock = clock
        self._began: tuple[float, int] | None = None
        self._t_us = 0

    def wait(self, t_us: object) -> float:
        """Seconds until a line of this time is due; 0 or less where it is."""
        if type(t_us) is int and self._t_us < t_us <= _LATEST_US:
            self._t_us = t_us
        if self._began is None:
            self._began = self._clock(), self._t_us
        at, first = self._began
        return at + (self._t_us - first) / 1e6 / self._speed - self._clock()
