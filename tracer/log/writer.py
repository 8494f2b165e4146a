"""The only writer of run files: one open file a run, one thread a process that writes them all."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from .events import FORMAT

BATCH_SECONDS = 0.004
NEW_FILE_SECONDS = 2.0
_NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC


class Writer:
    """Appends the lines of one run. Thread-safe; once it is open, no trouble with the file is raised (see `alarm`).

    Opening writes the `run_start` line and holds `flock` on the file until `end`, so that readers can tell a run that
    is being written from one whose writer died. Raises OSError (FileExistsError included) where that cannot be done.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self.path = path
        self.alarm: str | None = None
        self.ended = False
        self.beyond_end = 0
        self._clock = clock
        self._began = clock()
        self._open()
        self._seq = 0
        self._t_us = 0
        self._pending: list[bytes] = []
        self._listeners: list[Callable[[], None]] = []
        start = {"seq": 0, "t_us": 0, "event": "run_start", "format": FORMAT, "pid": os.getpid(), **header}
        self._fd = _create(path, _dump(start) + b"\n")
        self._bytes = os.fstat(self._fd).st_size
        _open_writers.add(self)

    def _open(self) -> None:
        self._lock = threading.Lock()

    @property
    def lines(self) -> int:
        """How many lines there are so far, those still on their way to disk included."""
        return self._seq + 1

    def now(self) -> int:
        """Microseconds since the run began."""
        return (self._clock() - self._began) // 1000

    def append(self, make: Callable[[], Mapping[str, Any] | None], at: int | None = None) -> int | None:
        """Stamp the line that `make` returns (strict JSON without `seq` and `t_us`) and hand it to the writer thread.

        `at` is when it happened (of `now`), where that was before this call; times never decrease for it. `make` runs
        under the writer's lock, at its line's place in the order, so it must run no code but ours; where it returns
        None there is no line. Returns the line's seq, or None where none was written because of that or because the
        run has ended.
        """
        with self._lock:
            if self.ended:
                self.beyond_end += 1
                return None
            self._t_us = max(self._t_us, self.now() if at is None else at)
            line = make()
            if line is None:
                return None
            seq = self._seq + 1
            self._pending.append(_dump({"seq": seq, "t_us": self._t_us, **line}))
            self._seq = seq
        _thread.wake(self)
        return seq

    def end(self, footer: Mapping[str, Any], timeout: float = 2.0) -> None:
        """Write `run_end`, wait (at most `timeout` seconds) until it is on disk, close the file. Happens once."""
        with self._lock:
            if self.ended:
                return
            t_us = max(self._t_us, self.now())
            self._pending.append(_dump({"seq": self._seq + 1, "t_us": t_us, "event": "run_end", **footer}))
            self._seq += 1
            self.ended = True
        _thread.finish(self, timeout)

    def forsake(self) -> None:
        """In a forked child: the run is its parent's alone. Closing this copy leaves the parent its lock."""
        self._open()
        self.ended = True
        self._pending = []
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` (in the writer thread) after each write. Returns what takes it off again."""
        self._listeners.append(listener)

        def leave() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return leave

    def write_pending(self) -> None:
        """Write what was appended since the last time. Only the writer thread calls this."""
        with self._lock:
            lines, self._pending = self._pending, []
            ended = self.ended
        if lines and self.alarm is None:
            try:
                data = b"\n".join(lines) + b"\n"
                _write_all(self._fd, data)
                self._bytes += len(data)
            except OSError as error:
                self.alarm = f"{self.path}: {error.strerror or error}; the run goes on, what follows is not recorded"
                # A torn line would swallow the next one that somebody appends.
                with contextlib.suppress(OSError):
                    os.ftruncate(self._fd, self._bytes)
        if ended and self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        for listener in tuple(self._listeners):
            listener()


class _WriterThread:
    """One daemon thread a process. It writes at once when idle, then at most every `BATCH_SECONDS`."""

    def __init__(self) -> None:
        self._reset()
        atexit.register(self.flush)
        os.register_at_fork(after_in_child=self._forked)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._dirty: dict[Writer, None] = {}
        self._busy = False
        self._running = False

    def _forked(self) -> None:
        self._reset()
        for writer in list(_open_writers):
            writer.forsake()
        _open_writers.clear()

    def wake(self, writer: Writer) -> None:
        if writer in self._dirty:
            return
        with self._changed:
            self._dirty[writer] = None
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="tracer-writer", daemon=True).start()
            self._changed.notify_all()

    def finish(self, writer: Writer, timeout: float) -> None:
        self.wake(writer)
        with self._changed:
            self._changed.wait_for(lambda: writer not in self._dirty and not self._busy, timeout)

    def flush(self) -> None:
        """Wait until all that was appended is written (at most 2 s): daemon threads do not outlive the interpreter."""
        with self._changed:
            self._changed.wait_for(lambda: not self._dirty and not self._busy, 2.0)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._dirty))
                # Off the list before reading: what is appended from here on puts the writer back on it.
                writers, self._dirty = list(self._dirty), {}
                self._busy = True
            for writer in writers:
                # One run's trouble must not stop the recording of the others.
                with contextlib.suppress(Exception):
                    writer.write_pending()
            with self._changed:
                self._busy = False
                self._changed.notify_all()
            time.sleep(BATCH_SECONDS)


_open_writers: weakref.WeakSet[Writer] = weakref.WeakSet()
_thread = _WriterThread()


def is_being_written(path: Path) -> bool:
    """Whether some process holds the lock of this run file, or has only just made it. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        about = os.fstat(fd)
        if about.st_size == 0 and time.time() - about.st_mtime < NEW_FILE_SECONDS:
            return True
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _create(path: Path, first_line: bytes) -> int:
    """A new file, locked before its first byte, so that only an empty file can be one that is not locked yet."""
    fd = os.open(path, _NEW_FILE, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        _write_all(fd, first_line)
    except BaseException:
        os.close(fd)
        os.unlink(path)
        raise
    return fd


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _dump(line: Mapping[str, Any]) -> bytes:
    return orjson.dumps(line)
