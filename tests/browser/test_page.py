"""The page as a whole: names, keys, themes, sizes, and text that would like to be more than text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chains import MARKUP
from tests.browser.conftest import Complaints, OpenContext, OpenPage
from tests.browser.server import Server
from tests.browser.view import View, post_run, wait_for_end

TABS = ("Output", "JSON", "Input", "Attributes", "Raw")


@pytest.fixture(scope="module")
def rag_run(browser: Browser, server: Server) -> str:
    """A finished run to look at."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url)
    run = post_run(page, "rag", {"question": "How do I stream JSON?", "k": 2})
    wait_for_end(page, run)
    context.close()
    return run


@pytest.fixture
def rag_page(tab: Page, server: Server, rag_run: str) -> Page:
    tab.goto(f"{server.origin}/runs/{rag_run}")
    View(tab).ended()
    return tab


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    """One on whose folder nothing has run yet."""
    server = Server(tmp_path / "runs", (str(Path(__file__).with_name("chains.py")),), pace=0)
    server.start()
    yield server
    server.stop()


def test_everything_has_the_name_it_is_known_by(rag_page: Page) -> None:
    view = View(rag_page)
    for part in (view.chain, view.runs, view.spans, view.status, view.details, view.events):
        expect(part).to_be_visible()
    assert view.chain.evaluate("element => element.tagName") == "SELECT"
    expect(rag_page.get_by_role("button", name="New run")).to_be_visible()
    assert view.details.get_by_role("tab").all_inner_texts() == list(TABS)
    expect(rag_page).to_have_title(re.compile("rag"))
    for row in view.rows.all():
        assert re.match(r"[1-9]", row.get_attribute("aria-level") or "")
    model = view.row("ChatOpenAI").first
    name = model.get_attribute("aria-label") or ""
    for part in ("model", "ChatOpenAI", "ok", r"\d (ms|s)\b"):
        assert re.search(part, name), f"{part} is missing in {name!r}"


def test_the_tree_is_walked_with_the_arrow_keys(rag_page: Page) -> None:
    view = View(rag_page)
    selected = view.spans.locator('[role="row"][aria-selected="true"]')
    view.rows.first.click()
    view.spans.focus()
    keys = rag_page.keyboard
    keys.press("Home")
    first = selected.get_attribute("aria-label")
    keys.press("ArrowDown")
    expect(selected).not_to_have_attribute("aria-label", first or "")
    active = view.spans.get_attribute("aria-activedescendant")
    assert active
    assert active == selected.get_attribute("id")
    keys.press("ArrowUp")
    expect(selected).to_have_attribute("aria-label", first or "")
    count = view.rows.count()
    expect(selected).to_have_attribute("aria-expanded", "true")
    keys.press("ArrowLeft")
    expect(selected).to_have_attribute("aria-expanded", "false")
    assert view.rows.count() < count
    keys.press("ArrowRight")
    expect(view.rows).to_have_count(count)
    keys.press("End")
    expect(view.rows.last).to_have_attribute("aria-selected", "true")


def test_tabs_are_changed_with_the_arrow_keys(rag_page: Page) -> None:
    view = View(rag_page)
    view.tab("Output")
    for name in (*TABS[1:], TABS[0]):
        rag_page.keyboard.press("ArrowRight")
        tab = view.details.get_by_role("tab", name=name, exact=True)
        expect(tab).to_be_focused()
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(view.panel).to_have_count(1)
        expect(rag_page.get_by_role("tabpanel", name=name)).to_be_visible()


def test_raw_holds_the_lines_as_they_are_on_disk(rag_page: Page) -> None:
    view = View(rag_page)
    view.choose("ChatOpenAI", "Raw")
    expect(view.panel).to_contain_text("on_chat_model_start")
    expect(view.panel).to_contain_text("on_chat_model_end")


