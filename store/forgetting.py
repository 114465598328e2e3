"""What is kept of a chat, and its erasure."""

from __future__ import annotations

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import (
    Attempts,
    Binding,
    CaseRead,
    Outgoing,
    Received,
    Remembered,
    StoredPrecheck,
    Subscription,
)


async def kept(session: AsyncSession, channel: str, chat: str) -> dict[str, int]:
    """How many rows of each kind are kept of a chat."""
    counts = {}
    for name, model in (
        ("conversation", Remembered),
        ("precheck", StoredPrecheck),
        ("bindings", Binding),
        ("subscriptions", Subscription),
        ("reads", CaseRead),
        ("messages", Outgoing),
    ):
        chosen = select(func.count()).select_from(model)
        chosen = chosen.where(model.channel == channel, model.chat == chat)
        counts[name] = int(await session.scalar(chosen) or 0)
    return counts


async def forget(session: AsyncSession, channel: str, chat: str) -> None:
    """Erases what is kept of a chat; what happened to a case stays, without the chat."""
    for model in (Remembered, StoredPrecheck, Binding, Subscription):
        await session.execute(delete(model).where(model.channel == channel, model.chat == chat))
    await session.execute(
        delete(Outgoing).where(Outgoing.channel == channel, Outgoing.chat == chat)
    )
    await session.execute(
        delete(Received).where(
            Received.channel == channel, Received.chat == chat, Received.done_at.is_not(None)
        )
    )
    await session.execute(delete(Attempts).where(Attempts.subject == f"chat {channel} {chat}"))
    await session.execute(
        update(CaseRead)
        .where(CaseRead.channel == channel, CaseRead.chat == chat)
        .values(channel="", chat="")
    )
