"""The routing table: which service takes a turn."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from handlers.ask import Ask
from handlers.broadcast import BroadcastChat
from handlers.dialogue import Button, Outcome, Reply, Turn
from handlers.notices import Notices
from handlers.precheck import PrecheckChat
from handlers.staff import StaffChat
from handlers.status import StatusChat
from knowledge.assistant import Assistant
from knowledge.catalogue import catalogue
from store.questions import Verdict

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

_COMMAND = re.compile(r"/(?P<name>[a-zA-Z]+)(?:@\w+)?(?:\s+(?P<rest>.*))?$", re.DOTALL)
_MENTION = re.compile(r"@\w+bot\b", re.IGNORECASE)
_ARTICLE = re.compile(r"a:(?P<region>\w+):(?P<number>\d{1,3})")
_CHOICE = re.compile(r"r:(?P<region>\w+):(?P<token>[0-9a-f]{8})")
_RATING = re.compile(r"f:(?P<sign>[+-]):(?P<token>[0-9a-f]{8})")
_REGION = re.compile(r"s:(?P<region>\w*)")


class Dialogue:
    """Everything that the bot can do in a chat; a `Handler`."""

    def __init__(
        self,
        assistant: Assistant,
        ask: Ask,
        precheck: PrecheckChat,
        status: StatusChat,
        staff: StaffChat,
        notices: Notices,
        broadcast: BroadcastChat,
    ) -> None:
        self._assistant, self._ask, self._precheck = assistant, ask, precheck
        self._status, self._staff, self._notices = status, staff, notices
        self._broadcast = broadcast
        self._say = catalogue("zh")

    async def __call__(self, turn: Turn, session: AsyncSession) -> Outcome:
        """Answers one turn."""
        if turn.press is not None:
            return await self._pressed(turn, turn.press, session)
        if turn.text is None:
            return Outcome((Reply(self._say("chat.attachment")),), turn.conversation)
        text = _MENTION.sub(" ", turn.text).strip()
        if command := _COMMAND.match(text):
            name = command["name"].lower()
            return await self._command(turn, name, command["rest"] or "", session)
        for service in (self._status, self._precheck):
            if (outcome := await service.text(turn, text, session)) is not None:
                return outcome
        return await self._ask.question(turn, text, session)

    async def _command(self, turn: Turn, name: str, rest: str, session: AsyncSession) -> Outcome:
        if name == "start":
            return self._welcome(turn)
        if name == "region":
            return self._choose_region(turn, rest)
        if name == "precheck":
            return await self._precheck.begin(turn, session)
        if name == "status":
            return await self._status.status(turn, session)
        if name == "mydata":
            return await self._status.my_data(turn, session)
        if name == "forget":
            return self._status.forget(turn)
        if name == "subscribe":
            return await self._notices.choose(turn, session)
        for service in (self._staff, self._broadcast):
            if (outcome := await service.command(turn, name, rest, session)) is not None:
                return outcome
        staff = await self._staff.role(turn, session)
        more = f"\n\n{self._say('staff.help')}" if staff else ""
        return Outcome((Reply(self._say("chat.help") + more),), turn.conversation)

    async def _pressed(self, turn: Turn, data: str, session: AsyncSession) -> Outcome:
        if match := _ARTICLE.fullmatch(data):
            return self._ask.article(turn, match["region"], int(match["number"]))
        if match := _CHOICE.fullmatch(data):
            return await self._ask.chosen(turn, match["region"], match["token"], session)
        if match := _RATING.fullmatch(data):
            verdict = Verdict.GOOD if match["sign"] == "+" else Verdict.BAD
            return await self._ask.rated(turn, verdict, match["token"], session)
        if match := _REGION.fullmatch(data):
            return self._set_region(turn, match["region"])
        if data == "forget:yes":
            self._precheck.delete_files(turn.chat)
            return await self._status.forgotten(turn, session)
        services = (self._precheck, self._status, self._staff, self._notices, self._broadcast)
        for service in services:
            if (outcome := await service.pressed(turn, data, session)) is not None:
                return outcome
        return self._ask.stale(turn)

    def _welcome(self, turn: Turn) -> Outcome:
        places = self._say("form.join").join(r.place.name for r in self._assistant.corpus)
        offer = (Button(self._say("precheck_chat.offer"), "p:begin"),)
        reply = Reply(self._say("chat.welcome", places=places), (*self._regions(), offer))
        return Outcome((reply,), turn.conversation)

    def _choose_region(self, turn: Turn, rest: str) -> Outcome:
        if not rest.strip():
            return Outcome(
                (Reply(self._say("chat.region_pick"), self._regions()),), turn.conversation
            )
        named = self._assistant.regions_in(rest)
        if len(named) != 1:
            reply = Reply(self._say("chat.region_unknown"), self._regions())
            return Outcome((reply,), turn.conversation)
        return self._set_region(turn, named[0])

    def _set_region(self, turn: Turn, region: str) -> Outcome:
        if region and region not in self._assistant.corpus.regulations:
            return self._ask.stale(turn)
        regions = (region,) if region else ()
        after = turn.conversation.model_copy(update={"regions": regions, "article": None})
        text = (
            self._say("chat.region_set", place=self._assistant.corpus[region].place.name)
            if region
            else self._say("chat.region_unset")
        )
        return Outcome((Reply(text),), after)

    def _regions(self) -> tuple[tuple[Button, ...], ...]:
        picks = [Button(r.place.name, f"s:{r.region}") for r in self._assistant.corpus]
        picks.append(Button(self._say("chat.region_none"), "s:"))
        return tuple(tuple(picks[at : at + 3]) for at in range(0, len(picks), 3))
