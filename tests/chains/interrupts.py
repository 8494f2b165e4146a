"""LangGraph asks a person: where, how many at once, and what happens with the answer."""

from __future__ import annotations

from typing import Annotated, Any

from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.func import entrypoint, task
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt

from .case import Turn, case
from .graphs import State, aadd, add, graph
from .parts import Script, calls, says

Chain = Runnable[Any, Any]
THREAD: Any = {"configurable": {"thread_id": "t"}}


def ask(state: State) -> State:
    return {"n": interrupt("how many?"), "seen": ["asked"]}


def kept(made: StateGraph[Any], **more: Any) -> Chain:
    return made.compile(checkpointer=InMemorySaver(), **more)


ASKED = """
    LangGraph · interrupted
      add
      ask · interrupted
    """
ANSWERED = """
    LangGraph
      ask
      aadd
    """


@case(
    {"n": 0},
    "interrupted",
    ASKED,
    Turn(Command(resume=4), "ok", ANSWERED),
    config=THREAD,
    invoked="same",
)
def asks_and_is_answered() -> Chain:
    """A node asks; the second run answers."""
    return kept(graph(add, ask, aadd))


@case(
    {"n": 0},
    "interrupted",
    """
    LangGraph · interrupted
      ask · interrupted
    """,
    Turn(
        Command(resume=1),
        "interrupted",
        """
        LangGraph · interrupted
          ask · interrupted
        """,
    ),
    Turn(
        Command(resume=2),
        "ok",
        """
        LangGraph
          ask
        """,
    ),
    config=THREAD,
    invoked="same",
)
def asks_twice() -> Chain:
    """A node asks, is answered, and asks again."""

    def ask(state: State) -> State:
        return {"n": interrupt("how many?") + interrupt("and more?")}

    return kept(graph(ask))


@case(
    {"n": 0},
    "interrupted",
    """
    LangGraph · interrupted
      inner · interrupted by LangGraph
        LangGraph · interrupted by ask
          ask · interrupted
    """,
    Turn(
        Command(resume=4),
        "ok",
        """
        LangGraph
          inner
            LangGraph
              ask
          aadd
        """,
    ),
    config=THREAD,
    invoked="same",
)
def asks_in_a_subgraph() -> Chain:
    """A node of the graph inside asks."""
    return kept(graph(inner=graph(ask).compile(), aadd=aadd))


@case(
    {"seen": []},
    "interrupted",
    """
    LangGraph · interrupted
      left · interrupted
      right · interrupted
    """,
    config=THREAD,
    invoked="same",
)
def two_ask_at_once() -> Chain:
    """Two nodes of one step ask."""

    def left(state: State) -> State:
        return {"seen": [interrupt({"side": "left"})]}

    def right(state: State) -> State:
        return {"seen": [interrupt({"side": "right"})]}

    made = StateGraph(State)
    for node in (left, right):
        made.add_node(node)
        made.add_edge(START, node.__name__)
    return kept(made)


@case(
    {"n": 0},
    "interrupted",
    """
    LangGraph · interrupted
      add
    """,
    Turn(
        None,
        "ok",
        """
        LangGraph
          aadd
        """,
    ),
    config=THREAD,
    invoked=[Turn({"n": 0}, "ok", "LangGraph\n  add"), Turn(None, "ok", "LangGraph\n  aadd")],
)
def stops_before_a_node() -> Chain:
    """`interrupt_before`: streamed, the graph says that it stops there; called, it just returns. None goes on."""
    return kept(graph(add, aadd), interrupt_before=["aadd"])


@case(
    {"n": 0},
    "interrupted",
    """
    LangGraph · interrupted
      ask · interrupted
    """,
    config=THREAD,
    invoked="same",
)
def asks_without_a_checkpointer() -> Chain:
    """It asks all the same, though the answer would find nothing to go on with."""
    return graph(ask).compile()


@case(
    {"n": 0},
    "interrupted",
    """
    LangGraph · interrupted
      call · interrupted by helper
        helper · interrupted
    """,
    config=THREAD,
    invoked="same",
)
def asks_in_a_runnable_in_a_node() -> Chain:
    """A lambda that a node calls asks."""

    async def helper(value: Any) -> Any:
        return interrupt(value)

    async def call(state: State) -> State:
        return {"n": await RunnableLambda(helper).ainvoke("how many?")}

    return kept(graph(call))


@tool
def confirm(what: Annotated[str, "what to do"]) -> str:
    """Do it, if a person agrees."""
    return f"{what}: {interrupt({'sure': what})}"


@case(
    {"messages": [("user", "go")]},
    "interrupted",
    """
    LangGraph · interrupted
      model
        Script
      tools · interrupted by confirm
        confirm · interrupted
    """,
    Turn(
        Command(resume="yes"),
        "ok",
        """
        LangGraph
          tools
            confirm
          model
            Script
        """,
    ),
    config=THREAD,
    invoked="same",
)
def agent_asks_before_a_tool() -> Chain:
    """A tool of an agent asks."""
    from langchain.agents import create_agent

    asked = Script(script=[calls("confirm", what="delete"), says("don", "e")])
    return create_agent(asked, tools=[confirm], checkpointer=InMemorySaver())


@case(
    2,
    "interrupted",
    """
    LangGraph · interrupted
      flow · interrupted
        double
    """,
    Turn(
        Command(resume=5),
        "ok",
        """
        LangGraph
          flow
        """,
    ),
    config=THREAD,
    invoked="same",
)
def functional_graph_asks() -> Chain:
    """An entrypoint asks after a task, which is not run again."""

    @task
    async def double(n: int) -> int:
        return n * 2

    @entrypoint(checkpointer=InMemorySaver())
    async def flow(n: int) -> int:
        doubled = await double(n)
        answer: int = interrupt("how many?")
        return answer + doubled

    return flow


@case(
    {"n": 0},
    "interrupted",
    """
    RunnableSequence · interrupted
      before
      LangGraph · interrupted
        ask · interrupted
      after
    """,
    config=THREAD,
    invoked="same",
)
def asks_in_a_sequence() -> Chain:
    """The graph is one step of LCEL, which goes on with what it has."""

    def before(value: Any) -> Any:
        return value

    def after(value: Any) -> Any:
        return value

    return RunnableLambda(before) | kept(graph(ask)) | RunnableLambda(after)
