"""Looking at other threads must not stop the process."""

from __future__ import annotations

import gc
import subprocess
import sys

from tracer.capture.frames import current_frames

# Threads that make garbage with thread-locals in it, threads that look, and a collector that always runs.
_BUSY = """
import gc, sys, threading, time
from tracer.capture.frames import current_frames
until = time.monotonic() + 3
def litter():
    while time.monotonic() < until:
        local = threading.local()
        local.me = [local]
        other = threading.Thread(target=lambda: setattr(local, "other", [local]))
        other.start()
        other.join()
def look():
    while time.monotonic() < until:
        current_frames()
gc.set_threshold(5)
for _ in range(50):
    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
threads = [threading.Thread(target=work, daemon=True) for work in (litter, litter, look, look)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done")
"""


def test_many_threads_may_look_while_garbage_is_collected() -> None:
    done = subprocess.run([sys.executable, "-c", _BUSY], timeout=60, capture_output=True, text=True, check=True)
    assert done.stdout == "done\n"


def test_the_collector_is_left_as_it_was() -> None:
    assert gc.isenabled()
    current_frames()
    assert gc.isenabled()
    gc.disable()
    try:
        current_frames()
        assert not gc.isenabled()
    finally:
        gc.enable()
