"""Logs of runs as large as one likes, to look at and to measure: `python tests/browser/big_logs.py FILE --spans 50000`.

A run is one chain whose steps are those of an agent: a prompt, a model that streams, a parser, then tools and
retrievers side by side, some of which ask a model themselves; now and then one fails, or nothing happens for a while.
The same size and seed give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

WORDS = ("the", "run", "of", "a", "chain", "is", "what", "it", "wrote", "down", "and", "nothing", "else")
TOOLS = ("search", "get_weather", "read_page", "calculator")


class _Log:
    """Lines in order, with their numbers and times."""

    def __init__(self) -> None:
        self.seq = 0
        self.t_us = 0
        self.spans = 0

    def line(self, event: str, t_us: int, **more: Any) -> str:
        self.t_us = max(self.t_us, t_us)
        line = {"seq": self.seq, "t_us": self.t_us, "event": event, **more}
        self.seq += 1
        return json.dumps(line, separators=(",", ":")) + "\n"

    def start(self, kind: str, t_us: int, parent: int | None, name: str, given: Any, **about: Any) -> tuple[int, str]:
        self.spans += 1
        number = self.spans
        run_id = str(UUID(int=number))
        more = {"run_id": run_id, "name": name, "tags": [], "metadata": about, "data": {"input": given}}
        return number, self.line(f"on_{kind}_start", t_us, span=number, parent=parent, **more)


def run_id(spans: int) -> str:
    """What a run of this size is called; its file has the same name."""
    return f"0199d000-0000-7000-8000-{spans:012d}"


def lines(spans: int, *, seed: int = 1, chunks: int = 12) -> Iterator[str]:
    """The lines of a run of so many spans (a few more), each model with about so many chunks."""
    rng = random.Random(seed)
    log = _Log()
    head = {"format": 1, "run": run_id(spans), "chain": "big:agent", "mode": "stream"}
    head["started_at"] = "2026-11-20T11:38:00.000000Z"
    yield log.line("run_start", 0, **head, input={"question": "How large?"}, config={}, versions={})
    root, line = log.start("chain", 400, None, "RunnableSequence", {"question": "How large?"})
    yield line
    while log.spans < spans:
        yield from _step(log, rng, root, chunks, spans)
        if rng.random() < 0.02:
            log.t_us += rng.randrange(2_000_000, 9_000_000)
    yield log.line("on_chain_end", log.t_us + 500, span=root, data={"output": "done"})
    yield log.line("run_end", log.t_us + 90, status="ok", error=None, spans=log.spans)


def _step(log: _Log, rng: random.Random, root: int, chunks: int, spans: int) -> Iterator[str]:
    step, line = log.start("chain", log.t_us + rng.randrange(200, 4000), root, "agent", {"messages": []})
    yield line
    yield from _short(log, rng, "prompt", step, "ChatPromptTemplate")
    yield from _model(log, rng, step, "ChatOpenAI", chunks)
    yield from _short(log, rng, "parser", step, "ToolsAgentOutputParser")
    if log.spans < spans:
        yield from _side_by_side(log, rng, step, chunks)
    yield log.line("on_chain_end", log.t_us + 300, span=step, data={"output": {"messages": 2}})


def _short(log: _Log, rng: random.Random, kind: str, parent: int, name: str) -> Iterator[str]:
    span, line = log.start(kind, log.t_us + rng.randrange(50, 400), parent, name, {"question": "?"})
    yield line
    yield log.line(f"on_{kind}_end", log.t_us + rng.randrange(100, 900), span=span, data={"output": "…"})


def _model(log: _Log, rng: random.Random, parent: int, name: str, chunks: int) -> Iterator[str]:
    model = rng.choice(("gpt-4o-mini", "gpt-4o"))
    span, line = log.start("chat_model", log.t_us + 300, parent, name, {"messages": [[]]}, ls_model_name=model)
    yield line
    if rng.random() < 0.01:
        error = {"type": "openai.RateLimitError", "message": "Too many requests: try again in 2 s."}
        end = log.t_us + rng.randrange(40_000, 900_000)
        yield log.line("on_chat_model_error", end, span=span, data={"error": error})
        return
    at = log.t_us + rng.randrange(150_000, 700_000)
    many = rng.randrange(max(1, chunks // 2), chunks * 2)
    pace = rng.randrange(6_000, 40_000)
    for _ in range(many):
        chunk = {"type": "AIMessageChunk", "content": f" {rng.choice(WORDS)}"}
        yield log.line("on_chat_model_stream", at, span=span, data={"chunk": chunk})
        at += int(pace * rng.uniform(0.4, 2.2))
    usage = {"input_tokens": 210, "output_tokens": many, "total_tokens": 210 + many}
    output = {"type": "AIMessage", "content": "…", "usage_metadata": usage}
    yield log.line("on_chat_model_end", at, span=span, data={"output": output})


def _side_by_side(log: _Log, rng: random.Random, parent: int, chunks: int) -> Iterator[str]:
    """Tools that all begin at once and end when they are done."""
    begun = []
    for _ in range(rng.randrange(1, 5)):
        is_retriever = rng.random() < 0.3
        kind, name = ("retriever", "VectorStoreRetriever") if is_retriever else ("tool", rng.choice(TOOLS))
        span, line = log.start(kind, log.t_us + rng.randrange(20, 900), parent, name, {"query": rng.choice(WORDS)})
        yield line
        begun.append((log.t_us + rng.randrange(20_000, 1_500_000), span, kind))
    if rng.random() < 0.25:
        yield from _model(log, rng, begun[-1][1], "Summarizer", chunks)
    for end, span, kind in sorted(begun):
        if kind == "tool" and rng.random() < 0.004:
            error = {"type": "requests.exceptions.Timeout", "message": "The page did not answer."}
            yield log.line("on_tool_error", end, span=span, data={"error": error})
            continue
        output = [{"page_content": "…"}] * 4 if kind == "retriever" else "22 °C"
        yield log.line(f"on_{kind}_end", end, span=span, data={"output": output})


def write(path: Path, spans: int, *, seed: int = 1, chunks: int = 12) -> Path:
    """The log as a file; gives its path."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines(spans, seed=seed, chunks=chunks))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--spans", type=int, default=50_000)
    parser.add_argument("--chunks", type=int, default=12, help="of each model, about")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"{write(asked.file, asked.spans, seed=asked.seed, chunks=asked.chunks).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
