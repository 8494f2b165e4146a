"""Writes the lines of a log as a run that goes on: `python -m benchmarks.browser.writer TO FROM LINES_A_SECOND`."""

from __future__ import annotations

import fcntl
import sys
import time
from pathlib import Path

_PAUSE = 0.01


def main(to: Path, source: Path, rate: int) -> None:
    with source.open("rb") as lines, to.open("ab", buffering=0) as run:
        fcntl.flock(run, fcntl.LOCK_EX)
        began, written = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - began) * rate) - written
            block = b"".join(line for _, line in zip(range(due), lines, strict=False))
            if due and not block:
                return
            run.write(block)
            written += due
            time.sleep(_PAUSE)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
