"""From emission to receipt: a paced writer, the real server in another process, viewers in a third.

`python benchmarks/latency.py` writes 1,000 events a second for 10 s to 10 viewers and prints p50, p99 and the longest
delay in ms, between the moment an event was handed to the log and the moment a viewer had read it off its socket.
Exits with 1 where p99 is over the limit or anything was lost, doubled or out of order.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tracer.log.store import Store, new_run_id  # noqa: E402  # this checkout's, installed or not

SERVE = """
import sys
from tracer.log.store import Store
from tracer.run.chains import Chains
from tracer.run.runner import Runner
from tracer.web.server import serve

def make():
    store, chains = Store(sys.argv[1]), Chains([])
    return store, Runner(store, chains), chains

sys.exit(serve(make, port=0, on_ready=lambda url: print(url, flush=True)))
"""

# What a token looks like in the log, with the moment it was sent in place of its text.
EVENT = {
    "event": "on_chat_model_stream",
    "span": 3,
    "data": {"chunk": {"type": "AIMessageChunk", "content": "", "id": "run--0199c5b2-6d1a-7c31-9c0e-2f6d1f0c8a55"}},
}


def write(folder: Path, run: str, rate: int, seconds: float) -> None:
    """Append `rate` events a second, in the runner's way: one call an event, whenever it is due."""
    store = Store(folder)
    writer = store.create({"run": run, "chain": "benchmark:paced", "mode": "stream", "input": None})
    began = time.monotonic()
    for n in range(round(rate * seconds)):
        wait = began + n / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        chunk = {**EVENT["data"]["chunk"], "content": str(time.monotonic_ns())}  # type: ignore[index]
        writer.append(lambda chunk=chunk: {**EVENT, "data": {"chunk": chunk}})  # type: ignore[misc]
    writer.end({"status": "ok", "spans": 0})


async def view(port: int, token: str, run: str) -> tuple[list[int], list[float]]:
    """Follow the run to its end: the ids that came, and the delay of each event in ms."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    head = f"GET /api/runs/{run}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    await reader.readuntil(b"\r\n\r\n")
    ids: list[int] = []
    delays: list[float] = []
    ended = False
    while not ended:
        size = int(await reader.readuntil(b"\r\n"), 16)
        chunk = await reader.readexactly(size + 2)
        now = time.monotonic_ns()
        for line in chunk.split(b"\n"):
            if line.startswith(b"id: "):
                ids.append(int(line[4:]))
            elif line.startswith(b'data: {"seq"') and b"on_chat_model_stream" in line:
                sent = int(json.loads(line[6:])["data"]["chunk"]["content"])
                delays.append((now - sent) / 1e6)
            elif line == b"event: end":
                ended = True
        ended = ended or size == 0
    writer.close()
    return ids, delays


async def views(port: int, token: str, run: str, viewers: int) -> list[tuple[list[int], list[float]]]:
    return await asyncio.gather(*(view(port, token, run) for _ in range(viewers)))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--rate", type=int, default=1000, help="events a second")
    options.add_argument("--viewers", type=int, default=10)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--limit", type=float, default=40, help="ms that p99 may take")
    options.add_argument("--write", nargs=2, metavar=("FOLDER", "RUN"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.write:
        write(Path(given.write[0]), given.write[1], given.rate, given.seconds)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        server = subprocess.Popen(
            [sys.executable, "-c", SERVE, folder], env=environment, stdout=subprocess.PIPE, text=True
        )
        run = new_run_id()
        writing: subprocess.Popen[bytes] | None = None
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            if not address:
                sys.exit("the server did not start")
            url, token = address.split("/?token=")
            pace = ["--rate", str(given.rate), "--seconds", str(given.seconds)]
            writing = subprocess.Popen([sys.executable, __file__, *pace, "--write", folder, run], env=environment)
            while not (Path(folder) / f"{run}.jsonl").exists():
                time.sleep(0.01)
            seen = asyncio.run(views(int(url.rpartition(":")[2]), token, run, given.viewers))
        finally:
            if writing is not None:
                writing.terminate()
                writing.wait(10)
            server.terminate()
            _, _, used = os.wait4(server.pid, 0)
            server.returncode = 0
    wanted = list(range(round(given.rate * given.seconds) + 2))
    whole = all(ids == wanted for ids, _ in seen)
    delays = sorted(delay for _, some in seen for delay in some)
    p50, p99 = (delays[int(len(delays) * part)] for part in (0.5, 0.99))
    print(
        f"{given.rate} events/s to {given.viewers} viewers for {given.seconds:g} s: "
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {delays[-1]:.1f} ms, "
        f"the server took {(used.ru_utime + used.ru_stime) / given.seconds:.0%} of a core with its start, "
        f"{len(delays)} received, {'none lost, doubled or out of order' if whole else 'NOT WHOLE'}"
    )
    return 0 if whole and p99 <= given.limit else 1


if __name__ == "__main__":
    sys.exit(main())
