"""`same_prompt_twice`: paid for twice."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from tracer.capture.known import by_tree

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
        asked = given.get("messages") or given.get("prompts")
        if not asked:
            return
        question = [_json([step.name, step.params]), *_said(asked)]
        key = hashlib.blake2b(b"\n".join(question), digest_size=16).digest()
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


def _said(asked: Any) -> list[bytes]:
    if type(asked) is list:
        said = [b"["]
        for one in asked:
            known = by_tree.get(id(one))
            # A history is asked again at every step.
            if known is not None and known.asked is not None and known.tree is one:
                said.append(known.asked)
            else:
                said += _said(one)
        said.append(b"]")
        return said
    if type(asked) is not dict:
        return [_json(asked)]
    digest = _digest(asked)
    known = by_tree.get(id(asked))
    if known is not None and known.tree is asked:
        known.asked = digest
    return [digest]


def _digest(message: dict[str, Any]) -> bytes:
    said = _json({key: value for key, value in message.items() if key not in _NOT_SAID})
    return hashlib.blake2b(said, digest_size=16).digest()


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _came_to_nothing(step: Step) -> bool:
    """Whether it, or what it was part of, failed: asking again is then the right thing to do."""
    return step.failed or any(above.failed for above in step.above())
