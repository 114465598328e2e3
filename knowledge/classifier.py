"""Which topic a question is about: kernel ridge regression over the topics' phrasings.

Two views of a question are compared with every phrasing: its embedding (what it means) and its
n-grams (how it is written). Ridge regression has one exact solution and an exact leave-one-out
estimate: nothing is drawn by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.writing import Writing

Matrix = NDArray[np.float32]

BLOCK = 512


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
        return f"v2-{self.meaning}-{self.width}-{self.ridge}"


@dataclass(frozen=True)
class Fit:
    """What is learnt from the phrasings: one row a phrasing, one column a topic."""

    topics: tuple[str, ...]
    centre: Matrix
    vectors: Matrix
    dual: Matrix
    writing: Writing

    def save(self, path: Path) -> None:
        """Writes the fit to a file, whole or not at all."""
        draft = path.with_suffix(".part.npz")
        np.savez(
            draft,
            topics=np.array(self.topics),
            centre=self.centre,
            vectors=self.vectors,
            dual=self.dual,
            **self.writing.arrays,  # type: ignore[arg-type]
        )
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Fit:
        """Reads a fit.

        Raises:
            OSError, ValueError, KeyError: the file is missing or damaged.
        """
        with np.load(path, allow_pickle=False) as content:
            return cls(
                tuple(str(topic) for topic in content["topics"]),
                content["centre"],
                content["vectors"],
                content["dual"],
                Writing.kept(content),
            )


def fit(
    questions: Sequence[str], labels: Sequence[str], vectors: Matrix, weights: Weights = Weights()
) -> Fit:
    """Fits the topics to the phrasings: one vector a phrasing, one label a phrasing."""
    topics, targets = _targets(labels)
    writing = Writing.of(questions)
    centre = vectors.mean(axis=0)
    centred = _unit(vectors - centre)
    factor = _cholesky(_kernel(questions, centred, writing, weights))
    return Fit(topics, centre, centred, _solve(factor, targets), writing)


def leave_one_out(
    questions: Sequence[str], labels: Sequence[str], vectors: Matrix, weights: Weights = Weights()
) -> tuple[tuple[str, ...], Matrix]:
    """The topics, and each phrasing's scores by a fit without that phrasing (exact)."""
    topics, targets = _targets(labels)
    centred = _unit(vectors - vectors.mean(axis=0))
    factor = _cholesky(_kernel(questions, centred, Writing.of(questions), weights))
    dual, inverse = _solve(factor, targets), _inverse_diagonal(factor)
    return topics, targets - dual / inverse[:, None]


class Classifier:
    """Scores every topic for a question; about 1 for a sure hit, about 0 for no relation."""

    def __init__(self, learnt: Fit, weights: Weights = Weights()) -> None:
        self.topics = learnt.topics
        self._learnt, self._weights = learnt, weights

    def scores(self, question: str, vector: Sequence[float] | None) -> Matrix:
        """One score a topic, in the order of `topics`. Without a vector the writing decides."""
        written = self._learnt.writing.similarity(question)
        similarity = written
        if vector is not None:
            meant = _unit(np.asarray(vector, np.float32) - self._learnt.centre)
            similarity = _mix(self._learnt.vectors @ meant, written, self._weights)
        scores: Matrix = similarity @ self._learnt.dual
        return scores


def _targets(labels: Sequence[str]) -> tuple[tuple[str, ...], Matrix]:
    """The topics in order, and a 1 in each phrasing's row for its own."""
    topics = tuple(sorted(set(labels)))
    column = {topic: at for at, topic in enumerate(topics)}
    targets = np.zeros((len(labels), len(topics)), np.float32)
    targets[np.arange(len(labels)), [column[label] for label in labels]] = 1
    return topics, targets


def _kernel(
    questions: Sequence[str], centred: Matrix, writing: Writing, weights: Weights
) -> Matrix:
    """How alike every two phrasings are, with the ridge on the diagonal."""
    kernel = np.empty((len(questions), len(questions)), np.float32)
    for row, question in enumerate(questions):  # row by row: whole matrices in between cost memory
        kernel[row] = _mix(centred @ centred[row], writing.similarity(question), weights)
    kernel[np.diag_indices_from(kernel)] += weights.ridge
    return kernel


def _mix(meant: Matrix, written: Matrix, weights: Weights) -> Matrix:
    near: Matrix = np.exp((meant - 1) / weights.width)
    return weights.meaning * near + (1 - weights.meaning) * written


def _unit(vectors: Matrix) -> Matrix:
    scaled: Matrix = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return scaled


def _blocks(size: int) -> list[tuple[int, int]]:
    return [(at, min(at + BLOCK, size)) for at in range(0, size, BLOCK)]


def _cholesky(kernel: Matrix) -> Matrix:
    """The kernel's lower factor, in the kernel's own memory (numpy's would need twice as much)."""
    blocks = _blocks(len(kernel))
    for at, (start, end) in enumerate(blocks):
        corner = np.linalg.cholesky(kernel[start:end, start:end])
        kernel[start:end, start:end] = corner
        kernel[end:, start:end] = np.linalg.solve(corner, kernel[end:, start:end].T).T
        for left, right in blocks[at + 1 :]:
            kernel[left:, left:right] -= kernel[left:, start:end] @ kernel[left:right, start:end].T
    return kernel


def _solve(factor: Matrix, targets: Matrix) -> Matrix:
    """What the factored kernel must be multiplied with to give the targets."""
    solution = targets.copy()
    blocks = _blocks(len(factor))
    for start, end in blocks:
        solution[start:end] = np.linalg.solve(factor[start:end, start:end], solution[start:end])
        solution[end:] -= factor[end:, start:end] @ solution[start:end]
    for start, end in reversed(blocks):
        solution[start:end] -= factor[end:, start:end].T @ solution[end:]
        solution[start:end] = np.linalg.solve(factor[start:end, start:end].T, solution[start:end])
    return solution


def _inverse_diagonal(factor: Matrix) -> Matrix:
    """The diagonal of the factored kernel's inverse."""
    diagonal = np.empty(len(factor), np.float32)
    blocks = _blocks(len(factor))
    for at, (left, right) in enumerate(blocks):
        columns = np.zeros((len(factor) - left, right - left), np.float32)
        columns[: right - left] = np.eye(right - left, dtype=np.float32)
        for start, end in blocks[at:]:
            rows = slice(start - left, end - left)
            columns[rows] = np.linalg.solve(factor[start:end, start:end], columns[rows])
            columns[end - left :] -= factor[end:, start:end] @ columns[rows]
        diagonal[left:right] = (columns**2).sum(axis=0)
    return diagonal
