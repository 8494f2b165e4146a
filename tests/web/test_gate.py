"""R5, R6, R8 to R11: who may ask, and what every answer carries."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from tracer.web import gate as gates
from tracer.web import token as tokens
from tracer.web.app import App
from tracer.web.gate import SECURITY_HEADERS, Gate, cookie_name, host_name
from tracer.web.token import TokenError

from .client import TOKEN, Connection, request
from .conftest import Live

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NO_TOKEN = {"Authorization": ""}


@pytest.fixture(scope="module")
def run(live: Live) -> str:
    return live.done()


def paths(app: App, run: str) -> Iterator[str]:
    """An existing address for every route there is."""
    for route in app.routes:
        if isinstance(route, Mount):
            yield route.path.replace("{version}", "1") + "/js/spans.js"
        else:
            assert isinstance(route, Route)
            yield route.path.replace("{run}", run).replace("{name}", "echo")


# R5


def test_without_token_no_route_answers_any_method(live: Live, run: str) -> None:
    addresses = [*paths(live.app, run), "/nowhere", "/api/nowhere", "/static/1/nowhere.js", "/api/runs/none/events"]
    assert len(addresses) > 14
    for path in addresses:
        for method in METHODS:
            body = b"{}" if method in ("POST", "PUT", "PATCH") else None
            with Connection(live.port) as connection:
                connection.send(request(live.port, method, path, NO_TOKEN, body))
                reply = connection.reply(method)
            assert reply.status == 401, (method, path, reply)
            assert run.encode() not in reply.body
    assert live.ask("GET", f"/api/runs/{run}").status == 200


def test_with_the_token_every_route_answers(live: Live, run: str) -> None:
    for path in paths(live.app, run):
        answers = [live.ask("HEAD", path).status, live.ask("OPTIONS", path).status]
        # To ask for "import" is to ask for a run of that name, and there is none; nor is a file opened.
        right = [[404, 405]] if path.startswith(("/api/runs/import", "/api/opened/")) else [[200, 405], [405, 405]]
        assert answers in right, path


def test_a_route_that_is_added_later_is_behind_the_gate(own: Live) -> None:
    async def late(request: Request) -> Response:
        return PlainTextResponse("late")

    own.app.router.routes.append(Route("/late", late))
    assert own.ask("GET", "/late").body == b"late"
    assert own.ask("GET", "/late", NO_TOKEN).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN.upper()}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Cookie": f"tracer-1={TOKEN}"},
        {"Cookie": f"tracer={TOKEN}"},
        {"Cookie": f"x=tracer-PORT={TOKEN}"},
        {"Cookie": "tracer-PORT="},
        {"Cookie": "tracer-PORT=\xe9\xff"},
    ],
)
def test_a_wrong_token_is_none(live: Live, headers: dict[str, str]) -> None:
    headers = {name: value.replace("PORT", str(live.port)) for name, value in headers.items()}
    assert live.ask("GET", "/api/runs", {**NO_TOKEN, **headers}).status == 401


def test_two_authorizations_are_none(live: Live) -> None:
    twice = f"Bearer {TOKEN}\r\nAuthorization: Bearer {TOKEN}"
    assert live.ask("GET", "/api/runs", {"Authorization": twice}).status == 401


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_opens(live: Live, kind: str) -> None:
    assert live.ask("GET", "/api/runs", {"Authorization": f"{kind} {TOKEN}"}).status == 200


def test_a_cookie_opens_also_behind_one_of_the_same_name(live: Live) -> None:
    for cookie in (live.cookie, f"a=b; tracer-{live.port}=other; {live.cookie}; c=d"):
        assert live.ask("GET", "/api/runs", {**NO_TOKEN, "Cookie": cookie}).status == 200


# R6

REFUSED_HOSTS = [
    "evil.example",
    "evil.example:PORT",
    "localhost.evil.example:PORT",
    "127.0.0.1.evil.example:PORT",
    "127.0.0.1.nip.io:PORT",
    "evil-localhost:PORT",
    "notlocalhost",
    "localhost.:PORT",
    "127.0.0.1.:PORT",
    ".localhost",
    "localhost..",
    "localhost@evil.example:PORT",
    "evil.example@localhost:PORT",
    "user:pass@127.0.0.1:PORT",
    "2130706433:PORT",
    "0x7f.0.0.1:PORT",
    "0177.0.0.1",
    "127.1:PORT",
    "127.0.0.2:PORT",
    "0.0.0.0:PORT",
    "0:PORT",
    "[::]:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "[fe80::1%25lo]:PORT",
    "[0:0:0:0:0:0:0:1]:PORT",
    "::1:PORT",
    "[::1",
    "localhost:PORT:PORT",
    "localhost:0",
    "localhost:65536",
    "localhost:-1",
    "localhost:",
    "localhost:80a",
    "localhost:\xb2",
    "localhost, evil.example",
    "localhost evil.example",
    "localhost/x",
    "localhost?x",
    "localhost#x",
    "http://localhost:PORT",
    "local\x00host",
    "locaLho\xdft",
]
ALLOWED_HOSTS = [
    "localhost",
    "localhost:PORT",
    "LocalHost:PORT",
    "localhost:1",
    "localhost:65535",
    "127.0.0.1",
    "127.0.0.1:PORT",
    "127.0.0.1:9999",
    "[::1]",
    "[::1]:PORT",
]


@pytest.mark.parametrize("host", REFUSED_HOSTS)
def test_no_other_host_name_passes(live: Live, host: str) -> None:
    reply = live.ask("GET", "/api/runs", {"Host": host.replace("PORT", str(live.port))})
    assert reply.status in (400, 403), reply
    assert b'"runs"' not in reply.body


@pytest.mark.parametrize("host", ALLOWED_HOSTS)
def test_loopback_names_pass_on_any_port(live: Live, host: str) -> None:
    assert live.ask("GET", "/api/runs", {"Host": host.replace("PORT", str(live.port))}).status == 200


@pytest.mark.parametrize(
    "lines", ["", "Host: \r\n", "Host: localhost\r\nHost: localhost\r\n", "Host: localhost\r\nHOST: evil.example\r\n"]
)
def test_there_is_one_host_header(live: Live, lines: str) -> None:
    with Connection(live.port) as connection:
        connection.send(f"GET /api/runs HTTP/1.1\r\n{lines}Authorization: Bearer {TOKEN}\r\n\r\n".encode())
        assert connection.reply().status == 400


@pytest.mark.parametrize(
    "name", ["X-Forwarded-Host", "X-Forwarded-Server", "X-Host", "X-HTTP-Host-Override", "X-Original-Host", "Forwarded"]
)
def test_what_a_proxy_would_say_counts_for_nothing(live: Live, name: str) -> None:
    value = "host=localhost" if name == "Forwarded" else "localhost"
    assert live.ask("GET", "/api/runs", {"Host": "evil.example", name: value}).status == 403
    evil = "host=evil.example;proto=https" if name == "Forwarded" else "evil.example"
    assert live.ask("GET", "/api/runs", {name: evil, "X-Forwarded-Proto": "https"}).status == 200


def test_an_address_in_the_request_line_changes_nothing(live: Live) -> None:
    assert live.ask("GET", "http://localhost/api/runs", {"Host": "evil.example"}).status == 403


def test_http_1_0_without_a_host_is_refused(live: Live) -> None:
    with Connection(live.port) as connection:
        connection.send(f"GET /api/runs HTTP/1.0\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
        assert connection.reply().status == 400


def test_further_names_pass_when_listed(tmp_path: Path) -> None:
    server = Live(tmp_path, hosts=["Dev.Example", "2001:db8::1"])
    try:
        for host, status in (
            ("dev.example", 200),
            ("DEV.example:99", 200),
            ("[2001:db8::1]:80", 200),
            ("x.dev.example", 403),
            ("dev.example.", 400),
        ):
            assert server.ask("GET", "/api/runs", {"Host": host}).status == status, host
    finally:
        server.stop()


_HEADER_TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60)
_NAME = st.sampled_from(
    ["localhost", "127.0.0.1", "[::1]", "evil.example", "0.0.0.0", "", "localhost.", "null", "[::", "a@b"]
)
_PORTS = st.one_of(st.just(""), st.integers(-1, 70_000).map(lambda n: f":{n}"), _HEADER_TEXT.map(lambda t: f":{t}"))
_HOSTS = st.one_of(_HEADER_TEXT, st.builds(lambda n, p: n + p, _NAME, _PORTS))
_ORIGINS = st.one_of(
    st.just(""),
    _HEADER_TEXT,
    st.builds(lambda s, n, p: s + n + p, st.sampled_from(["http://", "https://", ""]), _NAME, _PORTS),
)


@settings(max_examples=400)
@given(host=_HOSTS, origin=_ORIGINS, method=st.sampled_from(["GET", "DELETE"]))
def test_any_host_and_origin_get_an_answer_that_fits(live: Live, host: str, origin: str, method: str) -> None:
    with Connection(live.port) as connection:
        connection.send(request(live.port, method, "/api/runs/none", {"Host": host, "Origin": origin}))
        status = connection.reply().status
    name = host.strip(" \t").lower().partition("]:" if host.startswith("[") else ":")[0]
    listed = name.rstrip("]") in ("localhost", "127.0.0.1", "[::1")
    passed = status == 404
    assert status in (400, 403, 404), (host, origin)
    if passed:
        assert listed, host
        assert origin.strip(" \t") in ("", f"http://{host.strip(' ' + chr(9)).lower()}"), (host, origin)


# R8


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "OWN", "Cookie": "COOKIE", "Authorization": ""}, 404),
        ({"Origin": "OWN"}, 404),
        ({}, 404),
        ({"Cookie": "COOKIE", "Authorization": ""}, 403),
        ({"Cookie": "COOKIE"}, 403),
        ({"Cookie": "other=1"}, 403),
        ({"Origin": "null", "Cookie": "COOKIE", "Authorization": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://127.0.0.1:PORT", "Cookie": "COOKIE"}, 403),
        ({"Origin": "http://127.0.0.1:1", "Cookie": "COOKIE"}, 403),
        ({"Origin": "http://localhost:PORT", "Cookie": "COOKIE"}, 403),
        ({"Origin": "http://127.0.0.1:PORT.evil.example", "Cookie": "COOKIE"}, 403),
        ({"Origin": "http://127.0.0.1", "Cookie": "COOKIE"}, 403),
        ({"Origin": "OWN/", "Cookie": "COOKIE"}, 403),
        ({"Origin": "OWN\r\nOrigin: OWN", "Cookie": "COOKIE"}, 403),
        ({"Origin": "OWN", "Cookie": "COOKIE", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "OWN", "Cookie": "COOKIE", "Sec-Fetch-Site": "same-origin"}, 404),
    ],
)
@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_what_changes_something_comes_from_this_very_origin(
    live: Live, headers: dict[str, str], status: int, method: str
) -> None:
    def fill(text: str) -> str:
        return text.replace("OWN", live.origin).replace("COOKIE", live.cookie).replace("PORT", str(live.port))

    path = "/api/runs/none" if method == "DELETE" else "/api/runs/none/cancel"
    assert live.ask(method, path, {name: fill(value) for name, value in headers.items()}).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 200),
    ],
)
def test_other_origins_read_nothing_either(live: Live, headers: dict[str, str], status: int) -> None:
    reply = live.ask("GET", "/api/runs", {**NO_TOKEN, "Cookie": live.cookie, **headers})
    assert reply.status == status
    assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "text/json",
    ],
)
def test_a_body_is_json_by_its_own_word(live: Live, content_type: str) -> None:
    reply = live.ask("POST", "/api/runs", {"Content-Type": content_type}, {"chain": "echo", "input": 1})
    assert (reply.status, reply.json()["field"]) == (415, "Content-Type")


def test_a_body_in_chunks_has_a_type_as_well(live: Live) -> None:
    chunked = {"Transfer-Encoding": "chunked"}
    with Connection(live.port) as connection:
        connection.send(request(live.port, "DELETE", "/api/runs/none", chunked) + b"2\r\n{}\r\n0\r\n\r\n")
        assert connection.reply().status == 415
    with Connection(live.port) as connection:
        chunked["Content-Type"] = "Application/JSON; charset=utf-8"
        connection.send(request(live.port, "DELETE", "/api/runs/none", chunked) + b"2\r\n{}\r\n0\r\n\r\n")
        assert connection.reply().status == 404


# R9


def test_the_token_in_the_address_becomes_a_cookie_once(live: Live) -> None:
    reply = live.ask("GET", f"/runs/x?a=1&token={TOKEN}&b=%26", NO_TOKEN)
    assert (reply.status, reply.header("location")) == (303, "/runs/x?a=1&b=%26")
    name_value, *attributes = reply.header("set-cookie").split("; ")
    assert name_value == live.cookie
    assert {one.lower() for one in attributes} == {"httponly", "samesite=strict", "path=/", "max-age=2592000"}
    assert TOKEN not in str({name: value for name, value in reply.headers.items() if name != "set-cookie"})


def test_the_cookie_has_the_port_that_the_browser_sees(live: Live) -> None:
    forwarded = live.ask("GET", f"/?token={TOKEN}", {**NO_TOKEN, "Host": "localhost:9001"})
    assert forwarded.header("set-cookie").startswith("tracer-9001=")
    assert [cookie_name(host) for host in ("a", "a:1", "[::1]", "[::1]:2")] == [
        "tracer-80",
        "tracer-1",
        "tracer-80",
        "tracer-2",
    ]


@pytest.mark.parametrize(
    "path", ["//evil.example/x", "/\\evil.example", "///evil.example", "/%5cevil.example", "/%2f%2fevil.example"]
)
def test_that_redirect_leads_nowhere_else(live: Live, path: str) -> None:
    location = live.ask("GET", f"{path}?token={TOKEN}", NO_TOKEN).header("location")
    assert location.startswith("/evil.example")


def test_a_wrong_token_in_the_address_opens_nothing(live: Live) -> None:
    reply = live.ask("GET", "/?token=wrong", NO_TOKEN)
    assert reply.status == 401
    assert "set-cookie" not in reply.headers
    # An old link in a browser that is in already is no reason to lock it out.
    assert live.ask("GET", "/?token=old", {**NO_TOKEN, "Cookie": live.cookie}).header("location") == "/"
    assert live.ask("POST", f"/api/runs?token={TOKEN}", NO_TOKEN, {}).status == 401


def test_tokens_are_compared_in_constant_time(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    class Hmac:
        @staticmethod
        def compare_digest(one: bytes, other: bytes) -> bool:
            compared.append(one)
            return False

    monkeypatch.setattr(gates, "hmac", Hmac)
    for headers, path in (({}, "/"), ({**NO_TOKEN, "Cookie": live.cookie}, "/"), (NO_TOKEN, f"/?token={TOKEN}")):
        assert live.ask("GET", path, headers).status == 401
    assert compared == [TOKEN.encode()] * 3


def test_a_made_token_has_enough_bits_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    token = tokens.kept(tmp_path)
    path = tmp_path / ".token"
    assert len(token) * 6 >= 128
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert tokens.kept(tmp_path) == token
    path.chmod(0o644)
    assert tokens.kept(tmp_path) == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [".token"]
    path.unlink()
    assert tokens.kept(tmp_path) != token


def test_the_token_file_is_no_way_to_another_file(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("x" * 40)
    (tmp_path / ".token").symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic links"):
        tokens.kept(tmp_path)


@pytest.mark.parametrize(
    "token", ["", "short", "a" * 21, "with space" * 4, "semi;colon" * 4, "naïve" * 9, "a" * 22 + "\n"]
)
def test_a_token_that_protects_nothing_is_refused(token: str, tmp_path: Path) -> None:
    with pytest.raises(TokenError, match="token_urlsafe"):
        tokens.checked(token)
    if "\n" not in token:
        (tmp_path / ".token").write_text(token, encoding="utf-8")
        with pytest.raises(TokenError, match=r"\.token: .*delete the file"):
            tokens.kept(tmp_path)


@pytest.mark.parametrize("host", ["", " ", "localhost:80", "http://localhost", "a/b", "*", "a b"])
def test_a_host_name_that_no_header_has_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="is not a host name"):
        host_name(host)
    with pytest.raises(ValueError, match="is not a host name"):
        Gate(TOKEN, [host])


# R11


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {}, 200),
        ("GET", "/", NO_TOKEN, 401),
        ("GET", "/", {**NO_TOKEN, "Accept": "text/html"}, 401),
        ("GET", f"/?token={TOKEN}", {}, 303),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/api/runs", {}, 200),
        ("GET", "/api/runs", {"Host": "evil.example"}, 403),
        ("GET", "/api/runs", {"Host": "a b"}, 400),
        ("PUT", "/api/runs", {}, 405),
        ("GET", "/api/runs/RUN/events", {}, 200),
        ("HEAD", "/api/runs/RUN/events", {}, 200),
        ("GET", "/api/runs/RUN/events", {"Last-Event-ID": "x"}, 400),
        ("GET", "/api/runs/RUN/log", {}, 200),
        ("GET", "/static/1/js/spans.js", {}, 200),
        ("GET", "/static/1/nothing.js", {}, 404),
        ("POST", "/api/runs", {"Content-Length": str(1 << 30), "Content-Type": "application/json"}, 413),
        ("POST", "/api/runs", {"Content-Length": "2"}, 415),
    ],
)
def test_every_answer_carries_the_security_headers(
    live: Live, run: str, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    reply = live.ask(method, path.replace("RUN", run), headers)
    assert reply.status == status
    assert {name: reply.header(name.lower()) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "server" not in reply.headers


def test_the_policy_is_the_written_one() -> None:
    assert SECURITY_HEADERS["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
    assert SECURITY_HEADERS["X-Content-Type-Options"] == "nosniff"
    assert SECURITY_HEADERS["Referrer-Policy"] == "no-referrer"
    assert SECURITY_HEADERS["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_person_without_token_is_told_where_it_is(live: Live) -> None:
    reply = live.ask("GET", "/runs/x", {**NO_TOKEN, "Accept": "text/html,*/*"})
    html = reply.body.decode()
    assert reply.status == 401
    assert reply.header("content-type").startswith("text/html")
    assert "tracer serve" in html
    assert not any(one in html for one in ("<script", "<style", "<link", "style=", "src="))


def test_no_page_has_anything_inline(live: Live) -> None:
    html = live.ask("GET", "/").body.decode()
    scripts = [tag.split(">")[0:2] for tag in html.split("<script")[1:]]
    assert scripts
    assert all("src=" in opening and rest.strip("</script\n ") == "" for opening, rest in scripts)
    assert not any(one in html for one in ("<style", " style=", " onclick=", " onload=", "javascript:"))


async def test_a_websocket_is_turned_away() -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(*_: object) -> None:
        raise AssertionError("it got through")

    await Gate(TOKEN).around(app)({"type": "websocket"}, receive, send)
    assert [one["type"] for one in sent] == ["websocket.close"]
