"""What stops before its end: from within, from outside, for lack of time, or because nobody reads on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, RunnableParallel, RunnableSerializable

from .case import case
from .parts import Q, for_ever, model, prompt, same

Chain = Runnable[Any, Any]


@case(
    1,
    "cancelled",
    """
    RunnableSequence · cancelled by give_up
      before
      give_up · cancelled
    """,
    invoked="same",
)
def cancels_itself() -> Chain:
    """CancelledError from within: v2 ends the stream without an exception."""

    async def give_up(value: Any) -> Any:
        raise asyncio.CancelledError

    return RunnableLambda(same, name="before") | RunnableLambda(give_up)


@case(
    1,
    "error",
    """
    limited · error
      for_ever · cancelled
    """,
    invoked="same",
)
def wait_for_runs_out() -> Chain:
    """`asyncio.wait_for` inside: what it cancels is cancelled, and the step fails of it."""

    async def limited(value: Any) -> Any:
        return await asyncio.wait_for(RunnableLambda(for_ever).ainvoke(value), 0.02)

    return RunnableLambda(limited)


@case(
    1,
    "ok",
    """
    limited
      for_ever · cancelled
    """,
    invoked="same",
)
def timeout_that_is_caught() -> Chain:
    """`asyncio.timeout` inside, made good."""

    async def limited(value: Any) -> Any:
        try:
            async with asyncio.timeout(0.02):
                return await RunnableLambda(for_ever).ainvoke(value)
        except TimeoutError:
            return "too late"

    return RunnableLambda(limited)


@case(
    1,
    "ok",
    """
    swallows
      for_ever · cancelled
    """,
    invoked="same",
)
def cancels_its_child() -> Chain:
    """A step cancels what it started, and goes on."""

    async def swallows(value: Any) -> Any:
        task = asyncio.create_task(RunnableLambda(for_ever).ainvoke(value))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        return value

    return RunnableLambda(swallows)


@case(
    1,
    "ok",
    """
    race
      for_ever · cancelled
      same
    """,
    invoked="same",
)
def a_race() -> Chain:
    """The first of two wins, the other is cancelled."""

    async def race(value: Any) -> Any:
        tasks = [asyncio.create_task(RunnableLambda(step).ainvoke(value)) for step in (for_ever, same)]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.wait(pending)
        return next(iter(done)).result()

    return RunnableLambda(race)


@case(
    Q,
    "cancelled",
    """
    RunnableSequence · cancelled by for_ever
      ChatPromptTemplate
      GenericFakeChatModel
      for_ever · cancelled
    """,
    leave_after="on_chat_model_end",
    same_as_bare=False,
)
def left_by_its_consumer() -> Chain:
    """Whoever reads the events leaves the loop."""
    return prompt() | model() | RunnableLambda(for_ever)


@case(
    Q,
    "cancelled",
    "RunnableParallel<a,b> · cancelled",
    leave_after="on_chain_start",
    same_as_bare=False,
)
def left_at_once() -> Chain:
    """The consumer leaves after the first event."""
    return RunnableParallel(a=RunnableLambda(for_ever), b=RunnableLambda(for_ever))


@case(
    1,
    "ok",
    """
    first_only
      letters · cancelled
    """,
)
def takes_the_first_item_only() -> Chain:
    """A generator inside is left after its first item, and closed."""

    async def letters(value: Any) -> AsyncIterator[str]:
        yield "a"
        yield "b"

    async def first_only(value: Any) -> Any:
        stream = RunnableLambda(letters).astream(value)
        async for letter in stream:
            await stream.aclose()  # type: ignore[attr-defined]
            return letter

    return RunnableLambda(first_only)


@case(
    1,
    "ok",
    """
    first_only
      RunnableSequence
        same
        same
    """,
)
def takes_the_first_item_only_synchronously() -> Chain:
    """The same in synchronous code, where LangChain calls what is left after its first item ended well."""

    def first_only(value: Any) -> Any:
        for item in (RunnableLambda(same) | RunnableLambda(same)).stream(value):
            return item

    return RunnableLambda(first_only)


class Elsewhere(RunnableSerializable[Any, Any]):
    """A root whose events come from somewhere else, like a RemoteRunnable's."""

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return input

    async def astream_events(self, input: Any, config: Any = None, **kwargs: Any) -> AsyncIterator[Any]:  # type: ignore[override]
        about: dict[str, Any] = {"tags": [], "metadata": {}}
        root = {**about, "run_id": "far-1", "name": "/far", "parent_ids": []}
        child = {**about, "run_id": "far-2", "name": "step", "parent_ids": ["far-1"]}
        yield {**root, "event": "on_chain_start", "data": {"input": input}}
        yield {**child, "event": "on_chain_start", "data": {}}
        yield {**child, "event": "on_chain_stream", "data": {"chunk": "a"}}
        await asyncio.sleep(0)
        if input == "breaks":
            raise ConnectionError("the line is dead")
        yield {**child, "event": "on_chain_end", "data": {"output": "a", "input": input}}
        yield {**root, "event": "on_chain_stream", "data": {"chunk": "a"}}
        yield {**root, "event": "on_chain_end", "data": {"output": "a"}}


@case("x", "ok", "/far\n  step")
def events_from_elsewhere() -> Chain:
    """The tap does not attach: events are stamped when they are received."""
    return Elsewhere()


@case("breaks", "error", "/far · unfinished\n  step · unfinished")
def events_from_elsewhere_break_off() -> Chain:
    """The line to the other side breaks: what its steps came to is not known."""
    return Elsewhere()


@case(
    Q,
    "ok",
    """
    drains
      RunnableSequence
        ChatPromptTemplate
        GenericFakeChatModel
        StrOutputParser
    """,
)
def events_inside_events() -> Chain:
    """A step reads `astream_events` of a chain of its own."""

    async def drains(value: Any) -> Any:
        chain = prompt() | model() | StrOutputParser()
        return [event["event"] async for event in chain.astream_events(value, version="v2")]

    return RunnableLambda(drains)


@case(
    Q,
    "ok",
    """
    logs
      RunnableSequence
        ChatPromptTemplate
        GenericFakeChatModel
    """,
)
def log_inside_events() -> Chain:
    """A step reads `astream_log` of a chain of its own."""

    async def logs(value: Any) -> Any:
        return [len(patch.ops) async for patch in (prompt() | model()).astream_log(value)]

    return RunnableLambda(logs)


def _numbers(value: Any) -> Iterator[int]:
    yield from range(3)


@case(
    1,
    "ok",
    """
    zips
      RunnableGenerator
    """,
)
def transform_by_hand() -> Chain:
    """A step calls `transform` of a generator."""
    from langchain_core.runnables import RunnableGenerator

    def zips(value: Any) -> Any:
        return list(RunnableGenerator(_numbers, name="RunnableGenerator").transform(iter([value])))

    return RunnableLambda(zips)
