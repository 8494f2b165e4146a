"""What the chains are made of: models that say what they are told to, and steps with one thing to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.documents import Document
from langchain_core.language_models import LLM, BaseChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult, GenerationChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable
from pydantic import PrivateAttr

Q = {"q": "why?"}


class Hard(BaseException):
    """What `except Exception` does not catch."""


def model(text: str = "hello big world") -> GenericFakeChatModel:
    """Streams its text word by word, any number of times."""
    return GenericFakeChatModel(messages=iter([AIMessage(content=text, id="said")] * 99))


def prompt() -> Runnable[Any, Any]:
    return ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "{q}")])


def same(value: Any) -> Any:
    return value


def fail(value: Any) -> Any:
    raise ValueError("this step fails")


async def afail(value: Any) -> Any:
    raise ValueError("this step fails")


async def fail_late(value: Any) -> Any:
    await asyncio.sleep(0.02)
    raise KeyError("late")


async def slow(value: Any) -> Any:
    await asyncio.sleep(0.1)
    return value


async def for_ever(value: Any) -> Any:
    await asyncio.sleep(60)


class Script(BaseChatModel):
    """Answers with the next message of its script, whole or piece by piece; an exception in it is raised."""

    script: Sequence[Any]
    _said: int = PrivateAttr(0)

    @property
    def _llm_type(self) -> str:
        return "script"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, Any]:
        return self.bind(tools=[getattr(tool, "name", str(tool)) for tool in tools])

    def _next(self) -> Any:
        turn = self.script[min(self._said, len(self.script) - 1)]
        self._said += 1
        if isinstance(turn, BaseException):
            raise turn
        return turn

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        turn = self._next()
        if isinstance(turn, list):
            whole = turn[0]
            for piece in turn[1:]:
                if isinstance(piece, BaseException):
                    raise piece
                whole = whole + piece
            turn = AIMessage(content=whole.content, tool_calls=whole.tool_calls, id=whole.id)
        return ChatResult(generations=[ChatGeneration(message=turn)])

    def _pieces(self) -> Iterator[AIMessageChunk]:
        turn = self._next()
        if not isinstance(turn, list):
            turn = [
                AIMessageChunk(
                    content=turn.content,
                    id=turn.id,
                    tool_calls=turn.tool_calls,
                    response_metadata=turn.response_metadata,
                    usage_metadata=turn.usage_metadata,
                )
            ]
        for piece in turn:
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for piece in self._pieces():
            chunk = ChatGenerationChunk(message=piece)
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for piece in self._pieces():
            await asyncio.sleep(0)
            chunk = ChatGenerationChunk(message=piece)
            if run_manager:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk


def says(*pieces: Any) -> list[Any]:
    """The pieces of one answer; an exception among them is raised there."""
    return [AIMessageChunk(content=piece, id="said") if isinstance(piece, str) else piece for piece in pieces]


def calls(name: str, number: int = 1, /, **args: Any) -> AIMessage:
    """An answer that is one tool call."""
    tool_calls = [{"name": name, "args": args, "id": f"call-{number}", "type": "tool_call"}]
    return AIMessage(content="", id=f"asked-{number}", tool_calls=tool_calls)


class Notes(BaseRetriever):
    """Finds one document, or nothing but an error."""

    fails: bool = False

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        if self.fails:
            raise ConnectionError("no index")
        return [Document(f"LCEL composes runnables: {query}", metadata={"n": 1})]


class Blunt(BaseChatModel):
    """Says one message, whole."""

    answer: AIMessage

    @property
    def _llm_type(self) -> str:
        return "blunt"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self.answer)])


class Words(LLM):
    """A text model that streams words; where it fails, after the first."""

    text: str
    fails: bool = False

    @property
    def _llm_type(self) -> str:
        return "words"

    def _call(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> str:
        return "".join(chunk.text for chunk in self._stream(prompt))

    def _stream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[GenerationChunk]:
        for n, word in enumerate(self.text.split(" ")):
            if self.fails and n:
                raise ConnectionError("reset")
            chunk = GenerationChunk(text=word if n == 0 else f" {word}")
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk
