"""Tokens of a model call, and where the count comes from. Twin of static/js/tokens.js."""

from __future__ import annotations

from typing import Literal

from .events import Usage, whole

UsageFrom = Literal["end", "chunks", "cumulative"]

_KEYS = ("input_tokens", "output_tokens", "total_tokens")
_LLM_KEYS = ("prompt_tokens", "completion_tokens", "total_tokens")
_MOST = 2**40
"""Above this it is no count; sums of them stay exact in both readers."""


def usage(value: object, keys: tuple[str, str, str] = _KEYS) -> Usage | None:
    """The counts that a message's `usage_metadata` holds; None unless all three are there."""
    if not isinstance(value, dict):
        return None
    taken, given, total = (_count(value.get(key)) for key in keys)
    if taken is None or given is None or total is None:
        return None
    return {"input_tokens": taken, "output_tokens": given, "total_tokens": total}


def _count(value: object) -> int | None:
    count = whole(value)
    return count if count is not None and -_MOST <= count <= _MOST else None


def llm_usage(value: object) -> Usage | None:
    """The same from an llm's `token_usage`."""
    return usage(value, _LLM_KEYS)


class Meter:
    """The counts that one model's chunks brought.

    LangChain adds them up. That is right where each chunk counts its own tokens, and wrong where a server (vLLM with
    continuous usage) counts the whole answer so far in every chunk: then the last one is the truth.
    """

    __slots__ = ("_cumulative", "_last", "_pieces")

    def __init__(self) -> None:
        self._pieces = 0
        self._cumulative = True
        self._last: Usage | None = None

    def see(self, chunk: Usage) -> None:
        if chunk["total_tokens"] == 0:
            return
        before = self._last
        if before is not None:
            # Who counts only what is new does not count the prompt twice.
            grows = before["input_tokens"] > 0 and all(chunk[key] >= before[key] for key in _KEYS)  # type: ignore[literal-required]
            self._cumulative = self._cumulative and grows
        self._pieces += 1
        self._last = chunk

    def total(self, end: Usage) -> tuple[Usage, UsageFrom]:
        """What to believe, given the count of the model's end."""
        if self._last is None or self._pieces < 2:
            return end, "end"
        return (self._last, "cumulative") if self._cumulative else (end, "chunks")
