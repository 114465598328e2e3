"""A database of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store import schema
from store.database import Sessions, opened


@pytest.fixture
async def sessions(tmp_path: Path) -> AsyncIterator[Sessions]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"
    await schema.upgrade(url)
    async with opened(url) as factory:
        yield factory
