"""LangChain callbacks → what the stream leaves out; and, where there is no stream, whole runs in its shape."""

from __future__ import annotations

import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables.config import var_child_runnable_config

if TYPE_CHECKING:
    from .tap import Tap


class _Inline(BaseCallbackHandler, ABC):
    """Called at the very moment of the callback, in whatever thread that is, before any handler that is not inline."""

    raise_error = False

    @property
    def run_inline(self) -> bool:  # type: ignore[override]
        # AsyncCallbackManager.on_llm_start calls the inline handlers or the others, never both (langchain issue 39633):
        # v2's own and the user's would not hear of text models. Among the others there, ours is still called first;
        # where an inline one of somebody else's leaves them out anyhow, it is one of the inline ones.
        asks: FrameType | None = sys._getframe(1)
        if asks is not None and asks.f_code.co_name == "<listcomp>":
            asks = asks.f_back
        if asks is None or asks.f_code.co_name != "on_llm_start":
            return True
        handlers = getattr(asks.f_locals.get("self"), "handlers", ())
        return any(handler.run_inline for handler in handlers if not isinstance(handler, _Inline))

    @abstractmethod
    def failed(self, kind: str, error: BaseException, run_id: UUID, about: Mapping[str, Any]) -> None:
        """A span of this kind (`llm` for both kinds of models) ended with an error."""

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self.failed("chain", error, run_id, kwargs)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self.failed("llm", error, run_id, kwargs)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self.failed("tool", error, run_id, kwargs)

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        self.failed("retriever", error, run_id, kwargs)


