"""Starting and stopping: one port, one process, and a clean end within three seconds whatever chains are doing."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, MappingProxyType

import anyio.to_thread
import uvicorn
from starlette.types import Scope

from tracer.log.store import Store
from tracer.run.chains import Chains
from tracer.run.runner import Runner

from . import imports
from . import reload as reloading
from . import token as tokens
from .app import App, create_app
from .gate import Gate, host_name

_log = logging.getLogger("tracer")

FAILED, WRONG_USE = 1, 2

# The parts of a stop, together less than EXIT_SECONDS: chains end, viewers read that, viewers leave, the rest is cut.
RUNS_SECONDS = 0.8
ENDS_SECONDS = 0.3
VIEWERS_SECONDS = 0.4
EXIT_SECONDS = 2.2
"""After this the process ends, wherever it is; what chains left running gets half a second of it."""
LEFTOVERS_SECONDS = 0.5
STUCK_READER_MS = 60_000

Make = Callable[[], tuple[Store, Runner, Chains]]
OnReady = Callable[[str], None]
Address = tuple[socket.AddressFamily, str]


class ServeError(Exception):
    """Why the server cannot start, in one line. `code` is the exit code."""

    def __init__(self, said: str, code: int = FAILED) -> None:
        super().__init__(said)
        self.code = code


def serve(
    make: Make,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    allow_hosts: Collection[str] = (),
    allow_remote: bool = False,
    token: str | None = None,
    reload: bool = False,
    on_ready: OnReady | None = None,
    watch: Sequence[Path] = (),
    opened: Mapping[str, Path] = MappingProxyType({}),
) -> int:
    """Serve until SIGTERM, SIGINT or SIGHUP; returns the exit code. Has to be called in the main thread.

    `make` gives the store, the runner and the chains; it is called after the port is taken, and what it raises passes
    through. `on_ready` gets the address with the token in it, in a thread of its own, as soon as it can be opened.
    `port` 0 takes a free one. `token` None takes the one kept in `<store.root>/.token`. `opened` are files to be looked
    at, by opaque ids. What stands in the way (port taken, a host beyond loopback without `allow_remote`, a token too
    short) is said in one line on stderr; the code is 1 or 2 (wrong use).

    After the first signal the process ends within 3 s, whatever its threads do, so call nothing long after this; a
    second signal ends it at once.

    With `reload`, this process only watches: it starts its own command line again as a child, in which this function
    serves, and once more whenever a source file under the working folder, under `watch` or of an imported module of
    the user's changes. `make` is not called here then, `on_ready` only in the first child.
    """
    try:
        names = [host_name(name) for name in allow_hosts]
        if token is not None:
            tokens.checked(token)
        max_import = imports.limit(os.environ)
        addresses = _addresses(host, allow_remote)
    except (ServeError, ValueError) as error:
        return _say(error, getattr(error, "code", WRONG_USE))
    child = reloading.child()
    try:
        if reload and child is None:
            with _listening(addresses, port) as (_, taken):
                pass
            return reloading.supervise(taken, watch)
        with _listening(addresses, child.port if child else port) as (sockets, taken):
            store, runner, chains = make()
            if child:
                child.report()
            key = tokens.kept(store.root) if token is None else token
            gate = Gate(key, [*names, *_own_name(host)])
            app = create_app(store, runner, chains, gate, dev=child is not None, max_import=max_import, opened=opened)
            url = f"http://{_shown(host, names)}:{taken}/?token={key}"
            ready = on_ready if child is None or child.first else None
            server = Server(app, runner, (lambda: ready(url)) if ready else None)
            if child:
                # Whose supervisor was killed must not keep the port.
                child.when_orphaned(lambda: os.kill(os.getpid(), signal.SIGTERM))
            server.run(sockets)
            # Threads that chains have left behind would hold up the interpreter's exit for as long as they like.
            _exit_in(LEFTOVERS_SECONDS)
            return 0
    except (ServeError, tokens.TokenError) as error:
        return _say(error, getattr(error, "code", FAILED))


class Server(uvicorn.Server):
    """uvicorn, which on a stop lets the runs end, then the viewers, then cuts what is left."""

    def __init__(self, app: App, runner: Runner, on_ready: Callable[[], None] | None = None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                proxy_headers=False,
                server_header=False,
                access_log=False,
                log_config=None,
                log_level="warning",
                timeout_keep_alive=30,
                timeout_graceful_shutdown=1,
            )
        )
        logging.getLogger("uvicorn.error").addFilter(_is_ours)
        self._app, self._runner, self._on_ready = app, runner, on_ready
        self._signals = 0
        app.cut = self._cut

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._on_ready is not None:
            # Opening a browser may take its time.
            threading.Thread(target=self._on_ready, name="tracer-ready", daemon=True).start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self.servers:
            listener.close()
        self._app.viewers.begin()
        await self._end_runs(RUNS_SECONDS)
        await self._answered(ENDS_SECONDS)
        self._app.viewers.release()
        await self._answered(VIEWERS_SECONDS)
        for connection in tuple(self.server_state.connections):
            # A reader that has stopped reading would keep its connection open for ever.
            connection.transport.abort()
        # A request that was under way may have started one more.
        await self._end_runs(0.2)
        await super().shutdown(sockets)

    async def _answered(self, seconds: float) -> None:
        """Until every request has been answered, at most this long."""
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=seconds)

    async def _cut(self, scope: Scope) -> None:
        for connection in tuple(self.server_state.connections):
            if getattr(connection, "client", None) == scope["client"]:
                connection.transport.abort()
        # The loop tells uvicorn in its next turns; without waiting for that it would call the answer incomplete.
        for _ in range(3):
            await asyncio.sleep(0)

    async def _end_runs(self, seconds: float) -> None:
        try:
            await anyio.to_thread.run_sync(self._runner.close, seconds)
        except Exception:
            _log.exception("not every run could be ended")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:
            _exit(128 + sig)
        self.should_exit = True
        _exit_in(EXIT_SECONDS)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with super().capture_signals():
            # A terminal that is closed ends the server as cleanly, unless it was started to outlive it (nohup).
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
                signal.signal(signal.SIGHUP, self.handle_exit)
            yield


def _is_ours(record: logging.LogRecord) -> bool:
    """Not what uvicorn says of each WebSocket that is asked for: any page in the browser could fill the terminal."""
    return not str(record.msg).startswith(("Unsupported upgrade request", "No supported WebSocket library"))


def _exit_in(seconds: float) -> None:
    last_resort = threading.Timer(seconds, _exit, (0,))
    last_resort.daemon = True
    last_resort.start()


def _exit(code: int) -> None:
    """End the process now, whatever its threads do. Runs are on disk already: their lines are not buffered here."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)


