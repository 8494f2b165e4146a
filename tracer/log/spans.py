"""The fold: lines in, spans out. Twin of static/js/spans.js; both are held to tests/fixtures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .events import HANDED_OVER, INTERRUPTED, RunError, Usage, is_node, span_event
from .events import whole as _integer
from .gaps import Gaps
from .tokens import Meter, UsageFrom, llm_usage, usage

_STOPPED = frozenset({"CancelledError", "GeneratorExit"})
_MODELS = frozenset({"chat_model", "llm"})


@dataclass(slots=True)
class Span:
    """One LangChain run inside a run. Times are microseconds since the run began."""

    span: int
    parent: int | None
    type: str
    name: str
    run_id: str
    tags: list[str]
    metadata: dict[str, Any]
    start_us: int
    start_seq: int
    state: str = "running"
    recovered: bool = False
    end_us: int | None = None
    first_us: int | None = None
    chunks: int = 0
    error: RunError | None = None
    cause: int | None = None
    model: str | None = None
    usage: Usage | None = None
    usage_from: UsageFrom | None = None
    """`end`: as the model's end says; `chunks`: LangChain's sum over several chunks; `cumulative`: the last chunk's
    count, since each one counted all so far. None: unknown, which is not 0."""
    finish_reason: str | None = None
    end_seq: int | None = None
    stack: str | None = None
    """Where the code of an abandoned span still was."""
    _asks: bool = field(default=False, repr=False)
    _was_asked: bool = field(default=False, repr=False)
    """What it is given is the question of a graph before it."""
    _failed_below: bool = field(default=False, repr=False)


@dataclass(slots=True)
class _Stream:
    """What is kept of a span's chunks."""

    gaps: Gaps = field(default_factory=Gaps)
    meter: Meter = field(default_factory=Meter)
    last_us: int = 0


