"""What redaction takes for a secret in ordinary text, and what it costs.

    python -m benchmarks.redact [--quick] [--show] [--markdown]

The text is what every Python brings: the documentation of the language, the sources of the standard library, licences,
this repository's own documents; and what looks random without being secret: UUIDs, hashes, run ids, images in base64.
None of it holds a secret of anybody's; `--show` prints what was taken for one. The cost is processor time of recorded
runs with and without redaction, in turns, in this one process. Exits with 1 where there are more than 5 false positives
in a million characters.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import hashlib
import statistics
import sys
import sysconfig
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics
from random import Random

import tracer
from tests.capture.planted import PLANTED
from tracer.capture.pieces import without
from tracer.capture.redact import Redactor

from .loads import LOADS, Load
from .pairs import interval
from .table import Table

ROOT = Path(__file__).resolve().parents[1]
MOST = 5.0
_SECONDS = 40.0


def texts() -> Iterator[tuple[str, list[str]]]:
    """Each kind of ordinary text, in pieces such as stand in a log."""
    library = Path(sysconfig.get_path("stdlib"))
    sources = [
        path for path in sorted(library.rglob("*.py")) if not {"test", "tests", "site-packages"} & set(path.parts)
    ]
    packages = Path(sysconfig.get_path("purelib"))
    licences = [path for path in sorted(packages.rglob("*")) if path.is_file() and path.name.startswith("LICENSE")]
    notes = sorted(packages.glob("*.dist-info/METADATA"))
    yield "the language's documentation", list(topics.values())
    yield "sources of the standard library", [_read(path) for path in sources]
    yield "licences", [_read(path) for path in licences]
    yield "descriptions of packages", [_read(path) for path in notes]
    yield "this repository's documents", [_read(path) for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))]
    random = Random(4)
    ids = [str(uuid.UUID(int=random.getrandbits(128), version=4)) for _ in range(9_000)]
    yield "UUIDs", [*ids, *(f"run--{one}" for one in ids), "\n".join(ids)]
    hashes = [hashlib.new(name, random.randbytes(20)).hexdigest() for name in ("md5", "sha1", "sha256") * 4_000]
    yield "hashes", [*hashes, *(f"sha256:{one}" for one in hashes)]
    images = [base64.b64encode(random.randbytes(60_000)).decode() for _ in range(25)]
    yield "images in base64", [f"data:image/png;base64,{one}" for one in images]


def _read(path: Path) -> str:
    return path.read_text("utf-8", "replace")


def false_positives(markdown: bool, show: bool) -> float:
    """Those of all text in a million characters; prints a table of each."""
    table = Table(
        "ordinary text", "MB", "taken for secrets", "in a MB", "of these kinds", "MB/s",
        markdown=markdown, names=1, widths=(34, 8, 20, 10, 40, 8),
    )  # fmt: skip
    redact = Redactor()
    found_in_all = size_of_all = 0
    for name, pieces in texts():
        kinds: Counter[str] = Counter()
        size = sum(map(len, pieces))
        began = time.process_time()
        changed = [(piece, redact(piece)) for piece in pieces]
        seconds = time.process_time() - began
        for piece, shown in changed:
            if shown is piece:
                continue
            spans = redact._spans(piece)
            kinds.update(span.kind for span in spans)
            if show:
                for span in spans:
                    near = piece[max(0, span.start - 50) : span.end + 20]
                    print(f"  {span.kind}: {near!r}", file=sys.stderr)
            assert without(piece, spans) == shown or isinstance(shown, dict)
        found = kinds.total()
        found_in_all += found
        size_of_all += size
        said = ", ".join(f"{kind} {number}" for kind, number in kinds.most_common(4))
        table.row(
            name, f"{size / 1e6:.1f}", str(found), f"{found / size * 1e6:.2f}", said, f"{size / seconds / 1e6:.0f}"
        )
    rate = found_in_all / size_of_all * 1e6
    table.row("all", f"{size_of_all / 1e6:.1f}", str(found_in_all), f"{rate:.2f}", "", "")
    return rate


def missed() -> int:
    """How many of the tests' planted secrets are not found, each in a text of its own."""
    redact = Redactor()
    return sum(one.secret in str(redact(f"It is {one.text} here.")) for one in PLANTED)


async def _record(load: Load, path: Path, redact: bool) -> float:
    gc.collect()
    began = time.process_time()
    async for _ in tracer.astream_events(load.chain, load.input, path=path, redact=redact):
        pass
    return time.process_time() - began


def cost(load: Load, seconds: float) -> tuple[list[float], float]:
    """Ratios of pairs in shuffled turns, and the median of seconds without."""
    order = Random(1)
    ratios, without_any = [], []
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        n = 0
        while time.monotonic() < until or len(ratios) < 5:
            took = {}
            for redact in (True, False) if order.random() < 0.5 else (False, True):
                n += 1
                path = Path(folder) / f"{n}.jsonl"
                took[redact] = asyncio.run(_record(load, path, redact))
                path.unlink()
            if n > 2:
                ratios.append(took[True] / took[False])
                without_any.append(took[False])
    return ratios, statistics.median(without_any)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--quick", action="store_true", help="5 s for each load")
    options.add_argument("--show", action="store_true", help="print what was taken for a secret")
    options.add_argument("--markdown", action="store_true")
    given = options.parse_args()
    rate = false_positives(given.markdown, given.show)
    lost = missed()
    print(f"\n{len(PLANTED) - lost} of {len(PLANTED)} planted formats found\n", flush=True)
    table = Table(
        "recorded run", "ratio", "95 % interval", "pairs", "ms without",
        markdown=given.markdown, names=1, widths=(36, 8, 18, 8, 14),
    )  # fmt: skip
    for name in ("text", "json20", "json100", "agent", "branches"):
        ratios, bare = cost(LOADS[name], 5.0 if given.quick else _SECONDS)
        low, high = interval(ratios)
        table.row(
            LOADS[name].title, f"{statistics.median(ratios):.3f}", f"{low:.3f} to {high:.3f}", str(len(ratios)),
            f"{bare * 1e3:,.0f}",
        )  # fmt: skip
    return 1 if rate > MOST or lost else 0


if __name__ == "__main__":
    sys.exit(main())
