"""One server, one browser and one context for all tests of this folder; a page for each, which must be free of
complaints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.browser.server import Server

CHAINS = ("tracer.demo", *(str(Path(__file__).with_name(name)) for name in ("chains.py", "true_chains.py")))
# Two busy cores make a page slow; what is right in the end is right.
PATIENCE = 15_000
# One process for all pages of a context: it has the page's modules compiled already.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--process-per-site"]
SIZE: ViewportSize = {"width": 1440, "height": 900}


def launch(playwright: Playwright, path: str) -> Browser:
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


# A package's scope, no wider: while it is started, Playwright's loop stands in the way of every asyncio test.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    browser = launch(playwright, chromium_path)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With the scripted answers at five times a person's pace."""
    server = Server(tmp_path_factory.mktemp("page") / "runs", CHAINS, pace=0.2)
    server.start()
    yield server
    server.stop()


class Complaints:
    """What the browser found wrong on a page: console errors, exceptions, violations of the CSP."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._expected: list[str] = []

    def expect(self, pattern: str) -> None:
        """A complaint this test brings about, as a regular expression."""
        self._expected.append(pattern)

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"exception: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def left(self) -> list[str]:
        return [one for one in self.found if not any(re.search(pattern, one) for pattern in self._expected)]


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    complaints = Complaints()
    yield complaints
    assert complaints.left() == []


OpenContext = Callable[..., BrowserContext]


@pytest.fixture
def open_context(browser: Browser, server: Server, complaints: Complaints) -> Iterator[OpenContext]:
    """Makes browser contexts of the test's own, with nothing cached; each page in them is watched for complaints."""
    opened: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(**{"viewport": SIZE, **options})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.on("page", complaints.watch)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture(scope="package")
def shared_context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """The context of all tests that need none of their own, with what it has cached. Its first page is not the tests':
    it keeps the process going, and can clear what a test stored."""
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(PATIENCE)
    context.new_page().goto(f"{server.origin}{SMALL}")
    yield context
    context.close()


SMALL = "/static/0/js/theme.js"
"""What anybody may have, without a token."""
FORGET = "() => { localStorage.clear(); sessionStorage.clear(); }"
OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(shared_context: BrowserContext, server: Server, complaints: Complaints) -> Iterator[OpenPage]:
    """Opens new pages of a context in which nothing is stored and nothing allowed; each is watched for complaints."""

    def make(*, viewport: ViewportSize | None = None, **media: Any) -> Page:
        page = shared_context.new_page()
        if viewport:
            page.set_viewport_size(viewport)
        if media:
            page.emulate_media(**media)
        return page

    # Lets them in, as the address with its token does, without a page that is loaded for it.
    shared_context.request.get(server.url)
    shared_context.on("page", complaints.watch)
    yield make
    shared_context.remove_listener("page", complaints.watch)
    shared_context.set_offline(False)
    keeper, *pages = shared_context.pages
    for page in pages:
        # Of another server: what is stored belongs to an origin.
        if page.url.startswith("http:"):
            page.evaluate(FORGET)
        page.close()
    keeper.evaluate(FORGET)
    shared_context.clear_cookies()
    shared_context.clear_permissions()


@pytest.fixture
def tab(open_page: OpenPage, server: Server, complaints: Complaints) -> Page:
    """A page that may go wherever it wants, and shows nothing yet."""
    complaints.expect(r"/favicon\.ico$")
    page = open_page()
    page.goto(f"{server.origin}{SMALL}")
    return page


@pytest.fixture
def page(open_page: OpenPage, server: Server) -> Page:
    page = open_page()
    page.goto(server.url)
    # Its chains are there: whoever types into the list before would type into an empty one.
    expect(page.get_by_role("combobox", name="Chain").locator("option").nth(1)).to_be_attached()
    return page
