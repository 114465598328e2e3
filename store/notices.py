"""Deadlines that the office sets, their reminders, and broadcasts with their audit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store import outbox
from store.models import Broadcast, BroadcastEvent, Deadline, ReminderRun, Template

OPEN = ("draft", "waiting")
"""The states in which a broadcast has not been confirmed yet."""


async def set_deadline(
    session: AsyncSession,
    kind: str,
    region: str,
    year: int,
    on: date,
    actor: str,
    case: int | None = None,
) -> Deadline:
    """Sets a deadline, or moves it; a moved one takes its reminders that have not left along."""
    chosen = select(Deadline).where(
        Deadline.kind == kind,
        Deadline.region == region,
        Deadline.year == year,
        Deadline.case_id == case if case is not None else Deadline.case_id.is_(None),
    )
    row = await session.scalar(chosen)
    if row is None:
        row = Deadline(kind=kind, region=region, year=year, case_id=case, on=on, actor=actor)
        session.add(row)
    elif row.on != on or row.cancelled:
        row.on, row.cancelled, row.actor = on, False, actor
        await _forget_reminders(session, row)
    await session.flush()
    return row


async def cancel_deadline(session: AsyncSession, number: int) -> bool:
    """Cancels a deadline with its reminders that have not left; false if there is none."""
    row = await session.get(Deadline, number)
    if row is None or row.cancelled:
        return False
    row.cancelled = True
    await _forget_reminders(session, row)
    return True


async def _forget_reminders(session: AsyncSession, deadline: Deadline) -> None:
    await outbox.withdraw(session, f"r:{deadline.id}:%")
    await session.execute(delete(ReminderRun).where(ReminderRun.deadline_id == deadline.id))


async def deadlines(
    session: AsyncSession, region: str | None = None, since: date | None = None
) -> Sequence[Deadline]:
    """The deadlines that stand, the nearest first."""
    chosen = select(Deadline).where(Deadline.cancelled.is_(False)).order_by(Deadline.on)
    if region:
        chosen = chosen.where(Deadline.region == region)
    if since:
        chosen = chosen.where(Deadline.on >= since)
    return (await session.scalars(chosen)).all()


async def runs(session: AsyncSession, deadline: Deadline) -> set[int]:
    """The offsets that have been looked after."""
    chosen = select(ReminderRun.offset).where(ReminderRun.deadline_id == deadline.id)
    return set(await session.scalars(chosen))


async def note_run(session: AsyncSession, deadline: Deadline, offset: int) -> None:
    """Notes that a reminder has been looked after."""
    session.add(ReminderRun(deadline_id=deadline.id, offset=offset, at=datetime.now(UTC)))


async def create(
    session: AsyncSession, text: str, audience: dict[str, Any], actor: str, at: datetime | None
) -> Broadcast:
    """Writes a broadcast down as a draft."""
    row = Broadcast(
        text=text,
        audience=audience,
        state="draft",
        created_by=actor,
        created_at=datetime.now(UTC),
        send_at=at,
    )
    session.add(row)
    await session.flush()
    note(session, row, actor, "wrote")
    return row


async def get(session: AsyncSession, number: int) -> Broadcast | None:
    """A broadcast, locked against a second confirmation at the same time."""
    return await session.get(Broadcast, number, with_for_update=True)


async def broadcasts(
    session: AsyncSession, states: Sequence[str] = (), limit: int = 50
) -> Sequence[Broadcast]:
    """Broadcasts, the newest first."""
    chosen = select(Broadcast).order_by(Broadcast.id.desc()).limit(limit)
    if states:
        chosen = chosen.where(Broadcast.state.in_(states))
    return (await session.scalars(chosen)).all()


def note(
    session: AsyncSession, broadcast: Broadcast, actor: str, what: str, text: str | None = None
) -> None:
    """Writes into a broadcast's audit."""
    session.add(
        BroadcastEvent(
            broadcast_id=broadcast.id, at=datetime.now(UTC), actor=actor, what=what, note=text
        )
    )


async def audit(session: AsyncSession, broadcast: Broadcast) -> Sequence[BroadcastEvent]:
    """Who did what with a broadcast."""
    chosen = select(BroadcastEvent).where(BroadcastEvent.broadcast_id == broadcast.id)
    return (await session.scalars(chosen.order_by(BroadcastEvent.id))).all()


async def keep_template(session: AsyncSession, name: str, text: str, actor: str) -> int:
    """Keeps a text under a name; returns its version."""
    last = await session.scalar(select(func.max(Template.version)).where(Template.name == name))
    version = int(last or 0) + 1
    session.add(Template(name=name, version=version, text=text, actor=actor, at=datetime.now(UTC)))
    return version


async def template(session: AsyncSession, name: str) -> Template | None:
    """The newest version of a text."""
    chosen = select(Template).where(Template.name == name).order_by(Template.version.desc())
    found: Template | None = await session.scalar(chosen.limit(1))
    return found
