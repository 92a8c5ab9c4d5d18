"""Accounts as pages and the API show them. Every query starts from this workspace's own tracking."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.domain.metrics.read import Numbers, numbers
from app.domain.ports.paging import Listing, Slice
from app.domain.ports.values import ACCOUNT_METRICS

METRICS = tuple(m.value for m in ACCOUNT_METRICS)


class Work(msgspec.Struct, frozen=True):
    """How an account's reading stands.

    state: due, running, off, done. cadence_hours: what is really done, the fastest among all who follow it.
    error: msgid of the last failure, null after a good reading.
    """

    state: str
    due_at: datetime | None
    next_full_at: datetime | None
    cadence_hours: float
    attempts: int
    error_kind: str | None
    error: str | None
    error_params: dict[str, Any]


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """One account that this workspace follows. cadence_hours: this workspace's own wish, null for its default."""

    id: UUID
    platform: str
    external_id: str | None
    handle: str | None
    title: str
    url: str
    image_id: UUID | None
    state: str
    state_since: datetime | None
    own: bool
    enabled: bool
    cadence_hours: float | None
    added_at: datetime
    deleted_at: datetime | None
    first_seen_at: datetime
    created_at: datetime | None
    description: str | None
    country: str | None
    creator_id: UUID
    creator_name: str
    tags: list[str]
    numbers: Numbers
    work: Work | None

    @property
    def read_at(self) -> datetime | None:
        return self.numbers.origin.observed_at if self.numbers.origin else None

    @property
    def collecting(self) -> bool:
        return self.work is not None and self.work.state == "running"


# A creator that nobody named carries the title of the first account.
CREATOR_NAME = """
    case when c.named then c.name else coalesce(
        (select fa.title from tracked_account ft join account fa on fa.id = ft.account_id
         where ft.creator_id = c.id and ft.deleted_at is null order by ft.added_at limit 1), c.name) end
"""

_COLUMNS = f"""
    a.id, a.platform, a.external_id, a.handle, a.title, a.url, a.image_id, a.state, a.state_since, a.first_seen_at,
    a.created_at, a.description, a.country,
    t.own, t.enabled, t.cadence_hours, t.added_at, t.deleted_at, t.creator_id, {CREATOR_NAME} as creator_name, c.tags,
    w.state as w_state, w.due_at as w_due_at, w.next_full_at as w_next_full_at, w.cadence_hours as w_cadence_hours,
    w.attempts as w_attempts, w.error_kind as w_error_kind, w.error as w_error,
    case when w.error is not null then
        (select r.error_params from collection_run r where r.account_id = a.id and r.error = w.error
         order by r.started_at desc limit 1)
    end as w_error_params,
    l.observed_at as n_observed_at, l.recorded_at as n_recorded_at, l.source as n_source, l.collector as n_collector,
    l.run_id as n_run_id, l.missing as n_missing, {", ".join(f"l.{m} as n_{m}" for m in METRICS)}
"""

_FROM = """
    from tracked_account t
    join account a on a.id = t.account_id
    join creator c on c.id = t.creator_id
    left join collection w on w.account_id = a.id
    left join account_latest l on l.account_id = a.id and l.workspace_id is null
"""

SORTS = {
    "title": "lower(a.title)",
    "platform": "a.platform",
    "added": "t.added_at",
    "read": "l.observed_at",
    **{m: f"l.{m}" for m in METRICS},
}


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of accounts is narrowed to. q: in title, handle or creator's name. status: on, off, gone, failing."""

    q: str = ""
    platform: str = ""
    status: str = ""
    own: bool | None = None
    creator: UUID | None = None
    tag: str = ""
    account: UUID | None = None


def _where(wanted: Filter) -> tuple[str, dict[str, Any]]:
    clauses: list[str] = ["t.deleted_at is null"]
    values: dict[str, Any] = {}
    if wanted.q:
        clauses.append("(a.title ilike :q or a.handle ilike :q or c.name ilike :q)")
        values["q"] = contains(wanted.q)
    if wanted.platform:
        clauses.append("a.platform = :platform")
        values["platform"] = wanted.platform
    if wanted.own is not None:
        clauses.append("t.own = :own")
        values["own"] = wanted.own
    if wanted.creator is not None:
        clauses.append("t.creator_id = :creator")
        values["creator"] = wanted.creator
    if wanted.account is not None:
        clauses.append("a.id = :account")
        values["account"] = wanted.account
    if wanted.tag:
        clauses.append(":tag = any(c.tags)")
        values["tag"] = wanted.tag
    match wanted.status:
        case "on":
            clauses.append("t.enabled")
        case "off":
            clauses.append("not t.enabled")
        case "gone":
            clauses.append("a.state = 'gone'")
        case "failing":
            clauses.append("w.error is not null")
    return " and ".join(clauses), values


