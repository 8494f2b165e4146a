"""tracer.run.config: what a run may be given beside its input."""

from __future__ import annotations

from typing import Any

import pytest

from tracer.run.config import ConfigError, checked


def test_what_is_right_passes_and_null_is_left_out() -> None:
    given = {"tags": ["a"], "metadata": {"k": 1}, "configurable": {}, "recursion_limit": 1, "run_name": None}
    assert checked(given) == {"tags": ["a"], "metadata": {"k": 1}, "configurable": {}, "recursion_limit": 1}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("tagz", [], "there is no field 'tagz'; known are tags, metadata"),
        ("callbacks", [], "there is no field 'callbacks'"),
        ("tags", "a", "tags has to be a list of strings"),
        ("tags", ["a", 1], "tags has to be a list of strings"),
        ("metadata", [], "metadata has to be an object"),
        ("configurable", 0, "configurable has to be an object"),
        ("recursion_limit", 0, "recursion_limit has to be a whole number from 1"),
        ("recursion_limit", 2.0, "recursion_limit has to be a whole number from 1"),
        ("max_concurrency", True, "max_concurrency has to be a whole number from 1"),
        ("run_name", 1, "run_name has to be a string"),
    ],
)
def test_what_is_wrong_is_named(field: str, value: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked({field: value})
    assert caught.value.field == field
    assert str(caught.value).startswith(said)
