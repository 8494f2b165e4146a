"""Whatever happens to a page, its connection or its server: it goes on where it was, and nothing is missing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser.conftest import FLAGS, Complaints, OpenPage
from tests.browser.server import Server
from tests.browser.view import View

STEPS = 120
COUNT = {"steps": STEPS, "pause": 0.015}
WHOLE = "".join(f"{n} " for n in range(STEPS)).strip()


def shows_everything(page: Page, server: Server, run: str) -> None:
    """Every chunk of a count to STEPS, in order, and as many events as the file has lines."""
    view = View(page)
    view.ended()
    view.choose("count", "Output")
    expect(view.panel).to_have_text(re.compile(rf"\b{WHOLE}\s*$"))
    lines = (server.folder / f"{run}.jsonl").read_bytes().split(b"\n")[:-1]
    assert [json.loads(line)["seq"] for line in lines] == list(range(len(lines)))
    expect(page.get_by_text(re.compile(rf"\b{len(lines)}\b")).first).to_be_visible()


def test_a_reload_in_mid_run_loses_nothing(page: Page, server: Server) -> None:
    view = View(page)
    run = view.start("count", COUNT)
    view.choose("count", "Output")
    expect(view.panel).to_contain_text("10 11 12")
    page.reload()
    shows_everything(page, server, run)


def test_a_second_tab_shows_the_same_run(page: Page, server: Server) -> None:
    run = View(page).start("count", COUNT)
    other = page.context.new_page()
    other.goto(page.url)
    shows_everything(other, server, run)
    shows_everything(page, server, run)


def test_a_killed_browser_leaves_the_run_whole(
    playwright: Playwright, chromium_path: str, server: Server, page: Page, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    with subprocess.Popen(
        [chromium_path, "--headless", *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}", server.url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            address = next(
                found[1] for line in process.stderr if (found := re.search(r"listening on (ws://\S+)", line))
            )
            doomed = playwright.chromium.connect_over_cdp(address)
            victim = doomed.contexts[0].pages[0]
            view = View(victim)
            run = view.start("count", COUNT)
            view.choose("count", "Output")
            expect(view.panel).to_contain_text("10 11 12")
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    page.goto(f"{server.origin}/runs/{run}")
    shows_everything(page, server, run)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """One that a test may kill."""
    server = Server(tmp_path / "runs", (str(Path(__file__).with_name("chains.py")),), pace=0)
    server.start()
    yield server
    server.stop()


# What a browser says of a server that is not there.
GONE = r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_NETWORK"


def test_a_killed_server_comes_back_and_the_page_goes_on(
    own_server: Server, open_page: OpenPage, complaints: Complaints
) -> None:
    complaints.expect(GONE)
    page = open_page()
    page.goto(own_server.url)
    page.evaluate("window.sameDocument = true")
    view = View(page)
    view.start("count", {"steps": 5000, "pause": 0.01})
    view.choose("count", "Output")
    expect(view.panel).to_contain_text("10 11 12")
    own_server.stop(signal.SIGKILL)
    expect(page.get_by_text(re.compile("reconnecting", re.IGNORECASE)).first).to_be_visible()
    own_server.start()
    view.ended("lost", seconds=30)
    run = view.start("count", COUNT)
    shows_everything(page, own_server, run)
    assert page.evaluate("window.sameDocument")


def test_a_stopped_server_ends_its_runs_and_says_so(
    own_server: Server, open_page: OpenPage, complaints: Complaints
) -> None:
    complaints.expect(GONE)
    page = open_page()
    page.goto(own_server.url)
    view = View(page)
    view.start("count", {"steps": 5000, "pause": 0.01})
    view.choose("count", "Output")
    expect(view.panel).to_contain_text("10 11 12")
    own_server.stop()
    own_server.start()
    view.ended("cancelled")


def test_a_hidden_tab_lets_go_and_catches_up(page: Page, server: Server) -> None:
    view = View(page)
    run = view.start("count", COUNT)
    view.choose("count", "Output")
    expect(view.panel).to_contain_text("10 11 12")
    let_go: list[str] = []
    page.on("requestfailed", lambda request: let_go.append(request.url))
    hide(page, True)
    expect(view.status).to_be_attached()
    page.wait_for_timeout(200)
    assert any(url.startswith(f"{server.origin}/api/runs/{run}/events") for url in let_go)
    shown = view.panel.inner_text()
    page.wait_for_timeout(300)
    assert view.panel.inner_text() == shown
    hide(page, False)
    shows_everything(page, server, run)


def hide(page: Page, hidden: bool) -> None:
    """A headless browser's tabs are never hidden; so this tells the page what a browser would."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
          Object.defineProperty(document, "visibilityState", {configurable: true,
            get: () => hidden ? "hidden" : "visible"});
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_a_lost_connection_is_taken_up_again(page: Page, server: Server, complaints: Complaints) -> None:
    complaints.expect("ERR_INTERNET_DISCONNECTED|ERR_NETWORK")
    view = View(page)
    run = view.start("count", COUNT)
    expect(view.row("count").first).to_be_visible()
    page.context.set_offline(True)
    page.wait_for_timeout(500)
    page.context.set_offline(False)
    shows_everything(page, server, run)


def test_tabs_nobody_sees_leave_the_connections_to_others(page: Page, server: Server) -> None:
    """A browser opens six connections to a host over HTTP/1.1, and each page that is seen needs two."""
    run = View(page).start("count", {"steps": 5000, "pause": 0.01})
    tabs = [page]
    for _ in range(4):
        hide(tabs[-1], True)
        tabs.append(page.context.new_page())
        tabs[-1].goto(f"{server.origin}/runs/{run}")
        View(tabs[-1]).choose("count", "Output")
        expect(View(tabs[-1]).panel).to_contain_text("0 1 2")
    View(tabs[-1]).stop.click()
    View(tabs[-1]).ended("cancelled")
    hide(page, False)
    View(page).ended("cancelled")
