"""Where things stand: nothing one is about to press moves away, and all of it can be reached, on a phone as well."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from tests.browser.conftest import Complaints, OpenContext
from tests.browser.server import Server
from tests.browser.test_reading import write_log
from tests.browser.view import View, post_run, wait_for_end

LOST = "01900000-0000-7000-8000-0000000105e0"
LONG = "01900000-0000-7000-8000-0000000010e6"
SILENT = "01900000-0000-7000-8000-00000051e270"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# A row of the tree, on a phone.
ROW = 44


@pytest.fixture(scope="module")
def runs(browser: Browser, server: Server) -> dict[str, str]:
    """Finished runs, by their chains."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url)
    given = {
        "flaky": {"fail": True, "question": "What fails?"},
        "extract": {"text": "We took the train through France and Spain.", "fields": ["capital", "cities"]},
    }
    made = {chain: post_run(page, chain, one) for chain, one in given.items()}
    for run in made.values():
        wait_for_end(page, run)
    context.close()
    return made


def box(what: Locator) -> FloatRect:
    found = what.bounding_box()
    assert found is not None
    return found


def scrolled(page: Page) -> Any:
    return page.evaluate("['main', '.run', '.events'].map((one) => document.querySelector(one).scrollLeft)")


def test_on_a_phone_all_is_in_reach(open_context: OpenContext, server: Server, runs: dict[str, str]) -> None:
    page = open_context(**PHONE).new_page()
    page.goto(server.url)
    page.goto(f"{server.origin}/runs/{runs['flaky']}")
    view = View(page)
    view.ended("error")
    play = box(page.get_by_role("button", name="Play", exact=True))
    page.locator(".events-toggle").click()
    expect(view.events).to_be_visible()
    follow = page.get_by_role("button", name="following", exact=True)
    for part in (view.events, page.locator(".events-name"), follow, page.locator(".event .event-text").first):
        at = box(part)
        assert at["x"] >= 0
        assert at["x"] + at["width"] <= 390
    follow.focus()
    page.locator(".events-name").focus()
    assert scrolled(page) == [0, 0, 0]
    assert box(view.spans)["height"] >= 3 * ROW
    page.get_by_role("button", name=re.compile("finding$")).click()
    expect(page.get_by_role("region", name="Findings")).to_be_visible()
    assert box(view.spans)["height"] >= 3 * ROW
    view.rows.nth(2).scroll_into_view_if_needed()
    assert scrolled(page) == [0, 0, 0]
    # What plays the run stays where it was, also where the state it shows needs more or less room.
    assert box(page.get_by_role("button", name="Play", exact=True)) == play
    page.get_by_role("button", name="Play", exact=True).tap()
    expect(view.status).to_have_text("running")
    page.touchscreen.tap(play["x"] + play["width"] / 2, play["y"] + play["height"] / 2)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert box(page.get_by_role("button", name="Play", exact=True)) == play
    skip = page.get_by_role("button", name="skip waiting")
    skip.tap()
    expect(skip).to_have_attribute("aria-pressed", "true")
    end = page.get_by_role("button", name="End", exact=True)
    assert box(end)["height"] >= ROW
    end.tap()
    view.ended("error")
    notice = page.locator(".notice-text")
    assert notice.evaluate(
        "(text) => [text.scrollWidth - text.clientWidth, text.scrollHeight - text.clientHeight]"
    ) == [
        0,
        0,
    ]


def test_nothing_moves_while_one_searches_or_a_run_ends(page: Page, server: Server) -> None:
    view = View(page)
    view.start("count", {"steps": 2000, "pause": 0.03})
    expect(page.get_by_text("LIVE", exact=True)).to_be_visible()
    filters = page.get_by_role("button", name="filters")
    find = page.get_by_role("searchbox", name="Find in run")
    places = [box(one) for one in (view.stop, filters, view.spans)]
    find.fill("count")
    expect(page.locator(".find-said")).to_contain_text(re.compile(r"\d"))
    assert [box(one) for one in (view.stop, filters, view.spans)] == places
    view.stop.click()
    view.ended("cancelled")
    expect(view.stop).to_be_hidden()
    assert [box(filters), box(view.spans)] == places[1:]
    # A press that comes after the end hits nothing.
    page.mouse.click(places[0]["x"] + 20, places[0]["y"] + 10)
    expect(page.get_by_role("group", name="Filter spans")).to_be_hidden()


def test_enter_goes_to_the_first_match_though_it_is_not_known_yet(
    page: Page, server: Server, runs: dict[str, str]
) -> None:
    page.goto(f"{server.origin}/runs/{runs['flaky']}")
    View(page).ended("error")
    find = page.get_by_role("searchbox", name="Find in run")
    find.focus()
    # Both in one task: no frame comes between them, so nothing can have been found.
    find.evaluate("""(box) => {
      box.value = "ChatOpenAI";
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    }""")
    expect(page.locator(".find-said")).to_have_text(re.compile(r"^1 of \d"))
    find.fill("zzzqqq")
    find.press("Enter")
    expect(page.locator(".find-said")).to_have_text("no match")


