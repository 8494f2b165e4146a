"""`tracer serve` and `tracer demo`: what is served, and what is said of it once it can be opened."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import click

from tracer.capture.server_log import keep_secrets_out
from tracer.log.keep import Keep, Keeper
from tracer.log.store import Store
from tracer.run.chains import Chains
from tracer.run.runner import Runner
from tracer.usage import WrongUse, load_chains, redaction
from tracer.web import server


def serve(
    targets: Sequence[str],
    *,
    dir: Path,
    host: str,
    port: int,
    allow_host: Sequence[str],
    allow_remote: bool,
    token: str | None,
    open: bool | None,
    keep: Keep | None,
    fsync: bool,
    redact: bool,
    reload: bool,
    factory: bool,
) -> int:
    """Serve these chains until a signal comes; the exit code. Raises WrongUse.

    `open` None opens a browser where there is a desktop; `keep` None keeps every run; without `redact`, secrets are
    recorded, too.
    """

    def make() -> tuple[Store, Runner, Chains]:
        looked_at = redaction(redact)
        keep_secrets_out(looked_at)
        chains = load_chains(targets, factory=factory, redact=looked_at)
        try:
            store = Store(dir, fsync=fsync)
        except OSError as error:
            raise WrongUse(f"{dir} cannot hold the runs: {error.strerror}; name another folder with --dir") from None
        if keep is not None:
            Keeper(store, keep, lambda said: click.echo(f"tracer: {said}", err=True)).start()
        return store, Runner(store, chains, redact), chains

    def ready(url: str) -> None:
        # Plain and first: what starts this by program reads it.
        click.echo(f"tracer: {url}")
        click.echo(f"tracer: runs are kept in {dir.resolve()}")
        if not redact:
            click.echo("tracer: secrets are recorded, too (--no-redact)")
        if desktop() if open is None else open:
            webbrowser.open(url)

    return server.serve(
        make,
        host=host,
        port=port,
        allow_hosts=allow_host,
        allow_remote=allow_remote,
        token=token,
        reload=reload,
        on_ready=ready,
        watch=[folder for target in targets if (folder := _folder(target)) is not None],
    )


def desktop() -> bool:
    """Whether a browser opened from here would be seen by whoever started this."""
    if any(os.environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "CI")):
        return False
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _folder(target: str) -> Path | None:
    """Where the file of `file.py:attr` lies; None for a module."""
    place = Path(target if target.endswith(".py") else target.rpartition(":")[0])
    return place.resolve().parent if place.suffix == ".py" and place.is_file() else None
