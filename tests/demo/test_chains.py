"""The demo chains, run as tracer runs them: astream_events v2 over real HTTP."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from langchain_core.documents import Document
from langchain_openai import ChatOpenAI

from tracer import demo
from tracer.demo import endpoint, model
from tracer.demo.chains import agent, extract, flaky, parallel, rag
from tracer.demo.countries import COUNTRIES
from tracer.demo.endpoint import Endpoint
from tracer.demo.notes import NOTES
from tracer.demo.retriever import NotesRetriever
from tracer.demo.tools import TOOLS
from tracer.demo.topics import TOPICS

NAMES = ("rag", "extract", "agent", "parallel", "flaky")
MODULES = {"rag": rag, "extract": extract, "agent": agent, "parallel": parallel, "flaky": flaky}
Event = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def at_once() -> Iterator[Endpoint]:
    """The endpoint that the chains share, without its human pace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACER_DEMO_PACE", "0")
        patch.delenv("OPENAI_API_KEY", raising=False)
        endpoint.stop()
        yield endpoint.shared()
        endpoint.stop()


async def events(chain: Any, given: Any, into: list[Event] | None = None, **config: Any) -> list[Event]:
    """The events of a run; where it raises, those before are in `into`."""
    seen: list[Event] = [] if into is None else into
    async for event in chain.astream_events(given, config or None, version="v2"):
        seen.append(event)
    return seen


def of(seen: list[Event], kind: str, name: str = "") -> list[Event]:
    return [event for event in seen if event["event"] == kind and name in ("", event["name"])]


def text(seen: list[Event], run_id: str = "") -> str:
    chunks = of(seen, "on_chat_model_stream")
    return "".join(e["data"]["chunk"].text for e in chunks if run_id in ("", e["run_id"]))


@pytest.mark.parametrize("name", NAMES)
async def test_every_example_runs(name: str) -> None:
    chain = getattr(demo, name)
    schema = chain.get_input_jsonschema()
    assert len(schema["examples"]) in (2, 3)
    assert schema["description"].endswith(".")
    assert all(field["description"] for field in schema["properties"].values())
    for example in schema["examples"]:
        chain.get_input_schema().model_validate(example)
        if example.get("fail"):
            continue
        seen = await events(chain, json.loads(json.dumps(example)))
        assert (seen[0]["event"], seen[-1]["event"]) == ("on_chain_start", "on_chain_end")
        assert seen[-1]["data"]["output"]
        for end in of(seen, "on_chat_model_end"):
            usage = end["data"]["output"].usage_metadata
            assert usage["output_tokens"] > 0
            assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        assert any(not e["data"]["chunk"].content for e in of(seen, "on_chat_model_stream"))


async def test_rag_answers_from_the_notes_it_retrieved() -> None:
    seen = await events(demo.rag, {"question": "What is a Runnable?", "k": 2})
    (found,) = of(seen, "on_retriever_end", "NotesRetriever")
    documents = found["data"]["output"]
    assert documents[0].metadata["title"] == "The Runnable interface"
    assert len(documents) == 2
    answer = seen[-1]["data"]["output"]
    assert answer == text(seen) == "".join(e["data"]["chunk"] for e in seen if e["event"] == "on_parser_stream")
    assert answer.startswith("A Runnable is LangChain's common interface for one step of work")
    for n, document in enumerate(documents, 1):
        said = answer.split(f" [{n}]")[0].split("\n\n")[-1]
        assert said[:60] in document.page_content
    assert len({e["data"]["chunk"] for e in of(seen, "on_parser_stream")}) >= 5


async def test_rag_without_a_fitting_note_says_so() -> None:
    seen = await events(demo.rag, {"question": "Qwertz?"})
    assert seen[-1]["data"]["output"] == "The notes do not say anything about that."


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("What is a Runnable?", "The Runnable interface"),
        ("the pipe operator of LCEL", "LCEL, the LangChain Expression Language"),
        ("why does astream_events need parent_ids?", "Streaming and astream_events"),
        ("How do I stream JSON?", "JsonOutputParser"),
        ("How does an agent call its tools?", "Tools and agents"),
        ("write my own retriever for a vector store", "Retrievers"),
    ],
)
async def test_the_retriever_finds_the_note(query: str, title: str) -> None:
    found: list[Document] = await NotesRetriever(k=6).ainvoke(query)
    assert found[0].metadata["title"] == title
    scores = [document.metadata["score"] for document in found]
    assert scores == sorted(scores, reverse=True)
    assert found == NotesRetriever(k=6).invoke(query)
    assert len(NOTES) == 6


