"""From a chain to a run: its form, its JSON, its config, and what is said of mistakes."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Complaints, OpenPage
from tests.browser.server import Server
from tests.browser.view import View


def header(server: Server, run: str) -> dict[str, Any]:
    with (server.folder / f"{run}.jsonl").open() as file:
        line: dict[str, Any] = json.loads(file.readline())
    return line


def test_a_chain_opens_with_its_first_example_and_is_one_click_from_running(page: Page, server: Server) -> None:
    view = View(page)
    view.open("rag")
    question = page.get_by_role("textbox", name="question")
    expect(question).not_to_have_value("")
    expect(page.get_by_role("textbox", name="k", exact=True)).to_have_value(re.compile(r"^\d$"))
    page.get_by_role("button", name="How do I stream JSON?").click()
    expect(question).to_have_value("How do I stream JSON?")
    view.run.click()
    run = view.run_id()
    assert header(server, run)["input"]["question"] == "How do I stream JSON?"
    view.ended()


def test_the_last_input_comes_first_the_next_time(page: Page) -> None:
    view = View(page)
    view.start("count", {"steps": 7, "pause": 0})
    view.ended()
    page.get_by_role("button", name="New run").click()
    expect(page.get_by_role("textbox", name="steps")).to_have_value("7")
    page.get_by_role("textbox", name="steps").fill("9")
    page.get_by_role("button", name="last input").click()
    expect(page.get_by_role("textbox", name="steps")).to_have_value("7")


def test_control_enter_runs_and_enter_alone_does_not(page: Page, server: Server) -> None:
    view = View(page)
    view.open("count")
    steps = page.get_by_role("textbox", name="steps")
    steps.fill("5")
    steps.press("Enter")
    steps.press("Control+Enter")
    assert header(server, view.run_id())["input"]["steps"] == 5


def test_the_form_keeps_the_focus_and_control_enter_works_beside_it(page: Page) -> None:
    view = View(page)
    view.open("agent")
    page.get_by_role("button", name="Add history").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Add message to history")).to_be_focused()
    page.get_by_role("button", name="history: leave out").press("Enter")
    expect(page.get_by_role("button", name="Add history")).to_be_focused()
    page.locator("main").focus()
    page.keyboard.press("Control+Enter")
    view.run_id()


def test_why_a_chain_has_no_form_is_told(page: Page) -> None:
    view = View(page)
    view.open("formless")
    expect(page.locator(".compose-problem")).to_have_text(
        re.compile("no form for its input:.*TypeError: use another TypedDict")
    )
    expect(page.get_by_role("textbox", name="input")).to_be_visible()


def test_every_kind_of_field(page: Page, server: Server) -> None:
    view = View(page)
    view.open("everything")
    page.get_by_role("textbox", name="text").fill("two\nlines")
    page.get_by_role("textbox", name="count").fill("4")
    page.get_by_role("textbox", name="share").fill("0.25")
    page.get_by_role("checkbox", name="sure").uncheck()
    page.get_by_role("combobox", name="colour").select_option("green")
    page.get_by_role("textbox", name="words item 1").fill("first")
    page.get_by_role("button", name="Add item to words").click()
    expect(page.get_by_role("textbox", name="words item 2")).to_be_focused()
    page.keyboard.type("second")
    page.get_by_role("button", name="Remove words item 1").click()
    page.get_by_role("textbox", name="street").fill("High Street")
    page.get_by_role("combobox", name="type of either").select_option("string")
    page.get_by_role("textbox", name="either").fill("7")
    page.get_by_role("button", name="Add message to talk").click()
    page.keyboard.type("hello")
    page.get_by_role("textbox", name="rest").fill('{"a": [1, null]}')
    view.run.click()
    assert header(server, view.run_id())["input"] == {
        "text": "two\nlines",
        "count": 4,
        "share": 0.25,
        "sure": False,
        "colour": "green",
        "words": ["second"],
        "where": {"street": "High Street"},
        "either": "7",
        "talk": [{"type": "human", "content": "hello"}],
        "rest": {"a": [1, None]},
    }


def test_mistakes_are_said_at_their_field_and_nothing_runs(page: Page) -> None:
    view = View(page)
    view.open("count")
    steps = page.get_by_role("textbox", name="steps")
    steps.fill("many")
    view.run.click()
    expect(steps).to_be_focused()
    expect(steps).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("needs a whole number, 1 to 5000", exact=True)).to_be_visible()
    expect(page.locator("[aria-live]").filter(has_text="needs a whole number")).to_have_count(1)
    steps.fill("0")
    expect(page.get_by_text("needs a whole number, 1 to 5000", exact=True)).to_be_hidden()
    view.run.click()
    expect(page.get_by_text("must be 1 to 5000", exact=True)).to_be_visible()
    assert "/runs/" not in page.url


def test_form_and_json_show_one_value(page: Page, server: Server) -> None:
    view = View(page)
    view.open("rag")
    page.get_by_role("textbox", name="question").fill("Which?")
    page.get_by_role("button", name="Edit as JSON").click()
    value = json.loads(view.json.input_value())
    assert value["question"] == "Which?"
    view.json.fill(json.dumps({**value, "k": 5, "unknown": [1]}))
    page.get_by_role("button", name="Form").click()
    expect(page.get_by_role("textbox", name="k", exact=True)).to_have_value("5")
    page.get_by_role("textbox", name="question").fill("That?")
    view.run.click()
    assert header(server, view.run_id())["input"] == {"question": "That?", "k": 5, "unknown": [1]}


def test_bad_json_is_shown_with_its_place(page: Page) -> None:
    view = View(page)
    view.open("rag")
    page.get_by_role("button", name="Edit as JSON").click()
    view.json.fill('{\n  "question": None\n}')
    view.run.click()
    said = page.get_by_text("2:15 None is not JSON; write null").first
    expect(said).to_be_visible()
    expect(view.json).to_be_focused()
    page.get_by_role("button", name="Form").click()
    expect(view.json).to_be_visible()
    view.json.fill('{"question": null}')
    expect(said).to_be_hidden()
    assert "/runs/" not in page.url


def test_config_goes_with_the_run(page: Page, server: Server) -> None:
    view = View(page)
    view.open("rag")
    page.get_by_text("Config", exact=True).click()
    page.get_by_role("textbox", name="tags").fill("blue, very green,")
    page.get_by_role("textbox", name="metadata").fill("[]")
    view.run.click()
    expect(page.get_by_text("must be a JSON object, like {}", exact=True)).to_be_visible()
    page.get_by_role("textbox", name="metadata").fill('{"who": "me"}')
    view.run.click()
    config = header(server, view.run_id())["config"]
    assert config["tags"] == ["blue", "very green"]
    assert config["metadata"] == {"who": "me"}


def test_what_the_server_refuses_is_said_at_its_field(page: Page, complaints: Complaints) -> None:
    complaints.expect("status of 400")
    view = View(page)
    view.open("rag")

    def refuse(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        problem = {"title": "Bad Request", "status": 400, "detail": "too curious", "field": "input.question"}
        route.fulfill(status=400, content_type="application/problem+json", body=json.dumps(problem))

    page.route("**/api/runs", refuse)
    view.run.click()
    expect(page.get_by_text("too curious").first).to_be_visible()
    expect(page.get_by_role("textbox", name="question")).to_have_attribute("aria-invalid", "true")


def test_what_was_typed_survives_a_reload(page: Page) -> None:
    view = View(page)
    view.open("rag")
    page.get_by_role("textbox", name="question").fill("half a quest")
    page.reload()
    view.open("rag")
    expect(page.get_by_role("textbox", name="question")).to_have_value("half a quest")


def test_the_graph_shows_how_the_chain_is_built(page: Page) -> None:
    View(page).open("rag")
    card = page.get_by_role("region", name="Chain")
    names = card.get_by_role("listitem")
    expect(names.first).to_have_text("input")
    for name in ("ChatPromptTemplate", "ChatOpenAI", "StrOutputParser"):
        expect(card).to_contain_text(name)


def test_an_address_can_name_the_chain(open_page: OpenPage, server: Server) -> None:
    page = open_page()
    page.goto(f"{server.origin}/?chain=count")
    expect(page.get_by_role("heading", name="count", exact=True)).to_be_visible()
    expect(View(page).chain).to_have_value(re.compile("count"))
