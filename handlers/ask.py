"""Questions and articles: the conversation around a cited answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.dialogue import Answered, Button, Conversation, Outcome, Reply, Turn
from knowledge.answer import Answer, Context, Status
from knowledge.assistant import Assistant
from knowledge.catalogue import catalogue
from knowledge.lookup import Reference
from store import questions
from store.questions import Verdict

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

ANSWERED_KEPT = 8
MOST_OTHERS = 4

DATES_TOPIC = "outside_dates_this_year"
"""The topic of questions that no regulation settles but the office's notices may."""

Announced = Callable[["AsyncSession", Sequence[str]], Awaitable[str | None]]
"""What the office has announced for some regions (all, where none is given)."""

Phrase = Callable[[str, Answer], Awaitable[Answer]]
"""Puts an answer into a language model's words, or returns it as it is."""


async def as_it_is(_question: str, answer: Answer) -> Answer:
    """The answer without a language model."""
    return answer


class Ask:
    """Answers questions, shows articles, and keeps the region of a conversation."""

    def __init__(
        self,
        assistant: Assistant,
        phrase: Phrase = as_it_is,
        conditions: Collection[tuple[str, int]] = (),
        announced: Announced | None = None,
    ) -> None:
        """`conditions` are the articles (region, number) that a pre-check judges by; `announced`
        tells the days that the office has set."""
        self._assistant, self._phrase, self._conditions = assistant, phrase, conditions
        self._announced = announced
        self._say = catalogue("zh")

    async def question(self, turn: Turn, text: str, session: AsyncSession) -> Outcome:
        """A question in the person's own words."""
        asked = _asked(text, turn.conversation)
        return await self._told(turn, asked, await self._answer(asked), session)

    async def aside(self, turn: Turn, text: str, session: AsyncSession) -> Outcome | None:
        """A question in the middle of something else; None where it has no answer."""
        asked = _asked(text, turn.conversation)
        answer = await self._answer(asked)
        if answer.status is Status.NOT_COVERED:
            return None
        return await self._told(turn, asked, answer, session)

    async def chosen(self, turn: Turn, region: str, token: str, session: AsyncSession) -> Outcome:
        """A region picked under an answer: the question again, for that region alone."""
        before = turn.conversation.answered.get(token)
        if before is None or region not in self._assistant.corpus.regulations:
            return self.stale(turn)
        asked = Answered(text=before.text, regions=(region,))
        return await self._told(turn, asked, await self._answer(asked), session)

    async def rated(
        self, turn: Turn, verdict: Verdict, token: str, session: AsyncSession
    ) -> Outcome:
        """👍 or 👎 under an answer: kept for staff with the question; a second tap replaces it."""
        asked = turn.conversation.answered.get(token)
        if asked is None:
            return self.stale(turn)
        thanks = Reply(self._say("chat.thanks" if verdict is Verdict.GOOD else "chat.thanks_bad"))
        if asked.kept is not None and await questions.rate(session, asked.kept, verdict):
            return Outcome((thanks,), turn.conversation)
        kept = await _keep(session, asked, await self._answer(asked), verdict)
        after = _with(turn.conversation, token, asked.model_copy(update={"kept": kept}))
        return Outcome((thanks,), after)

    async def _answer(self, asked: Answered) -> Answer:
        return await asyncio.to_thread(self._assistant.ask, asked.text, _context(asked))

    async def _told(
        self, turn: Turn, asked: Answered, answer: Answer, session: AsyncSession
    ) -> Outcome:
        """An answer as it is shown; what was not covered is kept for staff."""
        token = _token(asked)
        if answer.status is Status.NOT_COVERED:
            kept = await _keep(session, asked, answer, None)
            asked = asked.model_copy(update={"kept": kept})
        answer = await self._phrase(asked.text, answer)
        answer = await self._with_announced(answer, session)
        after = _with(_remember(turn.conversation, answer.context), token, asked)
        return Outcome((self._reply(answer, token),), after)

    def article(self, turn: Turn, region: str, number: int) -> Outcome:
        """The full text of an article, with the ways on from it."""
        regulation = self._assistant.corpus.regulations.get(region)
        if regulation is None or regulation.article(number) is None:
            return self.stale(turn)
        answer = self._assistant.article(region, Reference(number))
        after = turn.conversation.model_copy(update={"article": number})
        buttons = self._around(region, number, turn.conversation.topic, full=False)
        return Outcome((Reply(answer.text, buttons),), after)

    def stale(self, turn: Turn) -> Outcome:
        """A button that means nothing any more."""
        return Outcome((Reply(self._say("chat.stale")),), turn.conversation)

    def _reply(self, answer: Answer, token: str) -> Reply:
        text = answer.text
        if answer.context.regions and not answer.choices:
            names = (self._assistant.corpus[r].place.name for r in answer.context.regions)
            shown = self._say("form.join").join(names)
            text += "\n\n" + self._say("chat.region_now", places=shown)
        rating = (Button("👍", f"f:+:{token}"), Button("👎", f"f:-:{token}"))
        offer = self._offer(answer)
        return Reply(text, (*self._buttons(answer, token), *offer, rating))

    async def _with_announced(self, answer: Answer, session: AsyncSession) -> Answer:
        """A question for this year's days: what the office has announced, marked as such."""
        topics = answer.trace.get("topics") or [{}]
        if self._announced is None or topics[0].get("topic") != DATES_TOPIC:
            return answer
        regions = answer.trace.get("regions", ()) if answer.trace.get("named") else ()
        announced = await self._announced(session, regions)
        return replace(answer, text=f"{announced}\n\n{answer.text}") if announced else answer

    def _offer(self, answer: Answer) -> tuple[tuple[Button, ...], ...]:
        """A pre-check, under an answer about the conditions."""
        if any((c.region, c.article) in self._conditions for c in answer.citations):
            return ((Button(self._say("precheck_chat.offer"), "p:begin"),),)
        return ()

    def _buttons(self, answer: Answer, token: str) -> Iterator[tuple[Button, ...]]:
        corpus = self._assistant.corpus
        if answer.choices:
            picks = [Button(corpus[r].place.name, f"r:{r}:{token}") for r in answer.choices]
            yield from (tuple(picks[at : at + 3]) for at in range(0, len(picks), 3))
        elif answer.status is Status.ANSWERED and len({c.region for c in answer.citations}) == 1:
            first = answer.citations[0]
            yield from self._around(first.region, first.article, answer.context.topic)
        else:
            shown = dict.fromkeys((c.region, c.article) for c in answer.citations + answer.related)
            for region, number in list(shown)[:MOST_OTHERS]:
                yield (self._elsewhere(region, number),)

    def _around(
        self, region: str, number: int, topic: str | None, full: bool = True
    ) -> tuple[tuple[Button, ...], ...]:
        """The article itself, its neighbours, and its counterparts in the other regions."""
        regulation = self._assistant.corpus[region]
        row = []
        if number > 1:
            row.append(
                Button(
                    self._say("chat.article_before", number=number - 1), f"a:{region}:{number - 1}"
                )
            )
        if full:
            row.append(
                Button(self._say("chat.article_full", number=number), f"a:{region}:{number}")
            )
        if number < len(regulation.articles):
            row.append(
                Button(
                    self._say("chat.article_after", number=number + 1), f"a:{region}:{number + 1}"
                )
            )
        others = [
            self._elsewhere(other, counterpart)
            for other, counterpart in self._assistant.counterparts(region, number, topic)
        ][:MOST_OTHERS]
        pairs = [tuple(others[at : at + 2]) for at in range(0, len(others), 2)]
        return (tuple(row), *pairs)

    def _elsewhere(self, region: str, number: int) -> Button:
        place = self._assistant.corpus[region].place.name
        label = self._say("chat.article_elsewhere", place=place, number=number)
        return Button(label, f"a:{region}:{number}")


