"""The routes of the list of runs: pages of it, searching their text, names and stars, deleting many."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tracer.log.meta import NAME_LENGTH, clean_name
from tracer.log.search import Step
from tracer.log.store import RunNotFound, RunRunning, Store

from . import body
from .problems import Problem
from .sse import Outbox, Stream, Viewers

PAGE = 500
TEXT_LENGTH = 1000
_STEP_SECONDS = 0.1


class Listing:
    """What is asked of many runs at once."""

    def __init__(self, store: Store, viewers: Viewers) -> None:
        self._store, self._viewers = store, viewers

    def page(self, request: Request) -> Response:
        """`found` runs fit in all; `ids=1` gives their ids alone, all of them."""
        query = request.query_params
        before = query.get("before")
        limit = body.number(query.get("limit"), "limit", default=50, least=1, most=PAGE)
        offset = body.number(query.get("offset"), "offset", default=0)
        runs = self._found(request)
        if query.get("ids") == "1":
            return Response(orjson.dumps({"ids": runs}), media_type="application/json")
        total, chains = self._store.total(), self._store.chains()
        answer: dict[str, Any] = {"total": total, "found": len(runs), "chains": chains}
        if before is not None:
            listed, following = self._store.list(**self._filter(request), before=before, limit=limit)
        else:
            listed, more = self._store.summaries(runs[offset:], limit)
            following = listed[-1]["run"] if listed and more else None
        return Response(orjson.dumps({"runs": listed, "next": following, **answer}), media_type="application/json")

    async def search(self, request: Request) -> Response:
        """SSE: a message for each run as it is found (its summary and `excerpt`), `progress`, and at last `end`."""
        text = request.query_params.get("text", "")
        if len(text) > TEXT_LENGTH:
            raise Problem(400, f"text may have at most {TEXT_LENGTH} characters", "text")

        async def feed(outbox: Outbox) -> None:
            runs = await run_in_threadpool(self._found, request)
            steps = self._store.search(text, runs)
            read = found = 0
            ended = False
            while not ended:
                # Between the steps a reader who has left is noticed, and the search ends with it.
                some, ended = await run_in_threadpool(_some, steps)
                parts: list[bytes] = []
                for step in some:
                    read = max(read, step.read)
                    if step.run:
                        found += 1
                        parts += self._hit(step)
                parts.append(_event("progress", {"read": read, "of": len(runs), "found": found}))
                await outbox.send(b"".join(parts))
            await outbox.send(_event("end", {"read": read, "of": len(runs), "found": found}))

        return Stream(feed, self._viewers, request.app.cut)

    async def change(self, request: Request) -> Response:
        """`name` and `starred`; null takes either away."""
        run = request.path_params["run"]
        self._store.path(run)
        given = await body.json_object(request)
        body.only(given, {"name", "starred"})
        if not given:
            raise Problem(400, "there is nothing to change: give name or starred", "name")
        changes: dict[str, Any] = {}
        if "starred" in given:
            changes["starred"] = given["starred"] is not None and body.field(given, "starred", bool)
        if "name" in given:
            name = None if given["name"] is None else body.field(given, "name", str)
            if name is not None and len(name) > NAME_LENGTH:
                raise Problem(400, f"name may have at most {NAME_LENGTH} characters; this has {len(name)}", "name")
            changes["name"] = clean_name(name or "")
        try:
            summary = await run_in_threadpool(self._store.annotate, run, changes)
        except OSError as error:
            raise Problem(507, f"that cannot be kept: {error.strerror or error}") from error
        return Response(orjson.dumps(summary), media_type="application/json")

    async def delete(self, request: Request) -> Response:
        """Which of the named runs were deleted, which are still written and stay, and which were not there."""
        given = await body.json_object(request)
        body.only(given, {"runs"})
        runs = body.field(given, "runs", list)
        if runs is None or not all(isinstance(run, str) for run in runs):
            raise Problem(400, "runs has to be a list of run ids", "runs")
        return Response(await run_in_threadpool(self._delete, runs), media_type="application/json")

    def _delete(self, runs: list[str]) -> bytes:
        done: dict[str, list[str]] = {"deleted": [], "running": [], "missing": [], "failed": []}
        for run in dict.fromkeys(runs):
            try:
                self._store.delete(run)
                done["deleted"].append(run)
            except RunRunning:
                done["running"].append(run)
            except RunNotFound:
                done["missing"].append(run)
            except OSError:
                done["failed"].append(run)
        return orjson.dumps(done)

    def _filter(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        asked = {name: query.get(name, "") for name in ("q", "status", "chain")}
        return {**asked, "starred": query.get("starred") == "1"}

    def _found(self, request: Request) -> tuple[str, ...]:
        return self._store.find(**self._filter(request))

    def _hit(self, step: Step) -> Iterator[bytes]:
        try:
            yield _event("message", {**self._store.summary(step.run), "excerpt": step.excerpt})
        except RunNotFound:
            return


def _some(steps: Iterator[Step]) -> tuple[list[Step], bool]:
    """What a tenth of a second brings, and whether that was all."""
    until = time.monotonic() + _STEP_SECONDS
    some = []
    for step in steps:
        some.append(step)
        if time.monotonic() > until:
            return some, False
    return some, True


def _event(name: str, data: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))
