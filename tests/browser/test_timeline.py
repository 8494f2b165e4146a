"""The timeline: what keys, wheel and pointer do to the stretch of time and the rows that are seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser import big_logs
from tests.browser.conftest import OpenContext, OpenPage
from tests.browser.server import Server
from tests.browser.view import View

SPANS = 300

# What is painted, as the colours of the pixels that are not seen through: read from a copy that is made to be read.
COLOURS = """canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(canvas, 0, 0);
  const {data} = context.getImageData(0, 0, copy.width, copy.height);
  const seen = new Set();
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] === 255) seen.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
  return [...seen];
}"""

Shown = tuple[float, float]


class Timeline(View):
    """A run of some hundred spans, and what is seen of its time."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.overview = page.locator(".overview")
        self.brush = page.locator(".overview-brush")
        self.ticks = page.locator(".ticks")
        self.all = page.locator(".ruler-all")
        self.hidden = page.get_by_role("button", name="prompts, parsers and passthroughs")
        self.hover = page.get_by_role("tooltip", include_hidden=True)

    def shown(self) -> Shown:
        """Which shares of the run are seen, once nothing moves any more."""
        self.page.wait_for_function(
            """() => {
                 const brush = document.querySelector(".overview-brush");
                 const now = brush.getBoundingClientRect().x + "|" + brush.getBoundingClientRect().width;
                 const rests = now === window.brushed;
                 window.brushed = now;
                 return rests;
               }""",
            polling=120,
        )
        whole = box(self.page.locator(".overview-lanes"))
        part = box(self.brush)
        return (part["x"] - whole["x"]) / whole["width"], part["width"] / whole["width"]

    def top(self) -> int:
        """Where the first row that is seen stands among all."""
        return min(int(one) for one in self.rows.evaluate_all("rows => rows.map(row => row.ariaRowIndex)"))

    def count(self) -> int:
        return int(self.spans.get_attribute("aria-rowcount") or 0)


def box(locator: Locator) -> FloatRect:
    found = locator.bounding_box()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def run(server: Server) -> str:
    run = big_logs.run_id(SPANS)
    big_logs.write(server.folder / f"{run}.jsonl", SPANS)
    return run


Show = Callable[..., Timeline]


@pytest.fixture
def show(open_page: OpenPage, open_context: OpenContext, server: Server, run: str) -> Show:
    def open_(**options: object) -> Timeline:
        options["reduced_motion"] = "reduce"
        if "is_mobile" in options:
            page = open_context(**options).new_page()
            page.goto(server.url)
        else:
            page = open_page(**options)
        page.goto(f"{server.origin}/runs/{run}?span=2")
        timeline = Timeline(page)
        timeline.ended()
        expect(timeline.row("^chain agent").first).to_be_visible()
        return timeline

    return open_


def test_keys_zoom_and_pan_and_show_all_again(show: Show) -> None:
    timeline = show()
    keys = timeline.page.keyboard
    assert timeline.shown() == pytest.approx((0, 1), abs=0.01)
    expect(timeline.all).to_be_hidden()
    keys.press("w")
    _, width = timeline.shown()
    assert width == pytest.approx(1 / 1.5, abs=0.02)
    keys.press("Shift+W")
    first, width = timeline.shown()
    assert width == pytest.approx(1 / 6, abs=0.02)
    keys.press("Shift+D")
    later, same = timeline.shown()
    assert same == pytest.approx(width, abs=0.01)
    assert later == pytest.approx(first + 0.8 * width, abs=0.02)
    keys.press("a")
    assert timeline.shown()[0] == pytest.approx(later - 0.2 * width, abs=0.02)
    keys.press("s")
    assert timeline.shown()[1] == pytest.approx(width * 1.5, abs=0.02)
    keys.press("0")
    assert timeline.shown() == pytest.approx((0, 1), abs=0.01)


def test_keys_go_by_their_place_and_leave_fields_alone(show: Show) -> None:
    timeline = show()
    # On a French keyboard the key that stands where W does says z.
    timeline.page.evaluate("""() => dispatchEvent(new KeyboardEvent("keydown", {key: "z", code: "KeyW"}))""")
    _, width = timeline.shown()
    assert width < 0.9
    timeline.page.get_by_role("searchbox").first.press_sequentially("wwfe0")
    assert timeline.shown()[1] == pytest.approx(width, abs=0.001)


def test_fit_shows_the_selected_span_and_a_bar_beyond_the_edge_is_pointed_at(show: Show) -> None:
    timeline = show()
    timeline.row("chat model ChatOpenAI").first.click()
    timeline.page.keyboard.press("f")
    _, width = timeline.shown()
    assert width < 0.2
    bar = box(timeline.row("chat model ChatOpenAI").first.locator(".bar"))
    wait = box(timeline.row("chat model ChatOpenAI").first.locator(".bar-wait"))
    room = box(timeline.ticks)
    assert wait["width"] + bar["width"] > room["width"] * 0.75
    beyond = timeline.spans.locator('.row:visible:has(.bar-arrow[data-side="right"])').last
    before, _ = timeline.shown()
    expect(beyond.locator(".bar")).to_be_hidden()
    name = beyond.get_attribute("data-span")
    beyond.locator(".bar-arrow").click()
    after, same = timeline.shown()
    assert after > before
    assert same == pytest.approx(width, abs=0.01)
    expect(timeline.spans.locator(f'.row[data-span="{name}"] .bar')).to_be_visible()


