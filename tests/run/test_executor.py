from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from tracer.run.executor import MOST_THREADS, DaemonExecutor


def test_stuck_calls_do_not_hold_up_others() -> None:
    executor, gate = DaemonExecutor(), threading.Event()
    stuck = [executor.submit(gate.wait) for _ in range(60)]
    assert executor.submit(lambda: 1).result(timeout=2) == 1
    gate.set()
    assert all(future.result(timeout=2) for future in stuck)
    executor.shutdown()


def test_an_idle_thread_is_used_again() -> None:
    executor = DaemonExecutor()
    first = executor.submit(threading.get_ident).result(timeout=2)
    for _ in range(100):  # the thread lists itself as idle just after it gives the result
        time.sleep(0.001)
        if executor.submit(threading.get_ident).result(timeout=2) == first:
            break
    else:
        pytest.fail("every call got a thread of its own")
    executor.shutdown()


def test_errors_come_back_and_closed_is_closed() -> None:
    executor = DaemonExecutor()
    with pytest.raises(ZeroDivisionError):
        executor.submit(lambda: 1 // 0).result(timeout=2)
    executor.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(int)


def test_threads_leave_after_shutdown() -> None:
    executor = DaemonExecutor()
    before = threading.active_count()
    futures = [executor.submit(time.sleep, 0.05) for _ in range(20)]
    for future in futures:
        future.result(timeout=2)
    executor.shutdown()
    for _ in range(200):
        if threading.active_count() <= before:
            return
        time.sleep(0.01)
    pytest.fail("threads stay")


def test_it_serves_as_a_loops_default() -> None:
    async def main() -> int:
        asyncio.get_running_loop().set_default_executor(DaemonExecutor())
        return await asyncio.to_thread(lambda: 7)

    assert asyncio.run(main()) == 7


def test_a_stuck_call_does_not_hold_up_the_exit() -> None:
    code = "import time; from tracer.run.executor import DaemonExecutor; DaemonExecutor().submit(time.sleep, 30)"
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)
    assert time.monotonic() - began < 15


def test_one_run_has_so_many_threads_and_others_do_not_wait_for_it() -> None:
    whose, gate = ["greedy"], threading.Event()
    executor = DaemonExecutor(lambda: (whose[0], None))
    stuck = [executor.submit(gate.wait) for _ in range(10 * MOST_THREADS)]
    assert list(executor.busy().values()).count(("greedy", None)) <= MOST_THREADS
    stuck[-1].cancel()
    order: list[int] = []
    late = [executor.submit(order.append, number) for number in range(5)]
    whose[0] = "modest"
    assert executor.submit(lambda: 1).result(timeout=2) == 1
    assert not any(future.done() for future in late)
    gate.set()
    assert all(future.result(timeout=5) for future in stuck[:-1])
    for future in late:
        future.result(timeout=5)
    assert sorted(order) == list(range(5))
    executor.shutdown()
    deadline = time.monotonic() + 5
    while executor._shares:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_calls_that_wait_for_a_thread_are_made_after_shutdown() -> None:
    gate = threading.Event()
    executor = DaemonExecutor(lambda: ("run", None))
    futures = [executor.submit(gate.wait) for _ in range(MOST_THREADS + 3)]
    executor.shutdown()
    gate.set()
    assert all(future.result(timeout=5) for future in futures)


def test_a_thread_that_cannot_be_started_takes_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    executor = DaemonExecutor(lambda: ("run", None))

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        for _ in range(MOST_THREADS + 1):
            with pytest.raises(RuntimeError, match="can't start"):
                executor.submit(int)
    assert executor.submit(lambda: 1).result(timeout=2) == 1
    executor.shutdown()
