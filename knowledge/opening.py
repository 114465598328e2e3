"""Brings the parts of this package together: data, index, classifier, assistant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from knowledge.assistant import Assistant
from knowledge.classifier import Classifier
from knowledge.corpus import Corpus, load_corpus
from knowledge.embedding import Model
from knowledge.index import Index, Location, Progress, open_index
from knowledge.lexical import Lexicon
from knowledge.passages import articles, questions
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


def open_knowledge(
    location: Location,
    model: Model,
    today: Callable[[], date],
    progress: Progress = lambda _done, _all: None,
) -> Knowledge:
    """Reads the data and opens the index, building what is missing.

    Raises:
        DataError: a data file cannot be used.
        IndexUnavailableError: the index can be neither opened nor built.
    """
    corpus, topics = load_corpus(), load_topics()
    passages, phrasings = articles(corpus), questions(topics)
    index = open_index(location, model, passages, phrasings, progress)
    keys, vectors = index.questions.vectors()
    text = {p.key: p for p in phrasings}
    known = [(text[key], vector) for key, vector in zip(keys, vectors, strict=True) if key in text]
    classifier = Classifier(
        [passage.text for passage, _ in known],
        [str(passage.metadata["topic"]) for passage, _ in known],
        [vector for _, vector in known],
    )
    understanding = Understanding(topics, index, model, classifier, Lexicon(passages))
    assistant = Assistant(corpus, topics, Gazetteer(corpus), understanding, today)
    return Knowledge(corpus, topics, model, index, classifier, assistant)
