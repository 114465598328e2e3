"""Deadlines that the office sets, reminders of them, and who wants to be reminded."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from handlers.casework import CaseError, Casework
from handlers.dialogue import Button, Chat, Outcome, Reply, Turn
from knowledge.catalogue import catalogue
from store import audiences, notices, outbox, prechecks
from store.audiences import Recipient

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.models import Deadline

KINDS = ("window_opens", "window_closes", "documents_due", "notice_ends", "report_due")
LATE_AFTER = timedelta(hours=1)
_PRESS = re.compile(r"u:(?P<what>on|off):(?P<region>\w{1,24})")


class Notices:
    """Keeps deadlines and sends reminders of them."""

    def __init__(
        self,
        casework: Casework,
        now: Callable[[], datetime],
        offsets: Sequence[int] = (1, 3, 7),
        hour: int = 9,
    ) -> None:
        """`now` is the time where the awards are given, with its zone."""
        self._work, self._now, self._offsets, self._hour = casework, now, sorted(offsets), hour
        self._say = catalogue("zh")

    # Deadlines --------------------------------------------------------------------------------

    async def set(
        self, session: AsyncSession, region: str, year: str, kind: str, on: str, actor: str
    ) -> Deadline:
        """Sets or moves a deadline of a region and year.

        Raises:
            CaseError: a value is wrong, or the day lies in the past.
        """
        place, day = self._work.region(region), self._work.day(on)
        if not re.fullmatch(r"20\d\d", year):
            raise CaseError(self._say("case.bad_year", value=year))
        if day < self._now().date():
            raise CaseError(self._say("case.due_past", day=day))
        return await notices.set_deadline(session, self.kind(kind), place, int(year), day, actor)

    async def set_for_case(
        self, session: AsyncSession, number: str, kind: str, on: str, actor: str
    ) -> Deadline:
        """Sets or moves a deadline of one case.

        Raises:
            CaseError: a value is wrong, or the day lies in the past.
        """
        case, day = await self._work.find(session, number), self._work.day(on)
        if day < self._now().date():
            raise CaseError(self._say("case.due_past", day=day))
        return await notices.set_deadline(
            session, self.kind(kind), case.region, case.year, day, actor, case.id
        )

    def kind(self, text: str) -> str:
        """A kind of deadline by its id or name.

        Raises:
            CaseError: there is no such kind.
        """
        names = {self._say(f"notices.{kind}"): kind for kind in KINDS}
        if text in KINDS or text in names:
            return names.get(text, text)
        raise CaseError(self._say("notices.bad_kind", value=text, allowed="、".join(names)))

    def spoken(self, deadline: Deadline) -> str:
        """A deadline in one line."""
        regulation = self._work.corpus[deadline.region]
        return self._say(
            "notices.line",
            award=regulation.award,
            year=deadline.year,
            kind=self._say(f"notices.{deadline.kind}"),
            day=self._say("form.date", deadline.on),
        )

    async def upcoming(self, session: AsyncSession, regions: Sequence[str]) -> str | None:
        """What the office has announced for some regions; None where it has announced nothing."""
        found = [
            deadline
            for deadline in await notices.deadlines(session, since=self._now().date())
            if deadline.case_id is None and (not regions or deadline.region in regions)
        ]
        if not found:
            return None
        lines = [self._say("notices.announced"), *(f"· {self.spoken(d)}" for d in found)]
        return "\n".join(lines)

    # Reminders --------------------------------------------------------------------------------

    async def remind(self, session: AsyncSession) -> list[Reply]:
        """Every reminder whose time has come, once (a tick of the clock).

        Where several came while nothing ran, only the nearest to the deadline is sent.
        """
        now = self._now()
        replies: list[Reply] = []
        for deadline in await notices.deadlines(session, since=now.date()):
            done = await notices.runs(session, deadline)
            ripe = [o for o in self._offsets if o not in done and self._at(deadline, o) <= now]
            for offset in ripe:
                await notices.note_run(session, deadline, offset)
            if ripe:
                replies += await self._reminders(session, deadline, ripe[0], now)
        return replies

    def _at(self, deadline: Deadline, offset: int) -> datetime:
        day = deadline.on - timedelta(days=offset)
        return datetime.combine(day, time(self._hour), self._now().tzinfo)

    async def _reminders(
        self, session: AsyncSession, deadline: Deadline, offset: int, now: datetime
    ) -> list[Reply]:
        origin = f"r:{deadline.id}:{offset}"
        left = (deadline.on - now.date()).days
        late = now - self._at(deadline, offset) > LATE_AFTER
        text = self._say(
            "notices.late" if late else "notices.reminder", line=self.spoken(deadline), left=left
        )
        reached = await outbox.reached(session, origin) | await audiences.blocked(session)
        topic = f"region:{deadline.region}"
        stop = Button(self._say("notices.stop"), f"u:off:{deadline.region}")
        replies = []
        own, subscribed = await self._recipients(session, deadline)
        for recipient in (*own, *subscribed):
            if recipient.address in reached:
                continue
            reached.add(recipient.address)
            mine = recipient in own
            replies.append(
                Reply(
                    text,
                    () if mine else ((stop,),),
                    to=Chat(*recipient.address),
                    origin=origin,
                    topic=None if mine else topic,
                )
            )
        return replies

    async def _recipients(
        self, session: AsyncSession, deadline: Deadline
    ) -> tuple[Sequence[Recipient], Sequence[Recipient]]:
        """Those whom it concerns because of their own case, and those who subscribed."""
        region, year = deadline.region, deadline.year
        if deadline.case_id is not None:
            return await audiences.bound_chats(session, case=deadline.case_id), ()
        subscribed = list(await audiences.subscribers(session, region))
        if deadline.kind in ("window_opens", "window_closes"):
            return (), [*subscribed, *await audiences.eligible_chats(session, region)]
        lacking = deadline.kind == "documents_due"
        own = await audiences.bound_chats(session, region, year, missing=lacking)
        return own, subscribed

    # Consent ----------------------------------------------------------------------------------

    async def choose(self, turn: Turn, session: AsyncSession) -> Outcome:
        """Offers the regions to subscribe to."""
        mine = await audiences.subscriptions(session, turn.chat.channel, turn.chat.id)
        buttons = []
        for regulation in self._work.corpus:
            region, name = regulation.region, regulation.place.name
            ticked, what = ("☑", "off") if region in mine else ("☐", "on")
            buttons.append(Button(f"{ticked} {name}", f"u:{what}:{region}"))
        rows = tuple(tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3))
        return Outcome((Reply(self._say("notices.choose"), rows),), turn.conversation)

    async def pressed(self, turn: Turn, data: str, session: AsyncSession) -> Outcome | None:
        """Takes a tap if it begins or ends a subscription."""
        match = _PRESS.fullmatch(data)
        if match is None or match["region"] not in self._work.corpus.regulations:
            return None
        channel, chat, region = turn.chat.channel, turn.chat.id, match["region"]
        place = self._work.corpus[region].place.name
        if match["what"] == "on":
            await audiences.subscribe(session, channel, chat, region)
        else:
            await audiences.unsubscribe(session, channel, chat, region)
            await prechecks.silence(session, channel, chat, region)
            await outbox.stop_topic(session, channel, chat, f"region:{region}")
        text = self._say(f"notices.turned_{match['what']}", place=place)
        back = "off" if match["what"] == "on" else "on"
        button = Button(self._say(f"notices.turn_{back}"), f"u:{back}:{region}")
        return Outcome((Reply(text, ((button,),)),), turn.conversation)
