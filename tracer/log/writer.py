"""The only writer of run files: one open file a run, one thread a process that writes them all.

What cannot be written waits in memory, is tried again, and is told as an alarm; the chain goes on. When too much waits,
the run's record ends there: the file stays the run up to that event, and says how much is missing.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import fcntl
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from .disk import create, sync, write_some
from .events import FORMAT

BATCH_SECONDS = 0.008
"""Between two turns of the writer thread; longer, up to `SLOW_BATCH_SECONDS`, where one takes more than a tenth of it:
each turn takes the interpreter from the chain."""
SLOW_BATCH_SECONDS = 0.03
NEW_FILE_SECONDS = 2.0
RETRY_SECONDS = 0.5
QUEUE_BYTES = 32 << 20
"""What may wait to be written, of all runs of the process together; each has an equal share, 1 MB at least."""
STALL_SECONDS = 0.25
"""A chain that is faster than the disk waits for it, until the disk has written nothing for this long."""
UNRECORDED = "unrecorded"
"""Kind of the finding that stands before `run_end` where events are missing."""
LOOK_SECONDS = 0.05
"""How often it is looked, at most, whether the file is still there, while there is much to write."""
_LEAST_SHARE = 1 << 20
_AT_ONCE = 1 << 20

_log = logging.getLogger("tracer")


class Writer:
    """Appends the lines of one run. Thread-safe; once it is open, no trouble with the file is raised (see `alarm`).

    Opening writes the `run_start` line and holds `flock` on the file until `end`, so that readers can tell a run that
    is being written from one whose writer died. Raises OSError (FileExistsError included) where that cannot be done.
    With `fsync` the disk has been told to keep every line, through a loss of power too, before `shown` counts it.
    """

    def __init__(
        self,
        path: Path,
        header: Mapping[str, Any],
        clock: Callable[[], int] = time.perf_counter_ns,
        *,
        fsync: bool = False,
    ) -> None:
        self.path = path
        self.alarm: str | None = None
        """Why what happens does not reach the file."""
        self.ended = False
        self.beyond_end = 0
        self.unrecorded = 0
        """How many lines were not taken any more, because too many waited."""
        self._clock = clock
        self._began = clock()
        self._fsync = fsync
        self._open()
        self._seq = 0
        self._t_us = 0
        self._pending: deque[bytes] = deque()
        self._waiting = 0
        self._full = False
        self._final = False
        """Whether the alarm stays, whatever the disk does from now on."""
        self._stuck = False
        self._torn = False
        self._retry_at = 0.0
        self._look_at = 0.0
        self._unseen = False
        """Whether something was written without a look whether the file is still there."""
        self._listeners: list[Callable[[], None]] = []
        start = {"seq": 0, "t_us": 0, "event": "run_start", "format": FORMAT, "pid": os.getpid(), **header}
        self._fd = create(path, _dump(start) + b"\n", fsync)
        self._size = os.fstat(self._fd).st_size
        self.shown = self._size
        """Bytes of the file that viewers may be shown."""
        _open_writers.add(self)

    def _open(self) -> None:
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)

    @property
    def lines(self) -> int:
        """How many lines there are so far, those still on their way to disk included."""
        return self._seq + 1

    @property
    def closed(self) -> bool:
        """Whether the whole run stands in the file."""
        return self._fd < 0

    def now(self) -> int:
        """Microseconds since the run began."""
        return (self._clock() - self._began) // 1000

    @property
    def offset(self) -> int:
        """Where the next line begins, in bytes. Exact under the lock, for what `append` is given."""
        return self._size + self._waiting

    def append(self, make: Callable[[], Mapping[str, Any] | bytes | None], at: int | None = None) -> int | None:
        """Stamp the line that `make` returns (strict JSON without `seq` and `t_us`) and hand it to the writer thread.

        It is an object, or JSON already: all that follows the `t_us`, from the comma on.

        `at` is when it happened (of `now`), where that was before this call; times never decrease for it. `make` runs
        under the writer's lock, at its line's place in the order, so it must run no code but ours; where it returns
        None there is no line. Returns the line's seq, or None where none was written because of that, because the run
        has ended, or because too much waits already.
        """
        with self._lock:
            if self.ended:
                self.beyond_end += 1
                return None
            self._t_us = max(self._t_us, self.now() if at is None else at)
            line = make()
            if line is None:
                return None
            if self._full:
                self.unrecorded += 1
                return None
            seq = self._seq + 1
            if type(line) is bytes:
                self._add(b'{"seq":%d,"t_us":%d%b' % (seq, self._t_us, line))
            else:
                self._add(_dump({"seq": seq, "t_us": self._t_us, **line}))  # type: ignore[dict-item]
            self._seq = seq
            crowded = self._waiting > _thread.share // 8
        _thread.wake(self)
        if crowded:
            self._make_room()
        return seq

    def append_json(self, rest: bytes, at: int) -> None:
        """`append` of a line that is JSON already: all that follows its `t_us`, from the comma on."""
        with self._lock:
            if self.ended:
                self.beyond_end += 1
                return
            if at > self._t_us:
                self._t_us = at
            if self._full:
                self.unrecorded += 1
                return
            self._seq += 1
            self._add(b'{"seq":%d,"t_us":%d%b' % (self._seq, self._t_us, rest))
            crowded = self._waiting > _thread.share // 8
        _thread.wake(self)
        if crowded:
            self._make_room()

    def end(self, footer: Mapping[str, Any], timeout: float = 2.0) -> None:
        """Write `run_end`, wait (at most `timeout` seconds) until it is on disk, close the file. Happens once.

        Where the disk does not take it, that is tried for as long as the process lives; until then the file is locked.
        """
        with self._lock:
            if self.ended:
                return
            t_us = max(self._t_us, self.now())
            last: list[Mapping[str, Any]] = [{"event": "run_end", **footer}]
            if self.unrecorded:
                last.insert(0, _missing(self.unrecorded))
            for line in [_dump({"seq": self._seq + n, "t_us": t_us, **line}) for n, line in enumerate(last, 1)]:
                self._add(line)
                self._seq += 1
            self.ended = True
        _thread.finish(self, timeout)

    def forsake(self) -> None:
        """In a forked child: the run is its parent's alone. Closing this copy leaves the parent its lock."""
        self._open()
        self.ended = True
        self._pending.clear()
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

    def hurry(self) -> None:
        """Try again at the next turn, however short ago the last time was."""
        self._retry_at = 0.0

    def write_pending(self, now: float) -> bool:
        """Write what was appended since the last time; True where there is something to do again later.

        Some of it was not written, or without a look whether the file is still there. `now` is in monotonic seconds.
        Only the writer thread calls this.
        """
        if self._fd < 0:
            return False
        if now < self._retry_at:
            return True
        with self._lock:
            ended = self.ended
        looks, before = now >= self._look_at or ended, self._size
        try:
            if looks:
                self._look_at, self._unseen = now + LOOK_SECONDS, False
                if os.fstat(self._fd).st_nlink == 0:
                    raise _Deleted(errno.ENOENT, "the file was deleted")
            self._write()
        except (OSError, MemoryError) as error:
            self._failed(error)
            self._retry_at = now + RETRY_SECONDS
        else:
            if self.alarm and not self._final:
                _log.warning("%s: what waited is written now", self.path)
                self.alarm = None
        self._unseen = self._unseen or (not looks and self._size > before)
        if self._size > self.shown:
            self._keep()
            self.shown = self._size
        if ended and not self._pending:
            os.close(self._fd)
            self._fd = -1
            _open_writers.discard(self)
        for listener in tuple(self._listeners):
            listener()
        return bool(self._pending) or self._unseen

    def _add(self, line: bytes) -> None:
        self._pending.append(line)
        self._waiting += len(line) + 1

    def _make_room(self) -> None:
        """Wait for the writer thread as long as it gets on; where it does not and too much waits, take no more."""
        with self._lock:
            share = _thread.share
            while self._waiting > share // 8 and not (self._stuck or self.alarm or self.ended):
                before = self._size
                self._room.wait(STALL_SECONDS)
                self._stuck = self._size == before
            # One line may be longer than any share.
            newest = len(self._pending[-1]) if self._pending else 0
            if self._waiting - newest > share and not self._full and not self.ended:
                self._full = True
                why = (self.alarm or f"{self.path}: the disk does not keep up").partition("; ")[0]
                self._say(f"{why}; the run goes on, what happens from here on is not recorded", final=True)

    def _failed(self, error: Exception) -> None:
        why = f"{self.path}: {getattr(error, 'strerror', None) or error or type(error).__name__}"
        if isinstance(error, _Deleted):
            self._say(f"{why}; the run goes on, it is not recorded any more", final=True)
            with self._lock:
                self._full = True
                self._pending.clear()
                self._waiting = 0
        elif self.alarm is None:
            self._say(f"{why}; the run goes on, what happens is kept in memory until it can be written", final=False)

    def _say(self, alarm: str, *, final: bool) -> None:
        if not self._final:
            self.alarm, self._final = alarm, final
            _log.error("%s", alarm)

    def _write(self) -> None:
        """Write all that waits, whole lines at a time. Raises OSError; what is not in the file then waits again."""
        while block := self._next_block():
            data, done = b"", 0
            try:
                self._cut()
                data = b"\n".join((*block, b""))
                while done < len(data):
                    done += write_some(self._fd, memoryview(data)[done:])
            except BaseException:
                # Whole lines may have been read already, so they stay; a torn one would swallow the next.
                whole = data.rfind(b"\n", 0, done) + 1
                self._torn = True
                self._wrote(whole)
                with self._lock:
                    self._pending.extendleft(reversed(block[data.count(b"\n", 0, whole) :]))
                with contextlib.suppress(OSError):
                    self._cut()
                raise
            self._wrote(len(data))

    def _next_block(self) -> list[bytes]:
        block: list[bytes] = []
        size = 0
        with self._lock:
            if self._waiting < _AT_ONCE:
                block += self._pending
                self._pending.clear()
            while self._pending and (not block or size + len(self._pending[0]) < _AT_ONCE):
                block.append(self._pending.popleft())
                size += len(block[-1]) + 1
        return block

    def _wrote(self, size: int) -> None:
        with self._lock:
            self._size += size
            self._waiting -= size
            self._stuck = self._stuck and size == 0
            self._room.notify_all()

    def _cut(self) -> None:
        if self._torn:
            os.ftruncate(self._fd, self._size)
            self._torn = False

    def _keep(self) -> None:
        if self._fsync:
            try:
                sync(self._fd)
            except OSError as error:
                # The kernel drops what it could not write, and says so only once: to try again would prove nothing.
                self._fsync = False
                why = f"{self.path}: {error.strerror or error}"
                self._say(f"{why}; the run is recorded, but may not survive a loss of power", final=True)


