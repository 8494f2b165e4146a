"""A chain that stops and asks, for tests/browser/shots.py: the demo has none."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict


class Letter(TypedDict, total=False):
    customer: str
    letter: str
    sent: bool


async def _look_up(asked: Letter) -> Letter:
    await asyncio.sleep(0.4)
    return {"customer": asked.get("customer", "Ada Byron")}


async def _draft(asked: Letter) -> Letter:
    await asyncio.sleep(0.9)
    return {"letter": f"Dear {asked['customer']}, your refund of 40 € is on its way."}


def _approve(asked: Letter) -> Letter:
    return {"sent": bool(interrupt({"question": "May this be sent?", "letter": asked["letter"]}))}


def _built() -> Any:
    made: Any = StateGraph(Letter)
    nodes = {"look up": _look_up, "draft": _draft, "approve": _approve}
    for name, node in nodes.items():
        made.add_node(name, node)
    for before, after in zip((START, *nodes), (*nodes, END), strict=True):
        made.add_edge(before, after)
    return made.compile(checkpointer=InMemorySaver())


letter = _built()
"""Drafts a letter and asks before it sends it."""
