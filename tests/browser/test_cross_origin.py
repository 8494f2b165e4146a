"""R7: what other pages of the same browser can do to a server, whoever is logged in: nothing, and they see nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from langchain_core.runnables import RunnableLambda
from playwright.sync_api import Browser, Frame, Page, Playwright
from starlette.responses import HTMLResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.browser.conftest import FLAGS, PATIENCE
from tracer.log.store import Store
from tracer.run.chains import Chain, Chains
from tracer.run.runner import Runner
from tracer.web.app import create_app
from tracer.web.gate import Gate
from tracer.web.server import Server

ATTACK = Path(__file__).with_name("attack.js").read_text()
TOKEN = "cross-origin-0123456789abcdef"
SECRET = "sesame-7c1f"
"""It stands in every answer there is to read."""
SITE, REBOUND = "other.example", "rebound.example"
RULES = f"--host-resolver-rules=MAP {SITE} 127.0.0.1, MAP {REBOUND} 127.0.0.1"
SAFE = ("GET", "HEAD", "OPTIONS")


class Asked(NamedTuple):
    """One request as the server saw it, and the answer."""

    method: str
    path: str
    headers: dict[str, str]
    status: int
    answer: dict[str, str]


class Watched:
    """A server in a thread that notes every request. `blind`: as if the browser told nothing by Sec-Fetch-*; `trap`:
    the attacker's own page is given, as before a name is rebound."""

    def __init__(self, folder: Path) -> None:
        async def held(_: Any) -> None:
            await asyncio.sleep(600)

        opened = folder.parent / "opened.jsonl"
        opened.write_text(json.dumps({"event": "run_start", "format": 1, "input": SECRET}) + "\n")
        self.folder = folder
        self.store = Store(folder)
        chains = [
            Chain("here:echo", "echo", SECRET, RunnableLambda(lambda x: x)),
            Chain("here:held", "held", "", RunnableLambda(held)),
        ]
        listed = Chains(chains, notice=SECRET)
        self.runner = Runner(self.store, listed)
        self.app = create_app(self.store, self.runner, listed, Gate(TOKEN), opened={"f1": opened})
        self.app.middleware_stack = self._noted(self.app.build_middleware_stack())
        self.asked: list[Asked] = []
        self.blind = self.trap = False
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.server = Server(self.app, self.runner)
        self._thread = threading.Thread(target=self.server.run, args=([listener],), daemon=True)
        self._thread.start()
        until(lambda: self.server.started)

    def _noted(self, app: ASGIApp) -> ASGIApp:
        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())}
            if self.blind and "sec-fetch-site" in headers:
                kept = [pair for pair in scope["headers"] if not pair[0].startswith(b"sec-fetch-")]
                scope = {**scope, "headers": kept}

            async def sent(message: Message) -> None:
                if message["type"] == "http.response.start":
                    answer = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
                    self.asked.append(Asked(scope["method"], scope["path"], headers, message["status"], answer))
                await send(message)

            await (HTMLResponse("<!doctype html><body>") if self.trap else app)(scope, receive, sent)

        return noted

    def run(self, chain: str) -> str:
        run = self.runner.start(chain, SECRET, {}, "stream")
        if chain == "here:echo":
            assert self.runner.wait(run, 10)
        return run

    def files(self) -> dict[str, tuple[int, str]]:
        """All that is kept: when each file was changed, and what is in it."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {
            str(p.relative_to(self.folder)): (p.stat().st_mtime_ns, hashlib.sha256(p.read_bytes()).hexdigest())
            for p in found
        }

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()


def until(true: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


class _Elsewhere(BaseHTTPRequestHandler):
    """The attacker's own server: an empty page, one with frames of no origin, and redirects to wherever is asked."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        body = b"<!doctype html><title>a page</title><body>"
        if parts.path == "/frames":
            body += b'<iframe name="sandbox" sandbox="allow-scripts allow-forms allow-popups" src="/"></iframe>'
            body += b'<iframe name="data" src="data:text/html,<!doctype html><body>"></iframe>'
        self.send_response(307 if parts.path == "/bounce" else 200)
        if parts.path == "/bounce":
            self.send_header("Location", parse_qs(parts.query)["to"][0])
            body = b""
        for name, value in {
            "Access-Control-Allow-Origin": self.headers.get("Origin", "*"),
            "Access-Control-Allow-Credentials": "true",
            "Content-Type": "text/html",
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def named_browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """One for which two more names lead to this machine."""
    browser = playwright.chromium.launch(executable_path=chromium_path, args=[*FLAGS, RULES])
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    server = Watched(tmp_path_factory.mktemp("cross") / "runs")
    yield server
    server.stop()


def routes(server: Watched, done: str, held: str) -> list[dict[str, str]]:
    """A request for every route and method that the server has, each of which would be answered or do something."""
    imported = json.dumps({"event": "run_start", "format": 1, "run": "x", "input": 1}) + "\n"
    bodies = {
        "POST /api/runs": {"body": json.dumps({"chain": "here:echo", "input": "stolen"})},
        "DELETE /api/runs": {"body": json.dumps({"runs": [done]})},
        "POST /api/runs/import": {"body": imported, "type": "application/jsonl"},
        "PATCH /api/runs/{run}": {"body": json.dumps({"name": "stolen", "starred": True})},
    }
    queries = {"/api/runs/search": f"?q={SECRET}", "/api/runs/{run}/find": f"?q={SECRET}"}
    asked = []
    for route in server.app.routes:
        kind = str(getattr(route, "path", ""))
        methods = {"GET"} if isinstance(route, Mount) else (getattr(route, "methods", None) or {"GET"}) - {"HEAD"}
        for method in sorted(methods):
            run = held if kind.endswith("/cancel") else done
            path = kind.replace("{run}", run).replace("{name}", "here:echo").replace("{file}", "f1")
            path = path.replace("{version}", "1") + ("/js/app.js" if isinstance(route, Mount) else "")
            more = bodies.get(f"{method} {kind}", {})
            asked.append({"method": method, "path": path + queries.get(kind, ""), **more})
    known = {f"{one['method']} {one['path']}" for one in asked}
    assert len(known) == len(asked) > 18
    return asked


@pytest.fixture(scope="module")
def victim(watched: Watched) -> tuple[str, str]:
    """A run that has ended, and one that goes on."""
    done, held = watched.run("here:echo"), watched.run("here:held")
    until(lambda: b'"span":1' in watched.store.path(held).read_bytes())
    return done, held


@pytest.fixture
def page(named_browser: Browser, watched: Watched) -> Iterator[Page]:
    """In a browser that is logged in."""
    context = named_browser.new_context()
    context.set_default_timeout(PATIENCE * 2)
    page = context.new_page()
    page.goto(f"{watched.origin}/?token={TOKEN}")
    assert [cookie["sameSite"] for cookie in context.cookies()] == ["Strict"]
    page.goto("about:blank")
    yield page
    context.close()


def attack(frame: Frame | Page, server: Watched, elsewhere: int, asked: list[dict[str, str]], target: str) -> Any:
    bounce = f"http://127.0.0.1:{elsewhere}/bounce?to="
    return frame.evaluate(ATTACK, {"target": target, "bounce": bounce, "routes": asked, "secret": SECRET})


PLACES = ("another site", "another port", "null in a sandbox", "null in data")


@pytest.mark.parametrize(
    ("place", "blind"),
    [
        # The one to which the browser gives the cookie; each of the others takes as long, and is in `make long`.
        ("another port", True),
        *(pytest.param(place, False, marks=pytest.mark.long) for place in PLACES),
        *(pytest.param(place, True, marks=pytest.mark.long) for place in PLACES if place != "another port"),
    ],
)
def test_another_origin_changes_nothing_and_sees_nothing(
    place: str,
    blind: bool,
    page: Page,
    watched: Watched,
    elsewhere: int,
    victim: tuple[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    if place == "another site":
        page.goto(f"http://{SITE}:{elsewhere}/")
    elif place == "another port":
        page.goto(f"http://127.0.0.1:{elsewhere}/")
    else:
        page.goto(f"http://127.0.0.1:{elsewhere}/frames")
    frame = next(f for f in page.frames if f.name == place.rpartition(" ")[2]) if "null" in place else page.main_frame
    assert frame.evaluate("origin") == ("null" if "null" in place else page.evaluate("location.origin"))
    before = watched.files()
    watched.asked.clear()
    watched.blind = blind
    found = attack(frame, watched, elsewhere, routes(watched, *victim), watched.origin)
    page.close()
    watched.blind = False
    # Nothing was changed, nothing was started, nothing was stopped.
    assert watched.files() == before
    assert watched.runner.owns(victim[1])
    assert not caplog.records, "pages of others cannot fill the terminal"
    # Nothing was seen.
    assert found["seen"] == []
    assert found["sizes"] == []
    # It was tried: the server was asked, and said no.
    assert sum(found["tried"].values()) > 500
    foreign = [one for one in watched.asked if one.headers.get("sec-fetch-site") not in ("same-origin", "none")]
    assert len(foreign) > 200
    assert {one.method for one in foreign} >= {"GET", "HEAD", "POST", "OPTIONS"}
    for one in foreign:
        assert not [name for name in one.answer if name.startswith("access-control-") or name == "set-cookie"], one
        assert one.answer["cross-origin-resource-policy"] == "same-origin", one
        # A browser that says nothing of where a request comes from still sends no Origin we take with what changes.
        assert one.status >= 400 or (blind and one.method in SAFE), one
    with_cookie = [one for one in foreign if TOKEN in one.headers.get("cookie", "")]
    assert bool(with_cookie) == (place == "another port")
    if blind and place == "another port":
        assert [one for one in foreign if one.status == 200], "SameSite, CORP and nosniff were not put to the test"


@pytest.mark.long
def test_a_name_that_was_rebound_to_this_machine(
    page: Page, watched: Watched, elsewhere: int, victim: tuple[str, str]
) -> None:
    """DNS rebinding: its page has the server's own port, so its requests are of one origin with it."""
    own = f"http://{REBOUND}:{watched.port}"
    watched.trap = True
    page.goto(f"{own}/trap")
    watched.trap = False
    before = watched.files()
    watched.asked.clear()
    found = attack(page, watched, elsewhere, routes(watched, *victim), own)
    page.close()
    assert watched.files() == before
    assert watched.runner.owns(victim[1])
    # Its own page, which was left a moment ago, may still have had a stream on its way.
    foreign = [one for one in watched.asked if one.headers["host"] != urlsplit(watched.origin).netloc]
    assert len(foreign) > 200
    assert {one.status for one in foreign} == {403}
    # All it can read is that it is refused.
    assert any("is not allowed" in one["text"] for one in found["seen"])
    assert not [one for one in found["seen"] if SECRET in one["text"]]


@pytest.mark.long
def test_the_same_tries_from_its_own_page_do_all_of_it(page: Page, watched: Watched, elsewhere: int) -> None:
    """Else the tests above would show nothing."""
    done, held = watched.run("here:echo"), watched.run("here:held")
    until(lambda: b'"span":1' in watched.store.path(held).read_bytes())
    runs = {path.stem for path in watched.folder.glob("*.jsonl")}
    page.goto(watched.origin)
    # The stream of the list has no end, and would keep all others waiting.
    asked = [one for one in routes(watched, done, held) if one["path"] != "/api/runs/events"]
    found = attack(page, watched, elsewhere, [one for one in asked if one["method"] != "DELETE"], watched.origin)
    assert json.loads((watched.folder / f"{done}.meta.json").read_text())["name"] == "stolen"
    new = {path.stem for path in watched.folder.glob("*.jsonl")} - runs
    headers = [watched.store.header(run) for run in new]
    assert any(header and header.get("input") == "stolen" for header in headers)
    assert any(header and "imported" in header for header in headers)
    until(lambda: not watched.runner.owns(held))
    seen = [one["text"] for one in found["seen"]]
    read = {one["what"] for one in found["seen"] if SECRET in one["text"]}
    assert {f"GET /api/runs/{done}/log", "GET /api/opened/f1", "GET /api/chains", "GET /api/runs"} <= read, seen[:20]
    assert "stream opened" in seen
    attack(page, watched, elsewhere, [one for one in asked if one["method"] == "DELETE"], watched.origin)
    assert not (watched.folder / f"{done}.jsonl").exists()
