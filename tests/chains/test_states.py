"""docs/states.md: its smallest chains show what it says they show."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.capture.findings.notes import KINDS
from tracer.log.events import STATES

PAGE = (Path(__file__).parents[2] / "docs" / "states.md").read_text()
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.S)[0]
CELLS = [
    [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
    for row in PAGE.splitlines()
    if row.startswith("| `")
]
ROWS = {row[0].strip("`"): row for row in CELLS}


def test_every_state_has_a_row() -> None:
    assert set(ROWS) == {*STATES, "recovered"}


def test_every_picture_of_the_docs_is_there() -> None:
    docs = Path(__file__).parents[2] / "docs"
    for page, names in (("states", ROWS), ("findings", KINDS)):
        shown = re.findall(r"!\[(\w+)\]\((pictures/[\w-]+\.png)\)", (docs / f"{page}.md").read_text())
        assert {name for name, _ in shown} == set(names)
        for _, picture in shown:
            assert (docs / picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("state", ["ok", "error", "propagated", "interrupted", "unfinished", "recovered", "cancelled"])
def test_the_smallest_chain_shows_it(state: str, tmp_path: Path) -> None:
    _, _, chain, given, about, _ = ROWS[state]
    names: dict[str, Any] = {}
    exec(CODE, names)
    runnable, value = eval(chain.strip("`"), names), eval(given.strip("`"), names)
    name, *others = re.findall(r"`(.*?)`", about)

    async def main() -> None:
        with contextlib.suppress(ZeroDivisionError):
            events = tracer.astream_events(runnable, value, path=tmp_path / "run.jsonl")
            async with contextlib.aclosing(events) as stream:
                async for event in stream:
                    if state == "cancelled" and event["name"] == name:
                        break

    asyncio.run(main())
    spans = {span.name: span for span in tracer.load(tmp_path / "run.jsonl").spans}
    if state == "recovered":
        assert spans[name].recovered
    else:
        assert spans[name].state == state
    if others:
        assert spans[name].cause == spans[others[0]].span
