"""The token: who knows it may use the server. Kept with the runs, so that a restart keeps every page alive."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

SHORTEST = 22
"""Characters of 6 bits each: 132 bits, as far as a token's maker chose them at random."""
_TOKEN = re.compile(r"[A-Za-z0-9._~-]*", re.ASCII)


class TokenError(ValueError):
    """A token that would not protect anything, or that a URL or a cookie cannot hold."""


def checked(token: str) -> str:
    """The token itself. Raises TokenError for an empty, short or unsendable one."""
    way_out = "leave it out to have one made, or make one: python -c 'import secrets; print(secrets.token_urlsafe())'"
    if not token:
        raise TokenError(f"the token is empty; {way_out}")
    if not _TOKEN.fullmatch(token):
        raise TokenError(f"the token may hold only letters, digits and . _ ~ -; {way_out}")
    if len(token) < SHORTEST:
        raise TokenError(f"the token has {len(token)} characters, {SHORTEST} are the least; {way_out}")
    return token


def kept(folder: Path) -> str:
    """The token in `folder/.token`, made (mode 0600) where there is none yet. Raises OSError and TokenError."""
    path = folder / ".token"
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    fresh = folder / f".token-{secrets.token_hex(8)}"
    fd = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with open(fd, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        # A link appears whole or not at all: a second server that starts now reads this token, or wins with its own.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return _read(path)


def _read(path: Path) -> str:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(fd, encoding="ascii", errors="replace") as file:
        if os.fstat(fd).st_mode & 0o077:
            os.fchmod(fd, 0o600)
        token = file.read(1000).strip()
    try:
        return checked(token)
    except TokenError as error:
        raise TokenError(f"{path}: {error}; or delete the file") from None
