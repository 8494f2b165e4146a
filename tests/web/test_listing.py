"""The list over HTTP: pages, searching the text, names and stars, deleting many."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest

from tests.log.folders import ended
from tracer.log.store import Store

from .client import Message, Viewer
from .conftest import Live, until, write

CHUNK = "on_chat_model_stream"


def _ids(own: Live, query: str) -> list[str]:
    return [one["run"] for one in own.ask("GET", f"/api/runs?{query}").json()["runs"]]


def test_pages_by_place_and_all_ids(own: Live) -> None:
    runs = [ended(own.store, chain=f"m:{n % 2}") for n in range(7)][::-1]
    page = own.ask("GET", "/api/runs?offset=2&limit=3").json()
    assert ([one["run"] for one in page["runs"]], page["next"]) == (runs[2:5], runs[4])
    assert (page["total"], page["found"]) == (7, 7)
    assert own.ask("GET", "/api/runs?offset=7").json()["runs"] == []
    assert own.ask("GET", "/api/runs?chain=m:0&limit=1").json()["found"] == 4
    assert own.ask("GET", "/api/runs?ids=1").json() == {"ids": runs}
    assert own.ask("GET", "/api/runs?ids=1&chain=m:1").json()["ids"] == runs[1::2]
    until(lambda: own.ask("GET", "/api/runs").json()["chains"] == ["m:0", "m:1"])


@pytest.mark.parametrize("offset", ["-1", "x", "1.5", ""])
def test_a_wrong_offset(live: Live, offset: str) -> None:
    reply = live.ask("GET", f"/api/runs?offset={offset}")
    assert (reply.status, reply.json()["field"]) == (400, "offset")


def test_a_name_and_a_star_are_kept_and_found(own: Live) -> None:
    run, other = ended(own.store), ended(own.store)
    reply = own.ask("PATCH", f"/api/runs/{run}", body={"name": "  the one\nwith Zürich ", "starred": True})
    assert (reply.status, reply.json()["name"], reply.json()["starred"]) == (200, "the one with Zürich", True)
    meta = own.folder / f"{run}.meta.json"
    assert stat.S_IMODE(meta.stat().st_mode) == 0o600
    assert _ids(own, "q=Z%C3%9CRICH") == [run]
    assert _ids(own, "starred=1") == [run]
    assert own.ask("GET", f"/api/runs/{run}").json()["name"] == "the one with Zürich"
    # One of the two leaves the other as it is; null takes away.
    assert own.ask("PATCH", f"/api/runs/{run}", body={"starred": None}).json()["name"] == "the one with Zürich"
    assert own.ask("PATCH", f"/api/runs/{run}", body={"name": None}).json()["name"] is None
    assert not meta.exists()
    assert _ids(own, "") == [other, run]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "name"),
        ({"name": 3}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"starred": "yes"}, "starred"),
        ({"starred": 1}, "starred"),
        ({"status": "ok"}, "status"),
    ],
)
def test_a_wrong_change_changes_nothing(own: Live, given: dict[str, Any], field: str) -> None:
    run = ended(own.store)
    reply = own.ask("PATCH", f"/api/runs/{run}", body=given)
    assert (reply.status, reply.json()["field"]) == (400, field)
    assert own.store.summary(run)["name"] is None
    assert own.ask("PATCH", "/api/runs/nope", body={"name": "x"}).status == 404


def test_a_running_and_a_lost_run_have_names_too(own: Live) -> None:
    run, writer = write(Store(own.folder), 2)
    lost = ended(own.store, lost=True)
    for one, status in ((run, "running"), (lost, "lost")):
        answer = own.ask("PATCH", f"/api/runs/{one}", body={"name": f"the {status} one"}).json()
        assert (answer["name"], answer["status"]) == (f"the {status} one", status)
    writer.end({"status": "ok"})
    assert own.ask("GET", f"/api/runs/{run}").json()["name"] == "the running one"


def test_many_are_deleted_and_each_is_answered_for(own: Live) -> None:
    runs = [ended(own.store) for _ in range(5)]
    own.ask("PATCH", f"/api/runs/{runs[0]}", body={"starred": True})
    running, writer = write(Store(own.folder), 2)
    asked = [*runs[:3], running, "nope", "../x", runs[0]]
    reply = own.ask("DELETE", "/api/runs", body={"runs": asked})
    assert (reply.status, reply.json()) == (
        200,
        {"deleted": runs[:3], "running": [running], "missing": ["nope", "../x"], "failed": []},
    )
    assert _ids(own, "") == [running, runs[4], runs[3]]
    writer.end({"status": "ok"})
    assert {path.suffix for path in own.folder.glob("*.meta.json")} == set()


@pytest.mark.parametrize("given", [{}, {"runs": "x"}, {"runs": [1]}, {"runs": [], "more": 1}, {"runs": {"a": 1}}])
def test_what_names_no_runs_deletes_none(own: Live, given: Any) -> None:
    ended(own.store)
    assert own.ask("DELETE", "/api/runs", body=given).status == 400
    assert own.ask("DELETE", "/api/runs").status == 400
    assert own.store.total() == 1


def _search(own: Live, query: str) -> list[Message]:
    messages = []
    with Viewer(own.port, f"/api/runs/search?{query}") as viewer:
        for message in viewer.messages():
            messages.append(message)
    return messages


def test_the_text_of_runs_is_searched_newest_first(own: Live) -> None:
    line = {"event": "on_chain_end", "span": 1, "data": {"output": 'He said "Landgang" twice'}}
    runs = [ended(own.store, lines=(line,) if n % 2 else (), chain=f"m:{n}") for n in range(6)]
    messages = _search(own, "text=landGANG")
    found = [json.loads(message.data) for message in messages if message.event == "message"]
    assert [one["run"] for one in found] == runs[5::-2]
    assert found[0]["excerpt"] == 'He said "Landgang" twice'
    assert found[0]["chain"] == "m:5"
    assert (messages[-1].event, json.loads(messages[-1].data)) == ("end", {"read": 6, "of": 6, "found": 3})
    assert [json.loads(one.data)["run"] for one in _search(own, "text=landgang&chain=m:3")[:1]] == [runs[3]]
    assert json.loads(_search(own, "text=")[-1].data)["found"] == 0
    reply = own.ask("GET", f"/api/runs/search?text={'x' * 1001}")
    assert (reply.status, reply.json()["field"]) == (400, "text")


def test_the_list_stream_tells_of_names(own: Live) -> None:
    run = ended(own.store)
    with Viewer(own.port, "/api/runs/events") as viewer:
        messages = viewer.messages()
        # The newest ones, once: from here on changes are told.
        assert json.loads(next(messages).data)["run"] == run
        own.ask("PATCH", f"/api/runs/{run}", body={"name": "called"})
        assert json.loads(next(messages).data)["name"] == "called"
