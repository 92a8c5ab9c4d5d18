"""Posts as pages and the API show them: newest numbers, rates on a named denominator, one post's curve."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.domain.metrics.catalogue import engagement_sql
from app.domain.metrics.read import Numbers, numbers
from app.domain.ports.paging import Listing, Slice
from app.domain.ports.values import POST_METRICS

METRICS = tuple(m.value for m in POST_METRICS)


class PostRow(msgspec.Struct, frozen=True, kw_only=True):
    """One post with its newest numbers.

    erv: engagement / views of this post, null when either is missing or there are no views.
    views_per_hour: views / age, the whole life's average.
    """

    id: UUID
    account_id: UUID
    platform: str
    account_title: str
    account_handle: str | None
    external_id: str
    url: str
    title: str
    format: str
    state: str
    state_since: datetime | None
    published_at: datetime | None
    duration: int | None
    image_id: UUID | None
    first_seen_at: datetime
    next_read_at: datetime | None
    numbers: Numbers
    engagement: int | None
    erv: float | None
    views_per_hour: float | None

    @property
    def read_at(self) -> datetime | None:
        return self.numbers.origin.observed_at if self.numbers.origin else None


_ENGAGEMENT = engagement_sql("a.platform", "l")
_AGE_HOURS = "(extract(epoch from l.observed_at - p.published_at) / 3600)"
_ERV = f"case when l.views > 0 then {_ENGAGEMENT}::float8 / l.views end"
_PER_HOUR = f"case when {_AGE_HOURS} > 0 then l.views / {_AGE_HOURS}::float8 end"

_COLUMNS = f"""
    p.id, p.account_id, a.platform, a.title as account_title, a.handle as account_handle, p.external_id, p.url, p.title,
    p.format, p.state, p.state_since, p.published_at, p.duration, p.image_id, p.first_seen_at, p.next_read_at,
    {_ENGAGEMENT} as engagement, {_ERV} as erv, {_PER_HOUR} as views_per_hour,
    l.observed_at as n_observed_at, l.recorded_at as n_recorded_at, l.source as n_source, l.collector as n_collector,
    l.run_id as n_run_id, l.missing as n_missing, {", ".join(f"l.{m} as n_{m}" for m in METRICS)}
"""

_FROM = """
    from tracked_account t
    join account a on a.id = t.account_id
    join post p on p.account_id = a.id
    left join post_latest l on l.post_id = p.id and l.workspace_id is not distinct from p.workspace_id
"""

SORTS = {
    "published": "p.published_at",
    "title": "lower(p.title)",
    "duration": "p.duration",
    "erv": _ERV,
    "engagement": _ENGAGEMENT,
    "views_per_hour": _PER_HOUR,
    **{m: f"l.{m}" for m in METRICS},
}


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a table of posts is narrowed to. since/until: of publication. q: in the title."""

    q: str = ""
    platform: str = ""
    account: UUID | None = None
    format: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None
    creator: UUID | None = None


def _where(wanted: Filter) -> tuple[str, dict[str, Any]]:
    clauses: list[str] = ["t.deleted_at is null"]
    values: dict[str, Any] = {}
    for name, clause in (
        ("platform", "a.platform = :platform"),
        ("account", "p.account_id = :account"),
        ("creator", "t.creator_id = :creator"),
        ("format", "p.format = :format"),
        ("state", "p.state = :state"),
        ("since", "p.published_at >= :since"),
        ("until", "p.published_at < :until"),
    ):
        value = getattr(wanted, name)
        if value:
            clauses.append(clause)
            values[name] = value
    if wanted.q:
        clauses.append("p.title ilike :q")
        escaped = wanted.q.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["q"] = f"%{escaped}%"
    return " and ".join(clauses), values


async def listing(session: AsyncSession, wanted: Filter, slice_: Slice) -> Listing[PostRow]:
    """Posts of the accounts that this workspace follows, newest first by default. Two statements."""
    where, values = _where(wanted)
    total = await session.scalar(text(f"select count(*) {_FROM} where {where}"), values)
    expression = SORTS.get(slice_.column, "p.published_at")
    direction = "desc" if slice_.descending or slice_.column not in SORTS else "asc"
    rows = await session.execute(
        text(
            f"select {_COLUMNS} {_FROM} where {where} order by {expression} {direction} nulls last, p.id "
            "limit :limit offset :offset"
        ),
        {**values, "limit": slice_.limit, "offset": slice_.offset},
    )
    return Listing(total=total or 0, items=[_row(r) for r in rows], limit=slice_.limit, offset=slice_.offset)


async def one(session: AsyncSession, post: UUID) -> PostRow:
    """One post of an account that this workspace follows. Raises NotFound."""
    row = (
        await session.execute(
            text(f"select {_COLUMNS} {_FROM} where p.id = :id and t.deleted_at is null"),
            {"id": post},
        )
    ).first()
    if row is None:
        raise NotFound
    return _row(row)


