"""Retrieval-augmented generation: notes, prompt, model, text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tracer.demo import prompts
from tracer.demo.model import chat_model, configurable
from tracer.demo.retriever import NotesRetriever

Asked = dict[str, Any]

EXAMPLES: list[JsonValue] = [
    {"question": "What is a Runnable, and why does streaming need astream_events?", "k": 3},
    {"question": "How do I stream JSON?", "k": 2},
    {"question": "How does an agent call its tools?", "k": 4},
]


class Question(BaseModel):
    """Retrieves from six LangChain notes, then answers from them."""

    model_config = ConfigDict(title="Question", json_schema_extra={"examples": EXAMPLES})

    question: str = Field(description="What you would like to know about LangChain", min_length=1)
    k: int = Field(3, description="How many notes to retrieve", ge=1, le=6)


def build() -> Runnable[Any, str]:
    """The chain: `{"question": str, "k"?: int}` → the answer's text."""
    retriever = NotesRetriever()

    def look_up(asked: Asked, config: RunnableConfig) -> Asked:
        found = retriever.invoke(asked["question"], config, k=asked.get("k", 3))
        return {**asked, "notes": numbered(found)}

    async def alook_up(asked: Asked, config: RunnableConfig) -> Asked:
        found = await retriever.ainvoke(asked["question"], config, k=asked.get("k", 3))
        return {**asked, "notes": numbered(found)}

    prompt = ChatPromptTemplate.from_messages(
        [("system", prompts.RAG), ("user", "Notes:\n\n{notes}\n\nQuestion: {question}")]
    )
    chain: Runnable[Any, str] = (
        RunnableLambda(look_up, alook_up) | prompt | configurable(chat_model()) | StrOutputParser()
    )
    return chain.with_types(input_type=Question)


def numbered(documents: Sequence[Document]) -> str:
    """The documents as the prompt shows them."""
    return "\n\n".join(
        f"[{n}] {document.metadata['title']}\n{document.page_content}" for n, document in enumerate(documents, 1)
    )
