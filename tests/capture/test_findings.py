"""Each finding with a chain that has the fault, and one that has not."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from langchain_core.language_models import GenericFakeChatModel, SimpleChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser, StrOutputParser
from langchain_core.output_parsers.openai_tools import JsonOutputKeyToolsParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import (
    Runnable,
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

import tracer
from tracer import demo
from tracer.capture.encode import encode
from tracer.capture.findings import Findings
from tracer.capture.findings.notes import KINDS, MOST_OF_A_KIND
from tracer.capture.handler import handler
from tracer.capture.record import header, record_invoke
from tracer.capture.tap import Tap
from tracer.demo import endpoint
from tracer.demo.chains import flaky
from tracer.demo.endpoint import Endpoint
from tracer.demo.reply import Call, Reply
from tracer.log.spans import Fold
from tracer.log.store import new_run_id
from tracer.log.writer import Writer

Found = list[dict[str, Any]]
Chain = Runnable[Any, Any]
ASK = {"q": "why?"}


async def _streamed(chain: Chain, given: Any, path: Path, config: RunnableConfig | None) -> None:
    with contextlib.suppress(Exception):
        async for _ in tracer.astream_events(chain, given, config, path=path):
            pass


def streamed(chain: Chain, path: Path, given: Any = ASK, config: RunnableConfig | None = None) -> Found:
    """The findings of the chain's run, streamed."""
    where = path / "run.jsonl"
    asyncio.run(_streamed(chain, given, where, config))
    return _findings(where)


def called(chain: Chain, path: Path, given: Any = ASK) -> Found:
    """The findings of the chain's run in invoke mode."""

    async def main() -> None:
        tap = Tap(Writer(path / "call.jsonl", header(new_run_id(), "c", given, None, "invoke")), given)
        with contextlib.suppress(Exception):
            await record_invoke(chain, given, None, tap)

    asyncio.run(main())
    return _findings(path / "call.jsonl")


def _findings(path: Path) -> Found:
    run = tracer.load(path)
    assert run.lines[-1]["event"] == "run_end"
    found = Fold.of(run.lines).findings
    for one in found:
        assert one["text"]
        assert one["text"].endswith((".", "'", '"'))
        assert one["evidence"]
        assert one["kind"] in KINDS
    return found


def kinds(found: Found) -> list[str]:
    return [one["kind"] for one in found]


def name(path: Path, finding: dict[str, Any], file: str = "run.jsonl") -> str:
    """Of the span that a finding is about."""
    return next(span.name for span in tracer.load(path / file).spans if span.span == finding["span"])


def prompt() -> Chain:
    return ChatPromptTemplate.from_messages([("human", "{q}")])


class Slow(GenericFakeChatModel):
    """Streams a word, or a space, every 60 ms."""

    async def _astream(self, *args: Any, **kwargs: Any) -> Any:
        async for chunk in super()._astream(*args, **kwargs):
            await asyncio.sleep(0.06)
            yield chunk


def model(text: str = "one two three four five six") -> Slow:
    return Slow(messages=iter([AIMessage(content=text)] * 9))


def upper(text: str) -> str:
    return text.upper()


