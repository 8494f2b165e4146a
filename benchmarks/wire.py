"""Bytes of the same runs: in tracer's log, to one of its viewers, and to one client of LangServe.

    python -m benchmarks.wire [--loads text json20 …] [--markdown]

One run of each load; `growth` is how many times the log, and what LangServe sends, grow from one size of JSON to the
one twice as long. Exits with 1 where the log grows by more than 2.2 times, 400 records take over 3 MB of log, or an
event of text over 140 bytes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .loads import LOADS, records
from .table import Table
from .ways import opened

_LOADS = ("text", "json50", "json100", "json200", "json400", "branches", "agent")
_HALF = {"json100": "json50", "json200": "json100", "json400": "json200"}
MOST_GROWTH, MOST_JSON400, MOST_TEXT = 2.2, 3_000_000, 140


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--loads", nargs="+", choices=LOADS, default=_LOADS, metavar="LOAD", help=", ".join(LOADS))
    options.add_argument("--markdown", action="store_true")
    given = options.parse_args()
    headings = (
        *("load", "JSON", "events", "log", "an event", "growth", "to a viewer"),
        *("LangServe", "an event", "growth", "LangServe : log"),
    )
    widths = (36, 9, 9, 13, 10, 8, 13, 14, 10, 8, 17)
    table = Table(*headings, markdown=given.markdown, names=1, widths=widths)
    logs: dict[str, int] = {}
    sent: dict[str, int] = {}
    good = True
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as ways:
        for name in given.loads:
            load = LOADS[name]
            recorded, served, theirs = (ways[way].run(load) for way in ("recorded", "served", "langserve"))
            logs[name], sent[name] = recorded.bytes, theirs.bytes
            half = _HALF.get(name)
            growth = logs[name] / logs[half] if half in logs else 0.0
            good = good and growth <= MOST_GROWTH
            good = good and (name != "json400" or recorded.bytes <= MOST_JSON400)
            good = good and (name != "text" or recorded.bytes / recorded.events <= MOST_TEXT)
            table.row(
                load.title,
                f"{len(records(int(name[4:]))):,}" if name.startswith("json") else "",
                f"{recorded.events:,}",
                f"{recorded.bytes:,}",
                f"{recorded.bytes / recorded.events:,.0f}",
                f"{growth:.2f}" if growth else "",
                f"{served.bytes:,}",
                f"{theirs.bytes:,}",
                f"{theirs.bytes / recorded.events:,.0f}",
                f"{sent[name] / sent[half]:.2f}" if half in sent else "",
                f"{theirs.bytes / recorded.bytes:,.1f}",
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