def test_hostile_text_is_text_everywhere(page: Page, complaints: Complaints) -> None:
    view = View(page)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    view.open("hostile")
    about = page.get_by_text('<img src="/x" onerror="window.hit=1"> fails').filter(visible=True)
    expect(about).to_have_count(1)
    view.start("hostile", MARKUP)
    view.ended("error")
    expect(page.get_by_role("main")).to_contain_text(MARKUP)
    for row in range(view.rows.count()):
        view.rows.nth(row).click()
        for tab in TABS:
            view.tab(tab)
    view.choose("chain lure", "JSON")
    expect(view.panel).to_contain_text("onerror")
    page.get_by_role("button", name="New run").click()
    expect(page.get_by_role("textbox", name="input")).to_have_value(MARKUP)
    page.wait_for_timeout(100)
    assert page.evaluate("window.hit") is None
    assert page.locator('img[src="/x"]').count() == 0
    assert not [url for url in requests if url.endswith("/x")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_can_be_read(open_page: OpenPage, server: Server, rag_run: str, theme: str) -> None:
    page = open_page(color_scheme=theme)
    page.goto(f"{server.origin}/runs/{rag_run}")
    view = View(page)
    view.ended()
    assert (luminance(page, "document.body") < 0.2) == (theme == "dark")
    assert page.evaluate(FAINT) == []
    view.open("rag")
    assert page.evaluate(FAINT) == []


def test_the_theme_can_be_chosen_and_is_kept(page: Page) -> None:
    before = luminance(page, "document.body")
    page.get_by_role("button", name=re.compile("theme", re.IGNORECASE)).click()
    after = luminance(page, "document.body")
    assert abs(before - after) > 0.5
    page.reload()
    assert luminance(page, "document.body") == after


# Every visible piece of text whose contrast with what lies behind it is below WCAG's AA. Text on a bar or a gradient,
# whose ground is no one colour, is left to design; disabled controls are exempt.
FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return { rgb: [r, g, b], alpha: a / 255 };
  };
  const over = (top, below) => top.rgb.map((part, n) => part * top.alpha + below[n] * (1 - top.alpha));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => {
      const x = part / 255;
      return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  // What lies below a point of the text, by the order of painting: a label on a bar is no child of the bar.
  const ground = (element, x, y) => {
    const stack = document.elementsFromPoint(x, y);
    const layers = [];
    for (const at of stack.slice(stack.indexOf(element))) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      layers.push(parse(style.backgroundColor));
      if (layers[layers.length - 1].alpha === 1) break;
    }
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility({ opacityProperty: true })) continue;
    if (element.closest("script, style, option, :disabled, [aria-hidden=true]")) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const [x, y] = [box.x + Math.min(8, box.width / 2), box.y + box.height / 2];
    if (!document.elementsFromPoint(x, y).includes(element)) continue;
    const below = ground(element, x, y);
    if (!below) continue;
    const style = getComputedStyle(element);
    const opacity = Number(style.opacity);
    const ink = parse(style.color);
    const seen = over({ rgb: ink.rgb, alpha: ink.alpha * opacity }, below);
    const [a, b] = [light(seen), light(below)].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (contrast < (large ? 3 : 4.5))
      faint.push(`${element.className}: ${texts.currentNode.data.trim().slice(0, 40)} ${contrast.toFixed(2)}`);
  }
  return faint;
}"""


def luminance(page: Page, element: str) -> float:
    """Of an element's ground, 0 to 1."""
    rgb = page.evaluate(f"getComputedStyle({element}).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number)")
    return float(sum(weight * part / 255 for weight, part in zip((0.2126, 0.7152, 0.0722), rgb, strict=True)))


def test_a_phone_needs_no_sideways_scrolling(open_context: OpenContext, server: Server, rag_run: str) -> None:
    page = open_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    page.goto(server.url)
    view = View(page)
    fits(page)
    for chain in ("rag", "everything", "parallel"):
        view.open(chain)
        fits(page)
    page.get_by_role("button", name="Edit as JSON").click()
    fits(page)
    page.goto(f"{server.origin}/runs/{rag_run}")
    view.ended()
    fits(page)
    view.row("ChatOpenAI").first.click()
    for tab in TABS:
        view.tab(tab)
        fits(page)


def fits(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{wide} px too wide"


def test_a_page_without_runs_says_what_to_do(fresh_server: Server, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(fresh_server.url)
    expect(page.get_by_role("main")).to_contain_text(re.compile("tracer", re.IGNORECASE))
    expect(page.get_by_text(re.compile(r"(nothing|no runs?)\b.*", re.IGNORECASE)).first).to_be_visible()
    View(page).start("count", {"steps": 3, "pause": 0})
    View(page).ended()


def test_a_run_that_is_not_there_is_said_to_be_gone(page: Page, server: Server, complaints: Complaints) -> None:
    complaints.expect("status of 404")
    answer = page.goto(f"{server.origin}/runs/01900000-0000-7000-8000-000000000000")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("body")).to_contain_text(re.compile("no run", re.IGNORECASE))
    page.get_by_role("link").first.click()
    expect(View(page).chain).to_be_visible()


def test_search_finds_runs(page: Page) -> None:
    view = View(page)
    view.start("count", {"steps": 3, "pause": 0})
    view.ended()
    search = view.runs.get_by_role("searchbox")
    search.fill("count")
    expect(view.runs.get_by_role("link").first).to_contain_text("count")
    search.fill("zzzz-nothing")
    expect(view.runs.get_by_role("link")).to_have_count(0)
    expect(view.runs).to_contain_text(re.compile("no (run|match)", re.IGNORECASE))
    search.fill("")
    expect(view.runs.get_by_role("link").first).to_be_visible()


def test_the_page_says_that_the_answers_are_scripted(page: Page) -> None:
    expect(page.get_by_text("These answers are scripted").first).to_be_visible()
