"""Measures what docs/performance.md quotes, and writes it there.

    python -m benchmarks.report [--only WORD …] [--dry]

The document itself says what is measured: after each `<!-- python -m … -->` stands what that command printed, up to
`<!-- end -->`, and is replaced by what it prints now. With `--only`, just the commands that contain one of the words;
with `--dry`, nothing is written. Exits with 1 where a command did: a goal was missed.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "performance.md"
_BLOCK = re.compile(r"(<!-- python -m (?P<command>[^\n]+) -->\n).*?(?=<!-- end -->)", re.DOTALL)


def blocks(text: str) -> list[str]:
    """The commands of a document, in their order."""
    return [match["command"] for match in _BLOCK.finditer(text)]


def measured(text: str, only: list[str]) -> tuple[str, list[str]]:
    """The document with what its commands print now, and the commands that failed."""
    failed: list[str] = []

    def replace(match: re.Match[str]) -> str:
        command = match["command"]
        if only and not any(word in command for word in only):
            return match[0]
        print(f"{time.strftime('%H:%M:%S')}  python -m {command}", flush=True)
        said = subprocess.Popen(
            [sys.executable, "-m", *shlex.split(command)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        lines = []
        assert said.stdout is not None
        for line in said.stdout:
            print(f"          {line}", end="", flush=True)
            lines.append(line.rstrip())
        if said.wait() != 0:
            failed.append(command)
        printed = "\n".join(lines).strip()
        shown = printed if printed.startswith("|") else f"```text\n{printed}\n```"
        return f"{match[1]}\n{shown}\n\n"

    return _BLOCK.sub(replace, text), failed


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--only", nargs="+", default=[], metavar="WORD")
    options.add_argument("--dry", action="store_true", help="print, and write nothing")
    given = options.parse_args()
    text, failed = measured(DOCUMENT.read_text("utf-8"), given.only)
    if not given.dry:
        DOCUMENT.write_text(text, "utf-8")
    for command in failed:
        print(f"missed its goal, or failed: python -m {command}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
