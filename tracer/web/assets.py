"""The page's templates and static files: where they lie, and the version under which browsers cache them."""

from __future__ import annotations

import functools
import hashlib
import mimetypes
import secrets
from pathlib import Path

import jinja2
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_PACKAGE = Path(__file__).resolve().parent.parent
_FOREVER = "private, max-age=31536000, immutable"

# What the operating system's own table says would decide otherwise: on Windows .js is often text/plain.
for _type, _suffix in (
    ("text/javascript", ".js"),
    ("text/css", ".css"),
    ("image/svg+xml", ".svg"),
    ("application/json", ".json"),
    ("font/woff2", ".woff2"),
):
    mimetypes.add_type(_type, _suffix)


def find(name: str, marker: str) -> Path:
    """The folder `name` that holds `marker`: inside the installed package, else at the top of the checkout.

    Raises FileNotFoundError naming both places.
    """
    places = (_PACKAGE / name, _PACKAGE.parent / name)
    for place in places:
        if place.joinpath(marker).is_file():
            return place
    raise FileNotFoundError(f"tracer is not installed whole: no {marker} in {places[0]} nor in {places[1]}")


@functools.cache
def templates() -> jinja2.Environment:
    """The Jinja2 environment of the pages; everything is escaped."""
    loader = jinja2.FileSystemLoader(find("templates", "error.html"))
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)


class Static(StaticFiles):
    """The static files under one version: cached for ever under it, never under another (or in `dev`).

    A page of an earlier version still gets the modules it asks for, as they are now.
    """

    def __init__(self, *, dev: bool = False) -> None:
        folder = find("static", "js/spans.js")
        super().__init__(directory=folder)
        self._cached = not dev
        self.version = secrets.token_hex(6) if dev else _fingerprint(folder)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        current = scope["path_params"].get("version") == self.version
        response.headers["Cache-Control"] = _FOREVER if current and self._cached else "no-cache"
        return response


def _fingerprint(folder: Path) -> str:
    known = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            known.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
            known.update(content)
    return known.hexdigest()[:12]
