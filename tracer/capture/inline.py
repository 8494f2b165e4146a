"""What LangChain gives to a thread though it waits for nothing: its own parsers' work on each piece of a stream.

The way to a thread and back takes many times as long as what is done there, and wakes the loop through its pipe. Where
a run is recorded, its loop does such work itself: that is more than recording takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import partial
from types import CodeType
from typing import Any

from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.runnables.config import run_in_executor

_PARSERS = frozenset((StrOutputParser, JsonOutputParser))
"""Exactly these: what others make of them may run anybody's code."""
_LONGEST = 32_000
"""Characters that are parsed in a few milliseconds."""
_LONGEST_TURN = 0.005
_WRAPPER = next((one for one in run_in_executor.__code__.co_consts if isinstance(one, CodeType)), None)
"""What `run_in_executor` wraps its function in."""

_users: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, int] = weakref.WeakKeyDictionary()


@contextlib.contextmanager
def inline(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Meanwhile the loop does such work itself. Call it in the loop.

    One whose methods cannot be replaced (uvloop's) goes on as it was.
    """
    users = _users.get(loop, 0)
    _users[loop] = users + 1
    if not users:
        _replace(loop)
    try:
        yield
    finally:
        _users[loop] -= 1
        # Whoever has put his own there since keeps it; it calls ours, which goes on to do what it does.
        if not _users[loop] and getattr(loop.run_in_executor, "__module__", None) == __name__:
            del loop.run_in_executor


def _replace(loop: asyncio.AbstractEventLoop) -> None:
    in_thread, rested = loop.run_in_executor, loop.time()

    def run(executor: Executor | None, call: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        nonlocal rested
        if executor is not None or args or not _is_short(call):
            return in_thread(executor, call, *args)
        future = loop.create_future()
        try:
            result = call()
        except Exception as error:
            future.set_exception(error)
            return future
        if loop.time() - rested < _LONGEST_TURN:
            future.set_result(result)
        else:
            # The thread gave others a turn: without one, a chain that waits for nothing could not be stopped.
            loop.call_soon(_give, future, result)
            rested = loop.time()
        return future

    with contextlib.suppress(AttributeError):
        loop.run_in_executor = run  # type: ignore[method-assign, assignment]  # there is no other way in


def _give(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _is_short(call: Any) -> bool:
    if type(call) is not partial or len(call.args) != 1 or getattr(call.args[0], "__code__", None) is not _WRAPPER:
        return False
    held = dict(zip(_WRAPPER.co_freevars, call.args[0].__closure__, strict=True)) if _WRAPPER else {}
    try:
        function, arguments = held["func"].cell_contents, held["args"].cell_contents
        if type(function.__self__) not in _PARSERS or function.__name__ != "parse_result":
            return False
        return len(arguments[0][0].text) <= _LONGEST
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return False
