"""Writing the audit log and checking that nobody rewrote it."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit.models import AuditEntry
from app.lib.db import uuid7

_FIRST = bytes(32)
_LOCK = 4200003


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, and from where. kind: "user", "key", "system" or "anonymous"; address: an IP address."""

    kind: str
    id: UUID | None = None
    address: str = ""


SYSTEM = Actor("system")


async def record(
    session: AsyncSession,
    actor: Actor,
    action: str,
    *,
    object_kind: str | None = None,
    object_id: UUID | None = None,
    **details: Any,
) -> None:
    """Append one deed to the chain of the transaction's workspace, or to the instance's when it has none.

    details: ids and fixed words, never names, addresses of mail or tokens. Deeds of one chain wait for each other
    until the transaction ends, so record last.
    """
    workspace: UUID | None = session.info.get("workspace")
    # An advisory lock per chain: the next deed must see this one's hash.
    await session.execute(
        text("select pg_advisory_xact_lock(:lock, hashtext(:chain))"), {"lock": _LOCK, "chain": str(workspace)}
    )
    last = (
        await session.execute(
            select(AuditEntry.seq, AuditEntry.hash)
            .where(AuditEntry.workspace_id.is_not_distinct_from(workspace))
            .order_by(AuditEntry.seq.desc())
            .limit(1)
        )
    ).first()
    entry = AuditEntry(
        id=uuid7(),
        workspace_id=workspace,
        seq=last.seq + 1 if last else 1,
        at=datetime.now(UTC),
        actor_kind=actor.kind,
        actor_id=actor.id,
        address=actor.address,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        details=msgspec.to_builtins(details),
        previous=last.hash if last else _FIRST,
        hash=b"",
    )
    entry.hash = _hash(entry)
    session.add(entry)
    await session.flush()


async def broken_at(session: AsyncSession) -> int | None:
    """The number of the first deed in the transaction's chain that was changed, removed or put in; null: none was."""
    workspace: UUID | None = session.info.get("workspace")
    previous, expected = _FIRST, 1
    rows = await session.stream_scalars(
        select(AuditEntry)
        .where(AuditEntry.workspace_id.is_not_distinct_from(workspace))
        .order_by(AuditEntry.seq)
        .execution_options(yield_per=1000)
    )
    async for entry in rows:
        if entry.seq != expected or entry.previous != previous or entry.hash != _hash(entry):
            return expected
        previous, expected = entry.hash, expected + 1
    return None


def _hash(entry: AuditEntry) -> bytes:
    fields = (
        entry.previous,
        entry.id,
        entry.workspace_id,
        entry.seq,
        entry.at,
        entry.actor_kind,
        entry.actor_id,
        entry.address,
        entry.action,
        entry.object_kind,
        entry.object_id,
        entry.details,
    )
    return hashlib.sha256(msgspec.json.encode(fields, order="deterministic")).digest()
