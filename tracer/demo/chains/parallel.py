"""Three prompts answered side by side."""

from __future__ import annotations

from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableParallel
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tracer.demo import prompts
from tracer.demo.model import chat_model
from tracer.demo.topics import Language, Topic

EXAMPLES: list[JsonValue] = [
    {"topic": "remote work", "language": "German"},
    {"topic": "nuclear power", "language": "French"},
    {"topic": "electric cars", "language": "Spanish"},
]


class Subject(BaseModel):
    """Asks the model for a summary, arguments and a translation at the same time."""

    model_config = ConfigDict(title="Subject", json_schema_extra={"examples": EXAMPLES})

    topic: Topic = Field(description="What to write about")
    language: Language = Field("German", description="The language of the translation")


def build() -> Runnable[Any, dict[str, Any]]:
    """The chain: `{"topic": str, "language"?: str}` → `{"summary", "arguments", "translation"}`, a text each."""
    chain: Runnable[Any, dict[str, Any]] = RunnableParallel(
        summary=_branch("summary", prompts.SUMMARY),
        arguments=_branch("arguments", prompts.ARGUMENTS),
        translation=_branch("translation", prompts.TRANSLATION, "\n\nLanguage: {language}"),
    )
    return chain.with_types(input_type=Subject)


def _branch(name: str, system: str, more: str = "") -> Runnable[Any, str]:
    prompt = ChatPromptTemplate.from_messages([("system", system), ("user", "Topic: {topic}" + more)])
    if more:
        # A partial is what the input overrides: the language may be left out.
        prompt = prompt.partial(language="German")
    return (prompt | chat_model() | StrOutputParser()).with_config(run_name=name)
