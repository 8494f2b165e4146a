"""Which runs of a folder changed, whichever process changed them."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import watchfiles

from .catalog import LOG
from .meta import SUFFIX

Listener = Callable[[set[str]], None]


class Watcher:
    """One thread that watches the folder while anyone listens."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._stop: threading.Event | None = None

    @contextlib.contextmanager
    def subscribe(self, listener: Listener) -> Iterator[None]:
        """Call `listener`, in the watching thread, with the ids of the runs that changed."""
        with self._lock:
            self._listeners.append(listener)
            if self._stop is None:
                self._stop = threading.Event()
                args = (self._stop,)
                threading.Thread(target=self._watch, args=args, name="tracer-watcher", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)
                if not self._listeners and self._stop is not None:
                    self._stop.set()
                    self._stop = None

    def _watch(self, stop: threading.Event) -> None:
        changes = watchfiles.watch(
            self._root, watch_filter=_is_run, debounce=200, step=40, stop_event=stop, recursive=False
        )
        for change in changes:
            runs = {_run(path) for _, path in change}
            for listener in tuple(self._listeners):
                listener(runs)


def _is_run(_: watchfiles.Change, path: str) -> bool:
    name = os.path.basename(path)
    return name.endswith((LOG, SUFFIX)) and not name.startswith(".")


def _run(path: str) -> str:
    return os.path.basename(path).removesuffix(LOG).removesuffix(SUFFIX)
