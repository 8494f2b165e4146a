"""The list of a folder: names and stars, order, and what is read of it how often."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tracer.log import summary as summaries
from tracer.log.meta import clean_name
from tracer.log.store import RunNotFound, Store, new_run_id

from .folders import ended, header, until_true


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def test_the_first_page_opens_only_the_files_it_shows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [ended(store) for _ in range(40)]
    opened: list[str] = []
    real = summaries.LogFile

    def counted(path: Path) -> Any:
        opened.append(path.stem)
        return real(path)

    monkeypatch.setattr(summaries, "LogFile", counted)
    monkeypatch.setattr("tracer.log.catalog.Catalog.fill", lambda _: None)
    fresh = Store(store.root)
    assert [one["run"] for one in fresh.list(limit=5)[0]] == runs[:-6:-1]
    assert (fresh.total(), sorted(opened)) == (40, runs[-6:])
    # A search reads the rest, once.
    assert len(fresh.find(q="why")) == 40
    assert len(fresh.find(status="ok")) == 40
    assert sorted(opened) == runs


def test_the_rest_is_read_in_the_background(store: Store) -> None:
    ended(store, chain="a:b")
    ended(store, chain="c:d")
    fresh = Store(store.root)
    assert fresh.chains() is None
    assert fresh.total() == 2
    fresh.list(limit=1)
    until_true(lambda: fresh.chains() == ["a:b", "c:d"])


def test_what_comes_goes_and_is_replaced_is_noticed(store: Store) -> None:
    first, second = ended(store), ended(store)
    assert store.find(q="why") == (second, first)
    other = Store(store.root)
    third = ended(other, input="another thing")
    assert store.find() == (third, second, first)
    other.delete(second)
    assert store.find() == (third, first)
    assert store.find(q="another") == (third,)
    made = store.root / "made.tmp"
    made.write_bytes(store.path(first).read_bytes())
    os.replace(made, store.path(third))
    assert store.find(q="another") == ()
    store.root.rename(store.root.with_name("away"))
    assert store.find() == ()


def test_a_run_that_another_process_ends_is_found_by_its_new_state(store: Store) -> None:
    run = new_run_id()
    writer = Store(store.root).create(header(run))
    assert store.find(status="running") == (run,)
    assert store.find(status="error") == ()
    writer.end({"status": "error", "error": {"type": "ValueError", "message": "too late"}})
    assert store.find(status="error", q="TOO LATE") == (run,)
    assert store.find(status="running") == ()


def test_files_that_are_no_uuid_stand_by_their_time(store: Store) -> None:
    run = ended(store)
    for name, seconds in (("old", 1_000), ("new", 3_000_000_000)):
        path = store.root / f"{name}.jsonl"
        path.write_text('{"event":"run_start","format":1}\n')
        os.utime(path, (seconds, seconds))
    assert store.find() == ("new", run, "old")
    assert [one["run"] for one in store.list(before=run)[0]] == ["old"]
    store.delete("new")
    assert [one["run"] for one in store.list(before="new")[0]] == [run, "old"]


def test_a_name_and_a_star(store: Store) -> None:
    run = ended(store)
    assert store.summary(run)["name"] is None
    assert store.annotate(run, {"name": "first"})["name"] == "first"
    assert store.annotate(run, {"starred": True}) == {**store.summary(run), "name": "first", "starred": True}
    path = store.root / f"{run}.meta.json"
    assert json.loads(path.read_bytes()) == {"name": "first", "starred": True}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Store(store.root).find(starred=True) == Store(store.root).find(q="FIRST") == (run,)
    # By another process, or by hand.
    path.write_text('{"name": "by hand", "colour": "red"}')
    assert (store.summary(run)["name"], store.summary(run)["starred"]) == ("by hand", False)
    store.annotate(run, {"name": None})
    assert json.loads(path.read_bytes()) == {"colour": "red"}
    store.delete(run)
    assert not path.exists()
    assert os.listdir(store.root) == []
    with pytest.raises(RunNotFound):
        store.annotate(run, {"name": "x"})


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b'{"name": 3, "starred": "yes"}',
        b'{"name": {"name": "x"}, "starred": 1}',
        b'{"name": "\\ud800"}',
        b"\xff\xfe",
        b'{"name": "  \\u0000\\u001b "}',
        b'{"a":' * 600 + b"1" + b"}" * 600,
        b'{"name": "' + b"x" * (1 << 17) + b'"}',
    ],
)
def test_a_hostile_file_says_nothing_and_is_put_right(text: bytes, store: Store) -> None:
    run = ended(store)
    (store.root / f"{run}.meta.json").write_bytes(text)
    assert (store.summary(run)["name"], store.summary(run)["starred"]) == (None, False)
    assert store.find(q="why") == (run,)
    assert store.annotate(run, {"starred": True})["starred"] is True
    assert store.find(starred=True) == (run,)


def test_a_link_or_a_folder_in_its_place_is_not_followed(store: Store) -> None:
    run, other = ended(store), ended(store)
    outside = store.root.parent / "outside.json"
    outside.write_text('{"name": "secret", "starred": true}')
    (store.root / f"{run}.meta.json").symlink_to(outside)
    (store.root / f"{other}.meta.json").mkdir()
    assert store.summary(run)["name"] is None
    assert store.annotate(run, {"name": "own"})["name"] == "own"
    assert json.loads(outside.read_text())["name"] == "secret"
    assert store.summary(other)["name"] is None
    with pytest.raises(OSError, match="directory"):
        store.annotate(other, {"name": "x"})
    assert not list(store.root.glob(".*.tmp"))
    store.delete(other)
    assert store.find() == (run,)


def test_a_failed_write_leaves_the_name_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ended(store)
    store.annotate(run, {"name": "before"})

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tracer.log.meta.os.replace", fail)
        with pytest.raises(OSError, match="No space"):
            store.annotate(run, {"name": "after"})
    assert store.summary(run)["name"] == "before"
    assert not list(store.root.glob(".*"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  a\n b\t", "a b"),
        ("", None),
        (" \u0000\u202e ", None),
        ("Zürich ☂ 東京", "Zürich ☂ 東京"),
        ("a\u202eb", "ab"),
    ],
)
def test_a_name_is_one_line_that_can_be_seen(given: str, kept: str | None) -> None:
    assert clean_name(given) == kept