async def test_rag_takes_a_model_from_its_config() -> None:
    with pytest.raises(openai.AuthenticationError):
        await events(demo.rag, {"question": "x"}, configurable={"model": "scripted-401"})
    with pytest.raises(openai.BadRequestError, match="temperature"):
        await events(demo.rag, {"question": "x"}, configurable={"temperature": 9.0})


async def test_extract_grows_a_nested_object() -> None:
    given = extract.EXAMPLES[0]
    seen = await events(demo.extract, given)
    states = [json.dumps(e["data"]["chunk"]) for e in of(seen, "on_parser_stream")]
    assert len(set(states)) > 50
    output = seen[-1]["data"]["output"]
    assert output == json.loads(text(seen))
    assert len(text(seen)) >= 2048
    assert output == {"countries": [COUNTRIES[name] for name in ("France", "Spain", "Japan")]}
    assert list(output["countries"][0]) == ["name", "population", "capital", "cities", "languages", "currency", "flag"]


async def test_extract_passes_through_torn_surrogates() -> None:
    seen = await events(demo.extract, {"text": "Japan, Brazil, Kenya", "fields": ["flag"]})
    chunks = [e["data"]["chunk"] for e in of(seen, "on_parser_stream")]
    states = json.dumps(chunks, ensure_ascii=False)
    assert any("\ud800" <= char <= "\udfff" for char in states)
    flags = [country["flag"] for country in seen[-1]["data"]["output"]["countries"]]
    assert flags == ["🇯🇵", "🇧🇷", "🇰🇪"]


async def test_extract_gives_only_what_is_asked_for() -> None:
    output = (await events(demo.extract, {"text": "Spain", "fields": []}))[-1]["data"]["output"]
    assert output == {"countries": [{"name": "Spain", "population": 47_420_000}]}
    assert await demo.extract.ainvoke({"text": "nowhere"}) == {"countries": []}


async def test_agent_calls_tools_in_rounds() -> None:
    seen = await events(demo.agent, agent.EXAMPLES[0])
    starts = [e for e in seen if e["event"] in ("on_chat_model_start", "on_tool_start")]
    names = [e["name"] for e in starts]
    model_name = "ChatOpenAI"
    assert names == [model_name, "weather", "weather", model_name, "convert", "convert", model_name]
    (loop,) = of(seen, "on_chain_start", "tool_loop")
    assert all(e["parent_ids"][-1] == loop["run_id"] for e in starts)
    for start in starts:
        ended = [e for e in seen if e["run_id"] == start["run_id"] and e["event"].endswith("_end")]
        assert len(ended) == 1
    first, second, last = of(seen, "on_chat_model_end")
    for end, tools in ((first, starts[1:3]), (second, starts[4:6])):
        calls = end["data"]["output"].tool_calls
        # The calls of a round run side by side: which of them starts first is nobody's promise.
        assert sorted(json.dumps(c["args"]) for c in calls) == sorted(json.dumps(t["data"]["input"]) for t in tools)
        pieces = [
            piece["args"]
            for e in of(seen, "on_chat_model_stream")
            if e["run_id"] == end["run_id"]
            for piece in e["data"]["chunk"].tool_call_chunks
        ]
        assert "".join(piece or "" for piece in pieces) == "".join(json.dumps(c["args"]) for c in calls)
        assert len(pieces) >= 6
    answer = seen[-1]["data"]["output"]
    assert answer == last["data"]["output"].text
    assert "Paris: partly cloudy, 18.5 °C (65.3 °F)" in answer
    assert "Tokyo: light rain, 23.0 °C (73.4 °F)" in answer


async def test_agent_goes_on_when_a_tool_fails() -> None:
    seen = await events(demo.agent, {"question": "Is it colder in Reykjavik or in Atlantis?"})
    (failed,) = of(seen, "on_tool_error", "weather")
    assert "no weather for 'Atlantis'" in str(failed["data"]["error"])
    assert "Atlantis: I could not find out (no weather for 'Atlantis')." in seen[-1]["data"]["output"]


async def test_agent_reads_its_history() -> None:
    answer = await demo.agent.ainvoke(agent.EXAMPLES[2])
    assert answer == "São Paulo: thunderstorms, 27.0 °C (300.15 K), wind 12 km/h."


async def test_agent_stops_at_the_recursion_limit() -> None:
    with pytest.raises(RuntimeError, match="still asks for tools after 2 rounds"):
        await events(demo.agent, agent.EXAMPLES[0], recursion_limit=2)


