"""Pre-checks that people have begun or finished in a chat: one at a time for each chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import StoredPrecheck


async def load(session: AsyncSession, channel: str, chat: str) -> dict[str, Any] | None:
    """The state of a chat's pre-check, if it has one."""
    row = await session.get(StoredPrecheck, (channel, chat))
    return row.state if row else None


async def save(
    session: AsyncSession, channel: str, chat: str, state: dict[str, Any], ruleset: str | None
) -> None:
    """Keeps the state of a chat's pre-check; `ruleset` is what a finished one was judged by."""
    await session.merge(
        StoredPrecheck(
            channel=channel, chat=chat, state=state, ruleset=ruleset, updated_at=datetime.now(UTC)
        )
    )


async def silence(session: AsyncSession, channel: str, chat: str, region: str) -> None:
    """Ends the agreement to messages that a chat gave with a pre-check of a region."""
    row = await session.get(StoredPrecheck, (channel, chat))
    if row is not None and region in row.state.get("verdicts", {}):
        row.state = {**row.state, "notify": False}


async def forget(session: AsyncSession, channel: str, chat: str) -> bool:
    """Deletes a chat's pre-check; says whether there was one."""
    deleted = delete(StoredPrecheck).where(
        StoredPrecheck.channel == channel, StoredPrecheck.chat == chat
    )
    found: Any = await session.execute(deleted)
    return bool(found.rowcount)


async def finished(session: AsyncSession, other_than: str) -> AsyncIterator[StoredPrecheck]:
    """The finished pre-checks that were judged by another ruleset."""
    chosen = select(StoredPrecheck).where(
        StoredPrecheck.ruleset.is_not(None), StoredPrecheck.ruleset != other_than
    )
    for row in (await session.scalars(chosen)).all():
        yield row
