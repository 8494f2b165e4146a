"""Models and what reads their answers: whole, streamed, broken off, never said; parsed, and not to be parsed."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain_core.language_models import FakeListChatModel, FakeListLLM
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.output_parsers import (
    CommaSeparatedListOutputParser,
    JsonOutputParser,
    PydanticOutputParser,
    StrOutputParser,
    XMLOutputParser,
)
from langchain_core.output_parsers.openai_tools import JsonOutputToolsParser
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import tool
from pydantic import BaseModel

from .case import Turn, case
from .parts import Blunt, Q, Script, Words, calls, model, prompt, says

Chain = Runnable[Any, Any]


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


@case("why?", "ok", "GenericFakeChatModel", invoked="same")
def chat_model() -> Chain:
    """A chat model as the root."""
    return model()


@case("why?", "ok", "Blunt", invoked="same")
def chat_model_that_does_not_stream() -> Chain:
    """A model with nothing but an answer."""
    return Blunt(answer=AIMessage("hello", id="said"))


@case("why?", "error", "Script · error", invoked="same")
def chat_model_fails() -> Chain:
    """The model fails before its first token."""
    return Script(script=[says(ConnectionError("429"))])


@case(
    Q,
    "error",
    """
    RunnableSequence · propagated by Script
      ChatPromptTemplate
      Script · error
      StrOutputParser · propagated by Script
    """,
    invoked="""
    RunnableSequence · propagated by Script
      ChatPromptTemplate
      Script · error
    """,
)
def chat_model_breaks_off() -> Chain:
    """The stream of tokens breaks; the parser that reads it fails with the same exception."""
    return prompt() | Script(script=[says("he", "llo", ConnectionError("reset"))]) | StrOutputParser()


@case("why?", "ok", "Script", invoked="same")
def chat_model_says_nothing() -> Chain:
    """An answer of empty chunks."""
    return Script(script=[says("", "")])


@case("why?", "error", "Script · error", invoked="same")
def chat_model_without_a_chunk() -> Chain:
    """A stream without a chunk is an error of LangChain's."""
    return Script(script=[[]])


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      Script
      JsonOutputToolsParser
    """,
    invoked="same",
)
def tool_call_in_pieces() -> Chain:
    """The arguments of a tool call come as pieces of JSON."""
    pieces = ['{"ci', 'ty": "P', 'aris"}']
    chunks = [
        AIMessageChunk(
            content="",
            id="said",
            tool_call_chunks=[
                {"name": "weather" if n == 0 else None, "args": piece, "id": "call-1" if n == 0 else None, "index": 0}
            ],
        )
        for n, piece in enumerate(pieces)
    ]
    return prompt() | Script(script=[chunks]) | JsonOutputToolsParser()


@case(
    "who?",
    "ok",
    """
    RunnableSequence
      Script
      PydanticToolsParser
    """,
    invoked="same",
)
def structured_output() -> Chain:
    """A tool call becomes an object."""
    return Script(script=[calls("Person", name="Ada", age=36)]).with_structured_output(Person)


@case(
    "who?",
    "ok",
    """
    RunnableSequence
      Script
      PydanticToolsParser
    """,
    invoked=Turn(
        "who?",
        "error",
        """
        RunnableSequence · propagated by PydanticToolsParser
          Script
          PydanticToolsParser · error
        """,
    ),
)
def structured_output_is_invalid() -> Chain:
    """The tool call does not fit the type: streamed, it ends in None and no error; called, it fails."""
    return Script(script=[calls("Person", name="Ada", age="unknown")]).with_structured_output(Person)


@case(
    "who?",
    "ok",
    """
    RunnableSequence
      RunnableParallel<raw>
        Script
      RunnableWithFallbacks
        RunnableAssign<parsed,parsing_error>
          RunnableParallel<parsed,parsing_error>
            RunnableSequence
              RunnableLambda
              PydanticToolsParser
            RunnableLambda
    """,
    invoked="""
    RunnableSequence
      RunnableParallel<raw>
        Script
      RunnableWithFallbacks · recovered
        RunnableAssign<parsed,parsing_error> · propagated by RunnableParallel<parsed,parsing_error>
          RunnableParallel<parsed,parsing_error> · propagated by RunnableSequence
            RunnableSequence · propagated by PydanticToolsParser
              RunnableLambda
              PydanticToolsParser · error
            RunnableLambda
        RunnableAssign<parsed>
          RunnableParallel<parsed>
            RunnableLambda
    """,
)
def structured_output_with_the_raw_answer() -> Chain:
    """The answer that does not fit is given raw."""
    asked = Script(script=[calls("Person", name="Ada", age="unknown")])
    return asked.with_structured_output(Person, include_raw=True)


@case("why?", "ok", "FakeListLLM", invoked="same")
def llm() -> Chain:
    """A text model as the root."""
    return FakeListLLM(responses=["hello"])


@case(
    Q,
    "ok",
    """
    RunnableSequence
      PromptTemplate
      Words
      CommaSeparatedListOutputParser
    """,
    invoked="same",
)
def llm_streams_a_list() -> Chain:
    """A text model's stream, parsed into a list item by item."""
    return PromptTemplate.from_template("{q}") | Words(text="red, green, blue") | CommaSeparatedListOutputParser()


