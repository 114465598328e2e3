"""How questions are written: their character, syllable and word n-grams, weighed by rarity.

Syllables let 公式期 meet 公示期; words' beginnings let "applying" meet "applicant".
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.wording import normalise

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # single characters are all that is asked

Vector = NDArray[np.float32]


class Writing:
    """N-grams of a fixed set of texts; compares a text with all of them at once.

    It is made of arrays, so that it can be kept in a file: every n-gram with its rarity, and
    where its run of postings (a text and a weight each) begins.
    """

    def __init__(
        self,
        count: int,
        grams: NDArray[np.str_],
        rarity: Vector,
        starts: NDArray[np.int32],
        texts: NDArray[np.int32],
        weights: Vector,
    ) -> None:
        self.arrays = {
            "count": np.array(count),
            "grams": grams,
            "rarity": rarity,
            "starts": starts,
            "texts": texts,
            "weights": weights,
        }
        self._count, self._at = count, {str(gram): at for at, gram in enumerate(grams)}
        self._rarity, self._starts, self._texts, self._weights = rarity, starts, texts, weights

    @classmethod
    def of(cls, texts: Sequence[str]) -> Writing:
        """Counts the n-grams of the texts."""
        rows = [set(_grams(text)) for text in texts]
        holders: dict[str, list[int]] = {}
        for at, row in enumerate(rows):
            for gram in row:
                holders.setdefault(gram, []).append(at)
        names = sorted(holders)
        rarity = {gram: float(np.log((1 + len(rows)) / len(holders[gram]))) for gram in names}
        norms = [sum(rarity[gram] ** 2 for gram in row) ** 0.5 or 1.0 for row in rows]
        return cls(
            len(rows),
            np.array(names),
            np.array([rarity[gram] for gram in names], np.float32),
            np.cumsum([0, *(len(holders[gram]) for gram in names)], dtype=np.int32),
            np.array([at for gram in names for at in holders[gram]], np.int32),
            np.array([rarity[g] / norms[at] for g in names for at in holders[g]], np.float32),
        )

    @classmethod
    def kept(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Writing:
        """The writing whose `arrays` were kept in a file."""
        return cls(
            int(arrays["count"]),
            np.asarray(arrays["grams"], np.str_),
            np.asarray(arrays["rarity"], np.float32),
            np.asarray(arrays["starts"], np.int32),
            np.asarray(arrays["texts"], np.int32),
            np.asarray(arrays["weights"], np.float32),
        )

    def similarity(self, text: str) -> Vector:
        """The cosine of a text's n-grams with those of every text of the set."""
        scores = np.zeros(self._count, np.float32)
        unseen = float(np.log(1 + self._count))
        squares = 0.0
        for gram in set(_grams(text)):
            at = self._at.get(gram)
            if at is None:
                squares += unseen**2
                continue
            rarity = float(self._rarity[at])
            squares += rarity**2
            run = slice(self._starts[at], self._starts[at + 1])
            scores[self._texts[run]] += rarity * self._weights[run]
        return scores / np.float32(squares**0.5 or 1.0)


def _grams(text: str) -> Iterator[str]:
    """Character n-grams, syllable n-grams and, for Latin script, words and their beginnings."""
    from pypinyin import lazy_pinyin

    for run in _runs(normalise(text)):
        if run.isascii():
            yield f"w:{run}"
            yield f"s:{run[:4]}"
            yield f"p:{run}"
            continue
        for size in (1, 2, 3):
            yield from (f"c:{run[at : at + size]}" for at in range(len(run) - size + 1))
        sounds = lazy_pinyin(run)
        for size in (2, 3):
            yield from (
                f"p:{''.join(sounds[at : at + size])}" for at in range(len(sounds) - size + 1)
            )


def _runs(text: str) -> Iterator[str]:
    """Runs of Latin letters and digits, and runs of anything else that is a letter."""
    run = ""
    for char in text + " ":
        keeps = char.isalnum() and (not run or run[-1].isascii() == char.isascii())
        if not keeps and run:
            yield run
            run = ""
        if char.isalnum():
            run += char
