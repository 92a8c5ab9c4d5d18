"""Rows that are work: accepted once, finished or scheduled again, whatever dies in between.

A row is claimed with a lease and a fencing token. Whoever holds the lease keeps it alive; whoever
lost it (its process was paused, or killed and the row claimed again) can no longer finish it,
because the token has moved on. Leases use the database's wall clock, due times `lib/clock`.
"""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Integer, String, Text, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

LEASE_SECONDS = 60
HEARTBEAT_SECONDS = 15


class Lost(Exception):
    """The lease went to somebody else: stop, and write nothing."""


class WorkMixin:
    """Columns of a row that is work. state: "due" (waits for due_at), "running" (leased), "done", "off"."""

    state: Mapped[str] = mapped_column(String(16), default="due")
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    fence: Mapped[int] = mapped_column(BigInteger, default=0)
    error_kind: Mapped[str | None] = mapped_column(String(24), default=None)
    error: Mapped[str | None] = mapped_column(Text, default=None)

    work_key: ClassVar[str] = "id"


def _key(model: type[Any]) -> InstrumentedAttribute[UUID]:
    attribute: InstrumentedAttribute[UUID] = getattr(model, model.work_key)
    return attribute


def _lease() -> Any:
    return func.clock_timestamp() + text(f"interval '{LEASE_SECONDS} seconds'")


async def due(session: AsyncSession, model: type[Any], *, now: datetime, limit: int) -> list[UUID]:
    """Keys of rows to work on: due by `now`, or running with a lease that ran out. Oldest first."""
    claimable = or_(
        (model.state == "due") & (model.due_at <= now),
        (model.state == "running") & (model.lease_until < func.clock_timestamp()),
    )
    rows = await session.scalars(select(_key(model)).where(claimable).order_by(model.due_at).limit(limit))
    return list(rows)


async def claim(session: AsyncSession, model: type[Any], key: UUID, *, now: datetime) -> int | None:
    """Take one row, if it is due or abandoned and nobody else is taking it. Returns its fence, or None."""
    row = (
        await session.execute(
            select(model.fence)
            .where(
                _key(model) == key,
                or_(
                    (model.state == "due") & (model.due_at <= now),
                    (model.state == "running") & (model.lease_until < func.clock_timestamp()),
                ),
            )
            .with_for_update(skip_locked=True)
        )
    ).first()
    if row is None:
        return None
    fence = int(row[0]) + 1
    await session.execute(
        update(model)
        .where(_key(model) == key)
        .values(state="running", fence=fence, attempts=model.attempts + 1, lease_until=_lease())
    )
    return fence


async def heartbeat(session: AsyncSession, model: type[Any], key: UUID, fence: int) -> None:
    """Keep the lease alive. Raises Lost when it is no longer ours."""
    await _fenced(session, model, key, fence, lease_until=_lease())


async def finish(session: AsyncSession, model: type[Any], key: UUID, fence: int, **values: Any) -> None:
    """Write the outcome (state, due_at, ...) and give the lease back. Raises Lost when it is no longer ours."""
    await _fenced(session, model, key, fence, lease_until=None, **values)


async def _fenced(session: AsyncSession, model: type[Any], key: UUID, fence: int, **values: Any) -> None:
    result = await session.execute(
        update(model)
        .where(_key(model) == key, model.fence == fence, model.state == "running")
        .values(**values)
        .returning(_key(model))
    )
    if result.first() is None:
        raise Lost(f"{model.__tablename__} {key}: lease with fence {fence} is gone")
