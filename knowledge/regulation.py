"""A regulation as structured text: chapters, articles (条), paragraphs (款), items (项)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from knowledge.numerals import chinese


def squeeze(text: str) -> str:
    """The text without any white space: how quotations and sources are compared."""
    return re.sub(r"\s+", "", text)


@dataclass(frozen=True)
class Item:
    """One numbered item (项) with its mark as printed, e.g. `（二）`."""

    number: int
    mark: str
    text: str

    @property
    def full_text(self) -> str:
        return self.mark + self.text


@dataclass(frozen=True)
class Paragraph:
    """One paragraph (款): its own text, then the items that it introduces."""

    number: int
    text: str
    items: tuple[Item, ...] = ()

    @property
    def full_text(self) -> str:
        return "\n".join([self.text, *(item.full_text for item in self.items)])


@dataclass(frozen=True)
class Article:
    """One article (条). `mark` is its number as printed, e.g. `第十三条`."""

    number: int
    mark: str
    chapter: int
    paragraphs: tuple[Paragraph, ...]

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for paragraph in self.paragraphs for item in paragraph.items)

    @cached_property
    def text(self) -> str:
        """The article without its mark; paragraphs and items on lines of their own."""
        return "\n".join(paragraph.full_text for paragraph in self.paragraphs)

    def item(self, number: int) -> Item | None:
        """The item of that number, or None."""
        return next((item for item in self.items if item.number == number), None)

    def item_at(self, span: str) -> Item | None:
        """The item in which this verbatim text stands, or None if it stands outside the items."""
        wanted = squeeze(span)
        return next((item for item in self.items if wanted in squeeze(item.full_text)), None)

    def quotes(self, span: str) -> bool:
        """Whether the text stands in this article word for word, white space aside."""
        return squeeze(span) in squeeze(self.text)


@dataclass(frozen=True)
class Chapter:
    """One chapter (章), e.g. 1, `第一章`, `总则`."""

    number: int
    mark: str
    title: str


class Status(StrEnum):
    """The legal status of a regulation on a given day."""

    IN_FORCE = "in_force"
    DRAFT = "draft"
    NOT_YET_IN_FORCE = "not_yet_in_force"
    EXPIRED = "expired"
    REPEALED = "repealed"


@dataclass(frozen=True)
class Repealed:
    """An older document that a regulation puts out of force."""

    title: str
    number: str
    issued_on: date | None


@dataclass(frozen=True)
class Office:
    """The office that does the day-to-day work, as the regulation names it, and the article."""

    name: str
    article: int


@dataclass(frozen=True)
class Place:
    """The region of a regulation and how people name it.

    `names` are what a question may call it (simplified characters, slips included), `latin` the
    same in Latin letters; `city` is the superior city of a district; `within` are the counties and
    districts of a city; `unless` are regular expressions of ordinary words in which a name stands
    by accident.
    """

    name: str
    short: str
    english: str
    names: tuple[str, ...]
    latin: tuple[str, ...]
    city: str | None
    within: tuple[str, ...]
    unless: tuple[str, ...]


@dataclass(frozen=True)
class Regulation:
    """One regulation: what the text says of itself, and the text.

    `reviewed` is false until a person has looked at what the program read from a new text.
    """

    region: str
    title: str
    document_number: str | None
    issuing_body: str
    award: str
    award_kind: str
    nomination_award: str | None
    office: Office
    issued_on: date | None
    in_force_from: date | None
    in_force_until: date | None
    draft: bool
    repealed_on: date | None
    reviewed: bool
    repeals: tuple[Repealed, ...]
    place: Place
    chapters: tuple[Chapter, ...]
    articles: tuple[Article, ...]

    def article(self, number: int) -> Article | None:
        """The article of that number, or None."""
        return self.articles[number - 1] if 0 < number <= len(self.articles) else None

    def chapter(self, article: Article) -> Chapter | None:
        """The chapter in which an article stands; None where the text has no chapters."""
        return self.chapters[article.chapter - 1] if article.chapter else None

    def status(self, today: date) -> Status:
        """The legal status on a day, from the dates that the text itself gives."""
        if self.draft:
            return Status.DRAFT
        if self.repealed_on and self.repealed_on <= today:
            return Status.REPEALED
        if self.in_force_from and today < self.in_force_from:
            return Status.NOT_YET_IN_FORCE
        if self.in_force_until and self.in_force_until < today:
            return Status.EXPIRED
        return Status.IN_FORCE

    def cite(self, article: int, item: int | None = None) -> str:
        """The citation as lawyers write it: 《title》第十三条第（二）项."""
        return f"《{self.title}》{self.clause(article, item)}"

    @staticmethod
    def clause(article: int, item: int | None = None) -> str:
        """第十三条第（二）项."""
        place = f"第{chinese(article)}条"
        return place if item is None else f"{place}第（{chinese(item)}）项"

    def __iter__(self) -> Iterator[Article]:
        return iter(self.articles)
