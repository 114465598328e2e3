"""The shape of an answer: what is said, and the articles that it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """`clarify`: no region was named, so every region's answer is shown."""

    ANSWERED = "answered"
    CLARIFY = "clarify"
    NOT_COVERED = "not_covered"


@dataclass(frozen=True)
class Citation:
    """One article, and the words of it that are quoted (verbatim, white space aside)."""

    region: str
    article: int
    item: int | None
    title: str
    quote: str

    def as_json(self) -> dict[str, Any]:
        return {
            "region": self.region,
            "article": self.article,
            "item": self.item,
            "title": self.title,
            "quote": self.quote,
        }


@dataclass(frozen=True)
class Context:
    """What a conversation knows: its regions, the last whole question, its topic and article."""

    regions: tuple[str, ...] = ()
    question: str | None = None
    topic: str | None = None
    article: int | None = None


@dataclass(frozen=True)
class Answer:
    """An answer as it is shown.

    `citations` hold what answers the question, the primary one first; `related` what stands
    beside it. `choices` are the regions to choose from, where the question named none. `trace`
    tells how the question was understood.
    """

    status: Status
    text: str
    citations: tuple[Citation, ...] = ()
    related: tuple[Citation, ...] = ()
    notices: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    context: Context = Context()
    trace: dict[str, Any] = field(default_factory=dict)

    def as_json(self, question: str, **more: Any) -> dict[str, Any]:
        """The answer in the form of the command line."""
        return {
            **more,
            "question": question,
            "status": self.status.value,
            "answer": self.text,
            "citations": [citation.as_json() for citation in self.citations],
            "related": [citation.as_json() for citation in self.related],
            "notices": list(self.notices),
        }
