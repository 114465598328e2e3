"""What a question asks: the topics it may mean and the articles that speak for them.

Four witnesses vote and one place counts: the classifier over the phrasings, the nearest phrasings
in Chroma, the articles nearest in meaning, and the articles that share the question's words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from knowledge.classifier import Classifier
from knowledge.embedding import EmbeddingError, Model
from knowledge.index import Hit, Index
from knowledge.lexical import Lexicon
from knowledge.topics import Topics
from knowledge.wording import essence


@dataclass(frozen=True)
class Votes:
    """How much each witness counts (measured on the development questions)."""

    classifier: float = 1.0
    phrasing: float = 0.35
    article: float = 0.25


@dataclass(frozen=True)
class Candidate:
    """One topic with its score and what each witness gave it."""

    topic: str
    score: float
    classifier: float
    phrasing: float
    article: float


@dataclass(frozen=True)
class Reading:
    """A question as understood.

    `candidates` are the topics, the likeliest first; `articles` the evidence for each passage
    (`region/article` or `region/article/item`), 1 for the best; `nearest` the phrasing that is
    nearest in meaning, and how near.
    """

    question: str
    candidates: tuple[Candidate, ...]
    articles: Mapping[str, float] = field(default_factory=dict)
    nearest: tuple[str, float] = ("", 0.0)

    @property
    def best(self) -> Candidate:
        return self.candidates[0]


PHRASINGS = 12
PASSAGES_A_REGION = 8


class Understanding:
    """Reads questions, given everything that can witness to their meaning."""

    def __init__(
        self,
        topics: Topics,
        index: Index,
        model: Model,
        classifier: Classifier,
        lexicon: Lexicon,
        votes: Votes = Votes(),
    ) -> None:
        self._topics, self._index, self._model = topics, index, model
        self._classifier, self._lexicon, self._votes = classifier, lexicon, votes
        self._settles = _settling(topics)

    def read(self, question: str, regions: Sequence[str]) -> Reading:
        """Reads a normalised question without its regions' names; `regions` are looked at."""
        question = essence(question)
        vector = self._embed(question)
        phrasings = [] if vector is None else self._index.questions.search(vector, PHRASINGS)
        classified = self._classifier.scores(question, vector)
        return self.weigh(question, vector, regions, classified, phrasings)

    def weigh(
        self,
        question: str,
        vector: list[float] | None,
        regions: Sequence[str],
        classified: Sequence[float] | NDArray[np.float32],
        phrasings: Sequence[Hit],
    ) -> Reading:
        """Counts the votes: one score a topic from the classifier, the nearest phrasings, and what
        the articles of `regions` say to the question's meaning and words."""
        by_meaning: list[Hit] = []
        if vector is not None:
            count = PASSAGES_A_REGION * min(len(regions), 3)
            where = {"region": {"$in": list(regions)}}
            by_meaning = self._index.articles.search(vector, count, where)
        articles = _article_evidence(by_meaning, self._lexicon.search(question, regions))
        near = _phrasing_votes(phrasings)
        spoken_for = self._article_votes(articles)
        candidates = [
            Candidate(
                topic,
                self._votes.classifier * float(score)
                + self._votes.phrasing * near.get(topic, 0.0)
                + self._votes.article * spoken_for.get(topic, 0.0),
                float(score),
                near.get(topic, 0.0),
                spoken_for.get(topic, 0.0),
            )
            for topic, score in zip(self._classifier.topics, classified, strict=True)
        ]
        candidates.sort(key=lambda c: -c.score)
        nearest = (phrasings[0].text, phrasings[0].similarity) if phrasings else ("", 0.0)
        return Reading(question, tuple(candidates), articles, nearest)

    def _embed(self, question: str) -> list[float] | None:
        """The question's vector; None while an embedding service is away (the words decide)."""
        try:
            return self._model.embed_query(question)
        except EmbeddingError:
            return None

    def _article_votes(self, articles: Mapping[str, float]) -> dict[str, float]:
        votes: dict[str, float] = {}
        for passage, evidence in articles.items():
            for topic, share in self._settles.get(passage, {}).items():
                votes[topic] = max(votes.get(topic, 0.0), evidence * share)
        return votes


def _settling(topics: Topics) -> dict[str, dict[str, float]]:
    """Which topics each passage settles, and how much its evidence says for each of them.

    The fewer topics an article settles, the more a hit on it tells.
    """
    settles: dict[str, dict[str, float]] = {}
    for topic in topics:
        for region, provisions in topic.settled.items():
            for at, provision in enumerate(provisions):
                share = 1.0 if at == 0 else 0.7
                place = f"{region}/{provision.article}"
                keys = [place] if provision.item is None else [f"{place}/{provision.item}"]
                for key in keys:
                    shares = settles.setdefault(key, {})
                    shares[topic.id] = max(shares.get(topic.id, 0.0), share)
    return {
        key: {topic: share / len(shares) ** 0.5 for topic, share in shares.items()}
        for key, shares in settles.items()
    }


def _article_evidence(by_meaning: Sequence[Hit], by_words: Mapping[str, float]) -> dict[str, float]:
    """Both retrievals fused: each gives its best passage 1, and they count alike."""
    evidence: dict[str, float] = {}
    if by_meaning:
        top = by_meaning[0].similarity
        floor = min(by_meaning[-1].similarity, top - 0.02)
        for hit in by_meaning:
            evidence[hit.key] = 0.5 * max(0.0, (hit.similarity - floor) / (top - floor))
    for key, score in by_words.items():
        evidence[key] = evidence.get(key, 0.0) + 0.5 * score
    return evidence


def _phrasing_votes(hits: Sequence[Hit]) -> dict[str, float]:
    """Each topic's nearest phrasing, from 0 (as near as anything) to 1 (the same words)."""
    votes: dict[str, float] = {}
    for hit in hits:
        near = max(0.0, min(1.0, (hit.similarity - 0.84) / 0.16))
        topic = str(hit.metadata["topic"])
        votes[topic] = max(votes.get(topic, 0.0), near)
    return votes
