"""Answers a question: regions first, then an exact reference or a topic, then the words.

The one entry of this package for those who ask. An assistant keeps no conversation: what a
conversation knows goes in with the question and comes back with the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from knowledge.answer import Answer, Context, Status
from knowledge.catalogue import Catalogue, catalogue
from knowledge.composing import Composer, Settled
from knowledge.corpus import Corpus
from knowledge.exact import exact_answer
from knowledge.lookup import Reference, names_other_law, reference
from knowledge.reading import Reader, ordered, trace
from knowledge.refusing import Refusals
from knowledge.regions import Gazetteer, Mentions
from knowledge.regulation import Article, Regulation
from knowledge.topics import Topic, Topics
from knowledge.understanding import Candidate, Reading
from knowledge.wording import has_words, is_english, normalise

_COMPARES = re.compile(r"[和跟与比及、]|还是|哪个|相比|\b(?:or|and|than|versus|vs)\b")


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
        reader: Reader,
        today: Callable[[], date],
    ) -> None:
        self.corpus, self.topics = corpus, topics
        self._gazetteer, self._reader, self._today = gazetteer, reader, today

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
        reading = self._reader.read(rest, scope.regions, asked.context)
        if reading is None:
            return self._which_question(asked)
        if parts := self._reader.parts(rest, scope.regions):
            return _together([self._answer(asked, part) for part in parts])
        return self._answer(asked, reading)

    def _answer(self, asked: _Asked, reading: Reading) -> Answer:
        scope, context = asked.scope, asked.context
        topic = self.topics[reading.best.topic]
        sure = self._reader.is_sure(reading.best, self._rival(reading, scope))
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
        where = {"regions": list(scope.regions), "named": scope.named}
        return replace(answer, trace={**where, **trace(reading, sure)})

    def _rival(self, reading: Reading, scope: _Scope) -> Candidate | None:
        """The likeliest topic that would be answered from other articles than the best one."""
        best = self._answered_from(reading.best, scope)
        others = (c for c in reading.candidates[1:] if self._answered_from(c, scope) != best)
        return next(others, None)

    def _answered_from(self, candidate: Candidate, scope: _Scope) -> object:
        """The primary articles of a topic in the regions in question; the topic if it has none."""
        settled = self.topics[candidate.topic].settled
        found = {
            region: settled[region][0].article for region in scope.regions if region in settled
        }
        return found or candidate.topic

    def _on_topic(self, asked: _Asked, topic: Topic, reading: Reading, after: Context) -> Answer:
        scope, text = asked.scope, asked.text
        composer = self._composer(asked.say)
        settled = [
            Settled(self.corpus[r], ordered(topic.settled[r], r, reading))
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

    def _beyond(self, topic: Topic, asked: _Asked) -> tuple[str, ...]:
        """Other places or awards that the question is about, if it is about them.

        An award that the regulation asked about itself names is no other award; a place is only
        a circumstance where a region of ours is named or where applicants from elsewhere are meant.
        """
        mentions = asked.mentions
        stated = "".join(
            article.text
            for region in asked.scope.regions
            for article in self.corpus[region]
            if region in mentions.regions
            or any(p.article == article.number for p in topic.settled.get(region, ()))
        ).lower()
        awards = tuple(award for award in mentions.awards if award not in stated)
        if mentions.regions or topic.abroad:
            return awards
        return awards + tuple(place for place in mentions.places if place not in stated)

    def _closest_article(
        self, reading: Reading, scope: _Scope
    ) -> tuple[Regulation, Article] | None:
        """The article of the one region in question for which both retrievals speak."""
        if not scope.named or len(scope.regions) != 1:
            return None
        number = self._reader.closest_article(reading)
        regulation = self.corpus[scope.regions[0]]
        return (regulation, regulation.articles[number - 1]) if number else None

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
