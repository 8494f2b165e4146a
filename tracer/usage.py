"""What a person typed, made into chains; what was wrong with it, in one line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import IO, Any

import click

from tracer.capture.redact import unredacted
from tracer.capture.rules import Redact, chosen
from tracer.run.chains import ChainError, Chains

DEMO = "tracer.demo:"


class WrongUse(click.ClickException):
    """Shown as one line, `tracer: …`; the exit code is 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"tracer: {self.message}", file=file or sys.stderr)


def redaction(wanted: bool) -> Redact:
    """What takes secrets out, by the settings. Raises WrongUse where one of them is wrong."""
    try:
        return chosen(wanted)
    except ValueError as error:
        raise WrongUse(str(error)) from None


def load_chains(targets: Sequence[str], *, factory: bool = False, redact: Redact = unredacted) -> Chains:
    """The chains that `targets` name. Raises WrongUse, after the user's own traceback where their code failed."""
    try:
        chains = Chains.load(targets, factory=factory)
    except ChainError as error:
        if error.traceback:
            click.echo(redact(error.traceback.rstrip("\n"), "text"), err=True)
        raise WrongUse(redact(str(error), "text")) from None
    if any(name.startswith(DEMO) for name in chains):
        from tracer.demo import notice

        chains.notice = notice()
    return chains
