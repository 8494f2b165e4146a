"""A real retriever, small enough to read: BM25 over the notes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import PrivateAttr

from tracer.demo.notes import NOTES, Note
from tracer.demo.words import words

# How fast repeated words stop counting, and how much long notes are held back: BM25's usual values.
_K1, _B = 1.5, 0.75


class NotesRetriever(BaseRetriever):
    """The `k` notes that fit the query best, best first, with their `score`; fewer where fewer fit at all."""

    k: int = 3
    notes: Sequence[Note] = NOTES
    _counts: list[Counter[str]] = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        # The title counts twice: it says what the note is about.
        self._counts = [Counter(words(f"{note.title} {note.title} {note.text}")) for note in self.notes]

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        return self._search(query, k)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        return self._search(query, k)  # microseconds: no thread needed

    def _search(self, query: str, k: int | None) -> list[Document]:
        scored = [
            (self._score(set(words(query)), counts), note)
            for counts, note in zip(self._counts, self.notes, strict=True)
        ]
        best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])
        return [
            Document(page_content=note.text, metadata={"title": note.title, "score": round(score, 3)})
            for score, note in best[: self.k if k is None else k]
        ]

    def _score(self, query: set[str], counts: Counter[str]) -> float:
        length = counts.total() * len(self._counts) / sum(c.total() for c in self._counts)
        score = 0.0
        for word in sorted(query & counts.keys()):  # sorted: floating sums depend on the order
            holding = sum(word in other for other in self._counts)
            rarity = math.log(1 + (len(self._counts) - holding + 0.5) / (holding + 0.5))
            score += rarity * counts[word] * (_K1 + 1) / (counts[word] + _K1 * (1 - _B + _B * length))
        return score
