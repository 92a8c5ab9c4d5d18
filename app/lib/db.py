"""Sessions and transactions. Only this module commits.

One request or job is one transaction: `async with database.transaction(workspace=...) as session`.
Raise to roll back, return to keep. What must happen once the rows are there (jobs) is put on the
session with `after_commit`; a rolled-back transaction leaves nothing behind.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from advanced_alchemy.base import DefaultBase
from sqlalchemy import event, make_url, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

__all__ = [
    "Base",
    "Database",
    "HasId",
    "Json",
    "after_commit",
    "enter_workspace",
    "unreachable",
    "uuid7",
]

Json = JSONB(none_as_null=True)
# A process that was frozen (or its machine cut off) in the middle of a transaction would hold its locks for ever.
IDLE_IN_TRANSACTION = "30s"  # shorter than statement_timeout, so that who waits for the locks gets them
_AWAY = ("08", "53", "57P")  # SQLSTATE: the connection broke, no room for one, the server stops or starts


class Base(DefaultBase):
    """Every table. Names follow the class (AccountSnapshot: account_snapshot)."""

    __abstract__ = True


class HasId:
    """A UUIDv7 key: unique everywhere, in the order of creation."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-100)


def _dumps(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class Database:
    """The engine and the one way to a session.

    url: a PostgreSQL URL of the runtime role (no driver needed: "postgresql://...").
    """

    def __init__(self, url: str, *, pool: int = 10, name: str = "sightline") -> None:
        self.engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=pool,
            max_overflow=pool,
            pool_timeout=10,
            pool_pre_ping=True,
            json_serializer=_dumps,
            json_deserializer=msgspec.json.decode,
            connect_args={
                "timeout": 10,
                # jit costs more than it brings on our queries: 1,024 ms -> 258 ms measured on 1.29 M snapshots
                "server_settings": {
                    "jit": "off",
                    "application_name": name,
                    "statement_timeout": "60s",
                    "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
                    "timezone": "UTC",
                },
            },
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def transaction(self, workspace: UUID | None = None) -> AsyncIterator[AsyncSession]:
        """One transaction, committed when the block returns and rolled back when it raises.

        workspace: whose rows are visible; without it only shared facts and the instance's own tables are.
        """
        async with self._sessions() as session:
            async with session.begin():
                if workspace is not None:
                    await enter_workspace(session, workspace)
                yield session
            for call in session.info.pop("after_commit", ()):
                await call()

    async def close(self) -> None:
        await self.engine.dispose()

    def on_statement(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Tell `listener` each SQL statement (tests count them). Returns the way to stop."""

        def heard(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            listener(statement)

        event.listen(self.engine.sync_engine, "before_cursor_execute", heard)
        return lambda: event.remove(self.engine.sync_engine, "before_cursor_execute", heard)


def unreachable(error: BaseException) -> bool:
    """Whether `error` says that the database is away, coming up, going down, or takes no more connections."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return isinstance(error, InterfaceError) or error.connection_invalidated or state.startswith(_AWAY)
    if isinstance(error, FileNotFoundError):
        return error.filename is None  # the server's socket; our own files have names
    return isinstance(error, (PoolTimeout, ConnectionError, TimeoutError))


async def enter_workspace(session: AsyncSession, workspace: UUID) -> None:
    """Show this transaction the rows of `workspace`, and no other's. Row-level security reads the setting."""
    await session.execute(text("select set_config('app.workspace', :id, true)"), {"id": str(workspace)})
    session.info["workspace"] = workspace


def after_commit(session: AsyncSession, call: Callable[[], Awaitable[None]]) -> None:
    """Run `call` once this transaction has committed; never if it rolls back."""
    session.info.setdefault("after_commit", []).append(call)
