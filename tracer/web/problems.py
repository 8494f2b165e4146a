"""Errors as clients get them: problem+json (RFC 9457) for programs, a readable page for people."""

from __future__ import annotations

import http
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from .assets import templates

FAILED = "the server failed to answer this; its terminal says why"
_NOT_PAGES = ("/api/", "/static/")


class Problem(Exception):
    """An answer that says what was wrong, where (`field`), and the way out (in `detail`, for people)."""

    def __init__(
        self, status: int, detail: str, field: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.field = status, detail, field
        self.headers = headers or {}

    def response(self, scope: Scope) -> Response:
        """HTML where the request is for a page, problem+json otherwise."""
        title = _title(self.status)
        if wants_page(scope):
            html = templates().get_template("error.html").render(status=self.status, title=title, detail=self.detail)
            return HTMLResponse(html, self.status, self.headers)
        body: dict[str, Any] = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}
        if self.field is not None:
            body["field"] = self.field
        return Response(orjson.dumps(body), self.status, self.headers, "application/problem+json")


def wants_page(scope: Scope) -> bool:
    """Whether a person's browser asks for a page, by the path that routing sees and its Accept header."""
    return (
        scope["method"] in ("GET", "HEAD")
        and not scope["path"].startswith(_NOT_PAGES)
        and "text/html" in Headers(scope=scope).get("accept", "")
    )


def _title(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Error"