# How far from its end the tree is scrolled, and how much there is to scroll.
LEFT = """() => {
  const tree = document.querySelector('[role="tabpanel"]:not([hidden]) [role="tree"]');
  return [tree.scrollHeight - tree.clientHeight - tree.scrollTop, tree.scrollHeight - tree.clientHeight];
}"""


def test_played_back_the_json_is_followed_until_it_is_scrolled_up(
    tab: Page, server: Server, runs: dict[str, str]
) -> None:
    tab.goto(f"{server.origin}/runs/{runs['extract']}")
    view = View(tab)
    view.ended()
    expect(view.details.get_by_role("tab", selected=True)).to_have_text("JSON")
    expect(view.panel.get_by_role("treeitem").first).to_be_visible()
    play = tab.get_by_role("button", name="Play", exact=True)
    speed = tab.get_by_role("combobox", name="Speed")
    speed.select_option("0.5")
    play.click()
    grown = f"([least, slack]) => {{ const [left, all] = ({LEFT})(); return all > least && left <= slack; }}"
    tab.wait_for_function(grown, arg=[40, 30])
    tab.wait_for_function(grown, arg=[80, 30])
    tab.get_by_role("button", name="Pause", exact=True).click()
    tab.get_by_role("tree", name="JSON").first.hover()
    tab.mouse.wheel(0, -2000)
    tab.wait_for_function(f"() => {{ const [left, all] = ({LEFT})(); return left === all; }}")
    _, before = tab.evaluate(LEFT)
    speed.select_option("0.25")
    play.click()
    tab.wait_for_function(f"(before) => ({LEFT})()[1] > before", arg=before)
    now, more = tab.evaluate(LEFT)
    assert now == more


def test_the_card_of_a_span_tells_of_the_moment_shown(page: Page, server: Server, runs: dict[str, str]) -> None:
    page.goto(f"{server.origin}/runs/{runs['extract']}")
    view = View(page)
    view.ended()
    view.spans.focus()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    card = page.get_by_role("tooltip")
    expect(card).to_contain_text("stateok")
    page.keyboard.press(",")
    page.keyboard.press(",")
    page.keyboard.press(",")
    expect(card).to_contain_text("so far")
    expect(card).to_contain_text("staterunning")
    page.keyboard.press(".")
    page.keyboard.press(".")
    page.keyboard.press(".")
    expect(card).to_contain_text("stateok")
    expect(card).not_to_contain_text("so far")


def test_played_back_waits_are_skipped_and_what_is_to_come_is_hatched_without_moving(
    tab: Page, server: Server, runs: dict[str, str]
) -> None:
    tab.goto(f"{server.origin}/runs/{runs['extract']}")
    View(tab).ended()
    skip = tab.get_by_role("button", name="skip waiting")
    skip.click()
    expect(skip).to_have_attribute("aria-pressed", "true")
    later = tab.locator(".overview-later")
    slider = tab.get_by_role("slider", name="Moment")
    slider.focus()
    tab.keyboard.press("Home")
    expect(later).to_be_visible()
    places = []
    for _ in range(3):
        tab.keyboard.press("PageUp")
        tab.wait_for_timeout(50)
        places.append((box(later), later.evaluate("(hatch) => getComputedStyle(hatch).clipPath")))
    assert len({clip for _, clip in places}) == 3
    assert [at for at, _ in places] == [places[0][0]] * 3


# Notes how far what is painted in the overview reaches beyond the line of now, in each frame, while painting is slow.
OVER = """() => {
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    if (this.canvas.className === "overview-lanes") {
      const until = performance.now() + 40;
      while (performance.now() < until);
    }
    return clear.apply(this, box);
  };
  window.over = [];
  const look = () => {
    requestAnimationFrame(look);
    const canvas = document.querySelector(".overview-lanes");
    const now = document.querySelector(".overview-playhead");
    if (!canvas?.width || now.hidden) return;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let last = -1;
    for (let at = 3; at < data.length; at += 4) if (data[at]) last = Math.max(last, ((at - 3) / 4) % canvas.width);
    if (last < 0) return;
    const { left, width } = canvas.getBoundingClientRect();
    window.over.push(left + ((last + 1) / canvas.width) * width - now.getBoundingClientRect().left);
  };
  requestAnimationFrame(look);
}"""


def test_the_overview_never_reaches_beyond_now(page: Page, complaints: Complaints) -> None:
    complaints.expect("willReadFrequently")
    view = View(page)
    page.evaluate(OVER)
    view.start("count", {"steps": 60, "pause": 0.03})
    view.ended()
    over = page.evaluate("window.over")
    assert len(over) > 5
    assert max(over) < 12


