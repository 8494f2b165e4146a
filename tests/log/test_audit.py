"""Opening a log never runs, imports, reads or reaches anything but the log."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.log.audited import COUNT, log, payloads

ROOT = Path(__file__).parents[2]
NEVER = ("import", "exec", "compile", "socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork")
NEVER += ("pickle.", "marshal.", "ctypes.", "urllib.", "ftplib.", "smtplib.", "webbrowser.", "os.putenv", "shutil.")


def audited(folder: Path, *more: str) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.log.audited", str(folder), *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_thousand_crafted_payloads_do_nothing_that_a_sound_log_does_not(tmp_path: Path) -> None:
    assert log(payloads()).count(b'"lc":') >= COUNT
    found = audited(tmp_path, "with deeds")
    assert set(found["hostile"]) - set(found["sound"]) == set()
    for name in found["hostile"]:
        assert not name.startswith(NEVER), name
    opened = {name for name in found["hostile"] if name.startswith("open ")}
    assert "open a file of the folder" in opened
    # The notes are taken: what would be seen, were it done.
    seen = " ".join(found["deeds"])
    for deed in ("import this", "socket.__new__", "subprocess.Popen", "environment HOME", "exec", "compile"):
        assert deed in seen
