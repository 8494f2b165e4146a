"""The list over 10,000 runs: how soon its first page is there, how fast it is searched, and what its text costs.

`python benchmarks/list.py` makes a folder of 10,000 runs (about 1 GB, taken away afterwards; `--folder` keeps one),
starts the server on it as a user does and measures: from the start of the process to the first answer of `GET
/api/runs`, beside the same over an empty folder (Python and LangChain take their time to load), and to the first rows
on screen where there is a Chromium; a search as it is typed; a search in the text.
Exits with 1 where 10,000 runs put the first page off by over 1 s or a search as you type takes over 50 ms (median).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.folder import fill  # noqa: E402  # this checkout's, installed or not

TYPED = "order refund parcel"
CHAIN = """
from langchain_core.runnables import RunnableLambda

chain = RunnableLambda(lambda given: given)
"""


class Server:
    """`tracer serve` with one plain chain, on a folder; `began` is when its process was started."""

    def __init__(self, folder: Path, work: Path) -> None:
        (work / "plain.py").write_text(CHAIN)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        words = [sys.executable, "-m", "tracer", "serve", "plain.py:chain", "--dir", str(folder.resolve())]
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [*words, "--port", "0", "--no-open"], stdout=subprocess.PIPE, text=True, env=environment, cwd=work
        )
        assert self.process.stdout is not None
        found = re.search(r"http://\S+", self.process.stdout.readline())
        assert found, "the server did not start"
        self.url = found[0]
        parts = urlsplit(self.url)
        self.token = parts.query.removeprefix("token=")
        self.connection = http.client.HTTPConnection(str(parts.hostname), parts.port or 80)

    def get(self, path: str) -> Any:
        return json.loads(self.read(path))

    def read(self, path: str) -> bytes:
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
        reply = self.connection.getresponse()
        body = reply.read()
        assert reply.status == 200, body
        return body

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def first_answer(folder: Path, work: Path) -> tuple[float, float]:
    """Seconds from the start of the process to the first page, and what of that is the request's own."""
    server = Server(folder, work)
    try:
        asked = time.perf_counter()
        page = server.get("/api/runs")
        answered = time.perf_counter()
        assert len(page["runs"]) == min(50, page["total"])
        return answered - server.began, answered - asked
    finally:
        server.stop()


def typed(server: Server) -> list[float]:
    """Milliseconds for each letter of a search, as it is typed."""
    times = []
    for _ in range(5):
        for end in range(1, len(TYPED) + 1):
            began = time.perf_counter()
            server.get(f"/api/runs?limit=60&q={quote(TYPED[:end])}")
            times.append((time.perf_counter() - began) * 1e3)
    return times


def first_paint(folder: Path, work: Path) -> tuple[float, float] | None:
    """Seconds from the start of the process, and from the start of loading, to the first rows on screen."""
    chromium = os.environ.get("TRACER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if chromium is None:
        return None
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        # Its first page pays for the browser's own start.
        browser.new_page().goto("about:blank")
        server = Server(folder, work)
        try:
            page = browser.new_page()
            asked = time.perf_counter()
            page.goto(server.url, wait_until="commit")
            page.locator(".runs-entry").first.wait_for()
            page.evaluate("() => new Promise((seen) => requestAnimationFrame(() => setTimeout(seen)))")
            now = time.perf_counter()
            return now - server.began, now - asked
        finally:
            server.stop()
            browser.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made) / "runs"
        if not any(folder.glob("*.jsonl")):
            fill(folder, given.runs, newest_ms=int(time.time() * 1000))
        size = sum(file.stat().st_size for file in folder.iterdir())
        print(f"{sum(1 for _ in folder.glob('*.jsonl')):,} runs, {size / 1e6:,.0f} MB")
        empty = Path(made) / "empty"
        pairs = [(first_answer(folder, Path(made)), first_answer(empty, Path(made))) for _ in range(5)]
        first, own, bare = (
            statistics.median(times)
            for times in zip(*((full[0], full[1], none[0]) for full, none in pairs), strict=True)
        )
        print(f"  first page {first:.2f} s after the process began, {own * 1e3:.0f} ms of it the request itself;")
        print(f"    over an empty folder {bare:.2f} s (medians of 5 pairs)")
        if seen := first_paint(folder, Path(made)):
            print(f"  first rows on screen {seen[0]:.2f} s after the process began, {seen[1]:.2f} s after loading")
        server = Server(folder, Path(made))
        try:
            began = time.perf_counter()
            server.get("/api/runs?q=zzzz")
            print(f"  first search, right after the start {time.perf_counter() - began:.2f} s")
            times = typed(server)
            typing = statistics.median(times)
            print(f"  search as you type {typing:.0f} ms, p99 {statistics.quantiles(times, n=100)[98]:.0f} ms")
            began = time.perf_counter()
            body = server.read("/api/runs/search?text=landmark-")
            took = time.perf_counter() - began
            found = body.count(b"event: message")
            print(f"  text of all runs searched in {took:.1f} s, {size / 1e6 / took:.0f} MB/s, {found} found")
        finally:
            server.stop()
    return int(first - bare > 1 or typing > 50)


if __name__ == "__main__":
    sys.exit(main())
