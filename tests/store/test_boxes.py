"""The inbox takes a thing once; the outbox keeps each chat's order and survives a dead process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from store import conversations, forgetting, inbox, outbox
from store.database import Sessions
from store.inbox import Arrival
from store.models import Delivery
from store.outbox import Priority


async def test_the_same_id_is_one_arrival(sessions: Sessions) -> None:
    arrival = Arrival("17", "7", {"text": "hello"})
    async with sessions.begin() as session:
        assert await inbox.put(session, "telegram", [arrival, arrival]) == 1
        assert await inbox.put(session, "web", [arrival]) == 1
        assert len(await inbox.pending(session, ["telegram"], after=0)) == 1
        assert await inbox.highest(session, "telegram") == 17


async def test_what_was_answered_is_forgotten_but_the_newest_id_is_kept(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await inbox.put(session, "telegram", [Arrival(str(n), "7", {"text": "x"}) for n in (1, 2)])
        for row in await inbox.pending(session, ["telegram"], after=0):
            await inbox.finish(session, row.id)
    async with sessions.begin() as session:
        assert await inbox.pending(session, ["telegram"], after=0) == []
        await inbox.purge(session, datetime.now(UTC) + timedelta(seconds=1))
        assert await inbox.highest(session, "telegram") == 2


async def test_each_chat_is_served_in_order_and_replies_come_first(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        for chat, text, priority in (
            ("1", "pushed", Priority.PUSH),
            ("2", "first", Priority.REPLY),
            ("2", "second", Priority.REPLY),
        ):
            await outbox.put(session, "telegram", chat, "message", {"text": text}, priority)
    async with sessions.begin() as session:
        due = await outbox.due(session, "telegram", busy=[], limit=10)
        assert [(row.payload or {})["text"] for row in due] == ["first", "pushed"]
        assert await outbox.due(session, "telegram", busy=["1", "2"], limit=10) == []


async def test_what_was_being_sent_is_queued_again(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await outbox.put(session, "web", "1", "message", {"text": "x"}, Priority.REPLY)
        (row,) = await outbox.due(session, "web", busy=[], limit=1)
        await outbox.mark(session, row.id, Delivery.SENDING)
    async with sessions.begin() as session:
        assert await outbox.due(session, "web", busy=[], limit=1) == []
        await outbox.recover(session, "web")
        assert len(await outbox.due(session, "web", busy=[], limit=1)) == 1


async def test_a_postponed_message_waits(sessions: Sessions) -> None:
    later = datetime.now(UTC) + timedelta(minutes=1)
    async with sessions.begin() as session:
        await outbox.put(session, "web", "1", "message", {"text": "x"}, Priority.REPLY)
        (row,) = await outbox.due(session, "web", busy=[], limit=1)
        await outbox.mark(session, row.id, Delivery.QUEUED, not_before=later)
    async with sessions.begin() as session:
        assert await outbox.due(session, "web", busy=[], limit=1) == []


async def test_a_conversation_is_remembered(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        assert await conversations.load(session, "web", "1") == {}
        await conversations.save(session, "web", "1", {"regions": ["wuxi"]})
    async with sessions.begin() as session:
        assert await conversations.load(session, "web", "1") == {"regions": ["wuxi"]}


async def test_of_an_empty_conversation_nothing_is_kept(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await conversations.save(session, "web", "7", {"topic": "fees"})
        assert (await forgetting.kept(session, "web", "7"))["conversation"] == 1
        await conversations.save(session, "web", "7", {})
        assert (await forgetting.kept(session, "web", "7"))["conversation"] == 0
