"""A chain sits in `time.sleep` inside `async def`: does the page still answer, and is its start on disk at once?

    python -m benchmarks.blocking [--seconds 20]

Prints how long the page and the API took to answer all the while, and when the start line was on disk.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

ROOT = Path(__file__).parents[1]
CHAIN = """
import time
from langchain_core.runnables import RunnableLambda

async def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "awake"

chain = RunnableLambda(sleep)
"""


def main() -> None:
    """Start a server, block a chain in it, ask the server."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=20)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "blocking.py").write_text(CHAIN)
        command = [sys.executable, "-m", "tracer", "serve", "blocking.py:chain", "--port", "0", "--no-open"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
            try:
                measure(folder, _address(server), seconds)
            finally:
                server.terminate()


def measure(folder: str, address: str, seconds: float) -> None:
    """Print the figures for a chain that blocks for this long."""
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    headers = {"Authorization": "Bearer " + parse_qs(parts.query)["token"][0]}
    with httpx.Client(base_url=origin, headers=headers) as client:
        client.get("/")  # the first page compiles its template
        asked = time.perf_counter()
        run = client.post("/api/runs", json={"chain": "blocking:chain", "input": seconds}).json()["run"]
        log = Path(folder, "runs", f"{run}.jsonl")
        if json.loads(log.read_bytes().splitlines()[0])["event"] != "run_start":
            raise SystemExit(f"no run_start in {log}")
        on_disk = time.perf_counter() - asked
        took: dict[str, list[float]] = {"/": [], "/api/runs": [], f"/api/runs/{run}": []}
        until = time.monotonic() + seconds - 0.5
        while time.monotonic() < until:
            for path, times in took.items():
                began = time.perf_counter()
                client.get(path).raise_for_status()
                times.append((time.perf_counter() - began) * 1000)
            time.sleep(0.05)
        print(f"start line on disk at most {on_disk * 1000:.1f} ms after the request was sent")
        for path, times in took.items():
            shown = path.replace(run, "{run}")
            print(f"{shown:<16} {len(times)} requests: median {statistics.median(times):.1f}, max {max(times):.1f} ms")


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        if "http://" in line:
            return line[line.index("http://") :].strip()
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
