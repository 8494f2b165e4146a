"""How much of one value is kept. The defaults and their meaning stand in tracer/settings.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tracer.settings import BY_NAME

DEEPEST = 150
"""The greatest `max_depth`: orjson writes at most 254 levels, and a line puts some of its own around a value."""
SHORT = 100
"""Characters: a text or key up to here is never cut, and counted as a value; a longer one by its characters."""


def _default(name: str) -> Any:
    return BY_NAME[name].default


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call of `encode` keeps at most. What is over is cut, with a marker that says how big it was."""

    max_string: int = _default("max_string")
    """Characters of one text; of a longer one the head is kept. At least `SHORT`."""
    max_items: int = _default("max_items")
    """Entries of one list, dict or set."""
    max_values: int = _default("max_values")
    """Values in all, leaves included; an object counts as several."""
    max_depth: int = _default("max_depth")
    """Levels of JSON inside each other; at most `DEEPEST`."""
    max_bytes: int = _default("max_bytes")
    """JSON in all."""
    max_repr: int = _default("max_repr")
    """Characters of a `repr`, and bytes kept of a bytes object."""
    max_seconds: float = _default("max_seconds")
    """Time in all. What one `__repr__` takes cannot be cut short: it is the last to run then."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"{field.name} must be above 0, not {value}")
        if self.max_string < SHORT:
            raise ValueError(f"max_string must be at least {SHORT}, not {self.max_string}")
        if self.max_depth > DEEPEST:
            raise ValueError(f"max_depth must be at most {DEEPEST}, not {self.max_depth}")
        if self.max_bytes < 10_000:
            raise ValueError(f"max_bytes must be at least 10000, not {self.max_bytes}")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Limits:
        """The limits that these variables set (`TRACER_MAX_…`). Raises ValueError naming the variable that is wrong."""
        given: dict[str, Any] = {}
        for field in fields(cls):
            variable = BY_NAME[field.name].variable
            text = environment.get(variable, "").strip()
            if not text:
                continue
            convert = float if field.name == "max_seconds" else int
            try:
                given[field.name] = convert(text)
                cls(**{field.name: given[field.name]})
            except ValueError as error:
                said = str(error) if field.name in str(error) else f"not a number: {text[:40]!r}"
                raise ValueError(f"{variable} in the environment or .env: {said}") from None
        return cls(**given)
