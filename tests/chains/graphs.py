"""LangGraph: nodes, edges, subgraphs, what they write, send and hand over, and how they fail."""

from __future__ import annotations

import asyncio
import operator
from typing import Annotated, Any, Literal, TypedDict

from langchain_core.callbacks import adispatch_custom_event
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.func import entrypoint, task
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, RetryPolicy, Send

from .case import Turn, case
from .parts import Script, calls, fail, model, says
from .tools import divide

Chain = Runnable[Any, Any]


class State(TypedDict, total=False):
    """What most of these graphs hold."""

    n: int
    seen: Annotated[list[str], operator.add]


def add(state: State) -> State:
    return {"n": state.get("n", 0) + 1, "seen": ["add"]}


async def aadd(state: State) -> State:
    await asyncio.sleep(0)
    return {"n": state.get("n", 0) + 10, "seen": ["aadd"]}


def breaks(state: State) -> State:
    raise ValueError("this node fails")


def graph(*nodes: Any, **more: Any) -> StateGraph[Any]:
    """Nodes one after the other, by name."""
    made: StateGraph[Any] = StateGraph(State)
    made.add_sequence([(name, node) for name, node in more.items()] if not nodes else list(nodes))
    made.add_edge(START, next(iter(more)) if more else nodes[0].__name__)
    return made


@case(
    {"n": 0},
    "ok",
    """
    LangGraph
      add
      aadd
    """,
    invoked="same",
)
def graph_of_two() -> Chain:
    """Two nodes, one after the other."""
    return graph(add, aadd).compile()


@case(
    {"n": 2},
    "ok",
    """
    LangGraph
      add
        decide
      aadd
    """,
    invoked="same",
)
def graph_with_a_conditional_edge() -> Chain:
    """A function decides where to go."""

    def decide(state: State) -> Literal["aadd", "breaks"]:
        return "aadd" if state["n"] > 2 else "breaks"

    made = StateGraph(State)
    for node in (add, aadd, breaks):
        made.add_node(node)
    made.add_edge(START, "add")
    made.add_conditional_edges("add", decide)
    return made.compile()


@case(
    {"n": 0},
    "ok",
    """
    LangGraph
      first
      inner
        LangGraph
          add
          aadd
    """,
    invoked="same",
)
def graph_in_a_graph() -> Chain:
    """A compiled graph is a node."""
    return graph(first=add, inner=graph(add, aadd).compile()).compile()


@case(
    {"n": 0},
    "ok",
    """
    LangGraph
      call
        LangGraph
          add
          aadd
    """,
    invoked="same",
)
def graph_called_in_a_node() -> Chain:
    """A node calls a compiled graph."""
    inner = graph(add, aadd).compile()

    async def call(state: State) -> State:
        result = await inner.ainvoke({"n": state["n"]})
        return {"n": result["n"]}

    return graph(call).compile()


@case(
    {"n": 0},
    "error",
    """
    LangGraph · propagated by breaks
      add
      breaks · error
    """,
    invoked="same",
)
def node_fails() -> Chain:
    """The second node fails."""
    return graph(add, breaks).compile()


@case(
    {"n": 0},
    "error",
    """
    LangGraph · propagated by inner
      inner · propagated by LangGraph
        LangGraph · propagated by breaks
          add
          breaks · error
    """,
    invoked="same",
)
def node_of_a_subgraph_fails() -> Chain:
    """A node of the graph inside fails."""
    return graph(inner=graph(add, breaks).compile()).compile()


@case(
    {"n": 0},
    "error",
    """
    LangGraph · propagated by breaks
      breaks · error
      waits · cancelled
    """,
    same_as_bare=False,
    invoked="same",
)
def node_fails_beside_another() -> Chain:
    """Of two nodes at once one fails; LangGraph cancels the other."""

    async def waits(state: State) -> State:
        await asyncio.sleep(30)
        return {}

    made = StateGraph(State)
    for node in (waits, breaks):
        made.add_node(node)
        made.add_edge(START, node.__name__)
    return made.compile()