class Fold:
    """The state of a run after the lines given so far. `add` takes them in order, one at a time."""

    def __init__(self) -> None:
        self.run = ""
        self.chain = ""
        self.status = "running"
        self.error: RunError | None = None
        self.t_us = 0
        self.timed = True
        """Whether the times are any: those of plain events only count them."""
        self.lines = 0
        self.bad_lines = 0
        self.spans: list[Span] = []
        self.findings: list[dict[str, Any]] = []
        """What was noticed: `seq`, `t_us`, `span` (or None), `kind`, `text`, `advice`, `evidence`."""
        self._by_number: dict[int, Span] = {}
        self._streams: dict[int, _Stream] = {}

    @classmethod
    def of(cls, lines: Iterable[Mapping[str, Any]]) -> Fold:
        fold = cls()
        for line in lines:
            fold.add(line)
        return fold

    def span(self, number: int | None) -> Span | None:
        return self._by_number.get(number) if number is not None else None

    def gaps(self, number: int) -> Gaps | None:
        """The times between a span's chunks that hold something; None before the first."""
        stream = self._streams.get(number)
        return stream.gaps if stream else None

    def tokens(self) -> dict[str, int | None]:
        """Sums over the model spans whose usage is known (None where it is of none), and how many ended without."""
        models = [span for span in self.spans if span.type in _MODELS and span.state != "running"]
        known = [span.usage for span in models if span.usage is not None]
        unknown = len(models) - len(known)
        nothing = None if unknown and not known else 0
        return {
            "input_tokens": sum(one["input_tokens"] for one in known) if known else nothing,
            "output_tokens": sum(one["output_tokens"] for one in known) if known else nothing,
            "total_tokens": sum(one["total_tokens"] for one in known) if known else nothing,
            "unknown": unknown,
        }

    def add(self, line: Mapping[str, Any]) -> Span | None:
        """Take the next line; return the span it belongs to, if any."""
        self.lines += 1
        self.t_us = max(self.t_us, _integer(line.get("t_us")) or 0)
        event = line.get("event")
        if event == "run_start":
            self.run = _text(line.get("run"))
            self.chain = _text(line.get("chain"))
            self.timed = line.get("times") != "unknown"
            return None
        if event == "run_end":
            self._end(line)
            return None
        if event == "bad_line":
            self.bad_lines += 1
            return None
        number = _integer(line.get("span"))
        if event == "finding":
            return self._find(number, line)
        if not isinstance(event, str) or number is None:
            return None
        kind = span_event(event)
        if kind and kind[1] == "start":
            return self._start(number, kind[0], line)
        span = self._by_number.get(number)
        if span is not None and event == "abandoned":
            self._abandon(span, line)
        if span is not None and event == "ended" and span.state == "running":
            self._finish(span, _ended(span), line)
        if span is None or kind is None or span.state != "running":
            return span
        span._asks = span._asks or _asks(line, "chunk") or _asks(line, "output")
        span._was_asked = span._was_asked or _asks(line, "input")
        if kind[1] == "stream":
            self._stream(span, line)
        elif kind[1] == "end":
            self._finish(span, _ended(span), line)
            self._read_output(span, line)
        else:
            self._fail(span, line)
        return span

    def lost(self) -> None:
        """The writer died before `run_end`: what was running is lost."""
        if self.status == "running":
            self.status = "lost"
            self._close("lost")

    def summary(self) -> dict[str, Any]:
        """The run and its spans as plain JSON, the shape that fixtures and both folds share."""
        spans = []
        for span in self.spans:
            row = asdict(span)
            del row["_failed_below"], row["_asks"], row["_was_asked"]
            spans.append(row)
        return {
            "run": self.run,
            "chain": self.chain,
            "status": self.status,
            "t_us": self.t_us,
            "lines": self.lines,
            "bad_lines": self.bad_lines,
            "error": self.error,
            "tokens": self.tokens(),
            "spans": spans,
            "findings": self.findings,
        }

    def _start(self, number: int, span_type: str, line: Mapping[str, Any]) -> Span | None:
        if number in self._by_number:
            return self._by_number[number]
        metadata = line.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        tags = line.get("tags")
        span = Span(
            span=number,
            parent=_integer(line.get("parent")),
            type=span_type,
            name=_text(line.get("name")),
            run_id=_text(line.get("run_id")),
            tags=tags if isinstance(tags, list) else [],
            metadata=metadata,
            start_us=self.t_us,
            start_seq=_seq(line),
        )
        span._was_asked = _asks(line, "input")
        if isinstance(metadata.get("ls_model_name"), str):
            span.model = metadata["ls_model_name"]
        self._by_number[number] = span
        self.spans.append(span)
        return span

    def _find(self, number: int | None, line: Mapping[str, Any]) -> Span | None:
        found = {key: _text(line.get(key)) for key in ("kind", "text", "advice")}
        evidence = line.get("evidence")
        evidence = evidence if isinstance(evidence, dict) else {}
        self.findings.append({"seq": _seq(line), "t_us": self.t_us, "span": number, **found, "evidence": evidence})
        return self.span(number)

    def _stream(self, span: Span, line: Mapping[str, Any]) -> None:
        span.chunks += 1
        if span.type in _MODELS:
            data = line.get("data")
            chunk = data.get("chunk") if isinstance(data, dict) else None
            if isinstance(chunk, dict) and "usage_metadata" in chunk and (counted := usage(chunk["usage_metadata"])):
                self._streamed(span).meter.see(counted)
            if not _holds_something(chunk):
                return
        stream = self._streams.get(span.span) or self._streamed(span)
        if span.first_us is None:
            span.first_us = self.t_us
        else:
            stream.gaps.add(self.t_us - stream.last_us)
        stream.last_us = self.t_us

    def _streamed(self, span: Span) -> _Stream:
        found = self._streams.get(span.span)
        if found is None:
            found = self._streams[span.span] = _Stream()
        return found

    def _read_output(self, span: Span, line: Mapping[str, Any]) -> None:
        """Model name, tokens and finish reason, where a model's end brings them."""
        data = line.get("data")
        output = data.get("output") if isinstance(data, dict) else None
        if span.type not in _MODELS or not isinstance(output, dict):
            return
        about = output.get("response_metadata")
        about = about if isinstance(about, dict) else {}
        if span.model is None and isinstance(about.get("model_name"), str):
            span.model = about["model_name"]
        if isinstance(about.get("finish_reason"), str):
            span.finish_reason = about["finish_reason"]
        if span.type == "chat_model":
            counted = usage(output.get("usage_metadata"))
        else:
            llm_output = output.get("llm_output")
            counted = llm_usage(llm_output.get("token_usage")) if isinstance(llm_output, dict) else None
        if counted:
            span.usage, span.usage_from = self._streamed(span).meter.total(counted)

    def _fail(self, span: Span, line: Mapping[str, Any]) -> None:
        data = line.get("data")
        error = data.get("error") if isinstance(data, dict) else None
        span.error = _error(error)
        span.cause = _integer(line.get("cause"))
        name = span.error["type"].rpartition(".")[2]
        if name in _STOPPED:
            self._finish(span, "cancelled", line)
        elif name in INTERRUPTED:
            self._finish(span, "interrupted", line)
        elif name == HANDED_OVER:
            self._finish(span, "ok", line)
        else:
            self._finish(span, "propagated" if span.cause is not None else "error", line)

    def _abandon(self, span: Span, line: Mapping[str, Any]) -> None:
        """It was stopped, perhaps even heard so, but its code runs on."""
        if span.state in ("running", "cancelled"):
            self._finish(span, "abandoned", line)
            span.stack = _text(line.get("stack"))

    def _finish(self, span: Span, state: str, line: Mapping[str, Any]) -> None:
        span.state = state
        span.end_us = self.t_us
        span.end_seq = _seq(line)
        if state == "ok":
            span.recovered = span._failed_below
        elif state in ("error", "propagated"):
            self._carry_failure(span)
        elif state == "interrupted" and is_node(span.tags) and (above := self.span(span.parent)):
            # Invoked, a graph does not say itself that it waits.
            above._asks = True

    def _carry_failure(self, span: Span) -> None:
        """Tell the nearest ancestor that can still recover from it, or already ended well, of a failure below."""
        above = self.span(span.parent)
        if above is None or above is span:
            return
        if above.state == "running":
            above._failed_below = True
        elif above.state == "ok":
            above.recovered = True

    def _end(self, line: Mapping[str, Any]) -> None:
        if self.status != "running":
            return
        self.status = _text(line.get("status")) or "ok"
        error = line.get("error")
        self.error = _error(error) if error is not None else None
        self._close(self.status if self.status in ("cancelled", "abandoned") else "unfinished")

    def _close(self, state: str) -> None:
        # Children come after their parents, so going backwards carries a failure all the way up.
        for span in reversed(self.spans):
            if span.state == "running":
                span.state = state
                span.end_us = self.t_us
                if span._failed_below:
                    self._carry_failure(span)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _seq(line: Mapping[str, Any]) -> int:
    seq = _integer(line.get("seq"))
    return -1 if seq is None else seq


def _error(value: object) -> RunError:
    if not isinstance(value, Mapping):
        return {"type": "", "message": _text(value)}
    error: RunError = {"type": _text(value.get("type")), "message": _text(value.get("message"))}
    if isinstance(value.get("traceback"), str):
        error["traceback"] = value["traceback"]
    return error


def _asks(line: Mapping[str, Any], key: str) -> bool:
    """Whether this part of an event is what a LangGraph gives that stops: what it asks, nothing at a breakpoint."""
    data = line.get("data")
    value = data.get(key) if isinstance(data, dict) else None
    return isinstance(value, dict) and isinstance(value.get("__interrupt__"), list)


def _ended(span: Span) -> str:
    """The state of a span that ended by itself. One that hands on the question of a graph does not ask."""
    return "interrupted" if span._asks and not span._was_asked else "ok"


def _holds_something(chunk: object) -> bool:
    if not isinstance(chunk, dict):
        return bool(chunk)
    return bool(chunk.get("content") or chunk.get("tool_call_chunks") or chunk.get("text"))
