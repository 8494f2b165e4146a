"""Who may ask. Loopback is not a boundary: any page in the browser and any program can reach it.

docs/security.md says what each check is for.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import FAILED, Problem

_log = logging.getLogger("tracer")

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
COOKIE_SECONDS = 30 * 24 * 3600

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]{2,45}\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
JSON = "application/json"
BODY_TYPES = (JSON, "application/jsonl", "application/x-ndjson")
"""None of them can be sent by a form, or by a foreign page that did not ask before."""


class Gate:
    """Lets in whoever asks for a listed host name, from this very origin, with the token.

    `hosts` are names beyond the loopback ones, without port; `token` is as `tracer.web.token.checked` passes it.
    Raises ValueError for a host name that no Host header can carry.
    """

    def __init__(self, token: str, hosts: Iterable[str] = ()) -> None:
        self.token = token
        self.hosts = LOOPBACK_NAMES | {host_name(host) for host in hosts}

    def around(self, app: ASGIApp) -> ASGIApp:
        """`app` behind this gate: nothing reaches it unasked, and nothing leaves it without the security headers."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await app(scope, receive, send)
            elif scope["type"] == "http":
                await self._answer(app, scope, receive, send)
            else:
                # There are no WebSockets here; one that is not accepted is answered with 403.
                await receive()
                await send({"type": "websocket.close", "code": 1008})

        return guarded

    async def _answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sealed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            redirect = self._check(scope)
        except Problem as problem:
            await problem.response(scope)(scope, receive, sealed)
            return
        try:
            await (redirect or app)(scope, receive, sealed)
        except Exception:
            # What the app raises here it has already answered, unless it never got that far.
            _log.exception("%s %r failed", scope["method"], scope["path"])
            if not started:
                await Problem(500, FAILED).response(scope)(scope, receive, sealed)

    def _check(self, scope: Scope) -> Response | None:
        """None to let the request pass, a redirect that takes the token out of the address; raises Problem."""
        headers = Headers(scope=scope)
        host = self._host(headers)
        cookies = "cookie" in headers
        self._origin(scope, headers, host)
        by_cookie = self._by_cookie(headers, host)
        by_bearer = self._by_bearer(headers)
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        offered = [value for name, value in asked if name == "token"]
        if offered and scope["method"] in ("GET", "HEAD"):
            by_query = any(self._is_token(value) for value in offered)
            if by_query or by_cookie or by_bearer:
                rest = [(name, value) for name, value in asked if name != "token"]
                return self._redirect(scope["path"], rest, host if by_query else None)
        if not (by_cookie or by_bearer):
            raise Problem(401, _LOCKED, headers={"WWW-Authenticate": "Bearer"})
        if scope["method"] not in SAFE_METHODS:
            if "origin" not in headers and (cookies or not by_bearer):
                raise Problem(403, "a request that changes something needs an Origin, or a bearer token and no cookie")
            _body_type(headers)
        return None

    def _host(self, headers: Headers) -> str:
        """The Host header, lower case, with its port where it has one."""
        given = headers.getlist("host")
        if len(given) != 1:
            raise Problem(400, f"a request needs one Host header, this one has {len(given)}")
        host = given[0].lower()
        parts = _HOST.fullmatch(host)
        if parts is None or int(parts["port"] or 80) not in range(1, 65536):
            raise Problem(400, "the Host header is not a host name with or without a port")
        if parts["name"] not in self.hosts:
            name = parts["name"]
            raise Problem(403, f"the host name {name} is not allowed; start tracer with --allow-host {name}")
        return host

    def _origin(self, scope: Scope, headers: Headers, host: str) -> None:
        """Only this very origin may ask. A link on another page may still lead here: to what the token opens."""
        origins = headers.getlist("origin")
        own = f"{scope['scheme']}://{host}"
        if any(origin != own for origin in origins) or len(origins) > 1:
            raise Problem(403, "the request comes from a page of another origin")
        site = headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none"):
            mode, target = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
            if (mode, target) != ("navigate", "document") or scope["method"] not in ("GET", "HEAD"):
                raise Problem(403, "the request comes from a page of another origin")

    def _by_cookie(self, headers: Headers, host: str) -> bool:
        name = cookie_name(host)
        # Every one of them: a page under another path or parent domain can put its own of the same name before ours.
        pairs = (pair.strip().partition("=") for line in headers.getlist("cookie") for pair in line.split(";"))
        return any([self._is_token(value) for key, _, value in pairs if key == name])

    def _by_bearer(self, headers: Headers) -> bool:
        given = headers.getlist("authorization")
        kind, _, value = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        return kind.lower() == "bearer" and self._is_token(value.strip())

    def _is_token(self, value: str) -> bool:
        return hmac.compare_digest(value.encode("utf-8", "surrogatepass"), self.token.encode())

    def _redirect(self, path: str, query: list[tuple[str, str]], cookie_for: str | None) -> Response:
        # One slash only: "//name" would lead to another host.
        target = "/" + quote(path.lstrip("/\\"), safe="/:@-._~!$&'()*+,;=")
        response = RedirectResponse(target + ("?" + urlencode(query) if query else ""), 303)
        if cookie_for is not None:
            response.set_cookie(
                cookie_name(cookie_for), self.token, max_age=COOKIE_SECONDS, httponly=True, samesite="strict", path="/"
            )
        return response


_LOCKED = "this server asks for a token, and the request has none that is right"


def cookie_name(host: str) -> str:
    """Cookies do not tell ports apart, so the name does: `tracer-8765` for the Host header `localhost:8765`."""
    port = host.rpartition(":")[2] if ":" in host else ""
    return f"tracer-{port if port.isdecimal() else 80}"


def host_name(host: str) -> str:
    """A host name as the Host header has it: lower case, IPv6 in brackets, no port. Raises ValueError."""
    name = host.strip().lower()
    if name.count(":") > 1 and not name.startswith("["):
        name = f"[{name}]"
    parts = _HOST.fullmatch(name)
    if parts is None or parts["port"]:
        raise ValueError(f"{host!r} is not a host name (without scheme and port)")
    return name


def _body_type(headers: Headers) -> None:
    """A body has to be JSON, or lines of it, by its own word: a foreign page can send forms and plain text unasked."""
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    if headers.get("content-type", "").partition(";")[0].strip().lower() not in BODY_TYPES:
        raise Problem(415, f"the body has to be JSON: send Content-Type: {JSON}", "Content-Type")