@case(
    {"n": 0},
    "ok",
    """
    LangGraph · recovered
      flaky · error
      flaky
    """,
    invoked="same",
)
def node_with_a_retry_policy() -> Chain:
    """LangGraph runs the node again: a span each time."""
    attempts: list[int] = []

    async def flaky(state: State) -> State:
        attempts.append(1)
        if len(attempts) < 2:
            raise ConnectionError("not yet")
        return {"n": 1}

    made = StateGraph(State)
    made.add_node(flaky, retry_policy=RetryPolicy(initial_interval=0.001, jitter=False, retry_on=ConnectionError))
    made.add_edge(START, "flaky")
    return made.compile()


@case(
    {"n": 0},
    "error",
    """
    LangGraph · error
      again
      again
      again
    """,
    config={"recursion_limit": 3},
    invoked="same",
)
def too_many_steps() -> Chain:
    """A node that goes to itself, until the limit."""

    async def again(state: State) -> Command[Literal["again"]]:
        return Command(goto="again", update={"n": state["n"] + 1})

    made = StateGraph(State)
    made.add_node(again)
    made.add_edge(START, "again")
    return made.compile()


@case(
    {"n": 3},
    "ok",
    """
    LangGraph
      plan
        spread
      work
      work
      work
      gather
    """,
    invoked="same",
)
def map_and_reduce() -> Chain:
    """`Send`: one node for each item."""

    def plan(state: State) -> State:
        return {"seen": ["plan"]}

    def spread(state: State) -> list[Send]:
        return [Send("work", {"n": n}) for n in range(state["n"])]

    async def work(state: State) -> State:
        return {"seen": [str(state["n"])]}

    def gather(state: State) -> State:
        return {"n": len(state["seen"])}

    made = StateGraph(State)
    for node in (plan, work, gather):
        made.add_node(node)
    made.add_edge(START, "plan")
    made.add_conditional_edges("plan", spread, ["work"])
    made.add_edge("work", "gather")
    return made.compile()


@case(
    {"n": 0},
    "error",
    """
    LangGraph · propagated by work
      __start__
        spread
      work
      work · error
    """,
    invoked="same",
    same_as_bare=False,
)
def map_with_one_that_fails() -> Chain:
    """One of the items fails."""

    def spread(state: State) -> list[Send]:
        return [Send("work", {"n": n}) for n in range(2)]

    async def work(state: State) -> State:
        await asyncio.sleep(0.01 * state["n"])
        return {"seen": [str(1 / (1 - state["n"]))]}

    made = StateGraph(State)
    made.add_node(work)
    made.add_conditional_edges(START, spread, ["work"])
    return made.compile()


@case(
    {"n": 0},
    "ok",
    """
    LangGraph
      route
      aadd
    """,
    invoked="same",
)
def command_goto() -> Chain:
    """A node says where to go next."""

    def route(state: State) -> Command[Literal["aadd"]]:
        return Command(goto="aadd", update={"n": 5})

    made = StateGraph(State)
    made.add_node(route)
    made.add_node(aadd)
    made.add_edge(START, "route")
    return made.compile()


@case(
    {"n": 0},
    "ok",
    """
    LangGraph
      team
        LangGraph
          hands_over
      aadd
    """,
    invoked="same",
)
def handoff_to_the_parent() -> Chain:
    """A node in a subgraph goes to a node of the graph above: ParentCommand, which is no failure."""

    def hands_over(state: State) -> Command[Any]:
        return Command(goto="aadd", graph=Command.PARENT, update={"n": 7})

    made = StateGraph(State)
    made.add_node("team", graph(hands_over).compile(), destinations=("aadd",))
    made.add_node(aadd)
    made.add_edge(START, "team")
    return made.compile()


@case(
    {"n": 0},
    "ok",
    """
    LangGraph
      writes
      writes_on
    """,
    invoked="same",
)
def stream_writer() -> Chain:
    """Nodes write, and send events of their own."""

    async def writes(state: State) -> State:
        get_stream_writer()({"progress": 0.5})
        await adispatch_custom_event("half", {"n": state["n"]})
        return {"n": 1}

    def writes_on(state: State) -> State:
        get_stream_writer()("done")
        return {}

    return graph(writes, writes_on).compile()