async def upper_each(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    async for piece in pieces:
        yield piece.upper()


class Shape(BaseModel):
    a: int


class TestNotStreaming:
    def test_a_function_at_the_end_holds_the_stream_up(self, tmp_path: Path) -> None:
        (one,) = streamed(prompt() | model() | StrOutputParser() | RunnableLambda(upper), tmp_path)
        assert one["kind"] == "not_streaming"
        assert name(tmp_path, one) == "upper"
        assert one["evidence"]["pieces"] >= 10
        assert 0.4 < one["evidence"]["seconds"] < 3
        feeder = next(s for s in tracer.load(tmp_path / "run.jsonl").spans if s.span == one["evidence"]["from"])
        assert feeder.name == "StrOutputParser"

    @pytest.mark.parametrize(
        "last",
        [RunnableGenerator(upper_each), RunnableLambda(upper_each), StrOutputParser(), RunnablePassthrough()],
        ids=["generator", "generator_lambda", "parser", "passthrough"],
    )
    def test_what_passes_pieces_on_does_not(self, last: Chain, tmp_path: Path) -> None:
        assert streamed(prompt() | model() | StrOutputParser() | last, tmp_path) == []

    def test_the_branch_is_blamed_and_not_what_stands_around_it(self, tmp_path: Path) -> None:
        branches = RunnableParallel(a=RunnableLambda(upper), b=RunnableGenerator(upper_each))
        (one,) = streamed(prompt() | model() | StrOutputParser() | branches, tmp_path)
        assert (one["kind"], name(tmp_path, one)) == ("not_streaming", "upper")

    def test_the_inner_step_is_blamed(self, tmp_path: Path) -> None:
        inner = (StrOutputParser() | RunnableLambda(upper)).with_config(run_name="inner")
        (one,) = streamed(prompt() | model() | inner, tmp_path)
        assert (one["kind"], name(tmp_path, one)) == ("not_streaming", "upper")

    def test_before_a_prompt_it_makes_no_difference(self, tmp_path: Path) -> None:
        again = RunnableLambda(lambda text: {"q": text}) | prompt() | model("so")
        assert streamed(prompt() | model() | StrOutputParser() | again, tmp_path) == []

    def test_a_short_stream_is_not_worth_telling(self, tmp_path: Path) -> None:
        assert streamed(prompt() | model("one two") | StrOutputParser() | RunnableLambda(upper), tmp_path) == []

    def test_called_nothing_streams_and_that_is_right(self, tmp_path: Path) -> None:
        assert called(prompt() | model() | StrOutputParser() | RunnableLambda(upper), tmp_path) == []


def fails(value: Any) -> Any:
    raise ConnectionError("no route")


class TestRetryOff:
    def test_a_streamed_retry_does_nothing(self, tmp_path: Path) -> None:
        chain = prompt() | RunnableLambda(fails).with_retry(stop_after_attempt=4)
        (one,) = streamed(chain, tmp_path)
        assert one["kind"] == "retry_off"
        assert one["evidence"] == {"error": "ConnectionError", "attempts": 4}
        assert name(tmp_path, one) == "fails"

    @pytest.mark.parametrize(
        "retried",
        [
            (RunnableLambda(upper) | RunnableLambda(fails)).with_retry(),
            RunnableLambda(fails).with_retry().with_config(tags=["x"]),
            RunnableLambda(fails).with_retry(retry_if_exception_type=(OSError,)),
            RunnableLambda(fails).with_retry().with_fallbacks([RunnableLambda(upper)]),
        ],
        ids=["sequence", "bound_again", "its_exception", "below_a_fallback"],
    )
    def test_wherever_it_stands(self, retried: Chain, tmp_path: Path) -> None:
        assert kinds(streamed(RunnableLambda(upper) | retried, tmp_path, "x")).count("retry_off") == 1

    def test_as_the_root(self, tmp_path: Path) -> None:
        assert kinds(streamed(RunnableLambda(fails).with_retry(), tmp_path, "x")) == ["retry_off"]

    def test_a_model(self, tmp_path: Path) -> None:
        with Endpoint(0, [Reply(status=500)]) as served:
            asked = chat(served, max_retries=0)
            (one,) = streamed(prompt() | asked.with_retry(), tmp_path)
        assert (one["kind"], one["evidence"]["error"]) == ("retry_off", "OpenAIAPIError")

    @pytest.mark.parametrize(
        "chain",
        [
            RunnableLambda(upper).with_retry(),
            RunnableLambda(fails),
            RunnableLambda(fails).with_retry(retry_if_exception_type=(ValueError,)),
            RunnableLambda(fails).with_retry(stop_after_attempt=1),
        ],
        ids=["no_failure", "no_retry", "another_exception", "once"],
    )
    def test_no_finding(self, chain: Chain, tmp_path: Path) -> None:
        assert streamed(RunnableLambda(upper) | chain, tmp_path, "x") == []

    def test_called_inside_a_step_it_works(self, tmp_path: Path) -> None:
        tries = iter([ConnectionError(), None])

        def at_second(value: Any) -> Any:
            if error := next(tries):
                raise error
            return value

        flaky = RunnableLambda(at_second).with_retry(wait_exponential_jitter=False)

        async def calls(value: Any, config: RunnableConfig) -> Any:
            return await flaky.ainvoke(value, config)

        assert streamed(RunnableLambda(calls), tmp_path) == []

    def test_in_invoke_mode_it_works(self, tmp_path: Path) -> None:
        chain = RunnableLambda(fails).with_retry(stop_after_attempt=2, wait_exponential_jitter=False)
        assert called(RunnableLambda(upper) | chain, tmp_path, "x") == []


class TestParserNone:
    def test_text_that_is_no_json(self, tmp_path: Path) -> None:
        text = "I am sorry, but " + "no" * 300
        (one,) = streamed(prompt() | fast(text) | JsonOutputParser(), tmp_path)
        assert (one["kind"], name(tmp_path, one)) == ("parser_none", "JsonOutputParser")
        assert "not JSON: 'I am sorry, but" in one["text"]
        assert one["evidence"]["text"].startswith("I am sorry")
        assert len(one["evidence"]["text"]) == 500
        assert one["evidence"]["length"] == len(text)

    def test_json_of_another_shape(self, tmp_path: Path) -> None:
        (one,) = streamed(prompt() | fast('{"b": 1}') | PydanticOutputParser(pydantic_object=Shape), tmp_path)
        assert one["kind"] == "parser_none"
        assert "not of the shape" in one["text"]

    def test_no_tool_was_called(self, tmp_path: Path) -> None:
        (one,) = streamed(
            prompt() | fast("in words") | JsonOutputKeyToolsParser(key_name="f", first_tool_only=True), tmp_path
        )
        assert "called no tool" in one["text"]

    @pytest.mark.parametrize("text", ['{"a": 1}', '```json\n{"a": 1}\n```', "null", "[]", '{"a": 1'])
    def test_json_is_understood(self, text: str, tmp_path: Path) -> None:
        assert streamed(prompt() | fast(text) | JsonOutputParser(), tmp_path) == []

    def test_called_it_raises(self, tmp_path: Path) -> None:
        assert called(prompt() | fast("words") | JsonOutputParser(), tmp_path) == []


def fast(text: str, times: int = 9) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(content=text)] * times))


