"""A folder of runs as months of work leave it: sizes from 5 to 500 kB, most of them well, some failed, stopped, lost.

`python benchmarks/list.py --folder FOLDER` makes one and keeps it, to look at with `tracer demo --dir FOLDER`.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

CHAINS = (
    "shop.support:agent",
    "shop.support:triage",
    "docs.search:rag",
    "docs.search:rerank",
    "news:digest",
    "cv:extract",
)
_TEXT = """
    the tide rises twice a day because the moon pulls water toward it and turns beneath both bulges while harbours
    answer late so tables are made for each port where ships wait order refund parcel invoice customer delivery model
    answer question source page chapter light wave signal network memory engine station river mountain country capital
"""
_WORDS = _TEXT.split()
_SECOND = 1_000_000


def fill(folder: Path, runs: int, *, newest_ms: int, days: float = 90, seed: int = 7, most: int = 500_000) -> list[str]:
    """Write runs, the newest begun at `newest_ms`; their ids, oldest first. The same seed gives the same runs."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    dice = random.Random(seed)
    made = []
    for n in range(runs):
        began = newest_ms - int((runs - 1 - n) / max(1, runs) * days * 86_400_000)
        run = _uuid7(began, dice)
        state = dice.choices(("ok", "error", "cancelled", "lost"), (88, 6, 3, 3))[0]
        size = int(5_000 * (most / 5_000) ** dice.random())
        with (folder / f"{run}.jsonl").open("wb", buffering=1 << 16) as file:
            for line in _lines(dice, run, began, n, state, size):
                file.write(orjson.dumps(line) + b"\n")
        made.append(run)
    return made


def _uuid7(ms: int, dice: random.Random) -> str:
    return str(uuid.UUID(int=ms << 80 | 0x7 << 76 | dice.getrandbits(12) << 64 | 0b10 << 62 | dice.getrandbits(62)))


def _text(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(_WORDS, k=words))


def _lines(dice: random.Random, run: str, began: int, n: int, state: str, size: int) -> Iterator[dict[str, Any]]:
    chain = dice.choice(CHAINS)
    asked = f"Question {n}: {_text(dice, 9)}?"
    at = datetime.fromtimestamp(began / 1000, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    seq = t_us = 0

    def line(event: str, **fields: Any) -> dict[str, Any]:
        nonlocal seq, t_us
        made = {"seq": seq, "t_us": t_us, "event": event, **fields}
        seq, t_us = seq + 1, t_us + dice.randrange(800, 20_000)
        return made

    start = {"run": run, "chain": chain, "mode": "stream", "started_at": at, "input": {"question": asked}}
    yield line("run_start", format=1, pid=1, config={"tags": [], "metadata": {}}, versions={}, **start)
    names = {"parent": None, "tags": [], "metadata": {}, "run_id": run}
    yield line("on_chain_start", span=1, name="RunnableSequence", **names, data={"input": {"question": asked}})
    yield line("on_chat_model_start", span=2, name="ChatOpenAI", **{**names, "parent": 1}, data={})
    words: list[str] = []
    # A token stands in a model's line and in the chain's, about 200 bytes together; the texts at the end three times.
    for _ in range(max(3, size // 240)):
        word = f"{dice.choice(_WORDS)} "
        words.append(word)
        yield line("on_chat_model_stream", span=2, data={"chunk": {"type": "AIMessageChunk", "content": word}})
        yield line("on_chain_stream", span=1, data={"chunk": word})
    text = "".join(words)
    if state == "lost":
        return
    if state == "ok":
        # One in a thousand says what nobody else does.
        text += f"landmark-{n}" if n % 1000 == 500 else ""
        yield line("on_chat_model_end", span=2, data={"output": {"type": "AIMessage", "content": text}})
        yield line("on_chain_end", span=1, data={"output": text})
        yield line("run_end", status="ok", spans=2)
        return
    kind = "openai.RateLimitError" if state == "error" else "asyncio.CancelledError"
    error = {"type": kind, "message": "429: slow down" if state == "error" else ""}
    yield line("on_chat_model_error", span=2, data={"error": error})
    yield line("on_chain_error", span=1, cause=2, data={"error": error})
    yield line("run_end", status=state, spans=2, **({"error": error} if state == "error" else {"reason": "stopped"}))
