"""Lists of messages that were encoded before: at each step a conversation is said again, a little longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .known import Known, by_tree
from .markers import Json

if TYPE_CHECKING:
    from .encode import Walk

SHORTEST = 4
"""Messages in a list that is worth it."""
FURTHER = 3
"""Messages after those known together that are looked at one by one: to know them too takes as long as that."""
_ALIKE = 3
_MOST = 16
_MOST_BYTES = 4_000_000

_lists: dict[int, list[Known]] = {}
"""By the id of what is first in them, the newest first."""
_bytes = 0


def recall(walk: Walk, messages: list[Any], depth: int) -> Known | None:
    """As many of these messages, from the first one on, as are known together and are as they were.

    What that takes is spent.
    """
    for known in _lists.get(id(messages[0]), ()):
        count = len(known.types)
        if count <= len(messages) and known.recall(walk, messages[:count], depth) is not None:
            return known
    return None


def remember(
    walk: Walk, messages: list[Any], trees: list[Json], spent: tuple[int, int], before: Known | None
) -> Known | None:
    """These messages were encoded as this list, which nobody changes; the first of them are those `before`.

    `spent`: for so many values and characters. Returns what is known of them as a whole from now on.
    """
    global _bytes
    parts = [] if before is None else [before]
    for tree in trees[len(before.types) if before is not None else 0 :]:
        inner = by_tree.get(id(tree))
        if inner is None:
            return before
        parts.append(inner)
    try:
        deepest = min(part.deepest - (part is not before) for part in parts)
        known = Known([], [], sum(part.size for part in parts), trees, walk.limits, (deepest, *spent), parts)
        # Another thread may have changed one of them since it was encoded.
        if known.size > _MOST_BYTES // 4 or not all(part.holds() for part in parts):
            return before
    except ValueError:
        return before
    _bytes += known.size
    first = id(messages[0])
    alike = [known, *_lists.pop(first, ())]
    _forget(alike[_ALIKE:])
    _lists[first] = alike[:_ALIKE]
    while len(_lists) > _MOST or _bytes > _MOST_BYTES:
        if not _lists:
            # Two threads have miscounted.
            _bytes = 0
            break
        _forget(_lists.pop(next(iter(_lists)), []))
    return known


def _forget(lists: list[Known]) -> None:
    global _bytes
    for known in lists:
        _bytes -= known.size
