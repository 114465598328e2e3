"""BM25 over Chinese words: finds the passages that use the question's own words."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import bm25s
import numpy as np
import rjieba

from knowledge.passages import Passage
from knowledge.wording import normalise

logging.getLogger("bm25s").setLevel(logging.WARNING)  # its import sets DEBUG


def words(text: str) -> list[str]:
    """The words of a text as a search engine would index them."""
    return [w for w in rjieba.cut_for_search(text) if any(c.isalnum() for c in w)]


class Lexicon:
    """A BM25 index over passages."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._keys = [p.key for p in passages]
        self._bm25 = bm25s.BM25()
        self._bm25.index([words(normalise(p.text)) for p in passages], show_progress=False)

    def search(self, question: str, within: Sequence[str] | None = None) -> dict[str, float]:
        """The keys of the passages that share words with a question, with their scores.

        Scores are relative to the best of them (1.0); `within` keeps keys with these prefixes.
        """
        tokens = words(question)
        if not tokens:
            return {}
        scores: np.ndarray = self._bm25.get_scores(tokens)
        found = {
            key: float(score)
            for key, score in zip(self._keys, scores, strict=True)
            if score > 0 and (within is None or key.partition("/")[0] in within)
        }
        best = max(found.values(), default=1.0)
        return {key: score / best for key, score in found.items()}
