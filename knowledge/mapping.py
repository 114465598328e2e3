"""Which articles of a new regulation settle which topic, proposed for a person to confirm.

The regulations are near twins, so a topic's articles elsewhere (its twins) tell it best: by their
meaning, by their words, by how people ask for the topic, and by where they stand. The weights and
the threshold were measured by taking each known regulation out in turn (`tests.floor`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.classifier import Classifier
from knowledge.corpus import Corpus
from knowledge.embedding import Model
from knowledge.regulation import Regulation, squeeze
from knowledge.topics import Provision, Topic, Topics
from knowledge.writing import Writing

Matrix = NDArray[np.float32]

MEANING = 0.3
ASKED = 0.4
PLACE = 0.6
WHOLE = 0.05
SETTLES = 0.25
TWINS = np.array([1.0, 0.4, 0.2, 0.1], np.float32)
LONGEST = 400
BATCH = 64

_SENTENCE = re.compile(r"(?<=[。；;])|(?<=，)(?=[^，。；]{18,})|\n")


@dataclass(frozen=True)
class Proposal:
    """`settled` gives each topic's provision with how sure it is; `added` the articles that no
    topic took by itself and that went to the nearest one."""

    settled: Mapping[str, tuple[Provision, ...]]
    sureness: Mapping[str, float]
    added: tuple[int, ...]


@dataclass(frozen=True)
class _Piece:
    """An article, an item, or a sentence of one; `text` without the regulation's own names."""

    article: int
    item: int | None
    span: str | None
    text: str
    place: float


@dataclass(frozen=True)
class _Twin:
    topic: str
    text: str
    place: float


def propose(
    regulation: Regulation, corpus: Corpus, topics: Topics, model: Model, classifier: Classifier
) -> Proposal:
    """The topics that a regulation settles, judged by the other regulations of the corpus."""
    pieces = list(_pieces(regulation))
    twins = [twin for topic in topics for twin in _twins(topic, corpus) if not topic.outside]
    similarity = _similarity([p.text for p in pieces], [t.text for t in twins], model)
    asked = np.stack([classifier.scores(piece.text, None) for piece in pieces])
    known = [topic.id for topic in topics if topic.settled]
    scores = np.stack([
        _scores(topic, pieces, twins, similarity)
        + ASKED * asked[:, classifier.topics.index(topic)]
        for topic in known
    ])  # fmt: skip
    settled: dict[str, tuple[Provision, ...]] = {}
    sureness: dict[str, float] = {}
    for row, topic in enumerate(known):
        best = int(scores[row].argmax())
        if scores[row, best] >= SETTLES:
            settled[topic] = (_provision(pieces[best]),)
            sureness[topic] = float(scores[row, best])
    added = []
    claimed = {p.article for provisions in settled.values() for p in provisions}
    for article in regulation:
        if article.number not in claimed:
            own = [at for at, piece in enumerate(pieces) if piece.article == article.number]
            topic = known[int(scores[:, own].max(axis=1).argmax())]
            provision = Provision(article=article.number)
            settled[topic] = (*settled.get(topic, ()), provision)
            added.append(article.number)
    return Proposal(settled, sureness, tuple(added))


def _pieces(regulation: Regulation) -> Iterator[_Piece]:
    for article in regulation:
        place = article.number / len(regulation.articles)
        units: list[tuple[int | None, str]] = [(None, article.text)]
        units += [(item.number, item.text) for item in article.items]
        for item, text in units:
            yield _Piece(article.number, item, None, _neutral(regulation, text), place)
            for sentence in _SENTENCE.split(text):
                neutral = _neutral(regulation, sentence)
                if len(sentence) > 4 and neutral:
                    yield _Piece(article.number, item, sentence.strip(), neutral, place)


def _twins(topic: Topic, corpus: Corpus) -> Iterator[_Twin]:
    for region, provisions in topic.settled.items():
        regulation = corpus.regulations.get(region)
        article = regulation.article(provisions[0].article) if regulation else None
        if regulation is None or article is None:
            continue
        item = article.item(provisions[0].item) if provisions[0].item is not None else None
        text = provisions[0].span or (item.text if item else article.text)
        place = article.number / len(regulation.articles)
        yield _Twin(topic.id, _neutral(regulation, text), place)


def _neutral(regulation: Regulation, text: str) -> str:
    """The text without the names that set this regulation apart from its twins."""
    place = regulation.place
    names = {regulation.title, regulation.award, regulation.issuing_body, place.name, place.short}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return squeeze(text)[:LONGEST]


def _similarity(texts: Sequence[str], twins: Sequence[str], model: Model) -> Matrix:
    """How alike each text and each twin are, in meaning and in words."""
    every = list(dict.fromkeys([*texts, *twins]))
    at = {text: row for row, text in enumerate(every)}
    batches = (every[start : start + BATCH] for start in range(0, len(every), BATCH))
    rows = [row for batch in batches for row in model.embed_documents(batch)]
    vectors = np.array(rows, np.float32)
    vectors -= vectors.mean(axis=0)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    writing = Writing.of(every)
    ours, theirs = [at[text] for text in texts], [at[text] for text in twins]
    meant = vectors[ours] @ vectors[theirs].T
    written = np.stack([writing.similarity(text)[theirs] for text in texts])
    similarity: Matrix = MEANING * meant + (1 - MEANING) * written
    return similarity


def _scores(
    topic: str, pieces: Sequence[_Piece], twins: Sequence[_Twin], similarity: Matrix
) -> Matrix:
    """How far each piece is from settling a topic as its twins settle it."""
    columns = [at for at, twin in enumerate(twins) if twin.topic == topic]
    if not columns:
        return np.full(len(pieces), -1.0, np.float32)
    nearest = -np.sort(-similarity[:, columns], axis=1)[:, : len(TWINS)]
    weights = TWINS[: nearest.shape[1]]
    usual = float(np.mean([twins[at].place for at in columns]))
    away = np.array([abs(piece.place - usual) for piece in pieces], np.float32)
    whole = np.array([piece.span is None for piece in pieces], np.float32)
    scores: Matrix = nearest @ weights / weights.sum() + WHOLE * whole - PLACE * away
    return scores


def _provision(piece: _Piece) -> Provision:
    introduces = piece.span is not None and piece.span.endswith((":", "："))
    span = None if introduces else piece.span
    return Provision(article=piece.article, item=piece.item, span=span)
