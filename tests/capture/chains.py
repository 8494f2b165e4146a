"""Small chains, each with one thing that can happen to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from langchain_core.documents import Document
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import (
    Runnable,
    RunnableBranch,
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)
from langchain_core.tools import tool


def model(text: str) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(content=text)] * 9))


def prompt() -> Runnable[Any, Any]:
    return ChatPromptTemplate.from_messages([("human", "{q}")])


def fail(value: Any) -> Any:
    raise ValueError("this step fails")


async def fail_late(value: Any) -> Any:
    await asyncio.sleep(0.02)
    raise KeyError("late")


async def slow(value: Any) -> Any:
    await asyncio.sleep(0.2)
    return value


async def for_ever(value: Any) -> Any:
    await asyncio.sleep(60)


class Notes(BaseRetriever):
    fails: bool = False

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        if self.fails:
            raise ConnectionError("no index")
        return [Document("LCEL composes runnables", metadata={"n": 1})]


@tool
def divide(a: int, b: int) -> float:
    """Divide."""
    return a / b


def sequence() -> Runnable[Any, Any]:
    return prompt() | model("hello big world") | StrOutputParser()


def fallback() -> Runnable[Any, Any]:
    return prompt() | RunnableLambda(fail).with_fallbacks([model("saved")]) | StrOutputParser()


def all_fallbacks_fail() -> Runnable[Any, Any]:
    return prompt() | RunnableLambda(fail).with_fallbacks([RunnableLambda(fail_late)])


def fails_in_the_end() -> Runnable[Any, Any]:
    return sequence() | RunnableLambda(fail)


def fails_deep() -> Runnable[Any, Any]:
    inner = RunnableLambda(lambda x: x, name="calm") | RunnableLambda(fail)
    return RunnableLambda(lambda x: x, name="before") | RunnableLambda(lambda x: inner, name="outer")


def raised_from_another() -> Runnable[Any, Any]:
    async def wrap(value: Any, config: RunnableConfig) -> Any:
        try:
            return await RunnableLambda(fail).ainvoke(value, config)
        except ValueError as error:
            raise RuntimeError("while wrapping") from error

    return RunnableLambda(wrap) | RunnablePassthrough()


def swallowed_beside_tokens() -> Runnable[Any, Any]:
    async def swallow(value: Any, config: RunnableConfig) -> AsyncIterator[str]:
        with contextlib.suppress(ValueError):
            await RunnableLambda(fail).ainvoke(value, config)
        async for token in (prompt() | model("tokens all the same") | StrOutputParser()).astream(value, config):
            yield token

    return RunnableLambda(swallow)


def parallel_one_fails() -> Runnable[Any, Any]:
    return RunnableParallel(good=RunnableLambda(slow), bad=RunnableLambda(fail_late))


def parallel() -> Runnable[Any, Any]:
    return RunnableParallel(
        a=prompt() | model("one two three"), b=prompt() | model("four five six"), c=RunnableLambda(slow)
    )


def retriever() -> Runnable[Any, Any]:
    return RunnableLambda(lambda x: x["q"], name="question") | Notes()


def retriever_fails() -> Runnable[Any, Any]:
    return RunnableLambda(lambda x: x["q"], name="question") | Notes(fails=True)


def agent_tool_fails() -> Runnable[Any, Any]:
    async def agent(value: Any, config: RunnableConfig) -> str:
        seen = []
        for a, b in ((6, 3), (1, 0)):
            try:
                seen.append(str(await divide.ainvoke({"a": a, "b": b}, config)))
            except ZeroDivisionError:
                seen.append("nothing")
        message = await (prompt() | model("done with " + " ".join(seen))).ainvoke(value, config)
        return str(message.content)

    return RunnableLambda(agent)


def json_stream() -> Runnable[Any, Any]:
    return prompt() | model('{"a": "x y", "b": [1, 2]}') | JsonOutputParser()


def branch() -> Runnable[Any, Any]:
    return RunnableBranch((lambda x: False, RunnableLambda(fail)), RunnableLambda(lambda x: x, name="default"))


def generator() -> Runnable[Any, Any]:
    async def upper(chunks: AsyncIterator[Any]) -> AsyncIterator[str]:
        async for chunk in chunks:
            yield str(chunk).upper()

    return sequence() | RunnableGenerator(upper)


def cancels_itself() -> Runnable[Any, Any]:
    async def give_up(value: Any) -> Any:
        raise asyncio.CancelledError

    return RunnableLambda(lambda x: x, name="before") | RunnableLambda(give_up)


def waits() -> Runnable[Any, Any]:
    return prompt() | model("never read") | RunnableLambda(for_ever)


SEQUENTIAL = {
    make.__name__: make
    for make in (
        sequence,
        fallback,
        all_fallbacks_fail,
        fails_in_the_end,
        fails_deep,
        raised_from_another,
        swallowed_beside_tokens,
        retriever,
        retriever_fails,
        agent_tool_fails,
        json_stream,
        branch,
        generator,
        cancels_itself,
    )
}
CONCURRENT = {make.__name__: make for make in (parallel, parallel_one_fails)}
