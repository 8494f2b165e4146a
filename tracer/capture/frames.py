"""Where threads are."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from types import FrameType

_MOST_FRAMES = 200

_lock = threading.Lock()


def current_frames() -> dict[int, FrameType]:
    """The innermost frame of each thread, by the thread's id.

    There is no collecting of garbage meanwhile: CPython 3.11 walks its threads under a lock that the collector may want
    too, and then the whole process stands still for good (gh-106883).
    """
    with _lock:
        collects = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if collects:
                gc.enable()


def outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """The frame and those that called it, innermost first, at most 200."""
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return
        yield frame
        frame = frame.f_back
