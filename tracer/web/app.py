"""The routes: what each address answers. Who may ask is the gate's, how it is served the server's business."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, ExceptionHandler, Scope

from tracer.capture.encode import encode
from tracer.capture.record import MODES
from tracer.log.importer import sweep
from tracer.log.lines import dumped
from tracer.log.pace import FASTEST, SLOWEST
from tracer.log.store import RunNotFound, RunRunning, Store
from tracer.run.chains import Chains
from tracer.run.config import ConfigError, checked
from tracer.run.runner import Runner

from . import body, finding, imports
from .assets import Static, templates
from .gate import Gate
from .listing import Listing
from .problems import FAILED, Problem
from .sse import Cut, Outbox, Stream, Viewers, at_once, feed_list, feed_run, played, settled

JSON_LINES = "application/jsonl"
_BLOCK = 1 << 18
_STATUS_DETAILS = {
    404: "there is nothing at this address",
    405: "this address does not take that method",
}


class App(Starlette):
    """The routes behind the gate. `viewers` are those to let go; `cut` is the server's, for those who take nothing."""

    def __init__(self, gate: Gate, viewers: Viewers, routes: list[Route | Mount]) -> None:
        handlers: dict[Any, ExceptionHandler] = {
            Problem: _on_problem,
            imports.ImportGone: _on_gone,
            RunNotFound: _on_run_not_found,
            HTTPException: _on_http,
            Exception: _on_failure,
        }
        super().__init__(routes=routes, exception_handlers=handlers)
        self.router.redirect_slashes = False
        self.viewers = viewers
        self.cut: Cut = _keep
        self._gate = gate

    def build_middleware_stack(self) -> ASGIApp:
        # Around everything, Starlette's own answers to failures included.
        return self._gate.around(super().build_middleware_stack())


async def _keep(scope: Scope) -> None:
    """Without a server of ours there is no connection to cut."""


def create_app(
    store: Store,
    runner: Runner,
    chains: Chains,
    gate: Gate,
    *,
    dev: bool = False,
    max_import: int | None = None,
    opened: Mapping[str, Path] = MappingProxyType({}),
) -> App:
    """All routes over one folder of runs. With `dev`, browsers keep no static file; `max_import` is in bytes.

    `opened` are files of the user's that are shown without being runs, by opaque ids.
    """
    viewers = Viewers()
    static = Static(dev=dev)
    page = functools.partial(_page, store=store, static=static)
    sweep(store.root)
    runs = _Runs(store, runner, chains, viewers, imports.limit({}) if max_import is None else max_import)
    listing = Listing(store, viewers)
    served = _Chains(store, chains, runner)
    return App(
        gate,
        viewers,
        [
            Route("/", page),
            Route("/runs/{run}", page),
            Route("/open", page),
            Route("/api/opened/{file}", functools.partial(_opened, files=opened)),
            Route("/api/chains", served.all),
            Route("/api/chains/{name}", served.one),
            Route("/api/runs", listing.page),
            Route("/api/runs", listing.delete, methods=["DELETE"]),
            Route("/api/runs", runs.start, methods=["POST"]),
            Route("/api/runs/events", runs.watch),
            Route("/api/runs/search", listing.search),
            Route("/api/runs/import", runs.take, methods=["POST"]),
            Route("/api/runs/{run}", runs.one),
            Route("/api/runs/{run}", runs.delete, methods=["DELETE"]),
            Route("/api/runs/{run}", listing.change, methods=["PATCH"]),
            Route("/api/runs/{run}/events", runs.follow),
            Route("/api/runs/{run}/log", runs.log),
            Route("/api/runs/{run}/find", functools.partial(finding.find, store=store, viewers=viewers)),
            Route("/api/runs/{run}/cancel", runs.cancel, methods=["POST"]),
            Mount("/static/{version}", static),
        ],
    )


def _page(request: Request, store: Store, static: Static) -> Response:
    if "run" in request.path_params:
        store.path(request.path_params["run"])
    version = static.version
    shell = templates().get_template("dashboard.html")
    return HTMLResponse(shell.render(static=f"/static/{version}", version=version))


