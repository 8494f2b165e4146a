"""`python -m benchmarks.browser [open] [spans] [live] [json]`: all of them without a name. Logs are made once.

Each figure stands beside that of an empty page which only asks for animation frames, in the same browser, a moment
before. A frame counts as dropped where the screen (60 Hz) would have shown one.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from tracer.log.store import new_run_id

from . import logs
from .harness import Watched, chromium, empty, paced_writer, parsing, server, until, wait

FOLDER = Path(os.environ.get("TRACER_BENCH_LOGS") or Path(tempfile.gettempdir()) / "tracer-bench-logs")
RATE = 20_000
LIVE_SECONDS = float(os.environ.get("TRACER_BENCH_SECONDS", "60"))
ROWS = "document.querySelectorAll('[role=treegrid] [role=row]:not([hidden])').length"
COUNT = "(document.querySelector('.events-count')?.textContent ?? '')"


def open_log(browser: Browser) -> None:
    """1 million events, over 300 MB, chosen as a file."""
    path = logs.write(FOLDER / "agent-300MB.jsonl", lambda: logs.agent(1_010_000))
    with path.open("rb") as file:
        lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    print(f"  {path.stat().st_size / 1e6:.0f} MB, {lines:,} lines; empty page: {empty(browser)}")
    with server("demo") as (url, _):
        watched = Watched(browser)
        page = watched.page
        page.goto(url)
        page.wait_for_selector(".open-file")
        page.wait_for_timeout(1500)
        page.evaluate(
            """() => {
              const chosen = document.querySelector('input[type=file]');
              chosen.addEventListener('change', () => { window.__opened = performance.now(); }, { capture: true });
            }"""
        )
        # As users do: the button is pressed, then a file is chosen.
        with page.expect_file_chooser() as chooser:
            page.click(".open-file")
        page.wait_for_timeout(500)
        watched.start()
        chooser.value.set_files(path)
        began = float(page.evaluate("() => __opened"))
        first = wait(page, f"{ROWS} > 0", 30)
        done = wait(page, f"{COUNT} === text", 120, f"{lines:,}")
        print(f"  a worker that only parses it: {parsing(browser, path):.2f} s")
        print(f"  first spans after {first - began:.0f} ms, complete after {(done - began) / 1000:.2f} s")
        page.wait_for_timeout(500)
        print(f"  meanwhile {watched.seen()}")
        print(f"  renderer {watched.memory():.0f} MB; seek anywhere: {_seek(watched)}")
        watched.close()


def _seek(watched: Watched) -> str:
    """50 seeks across the run, each from the event that asks for it to what the next animation frame has drawn."""
    shown, worst, wait = watched.page.evaluate(
        """async () => {
          const slider = document.querySelector('.transport input[type=range]');
          const count = document.querySelector('.events-count');
          let shown = 0, worst = 0, wait = 0;
          for (let step = 0; step < 50; step++) {
            const before = count.textContent;
            slider.value = String(Number(slider.max) * ((step * 37 + 5) % 50) / 50);
            const began = performance.now();
            slider.dispatchEvent(new Event('input', { bubbles: true }));
            const asked = performance.now();
            // The page asked for its frame just now: this is the same one, after what the page draws in it.
            const ms = await new Promise((next) => requestAnimationFrame(next));
            wait = Math.max(wait, performance.now() - began);
            if (count.textContent !== before) shown++;
            await new Promise((next) => requestAnimationFrame(next));
            worst = Math.max(worst, asked - began + (__seen.frames.find(([at]) => at === ms)?.[1] ?? 0));
          }
          return [shown, worst, wait];
        }"""
    )
    return f"{shown} of 50 shown in the next frame, script {worst:.1f} ms at most, {wait:.0f} ms with the wait for it"


def pan_zoom(browser: Browser) -> None:
    """Pan and zoom over 1 million spans."""
    path = logs.write(FOLDER / "spans.jsonl", lambda: logs.many_spans(1_000_000))
    print(f"  empty page: {empty(browser)}")
    with server("open", str(path)) as (url, _):
        watched = Watched(browser)
        page = watched.page
        page.goto(url)
        wait(page, f"{ROWS} > 0 && !document.querySelector('.strip-reading')", 240)
        page.wait_for_timeout(2000)
        page.locator("[role=treegrid]").first.click(position={"x": 300, "y": 60})
        watched.start()
        for keys in ("wwwwww", "dddddd", "aaaaaa", "ssssss", "wwwwwwww", "dddd", "ssssssss"):
            for key in keys:
                page.keyboard.down(key)
                page.wait_for_timeout(150)
                page.keyboard.up(key)
        print(f"  panning and zooming {watched.seen()}")
        print(f"  renderer {watched.memory():.0f} MB")
        watched.close()


def live(browser: Browser) -> None:
    """20,000 events a second, all panels open."""
    events = int(RATE * (LIVE_SECONDS + 10))
    source = logs.write(FOLDER / f"live-{events}.jsonl", lambda: logs.agent(events, pace_us=1_000_000 // RATE))
    print(f"  empty page: {empty(browser)}")
    with server("demo") as (url, runs):
        runs.mkdir(exist_ok=True)
        run = runs / f"{new_run_id()}.jsonl"
        writer = paced_writer(run, source, RATE)
        try:
            until(lambda: run.exists() and run.stat().st_size, 20)
            watched = Watched(browser)
            page = watched.page
            address = urlsplit(url)
            page.goto(url)
            page.goto(f"{address.scheme}://{address.netloc}/runs/{run.stem}")
            wait(page, f"{ROWS} > 3", 30)
            page.wait_for_timeout(3000)
            watched.start()
            page.wait_for_timeout(LIVE_SECONDS * 1000)
            behind = _lines(run) - int(page.evaluate(f"() => Number({COUNT}.replaceAll(',', ''))"))
            print(f"  {LIVE_SECONDS:.0f} s at {RATE:,} events/s: {watched.seen()}")
            print(f"  {behind:,} events behind the file at the end; renderer {watched.memory():.0f} MB")
            watched.close()
        finally:
            writer.kill()
            writer.wait()


def grow(browser: Browser) -> None:
    """JSON of 5,000 nodes, 50 updates a second."""
    source = logs.write(FOLDER / "json.jsonl", lambda: logs.growing(5000, 1500, 50))
    print(f"  empty page: {empty(browser)}")
    with server("demo") as (url, runs):
        runs.mkdir(exist_ok=True)
        run = runs / f"{new_run_id()}.jsonl"
        writer = paced_writer(run, source, 50)
        try:
            until(lambda: run.exists() and run.stat().st_size, 20)
            watched = Watched(browser)
            page = watched.page
            address = urlsplit(url)
            page.goto(url)
            page.goto(f"{address.scheme}://{address.netloc}/runs/{run.stem}?span=2&tab=JSON")
            wait(page, "document.querySelectorAll('.json-line').length > 20", 60)
            page.wait_for_timeout(2000)
            watched.start()
            page.wait_for_timeout(15_000)
            print(f"  {watched.seen()}")
            watched.close()
        finally:
            writer.kill()
            writer.wait()


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


ALL: dict[str, Callable[[Browser], None]] = {"open": open_log, "spans": pan_zoom, "live": live, "json": grow}


def main() -> None:
    wanted = sys.argv[1:] or list(ALL)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        print(f"{name}: {ALL[name].__doc__}", flush=True)
        with chromium() as browser:
            ALL[name](browser)


if __name__ == "__main__":
    main()
