"""Work of a command on the database: upgraded, in one transaction, mistakes in one clear line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.problem import Problem
from handlers.casework import CaseError
from store import schema
from store.database import opened

Result = TypeVar("Result")


async def upgrade(database: str) -> None:
    """Brings the database to the current schema.

    Raises:
        Problem: it cannot be used.
    """
    try:
        await schema.upgrade(database)
    except (SQLAlchemyError, OSError) as error:
        raise Problem(f"DATABASE_URL：数据库不能用（{type(error).__name__}）。") from error


def in_transaction(database: str, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """Does the work, all of it or none.

    Raises:
        Problem: the database cannot be used, or the work cannot be done.
    """

    async def inside() -> Result:
        await upgrade(database)
        async with opened(database) as sessions, sessions.begin() as session:
            return await work(session)

    try:
        return asyncio.run(inside())
    except CaseError as error:
        raise Problem(str(error)) from error
