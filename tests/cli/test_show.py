"""`tracer show`: any file, one error type."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer import report
from tracer.cli import cli
from tracer.log.file import LogError

from .conftest import Tracer, command, environment


def line(seq: int, event: str, **more: object) -> str:
    return json.dumps({"seq": seq, "t_us": seq * 1_000, "event": event, **more})


def model_run() -> list[str]:
    error = {"type": "openai.RateLimitError", "message": "slow down"}
    usage = {"input_tokens": 1200, "output_tokens": 40, "total_tokens": 1240}
    return [
        line(0, "run_start", format=1, run="r", chain="demo:rag", mode="stream", input=1, config={}, pid=1),
        line(1, "on_chain_start", span=1, parent=None, run_id="a", name="Sequence", tags=[], metadata={}),
        line(
            2,
            "on_chat_model_start",
            span=2,
            parent=1,
            run_id="b",
            name="Chat",
            tags=[],
            metadata={"ls_model_name": "gpt"},
        ),
        line(5, "on_chat_model_stream", span=2, data={"chunk": {"type": "AIMessageChunk", "content": "Hel"}}),
        line(
            9,
            "on_chat_model_end",
            span=2,
            data={"output": {"usage_metadata": usage, "response_metadata": {"finish_reason": "length"}}},
        ),
        line(10, "on_tool_start", span=3, parent=1, run_id="c", name="look_up", tags=[], metadata={}),
        line(11, "on_tool_error", span=3, data={"error": error}),
        line(12, "on_chain_error", span=1, cause=3, data={"error": error}),
        line(13, "run_end", status="error", error=error, spans=3),
    ]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "r.jsonl"
    file.write_text("".join(f"{one}\n" for one in model_run()))
    return file


def shown(file: Path) -> str:
    result = CliRunner().invoke(cli, ["show", str(file)])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_the_tree_has_states_durations_first_token_tokens_errors_and_cause(log: Path) -> None:
    out = shown(log).splitlines()
    assert out[0].startswith("demo:rag  ✗ error · 13 ms · 3 spans · 1,200 + 40 tokens · ")
    assert out[1] == "openai.RateLimitError: slow down"
    assert "chain Sequence #1  ⊗ propagated · 11 ms" in out[2]
    assert out[3].strip() == "caused by #3 look_up"
    assert "chat_model Chat #2  ✓ ok · 7.0 ms · first token 3.0 ms · 1,200 + 40 tokens · gpt · ⚠ finish" in out[4]
    assert "tool look_up #3  ✗ error · 1.0 ms" in out[5]
    assert out[6].strip() == "openai.RateLimitError: slow down"


def test_a_run_whose_writer_died_is_lost(log: Path) -> None:
    log.write_text("".join(f"{one}\n" for one in model_run()[:4]))
    out = shown(log)
    assert "demo:rag  ? lost" in out
    assert "Chat #2  ? lost" in out


def test_bad_lines_are_counted_and_the_rest_is_shown(log: Path) -> None:
    log.write_bytes(log.read_bytes().replace(b'"event": "on_tool_error"', b"\xff\xfe", 1))
    out = shown(log)
    assert "1 of 9 lines unreadable" in out
    assert "tool look_up #3" in out


def test_a_link_is_followed(log: Path) -> None:
    link = log.with_name("link.jsonl")
    link.symlink_to(log)
    assert "demo:rag" in shown(link)


def test_names_that_would_steer_a_terminal_are_shown_harmless(log: Path) -> None:
    log.write_text(log.read_text().replace('"look_up"', json.dumps("a\x1b[2J\u202eb\nc\x9bd")))
    out = shown(log)
    assert not set("\x1b\u202e\x9b") & set(out)
    assert "a�[2J�b c�d" in out


def test_three_thousand_spans_inside_each_other(log: Path) -> None:
    head, tail = model_run()[0], model_run()[-1]
    starts = [
        line(n, "on_chain_start", span=n, parent=n - 1 or None, run_id=str(n), name="deep", tags=[], metadata={})
        for n in range(1, 3_001)
    ]
    log.write_text("\n".join([head, *starts, tail]) + "\n")
    assert shown(log).count("chain deep") == 3_000


def test_a_span_that_is_its_own_parent(log: Path) -> None:
    log.write_text(log.read_text().replace('"span": 2, "parent": 1', '"span": 2, "parent": 2'))
    assert "Chat #2" in shown(log)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "none of its"),
        (b"[1]\n2\n", "none of its 2 lines"),
        (b'{"seq":0,"t_us":0,"event":"run_start","format":99}\n', ":1: made by a newer tracer (format 99"),
    ],
)
def test_what_is_no_log_is_one_error_that_names_file_and_reason(log: Path, content: bytes, said: str) -> None:
    log.write_bytes(content)
    with pytest.raises(LogError) as caught:
        shown(log)
    assert str(log) in str(caught.value)
    assert said in str(caught.value)


@settings(max_examples=150)
@given(st.data())
def test_no_damage_to_a_file_gives_another_error(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = "\n".join(model_run()).encode()
    cut = data.draw(st.integers(0, len(whole)))
    junk = data.draw(st.binary(max_size=8))
    again = data.draw(st.integers(0, len(whole)))
    file = tmp_path_factory.mktemp("damaged") / "r.jsonl"
    file.write_bytes(whole[:cut] + junk + whole[again:])
    try:
        report.show(file)
    except LogError as error:
        assert str(file) in str(error)  # noqa: PT017 (either outcome is right; only the error's text is held)


def test_from_the_command_line(tracer: Tracer, log: Path, folder: Path) -> None:
    done = tracer("show", str(log))
    assert done.returncode == 0
    assert "look_up" in done.stdout
    for wrong in (folder, folder / "nowhere.jsonl", folder / "my_app.py"):
        done = tracer("show", str(wrong))
        assert done.returncode == 1
        assert done.stderr.startswith(f"tracer: {wrong}: ")
        assert done.stderr.count("\n") == 1


def test_the_reader_of_a_pipe_may_leave(folder: Path, log: Path) -> None:
    end, start = os.pipe()
    os.close(end)
    done = subprocess.run(
        command("show", str(log)),
        env=environment(),
        stdout=start,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
    )
    os.close(start)
    assert done.stderr == ""
    assert done.returncode == 1
