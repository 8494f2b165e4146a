"""The pictures of docs/states.md and docs/findings.md: `python tests/browser/pictures.py` takes them all anew.

Each state is photographed in a run of the chain that stands in its row of docs/states.md, each finding in one of
finding_chains.py.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Locator, Page, expect, sync_playwright  # noqa: E402 (the tests' modules lie in ROOT)

from tests.browser.finding_chains import INPUT  # noqa: E402
from tests.browser.server import Server  # noqa: E402
from tests.browser.view import View, post_run, wait_for_end  # noqa: E402
from tracer.capture.findings.notes import KINDS  # noqa: E402

DOCS = ROOT / "docs"
PICTURES = DOCS / "pictures"
SIZE = {"width": 1280, "height": 700}
ROW_WIDTH = 586
CARD_WIDTH = 720
LIVE = ("running", "cancelled", "abandoned", "lost")
"""States for which the run has to be caught while it goes on."""


def states() -> dict[str, tuple[str, str, str]]:
    """Of each state in docs/states.md: the chain, its input, the name of the span that shows it."""
    found = {}
    for row in (DOCS / "states.md").read_text().splitlines():
        if row.startswith("| `"):
            cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
            names = re.findall(r"`(.*?)`", cells[4])
            found[cells[0].strip("`")] = (cells[2].strip("`"), cells[3].strip("`"), names[0])
    return found


def module(rows: dict[str, tuple[str, str, str]]) -> str:
    """The code of docs/states.md, and each chain of its table under the name of its state."""
    (code, *_) = re.findall(r"```python\n(.*?)```", (DOCS / "states.md").read_text(), re.S)
    return code + "".join(f"\n\nin_{state} = {chain}\n" for state, (chain, _, _) in rows.items())


def keep(part: Locator, name: str, most: float = 10_000) -> None:
    part.scroll_into_view_if_needed()
    part.page.mouse.move(0, 0)
    part.page.wait_for_timeout(150)
    box = part.bounding_box()
    assert box is not None
    clip = {**box, "width": min(box["width"], most)}
    part.page.screenshot(path=PICTURES / f"{name}.png", clip=clip)  # type: ignore[arg-type]
    print(name)


def take_states(page: Page, folder: Path) -> None:
    rows = states()
    file = folder / "in_states.py"
    file.write_text(module(rows))
    server = Server(folder / "runs", (str(file),), pace=0)
    server.start()
    page.goto(server.url)
    view = View(page)
    for state, (_, given, span) in rows.items():
        run = post_run(page, f"in_{state}", eval(given))
        if state not in LIVE:
            wait_for_end(page, run)
        page.goto(f"{server.origin}/runs/{run}")
        row = view.row(rf" {span}, ").first
        expect(row).to_be_visible()
        if state in LIVE:
            page.wait_for_timeout(1200)
        if state == "lost":
            server.stop(signal.SIGKILL)
            server.start()
            page.goto(server.url)
            page.goto(f"{server.origin}/runs/{run}")
        elif state in LIVE and state != "running":
            view.stop.click()
        expect(row).to_have_accessible_name(re.compile(state), timeout=15_000)
        # Which one is chosen differs, and says nothing here.
        row.evaluate("row => { row.style.background = 'none'; }")
        keep(row, f"state-{state}", ROW_WIDTH)
        if state == "running":
            view.stop.click()
            view.ended("cancelled")
    server.stop()


def take_findings(page: Page, folder: Path) -> None:
    server = Server(folder / "runs", (str(Path(__file__).with_name("finding_chains.py")),), pace=1)
    server.start()
    page.goto(server.url)
    for kind in KINDS:
        run = post_run(page, kind, INPUT)
        wait_for_end(page, run)
        page.goto(f"{server.origin}/runs/{run}")
        page.get_by_role("button", name=re.compile(r"^\d+\s*finding")).click()
        card = page.locator(".finding", has=page.locator(".finding-kind", has_text=kind)).first
        expect(card).to_be_visible()
        # Whose machine it was is no part of the picture.
        card.evaluate(
            """(card, [path, name, width]) => {
              const texts = document.createTreeWalker(card, NodeFilter.SHOW_TEXT);
              card.style.width = `${width}px`;
              while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(path, name);
            }""",
            [str(Path(__file__).with_name("finding_chains.py")), "my_app.py", CARD_WIDTH],
        )
        keep(card, f"finding-{kind}")
    server.stop()


def main() -> None:
    path = os.environ.get("TRACER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    PICTURES.mkdir(exist_ok=True)
    options: dict[str, Any] = {"viewport": SIZE, "color_scheme": "light", "reduced_motion": "reduce"}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(**options).new_page()
        page.add_init_script(
            "try { localStorage.setItem('tracer.size.names', '300'); } catch { /* no page has been loaded yet */ }"
        )
        for take, name in ((take_states, "states"), (take_findings, "findings")):
            (Path(folder) / name).mkdir()
            take(page, Path(folder) / name)
        browser.close()


if __name__ == "__main__":
    main()
