"""What a model's end shows: `cut_by_length`, `closed_early`, `usage_missing`, `model_not_streaming`."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.llms import BaseLLM

from .notes import Notes
from .step import Step
from .streaming import SECONDS

_TOO_LONG = frozenset({"length", "max_tokens", "MAX_TOKENS", "model_length"})
_LIKE_OPENAI = frozenset({"openai", "azure", "deepseek", "xai"})
"""`ls_provider` of chat models that end each stream with a finish reason and count tokens when asked to."""


def ended(step: Step, data: dict[str, Any], streams: bool, notes: Notes) -> None:
    output = data.get("output")
    output = output if isinstance(output, dict) else {}
    about = output.get("response_metadata")
    about = about if isinstance(about, dict) else {}
    finish = about.get("finish_reason") or about.get("stop_reason")
    if isinstance(finish, str) and finish in _TOO_LONG:
        _cut_by_length(step, finish, output, notes)
    if not streams:
        return
    if step.chunks:
        if step.type == "chat_model" and step.provider in _LIKE_OPENAI:
            if finish is None and about.get("status") is None:
                _closed_early(step, notes)
            elif not output.get("usage_metadata"):
                _usage_missing(step, notes)
    elif step.end is not None and step.end - step.start >= SECONDS:
        _not_streaming(step, notes)


def _cut_by_length(step: Step, finish: str, output: dict[str, Any], notes: Notes) -> None:
    params = step.params if isinstance(step.params, dict) else {}
    limit = params.get("max_completion_tokens") or params.get("max_tokens")
    usage = output.get("usage_metadata")
    given = usage.get("output_tokens") if isinstance(usage, dict) else None
    calls = bool(output.get("tool_calls") or output.get("invalid_tool_calls"))
    text = f"{step.name}'s answer was cut off by its length (finish_reason {finish!r})"
    notes.add(
        "cut_by_length",
        step.span,
        text + (", and arguments of a tool call were cut with it." if calls else "."),
        "Raise max_tokens, or ask for less; and look at finish_reason before you trust what was parsed from it.",
        {"finish_reason": finish, "max_tokens": limit, "output_tokens": given, "tool_calls": calls},
    )


def _closed_early(step: Step, notes: Notes) -> None:
    notes.add(
        "closed_early",
        step.span,
        f"{step.name}'s stream was closed without a finish_reason: the answer may be only half of it.",
        "The server, or a proxy before it, hung up; LangChain takes that for a normal end. Look at finish_reason, and "
        "ask again where there is none.",
        {"chunks": step.chunks},
    )


def _usage_missing(step: Step, notes: Notes) -> None:
    notes.add(
        "usage_missing",
        step.span,
        f"{step.name} told no token usage.",
        "Set stream_usage=True (with a base_url of your own ChatOpenAI leaves it off). If it is on, this server does "
        "not count.",
        {"provider": step.provider},
    )


def _not_streaming(step: Step, notes: Notes) -> None:
    seconds = round((step.end or 0.0) - step.start, 3)
    why, advice = _reason(step.model)
    notes.add(
        "model_not_streaming",
        step.span,
        f"{step.name} gave its answer whole, after {seconds:.1f} s, though the run is streamed: {why}.",
        advice,
        {"seconds": seconds, "reason": why},
    )


def _reason(model: Any) -> tuple[str, str]:
    disabled = getattr(model, "disable_streaming", False)
    if disabled:
        return f"disable_streaming={disabled!r} is set", "Leave disable_streaming out, if the endpoint can stream."
    for base in (BaseChatModel, BaseLLM):
        if isinstance(model, base):
            own: type[Any] = type(model)
            if own._stream is base._stream and own._astream is base._astream:
                return "its class has no _stream", f"Give {own.__name__} a _stream or an _astream method."
    return "it sent no pieces", "Is a cache in the way, n above 1, or an endpoint that does not stream?"
