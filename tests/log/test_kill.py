"""R24 and R27, with real processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tracer.log.store import Store
from tracer.log.writer import Writer

ROOT = Path(__file__).parents[2]


def _kill(*arguments: str) -> str:
    words = [sys.executable, "-m", "tests.log.kill", *arguments]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=3000, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_what_a_viewer_was_shown_outlives_20_kills() -> None:
    assert "20 kills" in _kill("--kills", "20", "--longest", "0.05")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_what_a_viewer_was_shown_outlives_1000_kills() -> None:
    print(_kill("--kills", "1000"))


TAKE = """
import sys, pathlib
from tracer.log.writer import Writer
sys.stdin.readline()
try:
    writer = Writer(pathlib.Path(sys.argv[1]), {"run": "r", "who": sys.argv[2]})
except FileExistsError:
    print("taken")
else:
    print("mine", flush=True)
    sys.stdin.readline()
    writer.end({"status": "ok"})
"""


def test_of_many_processes_that_want_one_name_one_gets_it(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen([sys.executable, "-c", TAKE, str(path), str(n)], stdin=pipe, stdout=pipe, text=True, cwd=ROOT)
        for n in range(6)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.stdout.readline().strip() for process in processes if process.stdout]
    assert sorted(said) == ["mine"] + ["taken"] * 5
    with pytest.raises(FileExistsError):
        Writer(path, {"run": "r"})
    with pytest.raises(FileExistsError):
        Store(tmp_path).create({"run": "r"})
    assert b"run_start" in path.read_bytes()
    for process in processes:
        process.communicate("\n", timeout=10)
    assert Store(tmp_path).summary("r")["status"] == "ok"
    assert len(path.read_bytes().splitlines()) == 2
