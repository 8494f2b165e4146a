"""`tracer.handler`: the log of existing code that calls `invoke`, `ainvoke`, `stream` or `batch` itself."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from tracer.log.store import Store, is_folder, new_run_id
from tracer.log.writer import Writer
from tracer.settings import is_on

from .callbacks import CalledSpan, EventHandler
from .record import footer, header
from .rules import Choice, chosen
from .tap import NOT_GIVEN, Tap

_log = logging.getLogger("tracer")
_REMEMBERED = 10_000


class RunHandler(EventHandler):
    """One log for each run it sees: `path`, then `path` with -2, -3 …; in a folder, one file named by run id.

    A run is what has no parent that this handler knows, so it may sit on one inner step as well as on the whole chain,
    and be shared by concurrent runs. A log that cannot be opened is reported to the `tracer` logger, once a run; the
    chain goes on.
    """

    def __init__(self, path: Path, *, folder: bool, fsync: bool, redact: Choice = None) -> None:
        super().__init__()
        self._fsync = fsync
        self._path = path
        self._folder = folder
        self._redact = redact
        self._ended: OrderedDict[UUID, None] = OrderedDict()
        """Run ids of runs that have ended: what starts below them later comes too late for their log."""

    def tap(self, named: UUID | None, name: str, data: Mapping[str, Any]) -> Tap | None:
        with self._lock:
            if named in self._ended:
                return None
        # Not under the lock: a value's `__repr__` may call a chain with this very handler.
        return self._opened(name, data.get("input", NOT_GIVEN))

    def ended(self, span: CalledSpan, error: BaseException | None) -> None:
        # Not told by its run id: a span below may have the same one.
        if span is not span.root:
            return
        self.forget(span)
        if span.tap is not None:
            span.tap.end(footer(span.tap, error))

    def forget(self, root: CalledSpan) -> None:
        with self._lock:
            super().forget(root)
            self._ended.update(dict.fromkeys(root.run_ids))
            while len(self._ended) > _REMEMBERED:
                self._ended.popitem(last=False)

    def _opened(self, name: str, input: Any) -> Tap | None:
        try:
            redact = chosen(self._redact)
            fields = header(new_run_id(), name, input, None, mode="invoke", redact=redact)
            return Tap(self._writer(fields), input, redact, fields)
        except (OSError, ValueError) as error:
            _log.error("the run of %s is not recorded: %s", name, error)
            return None

    def _writer(self, fields: dict[str, Any]) -> Writer:
        if self._folder:
            return Store(self._path, fsync=self._fsync).create(fields)
        while True:
            try:
                return Writer(_free(self._path), fields, fsync=self._fsync)
            except FileExistsError:
                continue  # another run was faster


def handler(path: str | os.PathLike[str], *, fsync: bool | None = None, redact: Choice = None) -> RunHandler:
    """A callback handler that records: `chain.invoke(x, config={"callbacks": [tracer.handler("run.jsonl")]})`.

    For synchronous and asynchronous code. `path` is a new file (later runs get `run-2.jsonl`, `run-3.jsonl` …), or a
    folder (one that is there, or a path that ends with a slash) that gets one file a run. With `fsync` (by default as
    TRACER_FSYNC says) what a viewer was shown survives a loss of power. `redact` as in `astream_events`.
    """
    chosen(redact)
    fsync = is_on("fsync") if fsync is None else fsync
    return RunHandler(Path(path), folder=is_folder(path), fsync=fsync, redact=redact)


def _free(path: Path) -> Path:
    """The first of `path`, `path`-2, `path`-3 … that is not there; where there are gaps, the first after some of them.

    Found by halving: there may be thousands.
    """

    def numbered(number: int) -> Path:
        return path if number == 1 else path.with_stem(f"{path.stem}-{number}")

    taken, free = 0, 1
    while os.path.lexists(numbered(free)):
        taken, free = free, 2 * free
    while free - taken > 1:
        middle = (taken + free) // 2
        if os.path.lexists(numbered(middle)):
            taken = middle
        else:
            free = middle
    return numbered(free)
