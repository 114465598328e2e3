"""Puts messages to other chats into the outbox, in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messages import Edit, Outgoing
from handlers.dialogue import Reply
from store import outbox
from store.outbox import Part, Priority


async def push(
    session: AsyncSession, replies: Iterable[Reply], only: Collection[str] | None = None
) -> set[str]:
    """Queues short messages for the chats that they are addressed to; returns their channels.

    `only` are the channels that can be reached from here.
    """
    channels = set()
    for reply in replies:
        if reply.to is None or (only is not None and reply.to.channel not in only):
            continue
        chat = reply.to
        channels.add(chat.channel)
        if reply.edit_of is not None:
            edit = Edit(message_id=reply.edit_of, text=reply.text).model_dump()
            await outbox.put(session, chat.channel, chat.id, "edit", edit, Priority.PUSH)
            continue
        (message,) = Outgoing.parts_of(reply, [reply.text])
        await outbox.put(
            session,
            chat.channel,
            chat.id,
            "message",
            message.model_dump(),
            Priority.PUSH,
            Part(reply.origin, reply.topic, reply.held),
        )
    return channels
