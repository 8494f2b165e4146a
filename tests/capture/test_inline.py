"""LangChain's own parsers, at work in the loop of a recorded run instead of in threads."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.outputs import Generation
from langchain_core.runnables import Runnable, RunnableGenerator

import tracer
from tracer.capture import inline


class Own(StrOutputParser):
    """Somebody's, who may wait in it for anything."""


def _says(*pieces: str) -> Runnable[Any, str]:
    async def say(_: AsyncIterator[Any]) -> AsyncIterator[str]:
        for piece in pieces:
            yield piece

    return RunnableGenerator(say)


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """In which threads texts are parsed."""
    seen: set[int] = set()
    parse: Callable[[Any, str], str] = StrOutputParser.parse

    def noted(self: Any, text: str) -> str:
        seen.add(threading.get_ident())
        return parse(self, text)

    monkeypatch.setattr(StrOutputParser, "parse", noted)
    return seen


async def _record(chain: Runnable[Any, Any], folder: Path) -> list[Any]:
    return [event async for event in tracer.astream_events(chain, "now", path=folder)]


async def test_short_work_is_done_in_the_loop_while_a_run_is_recorded(tmp_path: Path, threads: set[int]) -> None:
    chain = _says("a", "b") | StrOutputParser()
    bare = [event async for event in chain.astream_events("now", version="v2")]
    assert threading.get_ident() not in threads
    threads.clear()
    recorded = await _record(chain, tmp_path)
    assert threads == {threading.get_ident()}
    assert [(event["event"], event["data"]) for event in recorded] == [(one["event"], one["data"]) for one in bare]
    threads.clear()
    assert await chain.ainvoke("now") == "ab"
    assert "run_in_executor" not in vars(asyncio.get_running_loop())
    assert threading.get_ident() not in threads


@pytest.mark.parametrize(
    "chain", [_says("a", "b") | Own(), _says("x" * (inline._LONGEST + 1)) | StrOutputParser()], ids=["own", "long"]
)
async def test_other_work_is_left_to_threads(chain: Runnable[Any, Any], tmp_path: Path, threads: set[int]) -> None:
    await _record(chain, tmp_path)
    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.timeout(60)
async def test_what_takes_long_is_left_to_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, bool]] = []
    parse = JsonOutputParser.parse_result

    def noted(self: Any, result: Any, **kwargs: Any) -> Any:
        seen.append((len(result[0].text), threading.get_ident() == here))
        return parse(self, result, **kwargs)

    here = threading.get_ident()
    noted.__name__ = "parse_result"
    monkeypatch.setattr(JsonOutputParser, "parse_result", noted)
    # What is no JSON takes the square of its length.
    await _record(_says(*["prose and more of it " * 10] * 20) | JsonOutputParser(), tmp_path)
    assert seen[0] == (210, True)
    assert not any(inside for size, inside in seen if size > 3_000)


@pytest.mark.parametrize(
    ("slow", "inside"),
    [({2}, 20), ({2, 4}, 20), ({2, 3, 4}, 4), (set(range(0, 20, 4)), 20), (set(range(0, 20, 2)), 10)],
    ids=["one", "two", "in a row", "now and then", "each other one"],
)
async def test_what_took_long_once_may_be_the_machines_doing(
    slow: set[int], inside: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    parse = JsonOutputParser.parse_result
    spent = 0.0

    def noted(self: Any, result: Any, **kwargs: Any) -> Any:
        nonlocal spent
        seen.append(threading.get_ident() == here)
        spent += 1.0 if len(seen) in slow else 0.0
        return parse(self, result, **kwargs)

    here = threading.get_ident()
    noted.__name__ = "parse_result"
    monkeypatch.setattr(JsonOutputParser, "parse_result", noted)
    monkeypatch.setattr(time, "thread_time", lambda: spent)
    await _record(_says("[1", *"1" * 18, "]") | JsonOutputParser(), tmp_path)
    assert seen[:20] == [True] * inside + [False] * (20 - inside)


async def test_what_was_put_into_the_loop_before_comes_back(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    own = loop.run_in_executor

    def theirs(*args: Any) -> Any:
        return own(*args)

    loop.run_in_executor = theirs  # type: ignore[method-assign]  # as somebody might
    await _record(_says("a") | StrOutputParser(), tmp_path)
    assert loop.run_in_executor is theirs


async def test_so_is_what_others_ask_for(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()

    async def ask(_: AsyncIterator[Any]) -> AsyncIterator[int]:
        yield await loop.run_in_executor(None, threading.get_ident)
        yield await loop.run_in_executor(None, divmod, 7, 2)  # type: ignore[misc]

    *_, last = await _record(RunnableGenerator(ask), tmp_path)
    assert last["data"]["output"] != threading.get_ident()


async def test_what_a_parser_raises_is_raised(tmp_path: Path) -> None:
    async def parse(_: AsyncIterator[Any]) -> AsyncIterator[Any]:
        with pytest.raises(OutputParserException, match="Invalid json output"):
            await JsonOutputParser().ainvoke("no JSON")
        yield await JsonOutputParser().ainvoke('{"a": 1}')

    *_, last = await _record(RunnableGenerator(parse), tmp_path)
    assert last["data"]["output"] == {"a": 1}


async def test_a_chain_that_waits_for_nothing_gives_others_their_turn(tmp_path: Path) -> None:
    async def parse(_: AsyncIterator[Any]) -> AsyncIterator[Any]:
        while time.monotonic() < deadline:
            await StrOutputParser().aparse_result([Generation(text="x")])
        yield "done"

    deadline = time.monotonic() + 10
    task = asyncio.create_task(_record(RunnableGenerator(parse), tmp_path))
    for _ in range(5):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() < deadline - 5


async def test_the_last_of_several_runs_puts_the_loop_back(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    first = tracer.astream_events(_says("a", "b"), "now", path=tmp_path)
    await anext(first)
    await _record(_says("a") | StrOutputParser(), tmp_path)
    assert "run_in_executor" in vars(loop)
    await first.aclose()
    assert "run_in_executor" not in vars(loop)


async def test_what_others_put_into_the_loop_since_stays(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    first = tracer.astream_events(_says("a", "b"), "now", path=tmp_path)
    await anext(first)
    ours = loop.run_in_executor

    def theirs(*args: Any) -> Any:
        return ours(*args)

    loop.run_in_executor = theirs  # type: ignore[method-assign]  # as somebody might
    await first.aclose()
    assert loop.run_in_executor is theirs
    assert await loop.run_in_executor(None, divmod, 7, 2) == (3, 1)  # type: ignore[misc]
