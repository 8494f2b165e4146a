"""What a person sees and does on the page, by the names a screen reader says."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

Sample = dict[str, Any]

# Notes what stands in a place at every frame in which it has changed, beside the run's state.
WATCH = """(place) => {
  window.seen = [];
  let last = null;
  const look = () => {
    const element = document.querySelector(place);
    const text = element ? element.textContent : "";
    const row = document.querySelector('[role="treegrid"] [role="row"][aria-selected="true"]');
    const state = row ? row.getAttribute("aria-label") || row.textContent : "";
    if (text !== last) window.seen.push({ text, row: state, at: performance.now() });
    last = text;
    window.looking = requestAnimationFrame(look);
  };
  look();
}"""


class View:
    """A page with its parts by their accessible names."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.chain = page.get_by_role("combobox", name="Chain", exact=True)
        self.runs = page.get_by_role("navigation", name="Runs")
        self.spans = page.get_by_role("treegrid", name="Spans")
        self.rows = self.spans.get_by_role("row")
        self.status = page.get_by_role("status", name="Run status")
        self.details = page.get_by_role("tablist", name="Details")
        self.panel = page.get_by_role("tabpanel")
        self.events = page.get_by_role("log", name="Events")
        self.json = page.get_by_role("textbox", name="Input JSON")
        self.run = page.get_by_role("button", name="Run", exact=True)
        self.stop = page.get_by_role("button", name="Stop", exact=True)

    def open(self, chain: str) -> None:
        """The chain's form."""
        self.chain.select_option(chain)
        expect(self.page.get_by_role("heading", name=chain, exact=True)).to_be_visible()

    def start(self, chain: str, given: Any, *, watched: bool = False) -> str:
        """Runs a chain with an input typed as JSON; gives the run's id. `watched`: notes all that is shown of it."""
        self.open(chain)
        self.page.get_by_role("button", name="Edit as JSON").click()
        self.json.fill(json.dumps(given))
        if watched:
            self.page.evaluate(WATCH, '#main [role="tabpanel"]:not([hidden])')
        self.run.click()
        return self.run_id()

    def run_id(self) -> str:
        self.page.wait_for_url(re.compile(r"/runs/"))
        return urlsplit(self.page.url).path.rsplit("/", 1)[1]

    def row(self, words: str) -> Locator:
        """The rows whose name holds these words, a regular expression."""
        return self.spans.get_by_role("row", name=re.compile(words, re.IGNORECASE))

    def choose(self, words: str, tab: str) -> None:
        """Selects a span and a tab of its details."""
        self.row(words).first.click()
        self.tab(tab)

    def tab(self, name: str) -> None:
        self.details.get_by_role("tab", name=name, exact=True).click()

    def ended(self, state: str = "ok", seconds: float = 20) -> None:
        expect(self.status).to_contain_text(re.compile(rf"\b{state}\b", re.IGNORECASE), timeout=seconds * 1000)

    def seen(self) -> list[Sample]:
        """Every state of the open tab since a watched start."""
        seen: list[Sample] = self.page.evaluate("() => { cancelAnimationFrame(window.looking); return window.seen; }")
        return seen


def post_run(page: Page, chain: str, given: Any, **more: Any) -> str:
    """Starts a run as another program would, not through the page; gives its id. `more`: config, mode."""
    run: str = page.evaluate(
        """body => fetch("/api/runs", {method: "POST", headers: {"Content-Type": "application/json"},
             body: JSON.stringify(body)}).then(answer => answer.json()).then(made => made.run)""",
        {"chain": chain, "input": given, **more},
    )
    return run


def wait_for_end(page: Page, run: str) -> None:
    page.wait_for_function(
        "run => fetch(`/api/runs/${run}`).then(answer => answer.json()).then(found => found.status !== 'running')",
        arg=run,
    )
