"""Makes the fixtures with compact lines: `python -m tests.log.compact_fixtures`.

Each is a run of whole lines (`compact-….whole.json`), what stands of it in a log (`.jsonl`), and what both folds make
of that (`.fold.json`, `.health.json`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import orjson

from tracer.log.compact import Shortener
from tracer.log.health import health
from tracer.log.spans import Fold

from .streams import Lines, run

FOLDER = Path(__file__).parent.parent / "fixtures"


class _Run:
    """Whole lines of a run, one after the other."""

    def __init__(self, given: Any) -> None:
        header = {"run": "r", "chain": "tests:chain", "mode": "stream", "started_at": "2026-11-20T11:38:00.000000Z"}
        self.lines: Lines = [{"seq": 0, "t_us": 0, "event": "run_start", "format": 1, **header, "input": given}]
        self._spans = 0

    def add(self, event: str, **fields: Any) -> None:
        seq = len(self.lines)
        self.lines.append({"seq": seq, "t_us": 1_000 * seq, "event": event, **fields})

    def start(self, kind: str, name: str, parent: int | None, given: Any, **metadata: Any) -> int:
        self._spans += 1
        about = {"parent": parent, "run_id": f"run-{self._spans}", "name": name, "tags": [], "metadata": metadata}
        self.add(f"on_{kind}_start", span=self._spans, **about, data={"input": given})
        return self._spans

    def end(self) -> Lines:
        self.add("run_end", status="ok", spans=self._spans)
        return self.lines


def graph_state() -> Lines:
    """A state that each node is given again, with one message more."""
    question = {"type": "human", "content": "What is the weather like in Paris, and what in Rome? " * 2, "id": "m0"}
    run, messages = _Run({"messages": [question]}), [question]
    root = run.start("chain", "LangGraph", None, {"messages": [question]})
    for step in range(6):
        state = {"messages": list(messages), "step": step}
        node = run.start("chain", "agent" if step % 2 == 0 else "tools", root, state, langgraph_step=step)
        new = {"type": "ai", "content": f"Step {step}: " + "a long answer, " * 8, "id": f"m{step + 1}"}
        if step % 2 == 0:
            model = run.start("chat_model", "Chat", node, {"messages": [list(messages)]})
            for piece in ("Step ", f"{step}: ", "a long answer"):
                run.add(
                    "on_chat_model_stream", span=model, data={"chunk": {"type": "AIMessageChunk", "content": piece}}
                )
            run.add("on_chat_model_end", span=model, data={"output": new, "input": {"messages": [list(messages)]}})
        run.add("on_chain_stream", span=node, data={"chunk": {"messages": [new]}})
        run.add("on_chain_end", span=node, data={"output": {"messages": [new]}, "input": state})
        run.add("on_chain_stream", span=root, data={"chunk": {"agent": {"messages": [new]}}})
        messages.append(new)
    run.add("on_chain_end", span=root, data={"output": {"messages": list(messages)}})
    return run.end()


def chat_history() -> Lines:
    """Every turn is asked with all that was said; what is older than three turns falls out."""
    run, history = _Run({"turns": 6}), []
    root = run.start("chain", "Chat", None, {"turns": 6})
    for turn in range(6):
        history.append({"type": "human", "content": f"Question {turn}, and why is it asked here? ~/" + "é" * 30})
        asked = {"system": "You answer briefly. " * 8, "history": history[-6:]}
        model = run.start("chat_model", "Chat", root, asked)
        answer = {"type": "ai", "content": f"Answer {turn}. " + "It depends. " * 9}
        usage = {"input_tokens": 10 + turn, "output_tokens": 5, "total_tokens": 15 + turn}
        output = {**answer, "usage_metadata": usage, "response_metadata": {"finish_reason": "stop"}}
        run.add("on_chat_model_end", span=model, data={"output": output, "input": asked})
        history.append(answer)
    run.add("on_chain_end", span=root, data={"output": history[-1]})
    return run.end()


def image() -> Lines:
    """One image in five events, each time in something else."""
    block = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgo" * 90}}
    text = {"type": "text", "text": "What is this?"}
    message = {"type": "human", "content": [text, block]}
    run = _Run({"image": block})
    root = run.start("chain", "Sequence", None, {"image": block})
    prompt = run.start("prompt", "Prompt", root, {"image": block})
    run.add("on_prompt_end", span=prompt, data={"output": {"messages": [message]}, "input": {"image": block}})
    model = run.start("chat_model", "Chat", root, {"messages": [[message]]})
    run.add("on_chat_model_stream", span=model, data={"chunk": {"type": "AIMessageChunk", "content": "A cat."}})
    end = {"output": {"type": "AIMessage", "content": "A cat."}, "input": {"messages": [[message]]}}
    run.add("on_chat_model_end", span=model, data=end)
    run.add("on_chain_end", span=root, data={"output": {"asked": message, "said": "A cat."}})
    return run.end()


def _partial(text: str) -> Iterator[Any]:
    """As LangChain's parser gives it; None where it gives nothing yet."""
    closing = {"{": "}", "[": "]"}
    for end in range(1, len(text) + 1):
        stack, string = [], False
        for char in text[:end]:
            if char == '"':
                string = not string
            elif not string and char in closing:
                stack.append(closing[char])
            elif not string and char in "}]":
                stack.pop()
        try:
            yield json.loads(text[:end].rstrip(", ") + '"' * string + "".join(reversed(stack)))
        except ValueError:
            yield None


