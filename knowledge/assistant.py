"""Answers a question: regions first, then an exact reference or a topic, then the words.

The one entry of this package for those who ask. An assistant keeps no conversation: what a
conversation knows goes in with the question and comes back with the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from knowledge.answer import Answer, Context, Status
from knowledge.catalogue import Catalogue, catalogue
from knowledge.composing import Composer, Settled
from knowledge.corpus import Corpus
from knowledge.exact import exact_answer
from knowledge.lookup import Reference, names_other_law, reference
from knowledge.quoting import overlap
from knowledge.refusing import Refusals
from knowledge.regions import Gazetteer, Mentions
from knowledge.regulation import Article, Regulation
from knowledge.topics import Provision, Topic, Topics
from knowledge.understanding import Reading, Understanding
from knowledge.wording import has_words, is_english, normalise

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
_COMPARES = re.compile(r"[和跟与比及、]|还是|哪个|相比|\b(?:or|and|than|versus|vs)\b")


FIRST = 0.4
"""What the primary provision of a topic has ahead of the others."""
MOST_REORDERED = 4


@dataclass(frozen=True)
class Confidence:
    """When a reading is trusted (scores of `understanding`; measured, see docs/decisions).

    `topic` is enough by itself; `faint` only if no other topic comes within `margin`. `alone` is
    enough for a part of a question; `article` for an article that no topic spoke for.
    """

    topic: float = 0.45
    faint: float = 0.38
    margin: float = 0.1
    alone: float = 0.75
    article: float = 0.8


@dataclass(frozen=True)
class _Scope:
    """The regions that an answer is about, and whether they were named (or known) as such."""

    regions: tuple[str, ...]
    named: bool
    kind: str | None = None


@dataclass(frozen=True)
class _Asked:
    """A question with all that is known about it before its meaning."""

    text: str
    mentions: Mentions
    scope: _Scope
    say: Catalogue
    context: Context


class Assistant:
    """Answers questions on the regulations of a corpus."""

    def __init__(
        self,
        corpus: Corpus,
        topics: Topics,
        gazetteer: Gazetteer,
        understanding: Understanding,
        today: Callable[[], date],
        confidence: Confidence = Confidence(),
    ) -> None:
        self.corpus, self.topics = corpus, topics
        self._gazetteer, self._understanding = gazetteer, understanding
        self._today, self._confidence = today, confidence

    def ask(self, question: str, context: Context = Context()) -> Answer:
        """Answers a question in the light of a conversation; the answer carries the new one."""
        text = normalise(question)
        say = catalogue("en" if is_english(text) else "zh")
        if not has_words(text):
            return Answer(Status.NOT_COVERED, say("not_covered.empty"), context=context)
        mentions = self._gazetteer.read(text)
        scope = self._scope(mentions, context)
        if (number := reference(mentions.rest)) or names_other_law(text):
            return self._exact(number, scope, say, context)
        return self._by_meaning(_Asked(text, mentions, scope, say, context))

    def regions_in(self, text: str) -> tuple[str, ...]:
        """The regions that a text names."""
        return self._gazetteer.read(normalise(text)).regions

    def places_in(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The regions, and the other places and awards, that a text names."""
        mentions = self._gazetteer.read(normalise(text))
        return mentions.regions, mentions.elsewhere

    def article(self, region: str, asked: Reference) -> Answer:
        """An article by its key."""
        return self._exact(asked, _Scope((region,), named=True), catalogue("zh"), Context())

    def counterparts(self, region: str, number: int, topic: str | None) -> list[tuple[str, int]]:
        """The articles of the other regions that settle what this one settles.

        The conversation's topic decides where the article settles it; else the topic that the
        article settles first, and most regions with it.
        """
        settling = [
            t for t in self.topics if any(p.article == number for p in t.settled.get(region, ()))
        ]
        if not settling:
            return []
        chosen = max(
            settling,
            key=lambda t: (t.id == topic, t.settled[region][0].article == number, len(t.settled)),
        )
        return [
            (r, chosen.settled[r][0].article)
            for r in self.corpus.regions
            if r != region and r in chosen.settled
        ]

    # Which regions ---------------------------------------------------------------------------

    def _scope(self, mentions: Mentions, context: Context) -> _Scope:
        if mentions.regions:
            return _Scope(mentions.regions, named=True)
        if mentions.every:
            return _Scope(self.corpus.regions, named=True)
        if mentions.candidates:
            known = tuple(r for r in context.regions if r in mentions.candidates)
            if known or len(mentions.candidates) == 1:
                return _Scope(known or mentions.candidates, named=True)
            kind = self.corpus[mentions.candidates[0]].award_kind
            return _Scope(mentions.candidates, named=False, kind=kind)
        if context.regions:
            return _Scope(context.regions, named=True)
        return _Scope(self.corpus.regions, named=False)

    # By number -------------------------------------------------------------------------------

    def _exact(
        self, asked: Reference | None, scope: _Scope, say: Catalogue, context: Context
    ) -> Answer:
        if asked is None:
            return Refusals(self.corpus, say).other_law(context)
        article = asked.article or context.article
        if article is None:
            return Answer(Status.NOT_COVERED, say("not_covered.article_needed"), context=context)
        after = replace(
            context, regions=scope.regions if scope.named else context.regions, article=article
        )
        answer = exact_answer(
            [self.corpus[r] for r in scope.regions],
            replace(asked, article=article),
            say,
            after,
            scope.named,
        )
        notices = self._composer(say).notices(self.corpus[c.region] for c in answer.citations)
        return replace(
            answer,
            text="\n".join([answer.text, *([""] if notices else []), *notices]),
            notices=tuple(notices),
            trace={"by": "number", "regions": scope.regions},
        )

    # By meaning ------------------------------------------------------------------------------

    def _by_meaning(self, asked: _Asked) -> Answer:
        scope, rest = asked.scope, asked.mentions.rest
        reading = self._read(rest, scope.regions, asked.context)
        if reading is None:
            return self._which_question(asked)
        if parts := self._parts(rest, scope):
            return _together([self._answer(asked, part) for part in parts])
        return self._answer(asked, reading)

    def _read(self, rest: str, regions: Sequence[str], context: Context) -> Reading | None:
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
            if joined.best.score > reading.best.score:
                return joined
        return reading

    def _parts(self, rest: str, scope: _Scope) -> list[Reading]:
        """The readings of several questions in one, if each is clear and they differ."""
        parts = [part for part in _PARTS.split(rest) if len(_FILLER.sub("", part)) >= 3]
        if len(parts) < 2:
            return []
        readings = [self._understanding.read(part, scope.regions) for part in parts]
        clear = all(r.best.score >= self._confidence.alone for r in readings)
        return readings if clear and len({r.best.topic for r in readings}) > 1 else []

    def _answer(self, asked: _Asked, reading: Reading) -> Answer:
        scope, context = asked.scope, asked.context
        topic = self.topics[reading.best.topic]
        sure = self._is_sure(reading)
        after = Context(
            regions=scope.regions if scope.named else context.regions,
            question=reading.question,
            topic=topic.id if sure else None,
        )
        refusals = Refusals(self.corpus, asked.say)
        meant = [self.corpus[r] for r in scope.regions] if scope.named else []
        if others := self._beyond(topic, asked):
            answer = refusals.elsewhere(others, context)
        elif sure and topic.outside:
            answer = refusals.outside(topic, meant, context)
        elif sure:
            answer = self._on_topic(asked, topic, reading, after)
        elif found := self._closest_article(reading, scope):
            composer = self._composer(asked.say)
            answer = composer.by_article(*found, reading.question, after)
        else:
            answer = refusals.unknown(meant, context)
        if answer.citations and len(scope.regions) == 1:
            after = replace(answer.context, article=answer.citations[0].article)
            answer = replace(answer, context=after)
        return replace(answer, trace=_trace(scope, reading, sure))

    def _is_sure(self, reading: Reading) -> bool:
        best, second = reading.candidates[:2]
        trusted = self._confidence
        clear = best.score - second.score >= trusted.margin
        return best.score >= (trusted.faint if clear else trusted.topic)

    def _on_topic(self, asked: _Asked, topic: Topic, reading: Reading, after: Context) -> Answer:
        scope, text = asked.scope, asked.text
        composer = self._composer(asked.say)
        settled = [
            Settled(self.corpus[r], self._ordered(topic.settled[r], r, reading))
            for r in scope.regions
            if r in topic.settled
        ]
        silent = [self.corpus[r] for r in scope.regions if r not in topic.settled]
        if not scope.named:
            return composer.clarified(topic, settled, silent, scope.kind, after)
        if len(scope.regions) > 1:
            return composer.compared(topic, settled, silent, text, after)
        if not settled:
            others = [
                Settled(regulation, topic.settled[regulation.region])
                for regulation in self.corpus
                if regulation.region in topic.settled
            ]
            return composer.silent(topic, silent[0], others, after)
        places = asked.mentions.places
        if places and not topic.abroad and _COMPARES.search(text):
            return composer.compared(topic, settled, silent, text, after, places)
        return composer.settled(topic, settled[0], text, after)

    def _ordered(
        self, provisions: Sequence[Provision], region: str, reading: Reading
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

    def _beyond(self, topic: Topic, asked: _Asked) -> tuple[str, ...]:
        """Other places or awards that the question is about, if it is about them.

        An award that the deciding article itself names is no other award; a place is only a
        circumstance where a region of ours is named or where applicants from elsewhere are meant.
        """
        stated = "".join(
            article.text
            for region in asked.scope.regions
            for provision in topic.settled.get(region, ())
            if (article := self.corpus[region].article(provision.article))
        ).lower()
        mentions = asked.mentions
        awards = tuple(award for award in mentions.awards if award not in stated)
        if mentions.regions or topic.abroad:
            return awards
        return awards + tuple(place for place in mentions.places if place not in stated)

    def _closest_article(
        self, reading: Reading, scope: _Scope
    ) -> tuple[Regulation, Article] | None:
        """The article of the one region in question for which both retrievals speak."""
        if not scope.named or len(scope.regions) != 1 or not reading.articles:
            return None
        key, evidence = max(reading.articles.items(), key=lambda pair: pair[1])
        if evidence < self._confidence.article:
            return None
        regulation = self.corpus[scope.regions[0]]
        return regulation, regulation.articles[int(key.split("/")[1]) - 1]

    def _which_question(self, asked: _Asked) -> Answer:
        """A region and nothing else: it is kept, and the bot asks what is wanted."""
        scope, context, say = asked.scope, asked.context, asked.say
        if not scope.named:
            return Answer(Status.NOT_COVERED, say("not_covered.empty"), context=context)
        composer = self._composer(say)
        names = say("form.join").join(composer.name(self.corpus[r]) for r in scope.regions)
        after = replace(context, regions=scope.regions)
        return Answer(Status.CLARIFY, say("answer.region_kept", places=names), context=after)

    def _composer(self, say: Catalogue) -> Composer:
        return Composer(self.corpus, say, self._today())


def _together(answers: Sequence[Answer]) -> Answer:
    """Several answers as one, in the order of their questions."""
    first = next((a for a in answers if a.citations), answers[0])
    statuses = {answer.status for answer in answers}
    status = next(s for s in (Status.CLARIFY, Status.ANSWERED, Status.NOT_COVERED) if s in statuses)
    notices = dict.fromkeys(notice for answer in answers for notice in answer.notices)
    return replace(
        first,
        status=status,
        text="\n\n".join(f"{number}. {a.text}" for number, a in enumerate(answers, 1)),
        citations=tuple(dict.fromkeys(c for a in (first, *answers) for c in a.citations)),
        related=tuple(dict.fromkeys(c for a in answers for c in a.related)),
        notices=tuple(notices),
        trace={"parts": [answer.trace for answer in answers]},
    )


def _trace(scope: _Scope, reading: Reading, sure: bool) -> dict[str, Any]:
    """How the question was understood, in numbers a person can read."""
    return {
        "by": "meaning",
        "read_as": reading.question,
        "regions": list(scope.regions),
        "named": scope.named,
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
