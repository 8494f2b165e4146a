"""A client that sends what it is told, byte for byte, and a reader of event streams written to the standard."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

TOKEN = "test-token-0123456789abcdef"


@dataclass
class Reply:
    """An answer; header names in lower case, each with all its values."""

    status: int
    headers: dict[str, list[str]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str:
        (value,) = self.headers[name]
        return value


class Connection:
    """One connection, kept open over several requests."""

    def __init__(self, port: int, timeout: float = 10) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._rest = b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def head(self) -> tuple[int, dict[str, list[str]]]:
        """Status and headers of the next answer. Raises EOFError."""
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.lower(), []).append(value.strip())
        return int(first.split()[1]), headers

    def reply(self, method: str = "GET") -> Reply:
        """The next answer, whole. Raises EOFError where the connection ends before."""
        status, headers = self.head()
        body = b""
        if method != "HEAD" and status not in (204, 304):
            if "content-length" in headers:
                body = self._exactly(int(headers["content-length"][0]))
            elif headers.get("transfer-encoding") == ["chunked"]:
                body = b"".join(self.chunks())
            else:
                with contextlib.suppress(EOFError):
                    while True:
                        self._more()
                body, self._rest = self._rest, b""
        return Reply(status, headers, body)

    def chunks(self) -> Iterator[bytes]:
        """The body's chunks until its proper end. Raises EOFError where the connection ends before."""
        while True:
            while b"\r\n" not in self._rest:
                self._more()
            size, _, self._rest = self._rest.partition(b"\r\n")
            chunk = self._exactly(int(size, 16) + 2)[:-2]
            if not chunk:
                return
            yield chunk

    def _exactly(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._more()
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def _more(self) -> None:
        block = self.socket.recv(1 << 16)
        if not block:
            raise EOFError
        self._rest += block


def request(
    port: int, method: str, path: str | bytes, headers: dict[str, str] | None = None, body: bytes | None = None
) -> bytes:
    """The bytes of a request with Host, the token and, where it changes something, JSON as its type.

    A header given as "" is left out.
    """
    fields = {"Host": f"127.0.0.1:{port}", "Authorization": f"Bearer {TOKEN}"}
    if body is not None:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    fields |= headers or {}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value != "")
    target = path if isinstance(path, bytes) else path.encode()
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode(), target, lines.encode("latin-1")) + (body or b"")


def ask(port: int, method: str, path: str | bytes, headers: dict[str, str] | None = None, body: Any = None) -> Reply:
    """One request over a connection of its own. A body that is no bytes is sent as JSON."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    with Connection(port) as connection:
        connection.send(request(port, method, path, headers, data))
        return connection.reply(method)


@dataclass
class Message:
    event: str
    data: str
    id: str


@dataclass
class EventParser:
    """As the HTML standard says in "Interpreting an event stream"; what is not complete waits."""

    last_id: str = ""
    _buffer: bytes = b""
    _data: list[str] = field(default_factory=list)
    _event: str = ""
    _id: str | None = None

    def push(self, block: bytes) -> list[Message]:
        self._buffer += block
        *lines, self._buffer = self._buffer.split(b"\n")
        messages: list[Message] = []
        for line in lines:
            assert b"\r" not in line, "the server ends lines by LF alone"
            if line:
                name, _, value = line.decode().partition(":")
                value = value.removeprefix(" ")
                if name == "data":
                    self._data.append(value)
                elif name == "event":
                    self._event = value
                elif name == "id":
                    self._id = value
                continue
            if self._id is not None:
                self.last_id = self._id
            if self._data:
                messages.append(Message(self._event or "message", "\n".join(self._data), self.last_id))
            self._data, self._event = [], ""
        return messages


class Viewer:
    """Follows a stream over a connection of its own."""

    def __init__(self, port: int, path: str, headers: dict[str, str] | None = None, timeout: float = 10) -> None:
        self.connection = Connection(port, timeout)
        self.connection.send(request(port, "GET", path, headers))
        self.status, self.headers = self.connection.head()
        self._parser = EventParser()
        self._chunks = self.connection.chunks()

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.socket.close()

    def messages(self) -> Iterator[Message]:
        """All of them, until the server ends the stream. Raises EOFError where it is cut off."""
        for chunk in self._chunks:
            yield from self._parser.push(chunk)
