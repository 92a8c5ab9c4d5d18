"""The audit log as its readers see it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit.models import AuditEntry
from app.domain.ports.paging import Listing, Slice


class Deed(msgspec.Struct, frozen=True):
    """actor: the person's name as it is today; "" for a key, the system, or somebody who is gone."""

    seq: int
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor: str
    address: str
    action: str
    object_kind: str | None
    object_id: UUID | None
    details: dict[str, Any]


async def listing(session: AsyncSession, slice_: Slice) -> Listing[Deed]:
    """Deeds of the transaction's workspace, the latest first."""
    workspace = session.info.get("workspace")
    mine = AuditEntry.workspace_id.is_not_distinct_from(workspace)
    total = await session.scalar(select(func.coalesce(func.max(AuditEntry.seq), 0)).where(mine))
    rows = list(
        await session.scalars(
            select(AuditEntry).where(mine).order_by(AuditEntry.seq.desc()).limit(slice_.limit).offset(slice_.offset)
        )
    )
    people = {row.actor_id for row in rows if row.actor_kind == "user"}
    # By table name: the log stands below identity and does not import it.
    found = await session.execute(text("select id, name from app_user where id = any(:ids)"), {"ids": list(people)})
    names = {person.id: person.name for person in found}
    items = [
        Deed(
            seq=row.seq,
            at=row.at,
            actor_kind=row.actor_kind,
            actor_id=row.actor_id,
            actor=names.get(row.actor_id, ""),
            address=row.address,
            action=row.action,
            object_kind=row.object_kind,
            object_id=row.object_id,
            details=row.details,
        )
        for row in rows
    ]
    return Listing(total=total or 0, items=items, limit=slice_.limit, offset=slice_.offset)
