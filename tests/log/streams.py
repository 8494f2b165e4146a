"""Runs whose values repeat, grow, shrink and are shared: whole lines, made from a seed or drawn by hypothesis."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

Lines = list[dict[str, Any]]

_KEYS = ("a", "b/c", "~", "~1", "", "messages", "0", "$$tracer", "é", "__proto__", "long key " * 9)
_LEAVES = (
    *(0, 1, 1.0, True, False, None, -0.0, 0.0, 1.5, -1, 2**53 + 1, 2**63, -(2**63), 1e300, 1e-7, 123456789),
    *(
        "",
        "a",
        "1",
        "null",
        '\n"\\/',
        "é",
        "😀",
        "\u2028",
        "x" * 70,
        "text of more than sixty-four bytes, written again and again ☃ ",
    ),
)
_TYPES = ("chain", "parser", "chat_model", "llm", "tool", "retriever", "prompt")


def run(random: Random, length: int = 40) -> Lines:
    """A run_start line, events of a few spans, run_end. Values are JSON; each is made out of those before it."""
    return Run(random).lines(length)


def history(random: Random, length: int = 100) -> Lines:
    """A run whose values are parts of a conversation: it goes on, and what is said of it begins and ends anywhere."""
    lines: Lines = [{"seq": 0, "t_us": 0, "event": "run_start", "format": 1, "run": "r", "input": None}]
    first = last = 0
    for seq in range(1, length):
        first = max(0, first + random.choice((0, 0, 1, 1, 2, -1)))
        last = max(first, last + random.choice((0, 0, 1, 1, 2, -1)))
        messages = [
            {"type": "human", "content": f"{n} {'a message of the conversation ' * 9}"} for n in range(first, last)
        ]
        said: Any = {"messages": messages}
        said = random.choice((said, said, {random.choice(("model", "tools")): said}, messages[-1:]))
        phase, key = random.choice((("stream", "chunk"), ("stream", "chunk"), ("end", "output"), ("end", "input")))
        event = f"on_{random.choice(('chain', 'parser'))}_{phase}"
        lines.append({"seq": seq, "t_us": seq, "event": event, "span": random.randrange(1, 6), "data": {key: said}})
    return lines


class Run:
    """Makes one. Values live on between events and are changed in place, as a chain's are."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.pool: list[Any] = [self._value(0) for _ in range(3)]

    def lines(self, length: int) -> Lines:
        random = self.random
        lines: Lines = [{"seq": 0, "t_us": 0, "event": "run_start", "format": 1, "run": "r", "input": self._taken()}]
        spans = [(number, random.choice(_TYPES)) for number in range(1, 5)]
        for number, kind in spans:
            self._add(lines, {"event": f"on_{kind}_start", "span": number, "parent": None, "run_id": f"r{number}"})
            lines[-1] |= {"name": kind, "tags": [], "metadata": {}, "data": {"input": self._taken()}}
        for _ in range(length):
            number, kind = random.choice(spans)
            phase = random.choice(("stream", "stream", "stream", "stream", "end", "custom"))
            if phase == "custom":
                self._add(lines, {"event": "on_custom_event", "span": number, "name": "n", "data": self._taken()})
                continue
            data: Any = {"chunk": self._taken()} if phase == "stream" else {"output": self._taken()}
            if phase == "end" and random.random() < 0.7:
                data = {**data, "input": self._taken()} if random.random() < 0.5 else {"input": self._taken(), **data}
            self._add(lines, {"event": f"on_{kind}_{phase}", "span": number, "data": data})
        self._add(lines, {"event": "run_end", "status": "ok", "spans": len(spans)})
        return lines

    def _add(self, lines: Lines, line: dict[str, Any]) -> None:
        lines.append({"seq": len(lines), "t_us": 7 * len(lines), **line})

    def _taken(self) -> Any:
        """One of the values, a little changed in most cases."""
        random = self.random
        at = random.randrange(len(self.pool))
        if random.random() < 0.7:
            self.pool[at] = self._changed(self.pool[at])
        if random.random() < 0.1:
            self.pool.append(self._value(0))
        return copy.deepcopy(self.pool[at])

    def _changed(self, value: Any, depth: int = 0) -> Any:
        random = self.random
        if isinstance(value, str) and random.random() < 0.8:
            return value + random.choice((" more", "é", '"', "\\", "😀", "\n", "x" * 40))
        if isinstance(value, (dict, list)) and value and depth < 12 and random.random() < 0.75:
            keys = list(value) if isinstance(value, dict) else list(range(len(value)))
            key = keys[-1] if random.random() < 0.7 else random.choice(keys)
            value[key] = self._changed(value[key], depth + 1)
            return value
        if isinstance(value, (dict, list)):
            return self._grown(value)
        return random.choice((random.choice(_LEAVES), self._value(3), copy.deepcopy(random.choice(self.pool))))

    def _grown(self, value: Any) -> Any:
        random = self.random
        new = copy.deepcopy(random.choice(self.pool)) if random.random() < 0.2 else self._value(2)
        if _weight(new) + _weight(value) > 400:
            new = random.choice(_LEAVES)
        if isinstance(value, list):
            if value and random.random() < 0.2:
                value.pop(random.choice((0, -1)))
            else:
                value.insert(random.choice((0, len(value), len(value))), new)
            return value
        if value and random.random() < 0.2:
            del value[random.choice(list(value))]
        elif value and random.random() < 0.1:
            return dict(reversed(list(value.items())))
        else:
            value[random.choice(_KEYS)] = new
        return value

    def _value(self, depth: int) -> Any:
        random = self.random
        kind = random.randrange(6)
        if depth > 3 or kind < 2:
            return random.choice(_LEAVES)
        if kind < 4:
            return {random.choice(_KEYS): self._value(depth + 1) for _ in range(random.randrange(5))}
        return [self._value(depth + 1) for _ in range(random.randrange(5))]


def _weight(value: Any) -> int:
    if isinstance(value, (dict, list)):
        return 1 + sum(map(_weight, value.values() if isinstance(value, dict) else value))
    return 1
