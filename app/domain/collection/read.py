"""Collection runs as the log shows them, and how the whole stands right now."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.domain.ports.paging import Listing, Slice


class Tried(msgspec.Struct, frozen=True):
    """A source that did not answer, or a post that could not be read, with the reason: msgid and params."""

    source: str
    kind: str
    message: str
    params: dict[str, Any] = {}
    post: str | None = None


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run. status: running, success, partial, error, blocked, limited, skipped. took_ms: wall clock."""

    id: UUID
    account_id: UUID
    platform: str
    account_title: str
    account_handle: str | None
    trigger: str
    scope: str
    status: str
    step: str
    started_at: datetime
    finished_at: datetime | None
    took_ms: int | None
    source: str | None
    collector: str | None
    tried: list[Tried]
    posts_planned: int | None
    posts_read: int
    posts_new: int
    posts_gone: int
    posts_unread: int
    quota_units: int
    error_kind: str | None
    error: str | None
    error_params: dict[str, Any]
    retry_at: datetime | None


_COLUMNS = """
    r.id, r.account_id, a.platform, a.title as account_title, a.handle as account_handle, r.trigger, r.scope, r.status,
    r.step, r.started_at, r.finished_at, r.took_ms, r.source, r.collector, r.tried, r.posts_planned, r.posts_read,
    r.posts_new, r.posts_gone, r.posts_unread, r.quota_units, r.error_kind, r.error, r.error_params, r.retry_at
"""
# Runs are shared facts; a workspace sees those of the accounts it follows.
_FROM = """
    from collection_run r
    join account a on a.id = r.account_id
    join tracked_account t on t.account_id = r.account_id and t.deleted_at is null
"""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What the log is narrowed to."""

    account: UUID | None = None
    platform: str = ""
    status: str = ""


def _where(wanted: Filter) -> tuple[str, dict[str, Any]]:
    clauses, values = ["true"], {}
    for name, clause in (
        ("account", "r.account_id = :account"),
        ("platform", "a.platform = :platform"),
        ("status", "r.status = :status"),
    ):
        if value := getattr(wanted, name):
            clauses.append(clause)
            values[name] = value
    return " and ".join(clauses), values


async def listing(session: AsyncSession, wanted: Filter, slice_: Slice) -> Listing[RunRow]:
    """The newest runs first. Two statements. total counts at most 10,000: a log need not be counted to its end."""
    where, values = _where(wanted)
    total = await session.scalar(
        text(f"select count(*) from (select 1 {_FROM} where {where} limit 10000) newest"),
        values,
    )
    rows = await session.execute(
        text(f"select {_COLUMNS} {_FROM} where {where} order by r.started_at desc, r.id limit :limit offset :offset"),
        {**values, "limit": slice_.limit, "offset": slice_.offset},
    )
    return Listing(total=total or 0, items=[_row(r) for r in rows], limit=slice_.limit, offset=slice_.offset)


async def newest(session: AsyncSession, slice_: Slice, account: UUID | None = None) -> list[RunRow]:
    """The newest runs, uncounted: for feeds. One statement."""
    where, values = _where(Filter(account=account))
    rows = await session.execute(
        text(f"select {_COLUMNS} {_FROM} where {where} order by r.started_at desc, r.id limit :limit"),
        {**values, "limit": slice_.limit},
    )
    return [_row(r) for r in rows]


async def one(session: AsyncSession, run: UUID) -> RunRow:
    """One run of an account that this workspace follows. Raises NotFound."""
    row = (await session.execute(text(f"select {_COLUMNS} {_FROM} where r.id = :id"), {"id": run})).first()
    if row is None:
        raise NotFound
    return _row(row)


class Status(msgspec.Struct, frozen=True):
    """How collection stands for this workspace. last_finished_at: of any of its accounts."""

    accounts: int
    running: int
    waiting: int
    off: int
    failing: int
    posts_read_running: int
    posts_planned_running: int
    last_finished_at: datetime | None
    next_due_at: datetime | None
    errors: list[RunRow]


async def status(
    session: AsyncSession, now: datetime, *, account: UUID | None = None, creator: UUID | None = None
) -> Status:
    """Running, progress, errors, of everything or of one account or creator: two statements."""
    where, values = "t.deleted_at is null", {}
    for name, value in (("account", account), ("creator", creator)):
        if value is not None:
            where += f" and t.{name}_id = :{name}"
            values[name] = value
    row = (
        await session.execute(
            text(f"""
                select count(*) as accounts, count(*) filter (where w.state = 'running') as running,
                       count(*) filter (where w.state = 'due' and w.due_at <= :now) as waiting,
                       count(*) filter (where w.state = 'off' or w.state is null) as off,
                       count(*) filter (where w.error is not null) as failing,
                       min(w.due_at) filter (where w.state = 'due') as next_due_at,
                       max(l.finished_at) as last_finished_at,
                       coalesce(sum(o.posts_read), 0)::bigint as posts_read,
                       coalesce(sum(o.posts_planned), 0)::bigint as posts_planned
                from tracked_account t
                left join collection w on w.account_id = t.account_id
                left join lateral (select finished_at from collection_run r
                                   where r.account_id = t.account_id and r.finished_at is not null
                                   order by r.started_at desc limit 1) l on true
                left join collection_run o on o.account_id = t.account_id and o.status = 'running'
                where {where}
            """),
            {**values, "now": now},
        )
    ).one()
    failing = await session.execute(
        text(f"""
            select distinct on (r.account_id) {_COLUMNS} {_FROM}
            join collection w on w.account_id = r.account_id and w.error is not null
            where r.finished_at is not null order by r.account_id, r.started_at desc limit 50
        """)
    )
    return Status(
        row.accounts,
        row.running,
        row.waiting,
        row.off,
        row.failing,
        row.posts_read,
        row.posts_planned,
        row.last_finished_at,
        row.next_due_at,
        [_row(r) for r in failing],
    )


def _row(r: Any) -> RunRow:
    values = {name: getattr(r, name) for name in RunRow.__struct_fields__}
    values["tried"] = [Tried(**entry) for entry in r.tried or []]
    values["error_params"] = r.error_params or {}
    return RunRow(**values)
