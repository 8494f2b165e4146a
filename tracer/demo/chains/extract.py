"""Structured output: prompt, model, JSON that grows while it is written."""

from __future__ import annotations

from typing import Any

from langchain_core.output_parsers import JsonOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tracer.demo import prompts
from tracer.demo.countries import FIELDS, CountryField
from tracer.demo.model import chat_model, configurable

ALL: list[JsonValue] = list(FIELDS)
EXAMPLES: list[JsonValue] = [
    {
        "text": "Last summer we took the train through France and Spain; in autumn the team meets in Japan.",
        "fields": ALL,
    },
    {
        "text": "The coffee comes from Brazil and Kenya, and most of it is drunk in Canada and France.",
        "fields": ALL,
    },
    {"text": "Japan and Brazil share a long history of migration.", "fields": ["capital", "flag"]},
]


class Text(BaseModel):
    """Finds the countries a text names and writes what it knows of them as nested JSON."""

    model_config = ConfigDict(title="Text", json_schema_extra={"examples": EXAMPLES})

    text: str = Field(description="A text that names one or more countries", min_length=1)
    fields: list[CountryField] = Field(
        list(FIELDS), description="What to tell of each country beside its name and population"
    )


def build() -> Runnable[Any, Any]:
    """The chain: `{"text": str, "fields"?: [str]}` → `{"countries": [{"name", "population", …}]}`."""

    def fields(asked: dict[str, Any]) -> dict[str, Any]:
        return {"text": asked["text"], "fields": ", ".join(asked.get("fields", FIELDS)) or "none"}

    prompt = ChatPromptTemplate.from_messages(
        [
            ("system", prompts.EXTRACT.replace("{", "{{").replace("}", "}}")),
            ("user", "Fields: {fields}\n\nText: {text}"),
        ]
    )
    chain: Runnable[Any, Any] = RunnableLambda(fields) | prompt | configurable(chat_model()) | JsonOutputParser()
    return chain.with_types(input_type=Text)
