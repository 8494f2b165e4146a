"""What is seen while a run goes on, and when it has ended."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.server import Server
from tests.browser.view import Sample, View, post_run


def growing(seen: list[Sample], span: str) -> list[str]:
    """The states shown while this span was chosen and running, each longer than the one before."""
    states: list[str] = []
    for sample in seen:
        if span not in sample["row"]:
            continue
        if "running" in sample["row"].lower() and len(sample["text"]) > len(states[-1] if states else ""):
            states.append(sample["text"])
    return states


def lines(server: Server, run: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (server.folder / f"{run}.jsonl").read_bytes().split(b"\n") if line]


def _example(page: Page, chain: str) -> object:
    described = page.evaluate("name => fetch(`/api/chains/${name}`).then(answer => answer.json())", chain)
    return described["examples"][0]


def test_rag_shows_the_answer_growing_before_its_model_ends(page: Page, server: Server) -> None:
    view = View(page)
    run = view.start(
        "rag", {"question": "What is a Runnable, and why does streaming need astream_events?", "k": 3}, watched=True
    )
    view.ended()
    assert len(growing(view.seen(), "ChatOpenAI")) >= 5
    view.choose("ChatOpenAI", "Output")
    chunks = [one["data"]["chunk"]["content"] for one in lines(server, run) if one["event"] == "on_chat_model_stream"]
    answer = "".join(chunks)
    assert len(answer) > 100
    assert " ".join(answer.split()) in " ".join(view.panel.inner_text().split())


def test_extract_shows_the_json_growing_before_its_parser_ends(page: Page) -> None:
    view = View(page)
    view.start("extract", _example(page, "extract"), watched=True)
    view.choose("JsonOutputParser", "JSON")
    view.ended()
    assert len(growing(view.seen(), "JsonOutputParser")) >= 5


def test_flaky_shows_the_error_beside_the_fallback_that_made_it_good(page: Page) -> None:
    view = View(page)
    view.start("flaky", {"question": "What happens when a model is overloaded?", "fail": False})
    view.ended()
    models = view.row("ChatOpenAI")
    expect(models).to_have_count(2)
    expect(models.nth(0)).to_have_accessible_name(re.compile("error", re.IGNORECASE))
    expect(models.nth(1)).to_have_accessible_name(re.compile(r"\bok\b", re.IGNORECASE))
    expect(view.row("recovered").first).to_be_visible()
    models.nth(0).click()
    view.tab("Output")
    expect(view.panel).to_contain_text("RateLimitError")
    expect(view.panel).to_contain_text("429")


def test_flaky_that_fails_for_good_says_why(page: Page) -> None:
    view = View(page)
    view.start("flaky", {"question": "What does a run look like that fails for good?", "fail": True})
    view.ended("error")
    expect(page.get_by_role("main")).to_contain_text("publishing failed because the input asked for it")
    expect(view.runs.get_by_role("link").first).to_contain_text("flaky")


def test_parallel_branches_run_side_by_side(page: Page) -> None:
    view = View(page)
    view.start("parallel", _example(page, "parallel"))
    expect(view.row("ChatOpenAI.*running")).to_have_count(3)
    view.ended()


def test_agent_shows_its_tools_and_what_they_were_called_with(page: Page) -> None:
    view = View(page)
    view.start("agent", _example(page, "agent"))
    view.ended()
    tool = view.row(r"\btool\b").first
    tool.click()
    view.tab("Input")
    expect(view.panel).to_contain_text("city")


def test_stop_cancels(page: Page, server: Server) -> None:
    view = View(page)
    run = view.start("count", {"steps": 5000, "pause": 0.01})
    view.choose("count", "Output")
    expect(view.panel).to_contain_text("20 21")
    before = time.monotonic()
    view.stop.click()
    view.ended("cancelled")
    assert time.monotonic() - before < 2
    expect(view.stop).to_be_hidden()
    expect(view.row("cancelled").first).to_be_visible()
    assert lines(server, run)[-1]["status"] == "cancelled"


def test_model_bars_tell_time_to_first_token_and_speed(page: Page) -> None:
    view = View(page)
    view.start("rag", {"question": "How do I stream JSON?", "k": 1})
    view.ended()
    view.choose("ChatOpenAI", "Attributes")
    for words in ("first (token|chunk)", "tokens", "model", "run id"):
        expect(view.panel).to_contain_text(re.compile(words, re.IGNORECASE))
    # What takes all steps to be added up is told to who looks.
    figures = page.get_by_role("group", name="Figures")
    waited = figures.get_by_title("in which a model was asked")
    expect(waited).not_to_have_attribute("title", re.compile("untraced"))
    figures.focus()
    expect(waited).to_have_attribute("title", re.compile(r"s in which no step of the chain ran \(untraced\)"))


def test_the_event_log_counts_every_line_and_can_be_filtered(page: Page, server: Server) -> None:
    view = View(page)
    run = view.start("count", {"steps": 40, "pause": 0})
    view.ended()
    count = len(lines(server, run))
    log = page.get_by_role("region", name="Event log")
    expect(log.get_by_text(str(count), exact=True).first).to_be_visible()
    expect(view.events).to_contain_text("run_end")
    page.get_by_role("button", name="start / end").click()
    expect(view.events).not_to_contain_text("on_chain_stream", use_inner_text=True)
    expect(view.events).to_contain_text("on_chain_end")
    page.get_by_role("button", name="errors", exact=True).click()
    none = log.get_by_text("No event fits these filters.")
    expect(none).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(none).to_be_hidden()
    page.get_by_role("searchbox", name="Filter events by name").fill("no such name")
    expect(none).to_be_visible()


def test_the_event_log_follows_until_it_is_scrolled_away(page: Page) -> None:
    view = View(page)
    view.start("count", {"steps": 5000, "pause": 0.01})
    follow = page.get_by_role("button", name="following")
    expect(view.events).to_contain_text(re.compile(r"[2-9]\d\+"))
    expect(follow).to_have_attribute("aria-pressed", "true")
    view.events.hover()
    page.mouse.wheel(0, -400)
    expect(page.get_by_role("button", name=re.compile("follow"))).to_have_attribute("aria-pressed", "false")
    shown = view.events.inner_text()
    page.wait_for_timeout(300)
    assert view.events.inner_text() == shown
    page.get_by_role("button", name=re.compile("follow")).click()
    expect(follow).to_have_attribute("aria-pressed", "true")
    view.stop.click()
    expect(view.events).to_contain_text("run_end")


def test_the_list_follows_runs_started_elsewhere(page: Page) -> None:
    view = View(page)
    run = post_run(page, "count", {"steps": 30, "pause": 0.02})
    first = view.runs.get_by_role("link").first
    expect(first).to_have_attribute("href", re.compile(run))
    expect(first).to_have_accessible_name(re.compile("running"))
    expect(first).to_have_accessible_name(re.compile(r"\bok\b"))
    first.click()
    view.ended()


def test_how_much_of_a_run_is_quiet_is_a_figure_when_all_of_it_is_known(page: Page) -> None:
    view = View(page)
    view.start("count", {"steps": 6, "pause": 0.3})
    cut = page.get_by_role("button", name="time without events")
    expect(cut).to_have_text("cut quiet")
    view.ended()
    expect(cut).to_have_text(re.compile(r"^cut \d.* s quiet$"))
