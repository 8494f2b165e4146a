"""Every state in the terminal, and what `tracer show` says below the tree: health, questions, findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from tracer import report, terminal
from tracer.cli import cli
from tracer.log.spans import Fold

FIXTURES = Path(__file__).parents[1] / "fixtures"


def fold_of(*lines: Mapping[str, Any]) -> Fold:
    numbered: Iterable[dict[str, Any]] = ({"seq": n, "t_us": n * 1_000, **line} for n, line in enumerate(lines))
    return Fold.of(numbered)


def start(span: int, parent: int | None = None, kind: str = "chain", **more: Any) -> dict[str, Any]:
    base = {"name": f"s{span}", "run_id": str(span), "tags": [], "metadata": {}}
    return {"event": f"on_{kind}_start", "span": span, "parent": parent, **base, **more}


def failed(span: int, error: str, cause: int | None = None) -> dict[str, Any]:
    line = {"event": "on_chain_error", "span": span, "data": {"error": {"type": error, "message": "why"}}}
    return line if cause is None else {**line, "cause": cause}


def show(path: Path) -> str:
    result = CliRunner().invoke(cli, ["show", str(path)])
    assert result.exception is None, result.output
    return result.stdout


def words(fold: Fold, span: int) -> str:
    found = fold.span(span)
    assert found is not None
    return terminal.label(found, fold, fold.t_us).plain


def test_each_state_has_a_sign_and_a_word_of_its_own() -> None:
    signs = [said.split(" ")[0] for said in terminal.STATES.values()]
    assert len(set(signs)) == len(signs)
    assert all(said.endswith(f" {state}") for state, said in terminal.STATES.items())


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.jsonl")))
def test_every_fixture_shows_each_span_in_its_state(name: str) -> None:
    expected = orjson.loads((FIXTURES / f"{name}.fold.json").read_bytes())
    shown = show(FIXTURES / f"{name}.jsonl")
    for span in expected["spans"]:
        line = next(one for one in shown.splitlines() if f"#{span['span']}  " in one)
        assert terminal.STATES[span["state"]] in line
        assert (terminal.RECOVERED in line) == span["recovered"]
    assert shown.count(f"\n{terminal.FINDING} ") == len(expected["findings"])


def test_a_failure_names_where_it_began_however_far_that_is() -> None:
    fold = fold_of(
        start(1), start(2, 1), start(3, 2), failed(3, "ValueError"), failed(2, "ValueError", 3), failed(1, "X", 2)
    )
    assert words(fold, 1).endswith("caused by #3 s3")
    assert words(fold, 2).endswith("caused by #3 s3")
    assert words(fold, 3).endswith("ValueError: why")


def test_causes_that_go_in_a_circle_end() -> None:
    fold = fold_of(start(1), start(2, 1), failed(2, "X", 1), failed(1, "X", 2))
    assert "caused by" in words(fold, 1)


def test_an_abandoned_span_says_where_its_code_hangs() -> None:
    stack = (
        '  File "/usr/lib/python3.11/site-packages/x.py", line 1, in run\n    call()\n'
        '  File "/home/me/app.py", line 7, in wait\n    time.sleep(60)\n'
        '  File "/usr/lib/python3.11/threading.py", line 320, in wait\n    acquire()\n'
    )
    fold = fold_of(start(1), {"event": "abandoned", "span": 1, "stack": stack})
    assert words(fold, 1).endswith('hangs in "/home/me/app.py", line 7, in wait time.sleep(60)')


def test_unknown_tokens_are_never_nought() -> None:
    end = {"event": "on_chat_model_end", "span": 1, "data": {"output": {"content": "hi"}}}
    chunk = {"event": "on_chat_model_stream", "span": 1, "data": {"chunk": {"content": "hi"}}}
    fold = fold_of(start(1, kind="chat_model"), chunk, end)
    assert "tokens unknown" in words(fold, 1)
    assert "no finish reason" in words(fold, 1)
    assert "tokens unknown" in terminal.summary(fold, fold.t_us).plain
    assert "0 + 0" not in terminal.summary(fold, fold.t_us).plain


def test_token_counts_say_where_they_come_from() -> None:
    shown = show(FIXTURES / "usage.jsonl")
    for how in terminal.USAGE_FROM.values():
        assert f"tokens ({how})" in shown


def test_health_in_one_line_below_the_tree() -> None:
    shown = show(FIXTURES / "health.jsonl").splitlines()
    line = next(one for one in shown if one.startswith("first token after "))
    for part in ("gaps p50 ", "p95 ", "longest ", "% waited for models", "untraced"):
        assert part in line
    assert report.streaming(fold_of(start(1))).plain == ""


def test_findings_come_with_span_evidence_and_advice() -> None:
    shown = show(FIXTURES / "findings.jsonl")
    expected = orjson.loads((FIXTURES / "findings.fold.json").read_bytes())["findings"]
    for found in expected:
        assert found["text"] in shown
        assert found["kind"] in shown
        if found["advice"]:
            assert f"→ {found['advice']}" in shown
        for name in found["evidence"]:
            assert f"{name}: " in shown


def test_what_a_finding_says_cannot_steer_the_terminal() -> None:
    nasty = {"kind": "k\x1b[2J", "text": "t\x1b[31m", "advice": "a\r\x07", "evidence": {"e\x1b": ["v\x1b[0m"]}}
    fold = fold_of(start(1), {"event": "finding", "span": 1, **nasty})
    (text,) = report.findings(fold)
    assert not any(sign in text.plain for sign in "\x1b\r\x07")


@pytest.mark.parametrize(
    ("interrupts", "said"),
    [
        ([{"$tracer": "object", "type": "langgraph.types.Interrupt", "value": {"value": "Sure?", "id": "1"}}], "Sure?"),
        ([{"value": {"value": {"question": "Sure?"}}}], '{"question": "Sure?"}'),
        (["Sure?"], "Sure?"),
    ],
)
def test_an_interrupted_run_says_what_it_asks(interrupts: list[Any], said: str) -> None:
    assert [text.plain for text in report.asked({"interrupts": interrupts})] == [f"‖ asks: {said}"]
    assert list(report.asked({})) == []
    assert list(report.asked({"interrupts": 7})) == []
