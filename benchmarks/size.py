"""What a log weighs: bytes an event and in all, how it grows with what is streamed, and where the bytes go.

    python -m benchmarks.size [--records 20,100,200,400,800] [--tokens 2000] [--parts]

JSON of so many records through `prompt | model | JsonOutputParser`, text of so many tokens through `prompt | ChatOpenAI
| StrOutputParser` with the demo's endpoint, and an agent of LangGraph's. `whole` is what the same lines take with every
value written out, as LangChain sends them. Exits with 1 where a log is bigger than it may be.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

import tracer
from benchmarks.loads import LOADS, json_of
from tracer.demo.endpoint import Endpoint
from tracer.demo.reply import Reply
from tracer.log.expand import Whole
from tracer.log.file import read

MOST_JSON = 3_000_000
"""Bytes for 400 records."""
MOST_GROWTH = 2.2
"""How much bigger twice the JSON makes the log."""
MOST_TEXT = 140
"""Bytes an event."""


@dataclass(slots=True)
class Weight:
    """What one log weighs, in bytes."""

    lines: int = 0
    log: int = 0
    whole: int = 0
    parts: Counter[str] = field(default_factory=Counter)

    @property
    def each(self) -> float:
        return self.log / self.lines


def weigh(path: Path) -> Weight:
    """Read a log, as it stands and put back."""
    weight, whole = Weight(log=path.stat().st_size), Whole()
    for line in read(path):
        weight.lines += 1
        raw = len(orjson.dumps(line)) + 1
        form = "delta" if "delta" in line else "same" if "same" in line else "itself"
        weight.parts[f"{line['event']}, {form}"] += raw
        weight.whole += len(orjson.dumps(whole.line(line, raw))) + 1
    return weight


async def recorded(chain: Runnable[Any, Any], given: Any, path: Path) -> Weight:
    """What the log of one run of this chain weighs."""
    async for _ in tracer.astream_events(chain, given, path=path):
        pass
    return weigh(path)


def openai_text(endpoint: Endpoint) -> Runnable[Any, Any]:
    model = ChatOpenAI(
        model="scripted", base_url=endpoint.base_url, api_key=SecretStr("scripted"), use_responses_api=False
    )
    return ChatPromptTemplate.from_messages([("human", "{question}")]) | model | StrOutputParser()


def said(name: str, weight: Weight, parts: bool) -> None:
    share = weight.whole / weight.log
    print(
        f"{name:30}{weight.lines:>9,} lines{weight.log:>13,} bytes{weight.each:>8.0f} each"
        f"{weight.whole:>15,} whole ({share:,.1f} ×)"
    )
    if parts:
        for part, size in weight.parts.most_common(8):
            print(f"    {part:46}{size:>12,} bytes{size / weight.log:>7.0%}")


def judged(logs: Mapping[int, Weight], text: Weight) -> list[str]:
    """What is not as it must be."""
    wrong = [
        f"JSON of {count} records takes {logs[count].log:,} bytes, more than {MOST_JSON:,}"
        for count in logs
        if count == 400 and logs[count].log > MOST_JSON
    ]
    for count in logs:
        if 2 * count in logs and (growth := logs[2 * count].log / logs[count].log) > MOST_GROWTH:
            wrong.append(f"from {count} to {2 * count} records the log grows {growth:.2f} ×, more than {MOST_GROWTH}")
    if text.each > MOST_TEXT:
        wrong.append(f"text takes {text.each:.0f} bytes an event, more than {MOST_TEXT}")
    return wrong


def main() -> int:
    """Weigh and print all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", default="20,100,200,400,800")
    parser.add_argument("--tokens", type=int, default=2_000)
    parser.add_argument("--parts", action="store_true", help="show what takes the bytes")
    given = parser.parse_args()
    counts = [int(count) for count in given.records.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        logs: dict[int, Weight] = {}
        for count in counts:
            question = {"question": "Who lives there?"}
            logs[count] = asyncio.run(recorded(json_of(count), question, Path(folder) / f"{count}.jsonl"))
            said(f"JSON of {count} records", logs[count], given.parts)
        for small, big in pairwise(counts):
            growth = logs[big].log / logs[small].log
            print(f"{f'  from {small} to {big} records':30}{growth:.2f} × the log")
        answer = Reply(text=" ".join(f"word{n % 10}" for n in range(given.tokens)))
        with Endpoint(pace=0.0, script=[answer]) as endpoint:
            text = asyncio.run(recorded(openai_text(endpoint), {"question": "Say it."}, Path(folder) / "text.jsonl"))
        said(f"text of {given.tokens:,} tokens", text, given.parts)
        load = LOADS["agent"]
        agent = asyncio.run(recorded(load.chain, load.input, Path(folder) / "agent.jsonl"))
        said(load.title, agent, given.parts)
    wrong = judged(logs, text)
    for sentence in wrong:
        print(f"! {sentence}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
