"""Starts and stops runs. The only owner of tasks and of the loops that chains run in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from tracer.capture.graph import resume, stream_mode, with_thread
from tracer.capture.record import MODES, header, record, record_invoke
from tracer.capture.rules import Choice, Redact, chosen
from tracer.capture.tap import Tap
from tracer.log.store import Store, new_run_id

from .chains import Chains
from .config import checked
from .executor import DaemonExecutor
from .heartbeat import tell
from .later import Later
from .loop import ChainLoop, Hang

_log = logging.getLogger("tracer")

STOPPED = "stopped"
SERVER_STOPPED = "server_stopped"

START_SECONDS = 0.1
"""A loop that has not begun a new run by then, and is in the same step still, is blocked; the run gets a fresh one."""
STOP_SECONDS = 1.0
"""What has not stopped by then is abandoned."""
_LOOK_SECONDS = 0.02
_AGAIN_SECONDS = 0.1
_PAGE = 100


@dataclass(slots=True, eq=False)
class _Live:
    run: str
    tap: Tap
    loop: ChainLoop
    mode: str
    runnable: Runnable[Any, Any]
    input: Any
    config: dict[str, Any] | None
    task: asyncio.Task[None] | None = None
    reason: str | None = None
    """Why it was asked to stop."""
    cancelled: bool = False
    ending: bool = False
    footer: dict[str, Any] | None = None
    """How the chain ended, where its log waits for threads that are still at work."""


class Runner:
    """Runs chains in threads with event loops of their own: one that blocks freezes neither who asks nor other runs."""

    def __init__(self, store: Store, chains: Chains, redact: Choice = None) -> None:
        self._store = store
        self._redact = redact
        self._chains = chains
        self._live: dict[str, _Live] = {}
        self._changed = threading.Condition()
        self._loop: ChainLoop | None = None
        self._answering = threading.Lock()
        self._later = Later()
        self._ends = DaemonExecutor(lambda: ("ends", None), "tracer-end")
        """Its threads wait for the disk."""

    def start(
        self,
        chain: str,
        input: Any,
        config: dict[str, Any] | None = None,
        mode: str = "stream",
        path: Path | None = None,
        continues: str | None = None,
    ) -> str:
        """Start a run, return its id; its `run_start` line is on disk by then.

        Written to `path` instead of the store's folder where given; `continues` names the run that it answers. Raises
        KeyError for a chain that is not served, ValueError for a mode that does not exist, OSError where the log
        cannot be made.
        """
        if mode not in MODES:
            raise ValueError(f"mode is {mode!r}; it is one of {', '.join(MODES)}")
        served = self._chains[chain]
        run = new_run_id()
        config = with_thread(served.runnable, config, run)
        redact = self.redact
        fields = header(run, served.name, input, config, mode, redact)
        if continues is not None:
            fields["continues"] = continues
        tap = Tap(self._store.create(fields, path), input, redact, fields)
        with self._changed:
            live = _Live(run, tap, self._current_loop(), mode, served.runnable, input, config)
            self._live[run] = live
            live.loop.runs.add(run)
        live.loop.call(self._launch, live, live.loop)
        self._later.call(START_SECONDS / 2, partial(self._see_started, live, None, START_SECONDS / 2))
        return run

    def resume(self, run: str, answer: Any) -> str:
        """Answer a run that ended `interrupted`: a new run of the same chain on the same thread, which `continues` it.

        What runs is the chain of that name that is served here; of the log only its config is taken. Raises
        RunNotFound, KeyError for a chain that is not served, ValueError where the run asks for no answer, has been
        answered, or was configured with what a log cannot give back.
        """
        with self._answering:  # or two answers at once would both be the first
            summary, start = self._store.summary(run), self._store.header(run)
            if summary["status"] != "interrupted":
                raise ValueError(f"run {run} is {summary['status']}; only an interrupted one can be answered")
            answered = self._answered(run)
            if answered is not None:
                raise ValueError(f"run {run} has been answered already, by run {answered}")
            if "imported" in start:
                raise ValueError(f"run {run} is an imported one; what it says of its thread is another's word")
            config = start.get("config")
            config = checked(config) if isinstance(config, dict) else {}
            lost = next(_described(config, "config"), None)
            if lost is not None:
                raise ValueError(
                    f"run {run} cannot be answered from its log, which only describes the value of {lost} in it; "
                    "answer it in the process that has that value"
                )
            return self.start(summary["chain"], resume(answer), config, summary["mode"], continues=run)

    def _answered(self, run: str) -> str | None:
        """The run that continues this one."""
        before: str | None = None
        while True:
            newer, before = self._store.list(before=before, limit=_PAGE)
            for summary in newer:
                if summary["continues"] == run:
                    return summary["run"]
                if summary["run"] == run:
                    return None
            if before is None:
                return None

    def cancel(self, run: str, reason: str = STOPPED) -> bool:
        """Ask a run to stop: it ends `cancelled`, or `abandoned` after `STOP_SECONDS`. False where it is not ours."""
        with self._changed:
            live = self._live.get(run)
            if live is None:
                return False
            if live.reason is not None:
                return True
            live.reason = reason
            loop = live.loop
        loop.call(_cancel, live, loop)
        threading.Thread(target=self._see_out, args=(live,), name="tracer-stop", daemon=True).start()
        return True

    @property
    def redact(self) -> Redact:
        """What takes the secrets out of a run that starts now."""
        return chosen(self._redact)

    def owns(self, run: str) -> bool:
        """Whether the run is going on here."""
        return run in self._live

    def wait(self, run: str, timeout: float | None = None) -> bool:
        """Block until the run has ended; False if it has not within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: run not in self._live, timeout)

    def close(self, timeout: float = 2.0) -> None:
        """Stop every own run; wait until their logs have ended, at most `timeout` seconds."""
        for run in list(self._live):
            self.cancel(run, SERVER_STOPPED)
        with self._changed:
            self._changed.wait_for(lambda: not self._live, timeout)
            left, loop, self._loop = list(self._live.values()), self._loop, None
        for live in left:
            self._abandon(live, [])
        if loop is not None:
            loop.stop()

    def _current_loop(self) -> ChainLoop:
        if self._loop is None:
            self._loop = ChainLoop()
        return self._loop

    def _launch(self, live: _Live, loop: ChainLoop) -> None:
        with self._changed:
            if live.loop is not loop or live.run not in self._live:
                return
            live.task = loop.create_task(self._run(live), live.run)
        live.task.add_done_callback(lambda _: self._done(live))
        if live.reason is not None:
            _cancel(live, loop)

    async def _run(self, live: _Live) -> None:
        def end(tap: Tap, footer: dict[str, Any]) -> None:
            live.footer = footer

        config = _config(live.config)
        try:
            with live.loop.heartbeat.watched(live.run, partial(tell, live.tap)):
                if live.mode == "invoke":
                    await record_invoke(live.runnable, live.input, config, live.tap, end)
                else:
                    # Somebody who watches wants to see what the nodes of a graph write, too.
                    modes = live.tap.modes = stream_mode(live.runnable)
                    live.tap.delivers = False
                    kwargs = {} if modes is None else {"stream_mode": modes}
                    events = record(live.runnable, live.input, config, live.tap, end, **kwargs)
                    async with contextlib.aclosing(events) as stream:
                        async for _ in stream:
                            pass
        except asyncio.CancelledError:
            _log.debug("run %s was cancelled", live.run)
        except BaseException as error:
            # A SystemExit, too: it would leave the loop, which others run in. Where and why stands in the log, which is
            # what the page shows.
            _log.info("run %s failed: %s: %s", live.run, type(error).__name__, error)

    def _done(self, live: _Live) -> None:
        # A task that is cancelled before its first step has no footer.
        footer = live.footer = live.footer or {"status": "cancelled", "spans": live.tap.spans}
        if live.reason is None or not live.loop.in_threads(live.run):
            # A disk may be slow, and other runs go on in this loop.
            self._ends.submit(self._end, live, footer).add_done_callback(_tell_failure)

    def _end(self, live: _Live, footer: dict[str, Any]) -> None:
        with self._changed:
            # Whoever is second must not tell that it has ended before it stands on disk.
            if live.ending:
                return
            live.ending = True
        if footer["status"] in ("cancelled", "abandoned"):
            footer = {**footer, "reason": live.reason or footer.get("reason", "chain")}
        try:
            live.tap.end(footer)
        finally:
            live.loop.heartbeat.forget(live.run)
            with self._changed:
                self._live.pop(live.run, None)
                live.loop.runs.discard(live.run)
                idle = self._is_left(live.loop)
                self._changed.notify_all()
            if idle:
                live.loop.stop()

    def _is_left(self, loop: ChainLoop) -> bool:
        """Whether nothing runs in it any more, nor will."""
        return loop is not self._loop and not loop.runs

    def _see_started(self, live: _Live, before: object, wait: float) -> None:
        """Move a run that its loop has not begun to a fresh loop, where it is in the same step as before.

        Where it is not, look again after so many seconds, then ever more seldom.
        """
        with self._changed:
            if live.task is not None or live.run not in self._live:
                return
            left = live.loop
            step = left.step()
            if step is None or step is not before:
                # Busy with many runs: it comes to this one.
                self._later.call(wait, partial(self._see_started, live, step, min(2 * wait, STOP_SECONDS)))
                return
            left.runs.discard(live.run)
            if left is self._loop:
                self._loop = None
            live.loop = self._current_loop()
            live.loop.runs.add(live.run)
            idle = self._is_left(left)
        live.loop.call(self._launch, live, live.loop)
        if idle:
            left.stop()

    def _see_out(self, live: _Live) -> None:
        """Wait for a run that was asked to stop; abandon it where it does not."""
        deadline = time.monotonic() + STOP_SECONDS
        again, lines = time.monotonic() + _AGAIN_SECONDS, -1
        while live.run in self._live and time.monotonic() < deadline:
            if live.footer is not None and not live.loop.in_threads(live.run):
                self._end(live, live.footer)
                return
            if time.monotonic() >= again:
                # `asyncio.wait_for` swallows a cancellation that comes just as its result does (until Python 3.12;
                # langchain-openai waits so for each chunk). What still sends events was not reached; what is quiet
                # cleans up, and is left to it.
                if -1 < lines < live.tap.writer.lines:
                    live.loop.call(_cancel, live, live.loop, True)
                again, lines = time.monotonic() + _AGAIN_SECONDS, live.tap.writer.lines
            time.sleep(_LOOK_SECONDS)
        if live.run not in self._live:
            return
        hangs = live.loop.in_threads(live.run)
        if live.footer is None:
            if live.loop.answers(START_SECONDS):
                hangs += live.loop.in_tasks(live.run)
            else:
                self._retire(live.loop)
                return
        self._abandon(live, hangs)

    def _retire(self, loop: ChainLoop) -> None:
        """Give up a loop that does not answer, and every run in it."""
        hang = loop.in_loop()
        with self._changed:
            if self._loop is loop:
                self._loop = None
            lost = [live for live in self._live.values() if live.loop is loop]
            idle = self._is_left(loop)
        if idle:
            loop.stop()
        for live in lost:
            self._abandon(live, [hang, *loop.in_threads(live.run)])

    def _abandon(self, live: _Live, hangs: list[Hang]) -> None:
        if live.reason == SERVER_STOPPED:
            # With the process its code ends too.
            self._end(live, {"status": "cancelled", "spans": live.tap.spans})
            return
        for run_id, stack in hangs:
            live.tap.abandoned(run_id, stack)
        self._end(live, {"status": "abandoned", "spans": live.tap.spans})


def _config(given: dict[str, Any] | None) -> RunnableConfig:
    config: RunnableConfig = {}
    for key, value in (given or {}).items():
        config[key] = value  # type: ignore[literal-required]  # the keys were checked where they came in
    return config


def _cancel(live: _Live, loop: ChainLoop, again: bool = False) -> None:
    """In this loop: cancel the run's task if it is here; a second time only where that is asked for."""
    if live.loop is loop and live.task is not None and (again or not live.cancelled):
        live.cancelled = True
        live.task.cancel()


def _described(value: Any, place: str) -> Iterator[str]:
    """The places at which a log holds a description instead of the value."""
    if isinstance(value, dict):
        if "$tracer" in value:
            yield place
        for key, item in value.items():
            yield from _described(item, f"{place}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _described(item, f"{place}.{number}")
    elif isinstance(value, str) and "[secret: " in value:
        yield place


def _tell_failure(end: Future[None]) -> None:
    error = end.exception()
    if error is not None:
        _log.error("the end of a run failed", exc_info=error)
