"""A log in other forms: LangChain's events, one JSON object a line, or the text that the models said."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from tracer import terminal
from tracer.log.compact import expand
from tracer.log.events import Line, span_event
from tracer.log.expand import Whole
from tracer.log.file import LogError, read

FORMATS = ("events", "text")

_AT_ONCE = 4_096
_TOO_DEEP = {"$tracer": "cut", "kind": "depth"}
_THOUGHT = ("reasoning", "thinking")


def export(path: Path, form: str, output: Path | None = None) -> None:
    """Write the run in this file to `output`, or to stdout. Raises LogError, for `output` too."""
    try:
        lines = _lines(path)
        first = next(lines, None)
        if first is None:
            raise LogError(path, None, "no line of it is one of a run's log")
        with contextlib.ExitStack() as stack:
            if output is None:
                target: BinaryIO = sys.stdout.buffer
            elif output.exists() and path.samefile(output):
                raise LogError(output, None, "it is the log itself")
            else:
                target = stack.enter_context(output.open("wb"))
            for piece in (events if form == "events" else text)(chain([first], lines)):
                piece = shown(piece) if output is None and sys.stdout.isatty() else piece
                # Of more than its buffer a file object may write a part and not say that the reader has left.
                for at in range(0, len(piece), _AT_ONCE):
                    target.write(piece[at : at + _AT_ONCE])
            target.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LogError(Path(error.filename or output or path), None, error.strerror or str(error)) from None


def events(lines: Iterator[Line]) -> Iterator[bytes]:
    """LangChain's events with encoded data, each as a line of JSON; errors that v2 does not send are among them."""
    for event in expand(lines):
        try:
            yield orjson.dumps(event) + b"\n"
        except TypeError:
            # More levels can be read than written.
            kept = {key: value for key, value in event.items() if _can_be_written(value)}
            yield orjson.dumps({**dict.fromkeys(event, _TOO_DEEP), **kept}) + b"\n"


def text(lines: Iterator[Line]) -> Iterator[bytes]:
    """What each model span said, in the order in which they started; of several, each below a line with its name.

    What it streamed; where it streamed nothing, what it ended with. Thoughts and tool calls are no text.
    """
    names: dict[int, str] = {}
    said: dict[int, list[str]] = {}
    for line in lines:
        kind, span = span_event(line["event"]), line.get("span")
        if kind is None or kind[0] not in terminal.MODELS or type(span) is not int:
            continue
        data = line.get("data")
        data = data if isinstance(data, Mapping) else {}
        if kind[1] == "start" and span not in names:
            names[span] = terminal.line_of(line["name"], 200) if isinstance(line.get("name"), str) else ""
        elif kind[1] == "stream" and (piece := text_of(data.get("chunk"))):
            said.setdefault(span, []).append(piece)
        elif kind[1] == "end" and span not in said and (whole := text_of(data.get("output"))):
            said[span] = [whole]
    order = [*(span for span in names if span in said), *(span for span in said if span not in names)]
    for number, span in enumerate(order):
        if len(order) > 1:
            yield f"{chr(10) if number else ''}--- #{span} {names.get(span, '')}".rstrip(" ").encode() + b"\n"
        whole = _joined(said[span])
        yield whole.encode() + (b"" if whole.endswith("\n") else b"\n")


def text_of(value: Any) -> str:
    """The text of a message, a generation, a piece of one, or of what a text model ends with; "" for none."""
    if not isinstance(value, Mapping) or "$tracer" in value:
        return _string(value)
    generations = value.get("generations")
    if isinstance(generations, list):
        first = generations[0] if generations else None
        first = first[0] if isinstance(first, list) and first else first
        return _string(first.get("text")) if isinstance(first, Mapping) else ""
    content = value.get("content")
    if not isinstance(content, list):
        return _string(content) or _string(value.get("text"))
    texts = (part.get("text") if isinstance(part, Mapping) and "$tracer" not in part else part for part in content)
    return "".join(_string(one) for one, part in zip(texts, content, strict=True) if not _is_thought(part))


def _string(value: Any) -> str:
    """A string, also one that is cut or has half a surrogate pair."""
    if isinstance(value, str):
        return value
    marker = value.get("$tracer") if isinstance(value, Mapping) else None
    if marker == "cut":
        return _string(value.get("head")) if isinstance(value.get("head"), str) else ""
    if marker == "surrogate" and isinstance(value.get("json"), str):
        with contextlib.suppress(ValueError):
            return str(json.loads(f'"{value["json"]}"'))
    return ""


def shown(raw: bytes) -> bytes:
    """The same for a terminal, which would obey what a log may hold."""
    return terminal.clean(raw.decode("utf-8", "replace"), len(raw)).encode()


def _joined(pieces: list[str]) -> str:
    """Halves of surrogate pairs are put together; a half that stays alone becomes U+FFFD."""
    return "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_thought(part: Any) -> bool:
    return isinstance(part, Mapping) and any(word in str(part.get("type")) for word in _THOUGHT)


def _lines(path: Path) -> Iterator[Line]:
    """Whole lines, from the first that is one of a log's on."""
    whole = Whole()
    found = False
    # A link may be followed here: a person named it.
    for line in read(path.resolve()):
        found = found or line["event"] != "bad_line"
        if found:
            yield whole.line(line)


def _can_be_written(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True
