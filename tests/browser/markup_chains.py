"""A chain that says every payload in every place it has, so that they go through the server as any run does."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun, adispatch_custom_event
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig, RunnableGenerator, RunnableLambda
from langchain_core.tools import tool

from tests.browser.payloads import PAYLOADS, SAMPLE, packed, together


class Says(BaseChatModel):
    """Streams each payload as text, as a tool call, as an image; its own name is one, too."""

    group: list[str]

    @property
    def _llm_type(self) -> str:
        return self.group[0]

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(list(self.group)))])

    async def _astream(self, *_: Any, **__: Any) -> AsyncIterator[ChatGenerationChunk]:
        for at, one in enumerate(self.group):
            call: Any = {"name": one, "args": f'{{"{at}": 1}}', "id": one, "index": at, "type": "tool_call_chunk"}
            content: list[str | dict[str, Any]] = [{"type": "text", "text": one, "index": 0}]
            content += [
                {"type": "reasoning", "reasoning": one, "index": 1},
                {"type": one, "text": one, "index": at + 2},
            ]
            content += [{"type": "image_url", "image_url": {"url": one}, "index": 100 + at}]
            chunk = AIMessageChunk(content=content, tool_call_chunks=[call], additional_kwargs={one: one})
            yield ChatGenerationChunk(message=chunk)
        about = {"model_name": together(self.group), "finish_reason": together(self.group)}
        yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=about))


class Finds(BaseRetriever):
    group: list[str]

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [Document(one, id=one, metadata={one: one, "source": one}) for one in self.group]


async def _grows(asked: AsyncIterator[list[str]]) -> AsyncIterator[dict[str, str]]:
    async for group in asked:
        yield {one: "" for one in group}
        yield {one: one for one in group}


def _error(text: str) -> Exception:
    """One whose type is called as its message says."""
    name = text.replace("\0", "")[:500] or "none"
    made: Exception = type(name, (ValueError,), {})(text)
    return made


@tool
def act(given: Any) -> None:
    """Fails."""
    raise _error(given)


def _all(texts: Sequence[str]) -> Runnable[Any, Any]:
    groups = packed(60, texts)

    def named(group: list[str], config: RunnableConfig) -> RunnableConfig:
        metadata = {one: one for one in group} | {"ls_model_name": together(group), "langgraph_node": together(group)}
        return {"run_name": together(group), "tags": group, "metadata": metadata, "callbacks": config["callbacks"]}

    async def says(_: Any, config: RunnableConfig) -> None:
        for group in groups:
            about = named(group, config)
            async for _chunk in Says(group=group).astream([HumanMessage(one) for one in group], about):
                pass
            await Finds(group=group).ainvoke(together(group), about)
            async for _grown in RunnableGenerator(_grows).astream(group, about):
                pass
        for one in texts:
            await adispatch_custom_event(one, {one: one}, config=config)
        for at, one in enumerate(texts):
            step: Runnable[Any, Any] = act if at % 2 else RunnableLambda(act.func)  # type: ignore[attr-defined]
            with contextlib.suppress(ValueError):
                await step.ainvoke({"given": one} if at % 2 else one, named([one], config))
        raise _error(together(texts))

    made: Runnable[Any, Any] = RunnableLambda(lambda given: given, name=together(groups[0])) | RunnableLambda(
        says, name=together(groups[-1])
    )
    made.__doc__ = together(texts)
    return made


everything, some = _all(PAYLOADS), _all(SAMPLE)
