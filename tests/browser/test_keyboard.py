"""By keyboard alone: a run is started, watched, searched, played back and copied. No test here has a mouse."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.keyboard import Keyboard
from tests.browser.server import Server
from tests.browser.view import View

QUESTION = "What is a Runnable, and why does streaming need astream_events?"


def test_a_run_from_its_form_to_a_report_of_it(open_page: OpenPage, server: Server) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.origin)
    page.goto(server.url)
    view, keys = View(page), Keyboard(page)
    expect(view.chain.locator("option").nth(1)).to_be_attached()
    chosen = view.spans.locator('[role="row"][aria-selected="true"]')
    pill = page.locator(".live-pill")

    # Choose a chain, past the list of runs into its form, fill it in, start.
    keys.to("select Chain")
    keys.type("rag")
    expect(page.get_by_role("heading", name="rag", exact=True)).to_be_visible()
    expect(view.chain).to_be_focused()
    expect(page.get_by_role("form", name="Run rag")).to_be_visible()
    keys.press("Enter")
    field = page.get_by_role("textbox", name=re.compile("question"))
    expect(field).to_be_focused()
    keys.press("ControlOrMeta+a")
    keys.type(QUESTION)
    keys.press("Control+Enter")
    run = view.run_id()

    # Watch it: the tree has the keyboard, and grows; arrows walk it while it does.
    expect(view.spans).to_be_focused()
    expect(pill).to_have_text("LIVE")
    expect(view.row("ChatOpenAI.*running")).to_have_count(1)
    keys.press("Home", "ArrowDown", "ArrowDown")
    expect(chosen).to_have_attribute("aria-posinset", re.compile(r"\d"))
    view.ended("ok")
    assert view.run_id() == run
    expect(view.spans).to_be_focused()

    # The tree.
    keys.press("Home")
    expect(chosen).to_have_accessible_name(re.compile("RunnableSequence"))
    rows = view.rows.count()
    keys.press("ArrowLeft")
    expect(chosen).to_have_attribute("aria-expanded", "false")
    keys.press("ArrowRight", "End")
    expect(view.rows).to_have_count(rows)
    expect(view.rows.last).to_have_attribute("aria-selected", "true")

    # Find: from no row, as this one may be a hit.
    keys.press("Escape")
    expect(chosen).to_have_count(0)
    said = page.get_by_role("search", name="Spans").get_by_role("status")
    keys.press("/")
    keys.type("retriever")
    expect(said).to_have_text(re.compile(r"^\d+$"))
    keys.press("Enter")
    expect(said).to_have_text(re.compile(r"^\d+ of \d+$"))
    first = said.inner_text()
    keys.press("Enter")
    expect(said).not_to_have_text(first)
    keys.press("Shift+Enter")
    expect(said).to_have_text(first)
    keys.press("Escape", "Escape")
    expect(view.spans).to_be_focused()

    # The tabs of what is selected: by Tab to them, by arrows among them, by Tab into what they show, and back.
    keys.press("/")
    keys.type("type:model")
    expect(said).to_have_text(re.compile(r"^\d+$"))
    keys.press("Enter", "Escape", "Escape")
    expect(chosen).to_have_accessible_name(re.compile("ChatOpenAI"))
    keys.to("tab Output")
    for name in ("JSON", "Input", "Attributes", "Raw", "Output"):
        keys.press("ArrowRight")
        expect(view.details.get_by_role("tab", name=name)).to_be_focused()
    expect(view.panel).to_contain_text("Runnable")
    whole = view.panel.inner_text()

    # Play it back: steps, play, and back to the end.
    keys.press(",", ",", ",")
    expect(pill).to_have_text("REPLAY")
    moment = page.get_by_role("slider", name="Moment")
    there = moment.get_attribute("aria-valuetext") or ""
    keys.press(".")
    expect(moment).not_to_have_attribute("aria-valuetext", there)
    keys.press("Tab")
    expect(view.panel).to_be_focused()
    keys.press("End")
    expect(pill).to_be_hidden()
    keys.to("treegrid Spans", "Shift+Tab")
    keys.press("Space")
    expect(pill).to_have_text("REPLAY")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(view.row("ChatOpenAI.*running")).to_have_count(1)
    keys.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert len(view.panel.inner_text()) < len(whole)
    # In the tree End is its last row, and with Shift the run's end; the button says so to who does not know.
    keys.press("Shift+End")
    expect(pill).to_be_hidden()
    expect(view.status).to_have_text("ok")
    keys.press(",")
    keys.to("button End", "Shift+Tab")
    keys.press("Enter")
    expect(pill).to_be_hidden()

    # Help, and away again.
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keys and search")).to_be_visible()
    keys.press("Tab", "Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()

    # A report of the span.
    keys.to("button Copy")
    keys.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    keys.press("ArrowDown", "ArrowUp", "Enter")
    expect(page.locator(".copy [role=status]")).to_have_text("Copied.")
    report = page.evaluate("navigator.clipboard.readText()")
    assert "ChatOpenAI" in report
    assert QUESTION in report


def test_errors_the_graph_and_stopping(open_page: OpenPage, server: Server) -> None:
    page = open_page()
    page.goto(server.url)
    view, keys = View(page), Keyboard(page)
    expect(view.chain.locator("option").nth(1)).to_be_attached()
    chosen = view.spans.locator('[role="row"][aria-selected="true"]')
    keys.press("Tab")
    assert keys.where == "a Skip to the main part"
    keys.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    keys.to("a fails.*")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="fails", exact=True)).to_be_visible()
    keys.press("Control+Enter")
    view.ended("error")
    expect(view.spans).to_be_focused()
    keys.press("Home", "e")
    expect(chosen).to_have_accessible_name(re.compile("look up.*error"))
    keys.press("Shift+e")
    expect(chosen).to_have_accessible_name(re.compile("look up.*error"))
    keys.press("Escape")
    expect(chosen).to_have_count(0)
    keys.press("g")
    graph = page.get_by_role("region", name="Graph")
    expect(graph).to_be_visible()
    keys.press("g")
    expect(view.spans).to_be_focused()
    # One that goes on until it is stopped: the button goes away, the focus does not.
    keys.to("button New run", "Shift+Tab")
    keys.press("Enter")
    keys.to("select Chain", "Shift+Tab")
    keys.type("count")
    expect(page.get_by_role("form", name="Run count")).to_be_visible()
    keys.press("Enter")
    expect(page.get_by_label("steps").first).to_be_focused()
    keys.press("ControlOrMeta+a")
    keys.type("4000")
    # The other field, which holds what was asked last.
    keys.to("input pause")
    keys.press("ControlOrMeta+a")
    keys.type("0.01")
    keys.press("Control+Enter")
    expect(view.status).to_have_text("running")
    keys.to("button Stop", "Shift+Tab")
    keys.press("Enter")
    view.ended("cancelled")
    keys.press("ArrowDown")
    expect(view.spans).to_be_focused()