def chat(served: Endpoint, name: str = "gpt-test", **more: Any) -> ChatOpenAI:
    """A chat model at that endpoint that counts its tokens."""
    return ChatOpenAI(model=name, base_url=served.base_url, api_key=SecretStr("k"), **{"stream_usage": True, **more})


@pytest.fixture
def served() -> Iterator[Endpoint]:
    with Endpoint(0, [Reply("A good answer of quite some words, long enough to be cut in its middle.")]) as running:
        yield running


class TestModelEnds:
    def test_a_good_answer_has_no_findings(self, served: Endpoint, tmp_path: Path) -> None:
        assert streamed(prompt() | chat(served), tmp_path) == []
        assert called(prompt() | chat(served), tmp_path) == []

    @pytest.mark.parametrize("run", [streamed, called], ids=["streamed", "called"])
    def test_cut_by_length(self, run: Any, served: Endpoint, tmp_path: Path) -> None:
        (one,) = run(prompt() | chat(served, max_completion_tokens=5), tmp_path)
        assert one["kind"] == "cut_by_length"
        assert one["evidence"] == {"finish_reason": "length", "max_tokens": 5, "output_tokens": 5, "tool_calls": False}

    def test_tool_arguments_cut_by_length(self, tmp_path: Path) -> None:
        calls = (Call("look_up", {"words": "quite a long list of things to look up"}),)
        with Endpoint(0, [Reply(calls=calls, limit=4)]) as served:
            (one,) = streamed(prompt() | chat(served), tmp_path)
        assert one["kind"] == "cut_by_length"
        assert one["evidence"]["tool_calls"] is True
        assert "arguments of a tool call" in one["text"]

    def test_closed_early(self, served: Endpoint, tmp_path: Path) -> None:
        (one,) = streamed(prompt() | chat(served, "scripted-undone"), tmp_path)
        assert one["kind"] == "closed_early"
        assert one["evidence"]["chunks"] > 1

    def test_usage_missing(self, served: Endpoint, tmp_path: Path) -> None:
        (one,) = streamed(prompt() | chat(served, stream_usage=False), tmp_path)
        assert one["kind"] == "usage_missing"
        assert "stream_usage=True" in one["advice"]

    def test_other_models_owe_no_usage_and_no_finish_reason(self, tmp_path: Path) -> None:
        assert streamed(prompt() | fast("words and words"), tmp_path) == []

    def test_called_the_usage_comes_by_itself(self, served: Endpoint, tmp_path: Path) -> None:
        assert called(prompt() | chat(served, stream_usage=False), tmp_path) == []