@case(
    Q,
    "error",
    """
    RunnableSequence · propagated by Words
      PromptTemplate
      Words · error
    """,
    invoked="same",
)
def llm_fails() -> Chain:
    """A text model fails in the middle."""
    return PromptTemplate.from_template("{q}") | Words(text="red green", fails=True)


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      GenericFakeChatModel
      JsonOutputParser
    """,
    invoked="same",
)
def json_parser() -> Chain:
    """Partial objects at every token."""
    return prompt() | model('{"a": "x y", "b": [1, 2, null]}') | JsonOutputParser()


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      GenericFakeChatModel
      JsonOutputParser
    """,
)
def json_parser_with_diffs() -> Chain:
    """JSON patches at every token."""
    return prompt() | model('{"a": "x y", "b": [1, 2, null]}') | JsonOutputParser(diff=True)


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      GenericFakeChatModel
      JsonOutputParser
    """,
    invoked=Turn(
        Q,
        "error",
        """
        RunnableSequence · propagated by JsonOutputParser
          ChatPromptTemplate
          GenericFakeChatModel
          JsonOutputParser · error
        """,
    ),
)
def json_parser_given_prose() -> Chain:
    """Streamed, text that is no JSON ends in None and no error; called, the parser fails."""
    return prompt() | model("I would rather not") | JsonOutputParser()


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      GenericFakeChatModel
      PydanticOutputParser
    """,
    invoked="same",
)
def pydantic_parser() -> Chain:
    """An object of one's own type."""
    return prompt() | model('{"name": "Ada", "age": 36}') | PydanticOutputParser(pydantic_object=Person)


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      Blunt
      PydanticOutputParser
    """,
    invoked=Turn(
        Q,
        "error",
        """
        RunnableSequence · propagated by PydanticOutputParser
          ChatPromptTemplate
          Blunt
          PydanticOutputParser · error
        """,
    ),
)
def pydantic_parser_fails() -> Chain:
    """JSON that is not of that type: streamed, it ends in None and no error; called, it fails."""
    answer = Blunt(answer=AIMessage('{"name": "Ada"}', id="said"))
    return prompt() | answer | PydanticOutputParser(pydantic_object=Person)


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      GenericFakeChatModel
      XMLOutputParser
    """,
)
def xml_parser() -> Chain:
    """XML, element by element."""
    return prompt() | model("<a> <b> 1 </b> <b> 2 </b> </a>") | XMLOutputParser(parser="xml")


@case(
    {"wrong": 1},
    "error",
    """
    RunnableSequence · propagated by ChatPromptTemplate
      ChatPromptTemplate · error
    """,
    invoked="same",
)
def prompt_misses_a_variable() -> Chain:
    """The prompt fails; the model never starts."""
    return prompt() | model()


@case("text", "error", "ChatPromptTemplate · error", invoked="same")
def prompt_with_two_variables_given_a_text() -> Chain:
    """A prompt as the root, given what is no dict."""
    return ChatPromptTemplate.from_messages([("human", "{a} {b}")])


@case({"n": None}, "ok", "PromptTemplate", invoked="same")
def prompt_as_the_root() -> Chain:
    """A prompt of one None."""
    return PromptTemplate.from_template("{n}")


@case(
    "look",
    "ok",
    """
    RunnableSequence
      show
      FakeListChatModel
    """,
    invoked="same",
)
def image_blocks() -> Chain:
    """A message with an image in it."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 20_000}}

    def show(text: Any) -> Any:
        return [HumanMessage([{"type": "text", "text": text}, image], id="shown")]

    return RunnableLambda(show) | FakeListChatModel(responses=["nice"])


@case(
    Q,
    "ok",
    """
    RunnableSequence
      ChatPromptTemplate
      Script
    """,
    invoked="same",
)
def reasoning_and_refusal() -> Chain:
    """Blocks of reasoning, and a refusal."""
    chunks = [
        AIMessageChunk(content=[{"type": "reasoning", "reasoning": "hm", "index": 0}], id="said"),
        AIMessageChunk(
            content=[{"type": "text", "text": "no", "index": 1}], id="said", additional_kwargs={"refusal": "no"}
        ),
    ]
    return prompt() | Script(script=[chunks])


@case(
    "why?",
    "ok",
    """
    generate
      GenericFakeChatModel
    """,
    invoked="same",
)
def model_called_by_generate() -> Chain:
    """A model called below LCEL, with two prompts: one span each, LangChain makes of it."""

    async def generate(value: Any, config: Any) -> Any:
        result = await model().agenerate([[HumanMessage(value)]], callbacks=config["callbacks"])
        return result.generations[0][0].text

    return RunnableLambda(generate)


@case(
    ["one", "two"],
    "ok",
    """
    batched
      GenericFakeChatModel
      GenericFakeChatModel
    """,
    invoked="same",
)
def model_called_by_abatch() -> Chain:
    """Two prompts at once."""

    async def batched(value: Any) -> Any:
        return [message.content for message in await model("same same").abatch(value)]

    return RunnableLambda(batched)


@case(
    "why?",
    "cancelled",
    """
    RunnableSequence · cancelled by Script
      Script · cancelled
      StrOutputParser · cancelled by Script
    """,
    same_as_bare=False,
)
def model_is_cancelled() -> Chain:
    """The model's own code is cancelled from within."""
    return Script(script=[says("he", asyncio.CancelledError())]) | StrOutputParser()


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


@case("why?", "ok", "asks", invoked="same")
def model_with_tools_bound() -> Chain:
    """A model that asks for a tool nobody calls."""
    return Script(script=[calls("weather", city="Paris")]).bind_tools([weather]).with_config(run_name="asks")
