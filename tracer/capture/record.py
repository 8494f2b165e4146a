"""One run from its first line to its last."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import platform
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.base import RunnableEach

from .encode import encode, encode_error
from .inline import inline
from .redact import FAILED, unredacted
from .rules import Redact, chosen
from .tap import NOT_GIVEN, Tap

_VERSIONS = {"tracer": "lcel-tracer", "langchain-core": "langchain-core", "langchain-openai": "langchain-openai"}
End = Callable[[Tap, dict[str, Any]], None]

MODES = ("stream", "invoke")
"""Through `astream_events`; or `ainvoke`, seen by callbacks only: streaming changes what some chains do."""

_CONFIG_SHOWN = ("tags", "metadata", "configurable", "run_name", "recursion_limit", "max_concurrency")


def header(
    run: str,
    chain: str,
    input: Any,
    config: Mapping[str, Any] | None,
    mode: str = "stream",
    redact: Redact | None = None,
) -> dict[str, Any]:
    """The fields of a `run_start` line."""
    redact = chosen(None) if redact is None else redact
    given = config or {}
    shown = {"tags": [], "metadata": {}, **{key: given[key] for key in _CONFIG_SHOWN if given.get(key) is not None}}
    return {
        "run": run,
        "chain": redact(chain, "name"),
        "mode": mode,
        "started_at": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        **({} if input is NOT_GIVEN else {"input": redact(encode(input))}),
        "config": redact(encode(shown)),
        **({"redact": False} if redact is unredacted else {}),
        "versions": dict(_versions()),
    }


async def record(
    chain: Runnable[Any, Any],
    input: Any,
    config: RunnableConfig | None,
    tap: Tap | Callable[[], Tap],
    end: End | None = None,
    **kwargs: Any,
) -> AsyncGenerator[Any, None]:
    """Run the chain through `astream_events` v2, write its log to the end, yield the events as they are.

    Raises what the chain raises, and what making the `tap` does, where that is to be made. Closing it cancels the
    chain. `end` is given the fields of the `run_end` line, to write it in its own time.
    """
    tap = tap if isinstance(tap, Tap) else tap()
    traced: RunnableConfig = {**(config or {}), "callbacks": tap.callbacks((config or {}).get("callbacks"))}
    tap.findings.root(chain)
    error: BaseException | None = None
    try:
        with inline(asyncio.get_running_loop()):
            async with contextlib.aclosing(_events(chain, input, traced, kwargs)) as stream:
                async for event in stream:
                    if not tap.attached:
                        # Not seen when it was sent, so it is recorded now.
                        tap.sent(event)
                    yield event
    except BaseException as raised:
        error = raised
        raise
    finally:
        (end or _end)(tap, footer(tap, error))


async def record_invoke(
    chain: Runnable[Any, Any],
    input: Any,
    config: RunnableConfig | None,
    tap: Tap,
    end: End | None = None,
) -> Any:
    """Run the chain through `ainvoke`, seen through callbacks only, and write its log to the end.

    Returns and raises what the chain does.
    """
    traced: RunnableConfig = {**(config or {}), "callbacks": tap.invoke_callbacks((config or {}).get("callbacks"))}
    error: BaseException | None = None
    try:
        output = await chain.ainvoke(input, traced)
        tap.note_interrupts({"output": output})
        return output
    except BaseException as raised:
        error = raised
        raise
    finally:
        (end or _end)(tap, footer(tap, error))


def footer(tap: Tap, error: BaseException | None) -> dict[str, Any]:
    """The fields of the `run_end` line of a run that ended, or ended with this exception."""
    fields: dict[str, Any] = {"status": "ok", "spans": tap.spans}
    if isinstance(error, GeneratorExit):
        fields |= {"status": "cancelled", "reason": "consumer"}
    elif isinstance(error, asyncio.CancelledError):
        fields |= {"status": "cancelled"}
    elif error is not None:
        shown = tap.redact(encode_error(error))
        fields |= {
            "status": "error",
            "error": {key: shown.get(key, f"[secret: {FAILED}]") for key in ("type", "message")},
        }
    elif isinstance(tap.root_error, asyncio.CancelledError):
        # The chain cancelled itself: v2 then ends the stream without an exception.
        fields |= {"status": "cancelled", "reason": "chain"}
    elif tap.asks:
        fields |= {"status": "interrupted", "interrupts": tap.redact(encode(tap.interrupts))}
    return fields


def _events(
    chain: Runnable[Any, Any], input: Any, config: RunnableConfig, kwargs: dict[str, Any]
) -> AsyncGenerator[Any, None]:
    if isinstance(chain, RunnableEach):
        # `.map()` refuses to be streamed as a root, though it can do what every Runnable can: one chunk.
        return Runnable.astream_events(chain, input, config, version="v2", **kwargs)  # type: ignore[return-value]
    return chain.astream_events(input, config, version="v2", **kwargs)  # type: ignore[return-value]


def _end(tap: Tap, fields: dict[str, Any]) -> None:
    tap.end(fields)


@functools.cache
def _versions() -> Mapping[str, str]:
    # Each is looked up in files, which takes a millisecond; what is imported does not change.
    found = {}
    for name, distribution in _VERSIONS.items():
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(distribution)
    return {**found, "python": platform.python_version()}
