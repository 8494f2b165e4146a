"""axe-core finds nothing serious in any state of the page, in both themes, large and small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, OpenPage
from tests.browser.page_states import (
    STATES,
    State,
    compose,
    empty,
    failed,
    filtered,
    graph,
    home,
    interrupted,
    json,
    listed,
    missing,
    no_chain,
)
from tests.browser.server import Server

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


EXPECTED: dict[State, list[str]] = {missing: ["404"], no_chain: ["404"], empty: ["ERR_FAILED"]}

# The states that show most of the page stand for the rest; all of them, in both themes and sizes, are in `make long`.
SAMPLE = {
    (home, "light", "small"),
    (compose, "light", "large"),
    (failed, "light", "large"),
    (failed, "dark", "small"),
    (json, "light", "large"),
    (filtered, "dark", "large"),
    (graph, "dark", "large"),
    (interrupted, "light", "small"),
    (listed, "light", "large"),
}


@pytest.mark.parametrize(
    ("state", "theme", "size"),
    [
        pytest.param(state, theme, size, marks=[] if (state, theme, size) in SAMPLE else [pytest.mark.long])
        for size in SIZES
        for theme in ("light", "dark")
        for state in STATES
    ],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_nothing_serious_is_found(
    open_page: OpenPage, server: Server, complaints: Complaints, state: State, theme: str, size: str
) -> None:
    for pattern in EXPECTED.get(state, []):
        complaints.expect(pattern)
    page = open_page(viewport=SIZES[size], color_scheme=theme, reduced_motion="reduce")
    page.goto(server.url)
    expect(page.get_by_role("combobox", name="Chain").locator("option").nth(1)).to_be_attached()
    state(page, server)
    assert found(page) == []