class Whole(SimpleChatModel):
    """Cannot stream."""

    seconds: float = 0.5
    _llm_type = "whole"

    def _call(self, *args: Any, **kwargs: Any) -> str:
        time.sleep(self.seconds)
        return "all at once"


class TestModelNotStreaming:
    def test_it_has_no_stream(self, tmp_path: Path) -> None:
        (one,) = streamed(prompt() | Whole(), tmp_path)
        assert one["kind"] == "model_not_streaming"
        assert one["evidence"]["reason"] == "its class has no _stream"
        assert one["evidence"]["seconds"] >= 0.5

    def test_it_was_told_not_to(self, tmp_path: Path) -> None:
        with Endpoint(1, [Reply("some words")]) as served:
            (one,) = streamed(prompt() | chat(served, disable_streaming=True), tmp_path)
        assert one["evidence"]["reason"] == "disable_streaming=True is set"

    def test_a_fast_answer_needs_no_stream(self, tmp_path: Path) -> None:
        assert streamed(prompt() | Whole(seconds=0.0), tmp_path) == []

    def test_a_slow_model_that_streams(self, tmp_path: Path) -> None:
        assert streamed(prompt() | model(), tmp_path) == []

    def test_called_nobody_waits_for_pieces(self, tmp_path: Path) -> None:
        assert called(prompt() | Whole(), tmp_path) == []


class TestFallbackUsed:
    def fallback(self) -> Chain:
        return RunnableLambda(fails).with_fallbacks([RunnableLambda(upper)])

    @pytest.mark.parametrize("run", [streamed, called], ids=["streamed", "called"])
    def test_the_fallback_answered(self, run: Any, tmp_path: Path) -> None:
        (one,) = run(RunnableLambda(str) | self.fallback(), tmp_path, "x")
        assert one["kind"] == "fallback_used"
        assert one["evidence"]["error"] == "ConnectionError: no route"
        assert "upper" in one["text"]
        file = "run.jsonl" if run is streamed else "call.jsonl"
        assert name(tmp_path, one, file) == "RunnableWithFallbacks"

    def test_it_says_nothing_of_a_run_that_fails_later(self, tmp_path: Path) -> None:
        (one,) = streamed(self.fallback() | RunnableLambda(fails), tmp_path, "x")
        assert tracer.load(tmp_path / "run.jsonl").status == "error"
        assert one["kind"] == "fallback_used"
        assert "The run" not in one["advice"]

    def test_under_another_name(self, tmp_path: Path) -> None:
        chain = self.fallback().with_config(run_name="careful")
        assert kinds(streamed(RunnableLambda(str) | chain, tmp_path, "x")) == ["fallback_used"]

    def test_called_inside_a_streamed_step(self, tmp_path: Path) -> None:
        careful = self.fallback()

        async def calls(value: Any, config: RunnableConfig) -> Any:
            return await careful.ainvoke(value, config)

        assert kinds(streamed(RunnableLambda(calls), tmp_path, "x")) == ["fallback_used"]

    @pytest.mark.parametrize(
        "chain",
        [
            RunnableLambda(upper).with_fallbacks([RunnableLambda(fails)]),
            RunnableLambda(fails).with_fallbacks([RunnableLambda(fails)]),
            RunnableLambda(fails).with_fallbacks([RunnableLambda(upper)], exceptions_to_handle=(ValueError,)),
        ],
        ids=["first_was_good", "all_fail", "not_its_exception"],
    )
    def test_no_finding(self, chain: Chain, tmp_path: Path) -> None:
        assert streamed(RunnableLambda(str) | chain, tmp_path, "x") == []


