"""The short way of what most events are: one more piece of plain text, said by a span that said one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel

from tracer.log.compact import Compactor
from tracer.log.events import span_event
from tracer.log.once import SHORT, Value
from tracer.log.writer import Writer

from .encode import LIMITS
from .findings.step import MODELS, Step
from .markers import Json
from .redact import Redactor, unredacted
from .rules import Redact

_LONGEST = min(200, LIMITS.max_string)
"""Characters. What is longer may stand in the log already, and is then said by reference."""
_TRIES = 3
"""Pieces from which it is learnt how a span says them; one that says each in another way is left to the long way."""
_OPTIONS = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME

_fields_of, _extra_of = BaseModel.__dict__["__dict__"].__get__, BaseModel.__dict__["__pydantic_extra__"].__get__


@dataclass(slots=True)
class _Said:
    """How a span says pieces of text. Only the text differs from one to the next."""

    event: str
    step: Step | None
    kind: type
    """Of text, or of its messages."""
    is_text: bool
    before: bytes
    """Of the message's fields, as JSON, what stands before and after the text: what must be as it was."""
    after: bytes
    head: bytes
    """Of the line, what stands between `t_us` and the text, and after the text."""
    tail: bytes
    begins: int
    """Where in the head the chunk begins."""
    is_model: bool


class Tokens:
    """Writes pieces of text into one run's log: the very lines that encoding and redacting them would give."""

    def __init__(self, writer: Writer, redact: Redact, compactor: Compactor, clock: Callable[[], float]) -> None:
        self._writer = writer
        self._compactor = compactor
        self._are_repeated = False
        """Whether a chain says the pieces of a model again."""
        self._redact = redact
        self._clock = clock
        # Somebody's own function wants to see every text.
        self._shortest = redact.shortest if isinstance(redact, Redactor) else 0
        self._able = redact is unredacted or (isinstance(redact, Redactor) and not redact.asks)
        self._said: dict[str, _Said] = {}
        self._tries: dict[str, int] = {}

    def write(self, event: Mapping[str, Any]) -> bool:
        """Record an event of v2's if it is such a piece; False leaves it to be recorded in the long way."""
        said = self._said.get(event["run_id"])
        if said is None or event["event"] != said.event:
            return False
        at = self._writer.now()
        try:
            data = event["data"]
            chunk = data["chunk"]
            if type(chunk) is not said.kind or len(data) != 1:
                return False
            if said.is_text:
                # Parsers send LangChain's own kind of str.
                text = chunk if said.kind is str else str.__str__(chunk)
            else:
                fields = _fields_of(chunk)
                text = fields["content"]
            if type(text) is not str or not 0 < len(text) <= _LONGEST:
                return False
            json = orjson.dumps(text)
            # Compared as JSON: what is equal in Python (1 and True) may not be in the log, and runs code of its own.
            if not said.is_text and (
                orjson.dumps(fields, None, _OPTIONS) != said.before + json + said.after or _extra_of(chunk)
            ):
                return False
            if len(text) >= self._shortest and self._redact(text, "content") is not text:
                return False
        except Exception:  # half a surrogate pair, say, or what orjson does not know
            return False
        line = b"".join((said.head, json, said.tail))
        size = len(line) - said.begins - 2
        if size <= SHORT or (said.is_model and not self._are_repeated):
            self._writer.append_json(line, at)
        else:
            self._say(event["run_id"], said.event, Value(line[said.begins : -2]), at)
        if said.step is not None:
            said.step.piece(self._clock())
        return True

    def _say(self, run_id: str, event: str, value: Value, at: int) -> None:
        """Record a piece that is said once: by itself, or by a reference to where it was."""
        writer = self._writer
        writer.append(lambda: self._compactor.chunk(writer.lines, writer.offset, event, run_id, value), at)

    def learn(self, event: Mapping[str, Any], data: Json, span: int, step: Step | None) -> None:
        """An event of a span was recorded with this encoded data: the next one may be written like it."""
        name, run_id = event["event"], event["run_id"]
        kind = span_event(name)
        if not self._able or kind is None or kind[1] != "stream":
            return
        chunk = event["data"].get("chunk")
        if type(data) is not dict or len(data) != 1 or not chunk:
            return
        head = b',"event":%b,"span":%d,"data":{"chunk":' % (orjson.dumps(name), span)
        is_model = kind[0] in MODELS
        if issubclass(type(chunk), str):
            # Not one whose secrets were removed.
            if data.get("chunk") == str.__str__(chunk):
                self._said[run_id] = _Said(name, step, type(chunk), True, b"", b"", head, b"}}", len(head), is_model)
            return
        plain = data.get("chunk")
        if not isinstance(chunk, BaseModel) or type(plain) is not dict or self._tries.get(run_id, 0) >= _TRIES:
            return
        self._tries[run_id] = self._tries.get(run_id, 0) + 1
        fields = _fields_of(chunk)
        text = plain.get("content")
        if list(plain)[:2] != ["type", "content"] or not _is_plain(fields) or fields["content"] != text:
            return
        if getattr(chunk, "__pydantic_extra__", None):
            return
        before = b'{"content":' + orjson.dumps(text)
        stored = orjson.dumps(fields, None, _OPTIONS)
        if not stored.startswith(before):
            return
        rest = {key: value for key, value in plain.items() if key not in ("type", "content")}
        self._said[run_id] = _Said(
            name,
            step,
            type(chunk),
            False,
            b'{"content":',
            stored[len(before) :],
            b'%b{"type":%b,"content":' % (head, orjson.dumps(plain["type"])),
            b",%b}}" % orjson.dumps(rest)[1:] if rest else b"}}}",
            len(head),
            is_model,
        )
        self._are_repeated = self._are_repeated or not is_model

    def forget(self, run_id: str) -> None:
        """A span with this run id began or ended."""
        self._said.pop(run_id, None)
        self._tries.pop(run_id, None)


def _is_plain(fields: Any) -> bool:
    """Whether orjson gives the fields of a message as they are: no floats, of which it makes null where they are none,
    and nothing in them that could be something else with the same JSON."""
    if type(fields) is not dict or type(fields.get("content")) is not str:
        return False
    for value in fields.values():
        if type(value) is dict:
            if not all(type(key) is str and type(item) in (str, bool) for key, item in value.items()):
                return False
        elif not (value is None or type(value) in (str, bool) or (type(value) in (list, tuple) and not value)):
            return False
    return True
