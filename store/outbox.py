"""The outbox: every message that is to leave, its order, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Delivery, Outgoing


class Priority(IntEnum):
    """What leaves first: the answer to a person before anything that is pushed."""

    ACK = 0
    REPLY = 10
    PUSH = 50


async def put(
    session: AsyncSession,
    channel: str,
    chat: str,
    kind: str,
    payload: dict[str, Any],
    priority: Priority,
) -> None:
    """Queues one message; it leaves when the transaction has committed."""
    session.add(
        Outgoing(
            channel=channel,
            chat=chat,
            kind=kind,
            payload=payload,
            priority=int(priority),
            created_at=datetime.now(UTC),
        )
    )


async def due(
    session: AsyncSession, channel: str, busy: Collection[str], limit: int
) -> Sequence[Outgoing]:
    """The next message of each chat that is not busy, the most urgent and oldest first."""
    now = datetime.now(UTC)
    first = (
        select(
            Outgoing.id,
            func.row_number()
            .over(partition_by=Outgoing.chat, order_by=(Outgoing.priority, Outgoing.id))
            .label("place"),
        )
        .where(
            Outgoing.channel == channel,
            Outgoing.state == Delivery.QUEUED,
            Outgoing.chat.not_in(busy),
        )
        .subquery()
    )
    rows = await session.scalars(
        select(Outgoing)
        .join(first, Outgoing.id == first.c.id)
        .where(first.c.place == 1, or_(Outgoing.not_before.is_(None), Outgoing.not_before <= now))
        .order_by(Outgoing.priority, Outgoing.id)
        .limit(limit)
    )
    return rows.all()


async def mark(session: AsyncSession, row: int, state: Delivery, **values: Any) -> None:
    """Records how far a message has come; what was said is forgotten once it has arrived."""
    if state is Delivery.SENT:
        values |= {"sent_at": datetime.now(UTC), "payload": None}
    await session.execute(update(Outgoing).where(Outgoing.id == row).values(state=state, **values))


async def recover(session: AsyncSession, channel: str) -> None:
    """Queues again what was being sent when the process died: an answer twice beats none."""
    await session.execute(
        update(Outgoing)
        .where(Outgoing.channel == channel, Outgoing.state == Delivery.SENDING)
        .values(state=Delivery.QUEUED)
    )


async def purge(session: AsyncSession, before: datetime) -> None:
    """Deletes messages that have left, or failed, before a time."""
    await session.execute(
        delete(Outgoing).where(
            Outgoing.created_at < before,
            Outgoing.state.in_([Delivery.SENT, Delivery.FAILED, Delivery.BLOCKED]),
        )
    )
