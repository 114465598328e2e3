"""The inbox: what was received, written down before it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Integer, cast, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Received


@dataclass(frozen=True)
class Arrival:
    """Something that a channel received: its id there, the chat, and what a turn needs of it."""

    external_id: str
    chat: str
    payload: dict[str, Any]


async def put(session: AsyncSession, channel: str, arrivals: Iterable[Arrival]) -> int:
    """Writes arrivals down in order, known ones left out; returns how many were new."""
    new = 0
    for arrival in arrivals:
        row = Received(
            channel=channel,
            external_id=arrival.external_id,
            chat=arrival.chat,
            payload=arrival.payload,
            received_at=datetime.now(UTC),
        )
        try:
            async with session.begin_nested():
                session.add(row)
            new += 1
        except IntegrityError:  # received before: once is enough
            continue
    return new


async def pending(
    session: AsyncSession, channels: Sequence[str], after: int, limit: int = 500
) -> Sequence[Received]:
    """What has not been answered yet, the oldest first, beyond a row's id."""
    rows = await session.scalars(
        select(Received)
        .where(Received.done_at.is_(None), Received.channel.in_(channels), Received.id > after)
        .order_by(Received.id)
        .limit(limit)
    )
    return rows.all()


async def is_pending(session: AsyncSession, row: int) -> bool:
    """Whether a row still waits for its answer."""
    found = await session.scalar(
        select(Received.id).where(Received.id == row, Received.done_at.is_(None))
    )
    return found is not None


async def finish(session: AsyncSession, row: int, failure: str | None = None) -> None:
    """Marks a row as answered and forgets what the person wrote."""
    await session.execute(
        update(Received)
        .where(Received.id == row)
        .values(done_at=datetime.now(UTC), payload=None, failure=failure)
    )


async def drop(session: AsyncSession, channel: str, external_id: str) -> None:
    """Marks something received as needing no answer."""
    await session.execute(
        update(Received)
        .where(Received.channel == channel, Received.external_id == external_id)
        .where(Received.done_at.is_(None))
        .values(done_at=datetime.now(UTC), payload=None)
    )


async def highest(session: AsyncSession, channel: str) -> int | None:
    """The highest external id of a channel whose ids are numbers."""
    return await session.scalar(
        select(func.max(cast(Received.external_id, Integer))).where(Received.channel == channel)
    )


async def purge(session: AsyncSession, before: datetime) -> None:
    """Deletes rows that were answered before a time, but for the newest of each channel.

    The newest tells a channel where to go on.
    """
    newest = select(func.max(Received.id)).group_by(Received.channel)
    await session.execute(
        delete(Received).where(Received.done_at < before, Received.id.not_in(newest))
    )
