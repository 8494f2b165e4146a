"""The endpoint on the wire: frames, cuts, errors, and a clean start and stop."""

import asyncio
import itertools
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tracer.demo import endpoint, prompts, wire
from tracer.demo.endpoint import FAILING, THREAD, Endpoint
from tracer.demo.reply import Call, Reply

TEXT = "The quick brown fox jumps over the lazy dog, and then it writes a long sentence about São Paulo. " * 3
HEADERS = {"authorization": "Bearer scripted"}


@pytest.fixture(scope="module")
def served() -> Iterator[Endpoint]:
    with Endpoint(pace=0) as one:
        yield one


def body(model: str = "scripted", system: str = "", user: str = "hello", **more: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": system}] if system else []
    return {"model": model, "messages": [*messages, {"role": "user", "content": user}], **more}


def post(served: Endpoint, sent: Any) -> httpx.Response:
    return httpx.post(f"{served.base_url}/chat/completions", json=sent, headers=HEADERS, timeout=10, trust_env=False)


def frames(served: Endpoint, sent: dict[str, Any]) -> list[Any]:
    """The data of each SSE message; "[DONE]" as it stands."""
    got = post(served, {**sent, "stream": True})
    assert got.status_code == 200, got.text
    assert got.headers["content-type"].startswith("text/event-stream")
    messages = got.content.split(b"\n\n")
    assert messages.pop() == b""
    assert all(message.startswith(b"data: ") and b"\n" not in message for message in messages)
    data = [message.removeprefix(b"data: ") for message in messages]
    return [json.loads(one) if one != b"[DONE]" else "[DONE]" for one in data]


def model(served: Endpoint, name: str = "scripted", **more: Any) -> ChatOpenAI:
    key = SecretStr("scripted")
    settings: dict[str, Any] = {"max_retries": 0, "stream_usage": True, **more}
    return ChatOpenAI(model=name, base_url=served.base_url, api_key=key, **settings)


def deltas(chunks: list[Any]) -> list[dict[str, Any]]:
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk != "[DONE]" and chunk["choices"]]


