"""What the process knows of a run's file: where its lines lie, how far they were found sound, its longest ones cut."""

from __future__ import annotations

import os
import threading
from array import array
from bisect import bisect_left
from collections import OrderedDict
from pathlib import Path

BLOCK = 1 << 18
_MOST_BLOCKS = 1 << 14
_FILES = 64
_HEAD = 256
_STUBS = 16
_PARTS = 32
_FAR = 4 << 20

Stub = tuple[bytes, bool, str | None]
"""A line as it is sent, whether it was cut, and the status it gives where it is a `run_end`."""


class Index:
    """Of one file, shared by all who read it; thread-safe. It takes 128 kB at most, and 16 stubs.

    Counts the lines before every block of 256 kB (of more, in a file over 4 GB), so any line is found by reading one
    block. It is made by counting newlines, 2 GB a second, when a line is first asked for, as far as that line; what is
    appended later is counted then.
    """

    def __init__(self, fd: int) -> None:
        self._sound: list[tuple[int, int]] = []
        """Parts in which every line was checked, and none is bad, misnumbered or the end; in order, apart."""
        self.stubs: OrderedDict[int, Stub] = OrderedDict()
        """By offset. `stubbing` is held while one is made."""
        self.stubbing = threading.Lock()
        self._lock = threading.Lock()
        self._block = BLOCK
        self._before = array("Q", [0])
        """Newlines before each block. None of these changes any more: something complete comes after them."""
        self._end = 0
        self._head = os.pread(fd, _HEAD, 0)
        about = os.fstat(fd)
        self._file = about.st_dev, about.st_ino

    def is_of(self, fd: int) -> bool:
        """Whether this is still about that file: not replaced, written anew or cut off."""
        about = os.fstat(fd)
        if (about.st_dev, about.st_ino) != self._file or about.st_size < self._end:
            return False
        if self._sound and about.st_size < self._sound[-1][1]:
            return False
        head = os.pread(fd, _HEAD, 0)
        if not head.startswith(self._head):
            return False
        self._head = head
        return True

    def locate(self, fd: int, seq: int) -> tuple[int, int]:
        """`(seq, offset)` of the line with this seq, or of the end of the complete lines where there are fewer."""
        if seq <= 0:
            return 0, 0
        with self._lock:
            if self._before[-1] < seq:
                self._count(fd, seq)
            block = bisect_left(self._before, seq) - 1
            return self._within(fd, block, seq)

    def is_far(self, fd: int, seq: int) -> bool:
        """Whether `locate` would have to count its way there through more than a few MB."""
        return self._before[-1] < seq and os.fstat(fd).st_size - self._end > _FAR

    def is_sound(self, begin: int, end: int) -> bool:
        """Whether every line between these offsets is known to be one that may be sent as it stands."""
        return any(first <= begin and end <= last for first, last in self._sound)

    def found_sound(self, begin: int, end: int) -> None:
        """Every line between these offsets was found so."""
        with self._lock:
            apart = []
            for first, last in self._sound:
                if last < begin or end < first:
                    apart.append((first, last))
                else:
                    begin, end = min(begin, first), max(end, last)
            # Readers who begin in many places soon meet; of those who do not, the longest ways are worth most.
            kept = sorted([*apart, (begin, end)], key=lambda part: part[0] - part[1])[:_PARTS]
            self._sound = sorted(kept)

    def keep_stub(self, offset: int, stub: Stub) -> None:
        self.stubs[offset] = stub
        while len(self.stubs) > _STUBS:
            self.stubs.popitem(last=False)

    def _count(self, fd: int, seq: int) -> None:
        """Count on, until there are `seq` newlines before the last block."""
        at, found = len(self._before) - 1, self._before[-1]
        waiting: list[int] = []
        while found < seq:
            data = os.pread(fd, self._block, at * self._block)
            if len(data) < self._block:
                break
            newlines = data.count(b"\n")
            at, found = at + 1, found + newlines
            if newlines:
                # What is behind the last newline may be torn, and written anew: a block counts once there is one later.
                self._before.extend(waiting)
                waiting = []
                self._end = (len(self._before) - 1) * self._block
            waiting.append(found)
        if len(self._before) > _MOST_BLOCKS:
            self._before = self._before[::2]
            self._block *= 2

    def _within(self, fd: int, block: int, seq: int) -> tuple[int, int]:
        """From the beginning of this block on, the line with this seq."""
        at, offset = self._before[block], block * self._block
        end = offset if block == 0 else None
        while at < seq:
            data = os.pread(fd, self._block, offset)
            if not data:
                break
            begin = 0
            while at < seq and (newline := data.find(b"\n", begin)) >= 0:
                begin, at = newline + 1, at + 1
            if begin:
                end = offset + begin
            offset += len(data)
        return at, _line_begin(fd, block * self._block) if end is None else end


def _line_begin(fd: int, offset: int) -> int:
    """Where the line begins in which this offset lies, or which begins at it."""
    while offset:
        begin = max(0, offset - BLOCK)
        newline = os.pread(fd, offset - begin, begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        offset = begin
    return 0


_known: OrderedDict[Path, Index] = OrderedDict()
_lock = threading.Lock()


def index_of(path: Path, fd: int) -> Index:
    """What is known of this open file; the 64 files asked for last are remembered."""
    with _lock:
        index = _known.get(path)
        if index is None or not index.is_of(fd):
            index = _known[path] = Index(fd)
        _known.move_to_end(path)
        while len(_known) > _FILES:
            _known.popitem(last=False)
        return index
