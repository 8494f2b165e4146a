"""A run as a tree in the terminal. Everything a log says is cleaned first: it may hold escape sequences."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Set
from typing import Any

from rich.text import Text
from rich.tree import Tree

from tracer.log.spans import Fold, Span

GLYPHS = {
    "chain": "⛓",
    "prompt": "¶",
    "chat_model": "◆",
    "llm": "◆",
    "parser": "⟨⟩",
    "tool": "⚒",
    "retriever": "⌕",
}
# Names from the terminal's own palette: they stay readable on light and on dark grounds.
COLOURS = {
    "chain": "bright_black",
    "prompt": "bright_black",
    "chat_model": "blue",
    "llm": "blue",
    "parser": "magenta",
    "tool": "yellow",
    "retriever": "green",
}
STATES = {
    "running": "… running",
    "ok": "✓ ok",
    "error": "✗ error",
    "propagated": "⊗ propagated",
    "cancelled": "⊘ cancelled",
    "interrupted": "‖ interrupted",
    "abandoned": "⇥ abandoned",
    "unfinished": "◌ unfinished",
    "lost": "? lost",
}
STATE_COLOURS = {
    "ok": "green",
    "running": "cyan",
    "error": "bold red",
    "propagated": "red",
    "interrupted": "bold cyan",
    "abandoned": "bold yellow",
    "unfinished": "yellow",
    "lost": "yellow",
}
RECOVERED = "↻ recovered"
FINDING = "⚑"
USAGE_FROM = {"chunks": "summed from chunks", "cumulative": "from cumulative chunks"}
"""Where token counts come from; from a model's end goes without saying."""
_CUT_OFF = frozenset({"length", "max_tokens", "MAX_TOKENS", "model_length"})
MODELS = ("chat_model", "llm")
LONGEST = 500
_LIBRARIES = ("/site-packages/", "/dist-packages/", "/lib/python")


def clean(text: str, longest: int = LONGEST) -> str:
    """`text` safe to print, without control, format or surrogate characters but newline and tab.

    What is longer than `longest` is cut, and its size named.
    """
    cut = f" … ({len(text):,} characters)" if len(text) > longest else ""
    kept = (c if c in "\n\t" or unicodedata.category(c)[0] != "C" else "�" for c in text[:longest])
    return "".join(kept) + cut


def line_of(text: str, longest: int = LONGEST) -> str:
    """`clean`, on one line."""
    return " ".join(clean(text, longest).split())


def duration(us: int) -> str:
    """Microseconds as a person reads them: `0.8 ms`, `123 ms`, `1.23 s`, `2 min 03 s`."""
    if us < 10_000:
        return f"{us / 1_000:.1f} ms"
    if us < 1_000_000:
        return f"{us / 1_000:.0f} ms"
    if us < 60_000_000:
        return f"{us / 1_000_000:.2f} s"
    minutes, seconds = divmod(round(us / 1_000_000), 60)
    return f"{minutes} min {seconds:02} s"


def facts(span: Span, now_us: int, timed: bool = True) -> str:
    """What is known of a span: state, duration, time to first token (both where `timed`), tokens, model, …"""
    said = [STATES.get(span.state, line_of(span.state))]
    end_us = now_us if span.end_us is None else span.end_us
    if timed:
        said.append(duration(max(0, end_us - span.start_us)))
    if span.type in MODELS:
        if timed and span.first_us is not None:
            said.append(f"first token {duration(max(0, span.first_us - span.start_us))}")
        if span.usage:
            tokens = f"{span.usage['input_tokens']:,} + {span.usage['output_tokens']:,} tokens"
            how = USAGE_FROM.get(span.usage_from or "")
            said.append(f"{tokens} ({how})" if how else tokens)
        elif span.state == "ok":
            said.append("tokens unknown")
        if span.model:
            said.append(line_of(span.model, 60))
        if span.finish_reason and span.finish_reason != "stop":
            cut = "⚠ " if span.finish_reason in _CUT_OFF else ""
            said.append(f"{cut}finish {line_of(span.finish_reason, 40)}")
        elif span.state == "ok" and span.chunks and not span.finish_reason:
            said.append("no finish reason")
    node = span.metadata.get("langgraph_node")
    if isinstance(node, str) and node == span.name:
        said.append(f"step {line_of(str(span.metadata.get('langgraph_step', '?')), 20)}")
    if span.recovered:
        said.append(RECOVERED)
    return " · ".join(said)


def errors(span: Span, fold: Fold) -> Iterator[str]:
    """Why a span failed: the error itself where it happened, where it failed first where it only passed through.

    Of an abandoned one, the place in which its code hung.
    """
    if span.stack:
        yield from (f"hangs in {line_of(place)}" for place in _innermost(span.stack))
        return
    if span.error is None or span.state == "ok":
        return
    origin = failed_first(span, fold)
    if origin is not None:
        yield f"caused by #{origin.span} {line_of(origin.name, 80)}"
    else:
        yield f"{line_of(span.error['type'], 120)}: {line_of(span.error['message'])}"


