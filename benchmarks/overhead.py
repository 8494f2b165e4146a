"""What recording and serving add to the bare loop, beside what LangServe takes: ratios of times taken side by side.

    python -m benchmarks.overhead [--quick] [--loads text json20 …] [--ways recorded …] [--markdown] [--cpu]

For each load, bare `astream_events` and each other way are run in turns, in shuffled order, in processes of their own;
a way and the bare loop of the same turn are a pair. A way's ratio to bare is measured until its 95 % interval is within
± 0.02, for 200 pairs, or until the load's time is over, and it says which. `control` is bare against bare: how far this
machine can tell 1.00 from anything. Exits with 1 where a ratio is over its limit for certain.

`--cpu` compares processor time instead, an event's least of several turns: for a machine that others use meanwhile. Of
`served` and `langserve` that is the server's, which two processors may take at the same time.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from .loads import LOADS, Load
from .pairs import FEWEST, interval, is_enough
from .table import Table
from .ways import Took, Way, opened

WAYS = ("control", "recorded", "served", "langserve")
LIMITS = {"recorded": 1.15, "served": 1.25}
SECONDS = {"json400": 400.0, "json100": 400.0, "branches": 400.0}
"""How long a load may take where it is not the usual time: 200 pairs of these would take hours."""
_USUAL = 600.0
_WARM_UPS = 2
_WARM_UP_SHARE = 0.1
"""Of the time, after which nothing more is warmed up."""
_LOOK_EVERY = 10
"""Pairs between two looks at the interval, which takes a while itself."""
_MEASURED = ("text", "json20", "json100", "json400", "branches", "agent", "short")


@dataclass(slots=True)
class Row:
    """One way, for one load."""

    load: Load
    way: str
    ratios: list[float] = field(default_factory=list)
    took: list[Took] = field(default_factory=list)
    bare: list[Took] = field(default_factory=list)

    def add(self, bare: Took, took: Took) -> None:
        self.ratios.append(took.seconds / bare.seconds)
        self.bare.append(bare)
        self.took.append(took)

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    @property
    def over(self) -> bool:
        """Whether all of the interval is over the limit."""
        return len(self.ratios) >= FEWEST and interval(self.ratios)[0] > LIMITS.get(self.way, float("inf"))

    def cells(self) -> list[str]:
        low, high = interval(self.ratios)
        bare = statistics.median(took.seconds for took in self.bare)
        took = statistics.median(took.seconds for took in self.took)
        events = self.bare[-1].events
        size = self.took[-1].bytes
        stopped = "" if is_enough(self.ratios) else " (time over)"
        return [
            self.load.title,
            self.way,
            f"{self.median:.3f}",
            f"{low:.3f} to {high:.3f}" if len(self.ratios) >= FEWEST else "",
            f"{len(self.ratios)}{stopped}",
            f"{bare * 1e3:,.0f}",
            f"{(took - bare) / events * 1e6:+.1f}",
            f"{size:,}" if size else "",
            f"{size / events:,.0f}" if size else "",
        ]


_WIDTHS = (36, 10, 7, 17, 17, 9, 18, 14, 16)
HEADINGS = ["load", "way", "ratio", "95 % interval", "pairs", "bare ms", "µs more an event", "bytes", "bytes an event"]


def measure(ways: dict[str, Way], load: Load, wanted: Sequence[str], seconds: float, seed: int = 0) -> list[Row]:
    """Pairs of bare and each other way, in shuffled turns, until every row is sure enough or the time is over."""
    order = Random(seed)
    rows = [Row(load, name) for name in wanted]
    began = time.monotonic()
    for _ in range(_WARM_UPS):
        for name in ("bare", *wanted):
            ways[name].run(load)
        if time.monotonic() - began > _WARM_UP_SHARE * seconds:
            break
    left = rows
    while left and (not rows[0].ratios or time.monotonic() - began < seconds):
        # Whichever is first finds another machine than the next one does.
        turn = ["bare", *(row.way for row in left)]
        order.shuffle(turn)
        took = {name: ways[name].run(load) for name in turn}
        for row in left:
            row.add(took["bare"], took[row.way])
        left = [row for row in left if len(row.ratios) % _LOOK_EVERY or not is_enough(row.ratios)]
    return rows


CPU_HEADINGS = ["load", "way", "µs of CPU an event", "ratio", "turns"]
_CPU_WIDTHS = (36, 10, 22, 9, 9)


def measure_cpu(ways: dict[str, Way], load: Load, wanted: Sequence[str], seconds: float) -> list[list[str]]:
    """Rows with the least processor time that an event took: bare, then each way."""
    least: dict[str, float] = dict.fromkeys(("bare", *wanted), math.inf)
    until = time.monotonic() + seconds
    turns = -1
    while turns < 1 or time.monotonic() < until:
        events = 0
        for name in least:
            before = ways[name].cpu()
            took = ways[name].run(load)
            events = events or took.events
            if turns >= 0:
                least[name] = min(least[name], (ways[name].cpu() - before) / events)
        turns += 1
    return [
        [load.title, name, f"{cpu * 1e6:.1f}", f"{cpu / least['bare']:.3f}", f"{turns}"] for name, cpu in least.items()
    ]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--loads", nargs="+", choices=LOADS, default=_MEASURED, metavar="LOAD", help=", ".join(LOADS))
    options.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, metavar="WAY", help=", ".join(WAYS))
    options.add_argument("--seconds", type=float, help="at most, for each load")
    options.add_argument("--quick", action="store_true", help="8 s a load, or one turn: enough to see a tenth")
    options.add_argument("--cpu", action="store_true", help="processor time, not time")
    options.add_argument("--markdown", action="store_true")
    given = options.parse_args()
    over = False
    if given.cpu:
        table = Table(*CPU_HEADINGS, markdown=given.markdown, names=2, widths=_CPU_WIDTHS)
    else:
        table = Table(*HEADINGS, markdown=given.markdown, names=2, widths=_WIDTHS)
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder), langserve="langserve" in given.ways) as ways:
        for name in given.loads:
            seconds = given.seconds or (8.0 if given.quick else SECONDS.get(name, _USUAL))
            if given.cpu:
                for cells in measure_cpu(ways, LOADS[name], given.ways, seconds):
                    table.row(*cells)
                continue
            for row in measure(ways, LOADS[name], given.ways, seconds):
                table.row(*row.cells())
                over = over or row.over
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
