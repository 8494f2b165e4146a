"""Files that no tracer wrote, through every reader there is: one error, every sound line, and nothing but strict JSON.

300 of them here, 10,000 by `make long`.
"""

from __future__ import annotations

import json
import math
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

import tracer
from tests.log.mutants import Mutant, mutants
from tracer.cli import cli
from tracer.log.elements import Broken
from tracer.log.expand import Whole
from tracer.log.file import LogError, LogFile, check, read
from tracer.log.importer import Import
from tracer.log.spans import Fold
from tracer.log.store import RunNotFound, Store

ROOT = Path(__file__).parents[2]
SAMPLED, ALL = 300, 10_000
SECONDS = 20.0
"""Of computing, for one reader and one file."""
GROWTH = 600 << 20
"""Bytes by which reading them all, one after the other, may make the process larger."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HALVES = re.compile("[\ud800-\udfff]")


def the_one_error(path: Path, error: LogError, said: str = "", line: int | None = None) -> None:
    assert str(error).startswith(f"{path}:")
    assert error.path == path
    assert said in error.reason
    assert error.reason
    assert error.line == line or line is None


def sound(raw: bytes) -> bool | None:
    """Whether these bytes are a line, by another parser than the reader's; None where that one cannot tell."""

    def finite(text: str) -> float:
        if math.isinf(float(text)):
            raise ValueError(text)
        return float(text)

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, value in found:
            for text in (key, value):
                if isinstance(text, str) and _HALVES.search(text):
                    raise ValueError(text)
        return dict(found)

    def refused(name: str) -> None:
        raise ValueError(name)

    try:
        text = raw.decode()
        line = json.loads(text, parse_float=finite, parse_int=finite, parse_constant=refused, object_pairs_hook=pairs)
        halves = isinstance(line, dict) and _HALVES.search(json.dumps(line, ensure_ascii=False))
    except RecursionError:
        return None
    except ValueError:
        return False
    return isinstance(line, dict) and isinstance(line.get("event"), str) and not halves


def strict(raw: bytes) -> Any:
    """Raises ValueError for what is not strict JSON."""
    return orjson.loads(raw)


def expected(data: bytes) -> Iterator[tuple[int, bytes, bool | None]]:
    """The lines of a file of format 1 by their places, and whether each is one."""
    parts = data.split(b"\n")
    for seq, raw in enumerate(parts if parts[-1] else parts[:-1]):
        given = raw.removeprefix(b"\xef\xbb\xbf") if seq == 0 else raw
        yield seq, given, sound(given)


def reads(path: Path, data: bytes) -> list[dict[str, Any]] | None:
    """Every sound line is read and every other one is counted, or it is refused for its format; None where it is."""
    try:
        lines = list(read(path))
    except LogError as error:
        the_one_error(path, error, "format", 1)
        return None
    with LogFile(path) as file:
        is_plain = file.plain() is not None
    if is_plain:
        assert [line["seq"] for line in lines] == list(range(len(lines)))
        assert lines[0]["times"] == "unknown"
        return lines
    for line, (seq, raw, is_sound) in zip(lines, expected(data), strict=False):
        assert line["seq"] == seq
        if is_sound is not None:
            assert (line["event"] != "bad_line" or b"bad_line" in raw) == is_sound, (seq, raw[:200])
        if line["event"] == "bad_line" and b"bad_line" not in raw:
            assert (line["line"], line["bytes"]) == (seq + 1, len(raw))
    wanted = list(expected(data))
    ended = any(line["event"] == "run_end" for line in lines)
    assert len(lines) == len(wanted) or (ended and lines[-1]["event"] == "run_end")
    return lines


def loads(path: Path) -> None:
    try:
        run = tracer.load(path)
        assert all(span.state != "running" for span in run.spans)
        for event in run.events:
            assert event["event"].startswith("on_")
    except LogError as error:
        the_one_error(path, error)


def shows(path: Path, lines: list[dict[str, Any]] | None) -> None:
    result = CliRunner().invoke(cli, ["show", str(path)])
    if result.exception is not None:
        assert isinstance(result.exception, LogError), result.exc_info
        the_one_error(path, result.exception)
        return
    assert not _CONTROLS.search(result.stdout)
    bad = sum(line["event"] == "bad_line" for line in lines or ())
    if bad:
        assert f"{bad} of {len(lines or ())} lines unreadable" in result.stdout


def serves(store: Store, run: str, data: bytes) -> None:
    """What goes over the wire: every complete line by its place, strict."""
    try:
        summary = store.summary(run)
        strict(orjson.dumps(summary))
        strict(json.dumps([store.header(run), store.footer(run)], allow_nan=False).encode())
        # An empty file of this very moment is one that is being made.
        assert summary["status"] != "running" or not data
    except RunNotFound:
        raise AssertionError("a file in the folder is a run") from None
    for at, (seq, raw) in enumerate(store.lines(run)):
        assert seq == at
        assert strict(raw)["seq"] == seq
        assert b"\n" not in raw


