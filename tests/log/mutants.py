"""Files that no tracer wrote: cut, flipped, forged. `mutants(count, seed)` gives the same ones for the same seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

FIXTURES = Path(__file__).parent.parent / "fixtures"
SAMPLE = FIXTURES / "sequence.jsonl"
"""It is cut at every byte."""

Lines = list[bytes]
Object = dict[str, Any]


class Mutant(NamedTuple):
    """`kind` says what was done, `data` is the file."""

    kind: str
    data: bytes


class Random(random.Random):
    def some(self, text: bytes) -> int:
        """A place in it, the end included."""
        return self.randint(0, len(text))


def dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def start(**more: Any) -> Object:
    header = {
        "seq": 0,
        "t_us": 0,
        "event": "run_start",
        "format": 1,
        "run": "m",
        "chain": "app:chain",
        "mode": "stream",
    }
    return {**header, "started_at": "2026-11-20T11:38:00.123456Z", "input": 1, "config": {}, "versions": {}, **more}


def span(seq: int, number: int, parent: int | None = None, kind: str = "chain", **more: Any) -> Object:
    line = {"seq": seq, "t_us": seq, "event": f"on_{kind}_start", "span": number, "parent": parent}
    return {**line, "run_id": f"r{number}", "name": f"step {number}", "tags": [], "metadata": {}, "data": {}, **more}


def event(seq: int, name: str, number: int = 1, **more: Any) -> Object:
    return {"seq": seq, "t_us": seq, "event": name, "span": number, **more}


def end(seq: int, **more: Any) -> Object:
    return {"seq": seq, "t_us": seq, "event": "run_end", "status": "ok", "spans": 1, **more}


def joined(lines: list[Object]) -> bytes:
    return b"".join(dump(line) + b"\n" for line in lines)


# ── Damage: to any sample ──

_BYTES = (
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"\r",
    b"\n",
    "\u2028\u2029\u0085".encode(),
    b"\\ud800",
    b"\\ud83d\\u0041",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-1E+0400",
    b"9" * 400,
    b"9" * 5_000,
    b"\x1b]0;gone\x07",
    "\u202e\u2066".encode(),
)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.0,
    1.5,
    -0.0,
    2**53,
    2**63,
    2**64,
    -(2**70),
    10**400,
    1e308,
    "",
    "x" * 3_000,
    "\u2028\u202e\x7f\x9b",
    "__proto__",
    [],
    [[]],
    {},
    {"__proto__": {"polluted": 1}, "constructor": 1, "toString": 2, "length": -1},
    {"$tracer": "surrogate", "json": "\\ud83d"},
    {"$tracer": {"$tracer": []}, "value": 7},
    {"$tracer": "cut", "kind": [], "size": "big", "head": 7},
    {"$tracer": "missing", "seq": 0},
    {"lc": 1, "type": "constructor", "id": ["os", "system"], "kwargs": {"command": "true"}},
    {"lc": 1, "type": "secret", "id": ["HOME"]},
    {"type": "AIMessageChunk", "content": [{"type": "text", "text": 7}, None], "tool_call_chunks": {"a": 1}},
    {"__interrupt__": [{"value": {}}]},
)
_KEYS = ("seq", "t_us", "event", "span", "parent", "run_id", "name", "tags", "metadata", "data", "cause", "status")
_KEYS += ("error", "evidence", "same", "delta", "format", "run", "chain", "input", "config", "interrupts", "imported")
_INNER = ("chunk", "input", "output", "error", "kind", "text", "advice", "usage_metadata", "type", "message")


def cut(rng: Random, data: bytes) -> bytes:
    return data[: rng.some(data)]


def cut_front(rng: Random, data: bytes) -> bytes:
    return data[rng.some(data) :]


def flip(rng: Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 3, 20))):
        found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
    return bytes(found)


def put(rng: Random, data: bytes) -> bytes:
    for _ in range(rng.choice((1, 1, 4))):
        at = rng.some(data)
        data = data[:at] + rng.choice(_BYTES) + data[at:]
    return data


def put_in_value(rng: Random, data: bytes) -> bytes:
    """In the place of a number or inside of a text, so that most of the line stays as it was."""
    places = [at for at in range(1, len(data)) if data[at - 1 : at] in (b":", b'"', b"[", b",")]
    at = rng.choice(places or [0])
    return data[:at] + rng.choice(_BYTES) + data[at:]


def noise(rng: Random, data: bytes) -> bytes:
    first, last = sorted((rng.some(data), rng.some(data)))
    return data[:first] + rng.randbytes(rng.choice((1, 16, 2_000))) + data[last:]


def carriage_returns(rng: Random, data: bytes) -> bytes:
    return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b"\n\r\n")))


def marked(rng: Random, data: bytes) -> bytes:
    return b"\xef\xbb\xbf" * rng.choice((1, 1, 2)) + data


def shuffled(rng: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    for _ in range(rng.choice((1, 5))):
        a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
        action = rng.randrange(4)
        if action == 0:
            lines[a], lines[b] = lines[b], lines[a]
        elif action == 1:
            lines.insert(a, lines[b])
        elif action == 2 and len(lines) > 1:
            del lines[a]
        else:
            lines[a] = lines[a].rstrip(b"\n")
    return b"".join(lines)


def headless(rng: Random, data: bytes) -> bytes:
    return data.partition(b"\n")[2]


def other_format(rng: Random, data: bytes) -> bytes:
    made = rng.choice((b"0", b"2", b"99", b'"1"', b"null", b"1.0", b"true", b"1e400", b"[1]", b"9" * 30))
    return data.replace(b'"format": 1', b'"format": ' + made, 1)


def revalued(rng: Random, data: bytes) -> bytes:
    """Any field of any line holds anything."""
    lines = [json.loads(line) if line else {} for line in data.split(b"\n")[:-1]]
    for _ in range(rng.choice((1, 3, 10))):
        line = rng.choice(lines)
        if not isinstance(line, dict):
            continue
        if rng.random() < 0.4 and isinstance(line.get("data"), dict):
            line["data"][rng.choice(_INNER)] = rng.choice(_VALUES)
        else:
            line[rng.choice(_KEYS)] = rng.choice(_VALUES)
    return joined(lines)


def doubled_keys(rng: Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    key, value = rng.choice(_KEYS), rng.choice((b"1", b"null", b'"on_chain_end"', b"{}", b"1e999", b'"\\udead"'))
    lines[at] = lines[at].replace(b"{", b'{"%b":%b,' % (key.encode(), value), rng.choice((1, -1)))
    return b"\n".join(lines)


_ROOMS = (b"metadata", b"data", b"extra", b"input", b"same")


def deep(rng: Random, data: bytes) -> bytes:
    levels = rng.choice((90, 250, 253, 254, 255, 990, 1_000, 1_020, 1_023, 1_024, 1_025, 3_000, 100_000))
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")))
    value = opening * (levels // opening.count(b"[{") if opening == b'[{"a":' else levels)
    value += b"1" + closing * (value.count(opening))
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    lines[at] = lines[at].replace(b"{", b'{"%b":%b,' % (rng.choice(_ROOMS), value), 1)
    return b"\n".join(lines)


DAMAGE: tuple[Callable[[Random, bytes], bytes], ...] = (
    cut,
    cut_front,
    flip,
    put,
    put_in_value,
    noise,
    carriage_returns,
    marked,
    shuffled,
    headless,
    other_format,
    revalued,
    doubled_keys,
    deep,
)

# ── Forgeries: whole files ──


def never_started(rng: Random) -> bytes:
    names = (
        "on_chain_stream",
        "on_tool_end",
        "on_chat_model_error",
        "abandoned",
        "ended",
        "finding",
        "on_custom_event",
    )
    numbers = (0, 7, -1, 10**15, 1.0, 2.5, "1", None)
    lines = [event(n, rng.choice(names), rng.choice(numbers), data={"chunk": "x"}) for n in range(1, 30)]  # type: ignore[arg-type]
    return joined([start(), *lines, end(30)])


def strange_tree(rng: Random) -> bytes:
    """Spans that are their own parents, below each other in a ring, or caused by what never was."""
    count = rng.choice((3, 12))
    numbers: list[Any] = [*range(-1, count + 2), 1.0, 2.0, 2**53, None]
    lines = [span(n, n, rng.choice(numbers), rng.choice(("chain", "tool", "chat_model"))) for n in range(1, count + 1)]
    error = {"error": {"type": "ValueError", "message": "no"}}
    lines += [
        event(count + n, "on_chain_error", n, cause=rng.choice(numbers), data=error)
        for n in rng.sample(range(1, count + 1), count // 2)
    ]
    return joined([start(), *lines, end(2 * count, status=rng.choice(("ok", "error", "cancelled", "", "x" * 300, 7)))])


def deep_tree(rng: Random) -> bytes:
    count = rng.choice((100, 100, 100, 1_000))
    return joined([start(), *(span(n, n, n - 1 or None) for n in range(1, count + 1)), end(count + 1)])


def same_run_id(rng: Random) -> bytes:
    lines = []
    for n in range(1, 400, 2):
        lines += [span(n, n, None, run_id="one"), event(n + 1, "on_chain_end", rng.randint(1, n), data={"output": 1})]
    return joined([start(), *lines])


def forged_same(rng: Random) -> bytes:
    """References forward, to themselves, in rings, to places that are none."""
    seqs = (0, 1, 2, 3, 4, 5, 6, 99, -1, 2**60, 1.0, "1", None, [], True)
    pointers = (
        "",
        "/",
        "/chunk",
        "/chunk/a",
        "/chunk/0",
        "/chunk/-",
        "/a~2",
        "/__proto__",
        "chunk",
        7,
        None,
        "/" * 500,
    )
    lines = [start(), span(1, 1)]
    for n in range(2, 12):
        entry: Any = [rng.choice(seqs), rng.choice(pointers)]
        about: Any = {rng.choice(pointers[:9]): rng.choice((entry, entry, entry, [], 5, None, {"a": 1}))}
        line = event(n, "on_chain_stream", data=rng.choice(({}, {"chunk": {"a": [1, "x" * 80]}}, 5, None, [1])))
        lines.append({**line, "same": rng.choice((about, about, about, [], "x", 1))})
    return joined([*lines, end(12)])


def forged_delta(rng: Random) -> bytes:
    kinds = ("append", "add", "replace", "remove", "move", "copy", "test", "burn", 7, None)
    paths = ("", "/a", "/a/0", "/a/-", "/a/99999999999999999999", "/b/c/d", "/__proto__/x", "/~", 7, None)
    lines = [start(), span(1, 1), event(2, "on_parser_stream", data={"chunk": {"a": ["x"], "b": "y"}})]
    for n in range(3, 14):
        ops: Any = [
            {
                "op": rng.choice(kinds),
                "path": rng.choice(paths),
                "from": rng.choice(paths),
                "value": rng.choice(_VALUES),
            }
            for _ in range(rng.randint(0, 4))
        ]
        base = rng.choice((n - 1, n - 1, 2, n, n + 1, 99, -1, 0, 2.0, "2", None))
        about: Any = {"base": base, "ops": rng.choice((ops, ops, ops, {}, 5, [5], [{}]))}
        pointer = rng.choice(("/chunk", "/chunk", "/chunk", "", "/chunk/a", "x"))
        lines.append(
            {**event(n, "on_parser_stream"), "delta": rng.choice(({pointer: about}, {pointer: about}, 5, [about]))}
        )
    return joined([*lines, end(14)])


def laughs(rng: Random) -> bytes:
    """A billion of them: each line holds the one before it ten times."""
    depth, wide = rng.choice(((9, 10), (14, 10), (30, 2), (60, 4)))
    lines = [start(), span(1, 1), event(2, "on_chain_stream", data={"chunk": {"laugh": "ha" * 50}})]
    for n in range(3, 3 + depth):
        same = {f"/chunk/{k}": [n - 1, "/chunk"] for k in range(wide)}
        lines.append({**event(n, "on_chain_stream", data={"chunk": {str(k): None for k in range(wide)}}), "same": same})
    return joined([*lines, end(3 + depth)])


def chained(rng: Random) -> bytes:
    """One delta on the other, thousands of them."""
    count = rng.choice((300, 3_000))
    lines = [start(), span(1, 1, kind="parser"), event(2, "on_parser_stream", data={"chunk": {"a": "", "b": []}})]
    for n in range(3, count):
        ops = [rng.choice(({"op": "append", "path": "/a", "value": "xyz"}, {"op": "add", "path": "/b/-", "value": n}))]
        lines.append({**event(n, "on_parser_stream"), "delta": {"/chunk": {"base": n - 1, "ops": ops}}})
    return joined([*lines, end(count)])


def swollen(rng: Random) -> bytes:
    """A value that its deltas double again and again."""
    lines = [start(), span(1, 1, kind="parser"), event(2, "on_parser_stream", data={"chunk": {"a": ["x" * 100]}})]
    for n in range(3, 60):
        ops = [{"op": "copy", "from": "/a", "path": "/a/-"}, {"op": "append", "path": "/a/0", "value": "y" * 1_000}]
        same = {"/more": [n - 1, "/chunk"]} if rng.random() < 0.5 else {}
        lines.append({**event(n, "on_parser_stream"), "delta": {"/chunk": {"base": n - 1, "ops": ops}}, "same": same})
    return joined([*lines, end(60)])


_TEMPLATE = {"template": "{{x.__class__.__mro__}}", "template_format": "jinja2", "input_variables": []}


def crafted(rng: Random) -> bytes:
    """What LangChain's own `load` would bring to life, in each place of a line."""
    revived = rng.choice(
        (
            {"lc": 1, "type": "constructor", "id": ["langchain_core", "prompts", "Prompt"], "kwargs": _TEMPLATE},
            {"lc": 1, "type": "secret", "id": ["OPENAI_API_KEY"]},
            {"lc": 2, "type": "not_implemented", "id": ["builtins", "exec"], "repr": "exec('1')"},
            {"py/object": "os.system", "py/reduce": [{"py/function": "os.system"}, ["true"]]},
            {"__class__": "subprocess.Popen", "__module__": "subprocess", "args": ["true"]},
        )
    )  # fmt: skip
    lines = [start(input=revived, config={"configurable": revived, "callbacks": revived}), span(1, 1, metadata=revived)]
    lines += [event(2, "on_chain_stream", data={"chunk": revived}), event(3, "on_chain_end", data={"output": revived})]
    lines += [event(4, "finding", kind="x", text="y", evidence=revived), end(5, error=revived, interrupts=[revived])]
    return joined(lines)


