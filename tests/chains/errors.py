"""How things fail: from others, in groups, late, deep, unprintable, and not by an Exception at all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import (
    Runnable,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)

from .case import case
from .parts import Hard, Q, Script, afail, fail, fail_late, model, prompt, same, says, slow

Chain = Runnable[Any, Any]
ONCE = ValueError("the one and only")


class Unprintable(Exception):
    """Cannot be printed."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class Sly(Exception):
    """Its cause cannot be read, nor its attributes set."""

    @property
    def __cause__(self) -> Any:  # type: ignore[override]
        raise RuntimeError("no")

    def __setattr__(self, name: str, value: Any) -> None:
        raise RuntimeError("no")


@case(
    Q,
    "error",
    """
    RunnableSequence · propagated by fail
      ChatPromptTemplate
      GenericFakeChatModel
      StrOutputParser
      fail · error
    """,
    invoked="same",
)
def fails_in_the_end() -> Chain:
    """The last step fails."""
    return prompt() | model() | StrOutputParser() | RunnableLambda(fail)


@case(
    1,
    "error",
    """
    RunnableSequence · propagated by wrap
      wrap · propagated by afail
        afail · error
    """,
    invoked="same",
)
def raised_from_another() -> Chain:
    """`raise … from …`: the first failure is the cause."""

    async def wrap(value: Any) -> Any:
        try:
            return await RunnableLambda(afail).ainvoke(value)
        except ValueError as error:
            raise RuntimeError("while wrapping") from error

    return RunnableLambda(wrap) | RunnablePassthrough()


@case(
    1,
    "error",
    """
    wrap · propagated by fail
      fail · error
    """,
    invoked="same",
)
def raised_while_handling() -> Chain:
    """Another exception while the first is handled."""

    async def wrap(value: Any) -> Any:
        try:
            return await RunnableLambda(fail).ainvoke(value)
        except ValueError:
            return value["missing"]

    return RunnableLambda(wrap)


@case(
    1,
    "error",
    """
    outer · error
      fail · error
    """,
    invoked="same",
)
def fails_for_another_reason() -> Chain:
    """What failed inside was caught; later it fails by itself."""

    async def outer(value: Any) -> Any:
        with contextlib.suppress(ValueError):
            await RunnableLambda(fail).ainvoke(value)
        raise KeyError("for another reason")

    return RunnableLambda(outer)


@case(
    1,
    "error",
    """
    outer · propagated by second
      first · error
      second · error
    """,
    invoked="same",
)
def fails_after_another_was_caught() -> Chain:
    """Of two failures the second is the one that came through."""

    async def first(value: Any) -> Any:
        raise ValueError("first")

    async def second(value: Any) -> Any:
        raise ValueError("second")

    async def outer(value: Any) -> Any:
        try:
            await RunnableLambda(first).ainvoke(value)
        except ValueError:
            return await RunnableLambda(second).ainvoke(value)

    return RunnableLambda(outer)


@case(
    1,
    "error",
    """
    outer · propagated by again
      again · error
      again · error
    """,
    invoked="same",
)
def one_exception_raised_twice() -> Chain:
    """The same exception object fails two steps, one after the other."""

    async def again(value: Any) -> Any:
        raise ONCE

    async def outer(value: Any) -> Any:
        try:
            await RunnableLambda(again).ainvoke(value)
        except ValueError:
            return await RunnableLambda(again).ainvoke(value)

    return RunnableLambda(outer)


@case(
    1,
    "error",
    """
    RunnableLambda · propagated by RunnableSequence
      RunnableSequence · propagated by fail
        calm
        fail · error
    """,
    invoked="same",
)
def fails_in_what_a_function_gave() -> Chain:
    """A function returns a chain, which fails."""
    inner = RunnableLambda(same, name="calm") | RunnableLambda(fail)
    return RunnableLambda(lambda value: inner)


@case(
    1,
    "error",
    """
    RunnableParallel<good,bad> · propagated by fail_late
      fail_late · error
      slow · unfinished
    """,
    same_as_bare=False,
)
def one_of_two_branches_fails() -> Chain:
    """The other one is left where it is: no callback ever comes."""
    return RunnableParallel(good=RunnableLambda(slow), bad=RunnableLambda(fail_late))


@case(
    1,
    "error",
    """
    RunnableParallel<a,b,c> · propagated by fail_late
      fail_late · error
      quick
      slow · unfinished
    """,
    same_as_bare=False,
)
def one_of_three_branches_fails() -> Chain:
    """One has ended, one has not."""

    async def quick(value: Any) -> Any:
        return value

    return RunnableParallel(a=RunnableLambda(slow), b=RunnableLambda(fail_late), c=RunnableLambda(quick))


@case(
    1,
    "error",
    """
    together · propagated by fail
      fail · error
      later · error
    """,
    invoked="same",
)
def exception_group() -> Chain:
    """Two fail in a task group."""

    async def later(value: Any) -> Any:
        try:
            await asyncio.sleep(5)
        finally:
            raise KeyError("in the end")

    async def together(value: Any) -> Any:
        async with asyncio.TaskGroup() as group:
            group.create_task(RunnableLambda(later).ainvoke(value))
            await asyncio.sleep(0.01)
            group.create_task(RunnableLambda(fail).ainvoke(value))

    return RunnableLambda(together)


@case(1, "error", "unprintable · error", invoked="same")
def exception_that_cannot_be_printed() -> Chain:
    """`str` of the exception raises."""

    def unprintable(value: Any) -> Any:
        raise Unprintable("text")

    return RunnableLambda(unprintable)


