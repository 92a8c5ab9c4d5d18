"""Creators as pages and the API show them: a name, tags, and the accounts."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.accounts import read as accounts
from app.domain.accounts.read import CREATOR_NAME, AccountRow
from app.domain.errors import NotFound
from app.domain.ports.paging import Listing, Slice


class CreatorRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person or brand and the accounts that are followed. Unlike metrics are never added up."""

    id: UUID
    name: str
    named: bool
    tags: list[str]
    note: str | None
    added_at: datetime
    deleted_at: datetime | None
    accounts: list[AccountRow]

    def followers(self, platform: str) -> int | None:
        """Followers over this creator's accounts of one platform; null when none is known."""
        known = [n for a in self.accounts if a.platform == platform and (n := a.numbers["followers"].value) is not None]
        return sum(known) if known else None


SORTS = {"name": "lower(name)", "added": "added_at", "accounts": "accounts"}

_LIST = f"""
    select c.id, {CREATOR_NAME} as name, c.named, c.tags, c.note, c.added_at, c.deleted_at,
           (select count(*) from tracked_account t where t.creator_id = c.id and t.deleted_at is null) as accounts
    from creator c
"""


async def listing(session: AsyncSession, slice_: Slice, *, q: str = "", tag: str = "") -> Listing[CreatorRow]:
    """Creators of this workspace, the newest first by default, each with its accounts. Three statements."""
    where = "deleted_at is null"
    values: dict[str, object] = {}
    if q:
        where += """ and (name ilike :q or exists (
            select 1 from tracked_account t join account a on a.id = t.account_id
            where t.creator_id = x.id and t.deleted_at is null and (a.handle ilike :q or a.title ilike :q)))"""
        values["q"] = accounts.contains(q)
    if tag:
        where += " and :tag = any(tags)"
        values["tag"] = tag
    total = await session.scalar(text(f"select count(*) from ({_LIST}) x where {where}"), values)
    order = accounts.order_by(slice_, SORTS, "added_at desc")
    rows = (
        await session.execute(
            text(f"select * from ({_LIST}) x where {where} order by {order}, id limit :limit offset :offset"),
            {**values, "limit": slice_.limit, "offset": slice_.offset},
        )
    ).all()
    theirs = await accounts.of_creators(session, [r.id for r in rows])
    items = [
        CreatorRow(
            id=r.id, name=r.name, named=r.named, tags=r.tags, note=r.note, added_at=r.added_at,
            deleted_at=r.deleted_at, accounts=theirs.get(r.id, []),
        )
        for r in rows
    ]  # fmt: skip
    return Listing(total=total or 0, items=items, limit=slice_.limit, offset=slice_.offset)


async def one(session: AsyncSession, creator: UUID) -> CreatorRow:
    """One creator of this workspace. Raises NotFound."""
    r = (await session.execute(text(f"{_LIST} where c.id = :id and c.deleted_at is null"), {"id": creator})).first()
    if r is None:
        raise NotFound
    theirs = await accounts.of_creators(session, [creator])
    return CreatorRow(
        id=r.id, name=r.name, named=r.named, tags=r.tags, note=r.note, added_at=r.added_at, deleted_at=r.deleted_at,
        accounts=theirs.get(creator, []),
    )  # fmt: skip


async def tags(session: AsyncSession) -> list[str]:
    """Every tag in use, the most used first."""
    rows = await session.execute(
        text("""
            select tag from creator, unnest(tags) as tag where deleted_at is null
            group by tag order by count(*) desc, tag limit 100
        """)
    )
    return [r.tag for r in rows]