def twice(first: Chain, second: Chain) -> Chain:
    async def asks(value: Any, config: RunnableConfig) -> Any:
        with contextlib.suppress(Exception):
            await first.ainvoke(value, config)
        return await second.ainvoke(value, config)

    return RunnableLambda(asks)


class TestSamePromptTwice:
    @pytest.mark.parametrize("run", [streamed, called], ids=["streamed", "called"])
    def test_the_same_again(self, run: Any, tmp_path: Path) -> None:
        asked = prompt() | fast("yes")
        (one,) = run(twice(asked, asked), tmp_path)
        assert one["kind"] == "same_prompt_twice"
        assert one["evidence"]["first"] < one["span"]

    def test_ids_of_messages_do_not_count(self, tmp_path: Path) -> None:
        def with_id(n: int) -> Chain:
            return RunnableLambda(lambda _: [AIMessage(content="so?", id=f"m{n}")]) | fast("yes")

        assert kinds(streamed(twice(with_id(1), with_id(2)), tmp_path)) == ["same_prompt_twice"]

    def test_other_words_other_parameters_other_models(self, served: Endpoint, tmp_path: Path) -> None:
        other = ChatPromptTemplate.from_messages([("human", "Once more: {q}")])
        one, two = twice(prompt() | fast("a"), other | fast("b")), fast("c").with_config(run_name="second opinion")
        assert streamed(twice(one, prompt() | two), tmp_path) == []

    def test_other_parameters(self, served: Endpoint, tmp_path: Path) -> None:
        hot, cold = chat(served, temperature=1.0), chat(served, temperature=0.0)
        assert streamed(twice(prompt() | hot, prompt() | cold), tmp_path) == []

    def test_after_a_failure_it_is_right_to_ask_again(self, tmp_path: Path) -> None:
        with Endpoint(0, [Reply(status=500), Reply("now")]) as served:
            asked = prompt() | chat(served, max_retries=0)
            assert streamed(twice(asked, asked), tmp_path) == []

    def test_after_its_parser_failed_too(self, tmp_path: Path) -> None:
        asked = prompt() | fast("no json")
        assert streamed(twice(asked | JsonOutputParser(), asked), tmp_path) == []


def child(value: Any) -> Any:
    return value


CHILD = RunnableLambda(child)
POOL = ThreadPoolExecutor(2)


def in_a_pool(value: Any) -> Any:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(CHILD.invoke, [1, 2]))


def in_a_global_pool(value: Any) -> Any:
    return list(POOL.map(CHILD.invoke, [1, 2]))


def by_futures(value: Any) -> Any:
    return [future.result() for future in as_completed([POOL.submit(CHILD.invoke, n) for n in range(2)])]


def in_a_thread(value: Any) -> Any:
    thread = threading.Thread(target=CHILD.invoke, args=(1,))
    thread.start()
    thread.join()


def in_many_threads(value: Any) -> Any:
    threads = [threading.Thread(target=CHILD.invoke, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def with_config(value: Any, config: RunnableConfig) -> Any:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda n: CHILD.invoke(n, config), [1, 2]))


