"""Takes messages out of the outbox and delivers them within the channel's limits."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.limits import Limiter, Limits
from bot.messages import Ack, Edit, Outgoing
from bot.transport import Again, Blocked, Delivery, Refused, Sent, Transport, Unsure, Wait
from knowledge.catalogue import catalogue
from store import audiences, outbox
from store.database import Sessions
from store.models import Delivery as State
from store.models import Outgoing as Row
from store.outbox import Priority

logger = logging.getLogger(__name__)

AT_ONCE = 30
PUSHES_AT_ONCE = 20
ATTEMPTS = 8
LONGEST_BACK_OFF = 60.0
LOOK_EVERY = 1.0


class Sender:
    """One channel's sender. There must be only one at a time for a database."""

    def __init__(self, sessions: Sessions, transport: Transport, limits: Limits = Limits()) -> None:
        self._sessions, self._transport = sessions, transport
        self._limiter = Limiter(limits)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._pushes: set[str] = set()
        self._wake = asyncio.Event()

    def notify(self) -> None:
        """Something was queued: look now."""
        self._wake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Sends until told to stop, then lets what is under way arrive."""
        await self.recover()
        while not stopping.is_set():
            self._wake.clear()
            if not await self._take_up():
                await self._sleep(stopping)
        await asyncio.gather(*self._busy.values())

    async def recover(self) -> None:
        """Queues again what a process that died had begun to send."""
        async with self._sessions.begin() as session:
            await outbox.recover(session, self._transport.name)

    async def work_off(self) -> None:
        """Sends everything that is due now, and returns."""
        while await self._take_up() or self._busy:
            await asyncio.gather(*self._busy.values())

    async def _take_up(self) -> bool:
        room = AT_ONCE - len(self._busy)
        if room <= 0:
            await asyncio.wait(self._busy.values(), return_when=asyncio.FIRST_COMPLETED)
            return True
        pushes = len(self._pushes) < PUSHES_AT_ONCE
        try:
            async with self._sessions() as session:
                await self._observe_hold(session)
                rows = await outbox.due(session, self._transport.name, self._busy, room, pushes)
                for row in rows:
                    await outbox.mark(session, row.id, State.SENDING, attempts=row.attempts + 1)
                if rows:
                    await session.commit()
        except DBAPIError:
            logger.exception("the outbox cannot be read; trying again")
            await asyncio.sleep(LOOK_EVERY)
            return False
        for row in rows:
            task = asyncio.create_task(self._deliver(row))
            self._busy[row.chat] = task
            if row.priority >= Priority.PUSH:
                self._pushes.add(row.chat)
            task.add_done_callback(partial(self._free, row.chat))
        return bool(rows)

    async def _observe_hold(self, session: AsyncSession) -> None:
        """Waits where the channel asked everyone to, before a restart or in another process."""
        until = await outbox.held_until(session, self._transport.name)
        if until and (seconds := (until - datetime.now(UTC)).total_seconds()) > 0:
            self._limiter.hold(seconds)

    def _free(self, chat: str, _task: asyncio.Task[None]) -> None:
        self._busy.pop(chat, None)
        self._pushes.discard(chat)
        self._wake.set()

    async def _sleep(self, stopping: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (self._wake, stopping)]
        await asyncio.wait(waits, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _deliver(self, row: Row) -> None:
        try:
            delivery = await self._attempt(row)
        except Exception as error:
            logger.exception("outbox %d could not be sent", row.id)
            delivery = Again(type(error).__name__)
        while True:
            try:
                async with self._sessions.begin() as session:
                    await self._record(session, row, delivery)
            except DBAPIError:
                logger.exception("a delivery could not be recorded; trying again")
                await asyncio.sleep(LOOK_EVERY)
            else:
                return

    async def _attempt(self, row: Row) -> Delivery:
        if row.kind == "ack":
            return await self._transport.acknowledge(Ack.model_validate(row.payload))
        answer = row.priority < Priority.PUSH
        await self._limiter.wait(row.chat, row.priority, burst=answer)
        if row.kind == "edit":
            edit = Edit.model_validate(row.payload)
            return await self._transport.edit(row.chat, edit.message_id, Outgoing(text=edit.text))
        message = Outgoing.model_validate(row.payload)
        may_have_arrived = (row.error or "").startswith(outbox.UNSURE)
        if may_have_arrived and row.origin and row.origin.startswith("r:"):
            message.text = catalogue("zh")("notices.perhaps_twice", text=message.text)
        return await self._transport.send(row.chat, message)

    async def _record(self, session: AsyncSession, row: Row, delivery: Delivery) -> None:
        match delivery:
            case Sent(message_id):
                await outbox.mark(session, row.id, State.SENT, message_id=message_id)
            case Blocked(reason):
                await outbox.mark(session, row.id, State.BLOCKED, error=reason)
                await audiences.block(session, row.channel, row.chat)
            case Wait(seconds):
                self._limiter.hold(seconds)
                await outbox.hold(session, row.channel, _after(seconds))
                await outbox.mark(session, row.id, State.QUEUED, not_before=_after(seconds))
            case Unsure(reason) if row.kind != "ack" and row.attempts + 1 < ATTEMPTS:
                await outbox.unsure(session, row, reason, _after(_back_off(row)))
            case Again(reason) if row.kind != "ack" and row.attempts + 1 < ATTEMPTS:
                again = _after(_back_off(row))
                await outbox.mark(session, row.id, State.QUEUED, not_before=again, error=reason)
            case Again(reason) | Unsure(reason) | Refused(reason):
                logger.warning("outbox %d was not delivered: %s", row.id, reason)
                await outbox.mark(session, row.id, State.FAILED, error=reason)


def _back_off(row: Row) -> float:
    return float(min(0.5 * 2**row.attempts, LONGEST_BACK_OFF))


def _after(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
