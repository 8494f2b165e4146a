"""What functions do inside: call others, at once and elsewhere, send events of their own, know their config."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any
from uuid import UUID

from langchain_core.callbacks import adispatch_custom_event, dispatch_custom_event
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import (
    Runnable,
    RunnableConfig,
    RunnableLambda,
    RunnableParallel,
    RunnableSerializable,
    chain,
)
from langchain_core.runnables.config import ContextThreadPoolExecutor

from .case import Turn, case
from .parts import Q, fail, model, prompt, same

Chain = Runnable[Any, Any]
TWICE = UUID("00000000-0000-4000-8000-000000000001")


@case("x", "ok", "noisy", invoked="same")
def custom_events() -> Chain:
    """Events of one's own, asynchronously."""

    async def noisy(value: Any) -> Any:
        await adispatch_custom_event("half", {"done": 0.5, "odd": float("nan")})
        await adispatch_custom_event("whole", [1, "two", None])
        return value

    return RunnableLambda(noisy)


@case(
    "x",
    "ok",
    """
    RunnableSequence
      noisy
      same
    """,
    invoked="same",
)
def custom_events_from_a_thread() -> Chain:
    """Events of one's own, from synchronous code in a thread."""

    def noisy(value: Any) -> Any:
        dispatch_custom_event("half", value)
        dispatch_custom_event("whole", None)
        return value

    return RunnableLambda(noisy) | RunnableLambda(same)


@case(
    Q,
    "ok",
    """
    outer
      RunnableSequence
        ChatPromptTemplate
        GenericFakeChatModel
        StrOutputParser
    """,
    invoked="same",
)
def calls_with_invoke() -> Chain:
    """A synchronous function that calls a chain with `invoke`."""

    def outer(value: Any, config: RunnableConfig) -> Any:
        return (prompt() | model() | StrOutputParser()).invoke(value, config)

    return RunnableLambda(outer)


@case(
    Q,
    "ok",
    """
    outer
      RunnableSequence
        ChatPromptTemplate
        GenericFakeChatModel
        StrOutputParser
    """,
    invoked="same",
)
def streams_inside() -> Chain:
    """A function that streams a chain and passes its tokens on."""

    async def outer(value: Any) -> AsyncIterator[str]:
        async for token in (prompt() | model() | StrOutputParser()).astream(value):
            yield token

    return RunnableLambda(outer)


@case(
    Q,
    "ok",
    """
    outer
      RunnableSequence
        ChatPromptTemplate
        GenericFakeChatModel
        StrOutputParser
    """,
    invoked="same",
)
def streams_inside_synchronously() -> Chain:
    """The same, in a thread."""

    def outer(value: Any) -> Any:
        return "".join((prompt() | model() | StrOutputParser()).stream(value))

    return RunnableLambda(outer)


@case(
    Q,
    "ok",
    """
    outer
      RunnableSequence · cancelled
        ChatPromptTemplate
        GenericFakeChatModel · unfinished
        StrOutputParser · unfinished
    """,
)
def takes_the_first_chunk_only() -> Chain:
    """The stream inside is closed after its first chunk; LangChain leaves what feeds it where it stands."""

    async def outer(value: Any) -> Any:
        stream = (prompt() | model() | StrOutputParser()).astream(value)
        first = await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        return first

    return RunnableLambda(outer)


@case(
    [1, 2],
    "ok",
    """
    outer
      double
      double
    """,
    invoked="same",
)
def batches() -> Chain:
    """`abatch` inside."""

    def double(value: Any) -> Any:
        return value * 2

    async def outer(value: Any) -> Any:
        return await RunnableLambda(double).abatch(value)

    return RunnableLambda(outer)


@case(
    [1, 0],
    "ok",
    """
    outer · recovered
      invert
      invert · error
    """,
    invoked="same",
)
def batches_and_keeps_the_exceptions() -> Chain:
    """`batch(return_exceptions=True)` inside: the exception is a value."""

    def invert(value: Any) -> Any:
        return 1 / value

    def outer(value: Any) -> Any:
        return RunnableLambda(invert).batch(value, return_exceptions=True)

    return RunnableLambda(outer)


@case(
    [1, 2],
    "ok",
    """
    outer
      slower
      slower
    """,
    invoked="same",
)
def as_they_are_completed() -> Chain:
    """`abatch_as_completed` inside."""

    async def slower(value: Any) -> Any:
        await asyncio.sleep(0.01 * value)
        return value

    async def outer(value: Any) -> Any:
        return [done async for done in RunnableLambda(slower).abatch_as_completed(value)]

    return RunnableLambda(outer)


@case(
    3,
    "ok",
    """
    outer
      same
    """,
    invoked="same",
)
def a_thread_with_a_copied_context() -> Chain:
    """The context goes along into a thread of one's own."""

    def outer(value: Any) -> Any:
        found: list[Any] = []
        context = copy_context()
        thread = threading.Thread(target=lambda: found.append(context.run(RunnableLambda(same).invoke, value)))
        thread.start()
        thread.join()
        return found[0]

    return RunnableLambda(outer)


