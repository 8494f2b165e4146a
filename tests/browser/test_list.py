"""The list of runs as a person uses it: thousands of rows, by pointer and by keyboard; ten windows at once."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks.folder import fill
from tests.browser.conftest import CHAINS, OpenContext, OpenPage
from tests.browser.server import ROOT, Server
from tests.browser.view import View, post_run
from tracer.log.store import Store

RUNS = 1500
LONG = {"steps": 5000, "pause": 0.05}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("list") / "runs"
    fill(folder, RUNS, newest_ms=int(time.time() * 1000) - 60_000, most=9_000)
    return folder


@pytest.fixture(scope="module")
def full(folder: Path) -> Iterator[Server]:
    server = Server(folder, CHAINS, pace=0.2)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def list_page(open_page: OpenPage, full: Server) -> Page:
    page = open_page()
    page.goto(full.url)
    expect(rows(page).first).to_be_attached()
    return page


def rows(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Runs").get_by_role("listitem")


def search(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search runs")


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", name=re.compile("^Runs"))


def focused(page: Page) -> str:
    """The run whose row has the focus."""
    return str(page.evaluate("document.activeElement.closest('.runs-item')?.dataset.run"))


def test_few_rows_stand_for_many_and_the_last_is_a_key_away(list_page: Page) -> None:
    expect(heading(list_page)).to_contain_text("1,5")
    assert rows(list_page).count() < 60
    search(list_page).press("ArrowDown")
    expect(rows(list_page).first.get_by_role("link")).to_be_focused()
    list_page.keyboard.press("End")
    last = list_page.locator('[aria-posinset="1500"]')
    expect(last).to_be_in_viewport()
    list_page.locator(".runs-scroller").evaluate("one => one.scrollTop = one.scrollHeight / 2")
    expect(list_page.locator('[aria-posinset="750"]')).to_be_in_viewport()
    expect(list_page.locator('[aria-posinset="750"]')).to_contain_text("Question 750:")
    assert rows(list_page).count() < 60


def test_search_filters_and_the_way_back(list_page: Page) -> None:
    search(list_page).type("question 77")
    expect(heading(list_page)).to_contain_text("11 of ")
    list_page.get_by_role("combobox", name="State").select_option("error")
    expect(list_page.get_by_text("No run has “question 77”")).to_be_visible()
    list_page.get_by_role("button", name="Show all runs").click()
    expect(rows(list_page).nth(20)).to_be_attached()
    expect(search(list_page)).to_have_value("")
    expect(search(list_page)).to_be_focused()
    chain = list_page.get_by_role("combobox", name="Only runs of")
    chain.select_option("rag")
    expect(rows(list_page).filter(has_not_text=re.compile(r"^\s*rag\b"))).to_have_count(0)
    expect(rows(list_page).first).to_contain_text("rag")
    list_page.get_by_role("combobox", name="State").select_option("lost")
    expect(rows(list_page).first.get_by_role("link")).to_have_accessible_name(re.compile(r"rag\s*, lost"))


def test_the_text_of_runs_is_searched_on_request(list_page: Page) -> None:
    search(list_page).fill("landmark-")
    expect(list_page.get_by_text("No run has “landmark-”")).to_be_visible()
    list_page.get_by_role("button", name="Look inside for “landmark-”").click()
    said = list_page.get_by_text("1 run with “landmark-” inside")
    expect(said).to_be_visible()
    expect(rows(list_page)).to_have_count(1)
    expect(rows(list_page).first).to_contain_text("landmark-500")
    # Opened from here, it is searched for what was found in it.
    expect(rows(list_page).first.get_by_role("link")).to_have_attribute("href", re.compile(r"\?find=landmark-$"))
    rows(list_page).first.get_by_role("link").click()
    expect(list_page.get_by_role("searchbox", name="Find in run")).to_have_value("landmark-")
    list_page.get_by_role("button", name="Close", exact=True).click()
    expect(said).to_be_hidden()
    search(list_page).press("Escape")
    expect(rows(list_page).nth(20)).to_be_attached()


def test_a_name_and_a_star_by_keyboard(list_page: Page, folder: Path) -> None:
    search(list_page).press("ArrowDown")
    list_page.keyboard.press("ArrowDown")
    run = focused(list_page)
    list_page.keyboard.press("F2")
    field = list_page.get_by_role("textbox", name=re.compile("^New name of"))
    # What stands below the field stays whole.
    about = list_page.locator(".editing .runs-about").bounding_box()
    box = field.bounding_box()
    assert about
    assert box
    assert box["y"] + box["height"] <= about["y"] + 1
    field.fill("The one <b>that</b> works")
    field.press("Enter")
    row = list_page.locator(f'[data-run="{run}"]')
    expect(row).to_contain_text("The one <b>that</b> works")
    expect(row.get_by_role("link")).to_be_focused()
    star = row.get_by_role("button", name=re.compile("^Star"))
    list_page.keyboard.press("Tab")
    list_page.keyboard.press("Tab")
    expect(star).to_be_focused()
    list_page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    list_page.get_by_role("combobox", name="State").select_option("Starred")
    expect(rows(list_page)).to_have_count(1)
    assert Store(folder).summary(run)["name"] == "The one <b>that</b> works"
    # Escape leaves the name as it was; an empty one takes it away.
    row.hover()
    row.get_by_role("button", name=re.compile("^Rename")).click()
    field.fill("no")
    field.press("Escape")
    expect(row).to_contain_text("that")
    list_page.keyboard.press("F2")
    field.fill("")
    field.press("Enter")
    expect(row).not_to_contain_text("that")


def test_many_are_selected_and_deleted_by_keyboard(list_page: Page, folder: Path) -> None:
    search(list_page).fill("question 11")
    expect(heading(list_page)).to_contain_text("of")
    search(list_page).press("ArrowDown")
    expect(rows(list_page).first).to_contain_text("Question 1199")
    # Pressed before the server had found them, it went to a row that is gone now.
    expect(rows(list_page).first.get_by_role("link")).to_be_focused()
    before = int(re.sub(r"\D.*", "", heading(list_page).inner_text().split("\n")[-1]))
    first = focused(list_page)
    list_page.keyboard.press("Space")
    list_page.keyboard.press("Shift+ArrowDown")
    list_page.keyboard.press("Shift+ArrowDown")
    expect(list_page.get_by_text("3 selected")).to_be_visible()
    list_page.keyboard.press("Delete")
    dialog = list_page.get_by_role("dialog", name="Delete 3 runs?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    list_page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert Store(folder).summary(first)["run"] == first
    list_page.locator('[aria-posinset="3"]').get_by_role("link").focus()
    list_page.keyboard.press("Delete")
    list_page.keyboard.press("Tab")
    list_page.keyboard.press("Enter")
    expect(heading(list_page)).to_contain_text(f"{before - 3} of")
    assert list_page.locator(f'[data-run="{first}"]').count() == 0
    assert focused(list_page) != "None"
    list_page.keyboard.press("Control+a")
    expect(list_page.get_by_text(f"{before - 3} selected")).to_be_visible()
    list_page.keyboard.press("Escape")
    expect(list_page.get_by_role("group", name="Selected runs")).to_be_hidden()


def test_ranges_by_pointer_and_boxes(list_page: Page) -> None:
    first, last = list_page.locator('[aria-posinset="2"]'), list_page.locator('[aria-posinset="6"]')
    first.hover()
    first.get_by_role("checkbox", name=re.compile("^Select")).check()
    last.hover()
    last.get_by_role("checkbox").click(modifiers=["Shift"])
    expect(list_page.get_by_text("5 selected")).to_be_visible()
    list_page.get_by_role("button", name="Select none").click()
    expect(list_page.get_by_role("group", name="Selected runs")).to_be_hidden()


WRITE = """
import sys
from tracer.log.store import Store
run = sys.argv[2]
start = {"run": run, "chain": "else:where", "started_at": "2026-11-20T11:38:00Z", "input": "from elsewhere"}
writer = Store(sys.argv[1]).create(start)
for line in sys.stdin:
    writer.end({"status": line.strip()})
