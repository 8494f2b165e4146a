"""A log that says every payload in every field there is, as a file of somebody else may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.browser.payloads import PAYLOADS, packed, together
from tests.log.mutants import Object, end, joined, span, start

KINDS = ("chat_model", "retriever", "chain")
"""Of each group of texts one span of each kind holds all in each of its fields; they come after the first span, in
which all others are."""


def groups_of(texts: Sequence[str]) -> list[list[str]]:
    return packed(60, texts)


class _Log:
    def __init__(self) -> None:
        self.lines: list[Object] = []

    def add(self, line: Object) -> None:
        self.lines.append({**line, "seq": len(self.lines), "t_us": len(self.lines) * 100})

    def event(self, event: str, number: int | None, **more: Any) -> None:
        self.add({"event": event, "span": number, **more})

    def begin(self, kind: str, number: int, group: list[str], **more: Any) -> None:
        metadata = {one: one for one in group} | {"ls_model_name": together(group), "langgraph_node": together(group)}
        about = {"name": together(group), "tags": group, "metadata": metadata, "run_id": together(group)}
        self.add(span(0, number, 1 if number > 1 else None, kind, **about, **more))


def _message(group: list[str]) -> Object:
    content: list[Object] = [
        {"type": "text", "text": together(group)},
        {"type": "reasoning", "reasoning": together(group)},
    ]
    content += [{"type": "image_url", "image_url": {"url": one}} for one in group]
    content += [{"type": "image", "mime_type": one, "base64": one} for one in group]
    content += [{"type": one, one: one} for one in group]
    calls = [{"name": one, "args": {one: one}, "id": one, "type": "tool_call"} for one in group]
    about = {"model_name": together(group), "finish_reason": together(group)}
    more = {"refusal": together(group), **{one: one for one in group}}
    return {
        "type": "ai",
        "content": content,
        "tool_calls": calls,
        "id": together(group),
        "name": together(group),
        "response_metadata": about,
        "additional_kwargs": more,
    }


def _said(log: _Log, number: int, group: list[str]) -> None:
    """A model's stream: text, then calls."""
    for at, one in enumerate(group):
        call = {"name": one, "args": one, "id": one, "index": at}
        log.event("on_chat_model_stream", number, data={"chunk": {"type": "AIMessageChunk", "content": one}})
        chunk = {"type": "AIMessageChunk", "content": "", "tool_call_chunks": [call]}
        log.event("on_chat_model_stream", number, data={"chunk": chunk})
    log.event("on_chat_model_end", number, data={"output": _message(group)})


def _documents(group: list[str]) -> list[Object]:
    return [
        {"type": "Document", "page_content": one, "id": one, "metadata": {one: one, "source": one}} for one in group
    ]


def _markers(group: list[str]) -> list[Object]:
    kinds = ("repr", "object", "cut", "secret", "bytes", "enum", "exception", "datetime", "array")
    return [
        {
            "$tracer": kinds[at % len(kinds)],
            "type": one,
            "repr": one,
            "kind": one,
            "size": one,
            "head": one,
            "value": one,
        }
        for at, one in enumerate(group)
    ]


def hostile_log(texts: Sequence[str] = PAYLOADS, run: str = "markup", **ended: Any) -> bytes:
    """The lines of it. `ended` goes onto its last line."""
    log = _Log()
    whole, groups = list(texts), groups_of(texts)
    versions = {one: one for one in whole}
    config = {"tags": whole, "metadata": {one: one for one in whole}, "run_name": together(whole)}
    imported = {"run": together(whole), "file": together(whole), "at": together(whole)}
    about = {"versions": versions, "config": config, "imported": imported, "continues": together(groups[0])}
    log.add(start(run=run, chain=together(whole), input={one: one for one in whole}, mode=together(whole), **about))
    log.begin("chain", 1, whole, data={"input": {one: [one] for one in whole}})
    number = 1
    for group in groups:
        for kind in KINDS:
            number += 1
            given: Any = [[_message(group), *({"type": "human", "content": one} for one in group)]]
            more = {"invocation_params": {one: one for one in group}} if kind == "chat_model" else {}
            given = given if kind == "chat_model" else {one: one for one in group} | {"all": _markers(group)}
            log.begin(kind, number, group, data={"input": given}, **more)
            for one in group[:3]:
                log.event("on_custom_event", number, name=one, data={one: one}, tags=[one], metadata={one: one})
            if kind == "chat_model":
                _said(log, number, group)
            elif kind == "retriever":
                log.event("on_retriever_end", number, data={"output": _documents(group)})
            else:
                log.event("on_chain_stream", number, data={"chunk": {one: one for one in group}})
                log.event("on_chain_stream", number, data={"chunk": {one: [one, _markers([one])] for one in group}})
                failed = {"type": together(group), "message": together(group), "traceback": _traceback(group)}
                log.event("on_chain_error", number, data={"error": failed})
            # Findings stand above an output: only where they do not stand for it.
            for one in group if kind == "chain" else []:
                found = {"kind": one, "text": one, "advice": one, "evidence": {one: one}}
                log.event("finding", number, **found)
    for at, one in enumerate(whole):
        number += 1
        kind = ("tool", "llm", "parser", "prompt", one)[at % 5]
        log.begin(kind, number, [one], data={"input": one})
        if at % 3:
            log.event(f"on_{kind}_end", number, data={"output": one})
        else:
            failed = {"type": one, "message": one, "traceback": one}
            log.event(f"on_{kind}_error", number, data={"error": failed, "tool_call_id": one})
        if at % 50 == 0:
            log.event("abandoned", number, stack=one)
    failed = {"type": together(whole), "message": together(whole)}
    log.add(end(0, **{"status": "error", "error": failed, "reason": together(whole), "spans": number, **ended}))
    return joined(log.lines)


def _traceback(group: list[str]) -> str:
    frames = [f'  File "{one}", line 1, in {one}\n    {one}\n' for one in group]
    return "Traceback (most recent call last):\n" + "".join(frames) + f"{group[0]}: {together(group)}\n"


def asking_log(texts: Sequence[str] = PAYLOADS) -> bytes:
    """A run that waits for answers. It says only so much on each line: a line over 256 kB is not sent of itself."""
    asked = [
        {"value": {"question": together(group), "options": group[:12], "more": group}, "id": group[0]}
        for group in packed(12, [one for one in texts if len(one) < 2_000])
    ]
    lines = hostile_log(texts, "asks").splitlines(keepends=True)
    footer = end(len(lines) - 1, t_us=len(lines) * 100, status="interrupted", interrupts=asked)
    return b"".join(lines[:-1]) + joined([footer])


def short_log(one: str) -> bytes:
    """For the list of runs: what a summary is made of."""
    failed = {"type": one[:2_000], "message": one[:2_000]}
    return joined([start(run="x", chain=one[:2_000], input=one), end(1, t_us=1, status="error", error=failed)])