@case(3, "ok", "outer")
def a_bare_thread_pool() -> Chain:
    """Without the context, LangChain loses the child."""

    def outer(value: Any) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(RunnableLambda(same).invoke, value).result()

    return RunnableLambda(outer)


@case(
    3,
    "ok",
    """
    outer
      same
      same
    """,
    invoked="same",
)
def langchains_own_thread_pool() -> Chain:
    """LangChain's executor takes the context along."""

    def outer(value: Any) -> Any:
        with ContextThreadPoolExecutor(max_workers=2) as pool:
            return list(pool.map(RunnableLambda(same).invoke, [value, value]))

    return RunnableLambda(outer)


@case(
    3,
    "ok",
    """
    outer
      background · unfinished
    """,
    same_as_bare=False,
)
def a_background_task_left_behind() -> Chain:
    """A task that is still at work when the run ends."""
    kept: list[Any] = []

    async def background(value: Any) -> Any:
        await asyncio.sleep(30)

    async def outer(value: Any) -> Any:
        kept.append(asyncio.create_task(RunnableLambda(background).ainvoke(value)))
        await asyncio.sleep(0.02)
        return value

    return RunnableLambda(outer)


@case(
    3,
    "ok",
    """
    RunnableSequence
      outer
        background
      slow
    """,
)
def a_background_task_that_ends_in_time() -> Chain:
    """A child that ends after its parent, but within the run."""
    kept: list[Any] = []

    async def background(value: Any) -> Any:
        await asyncio.sleep(0.02)
        return value

    async def outer(value: Any) -> Any:
        kept.append(asyncio.create_task(RunnableLambda(background).ainvoke(value)))
        await asyncio.sleep(0)
        return value

    async def slow(value: Any) -> Any:
        await asyncio.gather(*kept)
        return value

    return RunnableLambda(outer) | RunnableLambda(slow)


@case(
    3,
    "ok",
    """
    RunnableSequence
      outer · recovered
        background · error
      slow
    """,
)
def a_background_task_that_fails() -> Chain:
    """A child that fails after its parent ended well."""
    kept: list[Any] = []

    async def background(value: Any) -> Any:
        await asyncio.sleep(0.02)
        raise ValueError("too late")

    async def outer(value: Any) -> Any:
        kept.append(asyncio.create_task(RunnableLambda(background).ainvoke(value)))
        await asyncio.sleep(0)
        return value

    async def slow(value: Any) -> Any:
        await asyncio.gather(*kept, return_exceptions=True)
        return value

    return RunnableLambda(outer) | RunnableLambda(slow)


@case(
    20,
    "ok",
    "\n".join("  " * depth + "down" for depth in range(21)),
    invoked="same",
)
def calls_itself() -> Chain:
    """A chain in a chain in a chain, 20 deep."""

    @chain
    async def down(value: int) -> Any:
        return 0 if value == 0 else await down.ainvoke(value - 1)

    return down


@case(
    40,
    "error",
    "\n".join("  " * depth + ("down · error" if depth == 40 else "down · propagated by down") for depth in range(41)),
    invoked="same",
)
def calls_itself_and_fails_in_the_depth() -> Chain:
    """The deepest of 41 fails, and all above with it."""

    @chain
    async def down(value: int) -> Any:
        if value == 0:
            raise ValueError("bottom")
        return await down.ainvoke(value - 1)

    return down


@case(
    "x",
    "ok",
    """
    RunnableSequence
      first
      second
    """,
)
def one_run_id_twice() -> Chain:
    """Two steps are given the same run id, one after the other."""
    first = RunnableLambda(same, name="first").with_config(run_id=TWICE)
    return first | RunnableLambda(same, name="second").with_config(run_id=TWICE)


@case(
    "x",
    "ok",
    """
    RunnableParallel<a,b>
      slow
      slow
    """,
)
def one_run_id_twice_at_once() -> Chain:
    """Two branches are given the same run id, at the same time."""

    async def slow(value: Any) -> Any:
        await asyncio.sleep(0.02)
        return value

    step = RunnableLambda(slow).with_config(run_id=TWICE)
    return RunnableParallel(a=step, b=step)


@case("x", "ok", "same", config={"run_id": TWICE}, invoked="same")
def run_id_given() -> Chain:
    """The root's run id is given in the config."""
    return RunnableLambda(same)


class Quiet(RunnableSerializable[Any, Any]):
    """Fires no callbacks."""

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return input


@case("x", "ok", "")
def no_callbacks_at_all() -> Chain:
    """A root of one's own that tells nobody of itself."""
    return Quiet()


class Pushy(Quiet):
    """Hands its config to what it calls."""

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return await RunnableLambda(same).ainvoke(input, config)


@case("x", "ok", "same", invoked="same")
def no_callbacks_but_a_child() -> Chain:
    """A root that tells nobody of itself, but calls one that does."""
    return Pushy()


