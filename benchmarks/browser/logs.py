"""Long logs, the same every time: what an agent would write that never stops."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from tracer.log.events import FORMAT

Line = dict[str, Any]
STARTED_AT = "2026-11-20T11:38:00.000000Z"
_WORDS = (
    *("the", "of", "and", "to", "in", "is", "that", "for", "it", "as", "was", "with", "be", "by", "on", "not", "he"),
    *("his", "but", "at", "are", "this", "have", "from", "or", "had", "an", "they", "which", "one", "stream", "record"),
    *("timeline", "viewer", "retrieval", "answer", "question", "document", "evidence", "chapter", "therefore"),
)


class Log:
    """Lines with their `seq` and time, as a writer would number them."""

    def __init__(self, name: str, seed: int = 7, pace_us: int | None = None) -> None:
        """`pace_us`: one line every so often, instead of the times that its maker says."""
        self._pace_us = pace_us
        self.chance = random.Random(seed)
        self.seq = 0
        self.t_us = 0
        self.spans = 0
        self._name = name

    def line(self, event: str, us: int, **fields: Any) -> Line:
        self.t_us = self.seq * self._pace_us if self._pace_us else self.t_us + us
        line = {"seq": self.seq, "t_us": self.t_us, "event": event, **fields}
        self.seq += 1
        return line

    def header(self) -> Line:
        about = {
            "format": FORMAT,
            "run": self._name,
            "chain": "bench:agent",
            "mode": "stream",
            "started_at": STARTED_AT,
        }
        return self.line("run_start", 0, **about, input={"question": "Why?"}, config={}, versions={})

    def start(self, kind: str, name: str, parent: int | None, us: int = 40, **fields: Any) -> tuple[int, Line]:
        self.spans += 1
        run_id = f"{self.chance.getrandbits(32):08x}-0000-7000-8000-{self.spans:012x}"
        about = {"run_id": run_id, "name": name, "tags": [], "metadata": {}, "data": {}, **fields}
        return self.spans, self.line(f"on_{kind}_start", us, span=self.spans, parent=parent, **about)

    def text(self, words: int) -> str:
        return " ".join(self.chance.choices(_WORDS, k=words))


def agent(events: int, tokens: int = 60, pace_us: int | None = None) -> Iterator[Line]:
    """A long run of an agent: prompt, model, tool, over and over; each token also in the chains above."""
    log = Log("bench-agent", pace_us=pace_us)
    yield log.header()
    root, line = log.start("chain", "AgentExecutor", None)
    yield line
    metadata = {"ls_provider": "openai", "ls_model_name": "gpt-bench", "ls_model_type": "chat", "ls_temperature": 0.2}
    while log.seq < events - 2:
        turn, line = log.start("chain", "RunnableSequence", root, 900)
        yield line
        prompt, line = log.start("prompt", "ChatPromptTemplate", turn, data={"input": {"question": log.text(12)}})
        yield line
        messages = [{"type": "system", "content": log.text(60)}, {"type": "human", "content": log.text(90)}]
        yield log.line("on_prompt_end", 60, span=prompt, data={"output": {"messages": messages}})
        given = {"messages": [messages]}
        model, line = log.start("chat_model", "ChatOpenAI", turn, metadata=metadata, data={"input": given})
        yield line
        log.t_us += 180_000
        message = f"chatcmpl-{model:012x}"
        said = ""
        for _ in range(tokens):
            piece = f" {log.chance.choice(_WORDS)}"
            said += piece
            about = {"model_provider": "openai", "system_fingerprint": "fp_44709d6fcb", "service_tier": "default"}
            chunk = {"type": "AIMessageChunk", "content": piece, "id": message, "response_metadata": about}
            data = {"chunk": chunk}
            yield log.line("on_chat_model_stream", log.chance.randrange(500, 9000), span=model, data=data)
            yield log.line("on_chain_stream", 30, span=turn, same={"/chunk": [log.seq - 1, "/chunk"]})
            yield log.line(
                "on_chain_stream", 20, span=root, data={"chunk": {"messages": [chunk], "turn": turn, "of": said[-400:]}}
            )
        usage = {"input_tokens": 190, "output_tokens": tokens, "total_tokens": 190 + tokens}
        output = {"type": "ai", "content": said, "id": message, "usage_metadata": usage}
        output["response_metadata"] = {"model_name": "gpt-bench", "finish_reason": "stop"}
        yield log.line("on_chat_model_end", 40, span=model, data={"output": output, "input": given})
        tool, line = log.start("tool", "search", turn, data={"input": {"query": log.text(6)}})
        yield line
        if log.chance.random() < 0.02:
            error = {"type": "TimeoutError", "message": "the search took too long", "traceback": "Traceback …\n"}
            yield log.line("on_tool_error", 30_000, span=tool, data={"error": error})
        else:
            yield log.line("on_tool_end", 30_000, span=tool, data={"output": log.text(200)})
        yield log.line("on_chain_end", 50, span=turn, data={"output": output})
    yield log.line("on_chain_end", 50, span=root, data={"output": "done"})
    yield log.line("run_end", 10, status="ok", spans=log.spans)


def many_spans(spans: int) -> Iterator[Line]:
    """A million steps in branches of branches, two lines each."""
    log = Log("bench-spans")
    yield log.header()
    root, line = log.start("chain", "RunnableSequence", None)
    yield line
    kinds = [
        ("tool", "search"),
        ("parser", "JsonOutputParser"),
        ("prompt", "ChatPromptTemplate"),
        ("retriever", "Store"),
    ]
    while log.spans < spans:
        branch, line = log.start("chain", "RunnableParallel", root, 300)
        yield line
        ends = [(branch, "chain")]
        for _ in range(min(40, spans - log.spans)):
            above = log.chance.choice(ends)[0]
            kind, name = ("chain", "RunnableLambda") if log.chance.random() < 0.5 else log.chance.choice(kinds)
            span, line = log.start(kind, name, above, log.chance.randrange(1, 80))
            yield line
            if kind == "chain":
                ends.append((span, kind))
            else:
                yield log.line(f"on_{kind}_end", log.chance.randrange(10, 900), span=span, data={"output": "x"})
        for span, kind in reversed(ends):
            yield log.line(f"on_{kind}_end", 20, span=span, data={"output": "x"})
    yield log.line("on_chain_end", 20, span=root, data={"output": "x"})
    yield log.line("run_end", 10, status="ok", spans=log.spans)


def growing(nodes: int, updates: int, rate: int) -> Iterator[Line]:
    """An object of so many nodes, and then so many changes of it, `rate` a second."""
    log = Log("bench-json", pace_us=1_000_000 // rate)
    yield log.header()
    root, line = log.start("chain", "RunnableSequence", None)
    yield line
    parser, line = log.start("parser", "JsonOutputParser", root)
    yield line
    fields = 9
    records = [
        {f"field_{at}": f"value {number} {at}" for at in range(fields)} for number in range(nodes // (fields + 1))
    ]
    yield log.line("on_parser_stream", 0, span=parser, data={"chunk": {"records": records}})
    for step in range(updates):
        number, at = step % len(records), step % fields
        op = {"op": "append", "path": f"/records/{number}/field_{at}", "value": f" {step}"}
        delta = {"/chunk": {"base": log.seq - 1, "ops": [op]}}
        yield log.line("on_parser_stream", 0, span=parser, delta=delta)
    yield log.line("on_parser_end", 0, span=parser, data={"output": {"records": []}})
    yield log.line("on_chain_end", 0, span=root, data={"output": None})
    yield log.line("run_end", 0, status="ok", spans=log.spans)


def write(path: Path, lines: Callable[[], Iterator[Line]]) -> Path:
    """The file, made anew only where it is not there."""
    if not path.exists():
        part = path.with_suffix(".part")
        with part.open("wb", buffering=1 << 20) as file:
            for line in lines():
                file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        part.rename(path)
    return path
