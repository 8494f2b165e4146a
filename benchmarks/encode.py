"""What encoding costs, and that it is total: a text chunk, a big dict, and 100,000 values of every kind.

    python benchmarks/encode.py [--values 100000] [--seed 0]

Every value is encoded, written by orjson, and read back by a parser of strict JSON; failures are printed. Times are
those of `encode` alone, with the same trees through json.dumps and orjson.dumps beside them; then those of whole
events, from LangChain's hands to a line that waits to be written. Exits with 1 on a failure.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import tempfile
import time
import timeit
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import orjson
from langchain_core.messages import AIMessageChunk

from tests.capture import values
from tests.capture.strict import strict
from tracer.capture.encode import encode
from tracer.capture.record import header
from tracer.capture.tap import Tap
from tracer.log.writer import Writer

RECORD = {"email": "someone@example.com", "active": True, "tags": ["alpha", "beta"], "note": "a few words on this one"}


def main() -> int:
    """Both parts, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--values", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    costs()
    events()
    return 1 if totality(given.values, given.seed) else 0


def costs() -> None:
    """µs a call of `encode`, and of the two writers with the same tree."""
    piece = {"name": None, "args": '{"city": "Pa', "id": None, "index": 0, "type": "tool_call_chunk"}
    records = {"records": [{"id": n, "name": f"Person {n}", "score": n * 1.5, **RECORD} for n in range(166)]}
    cases: list[tuple[str, Any, int]] = [
        ("text chunk", {"chunk": AIMessageChunk(content="Hel", id="run-1")}, 400),
        (
            "text chunk of OpenAI's",
            {"chunk": AIMessageChunk("Hel", id="run-1", response_metadata={"model_provider": "openai"})},
            400,
        ),
        ("tool call chunk", {"chunk": AIMessageChunk("", id="run-1", tool_call_chunks=[piece])}, 200),
        (f"partial JSON, {len(orjson.dumps(records)):,} bytes", {"chunk": records}, 5),
    ]
    print(f"{'µs a call (best of 300)':34}{'encode':>10}{'json.dumps':>14}{'orjson.dumps':>14}")
    for name, value, calls in cases:
        tree = encode(value)
        writers = (partial(encode, value), partial(json.dumps, tree), partial(orjson.dumps, tree))
        times = [best(writer, calls) for writer in writers]
        print(f"{name:34}{times[0]:10.2f}{times[1]:14.2f}{times[2]:14.2f}")


def events() -> None:
    """µs an event, median: encoded, redacted, made a line, all that the chain waits for."""
    people = [{"id": n, "name": f"Person {n}", "score": n * 1.5, **RECORD} for n in range(166)]
    meta = {"model_provider": "openai"}
    taken: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        fields = header("run", "chain", "x", None)
        tap = Tap(Writer(Path(folder) / "run.jsonl", fields), "x", header=fields)

        def send(event: str, run_id: str, data: Any, name: str) -> None:
            above = [] if run_id == "chain" else ["chain"]
            about = {"run_id": run_id, "name": run_id, "tags": [], "metadata": {}, "parent_ids": above}
            began = time.perf_counter_ns()
            tap.sent({"event": event, **about, "data": data})
            taken.setdefault(name, []).append(time.perf_counter_ns() - began)

        for run_id, kind in (("chain", "chain"), ("chat", "chat_model"), ("parser", "parser"), ("text", "parser")):
            send(f"on_{kind}_start", run_id, {}, "start")
        for n in range(1_000):
            send(
                "on_chat_model_stream",
                "chat",
                {"chunk": AIMessageChunk(f"{n}", id="run-1", response_metadata=meta)},
                "chat",
            )
            send("on_parser_stream", "text", {"chunk": f"{n}"}, "text")
            value = {"records": [*people[:-1], {**people[-1], "note": RECORD["note"] + "." * n}]}
            size = len(orjson.dumps(value))
            send("on_parser_stream", "parser", {"chunk": value}, "grown")
            send("on_chain_stream", "chain", {"chunk": value}, "again")
        tap.end({"status": "ok"})
    names = {
        "chat": "chunk of a chat model",
        "text": "chunk of a text parser",
        "grown": f"partial JSON, {size:,} bytes, one token more",
        "again": "the same, of the chain around it",
    }
    print(f"{'µs an event, recorded (median of 1,000)':54}")
    for key, name in names.items():
        print(f"{name:44}{statistics.median(taken[key]) / 1000:10.1f}")


def best(call: Callable[[], Any], calls: int) -> float:
    return min(timeit.repeat(call, number=calls, repeat=300)) / calls * 1e6


def totality(count: int, seed: int) -> int:
    """How many of `count` values failed; the first few are printed."""
    taken: list[int] = []
    cpu: list[int] = []
    failed = 0
    gc.collect()
    gc.freeze()
    for number in range(count):
        value = values.value(Random(f"{seed} {number}"))
        began, began_cpu = time.perf_counter_ns(), time.thread_time_ns()
        try:
            encoded = encode(value)
            taken.append(time.perf_counter_ns() - began)
            cpu.append(time.thread_time_ns() - began_cpu)
            strict(encoded)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            failed += 1
            if failed <= 5:
                print(f"value {number}: {''.join(traceback.format_exception(error, limit=-3))}")
    print(f"{count:,} values: {failed} failed")
    for name, times in (("elapsed", taken), ("of this thread's CPU", cpu)):
        times.sort()
        p50, p99, most = (times[min(int(len(times) * share), len(times) - 1)] / 1000 for share in (0.5, 0.99, 1.0))
        print(f"  {name:22} p50 {p50:8,.0f} µs   p99 {p99:8,.0f} µs   longest {most / 1000:8,.1f} ms")
    return failed


if __name__ == "__main__":
    sys.exit(main())
