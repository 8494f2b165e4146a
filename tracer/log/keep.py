"""How much of a folder is kept: so many runs, or those of so many days. What is starred or still written stays."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from .store import RunNotFound, RunRunning, Store
from .watcher import Watcher

_GIVEN = re.compile(r"([0-9]{1,9})(d?)", re.ASCII)
_DAY_SECONDS = 86_400.0
_LOOK_SECONDS = 3600.0
_PAUSE_SECONDS = 1.0

Say = Callable[[str], None]


class Keep(NamedTuple):
    """At most so many runs, or days since a run's last line; one of the two is None."""

    runs: int | None
    days: int | None

    def __str__(self) -> str:
        return f"{self.days}d" if self.runs is None else str(self.runs)


def parse(text: str) -> Keep:
    """`100` or `30d`. Raises ValueError, which says what can be given."""
    found = _GIVEN.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError(f"{text!r} is neither a number of runs (100) nor of days (30d), from 1 on")
    number = int(found[1])
    return Keep(None, number) if found[2] else Keep(number, None)


def prune(store: Store, keep: Keep, now: float) -> list[str]:
    """Delete the oldest runs beyond `keep` but starred ones and those that some process writes; the deleted, by id.

    `now` in seconds since the epoch.
    """
    runs = store.find()
    deleted = []
    for run in reversed(runs[keep.runs :] if keep.runs is not None else runs):
        with contextlib.suppress(RunNotFound, RunRunning, OSError):
            if keep.days is not None and now - store.path(run).stat().st_mtime < keep.days * _DAY_SECONDS:
                continue
            if store.delete(run, unless_starred=True):
                deleted.append(run)
    return deleted


class Keeper:
    """Prunes a folder at once, after each change in it (a run that ended, whoever ran it) and every hour."""

    def __init__(self, store: Store, keep: Keep, say: Say) -> None:
        self._store, self._keep, self._say = store, keep, say
        self._changed = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="tracer-keeper", daemon=True).start()

    def _run(self) -> None:
        with Watcher(self._store.root).subscribe(lambda _: self._changed.set()):
            while True:
                self._changed.clear()
                self.prune()
                # What is written all the time changes all the time.
                time.sleep(_PAUSE_SECONDS)
                self._changed.wait(_LOOK_SECONDS)

    def prune(self) -> None:
        if deleted := prune(self._store, self._keep, time.time()):
            some = ", ".join(deleted[:3]) + (", …" if len(deleted) > 3 else "")
            self._say(f"deleted {len(deleted)} run{'s' * (len(deleted) > 1)} beyond --keep {self._keep}: {some}")
