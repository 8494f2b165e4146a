"""R14: no secret reaches the disk, whichever value of a run it stands in."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

import tracer
from tests.capture.leaks import leaks
from tests.capture.planted import PLANTED, Planted
from tests.capture.planting import everywhere
from tests.capture.strict import strict
from tracer.capture.environment import variables_in
from tracer.capture.record import footer, header
from tracer.capture.redact import FAILED, Redactor, unredacted
from tracer.capture.rules import chosen
from tracer.capture.server_log import SecretFilter
from tracer.capture.tap import Tap
from tracer.log.store import Store
from tracer.log.writer import Writer
from tracer.run.chains import Chain, Chains
from tracer.run.runner import Runner

TEXTS = [one.text for one in PLANTED]


def config(texts: list[str]) -> dict[str, Any]:
    """Every event of the run has all of it."""
    return {"tags": texts[:20], "metadata": {f"m{n}": text for n, text in enumerate(texts)}}


def test_there_are_many_formats() -> None:
    assert len(PLANTED) >= 70
    assert len({one.secret for one in PLANTED}) == len(PLANTED)
    # What looks for leaks finds them.
    raw = json.dumps([one.text for one in PLANTED]).encode()
    assert leaks(raw, PLANTED) == {one.name for one in PLANTED}


@pytest.mark.parametrize(
    ("way", "planted", "texts"),
    [
        ("stream", PLANTED, TEXTS[::8]),
        ("invoke", PLANTED[::2], TEXTS[3::8]),
        ("handler", PLANTED[1::2], TEXTS[5::8]),
        *(pytest.param(way, PLANTED, TEXTS, marks=pytest.mark.long) for way in ("stream", "invoke", "handler")),
    ],
    ids=["stream", "invoke", "handler", "all stream", "all invoke", "all handler"],
)
def test_no_secret_of_a_run_reaches_the_disk(
    way: str, planted: tuple[Planted, ...], texts: list[str], tmp_path: Path
) -> None:
    about = config(texts)
    given = {"values": [one.text for one in planted], "fail": True}
    path = tmp_path / "run.jsonl"
    if way == "stream":

        async def run() -> None:
            async for _ in tracer.astream_events(everywhere, given, about, path=path):
                pass

        with pytest.raises(ValueError, match="cannot use"):
            asyncio.run(run())
    elif way == "handler":
        with pytest.raises(ValueError, match="cannot use"):
            everywhere.invoke(given, {**about, "callbacks": [tracer.handler(path)]})
    else:
        runner = Runner(Store(tmp_path), Chains([Chain("a:b", "b", "", everywhere)]))
        run_id = runner.start("a:b", given, about, "invoke", path=path)
        assert runner.wait(run_id, 200)
        runner.close()
    raw = path.read_bytes()
    run = tracer.load(path)
    assert run.status == "error"
    spans = len(run.spans)
    assert spans > 5 * len(planted)
    assert len(raw.splitlines()) > spans
    assert leaks(raw, PLANTED) == set()
    # Nothing was lost for it: each kind of line is there, and the markers say what was removed.
    assert raw.count(b"[secret: openai_key]") > 5
    assert b'{"$tracer":"secret","kind":"openai_key","size":' in raw
    for one in json.loads(b"[" + b",".join(raw.splitlines()) + b"]"):
        assert "event" in one


def test_no_secret_of_a_question_or_its_answer_reaches_the_disk(tmp_path: Path) -> None:
    one = PLANTED[0]

    def ask(state: dict[str, Any]) -> dict[str, Any]:
        return {"said": interrupt({"is this it?": one.text, "or": f"this: {one.text}"})}

    graph: StateGraph[Any] = StateGraph(dict)
    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")
    served = graph.compile(checkpointer=InMemorySaver())
    runner = Runner(Store(tmp_path), Chains([Chain("a:b", "b", "", served)]))
    asked = runner.start("a:b", {"said": ""}, {"configurable": {"thread_id": "1"}})
    assert runner.wait(asked, 60)
    answer = runner.resume(asked, {"answer": one.text})
    assert runner.wait(answer, 60)
    runner.close()
    raw = {run: (tmp_path / f"{run}.jsonl").read_bytes() for run in (asked, answer)}
    for written in raw.values():
        assert leaks(written, [one]) == set()
    assert b'"interrupts":[' in raw[asked].splitlines()[-1]
    assert b'"status":"ok"' in raw[answer].splitlines()[-1]
    assert raw[answer].count(b'"kind":"openai_key"') > 1


def test_no_secret_of_a_finding_or_a_stack_reaches_the_disk(tmp_path: Path) -> None:
    texts = [one.text for one in PLANTED]
    path = tmp_path / "run.jsonl"
    tap = Tap(Writer(path, header("r", texts[0], None, None)), None)
    start = {"event": "on_chain_start", "run_id": "1", "name": "x", "parent_ids": [], "tags": [], "metadata": {}}
    tap.sent({**start, "data": {}})
    for n, text in enumerate(texts):
        tap.notice(f"kind{n}", None, f"There is {text} in it.", f"Do not use {text}.", {"e": [text, f"'{text}'"]})
    tap.abandoned(None, "\n".join(texts))
    tap.end({"status": "abandoned", "spans": 1})
    raw = path.read_bytes()
    assert leaks(raw, PLANTED) == set()
    assert raw.count(b'"event":"finding"') == len(texts)
    assert raw.count(b'"event":"abandoned"') == 1


def test_without_redaction_all_is_recorded_and_the_log_says_so(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    given = {"values": [one.text for one in PLANTED[:3]]}

    async def run() -> None:
        async for _ in tracer.astream_events(everywhere, given, path=path, redact=False):
            pass

    asyncio.run(run())
    raw = path.read_bytes()
    assert leaks(raw, PLANTED[:3]) == {one.name for one in PLANTED[:3]}
    assert json.loads(raw.splitlines()[0])["redact"] is False


def test_a_redacted_run_does_not_speak_of_it(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    RunnableLambda(lambda x: x).invoke("x", {"callbacks": [tracer.handler(path)]})
    assert "redact" not in json.loads(path.read_bytes().splitlines()[0])


CONTEXTS: dict[str, Callable[[str], Any]] = {
    "whole": lambda text: text,
    "in a sentence": lambda text: f"I took {text} for it, and then “é” came.",
    "twice": lambda text: f"{text}\n{text}",
    "quoted": lambda text: f"'{text}' \"{text}\" `{text}` ({text}) [{text}]",
    "as a key": lambda text: {text: 1, "b": [{text: text}]},
    "nested": lambda text: {"args": json.dumps({"q": "a\n" + text + "\nb"})},
    "nested twice": lambda text: json.dumps([json.dumps({"z": {"q": text}})]),
    "in a URL": lambda text: f"https://example.com/p?x={text}",
    "after much": lambda text: "some words and\nlines. " * 500 + text,
    "before much": lambda text: text + " some words and\nlines." * 500,
    "in a repr": lambda text: {"$tracer": "repr", "type": "X", "repr": f"<X {text!r}>"},
    "in a set": lambda text: {"$tracer": "set", "value": [text]},
    "in a dict's pairs": lambda text: {"$tracer": "dict", "items": [[{"a": text}, text]]},
}


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_format_is_found_in_every_context(context: str) -> None:
    redact = Redactor()
    for one in PLANTED:
        shown = redact(CONTEXTS[context](one.text))
        raw = json.dumps(shown, ensure_ascii=False).encode()
        assert leaks(raw, [one]) == set(), (one.name, raw[:300])
        strict(shown)
        assert redact(shown) == shown


def test_only_the_secret_is_removed() -> None:
    redact = Redactor()
    key = "sk-" + "proj-" + "aB3" * 15
    assert redact({"a": key}) == {"a": {"$tracer": "secret", "kind": "openai_key", "size": len(key)}}
    assert redact({"a": f"use {key}, please"}) == {"a": "use [secret: openai_key], please"}
    assert redact({"content": key}) == {"content": "[secret: openai_key]"}
    assert redact(key, "name") == "[secret: openai_key]"
    assert redact({key: 1, key + "x": 2}) == {"[secret: openai_key]": 1, "[secret: openai_key] (2)": 2}
    assert redact("postgres://app:s3cr3t@db/x?a=1") == "postgres://app:[secret: url_password]@db/x?a=1"
    assert redact('{"password": "hunter2", "user": "ada"}') == '{"password": "[secret: password]", "user": "ada"}'
    assert redact({"headers": [["Authorization", "xyz"], ["Accept", "*"]]}) == {
        "headers": [["Authorization", {"$tracer": "secret", "kind": "authorization", "size": 3}], ["Accept", "*"]]
    }
    assert redact({"name": "X-Api-Key", "value": "abc"})["value"] == {"$tracer": "secret", "kind": "api_key", "size": 3}
    value = {"a": ["nothing", {"to": "hide"}]}
    assert redact(value) is value


@pytest.mark.parametrize(
    "key",
    ["password", "apiKey", "OPENAI_API_KEY", "x-api-key", "Authorization", "set-cookie", "clientSecret", "idToken"],
)
def test_what_stands_under_such_a_name_is_secret_whatever_it_is(key: str) -> None:
    redact = Redactor()
    kind = redact({key: "blue"})[key]["kind"]
    assert kind.replace("_", "") in key.lower().replace("_", "").replace("-", "")
    assert "blue" not in json.dumps(redact({"a": [{key: ["blue", "blue"]}]}))
    assert redact({key: 123456})[key]["$tracer"] == "secret"
    for kept in (None, True, "", "<your key>", "${KEY}", {"type": "string"}, "none"):
        assert redact({key: kept}) == {key: kept}


@pytest.mark.parametrize(
    "text",
    [
        "The password: it must have 8 characters.",
        "token = next(tokens)\npassword=password,\n    secret: str = None",
        "max_tokens=4096, next_page_token, tokens: 12",
        'getpass("Password: ")',
        "550e8400-e29b-41d4-a716-446655440000 3f786850e387550fdab836ed7e6dc881de23001b",
        "https://user@example.com/a?b=c see task-list-for-the-whole-desk-and-risk-analysis",
        "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAAAAUA" * 20,
        "bearer of bad news; basic understanding; cookie: yes",
        '{"token": "Hello", "logprob": -0.1, "key": "user:12", "id": "run--0199c5b2-6d1a-7c31-9c0e-2f6d1f0c8a55"}',
        "The monkey: it sat; compass: north; keyboard=qwertz",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert Redactor()(text) is text
    assert Redactor()({"a": text}) == {"a": text}


@pytest.mark.parametrize("key", ["token", "key", "max_tokens", "next_page_token", "session_id", "auth", "secret_name"])
def test_a_name_that_may_mean_anything_makes_no_secret_of_a_word(key: str) -> None:
    value = {key: "gpt-4o-mini-2024-07-18"}
    assert Redactor()(value) is value or Redactor()(value) == value


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.sampled_from(TEXTS) | st.builds(str.__add__, st.text(max_size=9), st.sampled_from(TEXTS)),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text() | st.sampled_from([*TEXTS[:9], "password", "value", "name"]), inner, max_size=4)
    | st.builds(
        lambda marker, about: {**about, "$tracer": marker},
        st.sampled_from(["cut", "bytes", "repr", "secret", "dict", "surrogate", "object", "?"]),
        st.dictionaries(st.sampled_from(["head", "repr", "base64", "items", "value"]), inner, max_size=3),
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60)
@given(ANY)
def test_it_takes_any_json_and_gives_json(value: Any) -> None:
    redact = Redactor()
    before = json.dumps(value)
    shown = redact(value)
    strict(shown)
    assert json.dumps(value) == before
    assert redact(shown) == shown


@given(st.integers(0, len(PLANTED) - 1), st.text(max_size=30), st.text(max_size=30))
def test_a_secret_between_any_texts_is_found(which: int, before: str, after: str) -> None:
    one = PLANTED[which]
    edges = (f"{before} ", f" {after}")
    shown = Redactor()({"x": edges[0] + one.text + edges[1]})
    assert leaks(json.dumps(shown, ensure_ascii=False).encode("utf-8", "surrogatepass"), [one]) == set()


def test_a_text_that_grows_is_looked_at_to_its_end() -> None:
    redact = Redactor()
    text = "some words. " * 40
    key = "gh" + "p_" + "a1B2" * 9
    for size in range(0, len(key), 3):
        assert redact({"c": text + key[:size]}) == {"c": text + key[:size]}
        text += "more "
    assert redact({"c": f"{text}{key}"}) == {"c": f"{text}[secret: github_token]"}
    assert redact({"c": f"{text}{key} and more"}) == {"c": f"{text}[secret: github_token] and more"}


def test_a_long_secret_is_found_in_a_text_that_grows() -> None:
    value = "a1B2c3D4" * 300
    own = re.compile(r"\ABEGIN [\s\S]*END\Z")
    redact = Redactor([("own", own)], variables=variables_in({"MY_SECRET_KEY": value}))
    for text in ("some words. " * 40 + value, "BEGIN " + "some words. " * 200 + "END"):
        for size in range(300, len(text), 100):
            assert redact({"c": text[:size]}) == {"c": text[:size]}
        assert text not in str(redact({"c": text}))
        assert value not in str(redact({"c": text}))


def test_what_was_cut_ends_before_the_word_that_it_cuts() -> None:
    redact = Redactor()
    for one in PLANTED[:8]:
        half = one.secret[: len(one.secret) // 2]
        head = {"$tracer": "cut", "kind": "str", "size": 99, "head": f"some text {half}"}
        assert redact(head)["head"] == "some text "
        rest = one.secret[len(half) :]
        message = "x y " * 5_000 + half + "\n… 12,345 characters cut …\n" + rest + " z"
        assert redact({"message": message})["message"] == "x y " * 5_000 + "\n… 12,345 characters cut …\n z"
    key = next(one for one in PLANTED if one.name == "pem")
    rest = redact(f"it ends:\n{key.text[100:]}\nso")
    assert (rest[:9], rest[-3:]) == ("it ends:\n", "\nso")
    assert leaks(rest.encode(), [key]) == set()


# The environment.


def test_values_of_the_environment_are_removed_wherever_they_stand(tmp_path: Path, monkeypatch: Any) -> None:
    values = {
        "MY_KEY": "zeppelin-over-Kreuzberg",
        "some_token": 'with "quotes" and \\ in it',
        "DB_PASSWORD": "correcthorse",
        "APP_SECRET": "12345678",
        "OTHER_KEYS": "a/b+c?d=e&f",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "run.jsonl"
    planted = [Planted(name, value, value) for name, value in values.items()]
    given = {"values": list(values.values()), "fail": True}
    with pytest.raises(ValueError, match="cannot use"):
        everywhere.invoke(given, {"callbacks": [tracer.handler(path)], "metadata": values})
    assert leaks(path.read_bytes(), planted) == set()
    assert b'"kind":"environment DB_PASSWORD"' in path.read_bytes()


def test_which_values_of_the_environment_are_secret() -> None:
    def found(**environment: str) -> set[str]:
        return {variable.name for variable in variables_in(environment)}

    secret = {"A_KEY": "development1", "B_TOKEN": "abcdefgh-12", "C_SECRET": "development", "D_PASSWORD": "12345678"}
    assert found(**secret) == set(secret)
    assert found(lower_key="x1y2z3a4b5") == {"lower_key"}
    ordinary = {
        "A_KEY": "short1",
        "MODE_KEY": "development",
        "SORT_KEY": "created_at",
        "FLAG_TOKEN": "True",
        "SSH_KEY": "/home/ada/.ssh/id_ed25519",
        "PORT_TOKEN": "12345678",
        "EMPTY_SECRET": "********",
        "KEYBOARD": "qwertzuiop1",
        "PWD": "/srv/secret1",
        "KEY_URL": "https://example.com/1",
    }
    assert found(**ordinary) == set()


def test_the_environment_is_that_of_the_moment_a_run_starts(monkeypatch: Any) -> None:
    monkeypatch.setenv("LATE_TOKEN", "abc-123-def")
    assert chosen(None)("it is abc-123-def") == "it is [secret: environment LATE_TOKEN]"
    monkeypatch.delenv("LATE_TOKEN")
    assert chosen(None)("it is abc-123-def") == "it is abc-123-def"


# Own patterns, an own function, none at all.


def test_own_patterns_remove_their_first_group(tmp_path: Path) -> None:
    file = tmp_path / "patterns"
    file.write_text("# ours\nstaff=\\bE\\d{6}\\b\n\nward=Ward (\\w+)\n")
    for said in (f"@{file}", file.read_text()):
        redact = chosen(None, {"TRACER_REDACT_PATTERNS": said})
        assert redact({"a": "E123456", "b": "In Ward Seven"}) == {
            "a": {"$tracer": "secret", "kind": "staff", "size": 7},
            "b": "In Ward [secret: ward]",
        }


@pytest.mark.parametrize("said", ["nonsense", "a b=x", "kind=(", "kind=x*", "@/no/such/file", "=x"])
def test_own_patterns_that_are_wrong_are_told(said: str) -> None:
    with pytest.raises(ValueError, match="TRACER_REDACT_PATTERNS"):
        chosen(None, {"TRACER_REDACT_PATTERNS": said})


def no_names(text: str, key: str) -> str:
    return "somebody" if key == "customer" else text.replace("Ada", "[name]")


def test_an_own_function_is_asked_about_every_text() -> None:
    for redact in (chosen(no_names), chosen(None, {"TRACER_REDACT_FUNCTION": f"{__name__}:no_names"})):
        key = "gh" + "p_" + "a1B2" * 9
        assert redact({"customer": "Bo", "Ada": ["Ada", {"q": f"Ada has {key}"}], "n": 1}) == {
            "customer": "somebody",
            "[name]": ["[name]", {"q": "[name] has [secret: github_token]"}],
            "n": 1,
        }


@pytest.mark.parametrize("said", ["nonsense", "no.such:thing", f"{__name__}:nothing", f"{__name__}:TEXTS"])
def test_an_own_function_that_is_none_is_told(said: str) -> None:
    with pytest.raises(ValueError, match="TRACER_REDACT_FUNCTION"):
        chosen(None, {"TRACER_REDACT_FUNCTION": said})


def exits(text: str, key: str) -> str:
    raise SystemExit(text)


@pytest.mark.parametrize("function", [lambda text, key: 1 / 0, lambda text, key: None, exits, lambda text: text])
def test_what_an_own_function_cannot_say_is_not_recorded(
    function: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "run.jsonl"
    chain = RunnableLambda(lambda x: [x, x])
    assert (
        chain.invoke("private thing", {"callbacks": [tracer.handler(path, redact=function)]}) == ["private thing"] * 2
    )
    assert b"private thing" not in path.read_bytes()
    assert tracer.load(path).status == "ok"
    assert FAILED.encode() in path.read_bytes()
    assert len([record for record in caplog.records if "redact function" in record.message]) == 1


def test_a_run_ends_though_its_error_cannot_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    redact = Redactor()
    tap = Tap(Writer(tmp_path / "run.jsonl", header("run", "chain", "x", None)), "x", redact)

    def fails(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(redact, "_is_clean_tree", fails)
    hidden = f"[secret: {FAILED}]"
    assert footer(tap, ValueError("x"))["error"] == {"type": hidden, "message": hidden}
    tap.end({"status": "error"})


def test_redaction_is_on_unless_it_is_switched_off() -> None:
    assert chosen(None, {}) is not unredacted
    assert chosen(None, {"TRACER_REDACT": "1"}) is not unredacted
    assert chosen(None, {"TRACER_REDACT": "0"}) is unredacted
    assert chosen(True, {"TRACER_REDACT": "0"}) is not unredacted
    assert chosen(False, {}) is unredacted
    with pytest.raises(ValueError, match="TRACER_REDACT is 'maybe'"):
        chosen(None, {"TRACER_REDACT": "maybe"})


# What the server logs.


def test_log_records_lose_their_secrets_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    kept_out = SecretFilter(Redactor())
    logger = logging.getLogger("tests.secrets")
    logger.addFilter(kept_out)
    try:
        for one in PLANTED:
            try:
                raise ValueError(one.text)
            except ValueError:
                logger.exception("run %s failed: %s", 7, one.text)
        logger.error("does not fit: %d", "x")
    finally:
        logger.removeFilter(kept_out)
    assert leaks(caplog.text.encode(), PLANTED) == set()
    assert caplog.text.count("Traceback (most recent call last):") == len(PLANTED)
    assert caplog.text.count("run 7 failed: ") == len(PLANTED)
    assert "does not fit: %d" in caplog.text


# No text is slow.

SEEDS = [
    *("a", "-", " ", "eyJ", "_eyJ", "eyJa.eyJ", "-----BEGIN RSA PRIVATE KEY-----\n", "-----END PRIVATE KEY-----"),
    *("A" * 64 + "\n", "://", "://a:b@", "://" + "a" * 150, "password=", 'password="', "password='\\\"", "_key="),
    *("\\", '\\"', "Authorization: Bearer ", "basic ", "cookie: a=", "login a password ", "curl -u a", "--token "),
    *("SG.aaaaaaaaaaaaaaaa.", "M" * 24 + ".", ":AA", "1//0", "AKIA" + "A" * 16 + "'", "sk-", "{}", "İ password="),
    *("ops_eyJ", "Private-Lines: 14\nAAAA\n", "\n… 12 characters cut …\n", "1234567890:AA"),
]


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: re.sub(r"\W+", "-", seed[:20]))
def test_time_grows_as_the_text_does(seed: str) -> None:
    def seconds(size: int) -> float:
        text = (seed * (size // len(seed) + 1))[:size]
        began = time.process_time()
        Redactor()({"x": text})
        return time.process_time() - began

    # Eight times the text; what is quadratic takes sixty-four times as long.
    small = min(seconds(8_000) for _ in range(3))
    assert min(seconds(64_000) for _ in range(2)) < 24 * max(small, 0.0005)