class ErrorHandler(_Inline):
    """Tells the tap what the stream leaves out: errors, what was asked of a model, what stands around a step."""

    def __init__(self, tap: Tap) -> None:
        self.tap = tap

    def on_chat_model_start(self, serialized: Any, messages: Any, *, run_id: UUID, **kwargs: Any) -> None:
        self.tap.starting(str(run_id), True, kwargs.get("invocation_params"))

    def on_llm_start(self, serialized: Any, prompts: Any, *, run_id: UUID, **kwargs: Any) -> None:
        self.tap.starting(str(run_id), True, kwargs.get("invocation_params"))

    def on_chain_start(self, serialized: Any, inputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        self.tap.starting(str(run_id))

    def on_tool_start(self, serialized: Any, input_str: str, *, run_id: UUID, **kwargs: Any) -> None:
        self.tap.starting(str(run_id))

    def on_retriever_start(self, serialized: Any, query: str, *, run_id: UUID, **kwargs: Any) -> None:
        self.tap.starting(str(run_id))

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        self.tap.ended(run_id)

    def on_llm_end(self, response: Any, *, run_id: UUID, **kwargs: Any) -> None:
        self.tap.ended(run_id)

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        self.tap.ended(run_id)

    def on_retriever_end(self, documents: Sequence[Any], *, run_id: UUID, **kwargs: Any) -> None:
        self.tap.ended(run_id)

    def failed(self, kind: str, error: BaseException, run_id: UUID, about: Mapping[str, Any]) -> None:
        self.tap.failed(kind, error, str(run_id))


@dataclass(slots=True, eq=False)
class CalledSpan:
    """One start that was called back, and what came of it; its run id may come again meanwhile."""

    run_id: UUID
    named: UUID | None
    """The parent that LangChain names."""
    parent: CalledSpan | None
    tap: Tap | None
    type: str
    event: dict[str, Any] = field(default_factory=dict)
    """What all its events say."""
    input: Any = None
    root: CalledSpan = field(init=False)
    run_ids: set[UUID] = field(default_factory=set)
    """Of a root: the run ids in its run."""
    forgotten: bool = False

    def __post_init__(self) -> None:
        self.root = self if self.parent is None else self.parent.root

    def ancestors(self) -> list[str]:
        """Run ids from the root to the parent. As LangChain's, they begin where one would come again."""
        found: dict[str, None] = {}
        above = self.parent
        while above is not None and str(above.run_id) not in found:
            found[str(above.run_id)] = None
            above = above.parent
        return list(found)[::-1]


class EventHandler(_Inline, ABC):
    """Callbacks → events in the shape that `astream_events` v2 sends, errors included.

    It is no streaming handler, so models stream only where the chain itself streams them.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        """Held for a look at the spans only, never while somebody else's code runs."""
        self._open: dict[UUID, list[CalledSpan]] = {}
        """By run id, the newest last."""
        self._newest: dict[UUID, CalledSpan] = {}
        """Of each run id, ended or not."""

    @abstractmethod
    def tap(self, named: UUID | None, name: str, data: Mapping[str, Any]) -> Tap | None:
        """Where the events of a root that starts with this data belong; None to leave them out."""

    def ended(self, span: CalledSpan, error: BaseException | None) -> None:
        """A span has ended; its end stands in the log."""

    def forget(self, root: CalledSpan) -> None:
        """Keep nothing of a run, not even of what is still open in it."""
        with self._lock:
            root.forgotten = True
            for run_id in root.run_ids:
                others = [span for span in self._open.pop(run_id, ()) if span.root is not root]
                if others:
                    self._open[run_id] = others
                newest = self._newest.get(run_id)
                if newest is not None and newest.root is root:
                    del self._newest[run_id]

    def on_chain_start(self, serialized: Any, inputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        # LangChain says {"input": ""} where a step takes its input as a stream.
        data = {} if inputs == {"input": ""} else {"input": inputs}
        self._start(str(kwargs.get("run_type") or "chain"), serialized, data, run_id, kwargs)

    def on_chat_model_start(self, serialized: Any, messages: Any, *, run_id: UUID, **kwargs: Any) -> None:
        self._start("chat_model", serialized, {"input": {"messages": messages}}, run_id, kwargs)

    def on_llm_start(self, serialized: Any, prompts: Any, *, run_id: UUID, **kwargs: Any) -> None:
        self._start("llm", serialized, {"input": {"prompts": prompts}}, run_id, kwargs)

    def on_tool_start(self, serialized: Any, input_str: str, *, run_id: UUID, **kwargs: Any) -> None:
        self._start("tool", serialized, {"input": kwargs.get("inputs") or {}}, run_id, kwargs)

    def on_retriever_start(self, serialized: Any, query: str, *, run_id: UUID, **kwargs: Any) -> None:
        self._start("retriever", serialized, {"input": {"query": query}}, run_id, kwargs)

    def on_llm_new_token(self, token: Any, *, run_id: UUID, chunk: Any = None, **kwargs: Any) -> None:
        span = self._find(run_id, kwargs)
        if span is None:
            return
        if span.type == "chat_model":
            piece = AIMessageChunk(content=token) if chunk is None else chunk.message
        else:
            piece = {"text": token} if chunk is None else chunk
        self._send(span, "stream", {"chunk": piece})

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:
        span = self._find(run_id, kwargs)
        if span is not None:
            self._tell(span, {"event": "on_custom_event", "name": name, "data": data})

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        span = self._close(run_id, kwargs)
        if span is not None:
            self._end(span, {"output": outputs, "input": kwargs.get("inputs") or span.input or {}})

    def on_llm_end(self, response: Any, *, run_id: UUID, **kwargs: Any) -> None:
        span = self._close(run_id, kwargs)
        if span is not None:
            self._end(span, {"output": _model_output(span.type, response), "input": span.input})

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        span = self._close(run_id, kwargs)
        if span is not None:
            self._end(span, {"output": output, "input": span.input})

    def on_retriever_end(self, documents: Sequence[Any], *, run_id: UUID, **kwargs: Any) -> None:
        span = self._close(run_id, kwargs)
        if span is not None:
            self._end(span, {"output": documents, "input": span.input})

    def failed(self, kind: str, error: BaseException, run_id: UUID, about: Mapping[str, Any]) -> None:
        span = self._close(run_id, about)
        if span is None:
            return
        if kind == "tool":
            data = {"error": error, "input": span.input, "tool_call_id": about.get("tool_call_id")}
            self._send(span, "error", data)
        elif span.tap is not None:
            span.tap.failed(kind, error, str(run_id))
        self._after(span, error)

    def _start(
        self, span_type: str, serialized: Any, data: dict[str, Any], run_id: UUID, kwargs: Mapping[str, Any]
    ) -> None:
        named = kwargs.get("parent_run_id")
        parent = self._parent(named)
        name = _name(kwargs.get("name"), serialized)
        tap = self.tap(named, name, data) if parent is None else parent.tap
        span = CalledSpan(run_id, named, parent, tap, span_type)
        if tap is not None:
            span.input = data.get("input")
            span.event = {
                "run_id": str(run_id),
                "name": name,
                "tags": kwargs.get("tags") or [],
                "metadata": kwargs.get("metadata") or {},
                "parent_ids": span.ancestors(),
            }
        with self._lock:
            if span.root.forgotten:
                return
            span.root.run_ids.add(run_id)
            self._open.setdefault(run_id, []).append(span)
            self._newest[run_id] = span
        if tap is not None:
            tap.starting(str(run_id), span_type in ("chat_model", "llm"), kwargs.get("invocation_params"))
            self._send(span, "start", data)

    def _find(self, run_id: UUID, about: Mapping[str, Any]) -> CalledSpan | None:
        """The newest open span with this run id; of several, one below the parent that LangChain names."""
        with self._lock:
            having = self._open.get(run_id)
            if not having:
                return None
            if "parent_run_id" in about:
                for span in reversed(having):
                    if span.named == about["parent_run_id"]:
                        return span
            return having[-1]

    def _close(self, run_id: UUID, about: Mapping[str, Any]) -> CalledSpan | None:
        with self._lock:
            span = self._find(run_id, about)
            if span is not None:
                self._open[run_id].remove(span)
                if not self._open[run_id]:
                    del self._open[run_id]
        return span

    def _end(self, span: CalledSpan, data: dict[str, Any]) -> None:
        self._send(span, "end", data)
        self._after(span, None)

    def _after(self, span: CalledSpan, error: BaseException | None) -> None:
        # Until the run ends a span is kept for those below it, but not what it held.
        span.input, span.event = None, {}
        self.ended(span, error)

    def _send(self, span: CalledSpan, phase: str, data: dict[str, Any]) -> None:
        self._tell(span, {"event": f"on_{span.type}_{phase}", "data": data})

    def _tell(self, span: CalledSpan, about: dict[str, Any]) -> None:
        event = span.event
        # Another thread may have ended it since it was found.
        if span.tap is not None and event:
            span.tap.sent({**event, **about})

    def _parent(self, given: UUID | None) -> CalledSpan | None:
        """The parent LangChain names, or, where the code runs inside a child of that one, this child.

        A called `.with_fallbacks()` hands its own config on to what it tries, which then seem to run beside it.
        """
        around: UUID | None = getattr((var_child_runnable_config.get() or {}).get("callbacks"), "parent_run_id", None)
        with self._lock:
            if around is not None and around != given:
                for span in reversed(self._open.get(around, ())):
                    if span.named == given:
                        return span
            if given is None:
                return None
            return self._find(given, {}) or self._newest.get(given)


class TapHandler(EventHandler):
    """All that happens goes to one tap: a run in invoke mode."""

    def __init__(self, tap: Tap) -> None:
        super().__init__()
        self._tap = tap

    def tap(self, named: UUID | None, name: str, data: Mapping[str, Any]) -> Tap:
        return self._tap


def _name(name: Any, serialized: Any) -> str:
    if name is not None:
        return str(name)
    about = serialized if isinstance(serialized, dict) else {}
    return str(about.get("name") or (about.get("id") or ["Unnamed"])[-1])


def _model_output(span_type: str, response: Any) -> Any:
    if span_type == "chat_model":
        return next((generation.message for batch in response.generations for generation in batch), {})
    return {
        "generations": [
            [{"text": g.text, "generation_info": g.generation_info, "type": g.type} for g in batch]
            for batch in response.generations
        ],
        "llm_output": response.llm_output,
    }
