"""`tracer replay`: a saved run, played; over a clock that only sleeping moves."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from tracer.log.file import LogError
from tracer.replay import replay

from .conftest import ROOT, Tracer
from .test_show import line, model_run

FIXTURES = sorted(path for path in (ROOT / "tests" / "fixtures").glob("*.jsonl"))


class Stage:
    """A console, a clock, and what stood there at each moment at which something was waited for."""

    def __init__(self, terminal: bool = False) -> None:
        self.now = 50.0
        self.out = io.StringIO()
        self.console = Console(file=self.out, force_terminal=terminal, width=100, height=40, color_system=None)
        self.at: list[tuple[float, str]] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.at.append((self.now - 50, self.out.getvalue()))
        self.now += seconds


def _play(path: Path, speed: float, terminal: bool = False) -> Stage:
    stage = Stage(terminal)
    replay(path, speed, stage.console, stage.clock, stage.sleep)
    return stage


def _saved(folder: Path, lines: list[str]) -> Path:
    path = folder / "run.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_steps_are_told_when_they_were_recorded(tmp_path: Path) -> None:
    times = {"on_chain_start": 1_000_000, "on_chain_end": 5_000_000, "run_end": 6_000_000}
    lines = [json.loads(one) for one in model_run()[:2]]
    lines += [
        {"event": "on_chain_end", "span": 1, "data": {"output": "It is so."}},
        {"event": "run_end", "status": "ok"},
    ]
    texts = [json.dumps({**one, "seq": seq, "t_us": times.get(one["event"], 0)}) for seq, one in enumerate(lines)]
    stage = _play(_saved(tmp_path, texts), 2)
    assert stage.now - 50 == pytest.approx(3)
    assert [at for at, _ in stage.at] == pytest.approx([0, 0.5, 2.5])
    assert ["started" in shown for _, shown in stage.at] == [False, True, True]
    assert ["✓ ok" in shown for _, shown in stage.at] == [False, False, True]
    said = stage.out.getvalue()
    assert "1.000 s  chain Sequence #1  started" in said
    assert said.rstrip().endswith("It is so.")


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_every_fixture_ends_as_it_did(path: Path, tmp_path: Path) -> None:
    status = json.loads(path.with_suffix(".fold.json").read_text())["status"]
    for terminal in (False, True):
        stage = _play(path, 64, terminal)
        assert ("lost" if status == "running" else status) in stage.out.getvalue()


def test_a_terminal_gets_the_tree_of_each_moment(tmp_path: Path) -> None:
    stage = _play(_saved(tmp_path, model_run()), 0.25, terminal=True)
    assert "◆ chat_model Chat" in stage.out.getvalue()


def test_what_is_no_log_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name in ("empty", "missing"):
        with pytest.raises(LogError, match=name):
            _play(tmp_path / name, 1)
    newer = _saved(tmp_path, [json.dumps({"event": "run_start", "format": 9})])
    with pytest.raises(LogError, match="newer tracer"):
        _play(newer, 1)


def test_the_command(tracer: Tracer, folder: Path) -> None:
    lines = [*(line(seq, "x") for seq in range(4)), json.dumps({"seq": 4, "t_us": 40_000_000, "event": "run_end"})]
    path = _saved(folder, lines)
    began = time.monotonic()
    done = tracer("replay", str(path), "--speed", "64")
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began >= 40 / 64
    assert "✓ ok · 40.00 s" in done.stdout
    for wrong in ("0", "65", "x"):
        assert tracer("replay", str(path), "--speed", wrong).returncode == 2
    assert tracer("replay", "nothing").returncode == 1
