"""Which topic a question is about: kernel ridge regression over the topics' phrasings.

Two views of a question are compared with every phrasing: its embedding (what it means) and its
character and syllable n-grams (how it is written; syllables let 公式期 meet 公示期). Ridge
regression has one exact solution and an exact leave-one-out estimate: nothing is drawn by chance.
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


@dataclass(frozen=True)
class Weights:
    """How much the meaning counts against the writing, how far a phrasing's meaning reaches, and
    how smooth the fit is (chosen by leave-one-out over the phrasings)."""

    meaning: float = 0.85
    width: float = 1.0
    ridge: float = 0.1

    @property
    def name(self) -> str:
        """Tells fits with other weights, or by another method, apart."""
        return f"v1-{self.meaning}-{self.width}-{self.ridge}"


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


@dataclass(frozen=True)
class Fit:
    """What is learnt from the phrasings: one row a phrasing, one column a topic."""

    topics: tuple[str, ...]
    centre: Matrix
    vectors: Matrix
    dual: Matrix

    def save(self, path: Path) -> None:
        """Writes the fit to a file, whole or not at all."""
        draft = path.with_suffix(".part.npz")
        np.savez(
            draft,
            topics=np.array(self.topics),
            centre=self.centre,
            vectors=self.vectors,
            dual=self.dual,
        )
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Fit:
        """Reads a fit.

        Raises:
            OSError, ValueError, KeyError: the file is missing or damaged.
        """
        with np.load(path, allow_pickle=False) as content:
            topics = tuple(str(topic) for topic in content["topics"])
            return cls(topics, content["centre"], content["vectors"], content["dual"])


def fit(
    questions: Sequence[str], labels: Sequence[str], vectors: Matrix, weights: Weights = Weights()
) -> Fit:
    """Fits the topics to the phrasings: one vector a phrasing, one label a phrasing."""
    topics, targets = _targets(labels)
    kernel = _kernel(questions, vectors, weights)
    dual = np.linalg.solve(kernel, targets)
    centre = vectors.mean(axis=0)
    return Fit(topics, centre, _unit(vectors - centre), dual)


def leave_one_out(
    questions: Sequence[str], labels: Sequence[str], vectors: Matrix, weights: Weights = Weights()
) -> float:
    """The share of phrasings whose topic is found by a fit without that phrasing (exact)."""
    _, targets = _targets(labels)
    inverse = np.linalg.inv(_kernel(questions, vectors, weights).astype(np.float64))
    without = targets - (inverse @ targets) / np.diag(inverse)[:, None]
    return float((without.argmax(axis=1) == targets.argmax(axis=1)).mean())


def _targets(labels: Sequence[str]) -> tuple[tuple[str, ...], Matrix]:
    """The topics in order, and a 1 in each phrasing's row for its own."""
    topics = tuple(sorted(set(labels)))
    column = {topic: at for at, topic in enumerate(topics)}
    targets = np.zeros((len(labels), len(topics)), np.float32)
    targets[np.arange(len(labels)), [column[label] for label in labels]] = 1
    return topics, targets


def _kernel(questions: Sequence[str], vectors: Matrix, weights: Weights) -> Matrix:
    """How alike every two phrasings are, with the ridge on the diagonal."""
    centred = _unit(vectors - vectors.mean(axis=0))
    writing = Writing(questions)
    kernel = np.empty((len(questions), len(questions)), np.float32)
    for row, question in enumerate(questions):  # row by row: whole matrices in between cost memory
        kernel[row] = _mix(centred @ centred[row], writing.similarity(question), weights)
    kernel[np.diag_indices_from(kernel)] += weights.ridge
    return kernel


class Classifier:
    """Scores every topic for a question; about 1 for a sure hit, about 0 for no relation."""

    def __init__(self, learnt: Fit, questions: Sequence[str], weights: Weights = Weights()) -> None:
        self.topics = learnt.topics
        self._learnt, self._weights = learnt, weights
        self._writing = Writing(questions)

    def scores(self, question: str, vector: Sequence[float] | None) -> NDArray[np.float32]:
        """One score a topic, in the order of `topics`. Without a vector the writing decides."""
        written = self._writing.similarity(question)
        similarity = written
        if vector is not None:
            meant = _unit(np.asarray(vector, np.float32) - self._learnt.centre)
            similarity = _mix(self._learnt.vectors @ meant, written, self._weights)
        scores: NDArray[np.float32] = similarity @ self._learnt.dual
        return scores


def _mix(meant: Matrix, written: Matrix, weights: Weights) -> Matrix:
    near: Matrix = np.exp((meant - 1) / weights.width)
    return weights.meaning * near + (1 - weights.meaning) * written


def _unit(vectors: Matrix) -> Matrix:
    scaled: Matrix = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return scaled


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
