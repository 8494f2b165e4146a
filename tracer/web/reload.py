"""--reload: a supervisor that starts this command line again as a child whenever the user's source changes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import site
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import watchfiles

_VARIABLE = "TRACER_RELOAD_CHILD"
_STOP_SECONDS = 2.6
_EXIT_SECONDS = 2.7
_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Child:
    """What the supervisor told this process: its port, whether it is the first, and the pipes between the two."""

    port: int
    first: bool
    report_to: int
    alive: int

    def report(self) -> None:
        """Tell the supervisor which folders the user's imported modules lie in."""
        with contextlib.suppress(OSError), open(self.report_to, "w", encoding="utf-8") as pipe:
            json.dump([str(folder) for folder in user_folders()], pipe)

    def when_orphaned(self, call: Callable[[], None]) -> None:
        """`call()` in a thread once the supervisor is gone."""

        def wait() -> None:
            with contextlib.suppress(OSError):
                os.read(self.alive, 1)
            call()

        threading.Thread(target=wait, name="tracer-supervised", daemon=True).start()


def child() -> Child | None:
    """What makes this process a child of a supervisor; None in any other."""
    # Taken out, so that what the user's code starts is no child of ours.
    told = os.environ.pop(_VARIABLE, None)
    return Child(**json.loads(told)) if told else None


def user_folders() -> list[Path]:
    """Folders of imported modules that are neither installed, nor Python's, nor ours."""
    foreign = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    foreign |= {Path(folder) for folder in [*site.getsitepackages(), site.getusersitepackages()]}
    foreign.add(_PACKAGE)
    files = [getattr(module, "__file__", None) for module in tuple(sys.modules.values())]
    folders = {Path(file).resolve().parent for file in files if isinstance(file, str)}
    return sorted(folder for folder in folders if not any(folder.is_relative_to(one) for one in foreign))


def supervise(port: int, watch: Sequence[Path]) -> int:
    """Keep a child serving until a signal comes; returns the exit code. One that fails waits for the next change."""
    return _Supervisor(port, watch).run()


class _Supervisor:
    def __init__(self, port: int, watch: Sequence[Path]) -> None:
        self._port = port
        self._roots = _roots([Path.cwd(), *watch])
        self._extra: set[Path] = set()
        self._woken = threading.Event()
        self._signal: int | None = None
        self._first = True

    def run(self) -> int:
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(sig) is not signal.SIG_IGN:
                signal.signal(sig, self._on_signal)
        while True:
            process, alive = self._start()
            try:
                changed = self._wait(process)
            finally:
                _end(process)
                os.close(alive)
            if self._signal is not None:
                return 0
            _say(f"{changed} changed, starting anew")

    def _on_signal(self, sig: int, frame: FrameType | None) -> None:
        if self._signal is not None:
            os._exit(128 + sig)
        self._signal = sig
        self._woken.set()
        # By then the child has ended by its own last resort.
        last_resort = threading.Timer(_EXIT_SECONDS, os._exit, (0,))
        last_resort.daemon = True
        last_resort.start()

    def _start(self) -> tuple[subprocess.Popen[bytes], int]:
        """A child of its own process group, so that Ctrl-C reaches it once, through us."""
        reports, report_to = os.pipe()
        alive, keep_open = os.pipe()
        told = {"port": self._port, "first": self._first, "report_to": report_to, "alive": alive}
        self._first = False
        process = subprocess.Popen(
            [sys.executable, *sys.orig_argv[1:]],
            env={**os.environ, _VARIABLE: json.dumps(told)},
            pass_fds=(report_to, alive),
            process_group=0,
        )
        os.close(report_to)
        os.close(alive)
        threading.Thread(target=self._read_report, args=(reports,), daemon=True).start()
        return process, keep_open

    def _read_report(self, pipe: int) -> None:
        with open(pipe, encoding="utf-8") as file, contextlib.suppress(ValueError):
            watched = [*self._roots, *self._extra]
            new = {folder for folder in map(Path, json.load(file)) if not any(map(folder.is_relative_to, watched))}
            if new:
                # Watching anew misses what changes meanwhile, so it is done only where there is need.
                self._extra |= new
                self._woken.set()

    def _wait(self, process: subprocess.Popen[bytes]) -> str:
        """Until a source file changes (its name) or a signal comes ("")."""
        told = False
        while True:
            self._woken.clear()
            if self._signal is not None:
                return ""
            changes = watchfiles.watch(
                *_roots([*self._roots, *(folder for folder in self._extra if folder.is_dir())]),
                watch_filter=SourceFilter(),
                stop_event=self._woken,
                rust_timeout=200,
                yield_on_timeout=True,
                raise_interrupt=False,
                debounce=300,
            )
            for change in changes:
                if change:
                    return os.path.relpath(min(path for _, path in change))
                if not told and process.poll() is not None:
                    told = True
                    _say("not serving; waiting for a change")


class SourceFilter(watchfiles.PythonFilter):
    """Python files and `.env`, outside of caches and environments."""

    def __call__(self, change: watchfiles.Change, path: str) -> bool:
        return super().__call__(change, path) or os.path.basename(path) == ".env"


def _roots(folders: Iterable[Path]) -> list[Path]:
    """Without those that lie in another one: they are watched with it."""
    resolved = sorted({folder.resolve() for folder in folders})
    return [one for one in resolved if not any(one != other and one.is_relative_to(other) for other in resolved)]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _say(text: str) -> None:
    print(f"tracer: {text}", file=sys.stderr, flush=True)