def _asked(text: str, conversation: Conversation) -> Answered:
    return Answered(
        text=text,
        regions=conversation.regions,
        question=conversation.question,
        topic=conversation.topic,
        article=conversation.article,
    )


def _token(asked: Answered) -> str:
    """Short enough for a button; the same for the same question in the same context."""
    return hashlib.sha256(asked.model_dump_json(exclude={"kept"}).encode()).hexdigest()[:8]


def _context(asked: Answered) -> Context:
    return Context(asked.regions, asked.question, asked.topic, asked.article)


async def _keep(
    session: AsyncSession, asked: Answered, answer: Answer, verdict: Verdict | None
) -> int:
    return await questions.keep(
        session,
        asked.text,
        answer.context.regions,
        answer.status.value,
        [citation.as_json() for citation in answer.citations],
        answer.trace,
        verdict,
    )


def _with(conversation: Conversation, token: str, asked: Answered) -> Conversation:
    """The conversation with a question among its last ones."""
    others = [(t, a) for t, a in conversation.answered.items() if t != token]
    answered = dict([*others, (token, asked)][-ANSWERED_KEPT:])
    return conversation.model_copy(update={"answered": answered})


def _remember(conversation: Conversation, context: Context) -> Conversation:
    return conversation.model_copy(
        update={
            "regions": context.regions,
            "question": context.question,
            "topic": context.topic,
            "article": context.article,
        }
    )
