"""What words of a text tell something: for the retriever, and for the scripted model that quotes its notes."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z0-9_]+")
_STOP = frozenset(
    _WORD.findall(
        "a an and are as at be by can do does for from has have how i in is it its my need needs of on or so "
        "that the their this to use used what when where which why with you"
    )
)


def words(text: str) -> list[str]:
    """The words of a text that tell something, lower case, plural and -ing endings off."""
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP]


def _stem(word: str) -> str:
    if len(word) > 5 and word.endswith("ing"):
        return word[:-3]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