"""


def test_runs_of_another_process_come_and_change_and_what_is_read_stays(list_page: Page, folder: Path) -> None:
    from tracer.log.store import new_run_id

    scroller = list_page.locator(".runs-scroller")
    scroller.evaluate("one => one.scrollTop = 5000")
    row = list_page.locator('[aria-posinset="106"]')
    expect(row).to_be_in_viewport()
    run_in_view = row.get_attribute("data-run")
    row.hover()
    row.get_by_role("checkbox").check()
    place = row.bounding_box()
    ids = [new_run_id(), new_run_id()]
    processes = []
    try:
        for run in ids:
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-c", WRITE, str(folder), run], cwd=ROOT, stdin=subprocess.PIPE, text=True
                )
            )
        moved = list_page.locator(f'.runs-item[data-run="{run_in_view}"]')
        expect(moved).to_have_attribute("aria-posinset", "108")
        assert moved.bounding_box() == place
        expect(moved.get_by_role("checkbox")).to_be_checked()
        scroller.evaluate("one => one.scrollTop = 0")
        links = [list_page.locator(f'.runs-item[data-run="{run}"] a') for run in ids]
        expect(links[0]).to_have_accessible_name(re.compile("running"))
        stdin = processes[0].stdin
        assert stdin is not None
        stdin.write("error\n")
        stdin.flush()
        expect(links[0]).to_have_accessible_name(re.compile("error"))
        processes[1].kill()
        expect(links[1]).to_have_accessible_name(re.compile("lost"))
        # One that runs is kept, and it is said in words.
        list_page.get_by_role("button", name="Select none").click()
    finally:
        for process in processes:
            process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()
    Store(folder).delete(ids[1])
    expect(links[1]).to_have_count(0)


def test_what_the_server_refuses_is_said_in_words(list_page: Page) -> None:
    run = post_run(list_page, "count", LONG)
    row = list_page.locator(f'.runs-item[data-run="{run}"]')
    row.get_by_role("link").focus()
    list_page.keyboard.press("Delete")
    dialog = list_page.get_by_role("dialog", name=re.compile(r"^Delete “count” of \d\d?:\d\d\?$"))
    expect(dialog).to_contain_text("What still runs is kept (1).")
    list_page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(list_page.get_by_text("1 run still goes on: stop it first.", exact=True)).to_be_visible()
    list_page.evaluate("run => fetch(`/api/runs/${run}/cancel`, {method: 'POST'})", run)
    expect(row.get_by_role("link")).to_have_accessible_name(re.compile("cancelled"))


@pytest.mark.long
def test_ten_windows_of_one_browser_are_all_alive_and_clickable(open_context: OpenContext, full: Server) -> None:
    context = open_context(viewport={"width": 1200, "height": 500})
    pages = [context.new_page() for _ in range(10)]
    pages[0].goto(full.url)
    run = post_run(pages[0], "count", {**LONG, "pause": 0.3})
    for page in pages:
        page.goto(f"{full.origin}/runs/{run}")
    states = [View(page).status for page in pages]
    for page, state in zip(pages, states, strict=True):
        expect(state).to_contain_text(re.compile("running", re.IGNORECASE))
        expect(rows(page).first).to_be_attached()
    # Each of them hears of another run, answers a click, and sees the end.
    other = post_run(pages[3], "rag", {"question": "What is LCEL?"})
    for page in pages:
        expect(page.locator(f'.runs-item[data-run="{other}"]')).to_be_attached()
    for page in pages[::3]:
        search(page).fill("question 77")
        expect(heading(page)).to_contain_text("11 of ")
    pages[9].get_by_role("button", name="Stop", exact=True).click()
    for state in states:
        expect(state).to_contain_text(re.compile("cancelled", re.IGNORECASE))
