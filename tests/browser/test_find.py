"""Finding in a run, by keyboard alone; the help sheet; copying for a bug report."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.server import Server
from tests.browser.view import View

RAG = {"question": "What is a Runnable, and why does streaming need astream_events?", "k": 3}


def finished(page: Page, chain: str = "rag") -> View:
    view = View(page)
    view.open(chain)
    if chain == "rag":
        # What the form starts with is what was asked last, in whatever test that was.
        page.get_by_role("button", name="Edit as JSON").click()
        view.json.fill(json.dumps(RAG))
    view.run.click()
    view.ended("ok|error")
    return view


def _at(found: list[str]) -> str:
    """What the count begins with now that it was stepped."""
    return f"{found[-1].split()[0]} " if found else "-"


def selected(view: View) -> str:
    return view.spans.locator('[role="row"][aria-selected="true"]').get_attribute("aria-label") or ""


def test_found_by_keyboard_alone_in_names_inputs_and_streams(page: Page, server: Server) -> None:
    view = finished(page)
    box = page.get_by_role("searchbox", name="Find in run")
    said = page.get_by_role("search", name="Spans").get_by_role("status")
    heights = view.rows.evaluate_all("rows => rows.map(row => row.getBoundingClientRect().top)")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("notesretriever")
    expect(said).to_have_text("1")
    expect(view.row("ChatOpenAI")).to_have_accessible_description("no match")
    assert view.rows.evaluate_all("rows => rows.map(row => row.getBoundingClientRect().top)") == heights
    page.keyboard.press("Enter")
    expect(said).to_have_text("1 of 1")
    assert "NotesRetriever" in selected(view)
    # What stands in its tags alone is shown where they stand.
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("tag:seq:step:1")
    expect(said).to_have_text(re.compile(r"^\d+$"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Attributes")).to_have_attribute("aria-selected", "true")
    # Of the answer, a piece that no single token has; every step above the model says it, too.
    page.keyboard.press("ControlOrMeta+a")
    # All at once: while it is typed, each letter finds something else.
    page.keyboard.insert_text('"the asynchronous twins"')
    expect(said).not_to_have_text("1 of 1")
    expect(said).to_have_text(re.compile(r"^\d+( of \d+)?$"))
    total = int(said.inner_text().split()[-1])
    expect(view.row("ChatOpenAI")).not_to_have_accessible_description("no match")
    found: list[str] = []
    for _ in range(total + 1):
        page.keyboard.press("Enter")
        page.wait_for_function(
            "was => !document.querySelector('.find-said').textContent.startsWith(was)", arg=_at(found)
        )
        found.append(said.inner_text())
    assert found[0] == found[-1]
    assert {int(one.split()[0]) for one in found} == set(range(1, total + 1))
    assert total > 2
    page.keyboard.press("Shift+Enter")
    expect(said).to_have_text(found[-2])
    # What stands in an input only, in no name and no stream.
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("question")
    expect(view.row("ChatPromptTemplate")).to_have_accessible_description(re.compile("found in its (in|out)put"))
    # Clear, then leave.
    page.keyboard.press("Escape")
    expect(box).to_have_value("")
    expect(said).to_be_empty()
    page.keyboard.press("Escape")
    expect(view.spans).to_be_focused()
    page.keyboard.press("Escape")
    expect(view.spans.locator('[aria-selected="true"]')).to_have_count(0)


def test_filters_write_the_text_and_the_address_keeps_it(page: Page, server: Server) -> None:
    view = finished(page)
    box = page.get_by_role("searchbox", name="Find in run")
    page.get_by_role("button", name="filters").click()
    panel = page.get_by_role("group", name="Filter spans")
    panel.get_by_role("button", name="model", exact=True).click()
    expect(box).to_have_value("type:model")
    panel.get_by_role("button", name="parser", exact=True).click()
    expect(box).to_have_value("type:model type:parser")
    panel.get_by_role("button", name="model", exact=True).click()
    expect(box).to_have_value("type:parser")
    expect(panel.get_by_role("button", name="parser", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(view.row("ChatOpenAI")).to_have_accessible_description("no match")
    expect(view.row("StrOutputParser")).not_to_have_accessible_description("no match")
    page.wait_for_url(re.compile("find=type%3Aparser"))
    address = page.url
    page.get_by_role("link", name="tracer: all chains").click()
    page.go_back()
    expect(box).to_have_value("type:parser")
    expect(view.row("ChatOpenAI")).to_have_accessible_description("no match")
    assert page.url == address
    box.fill("colour:red")
    expect(page.get_by_role("alert")).to_contain_text("There is no filter colour")
    box.fill("nothing has this")
    expect(page.get_by_text("no match", exact=True)).to_be_visible()
    page.get_by_role("button", name="Clear the search").click()
    expect(box).to_have_value("")
    expect(box).to_be_focused()


def test_an_opened_file_is_searched_in_the_browser(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Open a file").wait_for()
    about: dict[str, object] = {"parent": None, "run_id": "r", "tags": [], "metadata": {}}
    lines: list[dict[str, object]] = [
        {"event": "run_start", "format": 1, "run": "r", "chain": "m:c", "input": {"question": "which haystack " * 9}},
        {"event": "on_tool_start", "span": 1, **about, "name": "first", "same": {"/input": [0, "/input"]}},
        {"event": "on_tool_end", "span": 1, "data": {"output": 7}},
        {"event": "on_tool_start", "span": 2, **about, "name": "second", "data": {"input": "none"}},
        {"event": "on_tool_end", "span": 2, "data": {"output": 8}},
        {"event": "run_end", "status": "ok", "spans": 2},
    ]
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(json.dumps({"seq": n, "t_us": n, **line}) + "\n" for n, line in enumerate(lines)))
    page.locator("input[type=file]").first.set_input_files(file)
    view = View(page)
    expect(view.status).to_have_text("ok")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("searchbox", name="Find in run").fill("haystack")
    # It is said by reference to the run's own input.
    expect(view.row("first")).to_have_accessible_description("found in its input")
    expect(view.row("second")).to_have_accessible_description("no match")
    assert not [url for url in asked if "/find" in url]


def test_the_help_sheet_takes_the_keyboard_and_gives_it_back(page: Page, server: Server) -> None:
    view = finished(page)
    view.spans.focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys and search")
    expect(sheet).to_be_visible()
    for words in (
        "Zoom in faster",
        "Next error",
        "Select no span",
        "took:>500ms",
        "Clear the search, then leave it",
        "Rename it",
    ):
        expect(sheet.get_by_text(words, exact=True)).to_be_attached()
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(view.spans).to_be_focused()
    # In a field it is a question mark.
    page.keyboard.press("/")
    page.keyboard.type("?")
    expect(sheet).to_be_hidden()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="tracer: all chains").click()
    page.get_by_role("button", name="Help", exact=True).click()
    expect(sheet).to_be_visible()


def test_a_span_is_copied_or_shown_where_it_cannot_be(open_page: OpenPage, server: Server) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(server.url)
    expect(page.get_by_role("combobox", name="Chain").locator("option").nth(1)).to_be_attached()
    view = finished(page)
    view.choose("ChatOpenAI", "Output")
    copy = page.get_by_role("button", name="Copy", exact=True)
    copy.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Copied.", exact=True)).to_be_attached()
    report = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert (report["span"]["name"], report["span"]["state"]) == ("ChatOpenAI", "ok")
    assert report["span"]["output"]["content"].split("\n")[0] in view.panel.inner_text()
    assert report["versions"]["tracer"]
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('Denied by a test.')); }")
    copy.click()
    page.get_by_role("menuitem", name="The whole tree, as Markdown").click()
    text = page.get_by_role("textbox", name="Text to copy")
    expect(text).to_be_focused()
    expect(text).to_have_value(re.compile(r"## `tracer\.demo:rag`: ok[\s\S]*- chain `RunnableSequence` · ok"))
    expect(page.get_by_text("Denied by a test.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(copy).to_be_visible()


def test_keys_work_wherever_a_click_left_the_page(page: Page, server: Server) -> None:
    view = finished(page)
    page.get_by_role("heading", name="rag").click()
    assert page.evaluate("document.activeElement.matches('body, main')")
    chosen = view.spans.locator('[aria-selected="true"]')
    expect(chosen).to_have_accessible_name(re.compile("ChatOpenAI"))
    page.keyboard.press("ArrowUp")
    expect(chosen).to_have_accessible_name(re.compile("ChatPromptTemplate"))
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_accessible_name(re.compile("ChatOpenAI"))
    page.keyboard.press("w")
    page.wait_for_url(re.compile("from="))
    page.keyboard.press("0")
    page.wait_for_url(lambda url: "from=" not in url)
    # The panel of events stays as it was left.
    page.get_by_role("button", name="Events", exact=True).click()
    expect(view.events).to_be_hidden()
    page.reload()
    expect(view.rows.first).to_be_visible()
    expect(view.events).to_be_hidden()
    page.get_by_role("button", name="Events", exact=True).click()
    expect(view.events).to_be_visible()
