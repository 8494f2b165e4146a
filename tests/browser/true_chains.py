"""Chains that end in every state, with everything a model can say: what tests/browser/test_truth.py looks at."""

from __future__ import annotations

import asyncio
import base64
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.callbacks.manager import adispatch_custom_event
from langchain_core.language_models import BaseChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, RunnableParallel
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict


def png(width: int, height: int) -> bytes:
    """A picture of that size, red on the left and blue on the right."""
    row = b"\0" + b"".join(b"\xd0\x30\x30" if x < width // 2 else b"\x30\x60\xd0" for x in range(width))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(row * height, 9))
        + chunk(b"IEND", b"")
    )


PICTURE = "data:image/png;base64," + base64.b64encode(png(48, 32)).decode()
ELSEWHERE = "https://example.invalid/picture.png"


def model(text: str) -> BaseChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(content=text)] * 1000))


# —— states


def _fail(_: Any) -> Any:
    raise ConnectionError("the index does not answer")


_deep = RunnableLambda(lambda x: x, name="calm") | RunnableLambda(_fail, name="look up")

fails: Runnable[Any, Any] = RunnableLambda(lambda x: x, name="before") | RunnableLambda(lambda _: _deep, name="outer")
"""Fails two levels down."""

recovers: Runnable[Any, Any] = RunnableLambda(lambda x: str(x), name="before") | _deep.with_fallbacks(
    [model("from the fallback")]
)
"""Fails, and a fallback makes it good."""


def _hang(_: Any) -> Any:
    threading.Event().wait(6)


stuck: Runnable[Any, Any] = RunnableLambda(lambda x: x, name="before") | RunnableLambda(_hang, name="hang")
"""Waits in a thread that nothing can stop."""


async def _slow(x: Any) -> Any:
    await asyncio.sleep(0.3)
    return x


async def _soon(_: Any) -> Any:
    await asyncio.sleep(0.05)
    raise KeyError("soon")


half: Runnable[Any, Any] = RunnableParallel(
    slow=RunnableLambda(_slow, name="slow"), soon=RunnableLambda(_soon, name="soon")
)
"""One branch fails; nobody ends the other."""


# —— interrupts


class Letter(TypedDict, total=False):
    text: str
    first: str
    second: str


def _draft(state: Letter) -> Letter:
    get_stream_writer()({"progress": 0.5})
    return {"text": f"Dear {state.get('text', 'you')}"}


def _ask(state: Letter) -> Letter:
    answer = interrupt({"question": "Should it be sent?", "draft": state["text"]})
    return {"text": f"{state['text']}: answered {answer!r}"}


def _graph(*nodes: Any) -> Any:
    made = StateGraph(Letter)
    before = START
    for node in nodes:
        made.add_node(node.__name__.strip("_"), node)
        made.add_edge(before, node.__name__.strip("_"))
        before = node.__name__.strip("_")
    made.add_edge(before, END)
    return made.compile(checkpointer=InMemorySaver())


asks = _graph(_draft, _ask)
"""Writes a letter and asks before it sends it."""


def _first(_: Letter) -> Letter:
    return {"first": str(interrupt("What is the first word?"))}


def _second(_: Letter) -> Letter:
    return {"second": str(interrupt("What is the second word?"))}


def _both() -> Any:
    made = StateGraph(Letter)
    for name, node in (("first", _first), ("second", _second)):
        made.add_node(name, node)
        made.add_edge(START, name)
        made.add_edge(name, END)
    return made.compile(checkpointer=InMemorySaver())


asks_two = _both()
"""Asks two things at once."""


# —— graphs


def _add(left: int, right: int) -> int:
    return left + right


class Rounds(TypedDict):
    rounds: Annotated[int, _add]


async def _work(state: Rounds, config: RunnableConfig) -> dict[str, int]:
    get_stream_writer()({"round": state["rounds"] + 1})
    await adispatch_custom_event("worked", {"so_far": state["rounds"]}, config=config)
    await model("one more round").ainvoke("go on", config)
    return {"rounds": 1}


def _loop() -> Any:
    made = StateGraph(Rounds)
    made.add_node("work", _work)
    made.add_edge(START, "work")
    made.add_conditional_edges("work", lambda state: "work" if state["rounds"] < 3 else END, ["work", END])
    return made.compile()


rounds = _loop()
"""A graph whose one node runs three times."""


# —— findings


async def _ask_twice(question: Any, config: RunnableConfig) -> str:
    for _ in range(2):
        answer = await model("twice the same").ainvoke([HumanMessage(str(question))], config)
    return str(answer.content)


twice: Runnable[Any, Any] = RunnableLambda(_ask_twice, name="ask twice")
"""Asks a model the very same again."""


# —— content


class Says(BaseChatModel):
    """Streams these chunks."""

    chunks: list[AIMessageChunk]
    pause: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "says"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> Any:
        return {"ls_provider": "test", "ls_model_name": "says-1", "ls_model_type": "chat"}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        whole = self.chunks[0]
        for one in self.chunks[1:]:
            whole = whole + one
        return ChatResult(generations=[ChatGeneration(message=AIMessage(**whole.model_dump(exclude={"type"})))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for one in self.chunks:
            yield ChatGenerationChunk(message=one)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for one in self.chunks:
            await asyncio.sleep(self.pause)
            yield ChatGenerationChunk(message=one)


def _thought(text: str) -> AIMessageChunk:
    return AIMessageChunk(content=[{"type": "reasoning", "reasoning": text, "index": 0}])


def _text(text: str) -> AIMessageChunk:
    return AIMessageChunk(content=[{"type": "text", "text": text, "index": 1}])


WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "How warm it is.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}

thinks: Runnable[Any, Any] = Says(
    pause=0.03,
    chunks=[
        _thought("The user asks "),
        _thought("about Paris."),
        _text("Let me "),
        _text("look."),
        AIMessageChunk(content=[], tool_call_chunks=[{"index": 2, "id": "c1", "name": "weather", "args": ""}]),
        *(
            AIMessageChunk(content=[], tool_call_chunks=[{"index": 2, "id": None, "name": None, "args": piece}])
            for piece in ('{"ci', 'ty": ', '"Paris"}')
        ),
        AIMessageChunk(
            content=[],
            response_metadata={"finish_reason": "tool_calls"},
            usage_metadata={"input_tokens": 9, "output_tokens": 21, "total_tokens": 30},
        ),
    ],
).bind(tools=[WEATHER], temperature=0.2, stop=["END"])
"""Thinks aloud, then calls a tool."""

refuses: Runnable[Any, Any] = Says(
    chunks=[
        AIMessageChunk(content=[{"type": "refusal", "refusal": "I cannot ", "index": 0}]),
        AIMessageChunk(content=[{"type": "refusal", "refusal": "help with that.", "index": 0}]),
        AIMessageChunk(content=[], response_metadata={"finish_reason": "length"}),
    ]
)
"""Does not want to."""


def _show(_: Any) -> list[BaseMessage]:
    return [
        SystemMessage("You describe pictures."),
        HumanMessage(
            [
                {"type": "text", "text": "What is on it?"},
                {"type": "image_url", "image_url": {"url": PICTURE}},
                {"type": "image", "base64": PICTURE.partition(",")[2], "mime_type": "image/png"},
                {"type": "image_url", "image_url": {"url": ELSEWHERE}},
                {"type": "image_url", "image_url": {"url": "data:image/svg+xml;base64,PHN2Zy8+"}},
            ]
        ),
    ]


sees: Runnable[Any, Any] = RunnableLambda(_show, name="show") | model("Two colours.")
"""Shows a model a picture."""