@case(
    {"messages": [("user", "6 by 3?")]},
    "ok",
    """
    LangGraph
      ask
        Script
        tools_condition
      tools
        divide
      ask
        Script
        tools_condition
    """,
    invoked="same",
)
def agent_by_hand() -> Chain:
    """Model, ToolNode and an edge between them."""
    from langgraph.prebuilt import tools_condition

    asked = Script(script=[calls("divide", a=6, b=3), says("tw", "o")])

    async def ask(state: Any) -> Any:
        return {"messages": [await asked.ainvoke(state["messages"])]}

    made = StateGraph(MessagesState)
    made.add_node(ask)
    made.add_node("tools", ToolNode([divide]))
    made.add_edge(START, "ask")
    made.add_conditional_edges("ask", tools_condition)
    made.add_edge("tools", "ask")
    return made.compile()


@case(
    {"messages": [("user", "6 by 0?")]},
    "ok",
    """
    LangGraph
      ask
        Script
      tools · recovered
        divide · error
    """,
    invoked="same",
)
def tool_node_that_handles_errors() -> Chain:
    """The tool's error becomes a message."""
    asked = Script(script=[calls("divide", a=6, b=0)])

    async def ask(state: Any) -> Any:
        return {"messages": [await asked.ainvoke(state["messages"])]}

    made = StateGraph(MessagesState)
    made.add_node(ask)
    made.add_node("tools", ToolNode([divide], handle_tool_errors=True))
    made.add_edge(START, "ask")
    made.add_edge("ask", "tools")
    return made.compile()


@case(
    {"n": 0},
    "ok",
    """
    LangGraph
      tries · recovered
        fail · error
    """,
    invoked="same",
)
def node_that_catches() -> Chain:
    """A node catches what fails inside."""

    async def tries(state: State) -> State:
        try:
            await RunnableLambda(fail).ainvoke(state)
        except ValueError:
            return {"n": -1}
        return {}

    return graph(tries).compile()


@case(
    {"n": 0},
    "ok",
    """
    LangGraph
      ask
        GenericFakeChatModel
    """,
    invoked="same",
)
def model_in_a_node() -> Chain:
    """A model called in a node streams, though it was called by `ainvoke`."""

    async def ask(state: State, config: RunnableConfig) -> State:
        answer = await model().ainvoke("why?", config)
        return {"seen": [str(answer.content)]}

    return graph(ask).compile()


@case(
    {"n": 1},
    "ok",
    """
    LangGraph
      add
    """,
    Turn(
        {"n": 5},
        "ok",
        """
        LangGraph
          add
        """,
    ),
    config={"configurable": {"thread_id": "t"}},
    invoked="same",
)
def graph_with_a_checkpointer() -> Chain:
    """Two runs of one thread."""
    return graph(add).compile(checkpointer=InMemorySaver())


@case(
    3,
    "ok",
    """
    LangGraph
      flow
        double
        double
    """,
    invoked="same",
)
def functional_graph() -> Chain:
    """`@entrypoint` and `@task`."""

    @task
    async def double(n: int) -> int:
        return n * 2

    @entrypoint()
    async def flow(n: int) -> int:
        return await double(await double(n))

    return flow


@case(
    3,
    "error",
    """
    LangGraph · propagated by flow
      flow · propagated by shatter
        shatter · error
    """,
    invoked="same",
)
def functional_graph_fails() -> Chain:
    """A task fails."""

    @task
    async def shatter(n: int) -> int:
        raise ValueError("no")

    @entrypoint()
    async def flow(n: int) -> int:
        return await shatter(n)

    return flow


@case(
    {"n": "text"},
    "error",
    """
    LangGraph · propagated by add
      add · error
    """,
    invoked="same",
)
def graph_given_the_wrong_type() -> Chain:
    """A node meets what it cannot add to."""
    return graph(add).compile()


