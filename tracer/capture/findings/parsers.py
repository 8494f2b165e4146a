"""`parser_none`: streamed, a parser that understands nothing says so by None, and raises nothing."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.utils.json import parse_json_markdown

from .notes import Notes
from .step import Step, cut

_SHOWN = 500
_MOST_PARSED = 2_000
"""Characters. LangChain's parser of unfinished JSON takes time that grows with their square."""


def ended(step: Step, data: dict[str, Any], notes: Notes) -> None:
    if data.get("output") is not None or step.chunks:
        return
    given = data.get("input")
    text = _text(given)
    if text is None:
        return
    called = bool(given.get("tool_calls")) if isinstance(given, dict) else False
    if "Tool" in step.name:
        if called:
            return
        why = "the model answered in words and called no tool"
        advice = "Bind the tools with tool_choice, or take an answer without a call into account."
    elif not _is_json(text):
        why = "what it was given is not JSON"
        advice = "Streamed, this parser raises nothing where `invoke` would: ask for JSON alone, or check for None."
    elif text.strip() == "null":
        return
    else:
        why = "what it was given is JSON, but not of the shape that it wants"
        advice = "Streamed, this parser raises nothing where `invoke` would: compare the text with its schema."
    notes.add(
        "parser_none",
        step.span,
        f"{step.name} ended with None: {why}: {cut(' '.join(text.split()), 120)!r}",
        advice,
        {"text": cut(text, _SHOWN), "length": len(text)},
    )


def _text(given: Any) -> str | None:
    """The text of a string, a message or its blocks; None where there is none."""
    content = given.get("content") if isinstance(given, dict) else given
    if isinstance(content, list):
        parts = (part.get("text") if isinstance(part, dict) else part for part in content)
        content = "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) and content.strip() else None


def _is_json(text: str) -> bool:
    text = text.strip()
    if len(text) > _MOST_PARSED:
        return text[0] in "{["
    try:
        parse_json_markdown(text)
    except (json.JSONDecodeError, ValueError, RecursionError):
        return False
    return True
