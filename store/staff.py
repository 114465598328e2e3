"""Who is staff, and with which role."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import CalendarDay, StaffMember


class Role(StrEnum):
    """`viewer` looks, `editor` works on cases and messages, `admin` keeps the staff too."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


async def add(session: AsyncSession, channel: str, chat: str, role: Role) -> None:
    """Makes a chat staff, or changes its role."""
    await session.merge(StaffMember(channel=channel, chat=chat, role=role))


async def remove(session: AsyncSession, channel: str, chat: str) -> bool:
    """Ends a membership; says whether there was one."""
    done: Any = await session.execute(
        delete(StaffMember).where(StaffMember.channel == channel, StaffMember.chat == chat)
    )
    return bool(done.rowcount)


async def members(session: AsyncSession) -> Sequence[StaffMember]:
    """Everyone who is staff."""
    return (await session.scalars(select(StaffMember).order_by(StaffMember.chat))).all()


async def role_of(session: AsyncSession, channel: str, chat: str) -> Role | None:
    """A chat's role; None for everyone else."""
    row = await session.get(StaffMember, (channel, chat))
    return Role(row.role) if row else None


async def set_day(session: AsyncSession, day: date, worked: bool) -> None:
    """Says of a day whether it is worked."""
    await session.merge(CalendarDay(day=day, worked=worked))


async def calendar(session: AsyncSession) -> dict[date, bool]:
    """Every day that staff have spoken of."""
    return {row.day: row.worked for row in await session.scalars(select(CalendarDay))}