@case(
    {"unknown": 1},
    "ok",
    """
    LangGraph
      add
    """,
    invoked="same",
)
def graph_given_what_it_does_not_know() -> Chain:
    """A key that is not in the state is left out."""
    return graph(add).compile()


@case(
    {"n": 0},
    "error",
    """
    LangGraph · propagated by bad
      bad · error
    """,
    invoked="same",
)
def node_gives_no_update() -> Chain:
    """A node gives what is no update of the state."""

    def bad(state: State) -> Any:
        return 42

    return graph(bad).compile()


@case(
    {"n": 0},
    "error",
    """
    LangGraph · error
      a
      b
    """,
    invoked="same",
)
def nodes_that_write_the_same_key() -> Chain:
    """Two nodes at once write a key that takes one value a step."""

    def a(state: State) -> State:
        return {"n": 1}

    def b(state: State) -> State:
        return {"n": 2}

    made = StateGraph(State)
    for node in (a, b):
        made.add_node(node)
        made.add_edge(START, node.__name__)
    return made.compile()


@case(
    {"n": 0},
    "error",
    """
    LangGraph · error
      sleepy · cancelled
    """,
    invoked="same",
    same_as_bare=False,
)
def step_times_out() -> Chain:
    """The step takes longer than it may: the graph fails, and cancels its node."""

    async def sleepy(state: State) -> State:
        await asyncio.sleep(10)
        return {}

    made = graph(sleepy).compile()
    made.step_timeout = 0.05
    return made


@case(
    {"n": 0},
    "ok",
    """
    RunnableSequence
      RunnableLambda
      LangGraph
        add
      RunnableLambda
    """,
    invoked="same",
)
def graph_in_a_sequence() -> Chain:
    """A graph as one step of LCEL."""
    step: Chain = RunnableLambda(lambda value: value)
    return step | graph(add).compile() | step


@case(
    {"n": 0},
    "ok",
    """
    LangGraph
      inner
        LangGraph
          writes
      aadd
    """,
    filters={"stream_mode": ["updates", "custom"], "subgraphs": True},
)
def graph_asked_for_more() -> Chain:
    """The stream is asked for what nodes write, and for that of subgraphs."""

    async def writes(state: State) -> State:
        get_stream_writer()({"progress": state["n"]})
        return {"n": 1}

    return graph(inner=graph(writes).compile(), aadd=aadd).compile()


@case(
    {"n": 0},
    "ok",
    """
    LangGraph
      inner
        LangGraph
          route
        enough
      inner
        LangGraph
          route
        enough
      aadd
    """,
    invoked="same",
)
def subgraph_in_a_loop() -> Chain:
    """A subgraph is run until the graph above has enough."""

    def route(state: State) -> State:
        return {"n": state["n"] + 1}

    def enough(state: State) -> str:
        return "aadd" if state["n"] > 1 else "inner"

    made = StateGraph(State)
    made.add_node("inner", graph(route).compile())
    made.add_node(aadd)
    made.add_edge(START, "inner")
    made.add_conditional_edges("inner", enough, ["inner", "aadd"])
    return made.compile()


@case(
    {"n": 0},
    "ok",
    """
    LangGraph
      __start__
        spread
      inner
        LangGraph
          aadd
      inner
        LangGraph
          aadd
    """,
    invoked="same",
)
def map_over_subgraphs() -> Chain:
    """`Send` to a subgraph, twice."""

    class Seen(State, total=False):
        """Only what may be written twice."""

    def spread(state: State) -> list[Send]:
        return [Send("inner", {"n": n}) for n in range(2)]

    async def tell(state: State) -> State:
        return {"seen": ["told"]}

    inner = StateGraph(State)
    inner.add_node("aadd", tell)
    inner.add_edge(START, "aadd")

    async def call(state: State) -> State:
        return {"seen": (await inner.compile().ainvoke(state))["seen"]}

    made = StateGraph(Seen)
    made.add_node("inner", call)
    made.add_conditional_edges(START, spread, ["inner"])
    return made.compile()
