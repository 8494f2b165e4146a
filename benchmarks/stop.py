"""How long a Stop takes to reach async work, and how long a new run waits for others' stuck code.

    python -m benchmarks.stop

Prints the time from Stop to the end of the log for 100 runs of async work, and the time from start to the first event
of a new run: alone, beside 60 threads that are stuck, and beside a loop that is.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from langchain_core.runnables import Runnable, RunnableLambda

import tracer
from tracer.log.store import Store
from tracer.run.chains import Chain, Chains
from tracer.run.runner import Runner

STOPS = 100
STARTS = 20
STUCK_THREADS = 60

_release = threading.Event()


async def waits(value: Any) -> Any:
    """Async work that a cancellation ends."""
    await asyncio.sleep(60)


def sits(value: Any) -> Any:
    """A synchronous step that nothing can stop."""
    _release.wait(60)


async def blocks(value: Any) -> Any:
    """A step that blocks the loop it runs in."""
    _release.wait(60)


def echo(value: Any) -> Any:
    """The run that must not wait for the others."""
    return value


RUNNABLES: dict[str, Runnable[Any, Any]] = {
    "waits": RunnableLambda(echo) | RunnableLambda(waits),
    "sits": RunnableLambda(sits),
    "blocks": RunnableLambda(blocks),
    "echo": RunnableLambda(echo),
}


def main() -> None:
    """Measure, print, and leave at once: what is stuck stays stuck."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        runner = Runner(store, Chains([Chain(f"b:{name}", name, "", made) for name, made in RUNNABLES.items()]))
        runner.wait(runner.start("b:echo", 1), 10)  # imports and the first thread
        _print("Stop to the end of the log, async work", [_stop(runner) for _ in range(STOPS)])
        _print("start to first event, alone", [_first_event(runner, store) for _ in range(STARTS)])
        stuck = [runner.start("b:sits", 1) for _ in range(STUCK_THREADS)]
        time.sleep(0.5)
        _print(f"… beside {STUCK_THREADS} stuck threads", [_first_event(runner, store) for _ in range(STARTS)])
        for run in stuck:
            runner.cancel(run)
        for run in stuck:
            runner.wait(run, 5)
        print(f"  {sum(store.summary(run)['status'] == 'abandoned' for run in stuck)} of them abandoned after Stop")
        delays = []
        for _ in range(STARTS):
            runner.start("b:blocks", 1)
            time.sleep(0.05)
            delays.append(_first_event(runner, store))
        _print("… in a loop that has just been blocked", delays)
        _release.set()
        runner.close()
    os._exit(0)


def _stop(runner: Runner) -> float:
    run = runner.start("b:waits", 1)
    time.sleep(0.02)
    began = time.perf_counter()
    runner.cancel(run)
    if not runner.wait(run, 5):
        raise SystemExit(f"run {run} did not end")
    return time.perf_counter() - began


def _first_event(runner: Runner, store: Store) -> float:
    """From start to the first event, by the log's own clock."""
    run = runner.start("b:echo", 1)
    if not runner.wait(run, 5):
        raise SystemExit(f"run {run} did not end")
    return tracer.load(store.path(run)).lines[1]["t_us"] / 1e6


def _print(what: str, seconds: list[float]) -> None:
    ordered = sorted(one * 1000 for one in seconds)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    print(f"{what:<42} n {len(ordered):>3}  median {statistics.median(ordered):6.1f}  p99 {p99:6.1f} ms", flush=True)


if __name__ == "__main__":
    main()