def plain(rng: Random) -> bytes:
    """LangChain's own events, some of them not quite."""
    about = {"tags": ["seq:step:1"], "metadata": {"ls_model_name": "m"}, "parent_ids": []}
    events = [
        {"event": "on_chain_start", "name": "chain", "run_id": "a", **about, "data": {"input": "Why?"}},
        {"event": "on_chat_model_start", "name": "model", "run_id": "b", **about, "parent_ids": ["a"], "data": {}},
        {
            "event": "on_chat_model_stream",
            "name": "model",
            "run_id": "b",
            **about,
            "data": {"chunk": {"content": "So"}},
        },
        {"event": "on_chat_model_end", "name": "model", "run_id": "b", **about, "data": {"output": {"content": "So"}}},
        {"event": "on_chain_end", "name": "chain", "run_id": "a", **about, "data": {"output": "So"}},
    ]
    for _ in range(rng.choice((0, 0, 1, 3))):
        one = rng.choice(events)
        one[rng.choice((*about, "event", "name", "run_id", "data", "seq"))] = rng.choice(_VALUES)
    if rng.random() < 0.5:
        data = b"".join(dump(one) + b"\n" for one in events)
    else:
        data = json.dumps(events, indent=rng.choice((None, 2)), allow_nan=True).encode()
    return rng.choice((_untouched, _untouched, cut, flip, put, put_in_value, noise, carriage_returns, marked))(
        rng, data
    )