def with_context(value: Any) -> Any:
    return POOL.submit(contextvars.copy_context().run, CHILD.invoke, 1).result()


def by_batch(value: Any, config: RunnableConfig) -> Any:
    return CHILD.batch([1, 2, 3], config)


def without_langchain(value: Any) -> Any:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(child, [1, 2]))


class TestChildrenLost:
    def test_nobody_waits_for_a_task(self, tmp_path: Path) -> None:
        tasks = []

        async def slow(value: Any) -> Any:
            await asyncio.sleep(5)

        async def starts(value: Any, config: RunnableConfig) -> Any:
            tasks.append(asyncio.create_task(RunnableLambda(slow).ainvoke(value, config)))
            await asyncio.sleep(0.05)
            return value

        (one,) = streamed(RunnableLambda(starts) | RunnableLambda(str), tmp_path)
        assert (one["kind"], name(tmp_path, one)) == ("children_lost", "slow")
        assert one["evidence"]["how"] == "background"

    def test_awaited_it_is_not_lost(self, tmp_path: Path) -> None:
        async def slow(value: Any) -> Any:
            await asyncio.sleep(0.05)

        async def waits(value: Any, config: RunnableConfig) -> Any:
            await asyncio.gather(*(RunnableLambda(slow).ainvoke(n, config) for n in range(3)))
            return value

        assert streamed(RunnableLambda(waits) | RunnableLambda(str), tmp_path) == []

    def test_spans_with_one_run_id_are_no_sign_of_it(self, tmp_path: Path) -> None:
        same = uuid4()

        async def asks(value: Any, config: RunnableConfig) -> Any:
            for step in (RunnableLambda(str), RunnableLambda(upper)):
                value = await step.ainvoke(value, {**config, "run_id": same})
            return value

        assert streamed(RunnableLambda(asks) | RunnableLambda(str), tmp_path, "x") == []

    @pytest.mark.parametrize("run", [streamed, called], ids=["streamed", "called"])
    @pytest.mark.parametrize("start", [in_a_pool, in_a_global_pool, by_futures, in_a_thread, in_many_threads])
    def test_a_bare_thread_has_no_config(self, run: Any, start: Any, tmp_path: Path) -> None:
        found = run(RunnableLambda(str) | RunnableLambda(start), tmp_path)
        assert kinds(found) == ["children_lost"]
        (one,) = found
        file = "run.jsonl" if run is streamed else "call.jsonl"
        assert name(tmp_path, one, file) == start.__name__
        assert {key: one["evidence"][key] for key in ("how", "child")} == {"how": "thread", "child": "child"}

    def test_seen_by_the_handler_too(self, tmp_path: Path) -> None:
        RunnableLambda(in_a_pool).invoke("x", {"callbacks": [handler(tmp_path / "run.jsonl")]})
        assert kinds(_findings(tmp_path / "run.jsonl")) == ["children_lost"]

    @pytest.mark.parametrize("start", [with_config, with_context, by_batch, without_langchain])
    def test_children_that_are_not_lost(self, start: Any, tmp_path: Path) -> None:
        assert streamed(RunnableLambda(str) | RunnableLambda(start), tmp_path) == []

    def test_what_others_do_meanwhile_is_not_ours(self, tmp_path: Path) -> None:
        stop = threading.Event()

        def busy() -> None:
            while not stop.is_set():
                CHILD.invoke("other")
                time.sleep(0.01)

        others = threading.Thread(target=busy)
        others.start()
        try:
            assert streamed(prompt() | model() | StrOutputParser(), tmp_path) == []
        finally:
            stop.set()
            others.join()


@pytest.fixture
def demo_at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACER_DEMO_PACE", "0")
        patch.delenv("OPENAI_API_KEY", raising=False)
        endpoint.stop()
        yield
        endpoint.stop()