def _opened(request: Request, files: Mapping[str, Path]) -> Response:
    file = files.get(request.path_params["file"])
    if file is None:
        raise Problem(404, "no such file was opened here")
    if not file.is_file():
        raise Problem(404, "the file is not there any more")
    return FileResponse(file, media_type=JSON_LINES)


class _Chains:
    def __init__(self, store: Store, chains: Chains, runner: Runner) -> None:
        self._store, self._chains, self._runner = store, chains, runner

    def all(self, request: Request) -> Response:
        chains = self._chains.values()
        listed = [{"name": one.name, "label": one.label, "description": one.description} for one in chains]
        listed = self._runner.redact(listed)
        return _json({"chains": listed, "notice": self._chains.notice, "dir": str(self._store.root)})

    def one(self, request: Request) -> Response:
        name = request.path_params["name"]
        try:
            chain = self._chains[name]
        except KeyError:
            raise Problem(404, f"no chain {name!r} is served here") from None
        # Schemas and examples hold whatever the chain's author put there.
        described = self._runner.redact(encode(chain.describe()))
        return _json({**described, "last_input": self._store.last_input(chain.name)})


class _Runs:
    def __init__(self, store: Store, runner: Runner, chains: Chains, viewers: Viewers, max_import: int) -> None:
        self._store, self._runner, self._chains, self._viewers = store, runner, chains, viewers
        self._max_import = max_import

    async def start(self, request: Request) -> Response:
        given = await body.json_object(request)
        order = self._answer(given) if "continues" in given else self._order(given)
        if self._viewers.stopping:
            raise Problem(503, "the server is stopping")
        try:
            run = await run_in_threadpool(order)
        except OSError as error:
            raise Problem(507, f"the run's log cannot be made: {error.strerror or error}") from error
        return _json({"run": run}, 201, {"Location": f"/runs/{run}"})

    def _order(self, given: dict[str, Any]) -> Callable[[], str]:
        """What starts the run that is asked for. Raises Problem."""
        body.only(given, {"chain", "input", "config", "mode"})
        name = body.field(given, "chain", str)
        if name is None:
            raise Problem(400, "chain is missing: which one is to run?", "chain")
        if name not in self._chains:
            raise Problem(400, f"no chain {name!r} is served here", "chain")
        if "input" not in given:
            raise Problem(400, "input is missing; null is one too", "input")
        chain = self._chains[name].name
        mode = body.field(given, "mode", str) or "stream"
        if mode not in MODES:
            raise Problem(400, f"there is no mode {mode!r}; known are {', '.join(MODES)}", "mode")
        config = _config(body.field(given, "config", dict) or {})
        return functools.partial(self._runner.start, chain, given["input"], config, mode)

    def _answer(self, given: dict[str, Any]) -> Callable[[], str]:
        """What starts the run that answers an interrupted one. Raises Problem."""
        body.only(given, {"continues", "resume"})
        run = body.field(given, "continues", str)
        if run is None or "resume" not in given:
            raise Problem(400, "continues names a run, resume is the answer to it", "resume" if run else "continues")

        def answer() -> str:
            try:
                return self._runner.resume(run, given["resume"])
            except KeyError as error:
                raise Problem(409, f"its chain {error.args[0]!r} is not served here", "continues") from None
            except ValueError as error:
                raise Problem(409, str(error), "continues") from None

        return answer

    async def take(self, request: Request) -> Response:
        if self._viewers.stopping:
            raise Problem(503, "the server is stopping")
        run, lines, bad_lines, ignored = await imports.take(request, self._store, self._max_import)
        made = {"run": run, "lines": lines, "bad_lines": bad_lines, "ignored": ignored}
        return _json(made, 201, {"Location": f"/runs/{run}"})

    async def watch(self, request: Request) -> Response:
        return Stream(functools.partial(feed_list, self._store), self._viewers, request.app.cut)

    def one(self, request: Request) -> Response:
        run = request.path_params["run"]
        store = self._store
        summary, header, end = store.summary(run), store.header(run), store.footer(run)
        return _json({**summary, "header": header, "end": end, "owned": self._runner.owns(run)})

    def delete(self, request: Request) -> Response:
        try:
            self._store.delete(request.path_params["run"])
        except RunRunning as error:
            raise Problem(409, str(error)) from None
        return Response(status_code=204)

    async def follow(self, request: Request) -> Response:
        run = request.path_params["run"]
        self._store.path(run)
        # A reconnecting EventSource sends both: the address it was given and, newer, how far it came.
        name, text = "Last-Event-ID", request.headers.get("last-event-id") or None
        if text is None:
            name, text = "after", request.query_params.get("after")
        after = body.number(text, name, default=-1, least=-1)
        wait = body.number(request.query_params.get("wait"), "wait", default=1, most=1)
        speed = body.decimal(request.query_params.get("speed"), "speed", least=SLOWEST, most=FASTEST)

        async def feed(outbox: Outbox) -> None:
            with self._store.pauses(run) as pause:
                items = settled(self._store.follow(run, after))
                items = items if wait else at_once(items)
                items = items if speed is None else played(items, speed)
                viewers = self._viewers
                await feed_run(
                    items, outbox, sleep=pause, seconds=lambda: viewers.flush_seconds, sending=viewers.sending
                )

        return Stream(feed, self._viewers, request.app.cut)

    def log(self, request: Request) -> Response:
        run = request.path_params["run"]
        path = self._store.path(run)
        first = body.number(request.query_params.get("from"), "from", default=0)
        last = body.number(request.query_params.get("to"), "to", default=-1)
        headers = {}
        if {"from", "to", "span", "whole"}.isdisjoint(request.query_params):
            if "range" in request.headers:
                return FileResponse(path, media_type=JSON_LINES)
            headers["Content-Disposition"] = f'attachment; filename="{run}.jsonl"'
            blocks = _whole(path)
        elif 0 <= last < first:
            raise Problem(400, f"to has to be at least from, which is {first}", "to")
        else:
            span = body.number(request.query_params.get("span"), "span", default=0, least=1)
            whole = body.number(request.query_params.get("whole"), "whole", default=0, most=1) == 1
            blocks = _joined(self._store.lines(run, first, None if last < 0 else last, span=span or None, whole=whole))
        if request.method == "HEAD":
            return Response(headers=headers, media_type=JSON_LINES)
        return StreamingResponse(blocks, headers=headers, media_type=JSON_LINES)

    def cancel(self, request: Request) -> Response:
        run = request.path_params["run"]
        self._store.path(run)
        if self._runner.cancel(run):
            return _json({"run": run, "status": self._store.summary(run)["status"]}, 202)
        summary = self._store.summary(run)
        if summary["status"] == "running":
            raise Problem(409, f"another process writes this run (pid {summary['pid']}); it has to be stopped there")
        return _json({"run": run, "status": summary["status"]})


