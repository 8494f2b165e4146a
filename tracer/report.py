"""A finished log in the terminal: the tree, and below it how it streamed, what it asks, what was found."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from tracer import terminal
from tracer.log.expand import Whole
from tracer.log.file import LogError, read
from tracer.log.health import health
from tracer.log.spans import Fold
from tracer.log.writer import is_being_written

# No line is broken for a reader who may be grep.
PIPE_WIDTH = 2_000


def show(path: Path) -> None:
    """Print the run in this file as a tree. Raises LogError for one that is no run's log, or a newer tracer's."""
    fold = Fold()
    footer: Mapping[str, Any] = {}
    redacted = True
    try:
        # A link may be followed here: a person named it. The reader itself, which serves ids, follows none.
        for line in map(Whole().line, read(path.resolve())):
            fold.add(line)
            if line.get("event") == "run_end":
                footer = line
            elif line.get("event") == "run_start":
                redacted = line.get("redact") is not False
    except OSError as error:
        raise LogError(path, None, error.strerror or str(error)) from None
    if fold.lines == fold.bad_lines:
        said = f"none of its {fold.lines} lines is one of a run's log" if fold.lines else "it is empty"
        raise LogError(path, None, said)
    if fold.status == "running" and not is_being_written(path):
        fold.lost()
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    console.print(terminal.tree(fold, console.width, where=str(path)), highlight=False)
    if not redacted:
        console.print(Text("recorded with its secrets (--no-redact)"), soft_wrap=True, highlight=False)
    after(fold, footer, console)


def after(fold: Fold, footer: Mapping[str, Any], console: Console) -> None:
    """Print what stands below the tree: how it streamed, what it asks, what was found."""
    for text in (streaming(fold), *asked(footer), *findings(fold)):
        if text:
            console.print(text, soft_wrap=True, highlight=False)


def streaming(fold: Fold) -> Text:
    """How the run streamed, in one line; empty for one without models."""
    models = [span for span in fold.spans if span.type in terminal.MODELS]
    said: list[str] = []
    if models and fold.timed:
        measured = health(fold)
        first = min((span.first_us for span in models if span.first_us is not None), default=None)
        said.append("no token yet" if first is None else f"first token after {terminal.duration(first)}")
        gaps = [one["gaps"] for one in measured["spans"] if one["gaps"] and _is_model(fold, one["span"])]
        if gaps:
            widest = max(gaps, key=lambda one: one["longest_us"])
            said.append(
                f"gaps p50 {terminal.duration(widest['p50_us'])}, p95 {terminal.duration(widest['p95_us'])}, "
                f"longest {terminal.duration(widest['longest_us'])}"
            )
        rates = [rate for one in measured["spans"] if (rate := one["tokens_per_s"]) is not None]
        if rates:
            said.append(f"{max(rates):,.0f} tokens/s")
        said.append(f"{measured['waited_share']:.0%} waited for models")
        untraced = next((one["untraced_us"] for one in measured["spans"] if _is_root(fold, one["span"])), None)
        if untraced is not None:
            said.append(f"{terminal.duration(untraced)} untraced")
    return Text(" · ".join(said), style="dim", overflow="fold")


def _is_model(fold: Fold, number: int) -> bool:
    span = fold.span(number)
    return span is not None and span.type in terminal.MODELS


def _is_root(fold: Fold, number: int) -> bool:
    span = fold.span(number)
    return span is not None and span.parent is None


def findings(fold: Fold) -> Iterator[Text]:
    """What was noticed, each finding with its span, its evidence and what to do."""
    for found in fold.findings:
        text = Text(overflow="fold")
        text.append(f"{terminal.FINDING} ", style="bold yellow")
        text.append(terminal.line_of(found["text"]), style="bold")
        about = [terminal.line_of(found["kind"], 60)]
        span = fold.span(found["span"])
        if span is not None:
            about.append(f"#{span.span} {terminal.line_of(span.name, 80)}")
        evidence = ((name, value) for name, value in found["evidence"].items() if value is not None)
        about += (f"{terminal.line_of(name, 40)}: {terminal.line_of(_shown(value), 160)}" for name, value in evidence)
        text.append(f"\n  {' · '.join(about)}", style="dim")
        if found["advice"]:
            text.append(f"\n  → {terminal.line_of(found['advice'])}")
        yield text


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def asked(footer: Mapping[str, Any]) -> Iterator[Text]:
    """What an interrupted run asks, by its `run_end` line."""
    interrupts = footer.get("interrupts")
    for interrupt in interrupts if isinstance(interrupts, list) else ():
        inner = interrupt.get("value") if isinstance(interrupt, Mapping) else interrupt
        value = inner.get("value") if isinstance(inner, Mapping) and "value" in inner else inner
        yield Text(
            f"{terminal.STATES['interrupted'][0]} asks: {terminal.line_of(_shown(value))}",
            style="bold cyan",
            overflow="fold",
        )
