"""What a chain's own objects do while they are recorded stops nobody."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableLambda, RunnableParallel

import tracer


def test_a_repr_may_wait_for_another_branch(tmp_path: Path) -> None:
    """As with objects whose `__repr__` takes a lock: an ORM's, a connection pool's."""
    lock, held, asked = threading.Lock(), threading.Event(), threading.Event()

    class Shared:
        def __repr__(self) -> str:
            asked.set()
            with lock:
                return "<Shared>"

    def holds(value: Any) -> Any:
        with lock:
            held.set()
            asked.wait(5)
            return RunnableLambda(lambda x: x, name="inside").invoke(value)

    def gives(value: Any) -> Any:
        held.wait(5)
        return Shared()

    chain = RunnableParallel(a=RunnableLambda(holds), b=RunnableLambda(gives))

    async def main() -> None:
        async with asyncio.timeout(10):
            async for _ in tracer.astream_events(chain, 1, path=tmp_path / "run.jsonl"):
                pass

    asyncio.run(main())
    got = tracer.load(tmp_path / "run.jsonl")
    assert got.status == "ok"
    assert {span.state for span in got.spans} == {"ok"}


def test_a_repr_may_run_a_chain_with_the_same_handler(tmp_path: Path) -> None:
    handler = tracer.handler(tmp_path)

    class Lively:
        def __repr__(self) -> str:
            RunnableLambda(lambda x: x, name="from repr").invoke(1, {"callbacks": [handler]})
            return "<Lively>"

    done = threading.Event()

    def call() -> None:
        RunnableLambda(lambda _: Lively(), name="outer").invoke(1, {"callbacks": [handler]})
        done.set()

    threading.Thread(target=call, daemon=True).start()
    assert done.wait(10)
