"""For each kind of finding, under its name, a chain that shows it: photographed by pictures.py for docs/findings.md."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tracer.demo.endpoint import Endpoint
from tracer.demo.reply import Reply

INPUT = {"q": "Why is the sky blue?"}
ANSWER = "Because air scatters blue light more than it scatters red light, and so it comes from everywhere."

served = Endpoint(1, [Reply(ANSWER)])
served.start()
prompt = ChatPromptTemplate.from_messages([("human", "{q}")])


class Slow(GenericFakeChatModel):
    """Streams a word, or a space, every 60 ms."""

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        async for chunk in super()._astream(*args, **kwargs):
            await asyncio.sleep(0.06)
            yield chunk


def chat(**more: Any) -> ChatOpenAI:
    """A model at the scripted endpoint that counts its tokens."""
    given = {"model": "gpt-test", "stream_usage": True, "max_retries": 0, **more}
    return ChatOpenAI(base_url=served.base_url, api_key=SecretStr("k"), **given)


def says(text: str) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(content=text)] * 1000))


def upper(text: str) -> str:
    return text.upper()


def fails(_: Any) -> Any:
    raise ConnectionError("no route to host")


def read() -> None:
    time.sleep(0.8)


async def reads(_: Any) -> None:
    read()


inner = RunnableLambda(lambda n: n, name="inner")


def in_threads(_: Any) -> list[Any]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(inner.invoke, [1, 2]))


twice = says("Because.")


async def asks_twice(_: Any, config: RunnableConfig) -> str:
    for _attempt in range(2):
        answer = await twice.ainvoke("Why?", config)
    return str(answer.content)


not_streaming: Runnable[Any, Any] = (
    prompt | Slow(messages=iter([AIMessage(content=ANSWER)] * 1000)) | StrOutputParser() | RunnableLambda(upper)
)
model_not_streaming: Runnable[Any, Any] = prompt | chat(disable_streaming=True)
retry_off: Runnable[Any, Any] = prompt | RunnableLambda(fails).with_retry()
fallback_used: Runnable[Any, Any] = prompt | RunnableLambda(fails).with_fallbacks([says("Saved.")])
loop_blocked: Runnable[Any, Any] = RunnableLambda(reads)
children_lost: Runnable[Any, Any] = RunnableLambda(in_threads)
parser_none: Runnable[Any, Any] = prompt | says("I am sorry, I cannot.") | JsonOutputParser()
cut_by_length: Runnable[Any, Any] = prompt | chat(max_completion_tokens=5)
closed_early: Runnable[Any, Any] = prompt | chat(model="scripted-undone")
usage_missing: Runnable[Any, Any] = prompt | chat(stream_usage=False)
same_prompt_twice: Runnable[Any, Any] = RunnableLambda(asks_twice)
