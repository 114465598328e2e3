"""What the bot remembers of each chat between two turns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Remembered


async def load(session: AsyncSession, channel: str, chat: str) -> dict[str, Any]:
    """The remembered state of a chat; empty for a new one."""
    row = await session.get(Remembered, (channel, chat))
    return row.state if row else {}


async def save(session: AsyncSession, channel: str, chat: str, state: dict[str, Any]) -> None:
    """Remembers the state of a chat; of an empty one nothing is kept."""
    if not state:
        await session.execute(
            delete(Remembered).where(Remembered.channel == channel, Remembered.chat == chat)
        )
        return
    await session.merge(
        Remembered(channel=channel, chat=chat, state=state, updated_at=datetime.now(UTC))
    )
