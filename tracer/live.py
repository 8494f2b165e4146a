"""A run in the terminal while it goes on: a tree that grows, or plain lines where nobody watches."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from tracer import report, terminal
from tracer.log.events import span_event
from tracer.log.expand import Whole
from tracer.log.file import LogFile, check
from tracer.log.spans import Fold, Span

TAIL = 160
LONGEST_OUTPUT = 20_000


class Screen:
    """Shows a run on `console`, line by line. Use as a context manager; leaving it shows the end.

    `where` is what to say of the file. Between lines the clock of what runs goes on, `speed` times as fast as `clock`.
    """

    def __init__(
        self, console: Console, where: str, clock: Callable[[], float] = time.monotonic, speed: float = 1.0
    ) -> None:
        self.fold = Fold()
        self._console = console
        self._where = where
        self._clock, self._speed = clock, speed
        self._lock = threading.RLock()
        self._shown_at = clock()
        self._tails: dict[int, str] = {}
        self._output: Any = None
        self._footer: Mapping[str, Any] = {}
        self._whole = False
        self._live = Live(
            get_renderable=self._drawn,
            console=console,
            refresh_per_second=12,
            auto_refresh=True,
            transient=False,
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._console.is_terminal:
            # While it runs the tree is held to the window; what stays behind is the whole of it.
            self._whole = True
            self._live.vertical_overflow = "visible"
            self._live.stop()
        else:
            self._print(terminal.summary(self.fold, self.fold.t_us, self._where))
        report.after(self.fold, self._footer, self._console)
        shown = output_text(self._output)
        if self.fold.status == "ok" and shown:
            self._print(Text(terminal.clean(shown, LONGEST_OUTPUT)))

    def show(self, line: Mapping[str, Any]) -> None:
        """The next line, whole."""
        with self._lock:
            self._shown_at = self._clock()
            self._take(line)

    def _take(self, line: Mapping[str, Any]) -> None:
        before = len(self.fold.spans)
        span = self.fold.add(line)
        if line.get("event") == "run_end":
            self._footer = line
        kind = span_event(str(line.get("event")))
        if span is None or kind is None:
            return
        if kind[1] == "stream":
            tail = self._tails.get(span.span, "") + terminal.piece(line)
            self._tails[span.span] = tail[-TAIL:]
        elif kind[1] == "end" and span.parent is None:
            data = line.get("data")
            self._output = data.get("output") if isinstance(data, Mapping) else None
        if not self._console.is_terminal:
            started = len(self.fold.spans) > before
            if started or kind[1] in ("end", "error"):
                self._say(span, started)

    def _say(self, span: Span, started: bool) -> None:
        said = "started" if started else terminal.facts(span, self.fold.t_us)
        indent = "  " * terminal.depth(span, self.fold)
        name = f"{terminal.line_of(span.type, 40)} {terminal.line_of(span.name, 80)} #{span.span}"
        self._print(Text(f"{self.fold.t_us / 1e6:9.3f} s  {indent}{name}  {said}"))
        if not started:
            for error in terminal.errors(span, self.fold):
                self._print(Text(f"{'':13}{indent}{error}"))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True, highlight=False)

    def _drawn(self) -> Tree:
        with self._lock:
            only = None if self._whole else newest(self.fold, self._console.height)
            running = [span.span for span in self.fold.spans if span.state == "running"]
            tails = {number: terminal.line_of(self._tails[number], TAIL) for number in running if number in self._tails}
            # Between two lines the clock of what runs goes on.
            now_us = self.fold.t_us + int((self._clock() - self._shown_at) * self._speed * 1_000_000)
            return terminal.tree(self.fold, self._console.width, now_us, tails, self._where, only)


class Watch(Screen):
    """Reads the log at `path` as it grows and shows it. `catch_up` reads what is new; leaving reads the rest.

    `catch_up` may be called from any thread.
    """

    def __init__(self, path: Path, console: Console) -> None:
        super().__init__(console, str(path))
        self.path = path
        self._expand = Whole()
        self._file = LogFile(path)
        self._closed = False
        self._at = (0, 0)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.catch_up()
        with self._lock:
            self._closed = True
            self._file.close()
        super().__exit__(kind, error, tb)

    def catch_up(self) -> None:
        with self._lock:
            if self._closed:
                return
            while True:
                lines, offset = self._file.complete(*self._at)
                if not lines:
                    return
                self._at = (lines[-1][0] + 1, offset)
                for seq, raw in lines:
                    self.show(self._expand.line(check(seq, raw)[0], len(raw)))


def newest(fold: Fold, most: int) -> set[int] | None:
    """Numbers of the spans to draw while a run goes on: the last `most`, what still runs, and those above them.

    None where that is all of them. Drawing thousands many times a second would slow the chain down.
    """
    if len(fold.spans) <= most:
        return None
    chosen: set[int] = set()
    for span in (*fold.spans[-most:], *(span for span in fold.spans if span.state == "running")):
        one: Span | None = span
        while one is not None and one.span not in chosen:
            chosen.add(one.span)
            one = fold.span(one.parent)
    return chosen


def output_text(output: Any) -> str:
    """A chain's output for reading: text and a message's text as they are, anything else as JSON."""
    if output is None or output == "":
        return ""
    if isinstance(output, str):
        return output
    if isinstance(output, Mapping) and isinstance(output.get("content"), str) and output["content"]:
        return str(output["content"])
    return json.dumps(output, ensure_ascii=False, indent=2)