class FormatRow(msgspec.Struct, frozen=True):
    """An account's posts of one format, published in a window: never averaged with another format."""

    format: str
    posts: int
    median_views: float | None
    views: int | None
    erv: float | None  # mean of the posts' rates


async def by_format(session: AsyncSession, account: UUID, since: datetime) -> list[FormatRow]:
    """Posts published since `since`, by format, the most viewed format first."""
    rows = await session.execute(
        text(f"""
            select p.format, count(*) as posts, percentile_cont(0.5) within group (order by l.views) as median_views,
                   sum(l.views)::bigint as views, avg({_ERV}) as erv
            from post p join account a on a.id = p.account_id
            left join post_latest l on l.post_id = p.id and l.workspace_id is not distinct from p.workspace_id
            where p.account_id = :account and p.published_at >= :since
            group by p.format order by sum(l.views) desc nulls last
        """),
        {"account": account, "since": since},
    )
    return [FormatRow(r.format, r.posts, r.median_views, r.views, r.erv) for r in rows]


class Rates(msgspec.Struct, frozen=True):
    """Means of post rates over posts published in a window. of: how many posts had the numbers for it."""

    posts: int
    erv: float | None
    erv_of: int
    er: float | None
    er_of: int
    views_per_hour: float | None
    per_hour_of: int


async def rates(session: AsyncSession, accounts: list[UUID], since: datetime) -> dict[UUID, Rates]:
    """Per account: mean ERV, mean ER by followers (on the day of the post), mean views per hour."""
    rows = await session.execute(
        text(f"""
            select p.account_id, count(*) as posts, avg({_ERV}) as erv, count({_ERV}) as erv_of,
                   avg({_ENGAGEMENT}::float8 / nullif(f.followers, 0)) as er,
                   count({_ENGAGEMENT}::float8 / nullif(f.followers, 0)) as er_of,
                   avg({_PER_HOUR}) as per_hour, count({_PER_HOUR}) as per_hour_of
            from post p join account a on a.id = p.account_id
            left join post_latest l on l.post_id = p.id and l.workspace_id is not distinct from p.workspace_id
            left join lateral (
                select r.followers from account_rollup r
                where r.account_id = p.account_id and r.workspace_id is null and r.followers is not null
                  and r.bucket >= p.published_at - interval '24 hours'
                  and r.bucket < p.published_at + interval '24 hours'
                order by abs(extract(epoch from r.bucket - p.published_at)) limit 1
            ) f on true
            where p.account_id = any(:accounts) and p.published_at >= :since
            group by p.account_id
        """),
        {"accounts": accounts, "since": since},
    )
    return {
        r.account_id: Rates(r.posts, r.erv, r.erv_of, r.er, r.er_of, r.per_hour, r.per_hour_of) for r in rows
    }  # fmt: skip


class Rising(msgspec.Struct, frozen=True):
    """A post and what it gained lately, per hour between two readings about a day apart."""

    post: PostRow
    gained: int
    hours: float

    @property
    def per_hour(self) -> float:
        return self.gained / self.hours


async def rising(session: AsyncSession, now: datetime, limit: int = 5) -> list[Rising]:
    """The posts that gain views fastest now, over the accounts that this workspace follows."""
    rows = await session.execute(
        text(f"""
            select {_COLUMNS}, l.views - b.views as gained,
                   extract(epoch from l.observed_at - b.observed_at)::float8 / 3600 as hours
            {_FROM}
            join lateral (
                select s.views, s.observed_at from post_snapshot s
                where s.post_id = p.id and s.workspace_id is null and s.views is not null
                  and s.observed_at >= l.observed_at - interval '36 hours'
                  and s.observed_at <= l.observed_at - interval '30 minutes'
                  and s.observed_at >= cast(:now as timestamptz) - interval '72 hours'
                order by abs(extract(epoch from l.observed_at - s.observed_at) - 86400) limit 1
            ) b on true
            where t.deleted_at is null and p.next_read_at is not null and l.views > b.views
              and l.observed_at >= cast(:now as timestamptz) - interval '36 hours'
            order by (l.views - b.views) / extract(epoch from l.observed_at - b.observed_at) desc, p.id
            limit :limit
        """),
        {"now": now, "limit": limit},
    )
    return [Rising(_row(r), r.gained, r.hours) for r in rows]


def _row(r: Any) -> PostRow:
    return PostRow(
        id=r.id,
        account_id=r.account_id,
        platform=r.platform,
        account_title=r.account_title,
        account_handle=r.account_handle,
        external_id=r.external_id,
        url=r.url,
        title=r.title,
        format=r.format,
        state=r.state,
        state_since=r.state_since,
        published_at=r.published_at,
        duration=r.duration,
        image_id=r.image_id,
        first_seen_at=r.first_seen_at,
        next_read_at=r.next_read_at,
        numbers=numbers(r, METRICS),
        engagement=r.engagement,
        erv=r.erv,
        views_per_hour=r.views_per_hour,
    )
