"""A write under a key is done once: sent again, it is answered as it was the first time.

The key is taken in the write's own transaction: a write that fails leaves no key behind and may be tried again,
and a second request that comes while the first is still being done waits for it.
"""

from hashlib import sha256
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import N_, Invalid

KEPT_HOURS = 24
FIELD = "Idempotency-Key"


class Answer(msgspec.Struct, frozen=True):
    """What a client was told. body: as it was sent."""

    status: int
    body: bytes
    location: str | None = None


_TAKE = text(f"""
    insert into idempotency_key as k (workspace_id, key, method, path, request_hash, created_at)
    values (:workspace, :key, :method, :path, :hash, clock_timestamp())
    on conflict (workspace_id, key) do update set
        method = excluded.method, path = excluded.path, request_hash = excluded.request_hash,
        created_at = excluded.created_at, status = null, body = null, location = null
    where k.created_at < clock_timestamp() - interval '{KEPT_HOURS} hours'
    returning key
""")


async def take(
    session: AsyncSession, *, workspace: UUID, key: str, method: str, path: str, body: bytes
) -> Answer | None:
    """Take `key` for this write, or say what was answered to the same write before.

    path: with its query. Raises Invalid when the key was used for another request within the last 24 hours.
    """
    hash_ = sha256(body).digest()
    ours = await session.scalar(
        _TAKE, {"workspace": workspace, "key": key, "method": method, "path": path, "hash": hash_}
    )
    if ours is not None:
        return None
    row = (
        await session.execute(
            text("select method, path, request_hash, status, body, location from idempotency_key where key = :key"),
            {"key": key},
        )
    ).one()
    if (row.method, row.path, bytes(row.request_hash)) != (method, path, hash_):
        raise Invalid({FIELD: N_("This key was used for another request. Use a new key for each write.")})
    return Answer(row.status, bytes(row.body), row.location)


async def keep(session: AsyncSession, key: str, answer: Answer) -> None:
    """Store the answer to the write that took `key` in this transaction."""
    await session.execute(
        text("update idempotency_key set status = :status, body = :body, location = :location where key = :key"),
        {"key": key, "status": answer.status, "body": answer.body, "location": answer.location},
    )


async def forget(session: AsyncSession) -> None:
    """Drop the keys of every workspace that are older than 24 hours."""
    await session.execute(text("select forget_idempotency_keys(:hours)"), {"hours": KEPT_HOURS})
