"""A chain that says what it is given in every place that a log has, one value each."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import adispatch_custom_event
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.tools import tool


class Echo(BaseChatModel):
    """Says what it was asked, whole, and is asked with it."""

    @property
    def _llm_type(self) -> str:
        return "echo"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {}

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=str(messages[-1].content)))])


@dataclass
class Settings:
    host: str
    note: str


class Opaque:
    def __init__(self, said: str) -> None:
        self.said = said

    def __repr__(self) -> str:
        return f"<Opaque {self.said}>"


@tool
def look_up(value: str) -> dict[str, Any]:
    """Finds what it is asked for."""
    return {"found": f"there is {value} in it", "args": json.dumps({"a": "b\n" + value})}


def fail(value: str) -> None:
    try:
        raise KeyError(value)
    except KeyError as error:
        raise ValueError(f"cannot use {value}") from error


def _shapes(value: str) -> dict[str, Any]:
    return {
        "list": ["a", [value]],
        "object": Settings("here", value),
        "repr": Opaque(value),
        "bytes": value.encode(),
        "document": Document(value, metadata={"source": f"https://example.com/d?x={value}"}),
        "set": {value},
        "error": ValueError(value),
        value: "as a key",
        ("a", value): "in a key",
        "nested": json.dumps({"again": json.dumps({"v": value})}),
        "url": f"https://example.com/x?v={value}",
    }


async def _one(value: str, config: RunnableConfig) -> None:
    own: RunnableConfig = {**config, "tags": [value], "metadata": {"m": value, "url": f"https://example.com/{value}"}}
    await look_up.ainvoke({"value": value}, own)
    model = Echo().bind(stop=[value])
    await (ChatPromptTemplate.from_messages([("human", "{q}")]) | model).ainvoke({"q": value}, config)
    await adispatch_custom_event("note", {"said": value}, config=config)
    await adispatch_custom_event(value, value, config=config)
    await RunnableLambda(lambda given: _shapes(given)).with_config(run_name=value).ainvoke(value, config)
    with contextlib.suppress(ValueError):
        await RunnableLambda(fail).ainvoke(value, config)


async def say_it_everywhere(given: dict[str, Any], config: RunnableConfig) -> str:
    for value in given["values"]:
        await _one(value, config)
    if given.get("fail"):
        fail(given["values"][0])
    return str(given["values"][0])


def say_it_at_once(given: dict[str, Any], config: RunnableConfig) -> str:
    """The same for `invoke`."""
    return asyncio.run(say_it_everywhere(given, config))


everywhere = RunnableLambda(say_it_at_once, say_it_everywhere, name="everywhere")
