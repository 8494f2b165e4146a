"""Where events are stamped and encoded as they are sent: between v2's event handler and its queue."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackManager, BaseCallbackHandler
from langchain_core.callbacks.base import BaseCallbackManager

from tracer.log.compact import Compactor, values
from tracer.log.events import INTERRUPTED, Line, span_event
from tracer.log.once import Value
from tracer.log.writer import Writer

from .callbacks import ErrorHandler, TapHandler
from .causes import Causes
from .encode import encode, encode_error
from .findings import Findings
from .findings.threads import WATCH
from .graph import WRITER
from .growing import Growing
from .known import within
from .markers import Json
from .rules import Redact, chosen
from .streamer import take_over
from .tokens import Tokens

NOT_GIVEN: Any = object()
"""The input of a run whose root takes it as a stream: only its end tells."""

_log = logging.getLogger("tracer")


class Tap:
    """Writes one run's events to its log, in the order and at the time they are sent, whichever thread sends them.

    No exception of ours reaches the chain: what goes wrong here is logged, and counted in `dropped`.
    """

    def __init__(
        self, writer: Writer, input: Any, redact: Redact | None = None, header: Mapping[str, Any] | None = None
    ) -> None:
        self.writer = writer
        self.redact = chosen(None) if redact is None else redact
        """Takes the secrets out of whatever becomes part of a line."""
        self.attached = False
        """Whether events are recorded when they are sent; without, when they are received."""
        self.delivers = True
        """Whether somebody reads the stream."""
        self.dropped = 0
        self.root_error: BaseException | None = None
        self.asks = False
        """Whether the root stopped to be answered (LangGraph's `__interrupt__`)."""
        self.interrupts: list[Any] = []
        """What it asks; nothing at a breakpoint."""
        self.modes: list[str] | None = None
        """Where the root is a graph that was asked for these stream modes: then its chunks are `(mode, chunk)`."""
        self._input = input
        self._root: str | None = None
        self._asked: dict[str, Any] = {}
        self._held_open: Mapping[UUID, Any] | None = None
        """What v2's handler takes to be open, by run id: it forgets the second of two spans with one run id."""
        self.findings = Findings()
        self._compactor = Compactor()
        if header is not None:
            self._compactor.begin(header)
        self._tokens = Tokens(writer, self.redact, self._compactor, self.findings.clock, self.findings.at)
        self._growing = Growing(writer, self.redact, self._compactor, self.findings.clock)
        self._causes = Causes()
        WATCH.begin(self)

    @property
    def spans(self) -> int:
        return self._compactor.spans

    def callbacks(self, given: Any) -> AsyncCallbackManager:
        """The callbacks for `astream_events`: those given, and ours."""
        self.findings.streams = True
        return _with(_Manager, given, ErrorHandler(self))

    def take(self, handler: BaseCallbackHandler) -> bool:
        """Record what this handler sends, if it is v2's; one of them."""
        if self.attached or not take_over(handler, self):
            return False
        self.attached = True
        self._held_open = getattr(handler, "run_map", None)
        return True

    def invoke_callbacks(self, given: Any) -> AsyncCallbackManager:
        """The callbacks for `ainvoke`: those given, and one that sees the whole run."""
        return _with(AsyncCallbackManager, given, TapHandler(self))

    def sent(self, event: Mapping[str, Any]) -> None:
        """Record an event in v2's shape, with live objects."""
        try:
            if self._tokens.write(event) or self._growing.write(event):
                return
        except Exception:
            self._drop()
            return
        at = self.writer.now()
        # Encoding may run a `__repr__`, which may do anything, wait for another branch of this chain included: so it
        # happens before the line takes its place, not under the writer's lock.
        try:
            plain, error = self._encoded(event)
            data = values(plain["data"])
        except Exception:
            self._drop()
            return
        self._record(lambda: self._line(plain, data, error), at)
        try:
            number = self._compactor.number(plain["run_id"])
            if number is not None:
                step = self.findings.at(number)
                self._tokens.learn(event, plain["data"], number, step)
                if isinstance(data, dict) and "chunk" in data:
                    self._growing.learn(event, data["chunk"].raw, step)
        except Exception:
            _log.exception("what an event was like is not kept")

    def failed(self, kind: str, error: BaseException, run_id: str) -> None:
        """Record an error that v2 does not send."""
        self.findings.raising(run_id, error)
        if kind == "tool" and self.attached and self._compactor.number(run_id) is not None:
            return  # v2 sends this one itself, with the tool's input
        at = self.writer.now()
        shown = self.redact(encode_error(error))
        self._record(lambda: self._error_line(kind, error, shown, run_id), at)

    def ended(self, run_id: UUID) -> None:
        """A span's end was called back; record it where v2 cannot send it."""
        if self._held_open is not None and run_id not in self._held_open:
            self._record(lambda: self._ended_line(str(run_id)))

    def starting(self, run_id: str, model: bool = False, invocation_params: Any = None) -> None:
        """A span is about to start; what a model is asked for goes onto its start line."""
        self.findings.starting(run_id, model)
        if invocation_params:
            self._asked[run_id] = invocation_params

    def abandoned(self, run_id: str | None, stack: str) -> None:
        """Code that was stopped runs on, here, in the innermost open span of that run id, or of the whole run."""
        stack = self.redact(stack, "text")
        self._record(lambda: self._abandoned_line(run_id, stack))

    def knows(self, run_id: str) -> bool:
        """Whether a span with this LangChain run id has started here."""
        return self.findings.step(run_id) is not None

    def notice(self, kind: str, run_id: str | None, text: str, advice: str, evidence: dict[str, Any]) -> None:
        """Record a finding about a span, or about the run. From any thread."""
        span = self.findings.step(run_id) if run_id else None
        self.findings.notes.add(kind, span, text, advice, evidence)
        self._write_findings()

    def end(self, footer: Mapping[str, Any]) -> None:
        """Write what was found, then `run_end`."""
        WATCH.end(self)
        # Where nothing is redacted, nobody takes out what is in there.
        within.clear()
        self.findings.end(footer["status"])
        self._write_findings()
        self.writer.end(footer)

    def _write_findings(self) -> None:
        for line in self.findings.waiting():
            self._append(partial(dict, self.redact(line)))

    def _record(self, make: Callable[[], Line | bytes | None], at: int | None = None) -> None:
        self._append(make, at)
        if self.findings.notes.waiting:
            self._write_findings()

    def _append(self, make: Callable[[], Line | bytes | None], at: int | None = None) -> None:
        try:
            self.writer.append(make, at)
        except Exception:  # whatever it is, the chain must not notice
            self._drop()

    def _drop(self) -> None:
        self.dropped += 1
        _log.exception("an event could not be recorded in %s", self.writer.path)

    def _encoded(self, event: Mapping[str, Any]) -> tuple[dict[str, Any], BaseException | None]:
        """The event with encoded values, as far as its line needs them, and the live exception that it brings."""
        if self.modes is not None and event["run_id"] == self._root:
            event = self._without_mode(event)
        name, run_id, data = event["event"], event["run_id"], event["data"]
        kind = span_event(name)
        if self._root is None:
            # v2 puts the root's input into the first event and takes it out of its end, but only after the queue.
            self._root = run_id
            if self._input is not NOT_GIVEN and isinstance(data, dict):
                data = {**data, "input": self._input}
        elif run_id == self._root and kind:
            if kind[1] == "end" and "input" in data and self._input is not NOT_GIVEN:
                data = {key: value for key, value in data.items() if key != "input"}
            self.note_interrupts(data)
        plain: dict[str, Any] = {**event, "data": self.redact(encode(data))}
        number = self._compactor.number(run_id)
        if number is None or kind is None or kind[1] == "start":
            for key in ("tags", "metadata", "name"):
                plain[key] = self.redact(encode(event[key]), "name")
            if kind and run_id in self._asked:
                plain["invocation_params"] = self.redact(encode(self._asked.pop(run_id)))
        elif kind[1] == "error" and isinstance(data.get("error"), BaseException):
            plain["data"] = {**plain["data"], "error": self.redact(encode_error(data["error"]))}
            return plain, data["error"]
        return plain, None

    def _line(self, plain: dict[str, Any], data: Mapping[str, Value] | bytes, error: BaseException | None) -> bytes:
        number = self._compactor.number(plain["run_id"]) if error is not None else None
        if error is not None and number is not None:
            plain |= self._cause(number, error)
            if plain["run_id"] == self._root:
                self.root_error = error
        line = self._compactor.line(plain)
        kind = span_event(plain["event"])
        if kind:
            if kind[1] != "stream":
                self._forget(plain["run_id"])
            if kind[1] == "start":
                self._causes.started(line["span"], line["parent"])
            self.findings.see(kind[0], kind[1], line)
        return self._raw(line, data)

    def _raw(self, line: Line, data: Mapping[str, Value] | bytes) -> bytes:
        line = {key: value for key, value in line.items() if key != "data"}
        return self._compactor.raw(self.writer.lines, self.writer.offset, line, data)

    def _forget(self, run_id: str) -> None:
        self._tokens.forget(run_id)
        self._growing.forget(run_id)

    def _without_mode(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """The event as the graph would have sent it without our asking; what a node wrote is a custom event."""
        chunk = event["data"].get("chunk") if event["event"].endswith("_stream") else None
        if type(chunk) is not tuple or len(chunk) != 2 or chunk[0] not in (self.modes or ()):
            return event
        if chunk[0] == "custom":
            return {**event, "event": "on_custom_event", "name": WRITER, "data": chunk[1]}
        return {**event, "data": {**event["data"], "chunk": chunk[1]}}

    def _error_line(self, kind: str, error: BaseException, shown: Json, run_id: str) -> bytes | None:
        number = self._compactor.number(run_id)
        if number is not None and not self._compactor.is_open(number):
            return None
        if run_id == self._root:
            self.root_error = error
        event: dict[str, Any] = {"run_id": run_id, "event": f"on_{kind}_error"}
        if number is not None:
            event["event"] = f"on_{self._compactor.type_of(number)}_error"
            event |= self._cause(number, error)
            if type(error).__name__ in INTERRUPTED and self._compactor.is_node(number, self._root):
                # Called, a graph does not say itself what it asks.
                self._note_asked(error.args[0] if error.args else ())
        self._forget(run_id)
        line = self._compactor.line({**event, "data": {"error": shown}})
        self.findings.see(kind, "error", line)
        return self._raw(line, values(line["data"]))

    def _ended_line(self, run_id: str) -> Line | None:
        number = self._compactor.number(run_id)
        if number is None or not self._compactor.is_open(number):
            return None
        self._compactor.close(number)
        self._forget(run_id)
        return {"event": "ended", "span": number}

    def _abandoned_line(self, run_id: str | None, stack: str) -> Line | None:
        number = self._compactor.innermost(run_id)
        return None if number is None else {"event": "abandoned", "span": number, "stack": stack}

    def _cause(self, span: int, error: BaseException) -> dict[str, int]:
        cause = self._causes.failed(span, error)
        return {} if cause is None else {"cause": cause}

    def note_interrupts(self, data: Mapping[str, Any]) -> None:
        """Look for what the root asks, in its `chunk` or `output`."""
        if _asked(self._input) is None:
            for key in ("chunk", "output"):
                self._note_asked(_asked(data.get(key)))

    def _note_asked(self, interrupts: Any) -> None:
        if isinstance(interrupts, (list, tuple)):
            self.asks = True
            # Each comes with its node's exception, in a chunk, and in the output.
            known = {_id(interrupt) for interrupt in self.interrupts}
            self.interrupts += [interrupt for interrupt in interrupts if _id(interrupt) not in known]


def _asked(value: Any) -> Sequence[Any] | None:
    """What a graph that stops to be answered gives: its questions; None where it does not ask."""
    found = dict.get(value, "__interrupt__") if isinstance(value, dict) else None
    return found if isinstance(found, (list, tuple)) else None


def _id(interrupt: Any) -> Any:
    known = interrupt.get("id") if isinstance(interrupt, dict) else getattr(interrupt, "id", None)
    return known if isinstance(known, str) else id(interrupt)


class _Manager(AsyncCallbackManager):
    """v2 copies the manager it is given and adds its own event handler to the copy; this is where it shows."""

    def add_handler(self, handler: BaseCallbackHandler, inherit: bool = True) -> None:
        errors = next((one for one in self.handlers if type(one) is ErrorHandler), None)
        if errors is not None and errors.tap.take(handler):
            self.remove_handler(errors)
        super().add_handler(handler, inherit)


def _with(kind: type[AsyncCallbackManager], given: Any, ours: BaseCallbackHandler) -> AsyncCallbackManager:
    """A manager of this kind with the callbacks that were given, in any form LangChain takes, and ours."""
    if isinstance(given, BaseCallbackManager):
        manager = kind(
            handlers=list(given.handlers),
            inheritable_handlers=list(given.inheritable_handlers),
            parent_run_id=given.parent_run_id,
            tags=list(given.tags),
            inheritable_tags=list(given.inheritable_tags),
            metadata=dict(given.metadata),
            inheritable_metadata=dict(given.inheritable_metadata),
        )
    else:
        manager = kind(handlers=list(given or ()), inheritable_handlers=list(given or ()))
    manager.add_handler(ours)
    return manager
