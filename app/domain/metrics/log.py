"""Snapshots one by one, as they were stored: the newest first, a slice at a time.

A slice of a window costs about its own rows, however long the history before it is; counting costs the window.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.metrics.read import Point
from app.domain.ports.paging import Listing
from app.domain.ports.values import ACCOUNT_METRICS, POST_METRICS


class AccountPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One observation of an account. A null metric has its reason in `missing`, by the metric's name.

    source, collector, run_id: who read it, with which version, in which run.
    """

    account_id: UUID
    platform: str
    observed_at: datetime
    recorded_at: datetime
    source: str
    collector: str
    run_id: UUID | None
    followers: int | None
    following: int | None
    posts: int | None
    views: int | None
    likes: int | None
    monthly_views: int | None
    missing: dict[str, str]


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Which accounts, and when they were observed: from `since` up to, not including, `until`."""

    since: datetime
    until: datetime
    account: UUID | None = None
    platform: str | None = None


_NAMES = ", ".join(f"s.{m.value}" for m in ACCOUNT_METRICS)
_POST_NAMES = tuple(m.value for m in POST_METRICS)
_SINCE = "observed_at >= :since and observed_at < :until"


async def of_accounts(session: AsyncSession, window: Window, *, limit: int, offset: int) -> Listing[AccountPoint]:
    """Observations of the accounts that this workspace follows. Two statements."""
    where = "t.deleted_at is null"
    values: dict[str, Any] = {"since": window.since, "until": window.until}
    if window.account is not None:
        where += " and t.account_id = :account"
        values["account"] = window.account
    if window.platform is not None:
        where += " and a.platform = :platform"
        values["platform"] = window.platform
    followed = f"tracked_account t join account a on a.id = t.account_id and {where}"
    total = await session.scalar(
        text(f"select count(*) from {followed} join account_snapshot s on s.account_id = a.id and {_SINCE}"),
        values,
    )
    # Each account gives its newest rows from the index; what is sorted is those, not the whole window.
    rows = await session.execute(
        text(f"""
            select a.id as account_id, a.platform, s.observed_at, s.recorded_at, s.source, s.collector, s.run_id,
                   s.missing, {_NAMES}
            from {followed}
            cross join lateral (
                select * from account_snapshot where account_id = a.id and {_SINCE}
                order by observed_at desc, source, workspace_id limit :most
            ) s
            order by s.observed_at desc, a.id, s.source, s.workspace_id limit :limit offset :offset
        """),
        {**values, "most": offset + limit, "limit": limit, "offset": offset},
    )
    items = [AccountPoint(**{**r._mapping, "missing": r.missing or {}}) for r in rows]
    return Listing(total=total or 0, items=items, limit=limit, offset=offset)


async def of_post(
    session: AsyncSession, post: UUID, since: datetime | None, until: datetime | None, *, limit: int, offset: int
) -> Listing[Point]:
    """Observations of one post, which the caller has found to be this workspace's to see. Two statements."""
    where = "post_id = :post"
    values: dict[str, Any] = {"post": post}
    for name, moment, sign in (("since", since, ">="), ("until", until, "<")):
        if moment is not None:
            where += f" and observed_at {sign} :{name}"
            values[name] = moment
    total = await session.scalar(text(f"select count(*) from post_snapshot where {where}"), values)
    rows = await session.execute(
        text(f"""
            select observed_at, recorded_at, source, collector, run_id, missing, {", ".join(_POST_NAMES)}
            from post_snapshot where {where}
            order by observed_at desc, source, workspace_id limit :limit offset :offset
        """),
        {**values, "limit": limit, "offset": offset},
    )
    items = [
        Point(
            r.observed_at, r.recorded_at, r.source, r.collector, r.run_id,
            {m: getattr(r, m) for m in _POST_NAMES}, r.missing or {},
        )
        for r in rows
    ]  # fmt: skip
    return Listing(total=total or 0, items=items, limit=limit, offset=offset)
