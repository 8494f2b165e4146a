"""An OpenAI-compatible endpoint on loopback: /v1/chat/completions, streamed or whole, at a human pace.

A request's model name switches what goes wrong: `scripted-429` and the other names of `FAILING`. Every other name
that does not begin with `scripted-` is answered by the endpoint's script.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import random
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tracer.demo import answers, wire
from tracer.demo.pace import pace
from tracer.demo.reply import Reply, Script

if TYPE_CHECKING:
    import uvicorn
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

THREAD = "tracer-demo-endpoint"

# What a model's name makes of the script's answer.
FAILING: dict[str, dict[str, Any]] = {
    "scripted-400": {"status": 400, "text": ""},
    "scripted-401": {"status": 401, "text": ""},
    "scripted-429": {"status": 429, "text": ""},
    "scripted-500": {"status": 500, "text": ""},
    "scripted-drop": {"fault": "drop"},
    "scripted-error": {"fault": "error"},
    "scripted-undone": {"fault": "undone"},
    "scripted-badframe": {"fault": "badframe"},
    "scripted-length": {"limit": 12},
}


class Dropped(Exception):
    """Raised into the server so that it closes the socket in mid-answer."""


class Endpoint:
    """The endpoint, from `start()` to `stop()`; also a context manager.

    `pace` stretches every delay: 1 is a human pace (300 to 500 ms to the first token, then 15 to 40 ms a token),
    0 answers at once. `requests` holds the bodies of the last 256 requests.
    """

    def __init__(self, pace: float = 1.0, script: Script | Iterable[Reply] | None = None) -> None:
        """`script`: a function of the request's body, or replies given out one after the other, the last for ever;
        by default the answers of the demo chains."""
        self.pace = pace
        self.requests: deque[dict[str, Any]] = deque(maxlen=256)
        self._script = _in_turn(script) if isinstance(script, Iterable) else script or answers.answer
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """Raises RuntimeError before start() and after stop()."""
        if self._socket is None:
            raise RuntimeError("the demo endpoint is not started")
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def base_url(self) -> str:
        """What ChatOpenAI takes as `base_url`."""
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> Self:
        """Listen. Does not wait for the thread: until it accepts, connections queue in the socket."""
        with self._lock:
            if self._socket is None:
                listening = socket.create_server(("127.0.0.1", 0), backlog=512)
                self._socket = listening
                self._thread = threading.Thread(target=self._serve, args=(listening,), name=THREAD, daemon=True)
                self._thread.start()
        return self

    def stop(self, timeout: float = 5.0) -> None:
        """Close the socket, cut off the answers under way, end the thread. Safe to call twice."""
        with self._lock:
            thread, listening = self._thread, self._socket
            self._thread = self._socket = None
            if thread is None or listening is None:
                return
            deadline = time.monotonic() + timeout
            # A server told to exit before it has started would leave its connections open.
            while thread.is_alive() and time.monotonic() < deadline:
                if self._server is not None and self._server.started:
                    self._server.should_exit = True
                    self._server.force_exit = True
                    break
                time.sleep(0.005)
            thread.join(max(0.0, deadline - time.monotonic()))
            listening.close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self, listening: socket.socket) -> None:
        # Imported here: whoever only imports the demo chains need not wait for a web server.
        import uvicorn

        for name in ("uvicorn.error", "uvicorn.access"):
            log = logging.getLogger(name)
            if _not_ours not in log.filters:
                log.addFilter(_not_ours)
        # Off the main thread uvicorn takes no signals; without log settings it leaves the process's logging alone.
        config = uvicorn.Config(
            self._app(), log_config=None, lifespan="off", ws="none", loop="asyncio", http="h11", backlog=512
        )
        self._server = uvicorn.Server(config)
        self._server.run(sockets=[listening])

    def _app(self) -> ASGIApp:
        from starlette.applications import Starlette
        from starlette.routing import Route

        return Starlette(routes=[Route("/v1/chat/completions", self._completions, methods=["POST"])])

    async def _completions(self, request: Request) -> Response:
        from starlette.responses import StreamingResponse

        if not request.headers.get("authorization", "").startswith("Bearer "):
            return _error(401, "You didn't provide an API key.")
        try:
            body = json.loads(await request.body())
        except ValueError:
            return _error(400, "We could not parse the JSON body of your request.")
        if wrong := _wrong(body):
            return _error(400, *wrong)
        self.requests.append(body)
        model = body["model"]
        if model.endswith("-does-not-exist"):
            return _error(404, f"The model `{model}` does not exist or you do not have access to it.", "model")
        if model.startswith("scripted-") and model not in FAILING:
            known = ", ".join(FAILING)
            return _error(404, f"The model `{model}` does not exist. Scripted to fail are: {known}.", "model")
        identity = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:29]
        reply = self._script(body)
        if model in FAILING:
            reply = replace(reply, **FAILING[model])
        dice = random.Random(identity)
        await asyncio.sleep(dice.uniform(0.3, 0.5) * self.pace)
        if reply.status >= 400:
            return _error(reply.status, reply.text)
        answer = wire.Answer(reply, body, identity, int(time.time()))
        if body.get("stream"):
            frames = self._stream(answer, dice)
            return StreamingResponse(frames, media_type="text/event-stream", headers=_HEADERS)
        return await self._whole(answer, dice)

    async def _stream(self, answer: wire.Answer, dice: random.Random) -> AsyncIterator[bytes]:
        yield wire.frame(answer.opening())
        strikes = len(answer.deltas) // 2 if answer.reply.fault else -1
        for n, chunk in enumerate(answer.middle()):
            await asyncio.sleep(dice.triangular(0.015, 0.04, 0.015) * self.pace)
            if n == strikes:
                if answer.reply.fault == "drop":
                    raise Dropped
                if answer.reply.fault == "error":
                    yield wire.frame(wire.error(500))
                if answer.reply.fault == "badframe":
                    yield b'data: {"id":"chatcmpl-\n\n'
                return
            yield wire.frame(chunk)
        for chunk in answer.closing():
            yield wire.frame(chunk)
        yield wire.DONE

    async def _whole(self, answer: wire.Answer, dice: random.Random) -> Response:
        from starlette.responses import JSONResponse, StreamingResponse

        took = sum(dice.triangular(0.015, 0.04, 0.015) for _ in answer.deltas)
        await asyncio.sleep(took * self.pace)
        match answer.reply.fault:
            case "drop":
                half = json.dumps(answer.whole())[:40].encode()
                return StreamingResponse(_dropping(half), media_type="application/json", headers=_HEADERS)
            case "error":
                return _error(500)
            case _:
                return JSONResponse(answer.whole(), headers=_HEADERS)


# One request a connection: a client that keeps it alive binds it to its event loop, and a chain run in the next loop
# (the next asyncio.run, the next test) would find it dead.
_HEADERS = {"connection": "close", "openai-processing-ms": "0", "x-ratelimit-limit-requests": "3"}


def _error(status: int, message: str = "", param: str | None = None) -> Response:
    from starlette.responses import JSONResponse

    headers = _HEADERS | ({"retry-after": "1"} if status == 429 else {})
    return JSONResponse(wire.error(status, message, param), status, headers)


def _wrong(body: Any) -> tuple[str, str | None] | None:
    """What OpenAI would refuse of this body: message and parameter."""
    if not isinstance(body, dict):
        return "Invalid body: expected a JSON object.", None
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "you must provide a model parameter", None
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        return "Invalid 'messages': expected a non-empty array of objects.", "messages"
    temperature = body.get("temperature")
    if isinstance(temperature, int | float) and not 0 <= temperature <= 2:
        side, bound = ("below minimum", ">= 0") if temperature < 0 else ("above maximum", "<= 2")
        said = f"Invalid 'temperature': decimal {side} value. Expected a value {bound}, but got {temperature} instead."
        return said, "temperature"
    return None


async def _dropping(half: bytes) -> AsyncIterator[bytes]:
    yield half
    raise Dropped


def _in_turn(replies: Iterable[Reply]) -> Script:
    left = deque(replies)

    def script(body: dict[str, Any]) -> Reply:
        return left.popleft() if len(left) > 1 else left[0]

    return script


def _not_ours(record: logging.LogRecord) -> bool:
    """A filter for uvicorn's loggers, which another server of this process may use: ours speaks only of bugs."""
    if record.thread is None or record.threadName != THREAD:
        return True
    error = record.exc_info[1] if record.exc_info else None
    return error is not None and not isinstance(error, Dropped | asyncio.CancelledError)


_shared: Endpoint | None = None
_shared_lock = threading.Lock()


def shared() -> Endpoint:
    """The endpoint of this process's demo chains, started when first asked for.

    Its pace is that of the environment's TRACER_DEMO_PACE when it starts, else 1.
    """
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Endpoint(pace())
        return _shared.start()


def stop() -> None:
    """Stop the shared endpoint; the next chain that runs starts another. Does nothing where none runs."""
    global _shared
    with _shared_lock:
        if _shared is not None:
            _shared.stop()
            _shared = None


def _forget() -> None:
    global _shared, _shared_lock
    _shared, _shared_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):  # a fork has the socket but not the thread that answers it
    os.register_at_fork(after_in_child=_forget)
