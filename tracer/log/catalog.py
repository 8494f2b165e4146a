"""What is in a folder of runs: their ids, newest first, and what is known of each. Opens as few files as it can.

Newest is what came into the folder last: an imported run counts from its import, not from when it began.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from .file import LogError
from .meta import SUFFIX, Metas
from .summary import Summaries, Summary

RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
LOG = ".jsonl"
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_TICK_NS = 20_000_000
"""A folder's time of change may stand still for so long while it changes again."""
_FIRST_SECONDS = 0.3
_WORK_SECONDS = 0.005
_REST_SECONDS = 0.005


class Catalog:
    """The runs of one folder. Thread-safe. Looking at the folder again costs 10 ms for 10,000 runs, once a change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.summaries = Summaries()
        self.metas = Metas(root)
        self._lock = threading.Lock()
        self._looked: tuple[int, bool] | None = None
        self._inodes: dict[str, int] = {}
        self._orders: dict[str, tuple[float, str]] = {}
        self._runs: tuple[str, ...] = ()
        self._filling = False
        self._filled = False

    def runs(self) -> tuple[str, ...]:
        """Ids of all runs, newest first."""
        with self._lock:
            self._look()
            return self._runs

    def older(self, before: str) -> tuple[str, ...]:
        """Those older than a run, which may have been deleted since."""
        with self._lock:
            self._look()
            least = self._orders.get(before) or (_began(before) or 0.0, before)
            orders = self._orders
            return tuple(run for run in self._runs if orders[run] < least)

    def summary(self, run: str) -> Summary:
        """As the run's files stand now. Raises LogError and FileNotFoundError."""
        return self.summaries.of(run, self.root / f"{run}{LOG}", self.metas.of(run))

    def find(self, q: str = "", status: str = "", chain: str = "", starred: bool = False) -> tuple[str, ...]:
        """Ids of the runs that fit, newest first. Reads the summaries that are not known yet: 1 s for 10,000."""
        runs = self.runs()
        if not (q or status or chain or starred):
            return runs
        needle = q.casefold()
        found = []
        for run in runs:
            known = self.summaries.settled(run, self.metas.seen(run))
            if known is None:
                try:
                    known = self.summary(run), self.summaries.text(run)
                except (LogError, OSError):
                    continue
            summary, text = known
            if (
                needle in text
                and (not status or summary["status"] == status)
                and (not chain or summary["chain"] == chain)
                and (not starred or summary["starred"])
            ):
                found.append(run)
        return tuple(found)

    def chains(self) -> list[str] | None:
        """Names of the chains that ran here; None while not every run was read."""
        return self.summaries.chains() if self._filled else None

    def fill(self) -> None:
        """Read what is not known yet, newest first, in a thread that leaves room for others."""
        with self._lock:
            if self._filling or self._filled:
                return
            self._filling = True
        threading.Thread(target=self._fill, name="tracer-summaries", daemon=True).start()

    def _fill(self) -> None:
        try:
            # Whoever asked first is to have the first page first.
            time.sleep(_FIRST_SECONDS)
            _paced(self.runs(), self._read)
            self._filled = True
        finally:
            self._filling = False

    def _read(self, run: str) -> None:
        if not self.summaries.knows(run):
            with contextlib.suppress(LogError, OSError):
                self.summary(run)

    def _look(self) -> None:
        """Take in what came and went, if the folder has changed. Holds the lock."""
        try:
            changed = os.stat(self.root).st_mtime_ns
        except OSError:
            changed = 0
        # Settled: nothing can have changed since that would have left the folder's time as it was.
        if self._looked == (changed, True):
            return
        settled = time.time_ns() - changed > _TICK_NS
        inodes, named = self._scan()
        if inodes != self._inodes:
            for run in self._inodes.keys() - inodes.keys():
                self.summaries.forget(run)
            for run in inodes.keys() & self._inodes.keys():
                if inodes[run] != self._inodes[run]:
                    self.summaries.forget(run)
            for run in inodes.keys() - self._orders.keys():
                self._orders[run] = (self._order(run), run)
            self._inodes = inodes
            self._runs = tuple(sorted(inodes, key=self._orders.__getitem__, reverse=True))
        for run in named:
            self.metas.of(run)
        self._looked = (changed, settled)

    def _scan(self) -> tuple[dict[str, int], set[str]]:
        """Runs with the inode of their file, and those which have a file of names and stars, or had one."""
        inodes: dict[str, int] = {}
        named = set(self.metas.names())
        with contextlib.suppress(OSError), os.scandir(self.root) as entries:
            for entry in entries:
                name = entry.name
                if name.endswith(LOG):
                    run = name[: -len(LOG)]
                    if (run in self._orders or RUN.fullmatch(run)) and entry.is_file(follow_symlinks=False):
                        inodes[run] = entry.inode()
                elif name.endswith(SUFFIX):
                    named.add(name[: -len(SUFFIX)])
        return inodes, named

    def _order(self, run: str) -> float:
        began = _began(run)
        if began is not None:
            return began
        with contextlib.suppress(OSError):
            return (self.root / f"{run}{LOG}").lstat().st_mtime
        return 0.0


def _began(run: str) -> float | None:
    """Seconds since the epoch by a UUIDv7's own clock; None where the id is none."""
    return int(run[:8] + run[9:13], 16) / 1000 if _UUID7.fullmatch(run) else None


def _paced(runs: tuple[str, ...], work: Callable[[str], None]) -> None:
    """Half the time at work, in steps too short to be felt."""
    until = time.monotonic() + _WORK_SECONDS
    for run in runs:
        work(run)
        if time.monotonic() > until:
            time.sleep(_REST_SECONDS)
            until = time.monotonic() + _WORK_SECONDS
