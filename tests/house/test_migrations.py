"""What the migrations make is what the models say."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from app.domain.tables import metadata
from tests.conftest import Urls


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """As db/migrations/env.py has it: not the queue's tables, not the monthly partitions."""
    return not (kind == "table" and name is not None and (name.startswith("saq_") or "_y20" in name))


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "include_object": ours}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def test_nothing_is_left_to_generate(urls: Urls) -> None:
    engine = create_async_engine(make_url(urls.owner).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []
    finally:
        await engine.dispose()
