"""Brings the parts of this package together: data, index, classifier, assistant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from knowledge.assistant import Assistant
from knowledge.classifier import Classifier, Fit, Matrix, Weights, fit
from knowledge.corpus import REGULATIONS, Corpus, load_corpus
from knowledge.embedding import Model
from knowledge.index import Index, Location, Progress, open_index
from knowledge.lexical import Lexicon
from knowledge.passages import Passage, articles, questions
from knowledge.reading import Reader
from knowledge.regions import Gazetteer
from knowledge.topics import Topics, load_topics
from knowledge.understanding import Understanding


@dataclass(frozen=True)
class Knowledge:
    """Everything that was opened; the assistant is what most callers want."""

    corpus: Corpus
    topics: Topics
    model: Model
    index: Index
    classifier: Classifier
    assistant: Assistant


def load_data(added: Path | None = None) -> tuple[Corpus, Topics]:
    """The package's regulations and topics, with the regulations of another folder added.

    Raises:
        DataError: a data file cannot be used.
    """
    folders = (REGULATIONS, added) if added else (REGULATIONS,)
    return load_corpus(*folders), load_topics(added=added)


def open_knowledge(
    location: Location,
    model: Model,
    today: Callable[[], date],
    progress: Progress = lambda _done, _all: None,
    added: Path | None = None,
) -> Knowledge:
    """Reads the data and opens the index, building what is missing.

    `added` is a folder of regulations beside those of the package.

    Raises:
        DataError: a data file cannot be used.
        IndexUnavailableError: the index can be neither opened nor built.
    """
    corpus, topics = load_data(added)
    passages, phrasings = articles(corpus), questions(topics)
    index = open_index(location, model, passages, phrasings, progress)
    classifier = _classifier(location, index, phrasings)
    understanding = Understanding(topics, index, model, classifier, Lexicon(passages))
    assistant = Assistant(corpus, topics, Gazetteer(corpus), Reader(understanding), today)
    return Knowledge(corpus, topics, model, index, classifier, assistant)


def _classifier(location: Location, index: Index, phrasings: Sequence[Passage]) -> Classifier:
    """The classifier of the phrasings in the index, fitted now if no fit of them is kept."""
    kept = location.folder.with_name(f"{index.questions.digest}-{Weights().name}.npz")
    try:
        return Classifier(Fit.load(kept))
    except (OSError, ValueError, KeyError, BadZipFile):
        learnt = fit(*labelled_vectors(index, phrasings))
    for old in kept.parent.glob("questions-*.npz"):
        old.unlink()
    learnt.save(kept)
    return Classifier(learnt)


def labelled_vectors(
    index: Index, phrasings: Sequence[Passage]
) -> tuple[list[str], list[str], Matrix]:
    """The phrasings in the index: their texts, their topics and their vectors, a row each."""
    passages = {passage.key: passage for passage in phrasings}
    keys, vectors = index.questions.vectors()
    known = [(passages[key], at) for at, key in enumerate(keys) if key in passages]
    texts = [passage.text for passage, _ in known]
    labels = [str(passage.metadata["topic"]) for passage, _ in known]
    return texts, labels, np.asarray(vectors, np.float32)[[at for _, at in known]]