class _Deleted(FileNotFoundError):
    """Nobody will ever find what is written to this file."""


class _WriterThread:
    """One daemon thread a process. It writes at once when idle, then every `BATCH_SECONDS`."""

    def __init__(self) -> None:
        self._reset()
        atexit.register(self.flush)
        os.register_at_fork(after_in_child=self._forked)

    def _reset(self) -> None:
        self.share = QUEUE_BYTES
        """Bytes that may wait of one run."""
        guard = threading.Lock()
        self._changed = threading.Condition(guard)
        """There is something to write."""
        self._turned = threading.Condition(guard)
        """Another turn is over: for those who wait for what they appended."""
        self._pause = threading.Lock()
        """Held between two turns; let go where somebody waits for the end of a run to be written."""
        self._pause.acquire()
        self._dirty: dict[Writer, None] = {}
        self._again: dict[Writer, None] = {}
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
            self._changed.notify()

    def finish(self, writer: Writer, timeout: float) -> None:
        writer.hurry()
        self.wake(writer)
        with contextlib.suppress(RuntimeError):  # let go already
            self._pause.release()
        with self._turned:
            self._turned.wait_for(lambda: writer not in self._dirty and not self._busy, timeout)

    def flush(self) -> None:
        """Wait until all that was appended is written (at most 2 s): daemon threads do not outlive the interpreter."""
        with self._changed:
            for writer in self._again:
                writer.hurry()
            self._dirty |= self._again
            self._changed.notify()
            self._turned.wait_for(lambda: not self._dirty and not self._busy, 2.0)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._dirty), RETRY_SECONDS if self._again else None)
                self._pause.acquire(blocking=False)
                # Off the list before reading: what is appended from here on puts the writer back on it.
                writers, self._dirty = self._dirty | self._again, {}
                self._busy = True
            self.share = max(_LEAST_SHARE, QUEUE_BYTES // max(1, len(_open_writers)))
            now = time.monotonic()
            again = {writer: None for writer in writers if _writes(writer, now)}
            with self._changed:
                self._again = again
                self._busy = False
                self._turned.notify_all()
            self._pause.acquire(timeout=min(max(BATCH_SECONDS, 10 * (time.monotonic() - now)), SLOW_BATCH_SECONDS))


def _writes(writer: Writer, now: float) -> bool:
    try:
        return writer.write_pending(now)
    except Exception:
        # One run's trouble must not stop the recording of the others.
        _log.exception("%s could not be written", writer.path)
        return True


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


def _missing(lines: int) -> dict[str, Any]:
    return {
        "event": "finding",
        "span": None,
        "kind": UNRECORDED,
        "text": f"The last {lines:,} events of this run are not in its log: they could not be written in time.",
        "advice": "Give the folder of the runs a disk with room, or a faster one.",
        "evidence": {"lines": lines},
    }


def _dump(line: Mapping[str, Any]) -> bytes:
    return orjson.dumps(line)
