"""A run played back in the page: by buttons, keys, scrubber and address; every panel shows the moment."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.server import Server
from tests.browser.view import View


def finished(page: Page, server: Server, chain: str) -> View:
    view = View(page)
    view.open(chain)
    view.run.click()
    view.ended("ok")
    return view


def text_of(view: View) -> str:
    return view.panel.inner_text()


def test_back_to_the_start_and_token_by_token_to_the_end(page: Page, server: Server) -> None:
    view = finished(page, server, "rag")
    view.choose("ChatOpenAI", "Output")
    whole = text_of(view)
    slider = page.get_by_role("slider", name="Moment")
    slider.focus()
    page.keyboard.press("Home")
    expect(view.status).to_have_text("running")
    expect(page.get_by_text("REPLAY", exact=True)).to_be_visible()
    seen = []
    for _ in range(6):
        page.get_by_role("button", name="Next token").click()
        page.wait_for_timeout(60)
        seen.append(text_of(view))
    assert all(len(one) < len(whole) and whole.startswith(one.strip()[:5]) for one in seen[1:])
    assert [len(one) for one in seen[1:]] == sorted({len(one) for one in seen[1:]})
    page.get_by_role("button", name="Token before").click()
    expect(view.panel).to_have_text(seen[-2].strip(), use_inner_text=True)
    page.get_by_role("button", name="End", exact=True).click()
    expect(view.status).to_have_text("ok")
    expect(view.panel).to_have_text(whole.strip(), use_inner_text=True)
    expect(page.get_by_text("REPLAY", exact=True)).to_be_hidden()


def test_played_by_key_it_runs_to_the_end_by_itself(page: Page, server: Server) -> None:
    view = finished(page, server, "rag")
    page.get_by_role("combobox", name="Speed").select_option("0.5")
    view.spans.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(view.status).to_have_text("running")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(view.status).to_have_text("ok")


def test_an_address_shows_the_moment_it_was_copied_at(page: Page, server: Server) -> None:
    view = finished(page, server, "rag")
    view.choose("ChatOpenAI", "Output")
    slider = page.get_by_role("slider", name="Moment")
    slider.focus()
    page.keyboard.press("Home")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"at=30\b"))
    shown, events = text_of(view), page.get_by_role("log", name="Events").count()
    assert events == 1
    other = page.context.new_page()
    other.goto(page.url)
    there = View(other)
    expect(there.status).to_have_text("running")
    expect(there.panel).to_have_text(shown.strip(), use_inner_text=True)
    expect(other.get_by_role("slider", name="Moment")).to_have_attribute("aria-valuetext", re.compile("line 30 of"))
    # Back from another page shows it again.
    other.get_by_role("link", name="tracer: all chains").click()
    other.go_back()
    expect(there.status).to_have_text("running")
    expect(other.get_by_role("slider", name="Moment")).to_have_attribute("aria-valuetext", re.compile("line 30 of"))


def test_a_live_run_is_paused_and_caught_up_with(page: Page, server: Server) -> None:
    view = View(page)
    view.open("rag")
    view.run.click()
    expect(view.row(r"ChatOpenAI.*running")).to_have_count(1)
    page.get_by_role("button", name="Event before").click()
    expect(page.get_by_text("REPLAY", exact=True)).to_be_visible()
    moment = page.get_by_role("slider", name="Moment")
    stays = moment.input_value()
    page.get_by_role("button", name="Live", exact=True).or_(
        page.get_by_role("button", name="End", exact=True)
    ).wait_for()
    assert moment.input_value() == stays
    view.spans.focus()
    page.get_by_role("button", name=re.compile("Live|End"), exact=True).click()
    view.ended("ok")


def test_the_graph_lights_what_runs_and_a_node_selects_its_span(page: Page, server: Server) -> None:
    view = finished(page, server, "rag")
    page.keyboard.press("g")
    graph = page.get_by_role("region", name="Graph")
    expect(graph).to_be_visible()
    expect(view.spans).to_be_hidden()
    model = graph.get_by_role("button", name=re.compile("ChatOpenAI"))
    expect(model).to_have_accessible_name(re.compile("ok"))
    model.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="ChatOpenAI")).to_be_visible()
    slider = page.get_by_role("slider", name="Moment")
    slider.focus()
    page.keyboard.press("Home")
    expect(model).to_have_accessible_name(re.compile("not reached"))
    page.keyboard.press("Shift+ArrowRight")
    expect(model).to_have_accessible_name(re.compile("running"))
    page.wait_for_url(re.compile(r"at=[1-9].*view=graph|view=graph.*at=[1-9]"))
    page.reload()
    expect(graph).to_be_visible()
    expect(model).to_have_accessible_name(re.compile("running"))
