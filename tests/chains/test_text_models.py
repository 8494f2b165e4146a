"""LangChain calls either the inline handlers or the others when a text model starts: nobody goes unheard for ours."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.language_models import FakeListLLM

import tracer
from tracer.capture.handler import handler


class Beside(AsyncCallbackHandler):
    """A user's handler."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def on_llm_start(self, *args: Any, **kwargs: Any) -> None:
        self.heard.append("start")

    async def on_llm_end(self, *args: Any, **kwargs: Any) -> None:
        self.heard.append("end")


class Inline(BaseCallbackHandler):
    """Like LangSmith's tracer."""

    run_inline = True


@pytest.mark.parametrize("mode", ["streamed", "called"])
def test_a_handler_beside_ours_hears_all(mode: str, tmp_path: Path) -> None:
    beside = Beside()
    chain = FakeListLLM(responses=["hello"])

    async def main() -> None:
        if mode == "streamed":
            async for _ in tracer.astream_events(chain, "why?", {"callbacks": [beside]}, path=tmp_path / "run.jsonl"):
                pass
        else:
            await chain.ainvoke("why?", {"callbacks": [handler(tmp_path / "run.jsonl"), beside]})

    asyncio.run(main())
    assert beside.heard == ["start", "end"]
    assert [span.state for span in tracer.load(tmp_path / "run.jsonl").spans] == ["ok"]


def test_ours_hears_all_beside_another_inline_one(tmp_path: Path) -> None:
    chain = FakeListLLM(responses=["hello"])
    asyncio.run(chain.ainvoke("why?", {"callbacks": [Inline(), handler(tmp_path / "run.jsonl")]}))
    assert [span.state for span in tracer.load(tmp_path / "run.jsonl").spans] == ["ok"]
