"""A stream that is cut again and again comes whole: through the page's own parser, and through EventSource."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Complaints, OpenPage
from tests.browser.cutter import Cutter
from tests.browser.server import Server
from tests.browser.view import post_run, wait_for_end

RESUMES = 200
STEPS = 2000

# Reads a run with the page's parser, breaking off `cuts` times after at most `most` bytes; gives ids and data sizes.
BY_PARSER = """async ([run, cuts, most]) => {
  const app = document.querySelector('script[type="module"]').src;
  const { SseParser } = await import(app.replace("app.js", "sse.js"));
  const ids = [];
  let last = "", resumed = 0;
  for (;;) {
    const parser = new SseParser(last);
    const stop = new AbortController();
    const headers = last ? { "Last-Event-ID": last } : {};
    const response = await fetch(`/api/runs/${run}/events`, { headers, signal: stop.signal });
    const reader = response.body.getReader();
    let room = resumed < cuts ? Math.ceil(Math.random() * most) : Infinity;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const part = value.subarray(0, Math.min(room, value.length));
      room -= part.length;
      for (const { event, id, data } of parser.push(part)) {
        if (event === "end") return { ids, resumed };
        if (JSON.parse(data).seq !== Number(id)) throw new Error(`line ${id} is another one`);
        ids.push(Number(id));
      }
      if (room <= 0) break;
    }
    stop.abort();
    last = parser.lastId;
    resumed++;
  }
}"""

BY_EVENT_SOURCE = """run => new Promise((resolve) => {
  const ids = [];
  const source = new EventSource(`/api/runs/${run}/events`);
  source.onmessage = ({ lastEventId }) => ids.push(Number(lastEventId));
  source.addEventListener("end", () => {
    source.close();
    resolve(ids);
  });
})"""


@pytest.fixture
def long_run(page: Page) -> str:
    run = post_run(page, "count", {"steps": STEPS, "pause": 0})
    wait_for_end(page, run)
    return run


def lines(server: Server, run: str) -> list[int]:
    return list(range((server.folder / f"{run}.jsonl").read_bytes().count(b"\n")))


def test_the_pages_parser_resumes_at_random_bytes(page: Page, server: Server, long_run: str) -> None:
    read = page.evaluate(BY_PARSER, [long_run, RESUMES, 3000])
    assert read["ids"] == lines(server, long_run)
    assert read["resumed"] == RESUMES


def test_event_source_resumes_at_random_bytes(
    open_page: OpenPage, server: Server, long_run: str, complaints: Complaints
) -> None:
    complaints.expect("ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_CONNECTION|ERR_INVALID_HTTP_RESPONSE")
    parts = urlsplit(server.url)
    cutter = Cutter(parts.port or 0, cuts=RESUMES, most=3000)
    page = open_page()
    page.goto(parts._replace(netloc=f"127.0.0.1:{cutter.port}").geturl())
    assert page.evaluate(BY_EVENT_SOURCE, long_run) == lines(server, long_run)
    assert cutter.cut == RESUMES
    cutter.close()