def imports(folder: Path, run: str, path: Path, lines: list[dict[str, Any]] | None) -> None:
    """What is kept is strict, and says the same; what is refused leaves nothing behind."""
    before = set(folder.iterdir())
    try:
        with Import(folder, run, "a\u202eb.jsonl") as file:
            file.write(path.read_bytes())
            done = file.finish()
    except LogError:
        assert set(folder.iterdir()) == before
        assert lines is None or all(line["event"] == "bad_line" for line in lines)
        return
    kept = folder / f"{run}.jsonl"
    assert set(folder.iterdir()) == {*before, kept}
    assert kept.stat().st_mode & 0o777 == 0o600
    raws = kept.read_bytes().split(b"\n")
    assert raws.pop() == b""
    assert [strict(raw)["seq"] for raw in raws] == list(range(len(raws))) == list(range(done.lines))
    header = strict(raws[0])
    assert (header["event"], header["format"], header["run"]) == ("run_start", 1, run)
    assert header["imported"]["file"] == "ab.jsonl"
    assert lines is not None
    added = done.lines - len(lines)
    assert added in (0, 1)
    assert sum(strict(raw)["event"] == "bad_line" for raw in raws) == done.bad_lines
    assert done.bad_lines >= sum(line["event"] == "bad_line" for line in lines)
    if done.bad_lines == sum(line["event"] == "bad_line" for line in lines) and not added:
        ours, theirs = Fold.of(read(kept)).summary(), Fold.of(lines).summary()
        assert {**ours, "run": 0} == {**theirs, "run": 0}
    kept.unlink()


def folds(path: Path, lines: list[dict[str, Any]] | None) -> dict[str, Any]:
    """What the twins have to agree on; whole lines only where they are of a size to be written down."""
    if lines is None:
        return {"refused": True}
    whole, fold = Whole(), Fold()
    expanded: list[dict[str, Any]] = []
    room = 200_000
    for line in lines:
        one = whole.line(line)
        fold.add(one)
        room -= weight(one, room)
        if room > 0:
            expanded.append(one)
    fold.lost()
    return {"fold": fold.summary(), "whole": expanded if room > 0 else None}


def weight(value: Any, most: int) -> int:
    taken, waiting = 0, [value]
    while waiting and taken <= most:
        one = waiting.pop()
        taken += len(one) if isinstance(one, str) else 1
        if isinstance(one, dict):
            taken += sum(map(len, one))
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return taken


def see(mutant: Mutant, folder: Path, number: int, store: Store) -> dict[str, Any]:
    """One file through all readers, each within its time. Returns what the JavaScript twin has to find as well."""
    run = f"m{number}"
    path = folder / f"{run}.jsonl"
    path.write_bytes(mutant.data)
    took: dict[str, float] = {}

    def timed(name: str, began: float) -> float:
        # Of this process alone: others may keep the machine busy.
        now = time.process_time()
        took[name] = now - began
        return now

    at = time.process_time()
    lines = reads(path, mutant.data)
    at = timed("read", at)
    loads(path)
    at = timed("load", at)
    shows(path, lines)
    at = timed("show", at)
    serves(store, run, mutant.data)
    at = timed("serve", at)
    imports(folder, f"i{number}", path, lines)
    at = timed("import", at)
    found = folds(path, lines)
    timed("fold", at)
    assert max(took.values()) < SECONDS, took
    with LogFile(path) as file:
        is_plain = file.plain() is not None
    return {"name": f"{number} {mutant.kind}", "file": path.name, "plain": is_plain, **found}


def agree(folder: Path, wanted: list[dict[str, Any]]) -> list[str]:
    """The same files through the page's own modules, in node; what they found else."""
    listed = folder / "wanted.json"
    usual = sys.getrecursionlimit()
    # A line may have 1,024 levels.
    sys.setrecursionlimit(10_000)
    try:
        listed.write_text(json.dumps(wanted, allow_nan=False))
    finally:
        sys.setrecursionlimit(usual)
    done = subprocess.run(
        ["node", str(ROOT / "tests/js/mutants.js"), str(listed)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert int(done.stdout.split()[0]) == len(wanted), done.stderr[-3_000:]
    return [done.stdout[-200:] + done.stderr[-3_000:]] if done.returncode else []


def run_all(count: int, folder: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    store = Store(folder / "runs")
    batch: list[dict[str, Any]] = []
    wrong: list[str] = []
    for number, mutant in enumerate(mutants(count)):
        try:
            batch.append(see(mutant, store.root, number, store))
        except Exception as error:
            kept = folder / f"{number}.jsonl"
            kept.write_bytes(mutant.data)
            wrong.append(f"file {number}, {mutant.kind}, kept as {kept}: {error!r:.500}")
        if len(batch) == 500:
            wrong += agree(store.root, batch)
            clear(store.root)
            batch = []
    wrong += agree(store.root, batch)
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong[:20])
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert growth < GROWTH, f"{growth >> 20} MB"


def clear(folder: Path) -> None:
    for path in folder.glob("m*.jsonl"):
        path.unlink()


def test_a_sample_of_them(tmp_path: Path) -> None:
    run_all(SAMPLED, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_all_of_them(tmp_path: Path) -> None:
    run_all(ALL, tmp_path)


def test_they_are_of_every_kind_and_always_the_same() -> None:
    found = list(mutants(SAMPLED))
    assert found == list(mutants(SAMPLED))
    assert len(found) == SAMPLED
    assert len({mutant.kind.partition(" at")[0] for mutant in found}) >= 25


def test_a_line_that_is_longer_than_memory_is_a_bad_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.log.file.LONGEST", 1 << 20)
    path = tmp_path / "long.jsonl"
    path.write_bytes(b'{"event":"run_start","format":1}\n{"event":"' + b"x" * (3 << 20) + b'"}\n{"event":"run_end"}\n')
    lines = list(read(path))
    assert [line["event"] for line in lines] == ["run_start", "bad_line", "run_end"]
    assert lines[1]["bytes"] == (3 << 20) + 12
    with LogFile(path) as file:
        assert [type(raw) for raw in file.raw_lines()] == [bytes, Broken, bytes]


def test_the_place_is_what_counts() -> None:
    assert check(3, b'{"event":"x","seq":9}')[0]["seq"] == 3
