"""Staff at work in a chat: look at cases, take them on, ask for documents, issue codes.

Every change asks once more; roles are checked here, whatever buttons a chat may show.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from handlers.casework import CaseError, Casework, Fields
from handlers.dialogue import Button, Outcome, Reply, Turn
from handlers.status import StatusChat
from knowledge.catalogue import catalogue
from store import access, cases, staff
from store.cases import Wanted
from store.staff import Role

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.models import Case

COMMANDS = frozenset(("cases", "case", "new", "note", "require", "received"))
_PRESS = re.compile(r"w:(?P<what>show|to|do|code|give|bound):(?P<case>\d{1,12})(?::(?P<to>\w+))?")
SHOWN = 10


class StaffChat:
    """The office's side of the cases."""

    def __init__(self, casework: Casework, status: StatusChat) -> None:
        self._work, self._status = casework, status
        self._say = catalogue("zh")

    async def role(self, turn: Turn, session: AsyncSession) -> Role | None:
        """The role of a turn's chat; staff of the settings are administrators."""
        if turn.staff:
            return Role.ADMIN
        return await staff.role_of(session, turn.chat.channel, turn.chat.id)

    async def command(
        self, turn: Turn, name: str, rest: str, session: AsyncSession
    ) -> Outcome | None:
        """Takes a staff command; None for everyone who is not staff."""
        role = await self.role(turn, session)
        if role is None or name not in COMMANDS:
            return None
        if role is Role.VIEWER and name not in ("cases", "case"):
            return Outcome((Reply(self._say("staff.not_allowed")),), turn.conversation)
        try:
            replies = await self._commanded(turn, name, rest.strip(), session)
        except CaseError as error:
            replies = (Reply(str(error)),)
        return Outcome(tuple(replies), turn.conversation)

    async def _commanded(
        self, turn: Turn, name: str, rest: str, session: AsyncSession
    ) -> Sequence[Reply]:
        actor = f"{turn.chat.channel} {turn.chat.id}"
        if name == "cases":
            return (await self._list(rest, session),)
        if name == "new":
            parts = rest.split()
            if len(parts) != 5:
                raise CaseError(self._say("staff.usage_new"))
            case = await self._work.open_case(session, Fields(*parts), actor)
            return (await self._shown(case, session),)
        number, _, words = rest.partition(" ")
        if not number:
            raise CaseError(self._say(f"staff.usage_{name}"))
        case = await self._work.find(session, number)
        if name == "case":
            return (await self._shown(case, session),)
        if not words.strip():
            raise CaseError(self._say(f"staff.usage_{name}"))
        if name == "note":
            await self._work.note(session, case, words.strip(), actor)
            return (Reply(self._say("staff.noted")), await self._shown(case, session))
        if name == "received":
            told = await self._work.receive(session, case, words, actor)
            return (Reply(self._say("staff.noted")), *told)
        document, _, day = words.strip().rpartition(" ")
        due = self._work.day(day) if document else None
        told = await self._work.require(session, case, document or words, due, actor)
        return (Reply(self._say("staff.noted")), *told)

    async def pressed(self, turn: Turn, data: str, session: AsyncSession) -> Outcome | None:
        """Takes a tap on a button of staff's; None where it is none or nobody's."""
        match = _PRESS.fullmatch(data)
        role = await self.role(turn, session) if match else None
        if match is None or role is None:
            return None
        case = await cases.get(session, int(match["case"]))
        if case is None:
            return None
        what = match["what"]
        if what == "show":
            return Outcome((await self._shown(case, session),), turn.conversation)
        if role is Role.VIEWER:
            return Outcome((Reply(self._say("staff.not_allowed")),), turn.conversation)
        try:
            replies = await self._worked(turn, what, case, match["to"] or "", session)
        except CaseError as error:
            replies = (Reply(str(error)),)
        return Outcome(tuple(replies), turn.conversation)

    async def _worked(
        self, turn: Turn, what: str, case: Case, to: str, session: AsyncSession
    ) -> Sequence[Reply]:
        actor = f"{turn.chat.channel} {turn.chat.id}"
        if what == "to":
            name = self._work.name(case.region, to)
            button = Button(self._say("staff.sure"), f"w:do:{case.id}:{to}")
            ask = self._say("staff.confirm", number=case.number, stage=name)
            return (Reply(ask, ((button,),)),)
        if what == "do":
            told = await self._work.advance(session, case, to, actor)
            return (await self._shown(case, session), *told)
        if what == "code":
            button = Button(self._say("staff.sure"), f"w:give:{case.id}")
            return (Reply(self._say("staff.confirm_code", number=case.number), ((button,),)),)
        if what == "give":
            code, expires = await access.issue_code(session, case)
            cases.note_event(session, case, "code", self._work.today(), actor)
            day = self._say("form.date", expires)
            return (Reply(self._say("staff.code", number=case.number, code=code, day=day)),)
        bound = await access.bindings(session, case)
        lines = [self._say("staff.bound", number=case.number, count=len(bound))]
        lines += [f"· {b.channel} {b.chat}（{b.bound_at:%Y-%m-%d}）" for b in bound]
        return (Reply("\n".join(lines)),)

    async def _list(self, rest: str, session: AsyncSession) -> Reply:
        region = self._work.region(rest) if rest else None
        found = await cases.listed(session, Wanted(region=region), limit=SHOWN)
        rows = tuple(
            (Button(f"{case.number} {owner.name}"[:60], f"w:show:{case.id}"),)
            for case, owner in found
        )
        return Reply(self._say("staff.cases" if rows else "staff.no_cases"), rows)

    async def _shown(self, case: Case, session: AsyncSession) -> Reply:
        text = await self._status.timeline(case, session)
        given = (await cases.scores(session, [case.id]))[case.id]
        if given:
            scores = "、".join(f"{part} {value:g}" for part, value in given.items())
            text += "\n" + self._say("staff.scores", scores=scores)
        notes = [e.note for e in await cases.events(session, case) if e.kind == "note" and e.note]
        if notes:
            text += "\n" + self._say("staff.notes", notes="；".join(notes))
        rows: list[tuple[Button, ...]] = [
            (Button(self._say("staff.to", stage=name), f"w:to:{case.id}:{to}"),)
            for to, name in self._work.allowed(case)
        ]
        rows.append(
            (
                Button(self._say("staff.issue"), f"w:code:{case.id}"),
                Button(self._say("staff.who"), f"w:bound:{case.id}"),
            )
        )
        return Reply(text, tuple(rows))
