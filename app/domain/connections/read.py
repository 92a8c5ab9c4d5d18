"""What the connections page and the API show of connections. Never a secret."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.connections.service import WARN
from app.lib import clock


class ConnectionRow(msgspec.Struct, frozen=True, kw_only=True):
    """state: active, reconnect, revoked. expires_at: when the grant as a whole ends, null where nobody says.

    expiring: it ends within 7 days and nothing renews it. reading: due, running, or null when it opens no account.
    """

    id: UUID
    provider: str
    kind: str
    title: str
    handle: str | None
    platform: str | None
    external_id: str | None
    account_id: UUID | None
    scopes: list[str]
    state: str
    expires_at: datetime | None
    expiring: bool
    refreshed_at: datetime | None
    connected_at: datetime
    connected_by: str | None
    last_success_at: datetime | None
    error_kind: str | None
    error: str | None
    error_params: dict[str, Any] | None
    error_at: datetime | None
    reading: str | None
    next_reading_at: datetime | None


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that is being made, or could not be: state due, running, failed."""

    id: UUID
    provider: str
    state: str
    error_kind: str | None
    error: str | None
    error_params: dict[str, Any] | None


_ROWS = """
    select c.id, c.provider, c.kind, c.title, c.handle, c.platform, c.external_id, c.account_id, c.scopes, c.state,
           c.expires_at, c.refresh_expires_at, c.refreshed_at, c.connected_at, u.name as connected_by,
           c.last_success_at, c.error_kind, c.error, c.error_params, c.error_at,
           r.state as reading, r.due_at as next_reading_at
    from connection c
    left join app_user u on u.id = c.connected_by
    left join connection_reading r on r.connection_id = c.id
"""


async def connections(session: AsyncSession) -> list[ConnectionRow]:
    """The workspace's connections that are not given back, by provider."""
    rows = await session.execute(text(f"{_ROWS} where c.state <> 'revoked' order by c.provider, c.title, c.id"))
    return [_row(dict(row)) for row in rows.mappings()]


async def connection(session: AsyncSession, key: UUID) -> ConnectionRow | None:
    """One of them."""
    row = (await session.execute(text(f"{_ROWS} where c.id = :key and c.state <> 'revoked'"), {"key": key})).mappings()
    found = row.first()
    return _row(dict(found)) if found else None


async def attempts(session: AsyncSession) -> list[AttemptRow]:
    """Of the last ten minutes, the newest first: those under way, and those that failed."""
    rows = await session.execute(
        text("""
            select distinct on (provider) id, provider, state, error_kind, error, error_params from connect_attempt
            where opened_at > clock_timestamp() - interval '10 minutes' and state not in ('open')
            order by provider, opened_at desc
        """)
    )
    return [AttemptRow(**row) for row in rows.mappings() if row["state"] != "done"]


async def names(session: AsyncSession) -> list[str]:
    """Providers of which the workspace has a working connection."""
    rows = await session.scalars(text("select distinct provider from connection where state = 'active'"))
    return list(rows)


def _row(row: dict[str, Any]) -> ConnectionRow:
    whole = row.pop("refresh_expires_at")
    # A token that a refresh renews says nothing about the grant's end; one that nothing renews is the grant.
    ends = whole or (row["expires_at"] if row["kind"] != "oauth" or row["provider"] == "meta" else None)
    row["expires_at"] = ends
    return ConnectionRow(**row, expiring=ends is not None and ends <= clock.now() + WARN)
