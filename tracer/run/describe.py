"""What a form and a drawing need to know of a Runnable: schemas, examples, graph; plain JSON, always."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.language_models import BaseChatModel, BaseLLM
from langchain_core.output_parsers import BaseLLMOutputParser
from langchain_core.prompts import BasePromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from tracer.capture.graph import wants_thread
from tracer.capture.markers import text, type_name

Json = dict[str, Any]

# A schema or a graph is made by the user's own code too, which may hang; a page without it is still a page.
LIMIT_SECONDS = 2.0
MOST_EXAMPLES = 20
_LONGEST_REASON = 500

_THREAD: Json = {
    "type": "string",
    "title": "Thread",
    "description": "Which of the checkpointer's threads to go on with; a new one where it is left empty.",
}

_TYPES: tuple[tuple[type, str], ...] = (
    (BaseChatModel, "chat_model"),
    (BaseLLM, "llm"),
    (BasePromptTemplate, "prompt"),
    (BaseLLMOutputParser, "parser"),
    (BaseTool, "tool"),
    (BaseRetriever, "retriever"),
)


def describe(runnable: Runnable[Any, Any]) -> tuple[Json, bool]:
    """`{"input_schema", "configurable", "examples", "graph", "problems"}` and whether all of it was made in time.

    What the runnable cannot tell, or not within `LIMIT_SECONDS` in all, is None (examples: []), and `problems` has the
    reason by the same name.
    """
    made: Json = {"input_schema": None, "configurable": None, "examples": [], "graph": None}
    problems: dict[str, str] = {}
    parts: dict[str, Callable[[], Any]] = {
        "input_schema": lambda: runnable.get_input_jsonschema(),
        "examples": lambda: examples(made["input_schema"]),
        "configurable": lambda: configurable(runnable),
        "graph": lambda: graph(runnable),
    }
    left = list(parts)

    def make() -> None:
        for part, of in parts.items():
            try:
                value = of()
                json.dumps(value, allow_nan=False).encode()
                made[part] = value
            except BaseException as error:  # the user's code, in a thread of its own: not even SystemExit may end it
                problems[part] = _reason(error)
            left.remove(part)

    thread = threading.Thread(target=make, name="tracer-describe", daemon=True)
    thread.start()
    thread.join(LIMIT_SECONDS)
    late = {part: f"The chain's own code took more than {LIMIT_SECONDS:.0f} s to say." for part in tuple(left)}
    return {**made, "problems": {**problems, **late}}, not late


def _reason(error: BaseException) -> str:
    """Type and message, on one line."""
    said = " ".join(text(lambda: str(error), _LONGEST_REASON).split())
    return f"{type_name(type(error))}: {said}" if said else type_name(type(error))


def configurable(runnable: Runnable[Any, Any]) -> Json | None:
    """The JSON schema of the configurable fields (an object with `properties`), or None without any."""
    if wants_thread(runnable):
        # LangGraph no longer lists it among its own.
        return {"type": "object", "title": "Configurable", "properties": {"thread_id": _THREAD}}
    if not runnable.config_specs:
        return None
    whole: Json = runnable.get_config_jsonschema(include=["configurable"])
    inner = _resolve(whole.get("properties", {}).get("configurable"), whole)
    if not inner.get("properties"):
        return None
    return {**inner, "$defs": whole["$defs"]} if "$defs" in whole else inner


def examples(schema: Json | None) -> list[Any]:
    """Inputs to start from: the schema's own `examples`, or whole inputs put together from its fields'.

    The n-th put together takes the n-th example of every field, else its first, else its default; a required
    field that offers nothing leaves none.
    """
    if schema is None:
        return []
    root = _resolve(schema, schema)
    own = root.get("examples")
    if isinstance(own, list) and own:
        return own[:MOST_EXAMPLES]
    if "default" in root:
        return [root["default"]]
    fields = root.get("properties")
    if not isinstance(fields, Mapping) or not fields:
        return []
    offered: dict[str, list[Any]] = {}
    for name, field in fields.items():
        values = _offered(_resolve(field, schema))
        if values:
            offered[name] = values
        elif name in root.get("required", []):
            return []
    count = min(max((len(values) for values in offered.values()), default=0), MOST_EXAMPLES)
    return [
        {name: values[n] if n < len(values) else values[0] for name, values in offered.items()} for n in range(count)
    ]


def _offered(field: Mapping[str, Any]) -> list[Any]:
    own = field.get("examples")
    if isinstance(own, list) and own:
        return own
    for key in ("default", "const"):
        if key in field:
            return [field[key]]
    return list(field["enum"][:1]) if field.get("enum") else []


def _resolve(schema: Any, root: Json) -> Json:
    """`schema` with its `$ref` into `root` followed; what stands beside the reference wins."""
    beside: Json = {}
    for _ in range(32):  # a reference may point at a reference, or at itself
        if not isinstance(schema, Mapping):
            break
        beside = {**schema, **beside}
        ref = beside.pop("$ref", None)
        if not isinstance(ref, str) or not ref.startswith("#/"):
            break
        schema = root
        for part in ref[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            schema = schema.get(key, {}) if isinstance(schema, Mapping) else {}
    return beside


def graph(runnable: Runnable[Any, Any]) -> Json:
    """`{"nodes": [{"id", "name", "type"}], "edges": [{"source", "target", "conditional"}]}`.

    Ids hold within one answer.
    """
    drawn = runnable.get_graph()
    number = {key: str(n) for n, key in enumerate(drawn.nodes)}
    return {
        "nodes": [
            {"id": number[key], "name": str(node.name), "type": node_type(node.data)}
            for key, node in drawn.nodes.items()
        ],
        "edges": [
            {
                "source": number[edge.source],
                "target": number[edge.target],
                "conditional": bool(edge.conditional),
            }
            for edge in drawn.edges
            if edge.source in number and edge.target in number
        ],
    }


def node_type(data: Any) -> str:
    """Our word for what a graph's node holds; whatever is none of the known kinds is a chain."""
    for _ in range(32):
        for kind, word in _TYPES:
            if isinstance(data, kind):
                return word
        # A binding (`.bind`, `.with_config`) and a configurable field fire no callbacks: what they hold does.
        inner = getattr(data, "bound", None) or getattr(data, "default", None)
        if not isinstance(inner, Runnable):
            break
        data = inner
    return "chain"
