"""axe-core finds nothing serious in any state of the page, in both themes, large and small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.server import Server
from tests.browser.view import View, post_run, wait_for_end

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text()
SERIOUS = {"serious", "critical"}
SIZES = {"large": {"width": 1440, "height": 900}, "small": {"width": 390, "height": 844}}


def found(page: Page) -> list[str]:
    """What axe-core calls serious or critical: rule, and where."""
    # Put in by the debugger, which the page's Content-Security-Policy does not bind.
    page.evaluate(f"() => {{ if (!window.axe) {{ {AXE} }} }}")
    result: dict[str, Any] = page.evaluate(
        """() => axe.run(document, { resultTypes: ["violations"],
                 runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })"""
    )
    return [
        f"{one['id']} ({one['impact']}) {node['target']} {node.get('failureSummary', '')[:300]}"
        for one in result["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"][:5]
    ]


def run_of(page: Page, server: Server, chain: str, given: Any) -> None:
    run = post_run(page, chain, given)
    wait_for_end(page, run)
    page.goto(f"{server.origin}/runs/{run}")
    expect(View(page).status).not_to_have_text("running")


def home(page: Page, _server: Server) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def compose(page: Page, _server: Server) -> None:
    View(page).open("rag")


def running(page: Page, _server: Server) -> None:
    view = View(page)
    view.open("stuck")
    view.run.click()
    expect(view.status).to_have_text("running")
    expect(view.rows.first).to_be_visible()


def done(page: Page, server: Server) -> None:
    run_of(page, server, "rag", {"question": "How do I stream JSON?", "k": 2})


def failed(page: Page, server: Server) -> None:
    run_of(page, server, "fails", "x")


def json(page: Page, server: Server) -> None:
    run_of(page, server, "extract", {"text": "Of Norway and Chile."})
    page.get_by_role("tab", name="JSON").click()


def replay(page: Page, server: Server) -> None:
    done(page, server)
    page.get_by_role("button", name="Event before").click()
    expect(page.get_by_text("REPLAY", exact=True)).to_be_visible()


def graph(page: Page, server: Server) -> None:
    done(page, server)
    page.keyboard.press("g")
    expect(page.get_by_role("region", name="Graph")).to_be_visible()


def helped(page: Page, server: Server) -> None:
    done(page, server)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def searched(page: Page, server: Server) -> None:
    done(page, server)
    page.keyboard.press("/")
    page.keyboard.type("stream")
    page.keyboard.press("Enter")


def missing(page: Page, server: Server) -> None:
    page.goto(f"{server.origin}/runs/none")
    expect(page.get_by_role("heading", name="Not Found")).to_be_visible()


STATES: list[Callable[[Page, Server], None]] = [
    home, compose, running, done, failed, json, replay, graph, helped, searched, missing,
]  # fmt: skip


# The states that show most of the page stand for the rest; all of them are in `make long`.
SAMPLE = {(home, "light"), (compose, "light"), (failed, "light"), (json, "light"), (searched, "dark"), (graph, "dark")}


@pytest.mark.parametrize(
    ("state", "theme"),
    [
        pytest.param(state, theme, marks=[pytest.mark.long] if (state, theme) not in SAMPLE else [])
        for theme in ("light", "dark")
        for state in STATES
    ],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_nothing_serious_is_found(
    open_context: OpenContext, server: Server, complaints: Any, state: Callable[[Page, Server], None], theme: str
) -> None:
    # The small size in one of the themes: what differs by size does not differ by colour.
    sizes = ["large", "small"] if theme == "light" else ["large"]
    if state is missing:
        complaints.expect("404")
    for size in sizes:
        page = open_context(viewport=SIZES[size], color_scheme=theme, reduced_motion="reduce").new_page()
        page.goto(server.url)
        expect(page.get_by_role("combobox", name="Chain").locator("option").nth(1)).to_be_attached()
        if size == "small" and state in (helped, searched, graph, json):
            continue  # reached by keys, or beside the rows
        state(page, server)
        assert found(page) == []
