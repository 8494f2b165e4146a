"""Files that no tracer wrote, on the page: nothing of them runs, bad lines are counted and lead to their place."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server import Server
from tests.log.mutants import Mutant, crafted, event, joined, mutants, plain, span, start
from tests.log.mutants import Random as Seeded
from tests.log.mutants import end as ended
from tests.log.test_mutants import expected

MARKUP = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>{{7*7}}<svg/onload=window.owned=1>'


def shown() -> Iterator[Mutant]:
    """One of each kind, in turn, that the list takes for a run."""
    seen: dict[str, int] = {}
    for mutant in mutants(600, seed=15):
        kind = mutant.kind.partition(" at")[0]
        if mutant.data and seen.setdefault(kind, 0) < 2 and len(mutant.data) < 200_000:
            seen[kind] += 1
            yield mutant


def settled(page: Page, which: str = "") -> None:
    """What there is of the run is drawn: it has ended, or its writer is known to be dead."""
    status = page.get_by_role("status", name="Run status")
    expect(status, which).not_to_contain_text(re.compile(r"\brunning\b", re.IGNORECASE))
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.mark.parametrize("count", [8, pytest.param(60, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])])
def test_generated_files_in_the_folder(count: int, tab: Page, server: Server) -> None:
    for number, mutant in zip(range(count), shown(), strict=False):
        run = f"hostile-{number}"
        (server.folder / f"{run}.jsonl").write_bytes(mutant.data)
        tab.goto(f"{server.origin}/runs/{run}")
        settled(tab, f"{number}, {mutant.kind}")
        bad = 0
        for _, raw, sound in expected(mutant.data):
            if sound is None:
                bad = -1
                break
            bad += not sound
            if sound and re.search(rb'"event"\s*:\s*"run_end"', raw):
                break
        said = tab.locator(".strip-bad")
        if bad > 0:
            expect(said).to_contain_text(re.compile(rf"^{bad:,} lines? of the file could not be read"))
            said.get_by_role("button", name="Show the first").click()
        elif bad == 0:
            expect(said).to_have_count(0)
    assert tab.evaluate("window.owned") is None
    assert tab.evaluate("({}).polluted") is None


@pytest.mark.parametrize("sound", [True, False], ids=["kept", "refused"])
def test_files_that_are_dropped(sound: bool, page: Page, server: Server) -> None:
    """Opened in the browser; kept on request, or told why not."""
    data = joined([start(chain="app:dropped"), span(1, 1), ended(2)]) if sound else b"no log\n" * 3
    page.evaluate(
        """text => {
          const moved = new DataTransfer();
          moved.items.add(new File([text], "dropped.jsonl"));
          for (const type of ["dragenter", "dragover", "drop"])
            document.body.dispatchEvent(new DragEvent(type, {dataTransfer: moved, bubbles: true, cancelable: true}));
        }""",
        data.decode(),
    )
    if sound:
        expect(page.locator(".strip-file")).to_contain_text("dropped.jsonl")
        page.locator(".strip-file").get_by_role("button", name="Keep").click()
        page.wait_for_url(re.compile(r"/runs/"))
        expect(page.get_by_role("status", name="Run status")).to_contain_text(re.compile("ok", re.IGNORECASE))
    else:
        expect(page.get_by_role("alert").filter(has_text="no log")).to_be_visible()


def test_markup_in_every_field_is_text(page: Page, server: Server) -> None:
    about = {"name": MARKUP, "tags": [MARKUP], "metadata": {MARKUP: MARKUP, "ls_model_name": MARKUP}}
    lines = [start(run=MARKUP, chain=MARKUP, input=MARKUP, config={"tags": [MARKUP]}, versions={MARKUP: MARKUP})]
    lines += [
        span(1, 1, kind="chat_model", run_id=MARKUP, **about),
        event(2, "on_chat_model_stream", data={"chunk": MARKUP}),
    ]
    error = {"type": MARKUP, "message": MARKUP, "traceback": MARKUP}
    lines += [event(3, "on_chat_model_error", data={"error": error}), event(4, "finding", kind=MARKUP, text=MARKUP)]
    lines += [ended(5, status="error", error=error, interrupts=[MARKUP])]
    (server.folder / "markup.jsonl").write_bytes(joined(lines))
    page.goto(f"{server.origin}/runs/markup?span=1")
    settled(page)
    for tab in page.get_by_role("tablist", name="Details").get_by_role("tab").all():
        tab.click()
    assert page.evaluate("window.owned") is None
    assert page.locator("main img, main script").count() == 0


def test_plain_events_and_payloads_are_kept_and_shown(tab: Page, server: Server) -> None:
    rng = Seeded(3)
    for number, data in enumerate((plain(rng), crafted(rng))):
        answer = tab.evaluate(
            """([name, text]) => fetch(`/api/runs/import?name=${name}`, {method: "POST", body: text,
                 headers: {"Content-Type": "application/jsonl"}}).then(a => a.json())""",
            [f"file {number}", data.decode("utf-8", "replace")],
        )
        tab.goto(f"{server.origin}/runs/{answer['run']}")
        settled(tab)
        expect(tab.get_by_role("treegrid", name="Spans").get_by_role("row").first).to_be_visible()
        if number == 0:
            expect(tab.locator(".run-header")).to_contain_text("times unknown")