@case(
    "x",
    "ok",
    """
    RunnableSequence
      first
      last
    """,
    invoked="same",
)
def no_callbacks_in_the_middle() -> Chain:
    """A step without callbacks in a sequence."""
    return RunnableLambda(same, name="first") | Quiet() | RunnableLambda(same, name="last")


@case("x", "ok", "nothing")
def yields_nothing() -> Chain:
    """An async generator without an item."""

    async def nothing(value: Any) -> AsyncIterator[Any]:
        for letter in "":
            yield letter

    return RunnableLambda(nothing)


@case(
    "x",
    "error",
    """
    RunnableSequence · propagated by letters
      letters · error
      same · propagated by letters
    """,
)
def generator_in_a_function_breaks_off() -> Chain:
    """A generator that fails after two items, in front of a step that waits for all."""

    async def letters(chunks: AsyncIterator[Any]) -> AsyncIterator[str]:
        yield "a"
        yield "b"
        raise ValueError("no c")

    from langchain_core.runnables import RunnableGenerator

    return RunnableGenerator(letters) | RunnableLambda(same)


@case(
    "x",
    "ok",
    """
    outer · recovered
      fail · error
      same
    """,
    invoked="same",
)
def caught() -> Chain:
    """What fails inside is caught and made good."""

    async def outer(value: Any) -> Any:
        try:
            return await RunnableLambda(fail).ainvoke(value)
        except ValueError:
            return await RunnableLambda(same).ainvoke(value)

    return RunnableLambda(outer)


@case(
    Q,
    "ok",
    """
    ChatPromptTemplate
    """,
    filters={"include_types": ["prompt"]},
)
def only_prompts() -> Chain:
    """A filter on types."""
    return prompt() | model() | StrOutputParser()


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      StrOutputParser
    """,
    filters={"exclude_types": ["chat_model"]},
)
def all_but_models() -> Chain:
    """A filter that leaves a type out."""
    return prompt() | model() | StrOutputParser()


@case(
    Q,
    "error",
    """
    fail · error
    """,
    filters={"include_names": ["fail"]},
)
def only_what_fails() -> Chain:
    """A filter on names; the root's error has no span to belong to."""
    return prompt() | RunnableLambda(fail)


@case(
    Q,
    "ok",
    """
    GenericFakeChatModel
    """,
    filters={"include_tags": ["mine"]},
)
def only_what_is_tagged() -> Chain:
    """A filter on tags."""
    return prompt() | model().with_config(tags=["mine"])


@case(
    "x",
    "ok",
    """
    RunnableParallel<a,b,c,d,e>
      same
      same
      same
      same
      same
    """,
    config={"max_concurrency": 2},
    invoked="same",
)
def two_at_a_time() -> Chain:
    """A limit to what runs at once."""
    return RunnableParallel({letter: RunnableLambda(same) for letter in "abcde"})


@case(
    "x",
    "ok",
    """
    outer
      inner
    """,
    config={"tags": ["given"], "metadata": {"who": "me"}, "run_name": "outer"},
    invoked="same",
)
def config_is_inherited() -> Chain:
    """Tags and metadata go down, the name does not."""

    async def inner(value: Any) -> Any:
        return value

    async def first(value: Any) -> Any:
        return await RunnableLambda(inner).ainvoke(value)

    return RunnableLambda(first)


@case(
    "abc",
    "ok",
    """
    RunnableSequence
      letters
      upper
    """,
    invoked=Turn("abc", "ok", "RunnableSequence\n  letters\n  upper"),
    sync=True,
)
def transforms_synchronously() -> Chain:
    """Generators that can do both, called synchronously."""
    from langchain_core.runnables import RunnableGenerator

    def letters(chunks: Iterator[str]) -> Iterator[str]:
        for chunk in chunks:
            yield from chunk

    async def aletters(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        async for chunk in chunks:
            for letter in chunk:
                yield letter

    def upper(chunks: Iterator[str]) -> Iterator[str]:
        for chunk in chunks:
            yield chunk.upper()

    async def aupper(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        async for chunk in chunks:
            yield chunk.upper()

    return RunnableGenerator(letters, aletters) | RunnableGenerator(upper, aupper, name="upper")


@case(
    "x",
    "error",
    """
    RunnableSequence · unfinished
      same · unfinished
    """,
    config={"run_id": TWICE},
)
def a_child_with_the_roots_run_id() -> Chain:
    """A child that is given the root's own run id breaks LangChain's stream, in its own code."""
    return RunnableLambda(same) | RunnableLambda(same, name="child").with_config(run_id=TWICE)


@case("x", "ok", "outer · unfinished", config={"run_id": TWICE})
def a_child_called_with_the_roots_run_id() -> Chain:
    """Called inside, such a child silences LangChain's stream, which then leaves the root where it stands."""

    async def outer(value: Any) -> Any:
        await RunnableLambda(same).ainvoke(value, {"run_id": TWICE})
        return await RunnableLambda(same, name="unheard").ainvoke(value)

    return RunnableLambda(outer)