def _addresses(host: str, allow_remote: bool) -> list[Address]:
    """What `host` stands for. Raises ServeError where that is nothing, or more than this machine without leave."""
    if not host.strip():
        raise ServeError("the host is empty; 127.0.0.1 is this machine alone", WRONG_USE)
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ServeError(f"there is no address for the host {host!r}", WRONG_USE) from None
    addresses: list[Address] = [(family, str(where[0])) for family, _, _, _, where in found]
    if not allow_remote and not all(ipaddress.ip_address(ip.partition("%")[0]).is_loopback for _, ip in addresses):
        raise ServeError(
            f"{host} can be reached from other machines: whoever has the token could run your chains. "
            "Add --allow-remote if that is what you want",
            WRONG_USE,
        )
    return addresses[:1]


@contextlib.contextmanager
def _listening(addresses: list[Address], port: int) -> Iterator[tuple[list[socket.socket], int]]:
    """Bound sockets and their port. Raises ServeError where the port is taken or not ours to take."""
    family, ip = addresses[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    with listener:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # What a viewer does not take for this long is given up by the kernel, with the connection.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_READER_MS)
        try:
            listener.bind((ip, port))
            # Listening already: two servers may bind one port as long as neither listens.
            listener.listen(2048)
        except OverflowError:
            raise ServeError(f"there is no port {port}; the highest is 65535", WRONG_USE) from None
        except PermissionError:
            raise ServeError(f"port {port} may not be used by this user; try --port 8765") from None
        except OSError as error:
            said = f"port {port} is taken" if error.errno == errno.EADDRINUSE else f"{ip} port {port}: {error.strerror}"
            raise ServeError(f"{said}; try another with --port, or --port 0 for any free one") from None
        yield [listener], listener.getsockname()[1]


def _own_name(host: str) -> list[str]:
    """The name under which a server bound to this host is asked for; none where it takes every address."""
    name = host_name(host)
    wildcard = name in ("0.0.0.0", "[::]")
    return [] if wildcard else [name]


def _shown(host: str, names: Sequence[str]) -> str:
    """The host as the printed address has it: one that the gate lets in and a browser here can open."""
    own = _own_name(host)
    return own[0] if own else names[0] if names else "127.0.0.1"


def _say(error: Exception, code: int) -> int:
    print(f"tracer: {error}", file=sys.stderr)
    return code
