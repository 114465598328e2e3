"""What the index holds: articles and items as passages, the topics' phrasings as questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.corpus import Corpus
from knowledge.regulation import Article, Regulation
from knowledge.topics import Topics
from knowledge.wording import essence, normalise


@dataclass(frozen=True)
class Passage:
    """One entry of an index: its key, the text that is embedded, and what it stands for."""

    key: str
    text: str
    metadata: dict[str, str | int]


def articles(corpus: Corpus) -> list[Passage]:
    """Every article, and every item of an article by itself, with where it comes from."""
    return [p for regulation in corpus for article in regulation for p in _of(regulation, article)]


def questions(topics: Topics) -> list[Passage]:
    """Every phrasing of every topic."""
    return [
        Passage(f"{topic.id}/{number}", essence(normalise(question)), {"topic": topic.id})
        for topic in topics
        for number, question in enumerate(topic.questions)
    ]


def _of(regulation: Regulation, article: Article) -> Iterator[Passage]:
    chapter = regulation.chapter(article)
    heading = f"{regulation.award} {chapter.title if chapter else ''} {article.mark}"
    place: dict[str, str | int] = {"region": regulation.region, "article": article.number}
    yield Passage(f"{regulation.region}/{article.number}", f"{heading} {article.text}", place)
    for item in article.items:
        yield Passage(
            f"{regulation.region}/{article.number}/{item.number}",
            f"{heading}{item.mark} {item.text}",
            {**place, "item": item.number},
        )
