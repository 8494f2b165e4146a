"""v2's own event handler, taken over: what it sends from code of every kind, and that the loop still gets its turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import tool

import tracer


@tool
def weather(city: str) -> str:
    """What the weather is like."""
    return f"It rains in {city}."


def _in_a_thread(city: str) -> str:
    return str(weather.invoke({"city": city}))


async def _in_the_loop(city: str) -> str:
    return str(weather.invoke({"city": city}))


async def _waiting(city: str) -> str:
    return str(await weather.ainvoke({"city": city}))


def _told(event: Any) -> tuple[str, str, int, Any]:
    return event["event"], event["name"], len(event["parent_ids"]), event["data"]


@pytest.mark.parametrize("code", [_in_a_thread, _in_the_loop, _waiting])
async def test_no_loop_is_made_and_no_thread_asked_for_a_callback(
    code: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain: Runnable[str, str] = RunnableLambda(code)
    bare = [event async for event in chain.astream_events("Paris", version="v2")]
    made: list[str] = []
    new = asyncio.new_event_loop

    def loop() -> asyncio.AbstractEventLoop:
        made.append("loop")
        return new()

    def asked() -> Any:
        raise AssertionError("a thread was asked")

    monkeypatch.setattr("asyncio.runners.events.new_event_loop", loop)
    monkeypatch.setattr("langchain_core.callbacks.manager._executor", asked)
    recorded = [event async for event in tracer.astream_events(chain, "Paris", path=tmp_path)]
    assert not made
    assert [_told(event) for event in recorded] == [_told(event) for event in bare]
    assert "on_tool_end" in {event["event"] for event in recorded}


class Hurries(BaseChatModel):
    """Streams many pieces without ever waiting."""

    @property
    def _llm_type(self) -> str:
        return "hurries"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError("it is only streamed")

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        for number in range(3_000):
            yield ChatGenerationChunk(message=AIMessageChunk(content=str(number)))


async def test_a_chain_that_waits_for_nothing_lets_others_have_their_turn(tmp_path: Path) -> None:
    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def ask(_: Any) -> Any:
        return await Hurries().ainvoke("now")

    turns = 0
    other = asyncio.create_task(count())
    tokens = 0
    async for event in tracer.astream_events(RunnableLambda(ask), "now", path=tmp_path):
        tokens += event["event"] == "on_chat_model_stream"
    other.cancel()
    assert tokens >= 3_000
    assert turns > 20
