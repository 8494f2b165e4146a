"""One run's detectors, and what calls them: the tap, for each line as it is made."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from tracer.log.events import Line

from . import background, fallbacks, models, parsers, prompts, retries, streaming
from .notes import Notes
from .step import MODELS, Step, holds
from .wrapping import Wrapping, retry_around, wrapping

_log = logging.getLogger("tracer")
_PLACE = re.compile(r"seq:step:(\d+)")


class Findings:
    """What is noticed about one run. Nothing here raises: a detector that fails is logged, and silent from then on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.streams = False
        """Whether the run is streamed: what does not stream is worth telling only then."""
        self.notes = Notes()
        self.clock = clock
        self._steps: dict[int, Step] = {}
        self._by_run_id: dict[str, Step] = {}
        self._wrappings: dict[str, Wrapping] = {}
        self._prompts = prompts.Prompts()
        self._whole = streaming.Streaming()
        self._root_retry: Any = None
        self._broken = False

    def root(self, chain: Any) -> None:
        """What is going to be streamed: `astream_events` looks through a binding, so no stack shows it."""
        self._root_retry = retry_around(chain)

    def starting(self, run_id: str, model: bool = False) -> None:
        """A span is about to start. Call it in the start callback itself: it looks at the stack."""
        with _Guard(self):
            found = wrapping(model)
            if found is not None:
                self._wrappings[run_id] = found

    def raising(self, run_id: str, error: BaseException) -> None:
        """A span fails with this. Call it without holding a lock: it may ask the chain's own code."""
        step = self._by_run_id.get(run_id)
        if step is not None and step.retry is not None and self.streams:
            with _Guard(self):
                retries.failed(step, error, self.notes)

    def see(self, span_type: str, phase: str, line: Line) -> None:
        """A line of a span was made, in its place in the order."""
        if phase == "stream":
            step = self._steps.get(line.get("span", 0))
            data = line["data"]
            chunk = data.get("chunk") if isinstance(data, dict) else data
            if step is not None and (step.type not in MODELS or holds(chunk)):
                step.piece(self.clock())
            return
        if self._broken or "span" not in line:
            return
        with _Guard(self):
            if phase == "start":
                self._start(span_type, line)
            else:
                self._end(phase, line)

    def end(self, status: str) -> None:
        """The run is about to end with this status."""
        with _Guard(self):
            if status == "ok":
                # A copy: the run's own threads may still be starting steps.
                background.ended(list(self._steps.values()), self.notes)
            self._whole.ended(self.notes)
            self.notes.count_the_rest()

    def at(self, span: int) -> Step | None:
        """What is known of the span with this number."""
        return self._steps.get(span)

    def step(self, run_id: str) -> int | None:
        """The number of the span with this LangChain run id."""
        step = self._by_run_id.get(run_id)
        return step.span if step else None

    def waiting(self) -> Iterator[Line]:
        """Finding lines that have not been taken yet, without their place and time."""
        return self.notes.take()

    def _start(self, span_type: str, line: Line) -> None:
        tags = line["tags"] if isinstance(line["tags"], list) else []
        place = next((int(match[1]) for tag in tags if (match := _PLACE.fullmatch(str(tag)))), 0)
        branch = any(str(tag).startswith("map:key:") for tag in tags)
        parent = self._steps.get(line["parent"] or 0)
        step = Step(line["span"], parent, span_type, str(line["name"]), place, branch, self.clock())
        namesake = self._by_run_id.get(line["run_id"])
        if namesake is not None:
            namesake.shares_id = step.shares_id = True
        self._steps[step.span] = self._by_run_id[line["run_id"]] = step
        if parent is not None:
            parent.children.append(step)
        around = self._wrappings.pop(line["run_id"], None)
        if around is not None:
            step.model, step.retry, step.falls_back = around.starter, around.retry, around.falls_back
        if parent is None and step.retry is None:
            step.retry = self._root_retry
        # In a batch its start is called from a task of its own, where the stack tells nothing.
        step.falls_back = step.falls_back or step.name == "RunnableWithFallbacks"
        if span_type in MODELS:
            metadata = line["metadata"] if isinstance(line["metadata"], dict) else {}
            step.provider = metadata.get("ls_provider")
            step.params = line.get("invocation_params")
            self._prompts.started(step, line["data"], self.notes)

    def _end(self, phase: str, line: Line) -> None:
        step = self._steps.get(line["span"])
        if step is None:
            return
        step.end = self.clock()
        data = line["data"]
        if phase == "error":
            step.failed, step.error = True, data.get("error") or {}
        elif step.type in MODELS:
            models.ended(step, data, self.streams, self.notes)
        elif step.type == "parser":
            parsers.ended(step, data, self.notes)
        elif step.falls_back:
            fallbacks.ended(step, self.notes)
        if phase == "end" and self.streams:
            self._whole.step_ended(step)
        step.model = step.retry = None

    def broke(self) -> None:
        if not self._broken:
            _log.exception("findings of a run are no longer looked for")
        self._broken = True


class _Guard:
    """Whatever goes wrong in a detector, the chain and its log go on."""

    __slots__ = ("_findings",)

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if kind is None or not issubclass(kind, Exception):
            return False
        self._findings.broke()
        return True
