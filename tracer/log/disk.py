"""What the writer asks of the disk, each with what the system may answer."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path

_NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC


def create(path: Path, first_line: bytes, fsync: bool) -> int:
    """A new file, locked before its first byte, so that only an empty file can be one that is not locked yet.

    Leaves nothing behind where that fails. Raises OSError.
    """
    fd = os.open(path, _NEW_FILE, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        view = memoryview(first_line)
        while view:
            view = view[write_some(fd, view) :]
        if fsync:
            sync(fd)
            _sync_folder(path.parent)
    except BaseException:
        os.close(fd)
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise
    return fd


def write_some(fd: int, data: memoryview) -> int:
    """How many bytes the file took, at least one. Raises OSError."""
    while True:
        try:
            written = os.write(fd, data)
        except InterruptedError:
            continue
        if written == 0:
            raise OSError(errno.EIO, "the disk takes nothing")
        return written


def sync(fd: int) -> None:
    """Have what was written to this file survive a loss of power. Raises OSError."""
    if hasattr(fcntl, "F_FULLFSYNC"):
        # On macOS fsync leaves the bytes in the disk's own cache.
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(fd)


def _sync_folder(folder: Path) -> None:
    """Makes the name of a new file survive, too."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
