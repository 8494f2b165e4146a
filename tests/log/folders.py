"""Runs for tests of what is in a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from tracer.log.store import Store, new_run_id


def header(run: str, **more: Any) -> dict[str, Any]:
    return {"run": run, "chain": "m:c", "mode": "stream", "started_at": "t", "input": {"question": "why?"}, **more}


def ended(
    store: Store, *, status: str = "ok", lost: bool = False, lines: tuple[dict[str, Any], ...] = (), **more: Any
) -> str:
    """A run that has ended with these lines; `lost`: without a last one."""
    run = new_run_id()
    writer = store.create(header(run, **more))
    for line in lines:
        writer.append(lambda line=line: line)  # type: ignore[misc]
    writer.end({"status": status, "spans": 0})
    if lost:
        path = store.path(run)
        os.truncate(path, path.read_bytes().rindex(b"\n", 0, -1) + 1)
    return run


def until_true(true: Callable[[], bool], seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
