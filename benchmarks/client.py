"""A viewer that does next to nothing: it reads answers off its sockets until their last event and counts bytes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

_LAST = b"event: end"
_MESSAGE = b"\ndata: "


@dataclass(slots=True)
class Seen:
    """What came: bytes of the answer's body with its framing, and messages with data."""

    bytes: int = 0
    messages: int = 0


Viewer = Callable[[], Coroutine[Any, Any, Seen]]


class _Reader(asyncio.Protocol):
    def __init__(self, request: bytes, until: bytes) -> None:
        self.seen = Seen()
        self.head = b""
        self.body = bytearray()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request, self._until = request, until
        self._tail = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.head:
            self.head, _, data = data.partition(b"\r\n\r\n")
        joined = self._tail + data
        self.seen.bytes += len(data)
        self.seen.messages += joined.count(_MESSAGE) - self._tail.count(_MESSAGE)
        self._tail = joined[-64:]
        if self._until in joined:
            self.body += joined if self._until != _LAST else b""
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError(f"the answer ended early: {self.head[:80]!r}"))

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
        assert self._transport is not None
        self._transport.abort()


async def stream(port: int, request: bytes) -> Seen:
    """Send the request, read server-sent events up to the one called `end`."""
    loop = asyncio.get_running_loop()
    _, reader = await loop.create_connection(lambda: _Reader(request, _LAST), "127.0.0.1", port)
    await reader.done
    if b" 200 " not in reader.head.partition(b"\r\n")[0]:
        raise ConnectionError(f"the server said {reader.head[:200]!r}")
    return reader.seen


async def post(port: int, path: str, body: Any, token: str) -> Any:
    """The JSON that a POST is answered with."""
    loop = asyncio.get_running_loop()
    text = json.dumps(body).encode()
    asked = request("POST", port, path, text, token)
    _, reader = await loop.create_connection(lambda: _Reader(asked, b"}"), "127.0.0.1", port)
    await reader.done
    return json.loads(bytes(reader.body[reader.body.index(b"{") :]))


def request(method: str, port: int, path: str, body: bytes = b"", token: str = "") -> bytes:
    """An HTTP/1.1 request as it goes onto the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body
