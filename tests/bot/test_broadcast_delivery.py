"""A broadcast over HTTP: every recipient once, through 429s, blocks, drops and kills."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.messages import Outgoing
from handlers.dialogue import Reply
from store import outbox, schema
from store.database import opened
from store.models import Delivery
from store.outbox import Part, Priority
from tests.bot.test_telegram import ROOT, free_port
from tests.standins.bot_api import TOKEN, BotApi, delivered_but_dropped, status, too_many

MANY = 300
KILLS = 4


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    server = BotApi()
    await server.start()
    yield server
    await server.stop()


async def queue(url: str, origin: str, count: int = MANY) -> None:
    """The messages of one confirmed broadcast or reminder."""
    await schema.upgrade(url)
    async with opened(url) as sessions, sessions.begin() as session:
        for chat in range(1, count + 1):
            (message,) = Outgoing.parts_of(Reply(f"to {chat}"), [f"to {chat}"])
            await outbox.put(
                session,
                "telegram",
                str(chat),
                "message",
                message.model_dump(),
                Priority.PUSH,
                Part(origin),
            )


async def states(url: str, origin: str) -> dict[str, str]:
    async with opened(url) as sessions, sessions() as session:
        return {row.chat: row.state for row in await outbox.of_origin(session, origin)}


async def start(api: BotApi, data: Path, url: str) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": api.url,
        "DATA_DIR": str(data),
        "DATABASE_URL": url.replace("+aiosqlite", "").replace("+asyncpg", ""),
        "MESSAGES_PER_SECOND": "200",
        "WEB_PORT": str(free_port()),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.standins.echo_service", cwd=ROOT, env=environment
    )


async def settled(url: str, origin: str) -> dict[str, str]:
    """The states once nothing waits any more."""
    for _ in range(300):
        found = await states(url, origin)
        if not {Delivery.QUEUED, Delivery.SENDING} & set(found.values()):
            return found
        await asyncio.sleep(0.2)
    raise AssertionError(Counter(found.values()))


async def slow(_request: web.Request, _fields: dict[str, Any]) -> None:
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("origin", ["b:1", "r:1:3"])
async def test_killed_again_and_again_every_recipient_has_it_or_is_unknown(
    origin: str, api: BotApi, database: str, tmp_path: Path
) -> None:
    await queue(database, origin)
    api.faults.append(slow)
    for _ in range(KILLS):
        before = len(api.sent())
        process = await start(api, tmp_path, database)
        await api.wait_for(lambda low=before: len(api.sent()) > low, seconds=30)
        await asyncio.sleep(random.uniform(0.02, 0.3))
        process.kill()
        await process.wait()
    process = await start(api, tmp_path, database)
    found = await settled(database, origin)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert len(found) == MANY
    heard = Counter(str(call.fields["chat_id"]) for call in api.sent())
    for chat, state in found.items():
        if state == Delivery.SENT:
            assert heard[chat] >= 1
        else:
            assert (state, origin) == (Delivery.UNKNOWN, "b:1")
    for chat, count in heard.items():
        if count > 1:
            texts = [c.fields["text"] for c in api.sent(int(chat))]
            assert origin == "r:1:3", "a broadcast reaches nobody twice"
            assert all("可能重复" in text for text in texts[1:])


async def test_blocks_429s_and_drops_over_http(api: BotApi, database: str, tmp_path: Path) -> None:
    await queue(database, "b:1", 60)
    api.faults += [
        status(403, "Forbidden: bot was blocked by the user", chat=5),
        status(400, "Bad Request: user is deactivated", chat=6),
        too_many(api, 1, times=1),
        delivered_but_dropped(api, times=1),
    ]
    process = await start(api, tmp_path, database)
    found = await settled(database, "b:1")
    process.terminate()
    await process.wait()
    counted = Counter(found.values())
    assert (found["5"], found["6"]) == (Delivery.BLOCKED, Delivery.BLOCKED)
    assert counted[Delivery.UNKNOWN] == 1
    assert counted[Delivery.SENT] == 57
    assert max(Counter(str(c.fields["chat_id"]) for c in api.sent()).values()) == 1


async def test_two_processes_on_one_postgresql_send_once(
    api: BotApi, postgresql: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    from sqlalchemy import make_url

    url = make_url(postgresql).set(drivername="postgresql+asyncpg")
    database = url.render_as_string(hide_password=False)
    await queue(database, "b:9", 100)
    api.faults.append(slow)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    first, second = [await start(api, folder, database) for folder in folders]
    await api.wait_for(lambda: len(api.sent()) > 20, seconds=30)
    first.kill()
    await first.wait()
    found = await settled(database, "b:9")
    second.terminate()
    assert await asyncio.wait_for(second.wait(), 10) == 0
    heard = Counter(str(call.fields["chat_id"]) for call in api.sent())
    assert max(heard.values()) == 1
    assert set(found.values()) <= {Delivery.SENT, Delivery.UNKNOWN}
    assert len(heard) >= 100 - sum(state == Delivery.UNKNOWN for state in found.values())
