"""Every state that the page can be in, and the way there: by pointer, so that it works at any size."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.server import ROOT, Server
from tests.browser.view import View, post_run, wait_for_end

State = Callable[[Page, Server], None]
FIXTURES = ROOT / "tests" / "fixtures"
QUESTION = {"question": "How do I stream JSON?", "k": 2}


def _is_small(page: Page) -> bool:
    return (page.viewport_size or {"width": 0})["width"] < 480


def _ran(page: Page, server: Server, chain: str, given: object, **more: object) -> View:
    run = post_run(page, chain, given, **more)
    wait_for_end(page, run)
    return _shown(page, server, run)


def _shown(page: Page, server: Server, run: str) -> View:
    page.goto(f"{server.origin}/runs/{run}")
    view = View(page)
    expect(view.status).not_to_have_text(re.compile("^(running)?$"))
    return view


def _details(view: View, words: str, tab: str) -> None:
    """The details of a span; where there is little room, they lie over the rows."""
    view.row(words).first.click()
    view.tab(tab)


def _file(page: Page, server: Server, fixture: str) -> View:
    """A run of the folder that nobody writes any more."""
    (server.folder / f"state-{fixture}.jsonl").write_bytes((FIXTURES / f"{fixture}.jsonl").read_bytes())
    return _shown(page, server, f"state-{fixture}")


def _dragged(page: Page, kind: str, text: str) -> None:
    page.evaluate(
        """([type, text]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([text], "mine.jsonl"));
          document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
        }""",
        [kind, text],
    )


# —— without a run


def home(page: Page, _: Server) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def empty(page: Page, server: Server) -> None:
    """No run, no chain: as the server says it of a folder in which nothing happened yet."""
    page.route("**/api/runs?*", lambda route: route.fulfill(json={"runs": [], "next": None, "total": 0, "chains": []}))
    page.route("**/api/runs/events*", lambda route: route.abort())
    page.goto(server.origin)
    expect(page.get_by_role("heading", name="Nothing run yet")).to_be_visible()


def compose(page: Page, _: Server) -> None:
    View(page).open("rag")


def refused(page: Page, _: Server) -> None:
    """A form with every kind of field, and what is wrong with it."""
    view = View(page)
    view.open("everything")
    page.get_by_role("group").locator("summary", has_text="Config").click()
    page.get_by_label("count", exact=True).first.fill("77")
    view.run.click()
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()


def compose_json(page: Page, _: Server) -> None:
    view = View(page)
    view.open("rag")
    page.get_by_role("button", name="Edit as JSON").click()
    view.json.fill('{"question": ')
    view.run.click()
    expect(view.json).to_have_attribute("aria-invalid", "true")


def no_chain(page: Page, server: Server) -> None:
    page.goto(f"{server.origin}/?chain=none:such")
    expect(page.get_by_role("heading", name="No such chain")).to_be_visible()


def missing(page: Page, server: Server) -> None:
    page.goto(f"{server.origin}/runs/none")
    expect(page.get_by_role("heading", name="Not Found")).to_be_visible()


def gone(page: Page, server: Server) -> None:
    """A file that was looked at in a tab that was loaded again."""
    page.goto(f"{server.origin}/open")
    expect(page.get_by_role("heading", name="The file is not here any more")).to_be_visible()


def dropping(page: Page, _: Server) -> None:
    _dragged(page, "dragenter", "")
    expect(page.locator(".drop-veil")).to_be_visible()


# —— states of a run


def running(page: Page, _: Server) -> None:
    view = View(page)
    view.open("stuck")
    view.run.click()
    expect(view.status).to_have_text("running")
    expect(view.rows.first).to_be_visible()


def done(page: Page, server: Server) -> None:
    _ran(page, server, "rag", QUESTION)


def failed(page: Page, server: Server) -> None:
    _ran(page, server, "fails", "x")


def cancelled(page: Page, server: Server) -> None:
    _file(page, server, "cancelled")


def interrupted(page: Page, server: Server) -> None:
    _ran(page, server, "asks", {"text": "Ann"}, config={"configurable": {"thread_id": "state"}})
    expect(page.get_by_role("form", name="Answer")).to_be_visible()


def lost(page: Page, server: Server) -> None:
    _file(page, server, "lost")
    expect(page.locator(".strip-lost")).to_be_visible()


def bad_lines(page: Page, server: Server) -> None:
    _file(page, server, "bad-lines")
    expect(page.locator(".strip-bad")).to_be_visible()


def told(page: Page, server: Server) -> None:
    """The findings, opened."""
    _file(page, server, "findings")
    page.get_by_role("button", name=re.compile(r"\d+ ?findings?")).click()
    expect(page.get_by_role("region", name="Findings")).to_be_visible()


def opened(page: Page, _: Server) -> None:
    _dragged(page, "drop", (FIXTURES / "sequence.jsonl").read_text())
    expect(page.locator(".strip-file")).to_be_visible()
    expect(View(page).rows.first).to_be_visible()


def not_opened(page: Page, _: Server) -> None:
    _dragged(page, "drop", "no log\n" * 9)
    expect(page.get_by_role("button", name="Open another file")).to_be_visible()


# —— what is done with a run


def replay(page: Page, server: Server) -> None:
    done(page, server)
    slider = page.get_by_role("slider", name="Moment")
    slider.focus()
    page.keyboard.press("Home")
    for _ in range(5):
        page.keyboard.press("PageUp")
    expect(page.get_by_text("REPLAY", exact=True)).to_be_visible()


def searched(page: Page, server: Server) -> None:
    done(page, server)
    page.get_by_role("searchbox", name="Find in run").fill("stream")
    page.keyboard.press("Enter")
    expect(page.locator("#find-said")).to_have_text(re.compile(r"\d of \d"))


def filtered(page: Page, server: Server) -> None:
    searched(page, server)
    page.get_by_role("button", name="filters").click()
    page.get_by_role("group", name="Filter spans").get_by_role("button", name="model", exact=True).click()


def not_found(page: Page, server: Server) -> None:
    done(page, server)
    page.get_by_role("searchbox", name="Find in run").fill("took:nonsense")
    expect(page.locator(".find-problem")).to_be_visible()


def helped(page: Page, server: Server) -> None:
    done(page, server)
    page.get_by_role("button", name="Help").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def graph(page: Page, server: Server) -> None:
    done(page, server)
    page.keyboard.press("g")  # the button is not there where there is little room
    expect(page.get_by_role("region", name="Graph")).to_be_visible()


def model_output(page: Page, server: Server) -> None:
    _details(_ran(page, server, "thinks", "Paris?"), "Says", "Output")


def model_input(page: Page, server: Server) -> None:
    """Messages with pictures."""
    _details(_ran(page, server, "sees", "x"), "GenericFakeChatModel", "Input")
    expect(View(page).panel.get_by_role("img").first).to_be_visible()


def attributes(page: Page, server: Server) -> None:
    _details(_ran(page, server, "rag", QUESTION), "ChatOpenAI", "Attributes")
    expect(View(page).panel).to_contain_text("model")


def raw(page: Page, server: Server) -> None:
    _details(_ran(page, server, "rag", QUESTION), "ChatOpenAI", "Raw")
    expect(page.locator(".raw-line").first).to_be_visible()


def traceback(page: Page, server: Server) -> None:
    _details(_ran(page, server, "fails", "x"), "look up", "Output")


def json(page: Page, server: Server) -> None:
    """The tree with a line of it chosen, and beside it the text it was made from."""
    view = _ran(page, server, "extract", {"text": "Of Norway and Chile."})
    _details(view, "Parser", "JSON")
    expect(page.get_by_role("tree", name="JSON").filter(visible=True)).to_be_visible()
    page.get_by_role("tree", name="JSON").get_by_role("treeitem").filter(visible=True).first.click()
    page.get_by_role("button", name="Raw text").click()
    expect(page.get_by_role("region", name="Text it was made from")).to_be_visible()


def copying(page: Page, server: Server) -> None:
    _details(_ran(page, server, "rag", QUESTION), "ChatOpenAI", "Output")
    page.get_by_role("button", name="Copy", exact=True).first.click()
    expect(page.get_by_role("menu", name="Copy")).to_be_visible()


# —— the list of runs


def listed(page: Page, server: Server) -> None:
    """Searched, and with some selected."""
    post_run(page, "count", {"steps": 1, "pause": 0})
    post_run(page, "count", {"steps": 2, "pause": 0})
    page.goto(server.origin)
    if _is_small(page):
        page.get_by_role("button", name="Show runs").click()
    runs = page.get_by_role("navigation", name="Runs")
    runs.get_by_role("searchbox").fill("count")
    # What is found is there: another search takes the selection away.
    expect(runs.get_by_role("heading", name=re.compile("^Runs"))).to_contain_text(" of ")
    runs.get_by_role("button", name="Select runs").click()
    runs.get_by_role("checkbox").first.check()
    expect(runs.get_by_text("1 selected")).to_be_visible()


def deleting(page: Page, server: Server) -> None:
    listed(page, server)
    page.get_by_role("button", name="Delete the selected runs").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def renaming(page: Page, server: Server) -> None:
    listed(page, server)
    page.get_by_role("button", name="Rename the selected run").click()
    expect(page.get_by_role("textbox", name=re.compile("New name"))).to_be_visible()


def none_listed(page: Page, server: Server) -> None:
    listed(page, server)
    page.get_by_role("searchbox", name="Search runs").fill("no such run at all")
    expect(page.get_by_text("No run has")).to_be_visible()


STATES: list[State] = [
    home, empty, compose, refused, compose_json, no_chain, missing, gone, dropping,
    running, done, failed, cancelled, interrupted, lost, bad_lines, told, opened, not_opened,
    replay, searched, filtered, not_found, helped, graph,
    model_output, model_input, attributes, raw, traceback, json, copying,
    listed, deleting, renaming, none_listed,
]  # fmt: skip
