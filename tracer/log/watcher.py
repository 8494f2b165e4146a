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
_LOOK_MS = 1_000


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
        again = False
        while not stop.is_set():
            try:
                self._watch_folder(stop, again)
            except OSError:
                # Deleted; for the next run it is made again.
                stop.wait(_LOOK_MS / 1000)
            again = True

    def _watch_folder(self, stop: threading.Event, again: bool) -> None:
        """Until another folder stands there. `again` tells of all that is in it. Raises OSError."""
        # Held open, so that no other folder is given its inode.
        fd = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            changes = watchfiles.watch(
                self._root,
                watch_filter=_is_run,
                debounce=200,
                step=40,
                stop_event=stop,
                rust_timeout=_LOOK_MS,
                yield_on_timeout=True,
                recursive=False,
            )
            for change in changes:
                paths = {path for _, path in change}
                if again:
                    paths.update(name for name in os.listdir(fd) if _is_run(None, name))
                    again = False
                runs = {_run(path) for path in paths}
                for listener in tuple(self._listeners) if runs else ():
                    listener(runs)
                if not os.path.samestat(os.fstat(fd), os.stat(self._root)):
                    return
        finally:
            os.close(fd)


def _is_run(_: watchfiles.Change | None, path: str) -> bool:
    name = os.path.basename(path)
    return name.endswith((LOG, SUFFIX)) and not name.startswith(".")


def _run(path: str) -> str:
    return os.path.basename(path).removesuffix(LOG).removesuffix(SUFFIX)
