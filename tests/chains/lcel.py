"""LCEL: every kind of composition, as the root and inside others."""

from __future__ import annotations

import operator
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import (
    ConfigurableField,
    RouterRunnable,
    Runnable,
    RunnableBranch,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
    RunnablePick,
    chain,
)
from langchain_core.runnables.base import RunnableEach
from langchain_core.runnables.history import RunnableWithMessageHistory

from .case import Turn, case
from .parts import Q, afail, fail, model, prompt, same

Chain = Runnable[Any, Any]


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      GenericFakeChatModel
      StrOutputParser
    """,
    invoked="same",
)
def sequence() -> Chain:
    """Prompt, model, parser."""
    return prompt() | model() | StrOutputParser()


@case(
    Q,
    "ok",
    """
    RunnableParallel<a,b>
      RunnableSequence
        ChatPromptTemplate
        GenericFakeChatModel
      same
    """,
    invoked="same",
)
def parallel() -> Chain:
    """Two branches at once."""
    return RunnableParallel(a=prompt() | model(), b=RunnableLambda(same))


@case(0, "ok", "same", invoked="same")
def lambda_sync() -> Chain:
    """A function as the root, given 0."""
    return RunnableLambda(same)


@case("", "ok", "echo", invoked="same")
def lambda_async() -> Chain:
    """A coroutine function as the root, given an empty text."""

    async def echo(value: Any) -> Any:
        return value

    return RunnableLambda(echo)


@case("x", "ok", "letters", invoked="same")
def lambda_generator() -> Chain:
    """An async generator function in a lambda: its pieces are its output."""

    async def letters(value: Any) -> AsyncIterator[str]:
        for letter in "abc":
            yield letter

    return RunnableLambda(letters)


@case("x", "error", "", invoked=Turn("x", "ok", "pieces"), sync=True)
def generator_sync() -> Chain:
    """A generator as the root, which LangChain streams in synchronous code only."""

    def pieces(chunks: Iterator[Any]) -> Iterator[Any]:
        for chunk in chunks:
            yield f"{chunk}1"
            yield f"{chunk}2"

    return RunnableGenerator(pieces)


@case("x", "ok", "pieces", invoked="same")
def generator_async() -> Chain:
    """An async generator as the root."""

    async def pieces(chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for chunk in chunks:
            yield f"{chunk}1"
            yield f"{chunk}2"

    return RunnableGenerator(pieces)


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      GenericFakeChatModel
      StrOutputParser
      upper
    """,
    invoked="same",
)
def generator_at_the_end() -> Chain:
    """A generator that passes on each token in capitals."""

    async def upper(chunks: AsyncIterator[Any]) -> AsyncIterator[str]:
        async for chunk in chunks:
            yield str(chunk).upper()

    return prompt() | model() | StrOutputParser() | RunnableGenerator(upper)


@case(
    Q,
    "ok",
    """
    answer
      ChatPromptTemplate
      GenericFakeChatModel
    """,
    invoked="same",
)
def decorated() -> Chain:
    """A function with @chain that calls two runnables and lets the context carry the config."""

    @chain
    async def answer(value: Any) -> Any:
        asked = await prompt().ainvoke(value)
        return (await model().ainvoke(asked)).content

    return answer


@case(
    Q,
    "ok",
    """
    pick_a_chain
      RunnableSequence
        ChatPromptTemplate
        GenericFakeChatModel
    """,
    invoked="same",
)
def lambda_gives_a_chain() -> Chain:
    """A function that returns a runnable, which is then run."""

    def pick_a_chain(value: Any) -> Any:
        return prompt() | model()

    return RunnableLambda(pick_a_chain)


@case([], "ok", "RunnablePassthrough", invoked="same")
def passthrough() -> Chain:
    """Nothing happens to an empty list."""
    return RunnablePassthrough()


@case(
    {"n": 2},
    "ok",
    """
    RunnableSequence
      RunnableAssign<double>
        RunnableParallel<double>
          double
      RunnablePick<double>
    """,
    invoked="same",
)
def assign_and_pick() -> Chain:
    """A value is computed beside the others, then taken alone."""

    def double(value: Any) -> Any:
        return value["n"] * 2

    return RunnablePassthrough.assign(double=RunnableLambda(double)) | RunnablePick("double")


@case({"a": None, "b": 1}, "ok", "RunnablePick<a,b>", invoked="same")
def pick_as_the_root() -> Chain:
    """Two keys of a dict."""
    return RunnablePick(["a", "b"])


