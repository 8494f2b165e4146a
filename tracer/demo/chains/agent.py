"""An agent without a framework: a model that calls tools, and the loop that runs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

from langchain_core.messages import AIMessage, AnyMessage, ToolCall, ToolMessage
from langchain_core.prompt_values import PromptValue
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tracer.demo import prompts
from tracer.demo.model import chat_model
from tracer.demo.tools import TOOLS

EXAMPLES: list[JsonValue] = [
    {"question": "What is the weather in Paris and Tokyo, in Fahrenheit?"},
    {"question": "Is it colder in Reykjavik or in Atlantis?"},
    {
        "question": "And in kelvin?",
        "history": [
            {"type": "human", "content": "How warm is it in São Paulo?"},
            {"type": "ai", "content": "São Paulo: thunderstorms, 27.0 °C, wind 12 km/h."},
        ],
    },
]


class Task(BaseModel):
    """Answers questions about the weather by calling tools in a loop, several at once where it can."""

    model_config = ConfigDict(title="Task", json_schema_extra={"examples": EXAMPLES})

    question: str = Field(description="What you would like to know about the weather", min_length=1)
    history: list[AnyMessage] = Field([], description="The conversation before the question")


def build() -> Runnable[Any, str]:
    """The chain: `{"question": str, "history"?: [message]}` → the final answer's text.

    The config's recursion_limit bounds the rounds; RuntimeError where they do not do. A tool that raises does not end
    the run: the model is told what it raised.
    """
    model = chat_model().bind_tools(list(TOOLS.values()))

    def tool_loop(prompt: PromptValue, config: RunnableConfig) -> Iterator[str]:
        messages = prompt.to_messages()
        for _round in range(_limit(config)):
            said: AIMessage | None = None
            for chunk in model.stream(messages, config):
                said = chunk if said is None else cast(AIMessage, said + chunk)
                if chunk.text:
                    yield chunk.text
            if said is None or not said.tool_calls:
                return
            messages += [said, *(run(call, config) for call in said.tool_calls)]
        raise _too_long(config)

    async def atool_loop(prompt: PromptValue, config: RunnableConfig) -> AsyncIterator[str]:
        messages = prompt.to_messages()
        for _round in range(_limit(config)):
            said: AIMessage | None = None
            async for chunk in model.astream(messages, config):
                said = chunk if said is None else cast(AIMessage, said + chunk)
                if chunk.text:
                    yield chunk.text
            if said is None or not said.tool_calls:
                return
            messages += [said, *await asyncio.gather(*(arun(call, config) for call in said.tool_calls))]
        raise _too_long(config)

    prompt = ChatPromptTemplate.from_messages(
        [("system", prompts.AGENT), MessagesPlaceholder("history", optional=True), ("user", "{question}")]
    )
    # Any: RunnableLambda streams what a generator yields, but its types take it for one value of type Iterator.
    loop: Runnable[Any, str] = RunnableLambda(cast(Any, tool_loop), cast(Any, atool_loop))
    chain: Runnable[Any, str] = prompt | loop
    return chain.with_types(input_type=Task)


def run(call: ToolCall, config: RunnableConfig) -> ToolMessage:
    """Run one tool call; what goes wrong becomes a message with status "error"."""
    try:
        message: ToolMessage = TOOLS[call["name"]].invoke(call, config)
    except Exception as error:
        return _failed(call, error)
    return message


async def arun(call: ToolCall, config: RunnableConfig) -> ToolMessage:
    """As run()."""
    try:
        message: ToolMessage = await TOOLS[call["name"]].ainvoke(call, config)
    except Exception as error:
        return _failed(call, error)
    return message


def _failed(call: ToolCall, error: Exception) -> ToolMessage:
    said = f"{type(error).__name__}: {error}"
    return ToolMessage(said, name=call["name"], tool_call_id=call["id"], status="error")


def _limit(config: RunnableConfig) -> int:
    return config.get("recursion_limit", 25)


def _too_long(config: RunnableConfig) -> RuntimeError:
    return RuntimeError(f"the model still asks for tools after {_limit(config)} rounds (recursion_limit)")
