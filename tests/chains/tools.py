"""Tools, retrievers, and loops that use them."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, RunnablePassthrough, chain
from langchain_core.tools import BaseTool, StructuredTool, ToolException, tool
from pydantic import BaseModel

from .case import case
from .parts import Notes, Q, Script, calls, fail, model, prompt, says

Chain = Runnable[Any, Any]
CALL = {"name": "divide", "args": {"a": 6, "b": 3}, "id": "call-1", "type": "tool_call"}


@tool
def divide(a: int, b: int) -> float:
    """Divide."""
    return a / b


@tool
async def adivide(a: int, b: int) -> float:
    """Divide, asynchronously."""
    return a / b


@tool
def refuse(why: str) -> str:
    """Refuse."""
    raise ToolException(f"not {why}")


class Explains(BaseTool):
    """A tool that handles its own errors."""

    name: str = "explains"
    description: str = "Explains."
    handle_tool_error: Any = True
    handle_validation_error: Any = True

    def _run(self, n: int) -> str:
        raise ToolException("handled")


@case({"a": 6, "b": 3}, "ok", "divide", invoked="same")
def tool_sync() -> Chain:
    """A tool as the root."""
    return divide


@case({"a": 6, "b": 3}, "ok", "adivide", invoked="same")
def tool_async() -> Chain:
    """An asynchronous tool as the root."""
    return adivide


@case({"a": 6, "b": 0}, "error", "divide · error", invoked="same")
def tool_fails() -> Chain:
    """A tool divides by zero."""
    return divide


@case({"a": "six", "b": 3}, "error", "divide · error", invoked="same")
def tool_given_the_wrong_type() -> Chain:
    """The arguments do not fit."""
    return divide


@case({"why": "now"}, "error", "refuse · error", invoked="same")
def tool_refuses() -> Chain:
    """ToolException, which nobody handles."""
    return refuse


@case({"n": 1}, "ok", "explains", invoked="same")
def tool_handles_its_error() -> Chain:
    """`handle_tool_error`: what it raised is its output."""
    return Explains()


@case({"n": "one"}, "ok", "explains", invoked="same")
def tool_handles_bad_arguments() -> Chain:
    """`handle_validation_error`: so is that the arguments do not fit."""
    return Explains()


@case(
    {"x": 2},
    "ok",
    """
    doubled
      RunnableLambda
    """,
    invoked="same",
)
def runnable_as_a_tool() -> Chain:
    """`.as_tool()`."""

    def double(value: dict[str, int]) -> int:
        return value["x"] * 2

    step: Chain = RunnableLambda(double, name="RunnableLambda")
    return step.as_tool(name="doubled", description="Doubles.", arg_types={"x": int})


@case(
    Q,
    "ok",
    """
    agent · recovered
      divide
      divide · error
      RunnableSequence
        ChatPromptTemplate
        GenericFakeChatModel
    """,
    invoked="same",
)
def loop_that_catches() -> Chain:
    """The second tool call fails, which the loop catches."""

    async def agent(value: Any, config: RunnableConfig) -> str:
        seen = []
        for a, b in ((6, 3), (1, 0)):
            try:
                seen.append(str(await divide.ainvoke({"a": a, "b": b}, config)))
            except ZeroDivisionError:
                seen.append("nothing")
        message = await (prompt() | model("done with " + " ".join(seen))).ainvoke(value, config)
        return str(message.content)

    return RunnableLambda(agent)


@case(
    "6 by 3?",
    "ok",
    """
    agent
      Script
      divide
      Script
    """,
    invoked="same",
)
def loop_with_tool_calls() -> Chain:
    """Ask, call, answer: by hand."""
    asked = Script(script=[AIMessage("", tool_calls=[CALL], id="asked"), says("2", ".", "0")])

    @chain
    async def agent(question: str) -> Any:
        messages: list[Any] = [HumanMessage(question, id="asks")]
        while True:
            answer = await asked.bind_tools([divide]).ainvoke(messages)
            messages.append(answer)
            if not answer.tool_calls:
                return answer.content
            messages += [await divide.ainvoke(call) for call in answer.tool_calls]

    return agent


@case(
    CALL,
    "ok",
    """
    RunnableSequence
      RunnableAssign<answer>
        RunnableParallel<answer>
          RunnableLambda
      report
        divide
    """,
    invoked="same",
)
def tool_called_with_a_call() -> Chain:
    """A tool call in, a tool message out."""

    async def report(value: Any) -> Any:
        message: ToolMessage = await divide.ainvoke({k: value[k] for k in CALL})
        return message

    return RunnablePassthrough.assign(answer=lambda value: None) | RunnableLambda(report)


@case(
    {"query": "x"},
    "error",
    """
    search · propagated by Notes
      Notes · error
    """,
    invoked="same",
)
def tool_with_a_retriever_that_fails() -> Chain:
    """The tool's error is its retriever's."""

    async def search(query: str, callbacks: Any = None) -> str:
        return str(await Notes(fails=True).ainvoke(query, {"callbacks": callbacks}))

    return StructuredTool.from_function(coroutine=search, name="search", description="Search.")


@case(
    "x",
    "ok",
    """
    tries · recovered
      search · propagated by fail
        fail · error
    """,
    invoked="same",
)
def tool_with_a_chain_that_fails() -> Chain:
    """A caught tool error, whose cause is a chain inside the tool."""

    async def search(query: str) -> Any:
        return await RunnableLambda(fail).ainvoke(query)

    made = StructuredTool.from_function(coroutine=search, name="search", description="Search.")

    async def tries(value: Any) -> Any:
        try:
            return await made.ainvoke({"query": value})
        except ValueError:
            return "nothing"

    return RunnableLambda(tries)


@case("LCEL", "ok", "Notes", invoked="same")
def retriever_sync() -> Chain:
    """A retriever as the root."""
    return Notes()


class Anotes(BaseRetriever):
    """Looks asynchronously."""

    fails: bool = False

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        raise NotImplementedError

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        if self.fails:
            raise TimeoutError("index is asleep")
        return []


@case("LCEL", "ok", "Anotes", invoked="same")
def retriever_async() -> Chain:
    """Finds nothing."""
    return Anotes()


@case("LCEL", "error", "Anotes · error", invoked="same")
def retriever_fails() -> Chain:
    """The index is not there."""
    return Anotes(fails=True)


@case("LCEL", "ok", "Anotes", invoked="same")
def retriever_with_tags() -> Chain:
    """Tags and metadata of its own."""
    return Anotes(tags=["mine"], metadata={"index": "main"})


class Ensemble(BaseRetriever):
    """Asks several."""

    retrievers: list[Any]

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        raise NotImplementedError

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        found: list[Document] = []
        for retriever in self.retrievers:
            found += await retriever.ainvoke(query, {"callbacks": run_manager.get_child()})
        return found


@case(
    "LCEL",
    "ok",
    """
    Ensemble
      Notes
      Anotes
    """,
    invoked="same",
)
def retriever_of_retrievers() -> Chain:
    """One after the other."""
    return Ensemble(retrievers=[Notes(), Anotes()])


@case(
    "LCEL",
    "error",
    """
    Ensemble · propagated by Notes
      Notes · error
    """,
    invoked="same",
)
def retriever_of_a_retriever_that_fails() -> Chain:
    """The inner one is to blame."""
    return Ensemble(retrievers=[Notes(fails=True), Anotes()])


@case(
    "LCEL?",
    "ok",
    """
    RunnableSequence
      RunnableParallel<context,q>
        RunnableSequence
          Notes
          join
        RunnablePassthrough
      ChatPromptTemplate
      GenericFakeChatModel
    """,
    invoked="same",
)
def rag() -> Chain:
    """Retrieve, fill in, ask."""

    def join(documents: list[Document]) -> str:
        return "\n".join(document.page_content for document in documents)

    return {"context": Notes() | join, "q": RunnablePassthrough()} | prompt() | model()


class State(TypedDict):
    """What a graph of messages holds."""

    messages: Annotated[list[AnyMessage], operator.add]


def _agent(*answers: Any, tools: list[Any]) -> Any:
    from langchain.agents import create_agent

    return create_agent(Script(script=list(answers)), tools=tools)


@case(
    {"messages": [("user", "6 by 3?")]},
    "ok",
    """
    LangGraph
      model
        Script
      tools
        divide
      model
        Script
    """,
    invoked="same",
)
def agent() -> Chain:
    """`create_agent`: ask, call, answer."""
    return _agent(calls("divide", a=6, b=3), says("two", " it", " is"), tools=[divide])  # type: ignore[no-any-return]


@case(
    {"messages": [("user", "6 by 0?")]},
    "error",
    """
    LangGraph · propagated by tools
      model
        Script
      tools · propagated by divide
        divide · error
    """,
    invoked="same",
)
def agent_with_a_tool_that_fails() -> Chain:
    """The agent's tool fails."""
    return _agent(calls("divide", a=6, b=0), says("never"), tools=[divide])  # type: ignore[no-any-return]


