"""Turns what was received into answers: one transaction a turn, each chat in order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messages import Ack, Incoming
from bot.pushing import push
from bot.transport import Transport
from handlers.dialogue import Chat, Conversation, Handler, Outcome, Reply, Turn
from knowledge.catalogue import catalogue
from store import conversations, inbox, outbox
from store.database import Sessions
from store.models import Received
from store.outbox import Priority

logger = logging.getLogger(__name__)

CHATS_AT_ONCE = 16
LOOK_EVERY = 1.0
DATABASE_RETRY = 1.0


class Worker:
    """Answers what waits in the inbox of its channels."""

    def __init__(
        self,
        sessions: Sessions,
        handler: Handler,
        transports: Mapping[str, Transport],
        queued: Callable[[str], None],
    ) -> None:
        """`queued` is told the channel in which something was put into the outbox."""
        self._sessions, self._handler = sessions, handler
        self._transports, self._queued = transports, queued
        self._waiting: dict[tuple[str, str], deque[Received]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(CHATS_AT_ONCE)
        self._seen = 0
        self._received = asyncio.Event()

    def notify(self) -> None:
        """Something was received: look now."""
        self._received.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Works until told to stop, then finishes what is in hand."""
        while not stopping.is_set():
            self._received.clear()
            if not await self._take_up():
                await _either(self._received, stopping, LOOK_EVERY)
        await self.finish()

    async def finish(self) -> None:
        """Waits for the turns that have begun."""
        self._waiting = {chat: deque() for chat in self._waiting}
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def work_off(self) -> None:
        """Answers everything that waits now, and returns."""
        while await self._take_up():
            pass
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _take_up(self) -> bool:
        """Hands new rows to their chats; says whether there were any."""
        try:
            async with self._sessions() as session:
                rows = await inbox.pending(session, list(self._transports), self._seen)
        except DBAPIError:
            logger.exception("the inbox cannot be read; trying again")
            await asyncio.sleep(DATABASE_RETRY)
            return False
        for row in rows:
            self._seen = row.id
            chat = (row.channel, row.chat)
            if chat in self._waiting:
                self._waiting[chat].append(row)
                continue
            self._waiting[chat] = deque([row])
            task = asyncio.create_task(self._serve(chat))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return bool(rows)

    async def _serve(self, chat: tuple[str, str]) -> None:
        """One chat's turns, one after the other."""
        while self._waiting[chat]:
            row = self._waiting[chat].popleft()
            async with self._places:
                await self._turn_until_written(row)
        del self._waiting[chat]

    async def _turn_until_written(self, row: Received) -> None:
        while True:
            try:
                await self._turn(row)
            except DBAPIError:
                logger.exception("a turn could not be written; trying again")
                await asyncio.sleep(DATABASE_RETRY)
            else:
                self._queued(row.channel)
                return

    async def _turn(self, row: Received) -> None:
        async with self._sessions() as session:
            if not await inbox.is_pending(session, row.id):
                return
            remembered = await conversations.load(session, row.channel, row.chat)
        incoming = Incoming.model_validate(row.payload or {})
        turn = Turn(
            chat=Chat(row.channel, row.chat),
            conversation=Conversation.model_validate(remembered),
            text=incoming.text,
            press=incoming.press,
            attachment=incoming.attachment,
            staff=incoming.staff,
        )
        async with self._sessions() as session:
            failure = None
            try:
                outcome = await self._handler(turn, session)
            except DBAPIError:
                raise
            except Exception as error:
                logger.exception("a turn failed")
                await session.rollback()
                failure = type(error).__name__
                apology = Reply(catalogue("zh")("chat.apology"))
                outcome = Outcome((apology,), turn.conversation)
            await self._write(session, row, incoming, outcome, failure)
            await session.commit()

    async def _write(
        self,
        session: AsyncSession,
        row: Received,
        incoming: Incoming,
        outcome: Outcome,
        failure: str | None,
    ) -> None:
        """State, answers and the mark on the inbox: all of it or none."""
        if incoming.press_id:
            ack = Ack(press_id=incoming.press_id).model_dump()
            await outbox.put(session, row.channel, row.chat, "ack", ack, Priority.ACK)
        await push(session, [reply for reply in outcome.replies if reply.to])
        for reply in outcome.replies:
            if reply.to:
                continue
            to = Chat(row.channel, row.chat)
            for message in self._transports[to.channel].parts(reply):
                await outbox.put(
                    session, to.channel, to.id, "message", message.model_dump(), Priority.REPLY
                )
        state = outcome.conversation.model_dump(mode="json", exclude_defaults=True)
        await conversations.save(session, row.channel, row.chat, state)
        await inbox.finish(session, row.id, failure)


async def _either(first: asyncio.Event, second: asyncio.Event, seconds: float) -> None:
    """Waits for one of two events, or for the time to pass."""
    tasks = [asyncio.create_task(event.wait()) for event in (first, second)]
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
