"""Photographs of the page: `python tests/browser/shots.py FOLDER` takes them all, `--docs` those of the docs.

Every scene × {light, dark} × {1440×900, 390×844}, on a server of its own: the demo's chains, a graph that asks, and
runs of 5, 500 and 50,000 spans (big_logs.py). `--scene`, `--theme` and `--size` choose some of them.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402 (the tests' modules lie in ROOT)

from tests.browser.big_logs import run_id, write  # noqa: E402
from tests.browser.server import Server  # noqa: E402
from tests.browser.view import View, post_run, wait_for_end  # noqa: E402

SIZES = {"1440x900": {"width": 1440, "height": 900}, "390x844": {"width": 390, "height": 844}}
THEMES = ("light", "dark")
SPANS = (5, 500, 50_000)
WIDE, PHONE = SIZES

DOCS = ROOT / "docs"
README = {("json", "light", WIDE): "screenshot.png", ("json", "dark", WIDE): "screenshot-dark.png"}
PICTURES = (
    ("streaming", "dark", WIDE),
    ("replay", "light", WIDE),
    ("failed", "dark", WIDE),
    ("findings", "light", WIDE),
    ("find", "light", WIDE),
    ("events", "dark", WIDE),
    ("interrupted", "light", WIDE),
    ("graph", "dark", WIDE),
    ("form", "light", WIDE),
    ("keys", "dark", WIDE),
    ("spans-5", "light", WIDE),
    ("spans-500", "dark", WIDE),
    ("spans-50000", "light", WIDE),
    ("spans-50000-deep", "dark", WIDE),
    ("json", "dark", PHONE),
    ("done", "light", PHONE),
    ("failed", "dark", PHONE),
)
"""Those of the docs: scene, theme and size."""
TAKEN_FOR_DOCS = {
    **README,
    **{one: f"pictures/page-{one[0]}-{one[1]}{'-phone' * (one[2] == PHONE)}.png" for one in PICTURES},
}

RAG = {"question": "What is a Runnable, and why does streaming need astream_events?", "k": 3}
FLAKY = {"question": "What does a run look like that fails for good?", "fail": True}


@dataclass
class Eye:
    """A page of one size and theme."""

    page: Page
    view: View
    size: str
    theme: str

    @property
    def phone(self) -> bool:
        return self.size.startswith("390")

    def settle(self) -> None:
        """What moves has come to rest, the list knows it too, and the pointer is out of the way."""
        self.page.mouse.move(0, 0)
        self.page.wait_for_function(
            """() => {
              const [run, item] = [".run-status > .state", ".runs-entry[aria-current] .state"].map(
                (one) => document.querySelector(one)?.dataset.state);
              return !run || !item || run === "running" || item !== "running";
            }"""
        )
        self.page.wait_for_timeout(900)


@dataclass
class Studio:
    """A server, the eyes that look at it, and the runs that were made so far, by scene."""

    server: Server
    eyes: list[Eye]
    folder: Path
    wanted: Callable[[str, Eye], bool]
    runs: dict[str, str] = field(default_factory=dict)

    @property
    def hand(self) -> Page:
        """The page that asks the server for what all see."""
        return self.eyes[0].page

    def keep(self, scene: str, eye: Eye) -> None:
        # Whose machine it was is no part of the picture.
        eye.page.evaluate(
            """root => {
              const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (texts.nextNode()) {
                const { currentNode: text } = texts;
                const told = text.data.replaceAll(root, "").replace(/"\\/\\S*\\/site-packages\\//g, '"');
                if (told !== text.data) text.data = told;
              }
            }""",
            f"{ROOT}/",
        )
        eye.page.screenshot(path=self.folder / f"{scene}-{eye.theme}-{eye.size}.png")

    def of(self, scene: str) -> list[Eye]:
        return [eye for eye in self.eyes if self.wanted(scene, eye)]

    def go(self, path: str) -> None:
        for eye in self.eyes:
            eye.page.goto(f"{self.server.origin}{path}")

    def run(self, chain: str, given: object) -> str:
        """Runs a chain to its end, once."""
        known = f"{chain} {given}"
        if known not in self.runs:
            self.runs[known] = post_run(self.hand, chain, given)
            # It is there a moment after it was asked for.
            self.hand.wait_for_timeout(100)
            wait_for_end(self.hand, self.runs[known])
        return self.runs[known]

    def each(self, scene: str, act: Callable[[Eye], None] | None = None) -> None:
        for eye in self.of(scene):
            if act:
                act(eye)
            eye.settle()
            self.keep(scene, eye)


Scene = Callable[[Studio], None]


def empty(studio: Studio) -> None:
    studio.go("/")
    studio.each("empty", lambda eye: expect(eye.page.get_by_role("heading", name="Nothing run yet")).to_be_visible())


def home(studio: Studio) -> None:
    studio.go("/")
    studio.each("home", lambda eye: expect(eye.page.get_by_role("heading", name="Run a chain")).to_be_visible())


def form(studio: Studio) -> None:
    studio.go("/?chain=rag")
    studio.each("form", lambda eye: expect(eye.view.run).to_be_visible())


def watch(studio: Studio, scene: str, given: object, chain: str, span: str, tab: str, words: str) -> None:
    """One run for each eye, caught while its details hold these words; the runs go on to their end."""
    made = []
    for eye in studio.of(scene):
        made.append(post_run(eye.page, chain, given))
        eye.page.goto(f"{studio.server.origin}/runs/{made[-1]}")
        eye.view.choose(span, tab)
        # Each frame is looked at: what grows soon scrolls them away.
        eye.page.wait_for_function(
            "words => document.querySelector('.panel:not([hidden])').textContent.includes(words)", arg=words
        )
        eye.page.mouse.move(0, 0)
        studio.keep(scene, eye)
    for run in made:
        wait_for_end(studio.hand, run)


def streaming(studio: Studio) -> None:
    """Its model has been writing for a while."""
    watch(studio, "streaming", RAG, "rag", "ChatOpenAI", "Output", "Every Runnable offers")


def growing(studio: Studio) -> None:
    """The first country's cities are being written."""
    given = examples(studio.hand, "extract")
    watch(studio, "json", given, "extract", "JsonOutputParser", "JSON", "Toulouse")


def parallel(studio: Studio) -> None:
    run = post_run(studio.hand, "parallel", examples(studio.hand, "parallel"))
    studio.go(f"/runs/{run}")
    for eye in studio.eyes:
        expect(eye.view.row("ChatOpenAI").first).to_be_visible()
    studio.hand.wait_for_timeout(1200)
    studio.each("parallel")
    wait_for_end(studio.hand, run)


def done(studio: Studio) -> None:
    studio.go(f"/runs/{studio.run('agent', examples(studio.hand, 'agent'))}")
    studio.each("done", lambda eye: eye.view.ended("ok"))


def failed(studio: Studio) -> None:
    studio.go(f"/runs/{studio.run('flaky', FLAKY)}")
    studio.each("failed", lambda eye: eye.view.ended("error"))


def findings(studio: Studio) -> None:
    studio.go(f"/runs/{studio.run('flaky', FLAKY)}")

    def act(eye: Eye) -> None:
        eye.page.get_by_role("button", name=re.compile(r"^\d+\s*finding")).click()

    studio.each("findings", act)


def cancelled(studio: Studio) -> None:
    run = post_run(studio.hand, "parallel", examples(studio.hand, "parallel"))
    studio.hand.goto(f"{studio.server.origin}/runs/{run}")
    expect(studio.eyes[0].view.row("ChatOpenAI").first).to_be_visible()
    studio.hand.wait_for_timeout(600)
    studio.hand.evaluate("run => fetch(`/api/runs/${run}/cancel`, {method: 'POST'})", run)
    wait_for_end(studio.hand, run)
    studio.go(f"/runs/{run}")
    studio.each("cancelled", lambda eye: eye.view.ended("cancelled"))


def interrupted(studio: Studio) -> None:
    studio.go(f"/runs/{studio.run('letter', {'customer': 'Ada Byron'})}")
    studio.each("interrupted", lambda eye: eye.view.ended("interrupted"))


def lost(studio: Studio) -> None:
    """Its process is killed while its model writes."""
    run = post_run(studio.hand, "rag", RAG)
    studio.hand.goto(f"{studio.server.origin}/runs/{run}")
    expect(studio.eyes[0].view.row("ChatOpenAI").first).to_be_visible()
    studio.hand.wait_for_timeout(1500)
    studio.server.stop(signal.SIGKILL)
    studio.server.start()
    studio.go(f"/runs/{run}")
    studio.each("lost", lambda eye: eye.view.ended("lost"))


def replay(studio: Studio) -> None:
    """Half way through, with its scrubber there."""
    studio.go(f"/runs/{studio.run('extract', examples(studio.hand, 'extract'))}")

    def act(eye: Eye) -> None:
        eye.view.ended("ok")
        eye.view.choose("JsonOutputParser", "JSON")
        slider = eye.page.get_by_role("slider", name="Moment")
        box = slider.bounding_box()
        assert box is not None
        slider.click(position={"x": box["width"] * 0.55, "y": box["height"] / 2})
        expect(eye.page.get_by_text("REPLAY", exact=True)).to_be_visible()

    studio.each("replay", act)


def events(studio: Studio) -> None:
    """The log, and in the details what the model was really asked."""
    studio.go(f"/runs/{studio.run('agent', examples(studio.hand, 'agent'))}")

    def act(eye: Eye) -> None:
        eye.view.ended("ok")
        eye.view.choose("ChatOpenAI", "Input")
        if eye.phone:
            eye.page.get_by_role("button", name="Close details").click()
            eye.page.get_by_role("button", name=re.compile("^Events")).click()

    studio.each("events", act)


def find(studio: Studio) -> None:
    studio.go(f"/runs/{studio.run('agent', examples(studio.hand, 'agent'))}?find=weather")

    def act(eye: Eye) -> None:
        eye.page.get_by_role("searchbox", name="Find in run").press("Enter")

    studio.each("find", act)


def filters(studio: Studio) -> None:
    studio.go(f"/runs/{studio.run('agent', examples(studio.hand, 'agent'))}?find=type%3Atool")

    def act(eye: Eye) -> None:
        eye.page.get_by_role("button", name="filters").click()

    studio.each("filters", act)


def keys(studio: Studio) -> None:
    studio.go(f"/runs/{studio.run('agent', examples(studio.hand, 'agent'))}")
    studio.each("keys", lambda eye: eye.page.get_by_role("button", name="Help").click())


def graph(studio: Studio) -> None:
    studio.go(f"/runs/{studio.run('rag', RAG)}?view=graph")
    studio.each("graph", lambda eye: expect(eye.page.get_by_role("region", name="Graph")).to_be_visible())


def runs(studio: Studio) -> None:
    studio.go("/")

    def act(eye: Eye) -> None:
        if eye.phone:
            eye.page.get_by_role("button", name="Show runs").click()
        eye.page.get_by_role("searchbox", name="Search runs").fill("runnable")

    studio.each("runs", act)


def spans(number: int) -> Scene:
    def scene(studio: Studio) -> None:
        name = f"spans-{number}"
        file = studio.server.folder / f"{run_id(number)}.jsonl"
        if not file.exists():
            write(file, number)
        studio.go(f"/runs/{run_id(number)}")
        studio.each(name, lambda eye: eye.view.ended("ok", seconds=60))
        if number > 500:
            # Deep in it, zoomed in on where something went wrong.
            def act(eye: Eye) -> None:
                eye.view.spans.focus()
                for key in "eeefsss":
                    eye.page.keyboard.press(key)
                    eye.page.wait_for_timeout(300)

            studio.each(f"{name}-deep", act)

    return scene


SCENES: dict[str, Scene] = {
    "empty": empty,
    "streaming": streaming,
    "json": growing,
    "parallel": parallel,
    "cancelled": cancelled,
    "lost": lost,
    "failed": failed,
    "findings": findings,
    "interrupted": interrupted,
    "done": done,
    "home": home,
    "form": form,
    "replay": replay,
    "find": find,
    "filters": filters,
    "keys": keys,
    "graph": graph,
    "runs": runs,
    **{f"spans-{number}": spans(number) for number in SPANS},
    "events": events,
}
"""In the order in which they are taken: the list of runs grows."""


def examples(page: Page, chain: str) -> object:
    """What the chain's form starts with."""
    return page.evaluate(
        "chain => fetch(`/api/chains/${chain}`).then(answer => answer.json()).then(about => about.examples[0])", chain
    )


@contextmanager
def studio(
    browser: Browser, folder: Path, sizes: list[str], themes: list[str], wanted: Callable[[str, Eye], bool]
) -> Iterator[Studio]:
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(Path(__file__).with_name("shot_chains.py"), Path(place) / "shop.py")
        server = Server(Path(place) / "runs", ("tracer.demo", "shop.py"), pace=1)
        server.start()
        eyes = []
        for size in sizes:
            for theme in themes:
                phone = size.startswith("390")
                context = browser.new_context(
                    viewport=SIZES[size],  # type: ignore[arg-type]
                    color_scheme=theme,  # type: ignore[arg-type]
                    has_touch=phone,
                    is_mobile=phone,
                )
                page = context.new_page()
                page.goto(server.url)
                eyes.append(Eye(page, View(page), size, theme))
        yield Studio(server, eyes, folder, wanted)
        for eye in eyes:
            eye.page.context.close()
        server.stop()


def into_docs(folder: Path) -> None:
    """Puts the pictures into the docs, with fewer colours; needs Pillow."""
    image = import_module("PIL.Image")
    for (scene, theme, size), name in TAKEN_FOR_DOCS.items():
        with image.open(folder / f"{scene}-{theme}-{size}.png") as picture:
            whole = picture.convert("RGB")
            # No colour is left out because it is seldom; each stands for the commonest of those it is near to.
            few = whole.quantize(256, method=image.Quantize.MAXCOVERAGE, dither=image.Dither.NONE)
            near = Counter(zip(few.tobytes(), zip(*[iter(whole.tobytes())] * 3, strict=True), strict=True))
            commonest = {at: colour for (at, colour), _ in reversed(near.most_common())}
            few.putpalette([part for at in range(256) for part in commonest.get(at, (0, 0, 0))])
        few.save(DOCS / name, optimize=True)


def take(
    folder: Path, scenes: list[str], sizes: list[str], themes: list[str], wanted: Callable[[str, Eye], bool]
) -> None:
    path = os.environ.get("TRACER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        with studio(browser, folder, sizes, themes, wanted) as at:
            for name in scenes:
                began = time.monotonic()
                SCENES[name](at)
                print(f"{name} {time.monotonic() - began:.1f} s", flush=True)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="where the pictures go")
    parser.add_argument("--docs", action="store_true", help="take those of the docs, and put them there")
    parser.add_argument("--scene", choices=SCENES, action="append")
    parser.add_argument("--theme", choices=THEMES, action="append")
    parser.add_argument("--size", choices=SIZES, action="append")
    asked = parser.parse_args()
    if asked.docs:
        scenes = [name for name in SCENES if any(scene.startswith(name) for scene, _, _ in TAKEN_FOR_DOCS)]
        with tempfile.TemporaryDirectory() as place:
            known = TAKEN_FOR_DOCS
            take(Path(place), scenes, list(SIZES), list(THEMES), lambda name, eye: (name, eye.theme, eye.size) in known)
            into_docs(Path(place))
    elif asked.folder is None:
        parser.error("name a folder, or --docs")
    else:
        asked.folder.mkdir(parents=True, exist_ok=True)
        sizes, themes = asked.size or list(SIZES), asked.theme or list(THEMES)
        take(asked.folder, asked.scene or list(SCENES), sizes, themes, lambda *_: True)


if __name__ == "__main__":
    main()