def test_stream_has_the_frames_of_chat_completions() -> None:
    with Endpoint(pace=0, script=[Reply(TEXT)]) as served:
        chunks = frames(served, body(stream_options={"include_usage": True}))
    assert chunks[-1] == "[DONE]"
    *most, usage = chunks[:-1]
    assert {chunk["object"] for chunk in most} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in most}) == 1
    assert all(chunk["usage"] is None for chunk in most)
    assert most[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    pieces = [delta["content"] for delta in deltas(most[1:-1])]
    assert "".join(pieces) == TEXT
    assert pieces.count("") == 1
    in_word = [a for a, b in itertools.pairwise(pieces) if a[-1:].isalpha() and b[:1].isalpha()]
    assert len(in_word) > 10
    assert [chunk["choices"][0]["finish_reason"] for chunk in most] == [None] * (len(most) - 1) + ["stop"]
    assert deltas(most)[-1] == {}
    assert usage["choices"] == []
    counts = usage["usage"]
    assert counts["completion_tokens"] == len(pieces) - 1
    assert counts["total_tokens"] == counts["prompt_tokens"] + counts["completion_tokens"]


def test_no_usage_unless_asked_for(served: Endpoint) -> None:
    chunks = frames(served, body())
    assert all("usage" not in chunk and chunk["choices"] for chunk in chunks[:-1])


def test_the_same_request_gives_the_same_frames(served: Endpoint) -> None:
    def without_clock() -> list[Any]:
        return [c if c == "[DONE]" else {**c, "created": 0} for c in frames(served, body(user="twice"))]

    assert without_clock() == without_clock()


def test_tool_calls_come_in_pieces() -> None:
    calls = (Call("weather", {"city": "São Paulo"}), Call("convert", {"value": 1.5, "to_unit": "kelvin"}))
    with Endpoint(pace=0, script=[Reply(calls=calls)]) as served:
        chunks = frames(served, body())
        whole = post(served, body()).json()["choices"][0]
    assert deltas(chunks)[0] == {"role": "assistant", "content": None, "refusal": None}
    assert chunks[-2]["choices"][0]["finish_reason"] == "tool_calls"
    pieces = [piece for delta in deltas(chunks) for piece in delta.get("tool_calls", [])]
    arguments = {0: "", 1: ""}
    for index, call in enumerate(calls):
        opening, *rest = [piece for piece in pieces if piece["index"] == index]
        assert opening["id"].startswith("call_")
        assert opening["type"] == "function"
        assert opening["function"] == {"name": call.name, "arguments": ""}
        assert len(rest) >= 3
        assert all(set(piece) == {"index", "function"} for piece in rest)
        arguments[index] = "".join(piece["function"]["arguments"] for piece in rest)
        assert json.loads(arguments[index]) == call.arguments
    assert [piece["index"] for piece in pieces] == sorted(piece["index"] for piece in pieces)
    assert whole["finish_reason"] == "tool_calls"
    assert whole["message"]["content"] is None
    assert [call["function"]["arguments"] for call in whole["message"]["tool_calls"]] == [*arguments.values()]


def test_json_is_cut_in_values_and_in_mid_escape(served: Endpoint) -> None:
    chunks = frames(served, body(system=prompts.EXTRACT, user="Fields: capital, flag\n\nText: Japan, Brazil"))
    pieces = [delta.get("content", "") for delta in deltas(chunks)]
    escaped = "".join(pieces)
    assert escaped.isascii()
    assert json.loads(escaped)["countries"][0]["flag"] == "🇯🇵"
    torn = [piece for piece in pieces if piece[-4:].startswith("\\u") or piece[-3:].startswith("\\u")]
    assert len(torn) >= 4
    digits = [a for a, b in itertools.pairwise(pieces) if a[-1:].isdigit() and b[:1].isdigit()]
    assert digits


def test_whole_answer() -> None:
    with Endpoint(pace=0, script=[Reply(TEXT)]) as served:
        got = post(served, body()).json()
    assert got["object"] == "chat.completion"
    assert got["choices"][0]["message"]["content"] == TEXT
    assert got["choices"][0]["finish_reason"] == "stop"
    assert got["usage"]["completion_tokens"] > 10


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_token_limit_ends_with_length(served: Endpoint, field: str) -> None:
    chunks = frames(served, body(**{field: 3}))
    assert chunks[-2]["choices"][0]["finish_reason"] == "length"
    assert sum(bool(delta.get("content")) for delta in deltas(chunks)) == 3
    assert post(served, body(**{field: 3})).json()["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ([], 400, "JSON object"),
        ({"messages": [{"role": "user", "content": "x"}]}, 400, "model parameter"),
        ({"model": "scripted", "messages": []}, 400, "Invalid 'messages'"),
        (body(temperature=3), 400, "Expected a value <= 2, but got 3"),
        (body("scripted-nothing"), 404, "`scripted-nothing` does not exist"),
        (body("scripted-400"), 400, "refused"),
        (body("scripted-401"), 401, "Incorrect API key"),
        (body("scripted-429"), 429, "Rate limit reached"),
        (body("scripted-500"), 500, "server had an error"),
    ],
)
def test_errors_have_the_true_shape(served: Endpoint, sent: Any, status: int, said: str) -> None:
    got = post(served, sent)
    assert got.status_code == status
    error = got.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert said in error["message"]