def test_the_wheel_zooms_at_the_pointer_pans_and_scrolls(show: Show) -> None:
    timeline = show()
    page = timeline.page
    rows = box(timeline.spans)
    ticks = box(timeline.ticks)
    share = 0.7
    x = ticks["x"] + (ticks["width"] - 16) * share
    page.mouse.move(x, rows["y"] + 60)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    first, width = timeline.shown()
    assert width < 0.6
    # What was under the pointer still is.
    assert first + share * width == pytest.approx(share, abs=0.03)
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 100)
    page.keyboard.up("Shift")
    assert timeline.shown()[0] > first
    assert timeline.top() == 1
    seen = timeline.shown()
    page.mouse.wheel(0, 600)
    page.wait_for_function("""() => document.querySelector('[role="treegrid"]').scrollTop > 300""")
    assert timeline.shown() == seen
    expect(timeline.row("^chain RunnableSequence")).to_be_hidden()


def drag(page: Page, begin: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move((begin[0] + end[0]) / 2, begin[1])
    page.mouse.move(*end)
    page.mouse.up()


def test_the_brush_in_the_overview_and_a_drag_on_the_ruler(show: Show) -> None:
    timeline = show()
    page = timeline.page
    whole = box(page.locator(".overview-lanes"))
    middle = whole["y"] + whole["height"] / 2

    def at(share: float) -> tuple[float, float]:
        return whole["x"] + share * whole["width"], middle

    drag(page, at(0.2), at(0.5))
    assert timeline.shown() == pytest.approx((0.2, 0.3), abs=0.02)
    drag(page, at(0.35), at(0.45))
    assert timeline.shown() == pytest.approx((0.3, 0.3), abs=0.02)
    drag(page, at(0.6), at(0.8))
    assert timeline.shown() == pytest.approx((0.3, 0.5), abs=0.02)
    drag(page, at(0.3), at(0.4))
    assert timeline.shown() == pytest.approx((0.4, 0.4), abs=0.02)
    ticks = box(timeline.ticks)
    room = ticks["width"] - 16
    y = ticks["y"] + 10
    drag(page, (ticks["x"] + room * 0.25, y), (ticks["x"] + room * 0.75, y))
    assert timeline.shown() == pytest.approx((0.5, 0.2), abs=0.02)
    page.mouse.dblclick(*at(0.1))
    assert timeline.shown() == pytest.approx((0, 1), abs=0.01)


def test_plumbing_is_hidden_in_a_large_run_and_shown_on_request(show: Show) -> None:
    timeline = show()
    expect(timeline.hidden).to_have_attribute("aria-pressed", "true")
    said = re.search(r"(\d+) spans? hidden", timeline.hidden.get_attribute("aria-label") or "")
    assert said
    hidden = int(said[1])
    assert hidden > 50
    expect(timeline.hidden).to_have_text(f"{hidden} hidden")
    before = timeline.count()
    expect(timeline.row("^prompt")).to_have_count(0)
    timeline.hidden.click()
    expect(timeline.spans).to_have_attribute("aria-rowcount", str(before + hidden))
    expect(timeline.row("^prompt").first).to_be_visible()
    timeline.hidden.click()
    expect(timeline.spans).to_have_attribute("aria-rowcount", str(before))


def test_levels_and_places_stay_right_while_rows_are_pooled(show: Show) -> None:
    timeline = show()
    timeline.spans.focus()
    timeline.page.keyboard.press("End")
    last = timeline.spans.get_by_role("row", selected=True)
    expect(last).to_have_attribute("aria-rowindex", str(timeline.count()))
    said = timeline.rows.evaluate_all(
        """rows => rows.filter(row => !row.hidden).map(row =>
             ["Level", "PosInSet", "SetSize", "RowIndex"].map(name => Number(row["aria" + name])))"""
    )
    at = {level: place for level, place, *_ in said[:1]}
    for level, place, size, _ in said[1:]:
        if level in at:
            assert place == at[level] + 1
        assert place <= size
        at = {key: value for key, value in at.items() if key < level} | {level: place}
    # In the document they stand in the order in which they are seen.
    assert [one[3] for one in said] == sorted(one[3] for one in said)


def test_folding_one_and_all(show: Show) -> None:
    timeline = show()
    all_ = timeline.count()
    agent = timeline.row("^chain agent").first
    agent.locator(".twisty").click()
    expect(agent).to_have_attribute("aria-expanded", "false")
    assert timeline.count() < all_
    expect(agent.locator("canvas")).to_be_visible()
    timeline.page.keyboard.press("f")
    painted = f"() => ({COLOURS})([...document.querySelectorAll('.bar-inside')].find(one => !one.hidden)).length > 0"
    timeline.page.wait_for_function(painted)
    agent.locator(".twisty").click()
    expect(timeline.spans).to_have_attribute("aria-rowcount", str(all_))
    timeline.page.keyboard.press("*")
    expect(timeline.row("^(chat|tool)")).to_have_count(0)
    timeline.page.keyboard.press("*")
    expect(timeline.spans).to_have_attribute("aria-rowcount", str(all_))


def test_the_pointer_is_told_of_a_span_beside_its_row(show: Show) -> None:
    timeline = show()
    expect(timeline.hover).to_be_hidden()
    row = timeline.row("chat model ChatOpenAI").first
    row.hover()
    expect(timeline.hover).to_be_visible()
    for words in ("chat model", "took", "first token", "after", "tokens", "gpt-4o"):
        expect(timeline.hover).to_contain_text(words)
    assert not overlap(box(timeline.hover), box(row))
    last = timeline.spans.locator(".row:visible").last
    last.scroll_into_view_if_needed()
    last.hover()
    expect(timeline.hover).to_be_visible()
    assert not overlap(box(timeline.hover), box(last))
    timeline.overview.hover()
    expect(timeline.hover).to_be_hidden()


def overlap(a: FloatRect, b: FloatRect) -> bool:
    across = a["x"] < b["x"] + b["width"] and b["x"] < a["x"] + a["width"]
    return across and a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"]


def test_who_moves_by_keyboard_is_told_too(show: Show) -> None:
    timeline = show()
    timeline.spans.focus()
    timeline.page.keyboard.press("ArrowDown")
    expect(timeline.hover).to_be_visible()
    chosen = timeline.spans.get_by_role("row", selected=True)
    assert chosen.get_attribute("aria-describedby") == timeline.hover.get_attribute("id")
    assert not overlap(box(timeline.hover), box(chosen))


def test_the_next_error_is_one_key_away(show: Show) -> None:
    timeline = show()
    chosen = timeline.spans.get_by_role("row", selected=True)
    found = []
    for _ in range(3):
        timeline.page.keyboard.press("e")
        expect(chosen).to_have_accessible_name(re.compile("error"))
        found.append(chosen.get_attribute("aria-rowindex"))
    timeline.page.keyboard.press("Shift+E")
    expect(chosen).to_have_attribute("aria-rowindex", str(found[-2]))


def test_idle_time_is_cut_on_request_and_its_length_is_said(show: Show) -> None:
    timeline = show()
    cut = timeline.page.get_by_role("button", name="time without events")
    bands = timeline.spans.locator(".cut-band:visible")
    expect(bands).to_have_count(0)
    marks = timeline.ticks.locator(".tick:visible:not(.cut)")
    before = box(marks.last)["x"]
    cut.click()
    expect(bands.first).to_be_visible()
    gaps = re.search(r"(\d+) gap", cut.get_attribute("aria-label") or "")
    assert gaps
    assert bands.count() == int(gaps[1])
    label = timeline.ticks.locator(".cut-label").first
    expect(label).to_have_text(re.compile(r"^\d.* (ms|s)$"))
    assert box(marks.last)["x"] != before
    cut.click()
    expect(bands).to_have_count(0)


def test_durations_without_what_is_inside(show: Show) -> None:
    timeline = show()
    agent = timeline.row("^chain agent").first
    model = timeline.row("chat model ChatOpenAI").first
    time = agent.locator(".row-time")
    all_, own = time.inner_text(), model.locator(".row-time").inner_text()
    timeline.page.get_by_role("button", name="without what is inside").click()
    expect(time).not_to_have_text(all_)
    expect(agent).to_have_accessible_name(re.compile("itself"))
    expect(model.locator(".row-time")).to_have_text(own)


def test_on_a_phone_names_stand_above_bars_and_all_is_within_reach(show: Show) -> None:
    timeline = show(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    row = timeline.row("chat model ChatOpenAI").first
    expect(row).to_be_visible()
    name, bars = box(row.locator(".row-name")), box(row.locator(".row-bars"))
    assert box(row)["height"] >= 44
    assert name["y"] + name["height"] <= bars["y"] + 1
    assert bars["width"] > 300
    expect(timeline.overview).to_be_visible()
    expect(timeline.hidden).to_be_visible()
    assert timeline.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_overview_takes_the_colours_of_the_theme(show: Show) -> None:
    timeline = show(color_scheme="light")
    canvas = timeline.page.locator(".overview-lanes")
    assert "52,55,61" in canvas.evaluate(COLOURS)
    timeline.page.get_by_role("button", name="Dark theme").click()
    timeline.page.wait_for_function(
        f"() => ({COLOURS})(document.querySelector('.overview-lanes')).includes('123,128,142')"
    )


def test_a_file_of_large_runs_is_what_it_says(tmp_path: Path) -> None:
    first, again = (big_logs.write(tmp_path / name, 60) for name in ("a", "b"))
    assert first.read_bytes() == again.read_bytes()
    assert 60 <= first.read_text().count("_start") < 70
