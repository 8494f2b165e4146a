"""Replay equals live: at any moment the page's state is the fold of the lines up to it, here in Python."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tracer.log.expand import Whole
from tracer.log.file import read
from tracer.log.health import health
from tracer.log.spans import Fold

HERE = Path(__file__).parent
FIXTURES = sorted((HERE.parent / "fixtures").glob("*.jsonl"))
SEEDS = range(1, 31)


def test_the_page_at_200_moments_of_every_fixture_and_of_runs_made_by_chance() -> None:
    node = shutil.which("node")
    assert node, "the page's tests need Node"
    names = [*map(str, FIXTURES), *map(str, SEEDS)]
    script = HERE.parent / "js" / "moments.js"
    said = subprocess.run([node, script, *names], capture_output=True, check=True, timeout=60).stdout
    seen = 0
    for answer in map(json.loads, said.splitlines()):
        lines = answer["lines"] or list(map(Whole().line, read(Path(answer["name"]))))
        states = {moment["row"]: moment for moment in answer["moments"]}
        assert len(states) >= min(100, len(lines)), answer["name"]
        fold = Fold()
        for row, line in enumerate(lines):
            fold.add(line)
            if row in states:
                where = f"{answer['name']} after row {row}"
                assert states[row]["summary"] == json.loads(json.dumps(fold.summary())), where
                assert states[row]["health"] == health(fold), where
                seen += 1
    assert seen > len(FIXTURES) * 5
