"""A folder of runs: create, follow, list, watch, delete. One file `<run>.jsonl` a run."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import os
import stat
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uuid_utils.compat import uuid7

from .catalog import RUN, Catalog
from .file import LogError, LogFile
from .find import Look, find
from .follow import PROBE_SECONDS, Batch, Pulses, Signal, follow
from .inputs import NotSendable, sendable
from .lines import lines
from .search import Step, search
from .summary import Summary
from .watcher import Watcher
from .writer import Writer, is_being_written

_NO_SUCH_RUN = "no run {!r} in {}"
_MOST_INPUTS = 200
"""Runs whose first line is read for an input that can be sent again."""


class RunNotFound(LookupError):
    """No such run in this folder."""


class RunRunning(RuntimeError):
    """The run is still being written."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A run that is no longer in the folder."""

    run: str


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether a path means a folder of runs, not a file: it is one, or ends with a slash."""
    return os.fspath(path).endswith(("/", os.sep)) or Path(path).is_dir()


def new_run_id() -> str:
    """UUIDv7: sorts by time."""
    return str(uuid7())


class Store:
    """The runs in one folder, made with mode 0700 where it does not exist."""

    def __init__(self, root: str | os.PathLike[str], *, fsync: bool = False) -> None:
        self.root = Path(root)
        self._fsync = fsync
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._writers: dict[str, Writer] = {}
        self._pulses = Pulses()
        self._catalog = Catalog(self.root)
        self._watcher = Watcher(self.root)
        self._lock = threading.Lock()
        self._annotating = threading.Lock()

    def create(self, header: Mapping[str, Any], path: Path | None = None) -> Writer:
        """A new run with these header fields (`run` among them); its `run_start` line is on disk on return."""
        run = str(header["run"])
        if path is None:
            # Whoever deletes the folder to be rid of its runs means to make new ones.
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        writer = Writer(path or self.root / f"{run}.jsonl", header, fsync=self._fsync)
        with self._lock:
            # Of one that has ended with an alarm, whoever comes later is told why it looks as it does.
            self._writers = {name: one for name, one in self._writers.items() if not one.ended or one.alarm}
            self._writers[writer.path.stem] = writer
        return writer

    def path(self, run: str) -> Path:
        """The file of a run. Raises RunNotFound for anything but the id of a regular file directly in this folder."""
        path = self.root / f"{run}.jsonl"
        if RUN.fullmatch(run):
            with contextlib.suppress(OSError):
                if stat.S_ISREG(path.lstat().st_mode):
                    return path
        raise RunNotFound(_NO_SUCH_RUN.format(run, self.root))

    async def follow(self, run: str, after: int = -1) -> AsyncGenerator[Batch | Signal, None]:
        """All lines after seq `after`, then what is appended, until the run ends.

        Ends after one of the signals end, lost, gone, past_end. Raises RunNotFound.
        """
        with _open(self.path(run), run, self.root) as file:
            async with contextlib.aclosing(follow(file, after, self._writers.get(run), self._pulses)) as items:
                # Not by `async for`, which would hold on to what it gave.
                while True:
                    try:
                        yield await anext(items)
                    except StopAsyncIteration:
                        return

    @contextlib.contextmanager
    def pauses(self, run: str) -> Iterator[Callable[[float], Awaitable[None]]]:
        """A sleep for who follows this run: it does not outlast a run that this process writes."""
        writer = self._writers.get(run)
        if writer is None:
            yield asyncio.sleep
            return
        with self._pulses.of(writer.path, writer) as pulse:
            yield pulse.pause

    def lines(
        self, run: str, first: int = 0, last: int | None = None, *, span: int | None = None, whole: bool = False
    ) -> Iterator[tuple[int, bytes]]:
        """The lines with first ≤ seq ≤ last as they stand now, as `(seq, strict JSON)`. Raises RunNotFound.

        `span` gives only those of that span, `whole` puts back what they say by reference.
        """
        with _open(self.path(run), run, self.root) as file:
            yield from lines(file, first, last, span=span, whole=whole)

    def find(self, *, q: str = "", status: str = "", chain: str = "", starred: bool = False) -> tuple[str, ...]:
        """Ids of the runs that fit, newest first.

        `q` is looked for in id, name, chain, status, input and error, ignoring case.
        """
        self._catalog.fill()
        return self._catalog.find(q, status, chain, starred)

    def list(
        self,
        *,
        q: str = "",
        status: str = "",
        chain: str = "",
        starred: bool = False,
        before: str | None = None,
        limit: int = 50,
    ) -> tuple[Sequence[Summary], str | None]:
        """At most `limit` runs older than `before` that fit, newest first, and `before` of the next page or None."""
        runs = self.find(q=q, status=status, chain=chain, starred=starred)
        if before is not None:
            # Not by its place: the run that the last page ended with may have been deleted since.
            older = self._catalog.older(before)
            runs = older if runs == self._catalog.runs() else tuple(filter(set(older).__contains__, runs))
        found, rest = self.summaries(runs, limit)
        return found, found[-1]["run"] if found and rest else None

    def summaries(self, runs: Sequence[str], limit: int) -> tuple[Sequence[Summary], bool]:
        """Those of the first `limit` runs that are still there, and whether there are more."""
        found: builtins.list[Summary] = []
        for run in runs:
            with contextlib.suppress(RunNotFound):
                summary = self.summary(run)
                if len(found) == limit:
                    return found, True
                found.append(summary)
        return found, False

    def search(self, text: str, runs: Iterable[str]) -> Iterator[Step]:
        """Which of these runs have a text in what they were given, said or did, in their order, as it is found."""

        def is_whole(run: str) -> bool:
            return self._catalog.summary(run)["status"] == "ok"

        return search(runs, self.path, is_whole, text)

    def find_in(self, run: str, texts: Sequence[str]) -> Iterator[Look]:
        """Where in a run's values these texts stand, as it is found. Raises RunNotFound."""
        with _open(self.path(run), run, self.root) as file:
            yield from find(file, texts)

    def total(self) -> int:
        return len(self._catalog.runs())

    def chains(self) -> Sequence[str] | None:
        """Names of the chains that ran here; None while the folder is still being read."""
        return self._catalog.chains()

    def summary(self, run: str) -> Summary:
        """What the list shows of a run. Raises RunNotFound."""
        self.path(run)
        try:
            return self._catalog.summary(run)
        except (LogError, OSError) as error:
            raise RunNotFound(_NO_SUCH_RUN.format(run, self.root)) from error

    def annotate(self, run: str, changes: Mapping[str, Any]) -> Summary:
        """Give a run a `name` (None takes it away) or a star (`starred`). Raises RunNotFound and OSError."""
        with self._annotating:
            self.path(run)
            self._catalog.metas.change(run, {**self._catalog.metas.of(run), **changes})  # type: ignore[typeddict-item]
        return self.summary(run)

    def header(self, run: str) -> dict[str, Any]:
        """The `run_start` line; {} where the file does not begin with one. Raises RunNotFound."""
        self.summary(run)
        return self._catalog.summaries.header(self.path(run))

    def footer(self, run: str) -> dict[str, Any] | None:
        """The `run_end` line, or None. Raises RunNotFound."""
        return self._catalog.summaries.footer(self.path(run))

    def last_input(self, chain: str) -> Sequence[Any]:
        """`[input]` of the newest run of this chain that was given one that can be sent again, or `[]`."""
        for run in self.find(chain=chain)[:_MOST_INPUTS]:
            with contextlib.suppress(RunNotFound, NotSendable):
                header = self.header(run)
                if "input" in header:
                    return [sendable(header["input"])]
        return []

    def delete(self, run: str, *, unless_starred: bool = False) -> bool:
        """Remove a run's files; whether that was done. Raises RunNotFound, and RunRunning while a process writes it."""
        with self._annotating:
            path = self.path(run)
            if is_being_written(path):
                raise RunRunning(f"run {run} is still running; stop it first")
            if unless_starred and self._catalog.metas.of(run)["starred"]:
                return False
            path.unlink(missing_ok=True)
            self._catalog.metas.delete(run)
            return True

    async def watch(self) -> AsyncGenerator[Sequence[Summary | Gone], None]:
        """The runs of the folder that began, changed their summary, ended or went, whichever process writes them."""
        queue: asyncio.Queue[set[str]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def put(runs: set[str]) -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(queue.put_nowait, runs)

        with self._watcher.subscribe(put):
            self._catalog.fill()
            # A run that was silent before and then dies would change nothing in the folder that tells of it.
            known: dict[str, object] = {}
            await asyncio.to_thread(self._news, self._catalog.summaries.running(), known)
            probed = loop.time()
            while True:
                changed: set[str] = set()
                with contextlib.suppress(TimeoutError):
                    changed = await asyncio.wait_for(queue.get(), max(0.0, probed + PROBE_SECONDS - loop.time()))
                while not queue.empty():
                    changed |= queue.get_nowait()
                if loop.time() - probed >= PROBE_SECONDS:
                    # A writer that dies changes nothing in the folder, so what was seen running is asked again.
                    probed = loop.time()
                    changed.update(self._catalog.summaries.running())
                if changed and (news := await asyncio.to_thread(self._news, changed, known)):
                    yield news

    def _news(self, runs: Iterable[str], known: dict[str, object]) -> Sequence[Summary | Gone]:
        """What is not yet `known` of these runs; it is then."""
        news: builtins.list[Summary | Gone] = []
        for run in runs:
            try:
                summary = self.summary(run)
            except RunNotFound:
                known.pop(run, None)
                news.append(Gone(run))
                continue
            if known.get(run) != (mark := _mark(summary)):
                known[run] = mark
                news.append(summary)
        return news


def _open(path: Path, run: str, root: Path) -> LogFile:
    try:
        return LogFile(path)
    except LogError as error:
        raise RunNotFound(_NO_SUCH_RUN.format(run, root)) from error


def _mark(summary: Summary) -> tuple[object, ...]:
    return summary["status"], summary["chain"], summary["input"], summary["name"], summary["starred"]
