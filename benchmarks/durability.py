"""What `--fsync` costs: from handing an event over to its being shown, with and without, in turns.

`python -m benchmarks.durability [--folder DIR]` writes 1,000 events/s for 5 s four times (the cost is the
disk's, so name a folder on it), then 50,000 events as fast as they come.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tracer.log.writer import Writer

from .served import line, quantile


def delays(path: Path, rate: int, seconds: float, fsync: bool) -> list[float]:
    """ms from `append` to the moment at which followers are told of the line."""
    writer = Writer(path, {"run": "r"}, fsync=fsync)
    handed: list[float] = []
    took: list[float] = []
    begun = [0]

    def shown() -> None:
        if writer.shown == writer._size and not writer._pending:
            now = time.monotonic()
            upto = len(handed)
            took.extend((now - at) * 1000 for at in handed[begun[0] : upto])
            begun[0] = upto

    writer.listen(shown)
    began = time.monotonic()
    for n in range(int(rate * seconds)):
        wait = began + n / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        handed.append(time.monotonic())
        writer.append(lambda n=n: line(n, 250))  # type: ignore[misc]
    writer.end({"status": "ok"}, timeout=30)
    return took


def flood(path: Path, events: int, fsync: bool) -> float:
    """Seconds until so many events are in the file, the end of the run included."""
    writer = Writer(path, {"run": "r"}, fsync=fsync)
    began = time.monotonic()
    for n in range(events):
        writer.append(lambda n=n: line(n, 250))  # type: ignore[misc]
    writer.end({"status": "ok"}, timeout=60)
    return time.monotonic() - began


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--folder", type=Path, default=Path.cwd(), help="on the disk to be measured")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        found: dict[bool, list[float]] = {False: [], True: []}
        floods: dict[bool, list[float]] = {False: [], True: []}
        for n in range(4):
            for fsync in (False, True):
                found[fsync] += delays(folder / f"{n}-{fsync}", 1000, 5, fsync)
                floods[fsync].append(flood(folder / f"flood-{n}-{fsync}", 50_000, fsync))
    for fsync, some in found.items():
        print(
            f"{'with' if fsync else 'without'} --fsync: shown {quantile(some, 0.5):.1f} ms after it was handed over "
            f"(p99 {quantile(some, 0.99):.1f} ms) at 1,000 events/s; 50,000 events at once in "
            f"{quantile(floods[fsync], 0.5):.2f} s"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
