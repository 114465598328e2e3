"""What many tests share: the real knowledge with the real model, opened once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

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


@pytest.fixture
async def sessions(tmp_path: Path) -> AsyncIterator[Sessions]:
    """A database of its own for each test."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"
    await schema.upgrade(url)
    async with opened(url) as factory:
        yield factory
