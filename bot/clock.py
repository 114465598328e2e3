"""The clock: what has to be said unasked, looked for at a steady pace over the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.pushing import push
from bot.transport import Transport
from handlers.dialogue import Reply
from store.database import Sessions

logger = logging.getLogger(__name__)

PACE = 20.0

Tick = Callable[[AsyncSession], Awaitable[Sequence[Reply]]]
"""Looks for what is due; what it writes commits together with the messages it returns, each of
which names the chat that it goes `to`."""


class Clock:
    """Calls every tick again and again, each in a transaction of its own."""

    def __init__(
        self,
        sessions: Sessions,
        ticks: Sequence[Tick],
        transports: Mapping[str, Transport],
        queued: Callable[[str], None],
    ) -> None:
        """`queued` is told the channel in which something was put into the outbox."""
        self._sessions, self._ticks = sessions, ticks
        self._transports, self._queued = transports, queued

    async def run(self, stopping: asyncio.Event) -> None:
        """Ticks until told to stop."""
        while not stopping.is_set():
            await self.tick()
            try:
                await asyncio.wait_for(stopping.wait(), PACE)
            except TimeoutError:
                continue

    async def tick(self) -> None:
        """Every tick once; one that fails holds up none of the others."""
        for tick in self._ticks:
            try:
                await self._once(tick)
            except DBAPIError:
                logger.exception("the clock could not write; trying again")
            except Exception:
                logger.exception("a tick failed")

    async def _once(self, tick: Tick) -> None:
        async with self._sessions.begin() as session:
            channels = await push(session, await tick(session), self._transports)
        for channel in channels:
            self._queued(channel)
