from __future__ import annotations

import threading
import time

import pytest

from tracer.run import later
from tracer.run.later import Later


def _threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "tracer-timer"]


def test_what_is_due_first_is_called_first_and_by_one_thread() -> None:
    calls, done, due = [], threading.Event(), Later()
    began = time.monotonic()
    due.call(0.06, done.set)
    due.call(0.03, lambda: calls.append(("second", threading.get_ident())))
    due.call(0.01, lambda: calls.append(("first", threading.get_ident())))
    assert done.wait(5)
    assert time.monotonic() - began >= 0.06
    assert [name for name, _ in calls] == ["first", "second"]
    assert len({thread for _, thread in calls}) == 1


def test_a_call_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    done, due = threading.Event(), Later()
    due.call(0, lambda: 1 // 0)
    due.call(0.01, done.set)
    assert done.wait(5)
    assert "a call that was due failed" in caplog.text


def test_the_thread_leaves_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_IDLE_SECONDS", 0.02)
    others = set(_threads())
    due = Later()
    for _ in range(2):
        done = threading.Event()
        due.call(0, done.set)
        assert done.wait(5)
        deadline = time.monotonic() + 5
        while set(_threads()) - others:
            assert time.monotonic() < deadline
            time.sleep(0.01)
