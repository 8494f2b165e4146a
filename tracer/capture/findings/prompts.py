"""`same_prompt_twice`: paid for twice."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from .notes import Notes
from .step import Step

_NOT_SAID = frozenset({"id", "response_metadata", "usage_metadata"})
"""Fields of a message that are not sent."""


class Prompts:
    """What models were asked in one run."""

    def __init__(self) -> None:
        self._asked: dict[bytes, Step] = {}

    def started(self, step: Step, data: dict[str, Any], notes: Notes) -> None:
        given = data.get("input")
        if not isinstance(given, dict):
            return
        said = _said(given.get("messages") or given.get("prompts"))
        if not said:
            return
        question = orjson.dumps([step.name, step.params, said], option=orjson.OPT_SORT_KEYS)
        key = hashlib.blake2b(question, digest_size=16).digest()
        before = self._asked.get(key)
        self._asked[key] = step
        if before is None or _came_to_nothing(before):
            return
        notes.add(
            "same_prompt_twice",
            step.span,
            f"{step.name} is asked the very same again as in span {before.span}.",
            "Keep the first answer, give the model a cache, or, where you want several answers, ask for n at once.",
            {"first": before.span},
        )


def _said(messages: Any) -> Any:
    if isinstance(messages, list):
        return [_said(message) for message in messages]
    if isinstance(messages, dict):
        return {key: value for key, value in messages.items() if key not in _NOT_SAID}
    return messages


def _came_to_nothing(step: Step) -> bool:
    """Whether it, or what it was part of, failed: asking again is then the right thing to do."""
    return step.failed or any(above.failed for above in step.above())
