"""The real server in a process of its own, as a user starts it."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"http://\S+")


class Server:
    """`tracer serve CHAINS` on a free port; `url` is the address it prints, token included.

    It can be killed and started again: on the same folder and port, as a restart is.
    """

    def __init__(self, folder: Path, chains: tuple[str, ...], *, pace: float) -> None:
        self.folder = folder
        self.url = ""
        self._chains = chains
        self._pace = pace
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self.said: list[str] = []

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def start(self) -> None:
        """Returns when the address is printed; raises AssertionError with what was printed instead."""
        words = ["serve", *self._chains, "--dir", self.folder.name, "--port", str(self._port), "--no-open"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("OPENAI_")}
        environment |= {"TRACER_DEMO_PACE": str(self._pace), "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "tracer", *words],
            cwd=self.folder.parent,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, args=(process, lines), daemon=True).start()
        deadline = time.monotonic() + 30
        while True:
            try:
                line = lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.stop(signal.SIGKILL)
                raise AssertionError(f"the server did not start: {''.join(self.said)}")
            if found := ADDRESS.search(line):
                self.url = found[0]
                self._port = urlsplit(self.url).port or 0
                return

    def _listen(self, process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.said.append(line)
                lines.put(line)
        lines.put(None)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends the server, and waits until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(timeout=10)
