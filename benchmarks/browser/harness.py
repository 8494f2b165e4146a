"""What a page costs in a real browser: frames dropped, script in a frame, long tasks, memory of its process."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SIZE = {"width": 1440, "height": 900}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--js-flags=--expose-gc"]
FRAME_MS = 1000 / 60

# Before any script of the page: every callback of a frame is timed, and so is every task over 50 ms.
_WATCH = """
(() => {
  const seen = { frames: [], tasks: [], errors: [] };
  window.__seen = seen;
  const ask = window.requestAnimationFrame.bind(window);
  const costs = new Map();
  window.requestAnimationFrame = (call) => ask((ms) => {
    const began = performance.now();
    try { call(ms); } finally { costs.set(ms, (costs.get(ms) ?? 0) + performance.now() - began); }
  });
  const frame = (ms) => {
    ask(frame);
    const last = seen.frames.at(-1);
    if (last) last[1] = costs.get(last[0]) ?? 0;
    costs.delete(last?.[0]);
    seen.frames.push([ms, 0]);
  };
  ask(frame);
  window.addEventListener("error", (event) => seen.errors.push(String(event.message)));
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) seen.tasks.push([startTime, duration]);
  }).observe({ type: "longtask", buffered: true });
})();
"""


@dataclass
class Frames:
    """A stretch of a page's life."""

    seconds: float
    frames: int
    dropped: int
    script_p50: float
    script_p95: float
    long_tasks: int
    longest_ms: float

    @property
    def share(self) -> float:
        """Frames dropped of those that the screen would have shown, in percent."""
        return 100 * self.dropped / max(1, self.frames + self.dropped)

    def __str__(self) -> str:
        return (
            f"{self.share:.2f} % of frames dropped ({self.dropped} of {self.frames + self.dropped}), "
            f"script {self.script_p50:.1f} ms p50, {self.script_p95:.1f} ms p95 a frame, "
            f"{self.long_tasks} tasks over 50 ms (longest {self.longest_ms:.0f} ms)"
        )


class Watched:
    """A page whose frames are watched from its first moment on."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.page: Page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
        self.page.add_init_script(_WATCH)
        self._session = browser.new_browser_cdp_session()
        self._own = self._renderers()

    def _renderers(self) -> set[int]:
        found = self._session.send("SystemInfo.getProcessInfo")["processInfo"]
        return {process["id"] for process in found if process["type"] == "renderer"}

    def start(self) -> None:
        """Forget what was seen so far."""
        self.page.evaluate(
            "() => { __seen.frames.length = 0; __seen.tasks.length = 0; __seen.since = performance.now(); }"
        )

    def seen(self, *, since_load: bool = False) -> Frames:
        """What was seen since `start`."""
        found = self.page.evaluate("() => ({ ...__seen, now: performance.now() })")
        if found["errors"]:
            raise AssertionError(f"the page failed: {found['errors'][:3]}")
        times = [ms for ms, _ in found["frames"]]
        scripts = sorted(cost for _, cost in found["frames"]) or [0.0]
        steps = [after - before for before, after in itertools.pairwise(times)]
        tasks = [duration for begin, duration in found["tasks"] if since_load or begin >= found.get("since", 0)]
        return Frames(
            seconds=(times[-1] - times[0]) / 1000 if times else 0,
            frames=len(times),
            dropped=sum(max(0, round(step / FRAME_MS) - 1) for step in steps),
            script_p50=scripts[len(scripts) // 2],
            script_p95=scripts[min(len(scripts) - 1, int(len(scripts) * 0.95))],
            long_tasks=len(tasks),
            longest_ms=max(tasks, default=0),
        )

    def memory(self) -> float:
        """MB that the page's process, workers included, holds for itself."""
        biggest = 0.0
        for pid in self._renderers():
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                private = sum(int(size) for size in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+)", text, re.M))
                biggest = max(biggest, private / 1000)
        return biggest

    def close(self) -> None:
        self.page.close()


def empty(browser: Browser, seconds: float = 5) -> Frames:
    """A page that does nothing but ask for frames: what this machine can show at all."""
    watched = Watched(browser)
    watched.page.goto("about:blank")
    watched.page.wait_for_timeout(300)
    watched.start()
    watched.page.wait_for_timeout(seconds * 1000)
    found = watched.seen()
    watched.close()
    return found


def parsing(browser: Browser, path: Path) -> float:
    """Seconds that a worker takes to do nothing with this file but JSON.parse each line: the least there can be."""
    page = browser.new_page()
    page.set_content("<input type=file>")
    page.set_input_files("input", path)
    seconds = page.evaluate(_PARSE)
    page.close()
    return float(seconds)


_PARSE = """() => new Promise((done) => {
  const work = async ({ data: file }) => {
    const began = performance.now(), decoder = new TextDecoder();
    let rest = new Uint8Array(0);
    for (let at = 0; at < file.size; at += 1 << 20) {
      const read = new Uint8Array(await file.slice(at, at + (1 << 20)).arrayBuffer());
      const bytes = new Uint8Array(rest.length + read.length);
      bytes.set(rest);
      bytes.set(read, rest.length);
      let from = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
        JSON.parse(decoder.decode(bytes.subarray(from, end)));
        from = end + 1;
      }
      rest = bytes.slice(from);
    }
    postMessage((performance.now() - began) / 1000);
  };
  const worker = new Worker(URL.createObjectURL(new Blob([`onmessage = ${work}`])));
  worker.onmessage = ({ data }) => done(data);
  worker.postMessage(document.querySelector("input").files[0]);
})"""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = os.environ.get("TRACER_CHROMIUM") or None
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def server(*words: str) -> Iterator[tuple[str, Path]]:
    """`tracer WORDS` on a folder of its own: the address it prints, and the folder."""
    with tempfile.TemporaryDirectory(prefix="tracer-bench-") as folder:
        runs = Path(folder) / "runs"
        command = [sys.executable, "-m", "tracer", *words, "--dir", str(runs), "--port", "0", "--no-open"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://\S+", line)
            assert found, f"the server did not start: {line!r}"
            yield found[0], runs
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait(page: Page, what: str, seconds: float, argument: Any = None) -> float:
    """Until this expression (of `text`) holds; ms since the page began to load, by the page's own clock."""
    # Playwright's own wait evaluates text in the page, which its CSP forbids.
    look = f"""async ([text, ms]) => {{
      const end = performance.now() + ms;
      while (!({what})) {{
        if (performance.now() > end) throw new Error("it did not come");
        await new Promise((next) => requestAnimationFrame(next));
      }}
      return performance.now();
    }}"""
    return float(page.evaluate(look, [argument, seconds * 1000]))


def paced_writer(path: Path, source: Path, rate: int) -> subprocess.Popen[bytes]:
    """A process that writes the lines of `source` to `path`, so many a second, as a run that another one records."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.browser.writer", str(path), str(source), str(rate)], cwd=ROOT
    )


def until(what: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            raise AssertionError("it did not come in time")
        time.sleep(0.05)
