"""One process at a time works on a database: answers, sends, keeps the clock.

Others receive, and take over when it is gone. On PostgreSQL an advisory lock says who; on SQLite a
lock file beside the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.problem import Problem
from store.database import create_engine

KEY = 7_117_019
PACE = 1.0


@asynccontextmanager
async def leadership(url: str, stopping: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """Waits until this process may work, or is to stop; the event is set when it must stop working.

    Raises:
        Problem: the lock was lost (the database went away): another process may be at work.
    """
    over = asyncio.Event()
    if make_url(url).get_backend_name() == "sqlite":
        lock = FileLock(f"{Path(make_url(url).database or 'bot.db')}.lock")
        while not stopping.is_set():
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:
                await _pause(stopping)
        try:
            yield over
        finally:
            lock.release()
        return
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            while not stopping.is_set() and not await _won(connection):
                await _pause(stopping)
            keeping = asyncio.create_task(_keep(connection, over))
            try:
                yield over
            finally:
                keeping.cancel()
            if over.is_set() and not stopping.is_set():
                raise Problem("和数据库的连接断了，已停止工作，以免和另一个进程重复。")
    finally:
        await engine.dispose()


async def _won(connection: AsyncConnection) -> bool:
    found = await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY})
    await connection.commit()
    return bool(found)


async def _keep(connection: AsyncConnection, over: asyncio.Event) -> None:
    """Looks whether the connection that holds the lock still stands."""
    while True:
        await asyncio.sleep(PACE)
        try:
            await connection.execute(text("SELECT 1"))
            await connection.commit()
        except (SQLAlchemyError, OSError):
            over.set()
            return


async def _pause(stopping: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), PACE)
    except TimeoutError:
        return
