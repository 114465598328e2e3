"""Messages to many: written, previewed, approved, sent once to each, and reported on."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from handlers.casework import CaseError, Casework, tidy
from handlers.dialogue import Button, Chat, Reply
from knowledge.catalogue import catalogue
from store import audiences, notices, outbox
from store.audiences import Recipient
from store.models import Delivery

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.models import Broadcast

LONGEST = 4000
PLACEHOLDERS = {
    "cases": frozenset(("organisation", "stage", "deadline", "region")),
    "subscribers": frozenset(("deadline", "region")),
    "staff": frozenset[str](),
}
_WAITING = (Delivery.QUEUED, Delivery.HELD)


class Audience(BaseModel):
    """Whom a broadcast is for: the chats bound to cases, subscribers, or staff only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["cases", "subscribers", "staff"]
    region: str | None = None
    year: int | None = None
    stage: str | None = None
    missing: bool = False


class Broadcasting:
    """Everything that staff do with broadcasts, in a chat or on the command line."""

    def __init__(
        self,
        casework: Casework,
        now: Callable[[], datetime],
        approval_above: int = 100,
        quiet: tuple[int, int] | None = None,
    ) -> None:
        """`now` is the local time with its zone; `quiet` the hours in which none begins."""
        self._work, self._now = casework, now
        self._approval_above, self._quiet = approval_above, quiet
        self._say = catalogue("zh")

    # Writing ----------------------------------------------------------------------------------

    def audience(self, words: Sequence[str]) -> Audience:
        """An audience from words: a region, 案件|订阅|工作人员, 缺材料, a stage, a year.

        Raises:
            CaseError: a word is none of these.
        """
        kinds = {
            "案件": "cases",
            "订阅": "subscribers",
            "订阅者": "subscribers",
            "工作人员": "staff",
        }
        found: dict[str, object] = {"kind": "cases"}
        for word in map(tidy, words):
            if word in kinds or word in PLACEHOLDERS:
                found["kind"] = kinds.get(word, word)
            elif word in ("缺材料", "missing"):
                found["missing"] = True
            elif re.fullmatch(r"20\d\d年?", word):
                found["year"] = int(word[:4])
            elif stage := self._stage(word):
                found["stage"] = stage
            else:
                found["region"] = self._work.region(word)
        return Audience.model_validate(found)

    def _stage(self, word: str) -> str | None:
        for procedure in self._work.procedures.values():
            if stage := procedure.stage(word):
                return stage.id
        return None

    async def write(
        self,
        session: AsyncSession,
        text: str,
        audience: Audience,
        actor: str,
        at: datetime | None = None,
    ) -> Broadcast:
        """Keeps a draft whose text and audience have been checked.

        Raises:
            CaseError: the text is empty, too long, has a placeholder that the audience does not
                give, or the time lies in the past.
        """
        self.check(text, audience)
        if at and at <= self._now():
            local = at.astimezone(self._now().tzinfo)
            raise CaseError(self._say("broadcast.past", at=f"{local:%Y-%m-%d %H:%M}"))
        return await notices.create(
            session, text.strip(), audience.model_dump(mode="json"), actor, at
        )

    def check(self, text: str, audience: Audience) -> None:
        """Whether a text can be sent to an audience.

        Raises:
            CaseError: see `write`.
        """
        if not text.strip():
            raise CaseError(self._say("broadcast.empty"))
        if len(text) > LONGEST:
            raise CaseError(self._say("broadcast.too_long", count=len(text), most=LONGEST))
        try:
            used = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        except ValueError:
            raise CaseError(self._say("broadcast.braces")) from None
        allowed = PLACEHOLDERS[audience.kind]
        if strange := sorted(used - allowed):
            names = "、".join(f"{{{name}}}" for name in sorted(allowed)) or self._say("value.none")
            raise CaseError(self._say("broadcast.placeholder", name=strange[0], allowed=names))

    async def recipients(self, session: AsyncSession, audience: Audience) -> list[Recipient]:
        """The chats of an audience that can be reached, each once."""
        if audience.kind == "staff":
            found = await audiences.staff_chats(session)
        elif audience.kind == "subscribers":
            found = await audiences.subscribers(session, audience.region)
        else:
            found = await audiences.bound_chats(
                session, audience.region, audience.year, audience.stage, audience.missing
            )
        gone = await audiences.blocked(session)
        return [recipient for recipient in found if recipient.address not in gone]

    async def preview(self, session: AsyncSession, broadcast: Broadcast) -> tuple[int, str]:
        """How many would get it, and how it reads for the first of them.

        Raises:
            CaseError: nobody would get it, or somebody has no value for a placeholder.
        """
        rendered = await self._rendered(session, broadcast)
        return len(rendered), rendered[0][1]

    async def _rendered(
        self, session: AsyncSession, broadcast: Broadcast
    ) -> list[tuple[Recipient, str]]:
        audience = Audience.model_validate(broadcast.audience)
        self.check(broadcast.text, audience)
        found = await self.recipients(session, audience)
        if not found:
            raise CaseError(self._say("broadcast.nobody"))
        announced = {
            deadline.region: deadline.on.isoformat()
            for deadline in reversed(await notices.deadlines(session, since=self._now().date()))
            if deadline.case_id is None
        }
        return [(each, self._render(broadcast.text, each, announced)) for each in found]

    def _render(self, text: str, recipient: Recipient, announced: dict[str, str]) -> str:
        region = recipient.region or ""
        corpus = self._work.corpus
        values = {
            "organisation": recipient.organisation,
            "stage": self._work.name(region, recipient.stage) if recipient.stage else None,
            "deadline": recipient.due or announced.get(region),
            "region": corpus[region].place.name if region in corpus.regulations else None,
        }
        used = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        if lacking := sorted(name for name in used if not values.get(name)):
            raise CaseError(self._say("broadcast.no_value", name=lacking[0], chat=recipient.chat))
        return text.format(**values)

    async def test(self, session: AsyncSession, broadcast: Broadcast, chat: Chat) -> Reply:
        """The broadcast as the first recipient would read it, to one's own chat."""
        _, sample = await self.preview(session, broadcast)
        return Reply(self._say("broadcast.test", text=sample), to=chat)

    # Sending ----------------------------------------------------------------------------------

    async def confirm(
        self, session: AsyncSession, broadcast: Broadcast, actor: str
    ) -> tuple[str, list[Reply]]:
        """Turns a draft into messages, or asks a second member of staff first.

        Returns what is told to who confirmed, and the messages.

        Raises:
            CaseError: it has been confirmed before, or cannot be sent as it is.
        """
        if broadcast.state not in notices.OPEN:
            raise CaseError(self._say("broadcast.confirmed_before", id=broadcast.id))
        rendered = await self._rendered(session, broadcast)
        if len(rendered) > self._approval_above and actor == broadcast.created_by:
            broadcast.state = "waiting"
            notices.note(session, broadcast, actor, "submitted")
            waiting = self._say(
                "broadcast.waiting",
                id=broadcast.id,
                count=len(rendered),
                above=self._approval_above,
            )
            return waiting, await self._ask_others(session, broadcast, actor, len(rendered))
        held = self._must_wait(broadcast)
        broadcast.state = "scheduled" if held else "sending"
        broadcast.approved_by = actor
        notices.note(session, broadcast, actor, "confirmed", str(len(rendered)))
        subscribed = Audience.model_validate(broadcast.audience).kind == "subscribers"
        replies = [
            Reply(
                text,
                self._stop(recipient) if subscribed else (),
                to=Chat(*recipient.address),
                origin=f"b:{broadcast.id}",
                topic=f"region:{recipient.region}" if subscribed else None,
                held=held,
            )
            for recipient, text in rendered
        ]
        key = "broadcast.scheduled" if held else "broadcast.sending"
        return self._say(key, id=broadcast.id, count=len(replies)), replies

    def _stop(self, recipient: Recipient) -> tuple[tuple[Button, ...], ...]:
        return ((Button(self._say("notices.stop"), f"u:off:{recipient.region}"),),)

    async def _ask_others(
        self, session: AsyncSession, broadcast: Broadcast, actor: str, count: int
    ) -> list[Reply]:
        text = self._say(
            "broadcast.approve", id=broadcast.id, by=actor, count=count, text=broadcast.text
        )
        button = ((Button(self._say("broadcast.approve_yes"), f"b:go:{broadcast.id}"),),)
        return [
            Reply(text, button, to=Chat(*member.address))
            for member in await audiences.staff_chats(session)
            if f"{member.channel} {member.chat}" != actor
        ]

    def _must_wait(self, broadcast: Broadcast) -> bool:
        """Whether its time has not come, or it is a quiet hour."""
        now = self._now()
        if broadcast.send_at and broadcast.send_at > now:
            return True
        if self._quiet is None:
            return False
        start, end = self._quiet
        return start <= now.hour < end if start <= end else now.hour >= start or now.hour < end

    async def pause(self, session: AsyncSession, broadcast: Broadcast, actor: str) -> int:
        """Holds what has not left yet; returns how many messages that is.

        Raises:
            CaseError: it is not under way.
        """
        self._demand(broadcast, "sending", "scheduled")
        broadcast.state = "paused"
        notices.note(session, broadcast, actor, "paused")
        return await outbox.change(session, f"b:{broadcast.id}", [Delivery.QUEUED], Delivery.HELD)

    async def resume(self, session: AsyncSession, broadcast: Broadcast, actor: str) -> int:
        """Lets what was held leave, at its time; returns how many leave now.

        Raises:
            CaseError: it is not paused.
        """
        self._demand(broadcast, "paused")
        notices.note(session, broadcast, actor, "resumed")
        if self._must_wait(broadcast):
            broadcast.state = "scheduled"
            return 0
        broadcast.state = "sending"
        return await outbox.change(session, f"b:{broadcast.id}", [Delivery.HELD], Delivery.QUEUED)

    async def cancel(self, session: AsyncSession, broadcast: Broadcast, actor: str) -> int:
        """Cancels what has not left yet, also midway.

        Raises:
            CaseError: it is over.
        """
        self._demand(broadcast, "draft", "waiting", "scheduled", "sending", "paused")
        broadcast.state = "cancelled"
        notices.note(session, broadcast, actor, "cancelled")
        return await outbox.change(session, f"b:{broadcast.id}", _WAITING, Delivery.CANCELLED)

    async def retry(self, session: AsyncSession, broadcast: Broadcast, actor: str) -> int:
        """Sends again what nobody knows of: staff's decision."""
        if broadcast.state == "done":
            broadcast.state = "sending"
        notices.note(session, broadcast, actor, "retried")
        return await outbox.change(
            session, f"b:{broadcast.id}", [Delivery.UNKNOWN], Delivery.QUEUED
        )

    async def correct(
        self, session: AsyncSession, broadcast: Broadcast, text: str, actor: str
    ) -> list[Reply]:
        """Puts another text in the place of what was sent, and into what has not left yet.

        Raises:
            CaseError: the new text cannot be sent, or the broadcast has not begun.
        """
        self._demand(broadcast, "sending", "paused", "done")
        old, broadcast.text = broadcast.text, text.strip()
        rendered = {r.address: words for r, words in await self._rendered(session, broadcast)}
        notices.note(session, broadcast, actor, "corrected", old)
        replies = []
        for row in await outbox.of_origin(session, f"b:{broadcast.id}"):
            words = rendered.get((row.channel, row.chat))
            if words is None:
                continue
            if row.state == Delivery.SENT and row.message_id:
                chat = Chat(row.channel, row.chat)
                replies.append(Reply(words, to=chat, edit_of=row.message_id))
            elif row.state in _WAITING and row.payload:
                row.payload = {**row.payload, "text": words}
        return replies

    def _demand(self, broadcast: Broadcast, *states: str) -> None:
        if broadcast.state not in states:
            state = self._say(f"broadcast.state_{broadcast.state}")
            raise CaseError(self._say("broadcast.wrong_state", id=broadcast.id, state=state))

    # Looking after ----------------------------------------------------------------------------

    async def look_after(self, session: AsyncSession) -> list[Reply]:
        """Lets scheduled broadcasts go, ends finished ones, edits progress (a tick)."""
        replies: list[Reply] = []
        for broadcast in await notices.broadcasts(session, ("scheduled", "sending")):
            origin = f"b:{broadcast.id}"
            if broadcast.state == "scheduled" and not self._must_wait(broadcast):
                broadcast.state = "sending"
                await outbox.change(session, origin, [Delivery.HELD], Delivery.QUEUED)
            counts = await outbox.counts(session, origin)
            waiting = sum(counts.get(s, 0) for s in (*_WAITING, Delivery.SENDING))
            if broadcast.state == "sending" and not waiting:
                broadcast.state = "done"
            replies += await self._progress(session, broadcast, counts)
        return replies

    async def _progress(
        self, session: AsyncSession, broadcast: Broadcast, counts: dict[str, int]
    ) -> list[Reply]:
        """Edits the one message that tells who confirmed how far it has come."""
        channel, _, chat = (broadcast.approved_by or "").partition(" ")
        rows = await outbox.of_origin(session, f"p:{broadcast.id}", [Delivery.SENT])
        text = self.progress(broadcast, counts)
        shown = (broadcast.progress or {}).get("text")
        if not rows or not chat or text == shown or not rows[0].message_id:
            return []
        broadcast.progress = {"text": text}
        return [Reply(text, to=Chat(channel, chat), edit_of=rows[0].message_id)]

    def progress(self, broadcast: Broadcast, counts: dict[str, int]) -> str:
        """How far a broadcast has come, in a line."""
        total = sum(counts.values())
        sent = counts.get(Delivery.SENT, 0)
        left = sum(counts.get(s, 0) for s in (*_WAITING, Delivery.SENDING))
        return self._say(
            "broadcast.progress",
            id=broadcast.id,
            state=self._say(f"broadcast.state_{broadcast.state}"),
            sent=f"{sent:,}",
            total=f"{total:,}",
            blocked=counts.get(Delivery.BLOCKED, 0),
            unknown=counts.get(Delivery.UNKNOWN, 0),
            minutes=max(1, round(left / 30 / 60)) if left else 0,
        )


def local_time(text: str, now: datetime) -> datetime:
    """A time such as 2026-12-01 09:00, in the zone of `now`.

    Raises:
        CaseError: it is none.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CaseError(catalogue("zh")("broadcast.bad_time", value=text)) from None
    return (found if found.tzinfo else found.replace(tzinfo=now.tzinfo)).astimezone(UTC)
