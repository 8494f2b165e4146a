"""What people say of a run: its name and its star, beside the log in `<run>.meta.json`. The log is never touched."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Any, TypedDict

import orjson

NAME_LENGTH = 200
SUFFIX = ".meta.json"
_MOST = 1 << 16


class Meta(TypedDict):
    """`name` is at most NAME_LENGTH characters on one line, None where nobody gave one."""

    name: str | None
    starred: bool


NONE: Meta = {"name": None, "starred": False}


class Metas:
    """Names and stars of one folder, remembered for as long as their files stay as they are."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._known: dict[str, tuple[tuple[int, int, int], Meta]] = {}

    def of(self, run: str) -> Meta:
        """One look at the file; what is not there, or no such file as we write, says nothing."""
        try:
            about = os.lstat(f"{self._root}/{run}{SUFFIX}")
        except OSError:
            self._known.pop(run, None)
            return NONE
        version = (about.st_ino, about.st_mtime_ns, about.st_size)
        known = self._known.get(run)
        if known is None or known[0] != version:
            self._known[run] = known = (version, _meta(self._read(run)))
        return known[1]

    def seen(self, run: str) -> Meta:
        """As `of` said last."""
        known = self._known.get(run)
        return known[1] if known else NONE

    def names(self) -> list[str]:
        """The runs of which something was said."""
        return list(self._known)

    def change(self, run: str, changes: Meta) -> None:
        """Put the file in place of the old one, whole or not at all, readable by this user alone. Raises OSError."""
        # What a newer tracer keeps there is kept.
        kept = {key: value for key, value in self._read(run).items() if key not in NONE}
        said = {key: value for key, value in changes.items() if value}
        path = f"{self._root}/{run}{SUFFIX}"
        if not said and not kept:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            return
        made = f"{self._root}/.{run[:100]}.{secrets.token_hex(8)}.tmp"
        fd = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(orjson.dumps({**kept, **said}) + b"\n")
            os.replace(made, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(made)
            raise

    def delete(self, run: str) -> None:
        self._known.pop(run, None)
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            os.unlink(f"{self._root}/{run}{SUFFIX}")

    def _read(self, run: str) -> dict[str, Any]:
        """The file's object; {} for anything else than a small regular file that holds one."""
        try:
            fd = os.open(f"{self._root}/{run}{SUFFIX}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError:
            return {}
        try:
            about = os.fstat(fd)
            text = os.read(fd, _MOST) if stat.S_ISREG(about.st_mode) and about.st_size <= _MOST else b""
            found = orjson.loads(text)
            # More levels can be read than written.
            orjson.dumps(found)
        except (OSError, ValueError, TypeError):
            return {}
        finally:
            os.close(fd)
        return found if isinstance(found, dict) else {}


def clean_name(name: str) -> str | None:
    """A name as it is kept: on one line, no control characters; None where nothing is left of it."""
    line = " ".join(name.split())
    return "".join(sign for sign in line if sign.isprintable() or sign in "\u200d\u200c") or None


def _meta(found: dict[str, Any]) -> Meta:
    name = found.get("name")
    clean = clean_name(name[: 4 * NAME_LENGTH]) if isinstance(name, str) else None
    return {"name": clean[:NAME_LENGTH] if clean else None, "starred": found.get("starred") is True}
