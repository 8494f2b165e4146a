#!/usr/bin/env python3
"""Print the path of a Chromium that starts: $TRACER_CHROMIUM, the system's, Playwright's; else install one.

Run with the Python that has Playwright. What is installed is said on stderr; where nothing can be, it fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def say(text: str) -> None:
    print(f"make: {text}", file=sys.stderr, flush=True)


def starts(path: str | None) -> bool:
    """Whether it runs at all: a package may be there without the libraries it needs."""
    if not path:
        return False
    command = [path, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "about:blank"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def installed() -> str | None:
    named = os.environ.get("TRACER_CHROMIUM")
    if named:
        if starts(named):
            return named
        say(f"TRACER_CHROMIUM={named} does not start")
        raise SystemExit(1)
    for path in (*map(shutil.which, NAMES), str(MAC), of_playwright()):
        if starts(path):
            return path
    return None


def install() -> str | None:
    # Debian's own comes with the libraries it needs; Playwright's download only finds them on a desktop.
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        say("no Chromium found for the browser tests: installing Debian's")
        run("apt-get", "update", "-qq", limit=300)
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", limit=900)
        if starts(path := shutil.which("chromium")):
            return path
    say("no Chromium found for the browser tests: installing Playwright's")
    run(sys.executable, "-m", "playwright", "install", "chromium", limit=600)
    path = of_playwright()
    return path if starts(path) else None


def run(*command: str, limit: float) -> bool:
    try:
        return subprocess.run(command, stdout=sys.stderr, timeout=limit, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as error:
        say(str(error))
        return False


def main() -> None:
    path = installed() or install()
    if path is None:
        say("the browser tests need a Chromium and none could be installed: install one, or set TRACER_CHROMIUM")
        raise SystemExit(1)
    print(path)


if __name__ == "__main__":
    main()
