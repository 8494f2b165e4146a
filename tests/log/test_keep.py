from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tracer.log.keep import Keep, Keeper, parse, prune
from tracer.log.store import RunNotFound, Store, new_run_id

from .folders import ended, until_true

NOW = 1_800_000_000.0
DAY = 86_400


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.mark.parametrize(("text", "keep"), [("100", Keep(100, None)), ("30d", Keep(None, 30)), (" 1 ", Keep(1, None))])
def test_what_can_be_kept(text: str, keep: Keep) -> None:
    assert parse(text) == keep
    assert parse(str(keep)) == keep


@pytest.mark.parametrize("text", ["", "0", "0d", "-1", "1.5", "d", "3 d", "3h", "all", "1e3", "٣", "9" * 10])
def test_what_cannot_be_kept(text: str) -> None:
    with pytest.raises(ValueError, match=r"a number of runs \(100\) nor of days \(30d\)"):
        parse(text)


def test_the_oldest_go_but_those_that_are_starred_or_written(store: Store) -> None:
    starred, lost, here, old = ended(store), ended(store, lost=True), new_run_id(), ended(store)
    writer = store.create({"run": here})
    newest = [ended(store) for _ in range(2)]
    store.annotate(starred, {"starred": True})
    store.annotate(lost, {"name": "a name alone keeps nothing"})
    with pytest.raises(BlockingIOError):
        os.close(_lock(store, here))
    assert prune(store, Keep(2, None), NOW) == [lost, old]
    assert store.find() == (*newest[::-1], here, starred)
    assert not (store.root / f"{lost}.meta.json").exists()
    writer.end({"status": "ok"})
    assert prune(store, Keep(2, None), NOW) == [here]
    store.annotate(starred, {"starred": False})
    assert prune(store, Keep(2, None), NOW) == [starred]
    assert prune(store, Keep(2, None), NOW) == []


def _lock(store: Store, run: str) -> int:
    import fcntl

    fd = os.open(store.path(run), os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise
    return fd


def test_a_star_that_comes_at_the_last_moment_keeps_a_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    old, _ = ended(store), ended(store)
    delete = store.delete

    def starred_first(run: str, *, unless_starred: bool = False) -> bool:
        store.annotate(run, {"starred": True})
        return delete(run, unless_starred=unless_starred)

    monkeypatch.setattr(store, "delete", starred_first)
    assert prune(store, Keep(1, None), NOW) == []
    assert old in store.find()


def test_a_name_for_a_run_that_is_being_deleted_leaves_no_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ended(store)
    unlink = Path.unlink

    def name() -> None:
        with pytest.raises(RunNotFound):
            store.annotate(run, {"name": "late"})

    late = threading.Thread(target=name)

    def while_named(path: Path, missing_ok: bool = False) -> None:
        late.start()
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", while_named)
    assert store.delete(run)
    late.join()
    assert list(store.root.iterdir()) == []


def test_days_count_from_the_last_line(store: Store) -> None:
    runs = [ended(store) for _ in range(3)]
    for run, days in zip(runs, (9, 2, 0), strict=True):
        os.utime(store.path(run), (NOW - days * DAY, NOW - days * DAY))
    assert prune(store, Keep(None, 10), NOW) == []
    assert prune(store, Keep(None, 3), NOW) == [runs[0]]
    assert prune(store, Keep(None, 3), NOW + 2 * DAY) == [runs[1]]


def test_a_run_that_ends_makes_room_and_it_is_said(store: Store) -> None:
    said: list[str] = []
    old = [ended(store) for _ in range(5)]
    Keeper(store, Keep(1, None), said.append).start()
    until_true(lambda: store.find() == (old[-1],))
    assert said == [f"deleted 4 runs beyond --keep 1: {old[0]}, {old[1]}, {old[2]}, …"]
    run = new_run_id()
    writer = Store(store.root).create({"run": run})
    until_true(lambda: store.find() == (run,))
    assert said[1:] == [f"deleted 1 run beyond --keep 1: {old[-1]}"]
    writer.end({"status": "ok"})
