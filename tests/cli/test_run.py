"""`tracer run` in a process of its own."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from tracer.cli import cli

from .conftest import Tracer, command, environment


def lines(folder: Path) -> list[dict[str, object]]:
    (file,) = (folder / "runs").glob("*.jsonl")
    return [json.loads(line) for line in file.read_bytes().split(b"\n") if line]


def test_it_runs_a_chain_and_keeps_its_log(tracer: Tracer, folder: Path) -> None:
    done = tracer("run", "my_app:chain", "--input", '{"topic": "the moon"}')
    assert done.returncode == 0, done.stderr
    assert "The moon is far away" in done.stdout.splitlines()
    assert "\x1b" not in done.stdout
    log = lines(folder)
    assert log[0]["input"] == {"topic": "the moon"}
    assert (log[-1]["event"], log[-1]["status"]) == ("run_end", "ok")


def test_plain_lines_name_each_span_as_it_starts_and_ends(tracer: Tracer) -> None:
    out = tracer("run", "my_app:chain", "--input", '{"topic": "x"}').stdout.splitlines()
    model = [line for line in out if "chat_model GenericFakeChatModel" in line]
    assert re.match(r" +\d+\.\d{3} s {4}chat_model GenericFakeChatModel #\d  started", model[0])
    assert re.search(r"✓ ok · \S+ ms · first token \S+ ms", model[1])


@pytest.mark.parametrize("given", ["@in.json", "-"])
def test_input_from_a_file_or_from_stdin(tracer: Tracer, folder: Path, given: str) -> None:
    (folder / "in.json").write_bytes(b'\xef\xbb\xbf"caf\xc3\xa9"')
    done = tracer("run", "my_app:echo", "--input", given, stdin='"café"')
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "café"


def test_a_failing_chain_exits_with_1_and_says_why(tracer: Tracer, folder: Path) -> None:
    done = tracer("run", "my_app:failing", "--input", "1")
    assert done.returncode == 1
    assert "ValueError: no such thing" in done.stdout
    assert "caused by #3 boom" in done.stdout
    assert lines(folder)[-1]["status"] == "error"
    assert done.stderr == ""


def test_config_reaches_the_chain(tracer: Tracer, folder: Path) -> None:
    done = tracer("run", "my_app:echo", "--input", "1", "--config", '{"tags": ["a"], "metadata": {"k": 1}}')
    assert done.returncode == 0, done.stderr
    start = lines(folder)[1]
    assert "a" in start["tags"]  # type: ignore[operator]
    assert start["metadata"]["k"] == 1  # type: ignore[index]


def test_a_log_of_one_s_own_choice(tracer: Tracer, folder: Path) -> None:
    assert tracer("run", "my_app:echo", "--input", "1", "-o", "here/one.jsonl").returncode == 0
    assert (folder / "here" / "one.jsonl").exists()
    assert not (folder / "runs").exists()


def test_a_log_is_never_written_over(tracer: Tracer, folder: Path) -> None:
    (folder / "old.jsonl").write_text("mine")
    done = tracer("run", "my_app:echo", "--input", "1", "-o", "old.jsonl")
    assert done.returncode == 2
    assert "old.jsonl is there already" in done.stderr
    assert (folder / "old.jsonl").read_text() == "mine"


def test_a_factory(tracer: Tracer) -> None:
    assert tracer("run", "my_app:make", "--factory", "--input", "1").returncode == 0


def test_dot_env_is_read_and_does_not_overrule_the_environment(tracer: Tracer, folder: Path) -> None:
    (folder / ".env").write_text("TRACER_DIR=kept\n")
    assert tracer("run", "my_app:echo", "--input", "1").returncode == 0
    assert list((folder / "kept").glob("*.jsonl"))
    assert tracer("run", "my_app:echo", "--input", "1", TRACER_DIR="other").returncode == 0
    assert list((folder / "other").glob("*.jsonl"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["my_app:chian", "--input", "1"], "did you mean 'chain'?"),
        (["my_ap:chain", "--input", "1"], "did you mean 'my_app'?"),
        (["my_app:boom", "--input", "1"], "is not a Runnable but a function"),
        (["my_app", "--input", "1"], "name one: my_app:model, my_app:chain"),
        (["my_app:echo", "--input", '{"a": 1,\n "b": x}'], "--input is not JSON: line 2, column 7"),
        (["my_app:echo", "--input", "hello"], "a text needs quotes of its own: '\"hello\"'"),
        (["my_app:echo", "--input", "NaN"], "JSON has no NaN"),
        (["my_app:echo", "--input", ""], "line 1, column 1"),
        (["my_app:echo", "--input", "1e999"], "--input is not JSON: line 1, column 1"),
        (["my_app:echo", "--input", '"\\ud800"'], "--input is not JSON"),
        (["my_app:echo", "--input", "1", "--config", '{"tags": [1]}'], "tags has to be a list of strings"),
        (["my_app:echo", "--input", "1", "--config", '{"recursion_limit": 0}'], "a whole number from 1"),
        (["my_app:echo", "--input", "1", "-o", "my_app.py/x.jsonl"], "name another"),
        (["my_app:echo", "--input", "1", "-o", "/proc/x.jsonl"], "cannot be written to /proc/x.jsonl"),
        (["my_app:echo", "--input", "[" * 100_000], "--input"),
        (["my_app:echo", "--input", "@nowhere.json"], "--input @nowhere.json: No such file"),
        (["my_app:echo", "--input", "1", "--config", "[]"], "--config is not an object"),
        (
            ["my_app:echo", "--input", "1", "--config", '{"tagz": []}'],
            "--config: there is no field 'tagz'; known are tags",
        ),
        (["my_app:echo"], "Missing option '--input'"),
        ([], "Missing argument 'CHAIN'"),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_is_wrong(working_folder: Path, arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(cli, ["run", *arguments])
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_an_import_error_is_the_user_s_own_traceback(tracer: Tracer, folder: Path) -> None:
    (folder / "broken.py").write_text("def f():\n    return 1 / 0\n\nf()\n")
    done = tracer("run", "broken:chain", "--input", "1")
    assert done.returncode == 2
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert done.stderr.count('File "') == 2
    assert done.stderr.endswith("tracer: broken could not be loaded: ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize(
    ("chain", "number"), [("sleeping", signal.SIGINT), ("stuck", signal.SIGINT), ("sleeping", signal.SIGTERM)]
)
def test_an_interrupt_ends_the_run_cancelled_and_exits_with_130(folder: Path, chain: str, number: int) -> None:
    arguments = command("run", f"my_app:{chain}", "--input", "1")
    process = subprocess.Popen(arguments, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "started" in process.stdout.readline()
    began = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert time.monotonic() - began < 3.5
    assert process.returncode == 130
    assert "cancelled" in out
    assert lines(folder)[-1]["status"] == "cancelled"


def in_terminal(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and all that a terminal got to see."""
    main, side = pty.openpty()
    process = subprocess.Popen(command(*arguments), cwd=folder, env=environment(TERM="xterm"), stdout=side, stderr=side)
    os.close(side)
    shown = b""
    while True:
        try:
            block = os.read(main, 65536)
        except OSError:  # the other side is closed
            break
        if not block:
            break
        shown += block
    os.close(main)
    return process.wait(timeout=20), shown.decode(errors="replace")


def test_a_terminal_gets_a_tree(folder: Path) -> None:
    code, shown = in_terminal(folder, "run", "my_app:chain", "--input", '{"topic": "x"}')
    assert code == 0
    assert re.search(r"├── .*chat_model .*GenericFakeChatModel", shown)
    assert "The moon is far away" in shown


def test_what_a_chain_says_cannot_steer_the_terminal(folder: Path) -> None:
    _, shown = in_terminal(folder, "run", "my_app:nasty", "--input", "1")
    assert "\x1b]0;title" not in shown
    assert "\x1b[31mred" not in shown
    assert "\x07" not in shown
    assert "bad�]0;title�name" in shown


def test_a_limit_that_is_none_is_told_in_one_line(tracer: Tracer, folder: Path) -> None:
    (folder / ".env").write_text("TRACER_MAX_STRING=lots\n")
    done = tracer("run", "my_app:chain", "--input", "{}")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["tracer: TRACER_MAX_STRING in the environment or .env: not a number: 'lots'"]
