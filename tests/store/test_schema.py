"""The migrations make the tables that the models describe, on either database."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from store import schema
from store.database import create_engine
from store.models import Base


async def test_migrations_and_models_agree(database: str) -> None:
    await schema.upgrade(database)
    await schema.upgrade(database)
    engine = create_engine(database)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, Base.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
