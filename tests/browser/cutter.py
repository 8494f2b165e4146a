"""A way to the server that breaks: it cuts every stream after a few bytes, wherever that is."""

from __future__ import annotations

import random
import re
import socket
import threading

# So that a browser's EventSource comes back at once; of the same length, for the body is framed.
PATIENT, HASTY = b"retry: 1000\n", b"retry: 0001\n"
STREAM = re.compile(rb"GET /api/runs/[0-9a-f-]{36}/events")


class Cutter:
    """Passes connections on to a port of this machine.

    The first `cuts` streams of a run end 1 to `most` bytes after the answer's head (a broken head is an HTTP error,
    after which EventSource gives up), the next ones come whole.
    """

    def __init__(self, port: int, *, cuts: int, most: int) -> None:
        self._target = port
        self._left = cuts
        self._most = most
        self._random = random.Random(0)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            wanted = threading.Event()
            threading.Thread(target=self._ask, args=(client, server, wanted), daemon=True).start()
            room: int | None = None
            while data := _receive(server):
                if wanted.is_set() and room is None:
                    room = data.find(b"\r\n\r\n") + 4 + self._room()
                data = data.replace(PATIENT, HASTY)
                if room is not None and len(data) >= room:
                    client.sendall(data[:room])
                    with self._lock:
                        self.cut += 1
                    break
                if room is not None:
                    room -= len(data)
                client.sendall(data)
            for end in (client, server):
                _shut(end)

    def _room(self) -> int:
        with self._lock:
            if self._left == 0:
                return 1 << 40
            self._left -= 1
            return self._random.randint(1, self._most)

    def _ask(self, client: socket.socket, server: socket.socket, wanted: threading.Event) -> None:
        while data := _receive(client):
            if STREAM.match(data):
                wanted.set()
            try:
                server.sendall(data)
            except OSError:
                break
        _shut(server)


def _receive(end: socket.socket) -> bytes:
    try:
        return end.recv(1 << 16)
    except OSError:
        return b""


def _shut(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
