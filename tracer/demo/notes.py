"""Six short notes on LangChain, for the rag chain to look things up in."""

from __future__ import annotations

from typing import NamedTuple


class Note(NamedTuple):
    title: str
    text: str


NOTES = (
    Note(
        "The Runnable interface",
        "A Runnable is LangChain's common interface for one step of work: prompts, chat models, output parsers, "
        "retrievers, tools and whole chains all implement it. "
        "Every Runnable offers invoke, batch and stream, and the asynchronous twins ainvoke, abatch and astream. "
        "Since each step has the same methods, steps can be combined, swapped and traced without knowing what they "
        "are. "
        "Methods such as with_config, with_retry, with_fallbacks and with_types leave a Runnable as it is and return "
        "a new one that wraps it.",
    ),
    Note(
        "LCEL, the LangChain Expression Language",
        "LCEL composes Runnables with the pipe operator: prompt | model | parser is a RunnableSequence, and so a "
        "Runnable itself. "
        "A dict in a pipe becomes a RunnableParallel, which runs its branches at the same time and gathers their "
        "results under its keys; a plain function becomes a RunnableLambda. "
        "RunnablePassthrough.assign adds keys to the dict that passes through it. "
        "A sequence streams as long as every step can turn chunks into chunks; a step that needs its whole input, "
        "like a plain function, holds the stream back until it has it.",
    ),
    Note(
        "Streaming and astream_events",
        "stream and astream yield only the chunks of a chain's final output. "
        "astream_events with version v2 shows what happens inside as well: an event when each step starts, streams "
        "and ends, such as on_chat_model_start, on_chat_model_stream and on_chat_model_end. "
        "Each event is a dict with event, name, run_id, parent_ids, tags, metadata and data; the parent_ids tell how "
        "the steps nest. "
        "The events carry no timestamps, and a chat model that fails sends no error event: the stream stops and the "
        "iterator raises.",
    ),
    Note(
        "JsonOutputParser",
        "JsonOutputParser turns a model's text into JSON, also when it stands in a Markdown code fence. "
        "To stream JSON, put it at the end of a chain: at every chunk it completes the partial JSON and yields the "
        "whole object so far, so values appear while the model is still writing. "
        "With diff=True it yields RFC 6902 JSON Patch operations instead, which saves repeating what has not changed. "
        "Given a pydantic_object it writes format instructions from its schema, but it does not validate; "
        "PydanticOutputParser does.",
    ),
    Note(
        "Tools and agents",
        "The @tool decorator makes a tool of a typed function: its name, docstring and type hints become the name, "
        "description and argument schema that the model sees. "
        "bind_tools offers tools to a chat model; when the model wants one, its message lists tool_calls, each with a "
        "name, args and an id. "
        "An agent is a loop: call the model, run the tools it asked for, append a ToolMessage for each call, and "
        "repeat until a message asks for no tool. "
        "While a model streams, the arguments of a call arrive in pieces, as tool_call_chunks.",
    ),
    Note(
        "Retrievers",
        "A retriever takes a query string and returns a list of Documents, each with page_content and metadata. "
        "A vector store gives one by as_retriever; to write your own, subclass BaseRetriever and implement "
        "_get_relevant_documents. "
        "In retrieval-augmented generation the documents found are written into the prompt, so that the model answers "
        "from them and not from memory. "
        "A retriever is a Runnable, but it does not stream: its documents come all at once, when it ends.",
    ),
)
