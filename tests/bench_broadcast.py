"""A broadcast against the Bot API stand-in: pace, the limit, a reply meanwhile, the database."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bot.channels.telegram import TelegramTransport, make_bot
from bot.limits import Limits
from bot.messages import Outgoing
from bot.sender import Sender
from bot.settings import Settings
from bot.transport import Delivery, Sent
from handlers.dialogue import Reply
from store import outbox, schema
from store.database import Sessions, opened
from store.outbox import Part, Priority
from tests.standins.bot_api import TOKEN, BotApi

RECIPIENTS = 3_000
RATE = 30
PROBES = 15

Line = Callable[[str, str], None]


def bench_broadcast(line: Line) -> None:
    """Prints the figures of a clean run and of the unthrottled path."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_paced(Path(folder), line))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_unthrottled(Path(folder), line))


async def _put(sessions: Sessions, chat: str, priority: Priority, part: Part | None) -> None:
    (message,) = Outgoing.parts_of(Reply("x"), [f"to {chat}"])
    async with sessions.begin() as session:
        await outbox.put(session, "telegram", chat, "message", message.model_dump(), priority, part)


async def _fill(sessions: Sessions, count: int) -> None:
    async with sessions.begin() as session:
        for chat in range(1, count + 1):
            (message,) = Outgoing.parts_of(Reply("x"), [f"to {chat}"])
            await outbox.put(
                session, "telegram", str(chat), "message", message.model_dump(),
                Priority.PUSH, Part("b:1"),
            )  # fmt: skip


async def _paced(folder: Path, line: Line) -> None:
    api = BotApi()
    await api.start()
    settings = Settings(
        _env_file=None, telegram_token=TOKEN, telegram_api_url=api.url, data_dir=folder
    )
    await schema.upgrade(settings.database)
    async with opened(settings.database) as sessions:
        bot = make_bot(settings)
        sender = Sender(sessions, TelegramTransport(bot), Limits(overall=RATE))
        alone = await _replies(sessions, sender, api, first=900_000)
        await _fill(sessions, RECIPIENTS)
        stopping = asyncio.Event()
        before = len(api.sent())
        running = asyncio.create_task(sender.run(stopping))
        await api.wait_for(lambda: len(api.sent()) > before + 60, seconds=30)
        during = await _waits(sessions, sender, api, first=800_000)
        await api.wait_for(lambda: len(api.sent()) >= before + RECIPIENTS + PROBES, seconds=200)
        stopping.set()
        await running
        await bot.shutdown()
    await api.stop()
    times = sorted(call.at for call in api.sent())[before:]
    ideal = (len(times) - 1) / RATE
    line(
        f"{RECIPIENTS:,} recipients: ideal time / time taken",
        f"{ideal / (times[-1] - times[0]):.3f}",
    )
    line("  most messages in any one second", str(_busiest(times)))
    wait = statistics.median(during) - statistics.median(alone)
    line("  a reply waits longer during the broadcast (median)", f"{wait * 1000:.0f} ms")


async def _replies(sessions: Sessions, sender: Sender, api: BotApi, first: int) -> list[float]:
    """How long replies take while nothing else is sent."""
    stopping = asyncio.Event()
    running = asyncio.create_task(sender.run(stopping))
    waits = await _waits(sessions, sender, api, first)
    stopping.set()
    await running
    return waits


async def _waits(sessions: Sessions, sender: Sender, api: BotApi, first: int) -> list[float]:
    waits = []
    for chat in range(first, first + PROBES):
        start = time.monotonic()
        await _put(sessions, str(chat), Priority.REPLY, None)
        sender.notify()
        await api.wait_for(lambda chat=chat: bool(api.sent(chat)))
        waits.append(time.monotonic() - start)
        await asyncio.sleep(0.3)
    return waits


def _busiest(times: list[float]) -> int:
    """The most that fall into any window of one second."""
    most = start = 0
    for end, at in enumerate(times):
        while times[start] <= at - 1.0:
            start += 1
        most = max(most, end - start + 1)
    return most


class _Nowhere:
    """A transport that delivers at once."""

    name = "telegram"

    def parts(self, reply: Reply) -> list[Outgoing]:
        return Outgoing.parts_of(reply, [reply.text])

    async def send(self, _chat: str, _message: Outgoing) -> Delivery:
        return Sent("1")

    async def edit(self, _chat: str, _message_id: str, _message: Outgoing) -> Delivery:
        return Sent("1")

    async def acknowledge(self, _ack: object) -> Delivery:
        return Sent()


async def _unthrottled(folder: Path, line: Line) -> None:
    url = f"sqlite+aiosqlite:///{folder / 'x.db'}"
    await schema.upgrade(url)
    async with opened(url) as sessions:
        await _fill(sessions, RECIPIENTS)
        sender = Sender(sessions, _Nowhere(), Limits(1e6, 1e6, 1000))
        start = time.perf_counter()
        await sender.work_off()
        took = time.perf_counter() - start
    line("  the database path alone (SQLite), unthrottled", f"{RECIPIENTS / took:,.0f} messages/s")
