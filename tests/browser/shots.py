"""Photographs of the page: `python tests/browser/shots.py FOLDER` takes them all, `--readme` those of the README.

{empty, compose, running, done, failed} × {light, dark} × {1440×900, 390×844}, in demo runs on a server of its own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402 (the tests' modules lie in ROOT)

from tests.browser.server import Server  # noqa: E402
from tests.browser.view import View  # noqa: E402

SIZES = {"1440x900": {"width": 1440, "height": 900}, "390x844": {"width": 390, "height": 844}}
THEMES = ("light", "dark")
README = ROOT / "docs" / "screenshot.png"


def shoot(browser: Browser, folder: Path, size: str, theme: str) -> None:
    phone = size.startswith("390")
    with tempfile.TemporaryDirectory() as place:
        server = Server(Path(place) / "runs", ("tracer.demo",), pace=1)
        server.start()
        context = browser.new_context(viewport=SIZES[size], color_scheme=theme, has_touch=phone, is_mobile=phone)  # type: ignore[arg-type]
        page = context.new_page()
        view = View(page)

        def keep(name: str) -> None:
            page.wait_for_timeout(200)
            page.screenshot(path=folder / f"{name}-{theme}-{size}.png")

        page.goto(server.url)
        expect(view.chain).to_be_visible()
        keep("empty")
        fill_list(page, server, view)
        page.goto(f"{server.origin}/?chain=rag")
        expect(view.run).to_be_visible()
        keep("compose")
        page.goto(f"{server.origin}/?chain=extract")
        view.run.click()
        half_way(view)
        keep("running")
        view.ended()
        keep("done")
        view.start("flaky", {"question": "What does a run look like that fails for good?", "fail": True})
        view.ended("error")
        keep("failed")
        context.close()
        server.stop()


def fill_list(page: Page, server: Server, view: View) -> None:
    """A few runs beside the one that is looked at."""
    for chain in ("parallel", "flaky", "agent"):
        page.goto(f"{server.origin}/?chain={chain}")
        view.run.click()
        view.run_id()
        if chain == "parallel":
            page.wait_for_timeout(900)
            view.stop.click()
        view.ended("cancelled" if chain == "parallel" else "ok", seconds=60)


def half_way(view: View) -> None:
    """The first country's cities are there, its languages are being written."""
    view.choose("JsonOutputParser", "JSON")
    expect(view.panel).to_contain_text("Breton", timeout=30_000)


def readme(browser: Browser) -> None:
    with tempfile.TemporaryDirectory() as place:
        shoot(browser, Path(place), "1440x900", "light")
        shutil.copy(Path(place) / "running-light-1440x900.png", README)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where the whole matrix goes")
    parser.add_argument("--readme", action="store_true", help=f"write {README.relative_to(ROOT)}")
    parser.add_argument("--theme", choices=THEMES)
    parser.add_argument("--size", choices=SIZES)
    asked = parser.parse_args()
    if asked.folder is None and not asked.readme:
        parser.error("name a folder, or --readme")
    path = os.environ.get("TRACER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        if asked.readme:
            readme(browser)
        if asked.folder is not None:
            asked.folder.mkdir(parents=True, exist_ok=True)
            for size in [asked.size] if asked.size else SIZES:
                for theme in [asked.theme] if asked.theme else THEMES:
                    shoot(browser, asked.folder, size, theme)
        browser.close()


if __name__ == "__main__":
    main()
