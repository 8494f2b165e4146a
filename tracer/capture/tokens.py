"""The short way of what most events are: one more piece of plain text, said by a span that said one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from langchain_core.messages.base import TextAccessor
from langchain_core.runnables.utils import AddableDict
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
_LONGEST_KEY = 64
_TEXTS = frozenset({str, TextAccessor})
"""What parsers send: their own kind of text stands as text in the log."""
_ALIKE = _TEXTS | {AddableDict}
"""Of these, pieces are said alike by all spans."""
_OPTIONS = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME

_fields_of, _extra_of = BaseModel.__dict__["__dict__"].__get__, BaseModel.__dict__["__pydantic_extra__"].__get__


@dataclass(slots=True)
class _Said:
    """How a span says pieces of text. Only the text differs from one to the next."""

    event: str
    step: Step | None
    kind: type
    """Of text, of its messages, or of the dict with one entry that a branch's text comes in."""
    before: bytes
    """Of the message's fields, as JSON, what stands before and after the text: what must be as it was."""
    after: bytes
    head: bytes
    """Of the line, what stands between `t_us` and the text, and after the text."""
    tail: bytes
    begins: int
    """Where in the head the chunk begins."""
    is_model: bool


@dataclass(slots=True)
class _Form:
    """How messages of one type say pieces, whichever span streams them: all but their id is alike."""

    said: _Said
    id: bytes
    """As JSON, as it stands in `after` and `tail`."""


class Tokens:
    """Writes pieces of text into one run's log: the very lines that encoding and redacting them would give."""

    def __init__(
        self,
        writer: Writer,
        redact: Redact,
        compactor: Compactor,
        clock: Callable[[], float],
        step_at: Callable[[int], Step | None],
    ) -> None:
        self._writer = writer
        self._step_at = step_at
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
        self._forms: dict[type, _Form] = {}

    def write(self, event: Mapping[str, Any]) -> bool:
        """Record an event of v2's if it is such a piece; False leaves it to be recorded in the long way."""
        said = self._said.get(event["run_id"])
        at = self._writer.now()
        try:
            if said is None or event["event"] != said.event:
                said = self._first(event)
                if said is None:
                    return False
            data = event["data"]
            chunk = data["chunk"]
            kind: Any = said.kind
            if type(chunk) is not kind or len(data) != 1:
                return False
            if kind is AddableDict:
                ((key, text),) = dict.items(chunk)
                if type(key) is not str or len(key) > _LONGEST_KEY or "$" in key or type(text) not in _TEXTS:
                    return False
                text = str.__str__(text)
                entry = {key: text}
                json = orjson.dumps(entry)
                if self._redact(entry) is not entry:
                    return False
            else:
                if kind is str or kind is TextAccessor:
                    text = str.__str__(chunk)
                    json = orjson.dumps(text)
                else:
                    fields = _fields_of(chunk)
                    text = fields["content"]
                    json = orjson.dumps(text)
                    # Compared as JSON: what is equal in Python (1 and True) may not be in the log, and runs own code.
                    if orjson.dumps(fields, None, _OPTIONS) != said.before + json + said.after or _extra_of(chunk):
                        return False
                if type(text) is not str or (len(text) >= self._shortest and self._redact(text, "content") is not text):
                    return False
            if not 0 < len(text) <= _LONGEST:
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

    def _first(self, event: Mapping[str, Any]) -> _Said | None:
        """How a span is going to say pieces that has said none yet, where that is known."""
        name, run_id, data = event["event"], event["run_id"], event["data"]
        kind = span_event(name)
        if not self._able or kind is None or kind[1] != "stream" or len(data) != 1:
            return None
        chunk = data["chunk"]
        of = type(chunk)
        form = self._forms.get(of)
        if form is None and of not in _ALIKE:
            return None
        span = self._compactor.number(run_id)
        if span is None:
            return None
        head, step, is_model = _head(name, span), self._step_at(span), kind[0] in MODELS
        if form is None:
            said = _Said(name, step, of, b"", b"", head, b"}}", len(head), is_model)
        else:
            own = _fields_of(chunk).get("id")
            if type(own) is not str or not 0 < len(own) <= _LONGEST or self._redact(own, "id") is not own:
                return None
            given = orjson.dumps(own)
            known = form.said
            said = replace(
                known,
                event=name,
                step=step,
                after=known.after.replace(form.id, given),
                head=head + known.head[known.begins :],
                tail=known.tail.replace(form.id, given),
                begins=len(head),
                is_model=is_model,
            )
            self._are_repeated = self._are_repeated or not is_model
        self._said[run_id] = said
        return said

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
        head = _head(name, span)
        is_model = kind[0] in MODELS
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
        said = self._said[run_id] = _Said(
            name,
            step,
            type(chunk),
            b'{"content":',
            stored[len(before) :],
            b'%b{"type":%b,"content":' % (head, orjson.dumps(plain["type"])),
            b",%b}}" % orjson.dumps(rest)[1:] if rest else b"}}}",
            len(head),
            is_model,
        )
        self._are_repeated = self._are_repeated or not is_model
        own = fields.get("id")
        if type(own) is str and plain.get("id") == own:
            given = orjson.dumps(own)
            if said.after.count(given) == said.tail.count(given) == 1:
                self._forms[type(chunk)] = _Form(said, given)

    def forget(self, run_id: str) -> None:
        """A span with this run id began or ended."""
        self._said.pop(run_id, None)
        self._tries.pop(run_id, None)


def _head(event: str, span: int) -> bytes:
    return b',"event":%b,"span":%d,"data":{"chunk":' % (orjson.dumps(event), span)


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
