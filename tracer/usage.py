"""What a person typed, made into chains; what was wrong with it, in one line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import IO, Any

import click

from tracer.run.chains import ChainError, Chains

DEMO = "tracer.demo:"


class WrongUse(click.ClickException):
    """Shown as one line, `tracer: …`; the exit code is 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"tracer: {self.message}", file=file or sys.stderr)


def load_chains(targets: Sequence[str], *, factory: bool = False) -> Chains:
    """The chains that `targets` name. Raises WrongUse, after the user's own traceback where their code failed."""
    try:
        chains = Chains.load(targets, factory=factory)
    except ChainError as error:
        if error.traceback:
            click.echo(error.traceback.rstrip("\n"), err=True)
        raise WrongUse(str(error)) from None
    if any(name.startswith(DEMO) for name in chains):
        from tracer.demo import notice

        chains.notice = notice()
    return chains
