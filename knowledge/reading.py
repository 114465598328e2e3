"""Reads a question in its conversation: completes what is elliptic, parts what is several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.answer import Context
from knowledge.quoting import overlap
from knowledge.topics import Provision
from knowledge.understanding import Candidate, Reading, Understanding

_FILLER = re.compile(
    r"[\s,，。.?？!！、~…'’]|那么?|还有|换成|如果是|要是|请问|呢|吗|嘛|啊|呀|怎么样?|如何|规定|"
    r"是|的|地方|办法|情况|什么|又|"
    r"\b(?:and|what|how|about|in|for|the|of|then|is|it|award|quality|mayor|s)\b|"
    r"(?:区长|市长|区政府|市政府|政府)?质量奖"
)
_ELLIPSIS = re.compile(r"^(?:那么?|还有|如果是|要是|换成|and\b|what about|how about)|呢[?？]?$")
_PARTICLES = re.compile(r"^(?:那么?|还有|那)|[呢啊呀嘛吧][?？。]?$")
_FACET = re.compile(r"提名奖?|正奖|大奖|制造业|服务业|工业企业|医院|学校|中?小企业|事业单位|分公司")
"""Said alone, these ask the last question again of another award or another kind of applicant."""
_PARTS = re.compile(r"(?<=[?？；;])\s*|(?<=[吗呢])[,，、 ]\s*")

FIRST = 0.4
"""What the primary provision of a topic has ahead of the others."""
MOST_REORDERED = 4


@dataclass(frozen=True)
class Confidence:
    """When a reading is trusted (scores of `understanding`; measured, see docs/decisions).

    `topic` is enough by itself; `faint` only if no topic with another answer comes within
    `margin`. `alone` is
    enough for a part of a question; `article` for an article that no topic spoke for.
    """

    topic: float = 0.45
    faint: float = 0.38
    margin: float = 0.06
    alone: float = 0.75
    article: float = 0.8


class Reader:
    """Understands questions that lean on the ones before them."""

    def __init__(self, understanding: Understanding, confidence: Confidence = Confidence()) -> None:
        self._understanding, self._confidence = understanding, confidence

    def read(self, rest: str, regions: Sequence[str], context: Context) -> Reading | None:
        """The question's reading; an elliptic one (那北仑呢？) is completed from the last question.

        None where nothing is asked but a region.
        """
        bare = _FILLER.sub("", rest)
        if not bare:
            return self._understanding.read(context.question, regions) if context.question else None
        if context.topic and context.question and _FACET.fullmatch(_PARTICLES.sub("", bare)):
            return self._understanding.read(f"{context.question} {rest}", regions)
        reading = self._understanding.read(_PARTICLES.sub("", rest), regions)
        elliptic = len(bare) <= 4 or (len(bare) <= 10 and _ELLIPSIS.search(rest))
        if context.question and elliptic and reading.best.score < self._confidence.alone:
            joined = self._understanding.read(f"{context.question} {rest}", regions)
            says_nothing_new = joined.best.topic == context.topic
            weak = reading.best.score < self._confidence.topic
            if joined.best.score > reading.best.score and (weak or not says_nothing_new):
                return joined
        return reading

    def parts(self, rest: str, regions: Sequence[str]) -> list[Reading]:
        """The readings of several questions in one, if each is clear and they differ."""
        parts = [part for part in _PARTS.split(rest) if len(_FILLER.sub("", part)) >= 3]
        if len(parts) < 2:
            return []
        readings = [self._understanding.read(part, regions) for part in parts]
        clear = all(r.best.score >= self._confidence.alone for r in readings)
        return readings if clear and len({r.best.topic for r in readings}) > 1 else []

    def is_sure(self, best: Candidate, rival: Candidate | None) -> bool:
        """Whether the likeliest topic can be trusted; `rival` is the next with another answer."""
        trusted = self._confidence
        clear = rival is None or best.score - rival.score >= trusted.margin
        return best.score >= (trusted.faint if clear else trusted.topic)

    def closest_article(self, reading: Reading) -> int | None:
        """The article for which both retrievals speak, where no topic is sure."""
        if not reading.articles:
            return None
        key, evidence = max(reading.articles.items(), key=lambda pair: pair[1])
        return int(key.split("/")[1]) if evidence >= self._confidence.article else None


def ordered(
    provisions: Sequence[Provision], region: str, reading: Reading
) -> tuple[Provision, ...]:
    """The provisions of a topic, the one first for which the question's words speak."""

    def evidence(at: int) -> float:
        place = f"{region}/{provisions[at].article}"
        found = reading.articles.get(place, 0.0)
        if provisions[at].item is not None:
            found = max(found, reading.articles.get(f"{place}/{provisions[at].item}", 0.0))
        words = f"{provisions[at].span or ''}{provisions[at].gist or ''}"
        return found + overlap(reading.question, words) + (FIRST if at == 0 else 0.0)

    if len(provisions) > MOST_REORDERED:  # a run of steps is told in its order
        return tuple(provisions)
    best = max(range(len(provisions)), key=evidence)
    return (provisions[best], *provisions[:best], *provisions[best + 1 :])


def trace(reading: Reading, sure: bool) -> dict[str, Any]:
    """How the question was understood, in numbers a person can read."""
    return {
        "by": "meaning",
        "read_as": reading.question,
        "sure": sure,
        "topics": [
            {
                "topic": c.topic,
                "score": round(c.score, 3),
                "classifier": round(c.classifier, 3),
                "phrasing": round(c.phrasing, 3),
                "article": round(c.article, 3),
            }
            for c in reading.candidates[:4]
        ],
        "nearest_phrasing": [reading.nearest[0], round(reading.nearest[1], 3)],
        "articles": {
            key: round(score, 3)
            for key, score in sorted(reading.articles.items(), key=lambda p: -p[1])[:5]
        },
    }