@case(
    3,
    "ok",
    """
    RunnableBranch
      RunnableLambda
      RunnableLambda
      odd
    """,
    invoked="same",
)
def branch() -> Chain:
    """The second condition holds."""

    def odd(value: Any) -> str:
        return "odd"

    return RunnableBranch(
        (lambda value: value == 0, RunnableLambda(fail)),
        (lambda value: value % 2 == 1, RunnableLambda(odd)),
        RunnableLambda(same),
    )


@case(
    0,
    "error",
    """
    RunnableBranch · propagated by afail
      RunnableLambda
      afail · error
    """,
    invoked="same",
)
def branch_fails() -> Chain:
    """The branch that is taken fails."""
    return RunnableBranch((lambda value: True, RunnableLambda(afail)), RunnableLambda(same))


@case(
    0,
    "error",
    """
    RunnableBranch · propagated by fail
      fail · error
    """,
    invoked="same",
)
def branch_condition_fails() -> Chain:
    """The condition itself fails."""
    return RunnableBranch((RunnableLambda(fail), RunnableLambda(same)), RunnableLambda(same))


@case({"key": "double", "input": "ab"}, "ok", "double", invoked="same")
def router() -> Chain:
    """A router is no span of its own: what it picks is the root."""

    def double(value: Any) -> Any:
        return value * 2

    return RouterRunnable({"double": RunnableLambda(double), "same": RunnableLambda(same)})


@case({"key": "triple", "input": "ab"}, "error", "", invoked=())
def router_finds_nothing() -> Chain:
    """A router without a span fails before anything has started."""
    return RouterRunnable({"same": RunnableLambda(same)})


@case(
    [1, 2],
    "ok",
    """
    RunnableEach<double>
      double
      double
    """,
    invoked="same",
    same_as_bare=False,
)
def each_as_the_root() -> Chain:
    """`.map()` as the root, which LangChain refuses to stream."""

    def double(value: Any) -> Any:
        return value * 2

    return RunnableLambda(double).map()


@case(
    [1, 0],
    "error",
    """
    RunnableEach<invert> · propagated by invert
      invert
      invert · error
    """,
    invoked="same",
    same_as_bare=False,
)
def each_fails() -> Chain:
    """One of the items fails."""

    def invert(value: Any) -> Any:
        return 1 / value

    return RunnableEach(bound=RunnableLambda(invert))


@case(
    [1, 2, 3],
    "ok",
    """
    RunnableSequence
      RunnableEach<double>
        double
        double
        double
      sum
    """,
    invoked="same",
)
def each_inside() -> Chain:
    """`.map()` in a sequence."""

    def double(value: Any) -> Any:
        return value * 2

    return RunnableLambda(double).map() | RunnableLambda(sum, name="sum")


@case(
    Q,
    "ok",
    """
    named
      ChatPromptTemplate
      asked
    """,
    invoked="same",
)
def bound_configured_typed() -> Chain:
    """A model with arguments bound and a name of its own, in a sequence with a name, tags, metadata and types."""
    asked = model().bind(stop=["."]).with_config(run_name="asked", tags=["mine"], metadata={"n": None})
    typed = (prompt() | asked).with_types(input_type=dict)
    return typed.with_config(run_name="named", tags=["outer"], metadata={"deep": {"er": [1]}})


@case(
    0,
    "error",
    "flaky · error",
    invoked=Turn(
        0,
        "ok",
        """
        flaky · recovered
          flaky · error
          flaky · error
          flaky
        """,
    ),
)
def retry() -> Chain:
    """Streamed, `.with_retry()` does not retry; called, the third attempt goes well."""
    attempts: list[int] = []

    def flaky(value: Any) -> Any:
        attempts.append(1)
        if len(attempts) < 3:
            raise ValueError(f"attempt {len(attempts)}")
        return value

    return RunnableLambda(flaky).with_retry(wait_exponential_jitter=False, stop_after_attempt=3)


