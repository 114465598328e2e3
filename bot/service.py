"""What `run` runs: the worker, each channel's receiver and sender, and an HTTP server."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from filelock import FileLock, Timeout

from bot.channels.telegram import NAME as TELEGRAM
from bot.channels.telegram import TelegramReceiver, TelegramTransport, make_bot
from bot.channels.web import NAME as WEB
from bot.channels.web import WebChat
from bot.clock import Clock, Tick
from bot.leader import leadership
from bot.limits import Limits
from bot.problem import Problem
from bot.sender import Sender
from bot.settings import Settings
from bot.transaction import upgrade
from bot.worker import Worker
from handlers.dialogue import Handler
from store import inbox, outbox
from store.database import Sessions, opened

logger = logging.getLogger(__name__)

WEBHOOK_PATH = "/telegram"
KEEP = timedelta(days=7)
GRACE_SECONDS = 8.0


async def serve(
    settings: Settings,
    handler: Handler,
    announce: Callable[[str], None],
    ticks: Sequence[Tick] = (),
) -> None:
    """Serves every channel that is configured until a signal to stop, then finishes in order.

    Raises:
        Problem: the database, the port or the Telegram token cannot be used, or another process
            serves this data folder.
    """
    lock = FileLock(settings.data_dir / "run.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise Problem(f"已有一个进程在为 {settings.data_dir} 服务；先停掉它。") from error
    try:
        await upgrade(settings.database)
        async with opened(settings.database) as sessions:
            await _serve(settings, handler, sessions, announce, ticks)
    finally:
        lock.release()


async def _serve(
    settings: Settings,
    handler: Handler,
    sessions: Sessions,
    announce: Callable[[str], None],
    ticks: Sequence[Tick],
) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    chat = WebChat(sessions, settings.files / WEB)
    senders = {WEB: Sender(sessions, chat)}
    transports: dict[str, TelegramTransport | WebChat] = {WEB: chat}
    bot = make_bot(settings) if settings.telegram_token else None
    if bot:
        transports[TELEGRAM] = TelegramTransport(bot)
        limits = Limits(overall=settings.messages_per_second)
        senders[TELEGRAM] = Sender(sessions, transports[TELEGRAM], limits)

    def queued(channel: str) -> None:
        senders[channel].notify()

    worker = Worker(sessions, handler, transports, queued)
    clock = Clock(sessions, ticks, transports, queued)
    chat.received = worker.notify
    app = web.Application()
    app.add_routes([web.get("/health", _health), *chat.routes()])
    house = _keep_house(sessions, settings.files, stopping)
    work: list[Callable[[asyncio.Event], Awaitable[None]]] = [worker.run, clock.run]
    work += [sender.run for sender in senders.values()]
    jobs: list[Awaitable[None]] = [house]
    if bot:
        receiver = TelegramReceiver(bot, sessions, worker.notify, settings.staff)
        polling = _receive(settings, receiver, app)
        if settings.webhook_url:
            jobs.append(polling(stopping))
        else:
            work.append(polling)
    runner = await _listen(settings, app)
    announce(f"网页聊天：http://{settings.web_host}:{settings.web_port}/")
    if not bot:
        announce("没有设置 TELEGRAM_TOKEN，Telegram 未启用。向 @BotFather 申请令牌后写入 .env；")
        announce("现在可以用上面的网页聊天，或另开终端运行 make chat。")
    jobs.append(_lead(settings.database, work, stopping))
    try:
        await _until_stopped(jobs, stopping)
    finally:
        await runner.cleanup()
        if bot:
            await bot.shutdown()


async def _until_stopped(jobs: list[Awaitable[None]], stopping: asyncio.Event) -> None:
    """Runs the jobs; the first that fails stops the others and its error goes on."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    stop = asyncio.ensure_future(stopping.wait())
    running: Any = {*tasks, stop}
    while stop in running and not any(t.done() and t.exception() for t in tasks):
        _, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    _done, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
    for task in late:
        task.cancel()
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()):
            raise error


async def _lead(
    database: str,
    work: Sequence[Callable[[asyncio.Event], Awaitable[None]]],
    stopping: asyncio.Event,
) -> None:
    """Does the work that only one process may do, once this is the one."""
    async with leadership(database, stopping) as over:
        if stopping.is_set():
            return
        ended = asyncio.create_task(_either(stopping, over))
        try:
            await _until_stopped([job(over) for job in work], over)
        finally:
            ended.cancel()


async def _either(first: asyncio.Event, second: asyncio.Event) -> None:
    """Sets the second event when the first is set."""
    await first.wait()
    second.set()


def _receive(
    settings: Settings, receiver: TelegramReceiver, app: web.Application
) -> Callable[[asyncio.Event], Awaitable[None]]:
    """Telegram's updates: by webhook where one is set, else by long polling."""
    if not settings.webhook_url:

        async def poll(stopping: asyncio.Event) -> None:
            await receiver.prepare(None, None)
            await receiver.poll(stopping)

        return poll
    given = settings.webhook_secret
    secret = given.get_secret_value() if given else secrets.token_urlsafe(32)
    app.router.add_post(WEBHOOK_PATH, receiver.webhook(secret))
    url = settings.webhook_url.rstrip("/") + WEBHOOK_PATH

    async def prepare(_stopping: asyncio.Event) -> None:
        await receiver.prepare(url, secret)

    return prepare


async def _listen(settings: Settings, app: web.Application) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.web_host, settings.web_port).start()
    except OSError as error:
        await runner.cleanup()
        raise Problem(
            f"WEB_PORT：{settings.web_host}:{settings.web_port} 不能监听（{error.strerror}）。"
        ) from error
    return runner


async def _keep_house(sessions: Sessions, files: Path, stopping: asyncio.Event) -> None:
    """Deletes what has been done with, once an hour."""
    while not stopping.is_set():
        before = datetime.now(UTC) - KEEP
        async with sessions.begin() as session:
            await inbox.purge(session, before)
            await outbox.purge(session, before)
        await asyncio.to_thread(_delete_files, files, before)
        try:
            await asyncio.wait_for(stopping.wait(), 3600)
        except TimeoutError:
            continue


def _delete_files(folder: Path, before: datetime) -> None:
    for file in folder.glob("*/*/*"):
        if file.stat().st_mtime < before.timestamp():
            file.unlink(missing_ok=True)


async def _health(_request: web.Request) -> web.Response:
    return web.json_response({"ok": True})
