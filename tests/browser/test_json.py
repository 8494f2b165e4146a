"""The tree of JSON: by keyboard alone, its times, what is copied from it, the text it was made from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.server import Server
from tests.browser.view import View

# As they came, not as JavaScript would order or round them.
STATES = [
    '{"b":1}',
    '{"b":1,"2":"two"}',
    '{"b":1,"2":"two","1":12345678901234567890}',
    '{"b":1,"2":"two","1":12345678901234567890,"list":[{"name":"x","price":1.0}]}',
    '{"b":1,"2":"two","1":12345678901234567890,"list":[{"name":"x","price":1.50}],'
    '"<b>bold</b>":"<img src=x onerror=alert(1)>"}',
]
LONG = "word " * 6000


def _log(run: str, said: str, states: list[str]) -> bytes:
    """A model that says `said`, and the parser behind it that gives `states`, one each 100 ms."""
    lines: list[str] = []

    def put(event: str, **more: Any) -> None:
        lines.append(json.dumps({"seq": len(lines), "t_us": len(lines) * 100_000, "event": event, **more}))

    def raw(event: str, span: int, key: str, value: str) -> None:
        at = f'"seq":{len(lines)},"t_us":{len(lines) * 100_000}'
        lines.append(f'{{{at},"event":"{event}","span":{span},"data":{{"{key}":{value}}}}}')

    started = {"format": 1, "run": run, "chain": "made:json", "mode": "stream", "started_at": "2026-11-20T11:38:00Z"}
    put("run_start", **started, input={}, config={"tags": [], "metadata": {}})
    same: dict[str, Any] = {"tags": [], "metadata": {}, "data": {}}
    put("on_chain_start", span=1, parent=None, run_id="a", name="RunnableSequence", **same)
    put("on_chat_model_start", span=2, parent=1, run_id="b", name="Talker", **same)
    put("on_parser_start", span=3, parent=1, run_id="c", name="JsonOutputParser", **same)
    for at in range(0, len(said), 40):
        chunk = {"type": "AIMessageChunk", "content": said[at : at + 40]}
        put("on_chat_model_stream", span=2, data={"chunk": chunk})
    for state in states:
        raw("on_parser_stream", 3, "chunk", state)
    put("on_chat_model_end", span=2, data={"output": {"type": "AIMessageChunk", "content": said}})
    if states:
        raw("on_parser_end", 3, "output", states[-1])
    else:
        put("on_parser_error", span=3, data={"error": {"type": "OutputParserException", "message": "no JSON"}})
    put("on_chain_end", span=1, data={"output": None})
    put("run_end", status="ok", spans=3)
    return "\n".join(lines).encode() + b"\n"


@pytest.fixture
def tree(open_page: OpenPage, server: Server) -> Locator:
    (server.folder / "json-made.jsonl").write_bytes(_log("json-made", STATES[-1], STATES))
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{server.origin}/runs/json-made?span=3&tab=JSON")
    return page.get_by_role("tree", name="JSON")


def _copied(page: Page, name: str) -> str:
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    text: str = page.evaluate("() => navigator.clipboard.readText()")
    expect(page.get_by_role("button", name=name)).to_be_visible()
    return text


def _keys(tree: Locator) -> list[str]:
    return tree.locator(".json-line > .json-body > .json-key").all_inner_texts()


def test_keys_keep_their_order_numbers_their_digits_and_markup_is_text(tree: Locator) -> None:
    expect(tree.get_by_role("treeitem")).to_have_count(7)
    assert _keys(tree) == ["", "b", '"2"', '"1"', "list", "0", '"<b>bold</b>"']
    expect(tree).to_contain_text("12345678901234567890")
    expect(tree).to_contain_text('{ name: "x", price: 1.50 }')
    expect(tree).to_contain_text('"<img src=x onerror=alert(1)>"')
    assert tree.locator("img, b").count() == 0


def test_by_keyboard_alone(tree: Locator) -> None:
    page = tree.page
    expect(tree.get_by_role("treeitem")).to_have_count(7)
    tree.focus()
    active = page.locator("[role=treeitem][aria-selected=true]")
    expect(active).to_have_attribute("aria-level", "1")
    page.keyboard.press("End")
    expect(active).to_contain_text("bold")
    assert tree.get_attribute("aria-activedescendant") == active.get_attribute("id")
    page.keyboard.press("ArrowUp")
    expect(active).to_contain_text("price")
    expect(active).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem")).to_have_count(9)
    page.keyboard.press("ArrowRight")
    expect(active).to_have_text(re.compile('^name: "x"'))
    expect(page.locator(".json-path")).to_have_text("$.list[0].name")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(tree.get_by_role("treeitem")).to_have_count(7)
    page.keyboard.press("ArrowLeft")
    expect(active).to_contain_text("list")
    page.keyboard.press("ArrowLeft")
    expect(tree.get_by_role("treeitem")).to_have_count(6)
    page.keyboard.press("Home")
    expect(active).to_have_attribute("aria-posinset", "1")


def test_what_is_copied(tree: Locator) -> None:
    page = tree.page
    tree.get_by_role("treeitem").filter(has_text="price").click()
    assert _copied(page, "Copy path") == "$.list[0]"
    assert _copied(page, "Copy as Python") == '["list"][0]'
    assert _copied(page, "Copy value") == '{\n  "name": "x",\n  "price": 1.50\n}'
    tree.focus()
    page.keyboard.press("Home")
    page.keyboard.press("Control+c")
    text: str = page.evaluate("() => navigator.clipboard.readText()")
    assert re.sub(r"\s", "", text) == STATES[-1].replace(" ", "")


def test_times_of_paths_lead_to_their_moment(tree: Locator) -> None:
    page = tree.page
    first = 4 + -(-len(STATES[-1]) // 40)
    times = [f"{(first + step) / 10:.2f} s" for step in range(5)]
    line = tree.get_by_role("treeitem").filter(has_text="price")
    expect(line.locator(".json-time")).to_have_text([times[3], times[4]])
    expect(tree.get_by_role("treeitem").filter(has_text="12345678901234567890").locator(".json-time")).to_have_text(
        [times[2], ""]
    )
    line.locator(".json-first").click()
    expect(tree).to_contain_text("price: 1.0 }")
    expect(line.locator(".json-time")).to_have_text([times[3], ""])
    expect(tree).not_to_contain_text("bold")
    expect(page.locator(".json-times")).to_contain_text(f"first seen {times[3]} · last changed {times[3]}")


def test_levels(tree: Locator) -> None:
    page = tree.page
    page.get_by_role("button", name="Open 1 level").click()
    expect(tree.get_by_role("treeitem")).to_have_count(6)
    page.get_by_role("button", name="Open all levels").click()
    expect(tree.get_by_role("treeitem")).to_have_count(9)
    page.get_by_role("button", name="Open all levels").click()
    expect(tree.get_by_role("treeitem")).to_have_count(7)


def test_the_raw_text_and_where_it_breaks(tab: Page, server: Server) -> None:
    said = 'Here it is:\n```json\n{\n  "a": 1,\n  "b": [1, 2\n  "c": 3\n}\n```'
    (server.folder / "json-bad.jsonl").write_bytes(_log("json-bad", said, []))
    tab.goto(f"{server.origin}/runs/json-bad?span=3&tab=JSON")
    raw = tab.get_by_role("region", name="Text it was made from")
    expect(raw).to_contain_text("What Talker said, span 2")
    expect(raw).to_contain_text('No JSON from 6:3 expected "," or "]" but found "\\""')
    expect(raw.locator("mark")).to_have_text('"')
    expect(raw.locator(".json-mistake-place")).to_have_text('  "c": 3\n  ^')
    View(tab).choose("Talker", "JSON")
    expect(raw).to_contain_text("No JSON from 6:3")
    # Before the mistake was made, there is none.
    tab.goto(f"{server.origin}/runs/json-bad?span=2&tab=JSON&at=4")
    expect(raw.get_by_label("Raw text")).to_have_text(said[:40])
    expect(raw.locator(".json-mistake")).to_be_hidden()


def test_raw_text_stands_beside_on_request(tree: Locator) -> None:
    page = tree.page
    expect(tree.get_by_role("treeitem")).to_have_count(7)
    page.get_by_role("button", name="Raw text").click()
    raw = page.get_by_role("region", name="Text it was made from")
    expect(raw.get_by_label("Raw text")).to_have_text(STATES[-1])
    expect(raw.locator(".json-mistake")).to_be_hidden()
    heads = page.locator(".json-head > span")
    expect(heads.filter(visible=True)).to_have_text(["first seen", "changed"])
    View(page).choose("Talker", "JSON")
    expect(tree).to_contain_text("12345678901234567890")
    # Nothing stands under them here.
    expect(heads.filter(visible=True)).to_have_count(0)


def test_huge_values_are_virtual_and_long_strings_cut(tab: Page, server: Server) -> None:
    value = {"text": LONG, "many": list(range(100_000)), "last": True}
    (server.folder / "json-huge.jsonl").write_bytes(_log("json-huge", "{}", [json.dumps(value)]))
    tab.goto(f"{server.origin}/runs/json-huge?span=3&tab=JSON")
    tree = tab.get_by_role("tree", name="JSON")
    text = tree.get_by_role("treeitem").filter(has_text="characters")
    expect(text).to_contain_text("4,000 of 30,000 characters")
    expect(tab.locator(".json-head > span").filter(visible=True)).to_have_text(["first seen"])
    text.get_by_role("button", name="Show more").click()
    expect(text).to_contain_text("20,000 of 30,000 characters")
    tree.focus()
    tab.keyboard.press("End")
    expect(tree.locator("[aria-selected=true]")).to_contain_text("last")
    expect(tree.get_by_role("treeitem").filter(has_text="99999").first).to_be_in_viewport()
    assert tree.get_by_role("treeitem").count() < 120
    tab.keyboard.press("Home")
    expect(tree.locator("[aria-selected=true]")).to_have_attribute("aria-level", "1")


def test_an_opened_file_has_order_digits_and_times(page: Page, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_bytes(_log("mine", STATES[-1], STATES))
    page.set_input_files("input[type=file]", file)
    View(page).choose("JsonOutputParser", "JSON")
    tree = page.get_by_role("tree", name="JSON")
    expect(tree.get_by_role("treeitem")).to_have_count(7)
    assert _keys(tree) == ["", "b", '"2"', '"1"', "list", "0", '"<b>bold</b>"']
    expect(tree).to_contain_text("12345678901234567890")
    expect(tree.get_by_role("treeitem").filter(has_text="price").locator(".json-first")).not_to_be_empty()
