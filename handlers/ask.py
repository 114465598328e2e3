"""Questions and articles: the conversation around a cited answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator

from handlers.dialogue import Button, Conversation, Outcome, Reply, Turn
from knowledge.answer import Answer, Context, Status
from knowledge.assistant import Assistant
from knowledge.catalogue import catalogue
from knowledge.lookup import Reference

ASKED_KEPT = 5
MOST_OTHERS = 4

Phrase = Callable[[str, Answer], Awaitable[Answer]]
"""Puts an answer into a language model's words, or returns it as it is."""


async def as_it_is(_question: str, answer: Answer) -> Answer:
    """The answer without a language model."""
    return answer


class Ask:
    """Answers questions, shows articles, and keeps the region of a conversation."""

    def __init__(self, assistant: Assistant, phrase: Phrase = as_it_is) -> None:
        self._assistant, self._phrase = assistant, phrase
        self._say = catalogue("zh")

    async def question(self, turn: Turn, text: str) -> Outcome:
        """A question in the person's own words."""
        conversation = turn.conversation
        answer = await asyncio.to_thread(self._assistant.ask, text, _context(conversation))
        answer = await self._phrase(text, answer)
        asked = dict(conversation.asked)
        token = hashlib.sha256(text.encode()).hexdigest()[:8]
        if answer.choices:
            asked.pop(token, None)
            asked = dict([*asked.items(), (token, text)][-ASKED_KEPT:])
        after = _remember(conversation, answer.context, asked)
        return Outcome((self._reply(answer, token),), after)

    async def chosen(self, turn: Turn, region: str, token: str) -> Outcome:
        """A region picked under an answer: the question again, for that region alone."""
        text = turn.conversation.asked.get(token)
        if text is None or region not in self._assistant.corpus.regulations:
            return self.stale(turn)
        context = Context(regions=(region,))
        answer = await asyncio.to_thread(self._assistant.ask, text, context)
        answer = await self._phrase(text, answer)
        after = _remember(turn.conversation, answer.context, turn.conversation.asked)
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
        return Reply(text, tuple(self._buttons(answer, token)))

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


def _context(conversation: Conversation) -> Context:
    return Context(
        conversation.regions, conversation.question, conversation.topic, conversation.article
    )


def _remember(conversation: Conversation, context: Context, asked: dict[str, str]) -> Conversation:
    return conversation.model_copy(
        update={
            "regions": context.regions,
            "question": context.question,
            "topic": context.topic,
            "article": context.article,
            "asked": asked,
        }
    )
