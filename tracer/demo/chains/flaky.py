"""What goes wrong: a model that fails, the fallback that makes it good, and a step that fails for good when asked."""

from __future__ import annotations

from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tracer.demo import prompts
from tracer.demo.model import chat_model

EXAMPLES: list[JsonValue] = [
    {"question": "What happens when a model is overloaded?", "fail": False},
    {"question": "What does a run look like that fails for good?", "fail": True},
]


class Attempt(BaseModel):
    """Asks a model that fails, goes on with its fallback, and fails for good at the end when asked to."""

    model_config = ConfigDict(title="Attempt", json_schema_extra={"examples": EXAMPLES})

    question: str = Field(description="What to ask", min_length=1)
    fail: bool = Field(False, description="Whether the last step fails for good")


def build() -> Runnable[Any, str]:
    """The chain: `{"question": str, "fail"?: bool}` → the answer's text; ValueError with `fail`."""
    prompt = ChatPromptTemplate.from_messages([("system", prompts.FLAKY), ("user", "{question}")])
    model = chat_model(failing=True).with_fallbacks([chat_model()])
    answer = (prompt | model | StrOutputParser()).with_config(run_name="answer")
    chain: Runnable[Any, str] = RunnablePassthrough.assign(answer=answer) | RunnableLambda(publish)
    return chain.with_types(input_type=Attempt)


def publish(asked: dict[str, Any]) -> str:
    """The answer, unless the input asks for a failure."""
    if asked.get("fail"):
        raise ValueError('publishing failed because the input asked for it with "fail": true')
    answer: str = asked["answer"]
    return answer
