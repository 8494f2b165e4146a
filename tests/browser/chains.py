"""Chains the browser tests need beside the demo's: exactly timed, hostile, with every kind of field."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal

from langchain_core.messages import AnyMessage
from langchain_core.output_parsers import JsonOutputParser
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda
from pydantic import BaseModel, ConfigDict, Field

# What a page must show as text: were any of it ever markup, it would set `window.hit` or load something.
MARKUP = '<img src="/x" onerror="window.hit=1"><script>window.hit=1</script>&amp;"\'`${1}</textarea></style>'


class Steps(BaseModel):
    """Counts, a word at a time."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"steps": 20, "pause": 0.02}]})

    steps: int = Field(20, ge=1, le=5000)
    pause: float = Field(0.02, ge=0)


async def _count(asked: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
    async for one in asked:
        for n in range(one.get("steps", 20)):
            await asyncio.sleep(one.get("pause", 0.02))
            yield f"{n} "


count: Runnable[Any, Any] = RunnableGenerator(_count).with_types(input_type=Steps)
"""Counts, a word at a time."""


async def _listed(asked: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
    async for one in asked:
        yield '{"countries": ['
        for n in range(one.get("steps", 20)):
            await asyncio.sleep(one.get("pause", 0.02))
            yield f"{n}, "
        yield "0]}"


listed: Runnable[Any, Any] = RunnableGenerator(_listed).with_types(input_type=Steps) | JsonOutputParser()
"""Counts in JSON."""


_NAME = "a step whose name is so long that it wants more room than names have by themselves"


async def _later(asked: Any) -> Any:
    await asyncio.sleep(1.2)
    return await RunnableLambda(lambda given: given).with_config(run_name=_NAME).ainvoke(asked)


late_name: Runnable[Any, Any] = RunnableLambda(_later)
"""A step with a long name comes when others are shown already."""


async def _lure(asked: AsyncIterator[str]) -> AsyncIterator[dict[str, str]]:
    async for _ in asked:
        for n in range(len(MARKUP)):
            yield {MARKUP: MARKUP[: n + 1]}


def _fail(_: Any) -> None:
    raise ValueError(MARKUP)


hostile: Runnable[Any, Any] = (
    RunnableLambda(lambda asked: asked).with_config(run_name=MARKUP, tags=[MARKUP], metadata={MARKUP: MARKUP})
    | RunnableGenerator(_lure).with_config(run_name=f"lure {MARKUP}")
    | RunnableLambda(_fail)
).with_types(input_type=str)
"""<img src="/x" onerror="window.hit=1"> fails, with markup in every place."""


class Address(BaseModel):
    street: str
    number: int | None = None


class Everything(BaseModel):
    """One field of every kind."""

    text: str = Field(description="Any words")
    count: int = Field(3, ge=1, le=6)
    share: float = Field(0.5, gt=0, lt=1)
    sure: bool = True
    colour: Literal["red", "green"] = "red"
    words: list[str] = ["one"]
    where: Address
    either: int | str = 1
    talk: list[AnyMessage] = []
    rest: dict[str, Any] = {}


everything: Runnable[Any, Any] = RunnableLambda(lambda asked: asked).with_types(input_type=Everything)
"""Gives back what it got."""


class _Formless(RunnableLambda):  # type: ignore[type-arg]
    def get_input_jsonschema(self, config: Any = None) -> dict[str, Any]:
        raise TypeError("use another TypedDict")


formless: Runnable[Any, Any] = _Formless(lambda asked: asked)
"""Cannot say what it takes."""
