"""A run's config as people and pages give it: tags, metadata, configurable fields and a few limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KINDS: dict[str, tuple[Any, str]] = {
    "tags": (list, "a list of strings"),
    "metadata": (dict, "an object"),
    "configurable": (dict, "an object"),
    "recursion_limit": (int, "a whole number from 1"),
    "max_concurrency": (int, "a whole number from 1"),
    "run_name": (str, "a string"),
}


class ConfigError(ValueError):
    """What is wrong with a config, in one line; `field` is the name of the field at fault."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


def checked(given: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The config as a chain takes it, without what is null. Raises ConfigError; `prefix` goes before field names."""
    for name, value in given.items():
        if name not in _KINDS:
            raise ConfigError(prefix + name, f"there is no field {prefix + name!r}; known are {', '.join(_KINDS)}")
        kind, called = _KINDS[name]
        wrong = (
            type(value) is not kind
            or (kind is int and value < 1)
            or (kind is list and not all(isinstance(tag, str) for tag in value))
        )
        if value is not None and wrong:
            raise ConfigError(prefix + name, f"{prefix}{name} has to be {called}")
    return {name: value for name, value in given.items() if value is not None}
