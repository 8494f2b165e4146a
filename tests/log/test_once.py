"""What a log says once: what is referred to, what is said as what changed, and within which bounds."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tracer.log.compact import Compactor, Shortener, values
from tracer.log.expand import Whole
from tracer.log.once import BROUGHT, NESTED, STATES, WINDOW

from .streams import Lines

LONG = "a text of more than sixty-four bytes, which stands in many places of a log"


class Log:
    """Lines of a run and what stands of them in its log."""

    def __init__(self, given: Any = None) -> None:
        self._shortener = Shortener()
        self.lines: Lines = []
        self.whole: Lines = []
        self.bytes = 0
        self.add({"event": "run_start", "input": given})

    def add(self, line: dict[str, Any]) -> dict[str, Any]:
        line = {"seq": len(self.lines), **line}
        raw = self._shortener.raw(line)
        self.bytes += len(raw) + 1
        self.whole.append(line)
        self.lines.append(orjson.loads(raw))
        return self.lines[-1]

    def says(self, chunk: Any, span: int = 1, kind: str = "parser") -> dict[str, Any]:
        return self.add({"event": f"on_{kind}_stream", "span": span, "data": {"chunk": chunk}})

    def ends(self, data: dict[str, Any], span: int = 1, kind: str = "chain") -> dict[str, Any]:
        return self.add({"event": f"on_{kind}_end", "span": span, "data": data})

    def check(self) -> None:
        found = list(map(Whole().line, self.lines))
        assert list(map(orjson.dumps, (line.get("data") for line in found))) == list(
            map(orjson.dumps, (line.get("data") for line in self.whole))
        )


def test_the_same_again_is_a_reference() -> None:
    log = Log({"question": LONG})
    assert log.ends({"input": {"question": LONG}})["same"] == {"/input": [0, "/input"]}
    assert log.ends({"output": [LONG, 1]}) == {
        **{"seq": 2, "event": "on_chain_end", "span": 1},
        **{"data": {"output": [None, 1]}, "same": {"/output/0": [0, "/input/question"]}},
    }
    # Never to a reference, always to where it was said.
    assert log.ends({"output": LONG})["same"] == {"/output": [0, "/input/question"]}
    log.check()


def test_short_values_are_said_again() -> None:
    log = Log()
    for _ in range(2):
        line = log.ends({"output": "x" * 62})
        assert line["data"] == {"output": "x" * 62}
        assert "same" not in line
    assert "same" not in log.ends({"output": "x" * 63})
    assert log.ends({"output": "x" * 63})["same"] == {"/output": [3, "/output"]}


@pytest.mark.parametrize("kind", ["chat_model", "llm"])
def test_what_a_model_streams_is_always_whole(kind: str) -> None:
    log = Log()
    for _ in range(3):
        line = log.says({"content": LONG}, kind=kind)
        assert line["data"] == {"chunk": {"content": LONG}}
        assert "same" not in line
    assert log.says({"content": LONG}, span=2, kind="chain")["same"] == {"/chunk": [3, "/chunk"]}
    log.check()


def test_equal_in_python_is_not_the_same() -> None:
    log = Log()
    for number in (1, 1.0, True, 0.0, -0.0, False, 0):
        line = log.ends({"output": [LONG, number]})
        assert line["data"]["output"][1] == number
        assert type(line["data"]["output"][1]) is type(number)
    assert "/output" not in log.ends({"output": {"a": LONG, "b": 1}}).get("same", {})
    assert "/output" not in log.ends({"output": {"b": 1, "a": LONG}}).get("same", {})
    log.check()


def test_a_growing_value_is_said_by_what_changed_and_followed_by_the_chains_around_it() -> None:
    log, long = Log(), 9 * LONG
    value = {"answer": long, "n": [1]}
    log.says(value)
    log.says(value, span=2, kind="chain")
    value = {"answer": long, "n": [1, 2]}
    delta = {"/chunk": {"base": 1, "ops": [{"op": "add", "path": "/n/1", "value": 2}]}}
    assert log.says(value)["delta"] == delta
    assert log.says(value, span=2, kind="chain")["same"] == {"/chunk": [3, "/chunk"]}
    # One that lags behind goes on from what it said itself.
    log.says({"answer": long, "n": [1, 2, 3]})
    later = log.says({"answer": long, "n": [1, 2, 33]}, span=2, kind="chain")
    assert later["delta"]["/chunk"]["base"] == 3
    log.check()


def test_text_that_grows() -> None:
    log = Log()
    log.says(2 * LONG)
    ops = [{"op": "append", "path": "", "value": ' "and" ☃'}]
    assert log.says(2 * LONG + ' "and" ☃')["delta"] == {"/chunk": {"base": 1, "ops": ops}}
    log.check()


def test_a_list_goes_on_in_another_span() -> None:
    history = [{"type": "human", "content": f"{n} {LONG}"} for n in range(4)]
    log = Log()
    log.ends({"input": {"messages": history}})
    log.ends({"output": {"messages": [{"type": "ai", "content": LONG}]}}, span=2)
    line = log.ends({"input": {"step": 2, "messages": [*history, {"type": "ai", "content": LONG}]}}, span=3)
    assert line["data"] == {"input": {"step": 2, "messages": None}}
    assert line["delta"]["/input/messages"]["base"] == 1
    assert line["same"] == {"/input/messages/4": [2, "/output/messages/0"]}
    log.check()


def test_what_was_said_as_what_changed_is_said_again_though_more_came_to_it() -> None:
    history = [{"type": "human", "content": f"{n} {4 * LONG}"} for n in range(4)]
    log = Log()
    log.ends({"input": {"messages": history[:2]}})
    assert "delta" in log.ends({"input": {"messages": history[:3]}}, span=2)
    assert "delta" in log.ends({"input": {"messages": history}}, span=3)
    assert log.ends({"input": {"messages": history[:3]}}, span=2)["same"] == {"/input": [2, "/input"]}
    log.check()


def test_another_member_in_the_place_of_the_only_one_is_no_change() -> None:
    log = Log()
    for span, name in enumerate(("model", "tools"), 2):
        said = {"messages": [{"content": f"{name} {4 * LONG}"}]}
        at = log.says(said, span)["seq"]
        line = log.says({name: said})
        assert line["data"] == {"chunk": {name: None}}
        assert line["same"] == {f"/chunk/{name}": [at, "/chunk"]}
    log.check()


def test_a_value_is_whole_again_when_what_changed_outweighs_it() -> None:
    log, text, since, wholes = Log(), LONG, 0, 0
    for n in range(400):
        text += f" {n}"
        line = log.says(text)
        if "data" in line:
            wholes += 1
            since = 0
        else:
            since += len(orjson.dumps(line["delta"])[1:-1])
        assert since <= len(orjson.dumps(text))
    assert wholes >= 3
    log.check()


def test_a_chain_of_states_has_an_end() -> None:
    log, text, since = Log(), "x" * 400_000, 0
    for _ in range(STATES + 10):
        text += "y"
        since = 0 if "data" in log.says(text) else since + 1
        assert since < STATES
    assert since < 20


def test_no_line_refers_further_back_than_it_may() -> None:
    log = Log()
    log.ends({"output": LONG})
    filler = 0
    while log.bytes <= WINDOW:
        filler += 1
        log.ends({"output": str(filler) * 400_000})
    assert "same" not in log.ends({"output": LONG})
    assert "same" in log.ends({"output": LONG})


def test_references_are_not_inside_each_other_without_end() -> None:
    log, value, most = Log(), LONG, 0
    for n in range(40):
        value = {"n": n, "before": value} if isinstance(value, str) or n % 20 else LONG
        log.ends({"output": value, "other": n})
    depth: dict[int, int] = {}
    for line in log.lines:
        depth[line["seq"]] = max((depth[seq] + 1 for seq, _ in line.get("same", {}).values()), default=0)
        most = max(most, depth[line["seq"]])
    assert most == NESTED
    log.check()


def test_a_window_that_moves_over_a_history() -> None:
    log = Log()
    log.ends({"input": {"messages": _messages(0, 1)}})
    for at in range(60):
        log.ends({"input": {"messages": _messages(at, at + 2)}}, span=at + 2)
        log.ends({"input": {"messages": _messages(at + 1, at + 2)}}, span=at + 2)
    log.check()


def _messages(first: int, last: int) -> list[dict[str, str]]:
    return [{"type": "human", "content": f"{n} {4 * LONG}"} for n in range(first, last)]


def test_references_bring_only_so_much_into_a_line() -> None:
    log, big = Log(), "x" * 3_000_000
    log.ends({"output": big})
    line = log.ends({"output": [big] * 12})
    assert len(line["same"]) == BROUGHT // len(orjson.dumps(big))
    log.check()


def test_its_memory_is_bounded() -> None:
    compactor = Compactor()
    for seq in range(1, 3_000):
        chunk = {"chunk": {"n": seq, "text": f"{seq} " * 3_000}}
        line = {"event": "on_chain_stream", "span": seq % 700}
        compactor.raw(seq, 20_000 * seq, line, values(chunk))
    once: Any = compactor._once
    assert sum(map(len, once._known)) <= 8_000_000
    assert sum(len(state.edge.raw) for state in once._slots.values()) <= 8_000_000
    assert sum(len(state.edge.raw) for state in once._heads.values()) <= 8_000_000
    assert len(once._oldest) <= 2 * len(once._known) + 1_000
    assert len(once._sizes) <= 256
    assert sum(len(state.edge.raw) for state in once._sizes.values()) == once._sizes_bytes <= 2_000_000


def test_members_keep_their_order() -> None:
    log = Log()
    log.ends({"output": {"a": LONG}, "input": 1})
    for data in ({"input": 1, "output": {"a": LONG}}, {"output": {"a": LONG}, "input": 1}, {"output": {"a": LONG}}):
        log.ends(data)
    assert "data" not in log.lines[-1]
    log.check()


def test_data_that_is_no_object() -> None:
    log = Log()
    for data in (LONG, LONG, [LONG, LONG], [LONG, LONG], None, 1):
        log.add({"event": "on_custom_event", "span": 1, "name": "n", "data": data})
    assert log.lines[2]["same"] == {"": [1, ""]}
    assert log.lines[3] == {**log.lines[3], "data": [None, None], "same": {"/0": [1, ""], "/1": [1, ""]}}
    log.check()
