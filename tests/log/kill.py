"""R24: writers killed in the middle of it. `python -m tests.log.kill --kills 1000` says what it found; exits with 1
where a line that a viewer was shown is not in the file, or the file does not read back whole."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tracer.log.file import LogFile, check
from tracer.log.follow import Batch
from tracer.log.store import Store
from tracer.log.writer import is_being_written

_SIZES = (100, 100, 100, 1_000, 1_000, 20_000, 200_000, 1_000_000, 10_000_000)
_FRAME = 12


def _child(folder: Path, out: int, seed: int, fsync: bool) -> None:
    """Writes lines of 100 B to 10 MB and follows them as a viewer does: seq and length of what is shown go to `out`,
    with a sum of its bytes."""
    random.seed(seed)
    store = Store(folder, fsync=fsync)
    writer = store.create({"run": "r", "chain": "kill:me"})

    def write() -> None:
        while True:
            size = random.choice(_SIZES)
            writer.append(lambda size=size: {"event": "on_custom_event", "name": "n", "data": "x" * size})  # type: ignore[misc]
            time.sleep(random.choice((0, 0, 0.001, 0.005)))

    async def follow() -> None:
        threading.Thread(target=write, daemon=True).start()
        async for item in store.follow("r"):
            if isinstance(item, Batch):
                frames = [(seq, 0 if item.cut else len(line)) for seq, line in item.lines]
                os.write(out, b"".join(seq.to_bytes(6) + size.to_bytes(6) for seq, size in frames))

    asyncio.run(follow())


def _frames(data: bytes) -> Iterator[tuple[int, int]]:
    for at in range(0, len(data) - len(data) % _FRAME, _FRAME):
        yield int.from_bytes(data[at : at + 6]), int.from_bytes(data[at + 6 : at + 12])


def _seen(read: int, after: float) -> bytes:
    """What the viewer was shown until `after` seconds after the first of it, in frames."""
    data = os.read(read, 1 << 16)
    until = time.monotonic() + after
    os.set_blocking(read, False)
    while time.monotonic() < until:
        time.sleep(0.001)
        try:
            data += os.read(read, 1 << 16)
        except BlockingIOError:
            continue
    return data


def _rest(read: int) -> bytes:
    os.set_blocking(read, True)
    data = b""
    while block := os.read(read, 1 << 16):
        data += block
    return data


def _check(path: Path, shown: list[tuple[int, int]]) -> tuple[int, bool]:
    """How many lines the file has, and whether its end is torn. Raises AssertionError."""
    assert not is_being_written(path), "nobody writes it any more"
    lengths: list[int] = []
    with LogFile(path) as file:
        seq, offset = 0, 0
        while True:
            lines, offset = file.complete(seq, offset)
            if not lines:
                break
            for seq, raw in lines:
                line, sound = check(seq, raw)
                assert line["event"] != "bad_line", f"line {seq} of {path}"
                assert sound is raw
                lengths.append(len(raw))
            seq += 1
        torn = file.size() > offset
    for n, (seq, length) in enumerate(shown):
        assert seq == n, "a viewer was shown every line once"
        assert seq < len(lengths), f"line {seq} was shown and is lost"
        assert length in (0, lengths[seq]), f"line {seq} was shown with {length} bytes and has {lengths[seq]}"
    return len(lengths), torn


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=24)
    options.add_argument("--longest", type=float, default=0.1, help="seconds that a writer lives at most")
    given = options.parse_args()
    chance = random.Random(given.seed)
    seen = written = torn = 0
    began = time.monotonic()
    for n in range(given.kills):
        with tempfile.TemporaryDirectory() as folder:
            read, out = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(read)
                try:
                    _child(Path(folder), out, given.seed + n, fsync=n % 4 == 3)
                finally:
                    os._exit(1)
            os.close(out)
            data = _seen(read, chance.uniform(0, given.longest))
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            data += _rest(read)
            os.close(read)
            shown = list(_frames(data))
            assert shown, "the writer did not begin"
            lines, cut = _check(Path(folder) / "r.jsonl", shown)
            seen, written, torn = seen + len(shown), written + lines, torn + cut
    print(
        f"{given.kills} kills in {time.monotonic() - began:.0f} s: {written:,} lines in the files, {seen:,} of them "
        f"shown to a viewer before, none of those lost; {torn} files had a torn end, all read back whole"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
