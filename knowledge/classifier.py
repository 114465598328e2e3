"""Which topic a question is about: kernel ridge regression over the topics' phrasings.

Two views of a question are compared with every phrasing: its embedding (what it means) and its
character and syllable n-grams (how it is written; syllables let 公式期 meet 公示期). Ridge regression
has one exact solution and an exact leave-one-out estimate, so nothing is drawn by chance.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.wording import normalise

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # single characters are all that is asked

Matrix = NDArray[np.float32]

MEANING_WEIGHT = 0.6
RIDGE = 0.15


@dataclass(frozen=True)
class Weights:
    """How much the meaning counts against the writing, and how smooth the fit is."""

    meaning: float = MEANING_WEIGHT
    ridge: float = RIDGE


class Writing:
    """N-grams of a fixed set of texts; compares a text with all of them at once."""

    def __init__(self, texts: Sequence[str]) -> None:
        rows = [_grams(text) for text in texts]
        frequency: dict[str, int] = {}
        for row in rows:
            for gram in row:
                frequency[gram] = frequency.get(gram, 0) + 1
        self._count = len(texts)
        self._idf = {g: float(np.log((1 + self._count) / n)) for g, n in frequency.items()}
        postings: dict[str, tuple[list[int], list[float]]] = {}
        for at, row in enumerate(rows):
            for gram, weight in self._weighted(row).items():
                ids, weights = postings.setdefault(gram, ([], []))
                ids.append(at)
                weights.append(weight)
        self._postings = {
            gram: (np.array(ids, np.int32), np.array(weights, np.float32))
            for gram, (ids, weights) in postings.items()
        }

    def similarity(self, text: str) -> NDArray[np.float32]:
        """The cosine of a text's n-grams with those of every text of the set."""
        scores = np.zeros(self._count, np.float32)
        for gram, weight in self._weighted(_grams(text)).items():
            if gram in self._postings:
                ids, weights = self._postings[gram]
                scores[ids] += weight * weights
        return scores

    def _weighted(self, grams: Mapping[str, float]) -> dict[str, float]:
        unseen = float(np.log(1 + self._count))
        weighted = {g: n * self._idf.get(g, unseen) for g, n in grams.items()}
        norm = float(np.sqrt(sum(w * w for w in weighted.values()))) or 1.0
        return {g: w / norm for g, w in weighted.items()}


class Classifier:
    """Scores every topic for a question; about 1 for a sure hit, about 0 for no relation."""

    def __init__(
        self,
        questions: Sequence[str],
        labels: Sequence[str],
        vectors: Sequence[Sequence[float]] | Matrix,
        weights: Weights = Weights(),
    ) -> None:
        self.topics = tuple(sorted(set(labels)))
        self._weights = weights
        matrix = np.asarray(vectors, np.float32)
        self._centre = matrix.mean(axis=0)
        self._vectors = _unit(matrix - self._centre)
        self._writing = Writing(questions)
        column = {topic: at for at, topic in enumerate(self.topics)}
        self._targets = np.zeros((len(labels), len(self.topics)), np.float32)
        self._targets[np.arange(len(labels)), [column[label] for label in labels]] = 1
        written = np.stack([self._writing.similarity(q) for q in questions])
        kernel = self._mix(self._vectors @ self._vectors.T, written)
        kernel[np.diag_indices_from(kernel)] += weights.ridge
        self._inverse = np.linalg.inv(kernel.astype(np.float64))
        self._dual = (self._inverse @ self._targets).astype(np.float32)

    def scores(self, question: str, vector: Sequence[float] | None) -> NDArray[np.float32]:
        """One score a topic, in the order of `topics`. Without a vector the writing decides."""
        written = self._writing.similarity(question)
        if vector is None:
            return written @ self._dual
        meant = self._vectors @ _unit(np.asarray(vector, np.float32) - self._centre)
        scores: NDArray[np.float32] = self._mix(meant, written) @ self._dual
        return scores

    def leave_one_out(self) -> Matrix:
        """The scores that each phrasing would get from an index without it (exact)."""
        held_out: Matrix = self._targets - self._dual / np.diag(self._inverse)[:, None]
        return held_out

    def _mix(self, meant: Matrix, written: Matrix) -> Matrix:
        share = self._weights.meaning
        return share * meant + (1 - share) * written


def _unit(vectors: Matrix) -> Matrix:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _grams(text: str) -> dict[str, float]:
    """Character n-grams, syllable n-grams and, for Latin script, words and their beginnings."""
    counts: dict[str, float] = {}
    for gram in _runs(normalise(text)):
        counts[gram] = 1.0
    return counts


def _runs(text: str) -> Iterator[str]:
    from pypinyin import lazy_pinyin

    for run in _words(text):
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


def _words(text: str) -> Iterator[str]:
    """Runs of Latin letters and digits, and runs of anything else that is a letter."""
    run = ""
    for char in text + " ":
        keeps = char.isalnum() and (not run or run[-1].isascii() == char.isascii())
        if not keeps and run:
            yield run
            run = ""
        if char.isalnum():
            run += char
