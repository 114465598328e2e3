"""Puts messages to other chats into the outbox, in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messages import Outgoing
from handlers.dialogue import Reply
from store import outbox
from store.outbox import Priority


async def push(session: AsyncSession, replies: Iterable[Reply]) -> int:
    """Queues short messages for the chats that they are addressed to; returns how many."""
    count = 0
    for reply in replies:
        if reply.to is None:
            continue
        (message,) = Outgoing.parts_of(reply, [reply.text])
        chat = reply.to
        await outbox.put(
            session, chat.channel, chat.id, "message", message.model_dump(), Priority.PUSH
        )
        count += 1
    return count
