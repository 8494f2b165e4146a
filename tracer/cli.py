"""The `tracer` command. Dispatch only: what a command does is in the module it calls."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import click
from dotenv import load_dotenv

from tracer.capture.limits import Limits
from tracer.log.file import LogError
from tracer.settings import BY_NAME

F = TypeVar("F", bound=Callable[..., Any])

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130


def setting(name: str, **how: Any) -> Callable[[F], F]:
    """A click option made from tracer.settings: its flag, variable, default and help stand there only."""
    known = BY_NAME[name]
    if known.default not in (None, (), False):
        how.setdefault("show_default", True)
    return click.option(known.option, name, envvar=known.variable, default=known.default, help=known.help, **how)


def _keep(context: click.Context, parameter: click.Parameter, given: str | None) -> Any:
    from tracer.log import keep

    try:
        return None if given is None else keep.parse(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def server_options(command: F) -> F:
    """The options which `serve` and `demo` share."""
    for option in reversed(
        (
            setting("dir", type=click.Path(file_okay=False, path_type=Path)),
            setting("host"),
            setting("port", type=click.IntRange(0, 65535)),
            setting("allow_host", multiple=True, metavar="HOST"),
            setting("allow_remote", is_flag=True),
            setting("token"),
            setting("open"),
            setting("keep", metavar="N|Nd", callback=_keep),
            setting("fsync", is_flag=True),
            setting("redact"),
            setting("reload", is_flag=True),
            setting("factory", is_flag=True),
        )
    ):
        command = option(command)
    return command


def _version() -> str:
    try:
        return metadata.version("lcel-tracer")
    except metadata.PackageNotFoundError:
        return "(not installed)"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="tracer")
def cli() -> None:
    """Watch any LangChain chain live in the browser, and keep its log."""


@cli.command()
@click.argument("chain", nargs=-1, required=True)
@server_options
def serve(chain: tuple[str, ...], **options: Any) -> None:
    """Serve chains to the browser.

    CHAIN is pkg.mod:attr, file.py:attr, or a module or file alone: every Runnable in it.
    """
    from tracer import serving

    sys.exit(serving.serve(chain, **options))


@cli.command()
@server_options
def demo(**options: Any) -> None:
    """Serve the demo chains. They need no key; with OPENAI_API_KEY set they use the real API."""
    from tracer import serving
    from tracer.demo import TARGETS

    sys.exit(serving.serve(tuple(TARGETS), **{**options, "factory": False}))


@cli.command()
@click.argument("chain")
@click.option("--input", "given", required=True, metavar="JSON|@FILE|-", help="Input: JSON, a file of it, or stdin.")
@click.option("--config", default="{}", metavar="JSON|@FILE|-", help="Tags, metadata, configurable fields, …")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="New file for the log, instead of one in --dir.",
)
@click.option("--mode", default="stream", type=click.Choice(["stream", "invoke"]), help="Streamed, or invoked.")
@setting("dir", type=click.Path(file_okay=False, path_type=Path))
@setting("fsync", is_flag=True)
@setting("redact")
@setting("factory", is_flag=True)
def run(chain: str, given: str, config: str, **options: Any) -> None:
    """Run a chain once in the terminal.

    Exits with 0 (ok), 1 (the chain failed), 2 (wrong use) or 130 (interrupted).
    """
    from tracer import oneshot

    sys.exit(oneshot.run(chain, given, config, **options))


@cli.command("open")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@setting("dir", type=click.Path(file_okay=False, path_type=Path))
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@setting("open")
def open_(file: Path, **options: Any) -> None:
    """Look at the log of a run in the browser.

    It is read there, and kept in --dir only if you ask for it. FILE may also hold LangChain's plain events.
    """
    from tracer import viewing

    sys.exit(viewing.open_file(file, **options))


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--speed", default=1.0, show_default=True, type=click.FloatRange(0.25, 64), help="Times as fast as it was recorded."
)
def replay(file: Path, speed: float) -> None:
    """Play the log of a run in the terminal, with the timing it was recorded with."""
    from tracer import replay as replaying

    replaying.replay(file, speed)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
def show(file: Path) -> None:
    """Show the log of a run as a tree: states, durations, time to first token, tokens, errors."""
    from tracer import report

    report.show(file)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    default="events",
    show_default=True,
    type=click.Choice(["events", "text"]),
    help="LangChain's events, a line of JSON each; or the text that the models said.",
)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="File to write, instead of stdout."
)
def export(file: Path, form: str, output: Path | None) -> None:
    """Write the log of a run in another form."""
    from tracer import export as exporting

    exporting.export(file, form, output)


def main() -> None:
    """The command's entry: reads `.env` of the working folder, and turns every way out into its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # What the terminal cannot write is shown as a question mark, not as a traceback.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    load_dotenv(Path.cwd() / ".env")
    try:
        Limits.from_environment(os.environ)
    except ValueError as error:
        sys.exit(_say(str(error), WRONG_USE))
    try:
        sys.exit(cli(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except LogError as error:
        sys.exit(_say(str(error), FAILED))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of a pipe has left (`| head`); nothing more can be said, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


def _say(text: str, code: int) -> int:
    click.echo(f"tracer: {text}", err=True)
    return code