def _config(given: dict[str, Any]) -> dict[str, Any]:
    """The config as a chain takes it. Raises Problem."""
    try:
        return checked(given, "config.")
    except ConfigError as error:
        raise Problem(400, str(error), error.field) from None


def _whole(path: Path) -> Iterator[bytes]:
    """The file as it stands now; a run that goes on may append meanwhile, so its length is not announced."""
    with path.open("rb") as file:
        left = file.seek(0, 2)
        file.seek(0)
        while left and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            yield block


def _joined(lines: Iterator[tuple[int, bytes]]) -> Iterator[bytes]:
    """Lines in blocks: each block handed over costs a change of threads."""
    block = bytearray()
    for _, line in lines:
        block += line
        block += b"\n"
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(dumped(value), status, headers, "application/json")


def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response(request.scope)


def _on_gone(request: Request, error: Exception) -> Response:
    """Nobody is there to read it."""
    return Problem(400, "the file was cut off").response(request.scope)


def _on_run_not_found(request: Request, error: Exception) -> Response:
    return Problem(404, f"there is no run {request.path_params.get('run', '')!r} here").response(request.scope)


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request) | set(headers.get("Allow", "").split(", ")) - {""}))
    return Problem(error.status_code, _STATUS_DETAILS.get(error.status_code, error.detail), None, headers).response(
        request.scope
    )


def _methods(request: Request) -> set[str]:
    """Every method that some route takes at this address; Starlette names those of the first route alone."""
    found: set[str] = set()
    for route in request.app.routes:
        matched, _ = route.matches(request.scope)
        if matched.value:
            found |= getattr(route, "methods", None) or {"GET", "HEAD"}
    return found


def _on_failure(request: Request, error: Exception) -> Response:
    return Problem(500, FAILED).response(request.scope)