def growing_json() -> Lines:
    """Partial JSON, which a parser and the two chains around it say at each token."""
    run = _Run("go")
    outer = run.start("chain", "Outer", None, "go")
    inner = run.start("chain", "Inner", outer, "go")
    model = run.start("chat_model", "Chat", inner, "go")
    parser = run.start("parser", "JsonOutputParser", inner, {})
    records = [{"id": n, "name": f"Person {n}", "tags": ["a/b", "~"], "left": None} for n in range(4)]
    text, before, value = json.dumps({"people": records, "sum": 4.0}), None, None
    for char, value in zip(text, _partial(text), strict=True):
        run.add("on_chat_model_stream", span=model, data={"chunk": {"type": "AIMessageChunk", "content": char}})
        if value is None or value == before:
            continue
        before = value
        for kind, span in (("parser", parser), ("chain", inner), ("chain", outer)):
            run.add(f"on_{kind}_stream", span=span, data={"chunk": value})
    run.add("on_parser_end", span=parser, data={"output": value, "input": {"type": "AIMessageChunk", "content": text}})
    for span in (inner, outer):
        run.add("on_chain_end", span=span, data={"output": value})
    return run.end()


def cumulative_text() -> Lines:
    """All of the text so far, at each token; then it is taken back and begun anew."""
    run = _Run("go")
    root = run.start("chain", "Cumulative", None, "go")
    text = ""
    for n in range(40):
        text = "Once more: " if n == 25 else text + (' "said" he,', " 😀", "\nand", " \\ é ☃ went on")[n % 4]
        run.add("on_chain_stream", span=root, data={"chunk": text})
        run.add("on_custom_event", span=root, name="seen", data=text)
    run.add("on_chain_end", span=root, data={"output": text})
    return run.end()


def parallel_parsers() -> Lines:
    """Two parsers say nearly the same, in turns; what is around them says both."""
    run = _Run("go")
    root = run.start("chain", "Parallel", None, "go")
    parsers = [run.start("parser", f"Parser {side}", root, {}) for side in "ab"]
    texts = [json.dumps({"items": [f"{side} number {n}" for n in range(6)], "side": side}) for side in "ab"]
    last: dict[str, Any] = {}
    for values in zip(*map(_partial, texts), strict=True):
        for side, span, value in zip("ab", parsers, values, strict=True):
            if value is not None and last.get(side) != value:
                last = {**last, side: value}
                run.add("on_parser_stream", span=span, data={"chunk": value})
                run.add("on_chain_stream", span=root, data={"chunk": {side: value}})
    for side, span in zip("ab", parsers, strict=True):
        run.add("on_parser_end", span=span, data={"output": last[side]})
    run.add("on_chain_end", span=root, data={"output": last})
    return run.end()


RUNS = {
    "graph-state": graph_state,
    "chat-history": chat_history,
    "image": image,
    "growing-json": growing_json,
    "cumulative-text": cumulative_text,
    "parallel-parsers": parallel_parsers,
    "by-chance": lambda: [line for line in run(Random(4), 150) if line["event"] != "bad_line"],
}


def main() -> None:
    """Write all of them."""
    for name, make in RUNS.items():
        lines, shortener, path = make(), Shortener(), FOLDER / f"compact-{name}.jsonl"
        path.write_bytes(b"".join(shortener.raw(line) + b"\n" for line in lines))
        path.with_suffix(".whole.json").write_bytes(b"[" + b",\n".join(map(orjson.dumps, lines)) + b"]\n")
        fold = Fold.of(lines)
        fold.lost()
        for suffix, value in ((".fold.json", fold.summary()), (".health.json", health(fold))):
            path.with_suffix(suffix).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