def header(run: str) -> dict[str, Any]:
    start = {"event": "run_start", "format": 1, "pid": 1, "run": run, "chain": "app:chain", "mode": "stream"}
    return start | {"started_at": "2020-02-03T09:12:00.000000Z", "input": "tides", "config": {}, "versions": {}}


def span(number: int, phase: str, name: str, **more: Any) -> dict[str, Any]:
    begins: dict[str, Any] = {
        "parent": 1 if number > 1 else None,
        "run_id": f"r{number}",
        "name": name,
        "tags": [],
        "metadata": {},
    }
    return {"event": f"on_{phase}", "span": number, **(begins if phase.endswith("start") else {}), **more}


def test_a_model_that_said_nothing_is_not_waited_for_and_one_that_was_lost_says_so(page: Page, server: Server) -> None:
    asked = [
        span(1, "chain_start", "Chain", data={"input": "tides"}),
        span(2, "chat_model_start", "Silent", data={"input": {"messages": [[]]}}),
    ]
    answered = span(2, "chat_model_end", "Silent", data={"output": None})
    later = [span(1, "chain_stream", "Chain", data={"chunk": str(n)}, t_us=100_000 * n) for n in range(4, 9)]
    ends = [
        span(1, "chain_end", "Chain", data={"output": "45678"}, t_us=900_000),
        {"event": "run_end", "status": "ok", "spans": 2, "t_us": 900_000},
    ]
    write_log(server, SILENT, header(SILENT), *asked, answered, *later, *ends)
    write_log(server, LOST, header(LOST), *asked)
    page.goto(f"{server.origin}/runs/{SILENT}?at=2")
    figures = page.get_by_role("group", name="Figures")
    expect(figures).to_contain_text("waiting…first token")
    page.get_by_role("button", name="Next event").click()
    page.get_by_role("button", name="Next event").click()
    expect(figures).to_contain_text("elapsed")
    expect(figures.get_by_text(re.compile("waiting|tok/s"))).to_have_count(0)
    page.goto(f"{server.origin}/runs/{LOST}")
    view = View(page)
    view.ended("lost")
    view.choose("Silent", "Output")
    expect(view.panel).to_contain_text("The process that wrote it is gone")


@pytest.mark.parametrize("own", ["", "320"], ids=["as they need", "as the user wants"])
def test_a_long_name_that_comes_late_leaves_bars_as_wide_as_there_is_room(own: str, page: Page) -> None:
    page.evaluate("wide => wide && localStorage.setItem('tracer.size.names', wide)", own)
    page.reload()
    view = View(page)
    view.start("late_name", "now")
    view.ended()
    expect(view.row("a step whose name")).to_be_visible()
    # The step around it lasts as long as the run: its bar fills the room there is.
    page.wait_for_function(
        """() => {
             const shown = [...document.querySelectorAll(".row:not([hidden])")];
             const row = shown.find(one => one.textContent.includes("_later"));
             const room = document.querySelector(".rows-lines").getBoundingClientRect();
             return row.querySelector(".bar").getBoundingClientRect().right > room.left + 0.8 * room.width;
           }"""
    )


def test_a_link_to_a_span_of_a_long_log_shows_it(tab: Page, server: Server) -> None:
    start = {"event": "run_start", "format": 1, "pid": 1, "run": LONG, "chain": "app:long", "mode": "stream"}
    start |= {"started_at": "2020-02-03T09:12:00.000000Z", "input": {}, "config": {}, "versions": {}}
    about: dict[str, Any] = {"tags": [], "metadata": {}}
    # Beyond 20 MB the page has it read by a worker, and draws it as it comes.
    text, last = "lorem ipsum " * 320, 3_000
    spans: list[dict[str, Any]] = []
    for number in range(2, last):
        name = {"span": number, "parent": 1, "run_id": f"r{number}", "name": f"tool {number}"}
        spans.append({"event": "on_tool_start", **name, **about, "data": {"input": text}})
        spans.append({"event": "on_tool_end", "span": number, "data": {"output": text}})
    root = {"event": "on_chain_start", "span": 1, "parent": None, "run_id": "r1", "name": "root", **about, "data": {}}
    end = {"event": "run_end", "status": "ok", "spans": last - 1}
    write_log(server, LONG, start, root, *spans, {"event": "on_chain_end", "span": 1, "data": {}}, end)
    assert (server.folder / f"{LONG}.jsonl").stat().st_size > 20_000_000
    tab.goto(f"{server.origin}/runs/{LONG}?span={last - 100}")
    view = View(tab)
    view.ended()
    expect(view.row(f"tool {last - 100}")).to_be_in_viewport()