def junk(rng: Random) -> bytes:
    return rng.choice(
        (
            b"",
            b"\n",
            b"\n" * 1_000,
            b"[",
            b"[[",
            b"[]",
            b"[{",
            b'[{"event":',
            b"{}",
            b"null\n" * 50,
            b"\x1f\x8b\x08\0\0\0\0\0",
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
            b'{"event":"run_start"}\n',
            b'{"event":"run_end"}\n{"event":"run_start","format":1}\n',
            b'{"event":"' + b"x" * 300_000 + b'"}\n',
            b'[{"event":"on_chain_start","run_id":"a"},' + b"[" * 200_000,
            b'[{"event":"on_x_start","run_id":"a"},{"a":' + b"[" * 3_000 + b"]" * 3_000 + b'},{"event":"on_x_end"}]',
            rng.randbytes(rng.choice((1, 100, 5_000))),
        )
    )  # fmt: skip


def _untouched(rng: Random, data: bytes) -> bytes:
    return data


FORGERIES: tuple[Callable[[Random], bytes], ...] = (
    never_started,
    strange_tree,
    deep_tree,
    same_run_id,
    forged_same,
    forged_delta,
    laughs,
    chained,
    swollen,
    crafted,
    plain,
    plain,
    junk,
)


def samples() -> list[bytes]:
    """Sound files: the fixtures, and what they are made of here."""
    made = [
        joined([start(), span(1, 1), *(event(n, "on_chain_stream", data={"chunk": "x"}) for n in range(2, 9)), end(9)])
    ]
    return [path.read_bytes() for path in sorted(FIXTURES.glob("*.jsonl"))] + made


def mutants(count: int, seed: int = 4) -> Iterator[Mutant]:
    """So many files, every kind of damage and forgery among them in turn; the first of `count` are the cuts.

    The sample is cut at every byte where there is room for it: of 10,000 files that is about a quarter.
    """
    rng = Random(seed)
    found = samples()
    sample = SAMPLE.read_bytes()
    step = max(1, len(sample) * 4 // count)
    cuts = range(0, len(sample) + 1, step)
    for at in cuts:
        yield Mutant(f"cut at {at}", sample[:at])
    for n in range(count - len(cuts)):
        if n % 3 == 2:
            forge = FORGERIES[n // 3 % len(FORGERIES)]
            yield Mutant(forge.__name__, forge(rng))
            continue
        damage = DAMAGE[n % len(DAMAGE)]
        data = rng.choice(found)
        if damage is revalued and not _is_sound(data):
            data = found[-1]
        for _ in range(1 if damage is revalued else rng.choice((1, 1, 2))):
            data = damage(rng, data) if data else data
        yield Mutant(damage.__name__, data)


def _is_sound(data: bytes) -> bool:
    try:
        return all(isinstance(json.loads(line), dict) for line in data.split(b"\n")[:-1])
    except ValueError:
        return False
