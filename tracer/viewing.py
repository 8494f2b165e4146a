"""`tracer open`: one file shown in the browser, which reads it there. Kept only where its viewer asks for that."""

from __future__ import annotations

import secrets
import webbrowser
from pathlib import Path
from urllib.parse import urlencode

import click

from tracer.log.store import Store
from tracer.run.chains import Chains
from tracer.run.runner import Runner
from tracer.serving import desktop
from tracer.usage import WrongUse
from tracer.web import server


def open_file(file: Path, *, dir: Path, port: int, open: bool | None) -> int:
    """Serve this file alone until a signal comes; the exit code. Raises WrongUse.

    `open` None opens a browser where there is a desktop; `dir` is where the file is kept if its viewer asks for it.
    """
    try:
        file.open("rb").close()
    except OSError as error:
        raise WrongUse(f"{file} cannot be read: {error.strerror}") from None
    # Clients name it by this, never by its path.
    id = secrets.token_hex(16)

    def make() -> tuple[Store, Runner, Chains]:
        try:
            store = Store(dir)
        except OSError as error:
            raise WrongUse(f"{dir} cannot hold runs: {error.strerror}; name another folder with --dir") from None
        chains = Chains([])
        return store, Runner(store, chains), chains

    def ready(url: str) -> None:
        place, _, query = url.partition("?")
        url = f"{place}open?{urlencode({'file': id, 'name': file.name})}&{query}"
        click.echo(f"tracer: {url}")
        click.echo("tracer: the browser reads the file; it is kept only where you ask for it there")
        if desktop() if open is None else open:
            webbrowser.open(url)

    return server.serve(make, port=port, on_ready=ready, opened={id: file.resolve()})
