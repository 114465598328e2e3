"""Broadcasts and deadlines from a chat of staff's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from handlers.broadcasting import Broadcasting
from handlers.casework import CaseError
from handlers.dialogue import Button, Chat, Outcome, Reply, Turn
from handlers.notices import Notices
from handlers.staff import StaffChat
from knowledge.catalogue import catalogue
from store import notices
from store.staff import Role

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.models import Broadcast

_PRESS = re.compile(r"b:(?P<what>go|try|drop|pause|resume):(?P<id>\d{1,9})")


class BroadcastChat:
    """Write, preview, test, confirm, pause: by one command and buttons."""

    def __init__(self, broadcasting: Broadcasting, deadlines: Notices, staff: StaffChat) -> None:
        self._work, self._deadlines, self._staff = broadcasting, deadlines, staff
        self._say = catalogue("zh")

    async def command(
        self, turn: Turn, name: str, rest: str, session: AsyncSession
    ) -> Outcome | None:
        """Takes /broadcast and /deadline of staff; None for everything else."""
        if name not in ("broadcast", "deadline"):
            return None
        role = await self._staff.role(turn, session)
        if role is None:
            return None
        if role is Role.VIEWER:
            return Outcome((Reply(self._say("staff.not_allowed")),), turn.conversation)
        try:
            work = self._write if name == "broadcast" else self._set_deadline
            reply = await work(turn, rest, session)
        except CaseError as error:
            reply = Reply(str(error))
        return Outcome((reply,), turn.conversation)

    async def _write(self, turn: Turn, rest: str, session: AsyncSession) -> Reply:
        heading, _, text = rest.strip().partition("\n")
        if not heading or not text.strip():
            raise CaseError(self._say("broadcast.usage"))
        audience = self._work.audience(heading.split())
        broadcast = await self._work.write(session, text, audience, _actor(turn))
        count, sample = await self._work.preview(session, broadcast)
        rows = (
            (Button(self._say("broadcast.try"), f"b:try:{broadcast.id}"),),
            (
                Button(self._say("broadcast.go"), f"b:go:{broadcast.id}"),
                Button(self._say("broadcast.drop"), f"b:drop:{broadcast.id}"),
            ),
        )
        shown = self._say("broadcast.preview", id=broadcast.id, count=count, text=sample)
        return Reply(shown, rows)

    async def _set_deadline(self, turn: Turn, rest: str, session: AsyncSession) -> Reply:
        words = rest.split()
        if len(words) != 4:
            raise CaseError(self._say("broadcast.usage_deadline"))
        region, year, kind, on = words
        deadline = await self._deadlines.set(session, region, year, kind, on, _actor(turn))
        return Reply(self._deadlines.spoken(deadline))

    async def pressed(self, turn: Turn, data: str, session: AsyncSession) -> Outcome | None:
        """Takes a tap if it is one of ours and staff's."""
        match = _PRESS.fullmatch(data)
        role = await self._staff.role(turn, session) if match else None
        if match is None or role is None:
            return None
        if role is Role.VIEWER:
            return Outcome((Reply(self._say("staff.not_allowed")),), turn.conversation)
        broadcast = await notices.get(session, int(match["id"]))
        if broadcast is None:
            unknown = Reply(self._say("broadcast.unknown", id=match["id"]))
            return Outcome((unknown,), turn.conversation)
        try:
            replies = await self._do(turn, match["what"], broadcast, session)
        except CaseError as error:
            replies = (Reply(str(error)),)
        return Outcome(tuple(replies), turn.conversation)

    async def _do(
        self, turn: Turn, what: str, broadcast: Broadcast, session: AsyncSession
    ) -> Sequence[Reply]:
        actor = _actor(turn)
        if what == "try":
            chat = Chat(turn.chat.channel, turn.chat.id)
            return (await self._work.test(session, broadcast, chat),)
        if what == "go":
            told, messages = await self._work.confirm(session, broadcast, actor)
            if broadcast.state in ("draft", "waiting"):
                return (Reply(told), *messages)
            pause = Button(self._say("broadcast.pause"), f"b:pause:{broadcast.id}")
            drop = Button(self._say("broadcast.drop"), f"b:drop:{broadcast.id}")
            progress = Reply(told, ((pause, drop),), to=turn.chat, origin=f"p:{broadcast.id}")
            return (progress, *messages)
        work = {
            "pause": self._work.pause,
            "resume": self._work.resume,
            "drop": self._work.cancel,
        }[what]
        count = await work(session, broadcast, actor)
        key = {"pause": "paused", "resume": "resumed", "drop": "cancelled"}[what]
        rows: tuple[tuple[Button, ...], ...] = ()
        if what == "pause":
            rows = ((Button(self._say("broadcast.resume"), f"b:resume:{broadcast.id}"),),)
        return (Reply(self._say(f"broadcast.{key}", count=count), rows),)


def _actor(turn: Turn) -> str:
    return f"{turn.chat.channel} {turn.chat.id}"
