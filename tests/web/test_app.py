"""The routes: what they answer, and what they say of a wrong question."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tracer.log.store import Store, new_run_id
from tracer.web import body as bodies

from .client import TOKEN, Connection, Viewer, request
from .conftest import Live, add, until, write

# Chains


def test_the_served_chains(live: Live) -> None:
    assert live.ask("GET", "/api/chains").json() == {
        "chains": [
            {"name": "here:echo", "label": "echo", "description": "Says it again"},
            {"name": "here:ticks", "label": "ticks", "description": ""},
        ],
        "notice": "Made for tests.",
        "dir": str(live.folder),
    }


def test_one_chain_by_name_and_by_label(own: Live) -> None:
    chain = own.ask("GET", "/api/chains/here:echo").json()
    assert chain == own.ask("GET", "/api/chains/echo").json()
    assert {"name", "label", "description", "input_schema", "configurable", "examples", "graph", "modes"} <= set(chain)
    assert chain["input_schema"]["type"] == "string"
    assert chain["last_input"] == []
    own.runner.wait(own.start("echo", None), 10)
    assert own.ask("GET", "/api/chains/echo").json()["last_input"] == [None]


def test_a_chain_that_is_not_served(live: Live) -> None:
    reply = live.ask("GET", "/api/chains/no:such")
    assert (reply.status, reply.header("content-type")) == (404, "application/problem+json")
    assert "'no:such'" in reply.json()["detail"]


# Starting


def test_a_run_is_started_and_found(own: Live) -> None:
    reply = own.ask("POST", "/api/runs", body={"chain": "echo", "input": {"a": 1}, "config": {"tags": ["t"]}})
    run = reply.json()["run"]
    assert (reply.status, reply.header("location")) == (201, f"/runs/{run}")
    assert own.runner.wait(run, 10)
    about = own.ask("GET", f"/api/runs/{run}").json()
    assert (about["run"], about["chain"], about["status"], about["owned"]) == (run, "here:echo", "ok", False)
    assert (about["header"]["event"], about["header"]["input"]) == ("run_start", {"a": 1})
    assert about["header"]["config"]["tags"] == ["t"]
    assert (about["end"]["event"], about["end"]["status"]) == ("run_end", "ok")
    listed = own.ask("GET", "/api/runs").json()
    assert ([one["run"] for one in listed["runs"]], listed["next"], listed["total"]) == ([run], None, 1)


def test_all_of_a_config_reaches_the_chain(own: Live) -> None:
    config = {
        "tags": ["a", "b"],
        "metadata": {"user": "x"},
        "configurable": {"k": [1]},
        "recursion_limit": 7,
        "max_concurrency": 2,
        "run_name": "named",
    }
    reply = own.ask("POST", "/api/runs", body={"chain": "echo", "input": 1, "config": config, "mode": "stream"})
    run = reply.json()["run"]
    assert own.runner.wait(run, 10)
    start = next(line for _, line in own.store.lines(run, 1))
    assert b'"name":"named"' in start
    assert b'"user":"x"' in start
    assert own.store.summary(run)["status"] == "ok"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "chain"),
        ({"input": 1}, "chain"),
        ({"chain": 1, "input": 1}, "chain"),
        ({"chain": None, "input": 1}, "chain"),
        ({"chain": "nope", "input": 1}, "chain"),
        ({"chain": "echo"}, "input"),
        ({"chain": "echo", "input": 1, "mode": "batch"}, "mode"),
        ({"continues": 1, "resume": 1}, "continues"),
        ({"continues": "r"}, "resume"),
        ({"continues": "r", "resume": 1, "input": 1}, "input"),
        ({"chain": "echo", "input": 1, "mode": 1}, "mode"),
        ({"chain": "echo", "input": 1, "Config": {}}, "Config"),
        ({"chain": "echo", "input": 1, "config": []}, "config"),
        ({"chain": "echo", "input": 1, "config": {"tag": []}}, "config.tag"),
        ({"chain": "echo", "input": 1, "config": {"callbacks": []}}, "config.callbacks"),
        ({"chain": "echo", "input": 1, "config": {"tags": "a"}}, "config.tags"),
        ({"chain": "echo", "input": 1, "config": {"tags": ["a", 1]}}, "config.tags"),
        ({"chain": "echo", "input": 1, "config": {"metadata": []}}, "config.metadata"),
        ({"chain": "echo", "input": 1, "config": {"configurable": 1}}, "config.configurable"),
        ({"chain": "echo", "input": 1, "config": {"recursion_limit": 0}}, "config.recursion_limit"),
        ({"chain": "echo", "input": 1, "config": {"recursion_limit": True}}, "config.recursion_limit"),
        ({"chain": "echo", "input": 1, "config": {"recursion_limit": 1.5}}, "config.recursion_limit"),
        ({"chain": "echo", "input": 1, "config": {"max_concurrency": -1}}, "config.max_concurrency"),
        ({"chain": "echo", "input": 1, "config": {"run_name": {}}}, "config.run_name"),
    ],
)
def test_a_wrong_request_is_told_which_field(live: Live, given: dict[str, Any], field: str) -> None:
    before = live.store.total()
    reply = live.ask("POST", "/api/runs", body=given)
    problem = reply.json()
    assert (reply.status, problem["field"]) == (400, field)
    assert problem.keys() == {"type", "title", "status", "detail", "field"}
    assert (problem["status"], reply.header("content-type")) == (400, "application/problem+json")
    assert field in problem["detail"]
    assert live.store.total() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "line 1, column 2"),
        (b'{\n "a": 1,\n "b": x}', "line 3, column 7"),
        (b'{"a": 1} x', "line 1, column 10"),
        (b'{"a": NaN}', "line 1, column 7"),
        (b'{"a": -Infinity}', "line 1, column 8"),
        (b"{'a': 1}", "line 1, column 2"),
        (b'{"a": "\\ud800"}', "line 1, column"),
        (b'{"a": 1e999}', "is not JSON"),
        (b'{"a": "\xff"}', "is not JSON"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", "is not JSON"),
        (b"[]", "a JSON object"),
        (b'"x"', "a JSON object"),
        (b"null", "a JSON object"),
    ],
)
def test_what_is_not_json_is_told_where(live: Live, text: bytes, said: str) -> None:
    reply = live.ask("POST", "/api/runs", body=text)
    assert reply.status == 400
    assert said in reply.json()["detail"]


def test_no_body_at_all(live: Live) -> None:
    reply = live.ask("POST", "/api/runs")
    assert (reply.status, reply.json()["detail"]) == (400, "the body is empty; it has to be JSON")


def test_whole_numbers_stay_whole() -> None:
    assert bodies.parse(b"[9007199254740993, 123456789012345678901234567890]") == [
        9007199254740993,
        123456789012345678901234567890,
    ]


def test_a_body_that_is_too_large(live: Live) -> None:
    size = bodies.LIMIT + 1
    announced = live.ask("POST", "/api/runs", {"Content-Type": "application/json", "Content-Length": str(size)})
    assert (announced.status, announced.json()["detail"]) == (413, "the body may have at most 16 MB")
    with Connection(live.port) as connection:
        headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        connection.send(request(live.port, "POST", "/api/runs", headers))
        block = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(size // 0x10000 + 1):
            connection.send(block)
        assert connection.reply().status == 413


def test_a_body_just_small_enough(live: Live) -> None:
    room = bodies.LIMIT - len(b'{"chain":"nope","input":""}')
    reply = live.ask("POST", "/api/runs", body=b'{"chain":"nope","input":"%b"}' % (b"x" * room))
    assert (reply.status, reply.json()["field"]) == (400, "chain")


def test_a_log_that_cannot_be_made(own: Live) -> None:
    own.folder.rename(own.folder.with_name("moved"))
    own.folder.touch()
    reply = own.ask("POST", "/api/runs", body={"chain": "echo", "input": 1})
    assert reply.status == 507
    assert "File exists" in reply.json()["detail"]
    own.folder.unlink()
    assert own.ask("POST", "/api/runs", body={"chain": "echo", "input": 1}).status == 201, "it is made anew"


# The list


def test_the_list_in_pages(own: Live) -> None:
    runs = []
    for n in range(5):
        run, writer = write(own.store, 0, chain=f"m:{n % 2}", input=f"input {n}")
        writer.end({"status": "ok" if n else "error", "spans": 0})
        runs.append(run)
    first = own.ask("GET", "/api/runs?limit=3").json()
    assert [one["run"] for one in first["runs"]] == runs[:1:-1]
    second = own.ask("GET", f"/api/runs?limit=3&before={first['next']}").json()
    assert ([one["run"] for one in second["runs"]], second["next"]) == (runs[1::-1], None)
    assert (first["total"], second["total"]) == (5, 5)
    found = [
        own.ask("GET", f"/api/runs?{query}").json()["runs"] for query in ("q=INPUT%203", "status=error", "chain=m:1")
    ]
    assert [[one["run"] for one in runs_] for runs_ in found] == [[runs[3]], [runs[0]], [runs[3], runs[1]]]


@pytest.mark.parametrize("limit", ["0", "-1", "501", "x", "", "1.0", "9" * 30, "%EF%BC%91"])
def test_a_wrong_limit(live: Live, limit: str) -> None:
    reply = live.ask("GET", f"/api/runs?limit={limit}")
    assert (reply.status, reply.json()["field"]) == (400, "limit")


def test_a_deeply_nested_header_is_no_failure(own: Live) -> None:
    line = '{"event":"run_start","format":1,"run":"deep","chain":"c","input":"q","deep":%s}' % ("[" * 600 + "]" * 600)
    (own.folder / "deep.jsonl").write_text(line + '\n{"event":"run_end","status":"ok"}\n')
    reply = own.ask("GET", "/api/runs/deep")
    assert (reply.status, reply.json()["chain"]) == (200, "c")


# Stopping and deleting


def test_a_run_is_stopped(own: Live) -> None:
    run = own.start("ticks")
    until(lambda: own.ask("GET", f"/api/runs/{run}/log?from=5").body)
    assert own.ask("GET", f"/api/runs/{run}").json()["owned"] is True
    assert own.ask("DELETE", f"/api/runs/{run}").status == 409
    reply = own.ask("POST", f"/api/runs/{run}/cancel")
    assert (reply.status, reply.json()["run"]) == (202, run)
    assert own.runner.wait(run, 5)
    again = own.ask("POST", f"/api/runs/{run}/cancel", body={})
    assert (again.status, again.json()) == (200, {"run": run, "status": "cancelled"})
    assert own.ask("DELETE", f"/api/runs/{run}").status == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("GET", "/log"), ("POST", "/cancel")):
        gone = own.ask(method, f"/api/runs/{run}{path}")
        assert (gone.status, run in gone.json()["detail"]) == (404, True)


def test_a_run_of_another_process_is_not_ours_to_stop(own: Live) -> None:
    run, writer = write(Store(own.folder), 3)
    reply = own.ask("POST", f"/api/runs/{run}/cancel")
    assert reply.status == 409
    assert f"pid {os.getpid()}" in reply.json()["detail"]
    assert own.ask("DELETE", f"/api/runs/{run}").status == 409
    writer.end({"status": "ok", "spans": 0})
    assert own.ask("POST", f"/api/runs/{run}/cancel").json()["status"] == "ok"
    assert own.ask("DELETE", f"/api/runs/{run}").status == 204


# The log


def test_the_log_whole_and_in_parts(own: Live) -> None:
    run, writer = write(own.store, 10)
    writer.end({"status": "ok", "spans": 0})
    raw = (own.folder / f"{run}.jsonl").read_bytes()
    lines = raw.splitlines(keepends=True)
    whole = own.ask("GET", f"/api/runs/{run}/log")
    assert whole.body == raw
    assert whole.header("content-type") == "application/jsonl"
    assert whole.header("content-disposition") == f'attachment; filename="{run}.jsonl"'
    for query, part in (
        ("from=0&to=0", lines[:1]),
        ("from=3&to=5", lines[3:6]),
        ("from=9", lines[9:]),
        ("to=2", lines[:3]),
        ("from=99", []),
        ("from=11&to=99999999", lines[11:]),
    ):
        reply = own.ask("GET", f"/api/runs/{run}/log?{query}")
        assert (reply.status, reply.body) == (200, b"".join(part)), query
        assert "content-disposition" not in reply.headers
    head = own.ask("HEAD", f"/api/runs/{run}/log")
    assert (head.status, head.header("content-type")) == (200, "application/jsonl")


@pytest.mark.parametrize(
    ("query", "field"),
    [("from=x", "from"), ("from=-1", "from"), ("to=1.5", "to"), ("to=-1", "to"), ("from=3&to=2", "to"), ("to=", "to")],
)
def test_a_wrong_part_of_the_log(live: Live, query: str, field: str) -> None:
    reply = live.ask("GET", f"/api/runs/{live.done()}/log?{query}")
    assert (reply.status, reply.json()["field"]) == (400, field)


def test_the_log_of_a_run_that_goes_on_ends_where_it_began_to_be_sent(own: Live) -> None:
    run, writer = write(own.store, 50_000)
    until(lambda: (own.folder / f"{run}.jsonl").stat().st_size > 1 << 20)
    with Connection(own.port) as connection:
        connection.send(request(own.port, "GET", f"/api/runs/{run}/log"))
        connection.head()
        size = sum(len(chunk) for chunk in [next(connection.chunks())])
        add(writer, 1000)
        assert size <= 1 << 18
        assert sum(len(chunk) for chunk in connection.chunks()) > 0
    writer.end({"status": "ok", "spans": 0})


# Pages and static files


def test_the_page_is_the_same_shell_everywhere(live: Live) -> None:
    home, page = live.ask("GET", "/"), live.ask("GET", f"/runs/{live.done()}")
    assert home.status == page.status == 200
    assert home.body == page.body
    assert home.header("cache-control") == "no-store"


def test_static_files_are_kept_under_their_version_alone(live: Live) -> None:
    html = live.ask("GET", "/").body.decode()
    version = html.split("/static/")[1].split("/")[0]
    current = live.ask("GET", f"/static/{version}/js/spans.js")
    assert current.header("cache-control") == "private, max-age=31536000, immutable"
    assert current.header("content-type") == "text/javascript; charset=utf-8"
    other = live.ask("GET", "/static/older/js/spans.js")
    assert (other.body, other.header("cache-control")) == (current.body, "no-cache")
    for path in html.split('"')[1::2]:
        if path.startswith("/static/"):
            assert live.ask("GET", path).status == 200, path


# R13

DOTS = (
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "..%5c",
    "..\\",
    "....//",
    ".%2e/",
    "%252e%252e%252f",
    "..%c0%af",
    "..;/",
)
GOALS = ("secret", "secret.jsonl", "secret.jsonl%00", "secret%00.jsonl", ".token", "runs/../secret")
TRAVERSALS = [
    *(dots * depth + goal for dots in DOTS for depth in (1, 3) for goal in GOALS),
    *(
        f"{prefix}{goal}"
        for prefix in ("/", "//", "%2f", "file:", "~/", "./", "C:\\")
        for goal in ("etc/passwd", *GOALS)
    ),
    *(
        "link",
        "link.jsonl",
        ".",
        "..",
        "...",
        "%00",
        "%0a",
        "a%0d%0ab",
        "a" * 129,
        "a" * 5000,
        "%ff%fe",
        "-",
        ".hidden",
    ),
    *("PLACE/secret", "PLACE/secret.jsonl", "PLACE%2fsecret", "*", "?", "%3f", "sec%72et", "secret ", "fold"),
]


@pytest.fixture(scope="module")
def walled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = tmp_path_factory.mktemp("walled")
    line = b'{"seq":0,"t_us":0,"event":"run_start","format":1,"run":"secret","canary":"CANARY"}\n'
    (place / "secret.jsonl").write_bytes(line)
    (place / "secret").write_bytes(line)
    server = Live(place / "runs")
    (place / "runs" / "link.jsonl").symlink_to(place / "secret.jsonl")
    (place / "runs" / "fold.jsonl").mkdir()
    yield server
    server.stop()


ROUTES = (
    ("GET", "/runs/{}"),
    ("GET", "/api/runs/{}"),
    ("GET", "/api/runs/{}/events"),
    ("GET", "/api/runs/{}/log"),
    ("POST", "/api/runs/{}/cancel"),
    ("DELETE", "/api/runs/{}"),
    ("GET", "/api/chains/{}"),
    ("GET", "/static/1/{}"),
    ("GET", "/static/{}"),
    ("GET", "/{}"),
)


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_no_id_leads_out_of_the_folder(walled: Live, method: str, route: str) -> None:
    assert len(TRAVERSALS) >= 200
    place = str(walled.folder.parent)
    with Connection(walled.port) as connection:
        for traversal in TRAVERSALS:
            path = route.format(traversal.replace("PLACE", place)).replace(" ", "%20")
            connection.send(request(walled.port, method, path))
            reply = connection.reply(method)
            harmless = reply.status == 200 and ("canary" not in reply.body.decode("utf-8", "replace").lower())
            assert harmless or reply.status in (400, 404, 405), (path, reply)
            assert b"CANARY" not in reply.body
            assert b"root:" not in reply.body
            assert TOKEN.encode() not in reply.body
            if reply.status == 200:
                # Only what leads nowhere else: a path that a dot or a question mark made into another, listed one.
                assert route in ("/{}", "/static/1/{}", "/static/{}", "/runs/{}", "/api/runs/{}", "/api/chains/{}"), (
                    path
                )
    assert (walled.folder.parent / "secret.jsonl").exists()
    assert (walled.folder / "link.jsonl").is_symlink()


# Failures


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/api/runs", "DELETE, GET, HEAD, POST"),
        ("POST", "/api/chains", "GET, HEAD"),
        ("POST", "/api/runs/x", "DELETE, GET, HEAD, PATCH"),
        ("GET", "/api/runs/x/cancel", "POST"),
        ("DELETE", "/", "GET, HEAD"),
        ("OPTIONS", "/api/runs", "DELETE, GET, HEAD, POST"),
        ("POST", "/static/1/js/spans.js", "GET, HEAD"),
    ],
)
def test_a_method_that_is_not_taken(live: Live, method: str, path: str, allow: str) -> None:
    reply = live.ask(method, path)
    assert (reply.status, reply.header("allow")) == (405, allow)
    assert reply.json()["title"] == "Method Not Allowed"


def test_nothing_there_for_programs_and_for_people(live: Live) -> None:
    for path in ("/nowhere", "/api/nowhere", "/static/1/nowhere", "/api/runs/", "/runs/nowhere"):
        reply = live.ask("GET", path)
        assert (reply.status, reply.header("content-type")) == (404, "application/problem+json"), path
    page = live.ask("GET", "/runs/%3Cscript%3Ealert(1)", {"Accept": "text/html"})
    assert (page.status, page.header("content-type")) == (404, "text/html; charset=utf-8")
    assert b"<script" not in page.body
    assert b"&lt;script&gt;" in page.body
    assert live.ask("GET", "/api/runs/x", {"Accept": "text/html"}).header("content-type") == "application/problem+json"


def test_a_failure_is_told_to_the_terminal_alone(own: Live, caplog: pytest.LogCaptureFixture) -> None:
    async def failing(request: Request) -> Response:
        raise RuntimeError("the inner secret")

    own.app.router.routes.append(Route("/failing", failing))
    with caplog.at_level(logging.ERROR):
        reply = own.ask("GET", "/failing")
        page = own.ask("GET", "/failing", {"Accept": "text/html"})
    assert (reply.status, reply.header("content-type")) == (500, "application/problem+json")
    assert (page.status, page.header("content-type")) == (500, "text/html; charset=utf-8")
    assert reply.header("x-content-type-options") == "nosniff"
    for one in (reply, page):
        assert not any(word in one.body for word in (b"secret", b"RuntimeError", b"Traceback"))
        until(lambda: len(caplog.records) > 1)
    logged = [record for record in caplog.records if record.exc_info]
    assert [(record.name, str(record.exc_info and record.exc_info[1])) for record in logged] == [
        ("tracer", "the inner secret")
    ] * 2


def test_a_failure_in_mid_answer_cuts_it(own: Live, caplog: pytest.LogCaptureFixture) -> None:
    def breaking(run: str, after: int) -> Any:
        raise RuntimeError("the disk is gone")

    run, writer = write(own.store, 1)
    own.store.follow = breaking  # type: ignore[method-assign]
    with (
        caplog.at_level(logging.ERROR),
        Viewer(own.port, f"/api/runs/{run}/events") as viewer,
        pytest.raises(EOFError),
    ):
        list(viewer.messages())
    assert "the disk is gone" in caplog.text
    writer.end({"status": "ok", "spans": 0})


def test_no_more_runs_once_the_server_stops(own: Live) -> None:
    own.app.viewers.begin()
    reply = own.ask("POST", "/api/runs", body={"chain": "echo", "input": 1})
    assert (reply.status, reply.json()["detail"]) == (503, "the server is stopping")
    assert own.store.total() == 0


def test_the_folder_is_for_its_owner_alone(live: Live, tmp_path: Path) -> None:
    assert live.folder.stat().st_mode & 0o777 == 0o700
    assert (live.folder / f"{live.done()}.jsonl").stat().st_mode & 0o777 == 0o600


def test_only_an_interrupted_run_can_be_answered(live: Live) -> None:
    reply = live.ask("POST", "/api/runs", body={"continues": live.done(), "resume": "yes"})
    assert (reply.status, reply.json()["field"]) == (409, "continues")
    assert "only an interrupted one" in reply.json()["detail"]
    assert live.ask("POST", "/api/runs", body={"continues": "nope", "resume": 1}).status == 404


def test_a_run_is_answered_once_and_by_a_chain_that_is_served(own: Live) -> None:
    def asks(chain: str) -> str:
        run = new_run_id()
        writer = own.store.create({"run": run, "chain": chain, "mode": "stream", "input": 1, "config": {}})
        writer.end({"status": "interrupted", "spans": 0, "interrupts": []})
        return run

    chain = own.ask("GET", "/api/chains").json()["chains"][0]["name"]
    body = {"continues": asks(chain), "resume": "yes"}
    first, second = (own.ask("POST", "/api/runs", body=body) for _ in range(2))
    assert first.status == 201
    assert (second.status, second.json()["field"]) == (409, "continues")
    assert f"answered already, by run {first.json()['run']}" in second.json()["detail"]
    reply = own.ask("POST", "/api/runs", body={"continues": asks("gone:chain"), "resume": "yes"})
    assert (reply.status, reply.json()["field"]) == (409, "continues")
    assert "'gone:chain' is not served here" in reply.json()["detail"]


def test_a_chain_can_be_invoked(own: Live) -> None:
    run = own.ask("POST", "/api/runs", body={"chain": "echo", "input": "x", "mode": "invoke"}).json()["run"]
    assert own.runner.wait(run, 10)
    assert (own.store.summary(run)["mode"], own.store.summary(run)["status"]) == ("invoke", "ok")