@pytest.mark.usefixtures("demo_at_once")
class TestDemo:
    @pytest.mark.parametrize("name", ["rag", "extract", "agent", "parallel"])
    def test_the_healthy_chains_have_no_findings(self, name: str, tmp_path: Path) -> None:
        chain: Chain = getattr(demo, name)
        given = chain.get_input_jsonschema()["examples"][0]
        assert streamed(chain, tmp_path, given) == []
        assert called(chain, tmp_path, given) == []

    def test_flaky_uses_its_fallback(self, tmp_path: Path) -> None:
        found = streamed(demo.flaky, tmp_path, flaky.EXAMPLES[0])
        # Its last step is a function, which holds the answer up: true, and told where the answer takes long enough.
        assert [one["kind"] for one in found if one["kind"] != "not_streaming"] == ["fallback_used"]
        assert kinds(called(demo.flaky, tmp_path, flaky.EXAMPLES[0])) == ["fallback_used"]


def test_a_finding_is_a_line_before_the_end_and_not_an_event(tmp_path: Path) -> None:
    streamed(RunnableLambda(fails).with_fallbacks([RunnableLambda(upper)]), tmp_path, "x")
    run = tracer.load(tmp_path / "run.jsonl")
    (line,) = [line for line in run.lines if line["event"] == "finding"]
    assert 0 < line["seq"] < run.lines[-1]["seq"]
    assert set(line) == {"seq", "t_us", "event", "span", "kind", "text", "advice", "evidence"}
    assert not any(event["event"] == "finding" for event in run.events)


def test_of_no_kind_too_many_and_the_rest_is_counted(tmp_path: Path) -> None:
    careful = RunnableLambda(fails).with_fallbacks([RunnableLambda(upper)])

    async def many(value: Any, config: RunnableConfig) -> Any:
        await careful.abatch(["x"] * (MOST_OF_A_KIND + 7), config)

    found = streamed(RunnableLambda(many), tmp_path)
    assert kinds(found) == ["fallback_used"] * (MOST_OF_A_KIND + 1)
    assert found[-1]["span"] is None
    assert found[-1]["evidence"] == {"more": 7}


def test_every_kind_is_told_in_the_docs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "findings.md").read_text()
    assert tuple(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == KINDS
    assert set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\*\*.*", text, re.MULTILINE)))) >= set(KINDS)


def test_the_handler_finds_as_well(tmp_path: Path) -> None:
    careful = RunnableLambda(fails).with_fallbacks([RunnableLambda(upper)])
    careful.invoke("x", {"callbacks": [handler(tmp_path / "run.jsonl")]})
    assert kinds(_findings(tmp_path / "run.jsonl")) == ["fallback_used"]


def test_a_detector_that_fails_is_told_of_and_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr("tracer.capture.findings.models.ended", broken)
    assert streamed(prompt() | fast("words") | StrOutputParser(), tmp_path) == []
    run = tracer.load(tmp_path / "run.jsonl")
    assert run.status == "ok"
    assert {span.state for span in run.spans} == {"ok"}
    assert "no longer looked for" in caplog.text


def test_a_stream_line_costs_next_to_nothing() -> None:
    findings = Findings()
    start = {
        "event": "on_chat_model_start",
        "span": 1,
        "parent": None,
        "run_id": "r",
        "name": "m",
        "tags": ["seq:step:2"],
        "metadata": {},
        "data": {"input": encode({"messages": [[AIMessage(content="q")]]})},
    }
    findings.see("chat_model", "start", start)
    line = {"event": "on_chat_model_stream", "span": 1, "data": {"chunk": encode(AIMessage(content="token"))}}
    best = min(_timed(findings, line) for _ in range(5))
    assert best < 5e-6


def _timed(findings: Findings, line: dict[str, Any]) -> float:
    began = time.perf_counter()
    for _ in range(2_000):
        findings.see("chat_model", "stream", line)
    return (time.perf_counter() - began) / 2_000
