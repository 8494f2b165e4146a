"""Files that are looked at without being kept: chosen, dropped, or named on the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server import ADDRESS, ROOT, Server

FIXTURES = ROOT / "tests" / "fixtures"


def _choose(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(files[0])


def _drop(page: Page, name: str, text: str) -> None:
    page.evaluate(
        """([name, text]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([text], name));
          const over = new DragEvent("dragover", { dataTransfer, bubbles: true, cancelable: true });
          const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
          document.body.dispatchEvent(over);
          document.body.dispatchEvent(drop);
        }""",
        [name, text],
    )


def test_a_chosen_file_is_shown_and_nothing_is_uploaded(page: Page, server: Server) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    page.goto(server.url)
    page.get_by_role("button", name="Open a file").wait_for()
    before = len(sent)
    _choose(page, FIXTURES / "sequence.jsonl")
    expect(page.locator(".strip-file")).to_contain_text("Opened from sequence.jsonl, not kept")
    expect(page).to_have_url(f"{server.origin}/open")
    expect(page.get_by_role("status", name="Run status")).to_have_text("ok")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    page.get_by_role("treegrid").get_by_role("row").filter(has_text="ChatOpenAI").first.click()
    page.get_by_role("tab", name="Raw").click()
    expect(page.locator(".raw-line").first).to_contain_text("on_chat_model_start")
    assert not [one for one in sent[before:] if "/static/" not in one and "/api/runs" not in one]
    assert not [one for one in sent[before:] if one.startswith("POST")]


def test_a_file_is_read_in_a_tab_that_nobody_looks_at(page: Page, server: Server) -> None:
    page.add_init_script(
        """window.Worker = class extends Worker {
          constructor(...how) {
            super(...how);
            this.addEventListener("message", ({ data }) => { if (data.type === "done") window.__tell('read'); });
          }
        };"""
    )
    page.goto(server.url)
    page.get_by_role("button", name="Open a file").wait_for()
    # A tab in the background gets no animation frames.
    page.evaluate(
        """() => {
          window.requestAnimationFrame = () => 0;
          window.__all = new Promise((read) => { window.__tell = read; });
        }"""
    )
    _choose(page, FIXTURES / "sequence.jsonl")
    assert page.evaluate("() => Promise.race([__all, new Promise((late) => setTimeout(late, 8000, 'late'))])") == "read"


def test_a_dropped_file_is_kept_on_request(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Open a file").wait_for()
    _drop(page, "mine.jsonl", (FIXTURES / "fallback.jsonl").read_text())
    expect(page.locator(".strip-file")).to_contain_text("Opened from mine.jsonl")
    page.locator(".strip-file").get_by_role("button", name="Keep").click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    expect(page.locator(".strip-file")).to_have_count(0)
    expect(page.get_by_role("treegrid").get_by_role("row").first).to_be_visible()
    page.reload()
    expect(page.get_by_role("treegrid").get_by_role("row").first).to_be_visible()


def test_plain_events_are_opened_too(page: Page, server: Server) -> None:
    about = {"run_id": "a", "name": "Seq", "tags": [], "metadata": {}, "parent_ids": []}
    inner = {**about, "run_id": "b", "name": "Model", "parent_ids": ["a"]}
    chunk = {"type": "AIMessageChunk", "content": "Because."}
    events = [
        {"event": "on_chain_start", **about, "data": {"input": "Why?"}},
        {"event": "on_chat_model_start", **inner, "data": {}},
        {"event": "on_chat_model_stream", **inner, "data": {"chunk": chunk}},
        {"event": "on_chat_model_end", **inner, "data": {"output": {"type": "ai", "content": "Because."}}},
        {"event": "on_chain_end", **about, "data": {"output": "Because."}},
    ]
    texts = {"lines.jsonl": "\n".join(map(json.dumps, events)), "array.json": json.dumps(events, indent=1)}
    for name, text in texts.items():
        page.goto(server.url)
        page.get_by_role("button", name="Open a file").wait_for()
        _drop(page, name, text)
        expect(page.get_by_role("treegrid").get_by_role("row")).to_have_count(2)
        expect(page.get_by_role("status", name="Run status")).to_have_text("ok")
        page.get_by_role("treegrid").get_by_role("row").filter(has_text="Model").click()
        page.get_by_role("tab", name="Output").click()
        expect(page.locator(".text-out")).to_have_text("Because.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The file is empty."),
        ("hello\n" * 500, "This is no log"),
        ('{"seq":0,"event":"run_start","format":99}\n', "made by a newer tracer (format 99"),
    ],
    ids=["empty", "no log", "newer"],
)
def test_what_cannot_be_opened_is_told(page: Page, server: Server, text: str, said: str) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Open a file").wait_for()
    _drop(page, "x.jsonl", text)
    expect(page.get_by_role("heading", name="x.jsonl cannot be shown")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
    # Nothing of a run around it, nothing to keep.
    expect(page.get_by_role("status", name="Run status")).to_be_hidden()
    expect(page.get_by_role("button", name="Keep")).to_have_count(0)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open another file").click()
    chooser.value.set_files(FIXTURES / "sequence.jsonl")
    expect(page.locator(".strip-file")).to_contain_text("Opened from sequence.jsonl")


def test_a_file_is_gone_when_the_tab_is_loaded_again(page: Page, server: Server) -> None:
    page.goto(f"{server.origin}/open?token={server.url.rpartition('=')[2]}")
    expect(page.get_by_role("heading", name="The file is not here any more")).to_be_visible()
    _drop(page, "mine.jsonl", (FIXTURES / "sequence.jsonl").read_text())
    expect(page.locator(".strip-file")).to_contain_text("Opened from mine.jsonl")


def test_a_file_named_on_the_command_line(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "a run.jsonl"
    file.write_bytes((FIXTURES / "usage.jsonl").read_bytes())
    words = [sys.executable, "-m", "tracer", "open", file.name, "--no-open", "--dir", "kept"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = ADDRESS.search(process.stdout.readline())
        assert found
        page.goto(found[0])
        expect(page.locator(".strip-file")).to_contain_text("Opened from a run.jsonl, not kept")
        expect(page.get_by_role("treegrid").get_by_role("row").first).to_be_visible()
        page.reload()
        expect(page.locator(".strip-file")).to_contain_text("Opened from a run.jsonl")
        assert list((tmp_path / "kept").glob("*.jsonl")) == []
        page.locator(".strip-file").get_by_role("button", name="Keep").click()
        expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))
        assert len(list((tmp_path / "kept").glob("*.jsonl"))) == 1
        page.goto("about:blank")
        process.terminate()