@case(
    0,
    "error",
    "fail · error",
    invoked="""
    fail · propagated by fail
      fail · error
      fail · error
    """,
)
def retry_in_vain() -> Chain:
    """Every attempt fails; the last one is the cause."""
    return RunnableLambda(fail).with_retry(wait_exponential_jitter=False, stop_after_attempt=2)


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      RunnableWithFallbacks · recovered
        fail · error
        GenericFakeChatModel
    """,
    invoked="same",
)
def fallback_before_the_first_chunk() -> Chain:
    """The first fails before it says anything, the second answers."""
    return prompt() | RunnableLambda(fail).with_fallbacks([model()])


@case(
    "x",
    "error",
    """
    RunnableWithFallbacks · propagated by breaks_off
      breaks_off · error
    """,
    invoked=Turn(
        "x",
        "ok",
        """
        RunnableWithFallbacks · recovered
          breaks_off · error
          same
        """,
    ),
)
def fallback_after_the_first_chunk() -> Chain:
    """Streamed, a failure after the first chunk is final."""

    async def breaks_off(chunks: AsyncIterator[Any]) -> AsyncIterator[str]:
        yield "half a"
        raise ValueError("broke off")

    return RunnableGenerator(breaks_off).with_fallbacks([RunnableLambda(same)])


@case(
    0,
    "error",
    """
    RunnableWithFallbacks · propagated by fail
      fail · error
    """,
    invoked="same",
)
def fallback_for_other_errors() -> Chain:
    """Fallbacks are only for the exceptions they are for."""
    return RunnableLambda(fail).with_fallbacks([RunnableLambda(same)], exceptions_to_handle=(KeyError,))


@case(
    0,
    "error",
    """
    RunnableWithFallbacks · propagated by fail
      fail · error
      afail · error
    """,
    invoked="same",
)
def fallbacks_all_fail() -> Chain:
    """Where all fail, the first exception is raised."""
    return RunnableLambda(fail).with_fallbacks([RunnableLambda(afail)])


@case(
    {"q": 1},
    "ok",
    """
    RunnableWithFallbacks · recovered
      broken · error
      explain
    """,
    invoked="same",
    same_as_bare=False,  # LangChain writes the exception into the input, which bare events show before it happens
)
def fallback_with_the_exception() -> Chain:
    """The fallback is given the exception in its input."""

    def broken(value: Any) -> Any:
        raise ValueError("no")

    def explain(value: Any) -> Any:
        return f"because {value['error']}"

    return RunnableLambda(broken).with_fallbacks([RunnableLambda(explain)], exception_key="error")


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      FakeListChatModel
    """,
    config={"configurable": {"answers": ["configured"]}},
    invoked="same",
)
def configurable_fields() -> Chain:
    """A field of the model is set by the config."""
    from langchain_core.language_models import FakeListChatModel

    told = FakeListChatModel(responses=["default"])
    return prompt() | told.configurable_fields(responses=ConfigurableField(id="answers"))


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      GenericFakeChatModel
    """,
    config={"configurable": {"llm": "kind"}},
    invoked="same",
)
def configurable_alternatives() -> Chain:
    """The config picks the other model."""
    picked = model("rude").configurable_alternatives(ConfigurableField(id="llm"), kind=model("kind"))
    return prompt() | picked


@case(
    {"q": "hello"},
    "ok",
    """
    RunnableWithMessageHistory
      insert_history
        RunnableParallel<history>
          load_history
      check_sync_or_async
        RunnableSequence
          ChatPromptTemplate
          GenericFakeChatModel
    """,
    config={"configurable": {"session_id": "s"}},
    invoked="same",
)
def message_history() -> Chain:
    """The conversation so far is put in, and the answer added to it."""
    kept: dict[str, InMemoryChatMessageHistory] = {}

    def history(session_id: str) -> InMemoryChatMessageHistory:
        return kept.setdefault(session_id, InMemoryChatMessageHistory())

    asked = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{q}")])
    return RunnableWithMessageHistory(asked | model(), history, input_messages_key="q", history_messages_key="history")


@case(
    {"a": 1},
    "ok",
    """
    RunnableSequence
      RunnableParallel<sum,rest>
        RunnableLambda
        RunnablePassthrough
      last
    """,
    invoked="same",
)
def dict_in_a_sequence() -> Chain:
    """A dict among runnables is a parallel."""
    return {"sum": lambda value: value["a"], "rest": RunnablePassthrough()} | RunnableLambda(same, name="last")


@case(
    1,
    "ok",
    """
    RunnableSequence
      RunnableLambda
      inner
        RunnableLambda
        RunnableLambda
      RunnableLambda
    """,
    invoked="same",
)
def sequence_in_a_sequence() -> Chain:
    """A sequence with a name of its own is a span; one without is taken apart."""
    step: Chain = RunnableLambda(operator.neg, name="RunnableLambda")
    inner = (step | step).with_config(run_name="inner")
    return step | inner | step


@case(
    1,
    "ok",
    """
    RunnableSequence
      first
      RunnableLambda
    """,
    invoked="same",
)
def listeners() -> Chain:
    """Listeners are told of the start and the end."""
    heard: list[Any] = []
    first = RunnableLambda(same, name="first").with_listeners(on_start=heard.append, on_end=heard.append)
    return first | RunnableLambda(lambda value: value)
