"""OpenAI's chat-completions wire format: chunks, whole answers, errors, and the places where deltas are cut."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator
from typing import Any

from tracer.demo.reply import Reply

Json = dict[str, Any]

DONE = b"data: [DONE]\n\n"

_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}")

# status: (type, code, message), as api.openai.com words them
_ERRORS: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "Invalid value for 'messages': the request was refused."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided: scripted."),
    404: ("invalid_request_error", "model_not_found", "The model does not exist or you do not have access."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests per min (RPM): Limit 3, Used 3."),
    500: ("server_error", None, "The server had an error while processing your request. Sorry about that!"),
}


def cut(text: str, seed: str) -> list[str]:
    """`text` in the pieces a model would send it in: 1 to 9 characters, in mid-word, the same for the same seed.

    Every second `\\uXXXX` escape of ASCII JSON is cut in its middle, every surrogate pair between its halves.
    """
    dice = random.Random(seed)
    cuts: set[int] = set()
    for n, match in enumerate(_ESCAPE.finditer(text)):
        if n % 2 == 0:
            cuts.add(match.start() + 4)
        if "dc00" <= match[0][2:].lower() <= "dfff":
            cuts.add(match.start())
    at = 0
    while at < len(text):
        at += dice.randint(1, 9)
        cuts.add(at)
    places = [0, *sorted(place for place in cuts if place < len(text)), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(places) if end > start]


def frame(value: Json) -> bytes:
    """One SSE message."""
    return b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def error(status: int, message: str = "", param: str | None = None) -> Json:
    """The body of an error answer; `message` "" gives OpenAI's own words for that status."""
    kind, code, said = _ERRORS.get(status, ("server_error", None, "The request failed."))
    return {"error": {"message": message or said, "type": kind, "param": param, "code": code}}


class Answer:
    """A Reply put into the wire format for one request. `identity` names the answer and seeds its cuts."""

    def __init__(self, reply: Reply, body: Json, identity: str, created: int) -> None:
        self.reply = reply
        self._head = {
            "id": f"chatcmpl-{identity}",
            "created": created,
            "model": str(body.get("model")),
            "service_tier": "default",
            "system_fingerprint": "fp_scripted",
        }
        deltas = list(self._deltas(identity))
        limits = (reply.limit, body.get("max_completion_tokens"), body.get("max_tokens"))
        most = min((limit for limit in limits if isinstance(limit, int)), default=len(deltas))
        self.finish = "length" if most < len(deltas) else "tool_calls" if reply.calls else "stop"
        self.deltas = deltas[:most]
        self.usage = _usage(body, len(self.deltas))
        options = body.get("stream_options") or {}
        self._with_usage = bool(options.get("include_usage"))

    def _deltas(self, identity: str) -> Iterator[Json]:
        for piece in cut(self.reply.text, identity):
            yield {"content": piece}
        for index, call in enumerate(self.reply.calls):
            function = {"name": call.name, "arguments": ""}
            opening = {"index": index, "id": f"call_{identity[:20]}{index}", "type": "function"}
            yield {"tool_calls": [{**opening, "function": function}]}
            for piece in cut(json.dumps(call.arguments), f"{identity}{index}"):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}

    def opening(self) -> Json:
        """The first chunk: the role and no text."""
        content = None if self.reply.calls and not self.reply.text else ""
        return self._chunk({"role": "assistant", "content": content, "refusal": None})

    def middle(self) -> Iterator[Json]:
        """The chunks that hold the answer, with an empty one after the first third."""
        for n, delta in enumerate(self.deltas):
            if n == len(self.deltas) // 3:
                yield self._chunk({"content": ""} if "content" in delta else {})
            yield self._chunk(delta)

    def closing(self) -> Iterator[Json]:
        """The finish_reason, then, where asked for, the usage in a chunk without choices."""
        yield self._chunk({}, self.finish)
        if self._with_usage:
            yield {**self._head, "object": "chat.completion.chunk", "choices": [], "usage": self.usage}

    def whole(self) -> Json:
        """The answer to a request that does not stream."""
        message: Json = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
        text = "".join(delta.get("content", "") for delta in self.deltas)
        if text or not self.reply.calls:
            message["content"] = text
        calls: list[Json] = []
        for delta in self.deltas:
            for piece in delta.get("tool_calls", []):
                if "id" in piece:
                    calls.append({key: piece[key] for key in ("id", "type")} | {"function": dict(piece["function"])})
                else:
                    calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish}
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": self.usage}

    def _chunk(self, delta: Json, finish: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        chunk: Json = {**self._head, "object": "chat.completion.chunk", "choices": [choice]}
        if self._with_usage:
            chunk["usage"] = None
        return chunk


def _usage(body: Json, answered: int) -> Json:
    asked = len(json.dumps([body.get("messages"), body.get("tools")], ensure_ascii=False)) // 4
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