def contains(words: str) -> str:
    """An ILIKE pattern for a text that contains `words`, taken literally."""
    escaped = words.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def order_by(slice_: Slice, sorts: dict[str, str], default: str) -> str:
    """ORDER BY of a whitelisted column, nulls last either way; the id makes the order stable."""
    expression = sorts.get(slice_.column)
    if expression is None:
        return default
    return f"{expression} {'desc' if slice_.descending else 'asc'} nulls last"


async def listing(session: AsyncSession, wanted: Filter, slice_: Slice) -> Listing[AccountRow]:
    """Accounts that this workspace follows. Two statements, however many rows."""
    where, values = _where(wanted)
    total = await session.scalar(text(f"select count(*) {_FROM} where {where}"), values)
    order = order_by(slice_, SORTS, "t.added_at desc")
    rows = await session.execute(
        text(f"select {_COLUMNS} {_FROM} where {where} order by {order}, a.id limit :limit offset :offset"),
        {**values, "limit": slice_.limit, "offset": slice_.offset},
    )
    return Listing(total=total or 0, items=[_row(r) for r in rows], limit=slice_.limit, offset=slice_.offset)


async def ids(session: AsyncSession, wanted: Filter) -> list[UUID]:
    """All accounts that a filter leaves. One statement."""
    where, values = _where(wanted)
    return list(await session.scalars(text(f"select a.id {_FROM} where {where}"), values))


async def one(session: AsyncSession, account: UUID, *, deleted: bool = False) -> AccountRow:
    """One account that this workspace follows. Raises NotFound. deleted: also one that was removed."""
    where = "a.id = :id" + ("" if deleted else " and t.deleted_at is null")
    row = (await session.execute(text(f"select {_COLUMNS} {_FROM} where {where}"), {"id": account})).first()
    if row is None:
        raise NotFound
    return _row(row)


async def merged_into(session: AsyncSession, account: UUID) -> UUID | None:
    """The account that `account` turned out to be, when the two were merged."""
    kept: UUID | None = await session.scalar(text("select merged_into from account where id = :id"), {"id": account})
    return kept


async def follows(session: AsyncSession, account: UUID) -> bool:
    """Whether this workspace follows the account."""
    found = await session.scalar(
        text("select true from tracked_account where account_id = :id and deleted_at is null"), {"id": account}
    )
    return found is True


async def of_creators(session: AsyncSession, creators: list[UUID]) -> dict[UUID, list[AccountRow]]:
    """The followed accounts of each creator, in the order they were added. One statement."""
    found: dict[UUID, list[AccountRow]] = {}
    if creators:
        rows = await session.execute(
            text(
                f"select {_COLUMNS} {_FROM} where t.deleted_at is null and t.creator_id = any(:creators) "
                "order by t.added_at, a.id"
            ),
            {"creators": creators},
        )
        for r in rows:
            found.setdefault(r.creator_id, []).append(_row(r))
    return found


class HandleSpan(msgspec.Struct, frozen=True):
    handle: str
    seen_from: datetime
    seen_to: datetime | None


async def handles(session: AsyncSession, account: UUID) -> list[HandleSpan]:
    """Every handle the account was seen under, the newest first."""
    rows = await session.execute(
        text("select handle, seen_from, seen_to from account_handle where account_id = :id order by seen_from desc"),
        {"id": account},
    )
    return [HandleSpan(r.handle, r.seen_from, r.seen_to) for r in rows]


async def count(session: AsyncSession) -> int:
    """How many accounts this workspace follows."""
    return int(await session.scalar(text("select count(*) from tracked_account where deleted_at is null")) or 0)


def _row(r: Any) -> AccountRow:
    work = None
    if r.w_state is not None:
        work = Work(
            r.w_state,
            r.w_due_at,
            r.w_next_full_at,
            r.w_cadence_hours,
            r.w_attempts,
            r.w_error_kind,
            r.w_error,
            r.w_error_params or {},
        )
    return AccountRow(
        id=r.id,
        platform=r.platform,
        external_id=r.external_id,
        handle=r.handle,
        title=r.title,
        url=r.url,
        image_id=r.image_id,
        state=r.state,
        state_since=r.state_since,
        own=r.own,
        enabled=r.enabled,
        cadence_hours=r.cadence_hours,
        added_at=r.added_at,
        deleted_at=r.deleted_at,
        first_seen_at=r.first_seen_at,
        created_at=r.created_at,
        description=r.description,
        country=r.country,
        creator_id=r.creator_id,
        creator_name=r.creator_name,
        tags=r.tags,
        numbers=numbers(r, METRICS),
        work=work,
    )