def test_tools() -> None:
    convert, weather = TOOLS["convert"], TOOLS["weather"]
    assert convert.invoke({"value": 100, "from_unit": "celsius", "to_unit": "fahrenheit"}) == 212
    assert convert.invoke({"value": 36, "from_unit": "km/h", "to_unit": "m/s"}) == 10
    with pytest.raises(ValueError, match="cannot be converted"):
        convert.invoke({"value": 1, "from_unit": "mph", "to_unit": "kelvin"})
    assert weather.invoke({"city": " paris "})["celsius"] == 18.5
    assert weather.description.startswith("The weather in a city")


async def test_parallel_branches_overlap(at_once: Endpoint) -> None:
    at_once.pace = 0.5
    spans: dict[str, list[float]] = defaultdict(list)
    last: Event = {}
    async for event in demo.parallel.astream_events({"topic": "remote work"}, version="v2"):
        if event["event"] == "on_chat_model_stream":
            spans[event["run_id"]].append(time.monotonic())
        last = dict(event)
    at_once.pace = 0
    assert len(spans) == 3
    assert max(times[0] for times in spans.values()) < min(times[-1] for times in spans.values())
    said = TOPICS["remote work"]
    assert last["data"]["output"] == {
        "summary": said.summary,
        "arguments": said.arguments,
        "translation": said.translations["German"],
    }


async def test_every_topic_and_language_is_scripted() -> None:
    schema = demo.parallel.get_input_jsonschema()["properties"]
    assert schema["topic"]["enum"] == list(TOPICS)
    assert all(list(said.translations) == schema["language"]["enum"] for said in TOPICS.values())
    output = await demo.parallel.ainvoke({"topic": "time travel"})
    assert output["summary"].startswith("No answer is scripted for this topic.")


async def test_flaky_recovers() -> None:
    seen = await events(demo.flaky, {"question": "What happens when a model is overloaded?"})
    (fallbacks,) = of(seen, "on_chain_start", "RunnableWithFallbacks")
    failing, good = of(seen, "on_chat_model_start")
    assert failing["parent_ids"][-1] == good["parent_ids"][-1] == fallbacks["run_id"]
    assert failing["metadata"]["ls_model_name"] == "scripted-429"
    assert [e["run_id"] for e in of(seen, "on_chat_model_end")] == [good["run_id"]]
    assert seen[-1]["data"]["output"] == text(seen, good["run_id"])


async def test_flaky_fails_for_good_when_asked() -> None:
    seen: list[Event] = []
    with pytest.raises(ValueError, match="publishing failed because the input asked for it"):
        await events(demo.flaky, {"question": "x", "fail": True}, seen)
    assert of(seen, "on_chat_model_end")
    assert not of(seen, "on_chain_end", "publish")


@pytest.mark.parametrize("name", NAMES)
def test_chains_run_synchronously_too(name: str) -> None:
    chain = getattr(demo, name)
    (example, *_) = MODULES[name].EXAMPLES
    assert chain.invoke(example) == asyncio.run(chain.ainvoke(example))


def test_describing_a_chain_starts_nothing_and_import_neither() -> None:
    code = (
        "import threading; from tracer import demo\n"
        "for target in demo.TARGETS:\n"
        "    chain = getattr(demo, target.partition(':')[2])\n"
        "    chain.get_input_jsonschema(), chain.get_graph(), chain.get_config_jsonschema()\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "import sys; assert 'uvicorn' not in sys.modules\n"
        "print(demo.notice())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"PYTHONPATH": ".", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{model.notice()}\n"
    assert "scripted" in done.stdout


def test_targets_and_descriptions_agree() -> None:
    assert [f"tracer.demo:{name}" for name in NAMES] == demo.TARGETS
    with open(demo.__file__ or "", encoding="utf-8") as file:
        source = file.read()
    for name in NAMES:
        said = getattr(demo, name).get_input_jsonschema()["description"]
        assert f'{name} = _{name}.build()\n"""{said}"""' in source


async def test_with_a_key_the_chains_use_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint(pace=0) as real:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
        monkeypatch.setenv("OPENAI_BASE_URL", real.base_url)
        assert demo.notice() is None
        answer = await rag.build().ainvoke({"question": "What is a Runnable?"})
        assert answer.startswith("A Runnable is")
        assert real.requests[-1]["model"] == "gpt-4o-mini"
        monkeypatch.setenv("TRACER_DEMO_MODEL", "gpt-4.1")
        seen = await events(rag.build(), {"question": "What is a Runnable?"})
        assert of(seen, "on_chat_model_end")[0]["data"]["output"].usage_metadata
        assert real.requests[-1]["model"] == "gpt-4.1"
        failing = model.chat_model(failing=True)
        assert isinstance(failing, ChatOpenAI)
        with pytest.raises(openai.NotFoundError):
            await failing.ainvoke("x")
        assert (await flaky.build().ainvoke({"question": "x"})).startswith("The first model")
