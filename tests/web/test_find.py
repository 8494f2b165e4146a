"""Looking for texts in one run over HTTP."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.log.folders import ended

from .client import Viewer
from .conftest import Live


def _found(own: Live, run: str, *texts: str) -> list[list[Any]]:
    with Viewer(own.port, f"/api/runs/{run}/find?{urlencode([('text', text) for text in texts])}") as viewer:
        assert viewer.status == 200
        messages = list(viewer.messages())
    assert messages[-1].event == "end"
    return sorted(hit for message in messages[:-1] for hit in json.loads(message.data)["hits"])


def _end(output: Any) -> dict[str, Any]:
    return {"event": "on_chain_end", "span": 1, "data": {"output": output}}


def test_several_texts_are_looked_for_at_once(own: Live) -> None:
    run = ended(own.store, lines=(_end({"a": ["one needle", 4711]}),))
    seq = own.store.footer(run)["seq"] - 1  # type: ignore[index]
    assert _found(own, run, "NEEDLE", "nothing", "4711") == [[0, 1, seq, "output"], [2, 1, seq, "output"]]
    assert _found(own, run) == []


@pytest.mark.parametrize(
    "text",
    ["</script><script>alert(1)</script>", "a\nb", "\0", 'say "hi"', "%00%0a", "data: x\n\nevent: end", "‮", "😀" * 9],
)
def test_hostile_text_is_only_text(own: Live, text: str) -> None:
    run = ended(own.store, lines=(_end(f"before {' '.join(text.split())} after"),))
    hits = _found(own, run, text)
    assert [hit[1] for hit in hits] == [1]


@pytest.mark.parametrize("query", ["text=", "text=%20", "text=a&text=", "text=" + "x" * 1001, "text=a&" * 9])
def test_a_wrong_text_is_told(own: Live, query: str) -> None:
    reply = own.ask("GET", f"/api/runs/{ended(own.store)}/find?{query}")
    assert (reply.status, reply.json()["field"]) == (400, "text")


def test_no_such_run(live: Live) -> None:
    assert live.ask("GET", "/api/runs/none/find?text=a").status == 404