def test_no_key_and_no_json(served: Endpoint) -> None:
    url = f"{served.base_url}/chat/completions"
    with httpx.Client(trust_env=False) as client:
        assert client.post(url, json=body()).status_code == 401
        assert client.post(url, content=b"{", headers=HEADERS).status_code == 400
        assert client.get(url, headers=HEADERS).status_code == 405
        assert client.get(served.base_url, headers=HEADERS).status_code == 404


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("scripted-400", openai.BadRequestError),
        ("scripted-401", openai.AuthenticationError),
        ("scripted-429", openai.RateLimitError),
        ("scripted-500", openai.InternalServerError),
        ("scripted-nothing", openai.NotFoundError),
    ],
)
async def test_refused_requests_raise_what_openai_raises(served: Endpoint, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await model(served, name).ainvoke("hello")
    with pytest.raises(error):
        async for _ in model(served, name).astream("hello"):
            pass
    with pytest.raises(error):
        model(served, name).invoke("hello")


async def until_it_fails(served: Endpoint, name: str) -> tuple[str, Exception | None]:
    said, raised = "", None
    try:
        async for chunk in model(served, name).astream("hello"):
            said += chunk.text
    except Exception as error:
        raised = error
    return said, raised


@pytest.mark.parametrize("name", ["scripted-drop", "scripted-error", "scripted-badframe"])
async def test_a_stream_that_breaks_gives_its_text_and_then_raises(served: Endpoint, name: str) -> None:
    whole = model(served).invoke("hello").text
    said, raised = await until_it_fails(served, name)
    assert 0 < len(said) < len(whole)
    assert whole.startswith(said)
    if name == "scripted-error":
        assert isinstance(raised, openai.APIError)
        assert "server had an error" in str(raised)
    elif name == "scripted-drop":
        assert isinstance(raised, openai.APIConnectionError)
    else:
        assert isinstance(raised, ValueError)


async def test_a_dropped_whole_answer_is_a_connection_error(served: Endpoint) -> None:
    with pytest.raises(openai.APIConnectionError):
        await model(served, "scripted-drop", disable_streaming=True).ainvoke("hello")


async def test_a_stream_without_done_just_ends(served: Endpoint) -> None:
    assert "[DONE]" not in frames(served, body("scripted-undone"))
    message: BaseMessage | None = None
    async for chunk in model(served, "scripted-undone").astream("hello"):
        message = chunk if message is None else message + chunk  # type: ignore[assignment]
    assert isinstance(message, AIMessageChunk)
    assert message.text
    assert "finish_reason" not in message.response_metadata
    assert message.usage_metadata is None


async def test_length_is_told(served: Endpoint) -> None:
    message = await model(served, "scripted-length").ainvoke("hello")
    assert message.response_metadata["finish_reason"] == "length"
    assert message.usage_metadata is not None
    assert message.usage_metadata["output_tokens"] == 12


def test_every_failing_name_is_tried_here() -> None:
    tried = {"400", "401", "429", "500", "drop", "error", "badframe", "undone", "length"}
    assert {name.removeprefix("scripted-") for name in FAILING} == tried


def test_replies_are_given_out_in_turn_and_requests_kept() -> None:
    with Endpoint(pace=0, script=[Reply("one"), Reply("two", status=500), Reply("three")]) as served:
        got = [post(served, body(user=str(n))) for n in range(4)]
        assert [message["messages"][0]["content"] for message in served.requests] == ["0", "1", "2", "3"]
    assert got[0].json()["choices"][0]["message"]["content"] == "one"
    assert got[1].json()["error"]["message"] == "two"
    assert [one.json()["choices"][0]["message"]["content"] for one in got[2:]] == ["three", "three"]


def test_human_pace() -> None:
    times: list[float] = []
    with Endpoint(script=[Reply("A dozen words or so, to see how fast they come.")]) as served:
        start = time.monotonic()
        sent = {**body(), "stream": True}
        url = f"{served.base_url}/chat/completions"
        with httpx.stream("POST", url, json=sent, headers=HEADERS, trust_env=False) as got:
            for line in got.iter_lines():
                if '"content":' in line:
                    times.append(time.monotonic() - start)
    assert 0.3 <= times[0] <= 1
    gaps = sorted(b - a for a, b in itertools.pairwise(times[1:]))
    assert 0.014 <= gaps[len(gaps) // 2] <= 0.06


def test_cut_is_whole_and_the_same_each_time() -> None:
    for text in ("", "a", TEXT, json.dumps("日本 🇯🇵" * 9)):
        pieces = wire.cut(text, "seed")
        assert "".join(pieces) == text
        assert all(pieces)
        assert pieces == wire.cut(text, "seed")
    assert wire.cut(TEXT, "one") != wire.cut(TEXT, "two")


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD]


def test_stop_leaves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    levels = [logging.getLogger(name).level for name in ("uvicorn.error", "uvicorn.access")]
    others = len(threads())
    with caplog.at_level(logging.DEBUG):
        served = Endpoint(pace=0).start()
        port = served.port
        assert served.start() is served
        assert len(threads()) == others + 1
        assert post(served, body()).status_code == 200
        served.stop()
        served.stop()
    assert len(threads()) == others
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    with pytest.raises(RuntimeError, match="not started"):
        _ = served.base_url
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert [logging.getLogger(name).level for name in ("uvicorn.error", "uvicorn.access")] == levels
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]
    with Endpoint(pace=0), Endpoint(pace=0):  # at once after start: nothing hangs
        pass


