"""What LangChain gives to a thread though it waits for nothing: its own parsers' work on each piece of a stream.

The way to a thread and back takes many times as long as what is done there, and wakes the loop through its pipe. Where
a run is recorded, its loop does such work itself: that is more than recording takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
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
_SLOW = 2
"""So many times that took little make up for one that took long."""
_OFTEN = 3
_WRAPPER = next((one for one in run_in_executor.__code__.co_consts if isinstance(one, CodeType)), None)
"""What `run_in_executor` wraps its function in."""

_STEP = 500
"""Characters by which a JSON may be longer than one that took little time."""
_replaced: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Any, Any]] = weakref.WeakKeyDictionary()
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
        if not _users[loop]:
            _put_back(loop)


def _replace(loop: asyncio.AbstractEventLoop) -> None:
    in_thread, rested = loop.run_in_executor, loop.time()
    quick: dict[int, int] = {}
    """By parser, how long a text was that took it little time."""
    slow: dict[int, int] = {}
    """By parser, how often it took longer lately: once may be the machine's doing."""

    def run(executor: Executor | None, call: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        nonlocal rested
        parser, size = (None, 0) if executor is not None or args else _short(call)
        # What is no JSON takes the square of its length.
        if parser is None or (type(parser) is JsonOutputParser and size > quick.get(id(parser), 0) + _STEP):
            return in_thread(executor, call, *args)
        future = loop.create_future()
        # Not that of the clock on the wall: others may have the processor, or the interpreter.
        began = time.thread_time()
        try:
            result = call()
        except Exception as error:
            future.set_exception(error)
            return future
        finally:
            if type(parser) is JsonOutputParser:
                at, lately = id(parser), slow.get(id(parser), 0)
                if time.thread_time() - began < 2 * _LONGEST_TURN:
                    quick[at], slow[at] = size, max(0, lately - 1)
                else:
                    slow[at] = lately + _SLOW
                    if slow[at] >= _OFTEN * _SLOW:
                        quick[at] = -_LONGEST
        now = loop.time()
        if now - rested < _LONGEST_TURN:
            future.set_result(result)
        else:
            # The thread gave others a turn: without one, a chain that waits for nothing could not be stopped.
            loop.call_soon(_give, future, result)
            rested = now
        return future

    before = getattr(loop, "__dict__", {}).get("run_in_executor")
    with contextlib.suppress(AttributeError):
        loop.run_in_executor = run  # type: ignore[method-assign, assignment]  # there is no other way in
        _replaced[loop] = run, before


def _put_back(loop: asyncio.AbstractEventLoop) -> None:
    ours, before = _replaced.pop(loop, (None, None))
    # Whoever has put his own there since keeps it; it calls ours, which goes on to do what it does.
    if ours is None or vars(loop).get("run_in_executor") is not ours:
        return
    if before is None:
        del loop.run_in_executor
    else:
        loop.run_in_executor = before  # type: ignore[method-assign]  # as it was


def _give(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _short(call: Any) -> tuple[Any, int]:
    """The parser whose work this is, and how many characters it has; None where it is not left to us."""
    if type(call) is not partial or len(call.args) != 1 or getattr(call.args[0], "__code__", None) is not _WRAPPER:
        return None, 0
    held = dict(zip(_WRAPPER.co_freevars, call.args[0].__closure__, strict=True)) if _WRAPPER else {}
    try:
        function, arguments = held["func"].cell_contents, held["args"].cell_contents
        parser, size = function.__self__, len(arguments[0][0].text)
        if type(parser) in _PARSERS and function.__name__ == "parse_result" and size <= _LONGEST:
            return parser, size
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        pass
    return None, 0
