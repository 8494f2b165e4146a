"""A disk that takes no more, as the page tells it: live, after a reload, and when there is room again."""

from __future__ import annotations

import json
import re
import resource

from playwright.sync_api import Page, expect

from tests.browser.server import Server
from tests.browser.view import View

ALARM = re.compile(r"Trouble with the log: .*File too large; the run goes on, what happens is kept in memory")


def _limit(server: Server, size: int) -> None:
    assert server._process is not None
    resource.prlimit(server._process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_the_page_shows_an_alarm_while_the_log_cannot_be_written(page: Page, server: Server) -> None:
    view = View(page)
    run = view.start("count", {"steps": 5000, "pause": 0.02})
    file = server.folder / f"{run}.jsonl"
    view.choose("count", "Output")
    expect(view.panel).to_contain_text("3 4 5")
    try:
        _limit(server, file.stat().st_size + 300)
        expect(page.get_by_text(ALARM)).to_be_visible()
        page.reload()
        expect(page.get_by_text(ALARM)).to_be_visible()
        assert file.read_bytes().endswith(b"\n")
    finally:
        _limit(server, resource.RLIM_INFINITY)
    expect(page.get_by_text("Trouble with the log")).to_be_hidden()
    view.stop.click()
    view.ended("cancelled")
    lines = file.read_bytes().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(len(lines)))
    said = [json.loads(line)["data"]["chunk"] for line in lines if b'"on_chain_stream"' in line]
    assert said == [f"{n} " for n in range(len(said))], "nothing is missing"
    assert len(said) > 20
    assert any(ALARM.pattern.partition(".*")[2].partition(",")[0] in said for said in server.said), "the server says it"