async def test_stop_cuts_off_answers_under_way(caplog: pytest.LogCaptureFixture) -> None:
    asked = threading.Event()

    def script(sent: dict[str, Any]) -> Reply:
        asked.set()
        return Reply(TEXT)

    served = Endpoint(pace=20, script=script).start()
    reading = asyncio.create_task(until_it_fails(served, "scripted"))
    assert await asyncio.to_thread(asked.wait, 5)
    start = time.monotonic()
    await asyncio.to_thread(served.stop)
    assert time.monotonic() - start < 2
    _, raised = await asyncio.wait_for(reading, 5)
    assert raised is not None
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


async def test_a_client_that_leaves_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    with Endpoint(pace=0.5, script=[Reply(TEXT)]) as served:
        stream = model(served).astream("hello")
        async for chunk in stream:
            if chunk.text:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        await asyncio.sleep(0.1)
        served.pace = 0
        assert (await model(served).ainvoke("hello")).text == TEXT
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


def test_a_bug_in_a_script_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def script(sent: dict[str, Any]) -> Reply:
        raise KeyError("a bug")

    with Endpoint(pace=0, script=script) as served:
        assert post(served, body()).status_code == 500
    assert "a bug" in caplog.text


def test_one_model_object_serves_loop_after_loop(served: Endpoint) -> None:
    one = model(served)
    texts = {asyncio.run(one.ainvoke("hello")).text for _ in range(3)}
    assert len(texts) == 1


def test_shared_endpoint_starts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACER_DEMO_PACE", "0.25")
    endpoint.stop()
    first = endpoint.shared()
    assert endpoint.shared() is first
    assert first.pace == 0.25
    endpoint.stop()
    again = endpoint.shared()
    assert again is not first
    endpoint.stop()


@pytest.mark.parametrize("said", ["fast", "-1", "nan", "1000"])
def test_a_wrong_pace_is_told(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("TRACER_DEMO_PACE", said)
    endpoint.stop()
    with pytest.raises(ValueError, match=f"TRACER_DEMO_PACE is '{said}'"):
        endpoint.shared()


SIGNALLED = """
import httpx, os, signal, sys, time
from tracer.demo import endpoint
served = endpoint.shared()
body = {"model": "scripted", "messages": [{"role": "user", "content": "x"}]}
url = served.base_url + "/chat/completions"
httpx.post(url, json=body, headers={"authorization": "Bearer x"}, trust_env=False).raise_for_status()
if sys.argv[1] == "TERM":
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(30)
"""


@pytest.mark.parametrize(("how", "code"), [("TERM", -signal.SIGTERM), ("end", 0)])
def test_the_process_ends_as_without_it(how: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SIGNALLED, how],
        env={"TRACER_DEMO_PACE": "0", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