@case(
    1,
    "error",
    """
    RunnableSequence · propagated by sly
      sly · error
    """,
    invoked="same",
)
def exception_that_fights_back() -> Chain:
    """Its properties raise."""

    def sly(value: Any) -> Any:
        raise Sly("text")

    return RunnableLambda(sly) | RunnableLambda(same)


@case(
    1,
    "error",
    """
    RunnableSequence · propagated by hard
      hard · error
    """,
    invoked="same",
)
def no_exception_but_a_base_exception() -> Chain:
    """What fails is no Exception."""

    async def hard(value: Any) -> Any:
        raise Hard("stop everything")

    return RunnableLambda(hard) | RunnableLambda(same)


@case(1, "error", "stops · error", invoked="same")
def stop_iteration() -> Chain:
    """StopIteration out of a function, which a coroutine cannot raise."""

    async def stops(value: Any) -> Any:
        return next(iter(()))

    return RunnableLambda(stops)


@case(
    1,
    "error",
    """
    RunnableSequence · propagated by pieces
      pieces · error
      upper · propagated by pieces
    """,
)
def generators_in_a_row() -> Chain:
    """The first breaks off; the second, which reads it, fails with it."""

    async def pieces(chunks: AsyncIterator[Any]) -> AsyncIterator[str]:
        yield "a"
        raise ValueError("broke off")

    async def upper(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        async for chunk in chunks:
            yield chunk.upper()

    return RunnableGenerator(pieces) | RunnableGenerator(upper)


@case(
    1,
    "error",
    """
    RunnableSequence · propagated by upper
      pieces · error
      upper · propagated by pieces
    """,
)
def generator_that_wraps_what_it_reads() -> Chain:
    """The second says that it fails because of the first."""

    async def pieces(chunks: AsyncIterator[Any]) -> AsyncIterator[str]:
        yield "a"
        raise ValueError("broke off")

    async def upper(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        try:
            async for chunk in chunks:
                yield chunk.upper()
        except ValueError as error:
            raise RuntimeError("upper could not read") from error

    return RunnableGenerator(pieces) | RunnableGenerator(upper)


@case(
    1,
    "ok",
    """
    RunnableSequence · recovered
      pieces · error
      forgives
    """,
)
def generator_that_forgives_what_it_reads() -> Chain:
    """The second goes on without the rest."""

    async def pieces(chunks: AsyncIterator[Any]) -> AsyncIterator[str]:
        yield "a"
        raise ValueError("broke off")

    async def forgives(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        try:
            async for chunk in chunks:
                yield chunk
        except ValueError:
            yield "…"

    return RunnableGenerator(pieces) | RunnableGenerator(forgives)


@case(
    Q,
    "ok",
    """
    RunnableWithFallbacks · recovered
      RunnableSequence · propagated by Script
        ChatPromptTemplate
        Script · error
      RunnableSequence
        ChatPromptTemplate
        GenericFakeChatModel
    """,
    invoked="same",
)
def fallback_of_a_whole_chain() -> Chain:
    """A chain fails in its model; another chain answers."""
    broken: Chain = prompt() | Script(script=[says(ConnectionError("429"))]) | StrOutputParser()
    return broken.with_fallbacks([prompt() | model()])


@case(
    1,
    "ok",
    """
    RunnableSequence
      RunnableWithFallbacks · recovered
        RunnableWithFallbacks · propagated by fail
          fail · error
          afail · error
        same
      last
    """,
    invoked="same",
)
def fallback_of_fallbacks() -> Chain:
    """Both inner ones fail, the outer one answers."""
    inner = RunnableLambda(fail).with_fallbacks([RunnableLambda(afail)])
    return inner.with_fallbacks([RunnableLambda(same)]) | RunnableLambda(same, name="last")


@case(
    [1, 2],
    "error",
    """
    RunnableEach<afail> · propagated by afail
      afail · error
      afail · error
    """,
    same_as_bare=False,
    invoked="same",
)
def all_items_fail() -> Chain:
    """Every item fails; the first one's exception is raised."""
    return RunnableLambda(afail).map()


@case(
    {"a": 1},
    "error",
    """
    RunnableAssign<x> · propagated by RunnableParallel<x>
      RunnableParallel<x> · propagated by fail
        fail · error
    """,
    invoked="same",
)
def assign_fails() -> Chain:
    """What is to be assigned fails."""
    return RunnablePassthrough.assign(x=RunnableLambda(fail))


@case(1, "error", "deep · error", invoked="same")
def recursion_error() -> Chain:
    """The stack overflows."""

    def deep(value: Any) -> Any:
        return deep(value)

    return RunnableLambda(deep)


@case(
    1,
    "error",
    """
    outer · propagated by inner
      inner · error
    """,
    invoked="same",
)
def raised_later() -> Chain:
    """An exception is kept as a value, and raised after other work."""

    async def inner(value: Any) -> Any:
        raise ValueError("kept")

    async def outer(value: Any) -> Any:
        results = await RunnableLambda(inner).abatch([value], return_exceptions=True)
        await asyncio.sleep(0)
        raise results[0]

    return RunnableLambda(outer)


@case(
    1,
    "error",
    """
    RunnableAssign<x> · error
      RunnableParallel<x> · unfinished
        same · unfinished
    """,
    invoked="RunnableAssign<x> · error",
)
def assign_to_what_is_no_dict() -> Chain:
    """Streamed, the branches have started when it is found that there is nothing to assign to."""
    return RunnablePassthrough.assign(x=RunnableLambda(same))
