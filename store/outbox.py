"""The outbox: every message that is to leave, its order, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Delivery, Hold, Outgoing

UNSURE = "unsure"
"""How the error of a message begins that may have arrived."""


class Priority(IntEnum):
    """What leaves first: the answer to a person before anything that is pushed."""

    ACK = 0
    REPLY = 10
    PUSH = 50


@dataclass(frozen=True)
class Part:
    """What a message is part of: `origin` and `topic` are those of `Outgoing`; `held` keeps it."""

    origin: str | None = None
    topic: str | None = None
    held: bool = False


async def put(
    session: AsyncSession,
    channel: str,
    chat: str,
    kind: str,
    payload: dict[str, Any],
    priority: Priority,
    part: Part | None = None,
) -> None:
    """Queues one message; it leaves when the transaction has committed."""
    part = part or Part()
    session.add(
        Outgoing(
            channel=channel,
            chat=chat,
            kind=kind,
            payload=payload,
            priority=int(priority),
            origin=part.origin,
            topic=part.topic,
            state=Delivery.HELD if part.held else Delivery.QUEUED,
            created_at=datetime.now(UTC),
        )
    )


async def due(
    session: AsyncSession, channel: str, busy: Collection[str], limit: int, pushes: bool = True
) -> Sequence[Outgoing]:
    """The next message of each chat that is not busy, the most urgent and oldest first.

    Without `pushes` only answers are looked for.
    """
    least = Priority.PUSH if pushes else Priority.REPLY
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
            Outgoing.priority <= int(least),
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
    """Looks after what was being sent when the process died.

    An answer is sent again (twice beats none), so is a reminder, which then says so; of a
    broadcast nobody knows whether it arrived: staff decide.
    """
    dying = update(Outgoing).where(Outgoing.channel == channel, Outgoing.state == Delivery.SENDING)
    await session.execute(dying.where(Outgoing.origin.like("b:%")).values(state=Delivery.UNKNOWN))
    await session.execute(dying.values(state=Delivery.QUEUED, error=f"{UNSURE}: stopped"))


async def unsure(session: AsyncSession, row: Outgoing, reason: str, again: datetime) -> None:
    """Records that nobody knows whether a message arrived; see `recover`."""
    if row.origin and row.origin.startswith("b:"):
        await mark(session, row.id, Delivery.UNKNOWN, error=reason)
    else:
        told = f"{UNSURE}: {reason}"
        await mark(session, row.id, Delivery.QUEUED, error=told, not_before=again)


async def hold(session: AsyncSession, channel: str, until: datetime) -> None:
    """Nothing leaves through a channel before a time."""
    await session.merge(Hold(channel=channel, until=until))


async def held_until(session: AsyncSession, channel: str) -> datetime | None:
    """Until when a channel has to wait."""
    row = await session.get(Hold, channel)
    return row.until if row else None


async def reached(session: AsyncSession, origin: str) -> set[tuple[str, str]]:
    """The chats for which there is a message of an origin, whatever became of it."""
    chosen = select(Outgoing.channel, Outgoing.chat).where(Outgoing.origin == origin)
    return {(channel, chat) for channel, chat in (await session.execute(chosen)).all()}


async def of_origin(
    session: AsyncSession, origin: str, states: Collection[Delivery] = ()
) -> Sequence[Outgoing]:
    """The messages of a broadcast or a reminder."""
    chosen = select(Outgoing).where(Outgoing.origin == origin).order_by(Outgoing.id)
    if states:
        chosen = chosen.where(Outgoing.state.in_(states))
    return (await session.scalars(chosen)).all()


async def counts(session: AsyncSession, origin: str) -> dict[str, int]:
    """How many messages of a broadcast are in each state."""
    chosen = (
        select(Outgoing.state, func.count())
        .where(Outgoing.origin == origin)
        .group_by(Outgoing.state)
    )
    return dict((await session.execute(chosen)).tuples().all())


async def change(
    session: AsyncSession, origin: str, states: Collection[Delivery], to: Delivery
) -> int:
    """Takes the messages of an origin from some states to another; returns how many."""
    done: Any = await session.execute(
        update(Outgoing)
        .where(Outgoing.origin == origin, Outgoing.state.in_(states))
        .values(state=to, not_before=None)
    )
    return int(done.rowcount)


async def withdraw(session: AsyncSession, origin: str) -> None:
    """Deletes what has not left yet of a reminder, so that it may be made anew."""
    await session.execute(
        delete(Outgoing).where(
            Outgoing.origin.like(origin),
            Outgoing.state.in_([Delivery.QUEUED, Delivery.HELD]),
        )
    )


async def stop_topic(session: AsyncSession, channel: str, chat: str, topic: str) -> None:
    """Cancels what waits for a chat of a subscription that it has ended."""
    await session.execute(
        update(Outgoing)
        .where(
            Outgoing.channel == channel,
            Outgoing.chat == chat,
            Outgoing.topic == topic,
            Outgoing.state.in_([Delivery.QUEUED, Delivery.HELD]),
        )
        .values(state=Delivery.CANCELLED)
    )


async def purge(session: AsyncSession, before: datetime) -> None:
    """Deletes messages that have left, or failed, before a time."""
    await session.execute(
        delete(Outgoing).where(
            Outgoing.created_at < before,
            Outgoing.origin.is_(None),
            Outgoing.state.in_([Delivery.SENT, Delivery.FAILED, Delivery.BLOCKED]),
        )
    )
