"""`tracer run`: one run of one chain, shown in the terminal while it goes on."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console

from tracer.capture.server_log import keep_secrets_out
from tracer.live import Watch
from tracer.log.store import Store
from tracer.run.config import ConfigError, checked
from tracer.run.runner import Runner
from tracer.usage import WrongUse, load_chains, redaction

FAILED, INTERRUPTED = 1, 130
POLL_SECONDS = 0.03


def run(
    chain: str,
    given: str,
    config: str,
    *,
    output: Path | None,
    mode: str,
    dir: Path,
    fsync: bool,
    redact: bool,
    factory: bool,
) -> int:
    """Run it and return the exit code: 0 ok, 1 failed, 130 interrupted.

    Raises WrongUse.
    """
    value, settings = _json(given, "--input"), _config(config)
    keep_secrets_out(redaction(redact))
    chains = load_chains([chain], factory=factory)
    if len(chains) > 1:
        raise WrongUse(f"{chain} holds {len(chains)} chains; name one: {', '.join(chains)}")
    try:
        store = Store(output.parent if output else dir, fsync=fsync)
        runner = Runner(store, chains, redact)
        number = runner.start(next(iter(chains)), value, settings, mode, path=output)
    except FileExistsError:
        raise WrongUse(f"{output or dir} is there already: a log is never written over; name another file") from None
    except OSError as error:
        raise WrongUse(f"the log cannot be written to {output or dir}: {error.strerror or error}") from None
    path = output or store.path(number)
    with Watch(path, Console(soft_wrap=not sys.stdout.isatty())) as watch:
        # Asked to end, it ends the run too, so that the log says how.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            while not runner.wait(number, POLL_SECONDS):
                watch.catch_up()
        except KeyboardInterrupt:
            runner.close()
            watch.catch_up()
            return INTERRUPTED
    runner.close()
    if watch.fold.status == "running":
        click.echo(f"tracer: the run has ended, but {path} could not be written to its end", err=True)
    return 0 if watch.fold.status == "ok" else FAILED


def _config(text: str) -> dict[str, Any]:
    config = _json(text, "--config")
    if not isinstance(config, dict):
        raise WrongUse(f"--config is not an object but {json.dumps(config)[:80]}")
    try:
        return checked(config)
    except ConfigError as error:
        raise WrongUse(f"--config: {error}") from None


def _json(text: str, option: str) -> Any:
    """The value of JSON, @FILE or - (stdin); raises WrongUse that names the place of what is wrong."""
    source = option
    try:
        if text == "-":
            source, text = f"{option} (stdin)", sys.stdin.buffer.read().decode("utf-8-sig")
        elif text.startswith("@"):
            source = f"{option} {text}"
            text = Path(text[1:]).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise WrongUse(f"{source}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise WrongUse(f"{source} is not UTF-8 text: byte {error.start}") from None
    try:
        value = json.loads(text, parse_constant=_refuse)
        # Python's own reader lets numbers beyond a float's range and half surrogates pass.
        orjson.loads(text)
        return value
    except json.JSONDecodeError as error:
        raise WrongUse(f"{source} is not JSON: {_place(text, error)}") from None
    except RecursionError:
        raise WrongUse(f"{source} is nested too deeply") from None
    except ValueError as error:
        raise WrongUse(f"{source} is not JSON: {error}") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"JSON has no {name}")


def _place(text: str, error: json.JSONDecodeError) -> str:
    said = f"line {error.lineno}, column {error.colno}: {error.msg}"
    lines = text.split("\n")
    line = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
    begin = max(0, error.colno - 40)
    shown = line[begin : begin + 72].replace("\t", " ").rstrip("\r")
    if not shown:
        return said
    hint = f"\na text needs quotes of its own: '{json.dumps(text)}'" if text.strip().isalnum() else ""
    return f"{said}\n  {shown}\n  {' ' * (error.colno - 1 - begin)}^{hint}"
