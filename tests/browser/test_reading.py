"""What a newcomer reads: when, why and where, in few words and without being moved away from it."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, OpenContext, OpenPage
from tests.browser.server import Server
from tests.browser.view import View, post_run, wait_for_end

EARLY = "01900000-0000-7000-8000-00000000ea71"
THREAD = {"configurable": {"thread_id": "reading"}}


def write_log(server: Server, run: str, *lines: dict[str, Any]) -> None:
    """A run as another program wrote it."""
    numbered = ({"seq": seq, "t_us": seq, **line} for seq, line in enumerate(lines))
    (server.folder / f"{run}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in numbered))


def test_stop_leaves_what_is_looked_at(page: Page, server: Server) -> None:
    view = View(page)
    view.start("listed", {"steps": 5000, "pause": 0.01})
    chosen = page.get_by_role("complementary", name="Span details").get_by_role("heading", level=2)
    expect(chosen).to_have_text("JsonOutputParser")
    expect(view.panel).to_contain_text("countries")
    view.stop.click()
    view.ended("cancelled")
    expect(view.row("RunnableSequence")).to_have_accessible_name(re.compile("cancelled"))
    expect(chosen).to_have_text("JsonOutputParser")
    expect(view.details.get_by_role("tab", selected=True)).to_have_text("JSON")
    expect(page.get_by_text("LIVE", exact=True)).to_be_hidden()


def test_a_run_that_failed_before_its_first_step_says_why(tab: Page, server: Server) -> None:
    error = {"type": "ValueError", "message": "thread_id is missing"}
    start = {"event": "run_start", "format": 1, "pid": 1, "run": EARLY, "chain": "app:early", "mode": "stream"}
    start |= {"started_at": "2020-02-03T09:12:00.000000Z", "input": {"topic": "tides"}, "config": {}, "versions": {}}
    end = {"event": "run_end", "status": "error", "spans": 0, "error": error}
    write_log(server, EARLY, start, end)
    tab.goto(f"{server.origin}/runs/{EARLY}")
    view = View(tab)
    view.ended("error")
    details = tab.get_by_role("complementary", name="Span details")
    expect(details).to_contain_text("thread_id is missing")
    expect(details).to_contain_text("app:early itself, before its first step")
    expect(tab.get_by_text("Choose a span")).to_be_hidden()
    expect(tab.get_by_text("The run failed before its first step.")).to_be_visible()
    expect(tab.locator('.event[data-look="error"]')).to_contain_text("run_end")
    expect(tab.get_by_role("banner").or_(tab.locator(".run-head")).last).to_contain_text("2020")


def test_the_users_own_frame_is_seen_first(page: Page, server: Server) -> None:
    run = post_run(page, "fails", 1)
    wait_for_end(page, run)
    page.goto(f"{server.origin}/runs/{run}")
    expect(page.locator(".traceback-place")).to_have_text(re.compile(r"^true_chains\.py:\d+, in _fail$"))
    raised = page.locator(".traceback .raised")
    expect(raised).to_contain_text('raise ConnectionError("the index')
    expect(raised).to_be_in_viewport()
    box, place = page.locator(".traceback pre").bounding_box(), raised.bounding_box()
    assert box is not None
    assert place is not None
    assert box["y"] <= place["y"] < box["y"] + box["height"]


def test_the_list_says_that_a_question_was_answered(page: Page, server: Server) -> None:
    asked = post_run(page, "asks", {"text": "Ann"}, config=THREAD)
    wait_for_end(page, asked)
    entry = View(page).runs.locator(f'[data-run="{asked}"]')
    expect(entry).to_contain_text("waits for an answer")
    expect(entry).to_contain_text(re.compile(r"\d:\d\d · "))
    answered: str = page.evaluate(
        """run => fetch("/api/runs", {method: "POST", headers: {"Content-Type": "application/json"},
             body: JSON.stringify({continues: run, resume: "yes"})}).then(a => a.json()).then(made => made.run)""",
        asked,
    )
    expect(entry).to_contain_text("answered")
    expect(View(page).runs.locator(f'[data-run="{answered}"]')).to_contain_text("answer: yes")
    page.goto(f"{server.origin}/runs/{answered}")
    expect(page.locator(".event").filter(has_text="run_start")).to_contain_text("answer: yes")


def test_events_are_read_in_the_order_they_are_seen(page: Page) -> None:
    view = View(page)
    view.start("count", {"steps": 400, "pause": 0})
    view.ended()
    read = """() => [...document.querySelectorAll(".event:not([hidden])")].map(row =>
        [row.getBoundingClientRect().top, Number(row.querySelector(".event-seq").textContent)])"""
    for top in (0, 777, 2345, 40, 1e6):
        view.events.evaluate("(log, top) => { log.scrollTop = top; }", top)
        page.wait_for_timeout(100)
        rows: list[list[float]] = page.evaluate(read)
        assert len(rows) > 3
        assert rows == sorted(rows), "neither by place nor by number"


def test_a_chain_that_is_not_there_is_told_with_those_that_are(
    page: Page, server: Server, complaints: Complaints
) -> None:
    complaints.expect("status of 404")
    page.goto(f"{server.origin}/?chain=nope")
    expect(page.get_by_role("alert")).to_have_text("This server has no chain named “nope”. Choose one of these:")
    page.get_by_role("main").get_by_role("link", name=re.compile("^rag")).click()
    expect(page.get_by_role("heading", name="rag", exact=True)).to_be_visible()


def test_the_notice_is_short_and_can_be_sent_away(open_context: OpenContext, server: Server) -> None:
    page = open_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    page.goto(server.url)
    notice = page.get_by_text("These answers are scripted")
    expect(notice).to_be_visible()
    box = notice.bounding_box()
    assert box is not None
    # Two lines, not cut.
    assert box["height"] < 36
    expect(page.get_by_role("link", name="tracer: all chains")).to_be_visible()
    page.get_by_role("button", name="Dismiss this notice").click()
    expect(notice).to_be_hidden()
    page.reload()
    expect(page.get_by_role("main").get_by_role("link", name=re.compile("^rag"))).to_be_visible()
    expect(notice).to_be_hidden()


def test_mode_and_folder_stand_in_line_with_run(open_page: OpenPage, server: Server) -> None:
    for size in ({"width": 1440, "height": 900}, {"width": 390, "height": 844}):
        page = open_page(viewport=size)
        page.goto(f"{server.origin}/?chain=rag")
        expect(View(page).run).to_be_visible()
        middles = page.evaluate(
            """() => [...document.querySelector(".compose-actions").children].map(one => {
                 const { top, bottom } = one.getBoundingClientRect(); return (top + bottom) / 2; })"""
        )
        assert len(middles) == 3
        assert max(middles) - min(middles) < 2