def failed_first(span: Span, fold: Fold) -> Span | None:
    """The end of a span's causes; None where that is the span itself."""
    at, seen = span, {span.span}
    while (cause := fold.span(at.cause)) is not None and cause.span not in seen:
        at = cause
        seen.add(at.span)
    return None if at is span else at


def _innermost(stack: str) -> list[str]:
    """The place in the stack nearest to the user's own code: the last frame outside of libraries, else the last."""
    frames = [part.strip() for part in stack.split("\n  File ")]
    own = [frame for frame in frames if not any(place in frame.partition("\n")[0] for place in _LIBRARIES)]
    found = (own or frames)[-1] if frames else ""
    return [" ".join(found.removeprefix("File ").split())] if found else []


def label(span: Span, fold: Fold, now_us: int, tail: str = "") -> Text:
    """One span: its line, and beneath it its error or the end of the text it is writing."""
    colour = COLOURS.get(span.type, "bright_black")
    text = Text(no_wrap=False, overflow="fold")
    text.append(f"{GLYPHS.get(span.type, '·')} {line_of(span.type, 40)} ", style=colour)
    text.append(f"{line_of(span.name, 80)} ", style="bold")
    text.append(f"#{span.span}  ", style="dim")
    text.append(facts(span, now_us, fold.timed), style=STATE_COLOURS.get(span.state, "default"))
    found = sum(one["span"] == span.span for one in fold.findings)
    if found:
        text.append(f" · {FINDING} {found} finding{'' if found == 1 else 's'}", style="yellow")
    for said in errors(span, fold):
        text.append(f"\n{said}", style="red")
    if tail and span.state == "running":
        text.append(f"\n{tail}", style="italic")
    return text


def summary(fold: Fold, now_us: int, where: str = "") -> Text:
    """The run in one line, its error in another."""
    text = Text(overflow="fold")
    text.append(f"{line_of(fold.chain, 120) or 'run'}  ", style="bold")
    text.append(STATES.get(fold.status, line_of(fold.status)), style=STATE_COLOURS.get(fold.status, "default"))
    said = [
        duration(now_us) if fold.timed else "times unknown",
        f"{len(fold.spans)} span{'' if len(fold.spans) == 1 else 's'}",
    ]
    used = fold.tokens()
    if used["total_tokens"]:
        more = f" and {used['unknown']} unknown" if used["unknown"] else ""
        said.append(f"{used['input_tokens']:,} + {used['output_tokens']:,} tokens{more}")
    elif used["unknown"]:
        said.append("tokens unknown")
    if fold.findings:
        said.append(f"{len(fold.findings)} finding{'' if len(fold.findings) == 1 else 's'}")
    if fold.bad_lines:
        said.append(f"{fold.bad_lines} of {fold.lines} lines unreadable")
    if where:
        said.append(where)
    text.append(" · " + " · ".join(said), style="dim")
    if fold.error is not None:
        text.append(f"\n{line_of(fold.error['type'], 120)}: {line_of(fold.error['message'])}", style="red")
    return text


def tree(
    fold: Fold,
    width: int,
    now_us: int | None = None,
    tails: Mapping[int, str] | None = None,
    where: str = "",
    only: Set[int] | None = None,
) -> Tree:
    """The whole run: a line for it, a branch for each span (of `only`), for a terminal of `width` columns.

    `tails` is the newest text of running spans by number, `where` what to say of the file.
    """
    now_us = fold.t_us if now_us is None else now_us
    root = Tree(summary(fold, now_us if fold.status == "running" else fold.t_us, where), guide_style="dim")
    # Each level takes four columns: below the deepest that leaves room for words, spans stand side by side.
    deepest = max(2, min(100, (width - 40) // 4))
    branches: dict[int, tuple[Tree, int]] = {}
    for span in fold.spans:
        if only is not None and span.span not in only:
            continue
        above, level = branches.get(span.parent, (root, 0)) if span.parent is not None else (root, 0)
        branch = above.add(label(span, fold, now_us, (tails or {}).get(span.span, "")))
        branches[span.span] = (branch, level + 1) if level < deepest else (above, level)
    return root


def depth(span: Span, fold: Fold) -> int:
    """How many spans stand above this one; a log may name itself as its parent, so it is bounded."""
    level, above = 0, fold.span(span.parent)
    while above is not None and above.span < span.span and level < 100:
        span, level = above, level + 1
        above = fold.span(span.parent)
    return level


def piece(line: Mapping[str, Any]) -> str:
    """The text that a stream line adds to its span: content, tool arguments or plain text, else ""."""
    data = line.get("data")
    chunk = data.get("chunk") if isinstance(data, Mapping) else None
    if isinstance(chunk, str):
        return chunk
    if not isinstance(chunk, Mapping):
        return ""
    content = chunk.get("content") or chunk.get("text")
    if isinstance(content, str) and content:
        return content
    parts = chunk.get("tool_call_chunks") or content
    if not isinstance(parts, list):
        return ""
    found = [part.get("args") or part.get("text") for part in parts if isinstance(part, Mapping)]
    return "".join(text for text in found if isinstance(text, str))