@case(
    {"messages": [("user", "six by 3?")]},
    "ok",
    """
    LangGraph
      model
        Script
      tools · recovered
        divide · error
      model
        Script
    """,
    invoked="same",
)
def agent_with_arguments_that_do_not_fit() -> Chain:
    """The model is told that its arguments are wrong, and answers."""
    return _agent(calls("divide", a="six", b=3), says("sorry"), tools=[divide])  # type: ignore[no-any-return]


@case(
    {"messages": [("user", "go")]},
    "ok",
    """
    LangGraph
      model
        Script
      tools
      model
        Script
    """,
    invoked="same",
)
def agent_asks_for_a_tool_that_is_not_there() -> Chain:
    """The model invents a tool."""
    return _agent(calls("teleport", to="Paris"), says("sorry"), tools=[divide])  # type: ignore[no-any-return]


@case(
    {"messages": [("user", "go")]},
    "error",
    """
    LangGraph · propagated by model
      model · propagated by Script
        Script · error
    """,
    invoked="same",
)
def agent_whose_model_fails() -> Chain:
    """The first call of the model fails."""
    return _agent(says("he", ConnectionError("429")), tools=[divide])  # type: ignore[no-any-return]


class Answer(BaseModel):
    """What the agent is to give."""

    number: int


@case(
    {"messages": [("user", "6 by 3?")]},
    "ok",
    """
    LangGraph
      counts.before_model
      model
        Script
    """,
    invoked="same",
)
def agent_with_middleware_and_a_format() -> Chain:
    """Something runs before the model, whose answer is an object."""
    from langchain.agents import create_agent
    from langchain.agents.middleware import before_model
    from langchain.agents.structured_output import ToolStrategy

    @before_model
    def counts(state: Any, runtime: Any) -> None:
        return None

    asked = Script(script=[calls("Answer", number=2)])
    return create_agent(asked, tools=[], middleware=[counts], response_format=ToolStrategy(Answer))


@case(
    {"messages": [("user", "6 by 3?")]},
    "ok",
    """
    LangGraph
      limits.before_model
      model
        Script
      tools · recovered
        divide · error
      limits.before_model
      model
        Script
    """,
    invoked="same",
)
def agent_that_handles_tool_errors() -> Chain:
    """A middleware around the tools makes a message of their errors."""
    from langchain.agents import create_agent
    from langchain.agents.middleware import before_model, wrap_tool_call

    @before_model
    def limits(state: Any, runtime: Any) -> None:
        return None

    @wrap_tool_call
    async def forgive(request: Any, handler: Any) -> Any:
        try:
            return await handler(request)
        except ZeroDivisionError:
            return ToolMessage("no", tool_call_id=request.tool_call["id"])

    asked = Script(script=[calls("divide", a=6, b=0), says("nothing")])
    return create_agent(asked, tools=[divide], middleware=[limits, forgive])
