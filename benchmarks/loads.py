"""What the benchmarks run: chains of LangChain's own parts, on a model that streams without ever waiting.

A model that waits would hide what recording costs. `LOADS` has them by name; `tracer serve benchmarks.loads:text` and
LangServe serve the very same objects.
"""

from __future__ import annotations

import json
import operator
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, AnyMessage, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableBinding, RunnableParallel
from langchain_core.tools import tool
from langgraph.graph import END, START, StateGraph
from langgraph.prebuilt import ToolNode
from typing_extensions import TypedDict  # LangServe makes a schema of it; pydantic wants this one until Python 3.12

PIECE = 4
"""Characters in a token."""
TURNS = 40


class Streams(BaseChatModel):
    """Gives the pieces it was made with, one chunk each."""

    pieces: tuple[str, ...]

    @property
    def _llm_type(self) -> str:
        return "benchmark"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError("it is only streamed")

    async def _astream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        for chunk in self.chunks(messages):
            yield chunk

    def chunks(self, messages: list[BaseMessage]) -> Iterator[ChatGenerationChunk]:
        """One after the other, made as they are taken."""
        for piece in self.pieces:
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))


class Calls(Streams):
    """As `Streams`; then it calls a tool, but for the last of `TURNS` turns."""

    def chunks(self, messages: list[BaseMessage]) -> Iterator[ChatGenerationChunk]:
        yield from super().chunks(messages)
        turn = sum(message.type == "ai" for message in messages)
        if turn < TURNS - 1:
            for n, args in enumerate(('{"cit', 'y": "Par', 'is"}')):
                call = tool_call_chunk(
                    name="weather" if n == 0 else None, args=args, id=f"call-{turn}" if n == 0 else None, index=0
                )
                yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[call]))


@tool
def weather(city: str) -> str:
    """What the weather is like in a city."""
    return f"It is 18 degrees and cloudy in {city}."


class _State(TypedDict):
    messages: Annotated[list[AnyMessage], operator.add]


def _agent() -> Runnable[Any, Any]:
    model = Calls(pieces=_words(10))

    async def ask(state: _State) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    def further(state: _State) -> str:
        return "tools" if getattr(state["messages"][-1], "tool_calls", None) else END

    graph = StateGraph(_State)
    graph.add_node("model", ask)
    graph.add_node("tools", ToolNode([weather]))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", further, ["tools", END])
    graph.add_edge("tools", "model")
    # Bound: what `with_config` of a graph is given gives way to the default that `astream_events` fills in.
    return RunnableBinding(bound=graph.compile(), config={"recursion_limit": 3 * TURNS})


def _words(count: int) -> tuple[str, ...]:
    words = ("the ", "lan", "tern", " at ", "the ", "end ", "of ", "a ", "quay", ", ")
    return tuple(words[n % len(words)] for n in range(count))


def records(count: int) -> str:
    """JSON of so many records of about 65 characters each."""
    return json.dumps(
        {"people": [{"id": n, "name": f"Person {n}", "city": "London", "tags": ["a", "b"]} for n in range(count)]}
    )


def _pieces(text: str) -> tuple[str, ...]:
    return tuple(text[at : at + PIECE] for at in range(0, len(text), PIECE))


_prompt = ChatPromptTemplate.from_messages([("system", "You answer briefly."), ("human", "{question}")])


def _text(tokens: int) -> Runnable[Any, Any]:
    return _prompt | Streams(pieces=_words(tokens)) | StrOutputParser()


def json_of(count: int) -> Runnable[Any, Any]:
    """A chain that streams that many."""
    return _prompt | Streams(pieces=_pieces(records(count))) | JsonOutputParser()


text = _text(2_000)
json20 = json_of(20)
json50 = json_of(50)
json100 = json_of(100)
json200 = json_of(200)
json400 = json_of(400)
branches: Runnable[Any, Any] = RunnableParallel({f"branch{n}": _text(10) for n in range(200)})
agent = _agent()
short = _text(40)


@dataclass(frozen=True, slots=True)
class Load:
    """One thing to run: `times` runs of it at once."""

    name: str
    title: str
    chain: Runnable[Any, Any]
    input: Any
    times: int = 1


_QUESTION = {"question": "What do you see?"}

LOADS = {
    load.name: load
    for load in (
        Load("text", "text of 2,000 tokens", text, _QUESTION),
        Load("json20", "JSON of 20 records", json20, _QUESTION),
        Load("json50", "JSON of 50 records", json50, _QUESTION),
        Load("json100", "JSON of 100 records", json100, _QUESTION),
        Load("json200", "JSON of 200 records", json200, _QUESTION),
        Load("json400", "JSON of 400 records", json400, _QUESTION),
        Load("branches", "200 parallel branches of 10 tokens", branches, _QUESTION),
        Load("agent", "LangGraph agent of 40 turns", agent, {"messages": [{"type": "human", "content": "And now?"}]}),
        Load("short", "50 runs of 40 tokens at once", short, _QUESTION, 50),
    )
}
