"""Reading numbers back: days folded from half hours, and where a number came from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession


class Origin(msgspec.Struct, frozen=True):
    """A number's birth certificate."""

    observed_at: datetime
    recorded_at: datetime
    source: str
    collector: str
    run_id: UUID | None = None


class Number(msgspec.Struct, frozen=True):
    """A value, or null with the reason (a `Missing` code) why there is none.

    kept: the value is an older reading's, this one, because the newest reading could not find the number.
    """

    value: int | None
    missing: str | None = None
    kept: Origin | None = None


class Numbers(msgspec.Struct, frozen=True):
    """The newest numbers of an account or a post and where all of them came from."""

    values: dict[str, Number]
    origin: Origin | None

    def __getitem__(self, metric: str) -> Number:
        return self.values.get(metric, _NEVER)


_NEVER = Number(None, "never_read")


def numbers(row: Any, metrics: Iterable[str], prefix: str = "n_") -> Numbers:
    """Fold a result row's columns (`n_views`, `n_missing`, `n_observed_at`, ...) into Numbers."""
    observed_at = getattr(row, prefix + "observed_at")
    if observed_at is None:
        return Numbers(dict.fromkeys(metrics, _NEVER), None)
    missing = getattr(row, prefix + "missing") or {}
    values = {}
    for metric in metrics:
        value = getattr(row, prefix + metric)
        why = missing.get(metric, "not_given")
        kept = msgspec.convert(why, Origin) if isinstance(why, dict) and value is not None else None
        values[metric] = Number(value, None if value is not None else why, kept)
    origin = Origin(
        observed_at,
        getattr(row, prefix + "recorded_at"),
        getattr(row, prefix + "source"),
        getattr(row, prefix + "collector"),
        getattr(row, prefix + "run_id"),
    )
    return Numbers(values, origin)


class Day(msgspec.Struct, frozen=True):
    """One local day of one account, or of several added up.

    followers, views_total: the last value read that day. views: what the total grew by since the day
    before, null when either day was not read (a gap is not a zero). gained: what the posts that were
    read gained. partial: the day is not over. read: whether anything was read that day.
    """

    day: date
    followers: int | None
    views_total: int | None
    views: int | None
    gained_views: int | None
    gained_engagement: int | None
    read: bool
    partial: bool


@dataclass(frozen=True)
class Series:
    """Days in order from `first` on, without holes (a day nobody read is there, with nulls), as columns of `Day`.

    basis: what `views` is: "account" (the platform's own total) or "posts" (only what the posts we read gained).
    today: the day that is not over.
    """

    first: date
    today: date
    basis: str
    followers: list[int | None]
    views_total: list[int | None]
    views: list[int | None]
    gained_views: list[int | None]
    gained_engagement: list[int | None]
    read: list[bool]

    @cached_property
    def days(self) -> list[Day]:
        """The same, day by day."""
        columns = (self.followers, self.views_total, self.views, self.gained_views, self.gained_engagement, self.read)
        days: list[Day] = []
        for followers, total, views, gained, engaged, read in zip(*columns, strict=True):
            day = self.first + timedelta(days=len(days))
            days.append(Day(day, followers, total, views, gained, engaged, read, day == self.today))
        return days

    def part(self, start: int, end: int | None = None) -> "Series":
        """The days from number `start` to before number `end`."""
        span = slice(start, end)
        return Series(
            self.first + timedelta(days=start),
            self.today,
            self.basis,
            self.followers[span],
            self.views_total[span],
            self.views[span],
            self.gained_views[span],
            self.gained_engagement[span],
            self.read[span],
        )

    def total_views(self) -> int | None:
        return _sum(self.views)

    def last_followers(self) -> int | None:
        return next((n for n in reversed(self.followers) if n is not None), None)

    def first_followers(self) -> int | None:
        return next((n for n in self.followers if n is not None), None)

    @property
    def unread_days(self) -> int:
        """Days inside the read span that nobody read."""
        return self.read[self.read.index(True) :].count(False) if True in self.read else 0


# One row an account, its days as arrays: thousands of days cost as many numbers, not as many rows.
# Own numbers stand beside public ones of the same posts: they count where there are no public ones, and never twice.
_DAYS = text("""
    with found as (
        select account_id, (bucket at time zone :zone)::date - cast(:origin as date) as day, bucket, followers, views,
               gained_views, gained_likes, gained_comments, workspace_id is null as public,
               bool_or(workspace_id is null) over (partition by account_id) as has_public
        from account_rollup
        where account_id = any(:accounts) and bucket >= :since and bucket < :until
    ), cells as (
        select account_id, day,
               (array_agg(followers order by bucket desc) filter (where followers is not null))[1] as followers,
               (array_agg(views order by bucket desc) filter (where views is not null))[1] as views,
               sum(gained_views)::bigint as gained_views,
               (sum(gained_likes) + sum(gained_comments))::bigint as gained_engagement
        from found where public or not has_public
        group by 1, 2
    )
    select account_id, array_agg(day) as day, array_agg(followers) as followers, array_agg(views) as views,
           array_agg(gained_views) as gained_views, array_agg(gained_engagement) as gained_engagement
    from cells group by account_id
""").bindparams(bindparam("accounts", type_=ARRAY(Uuid())))


def window(zone: str, *, days: int, now: datetime) -> tuple[date, date]:
    """The first and last local day of the last `days` days, today included."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return today - timedelta(days=days - 1), today


async def series(
    session: AsyncSession,
    accounts: Sequence[UUID],
    *,
    zone: str,
    first: date,
    last: date,
    now: datetime,
) -> dict[UUID, Series]:
    """Each account's days from `first` to `last` (local to `zone`, inclusive). One statement for all of them."""
    origin = first - timedelta(days=1)  # what the first day grew by is counted from the day before it
    start = datetime.combine(origin, time(), ZoneInfo(zone)).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    rows = {}
    if accounts:
        values = {"accounts": list(accounts), "zone": zone, "origin": origin, "since": start, "until": end}
        rows = {row.account_id: row for row in await session.execute(_DAYS, values)}
    today = now.astimezone(ZoneInfo(zone)).date()
    return {account: _fold(rows.get(account), first, last, today) for account in accounts}


def _fold(row: Any, first: date, last: date, today: date) -> Series:
    length = (last - first).days + 2
    places = row.day if row is not None else ()

    def column(name: str) -> list[int | None]:
        found: list[int | None] = [None] * length
        for place, value in zip(places, getattr(row, name), strict=True) if row is not None else ():
            found[place] = value
        return found

    totals, gained = column("views"), column("gained_views")
    read = [False] * length
    for place in places:
        read[place] = True
    by_account = any(total is not None for total in totals)
    grown = [b - a if a is not None and b is not None else None for a, b in pairwise(totals)]
    return Series(
        first,
        today,
        "account" if by_account else "posts",
        column("followers")[1:],
        totals[1:],
        grown if by_account else gained[1:],
        gained[1:],
        column("gained_engagement")[1:],
        read[1:],
    )


def add_up(parts: Sequence[Series]) -> Series:
    """Several accounts of one platform as one. A day counts only the accounts read on it; followers carry the
    last known value of an account that was not read that day, so that a missed reading is no fall."""
    if not parts:
        return Series(date.min, date.min, "account", [], [], [], [], [], [])
    read = [any(day) for day in zip(*(part.read for part in parts), strict=True)]
    carried = (accumulate(part.followers, _newer) for part in parts)
    return Series(
        parts[0].first,
        parts[0].today,
        "account" if all(part.basis == "account" for part in parts) else "posts",
        [total if known else None for total, known in zip(_sums(carried), read, strict=True)],
        _sums(part.views_total for part in parts),
        _sums(part.views for part in parts),
        _sums(part.gained_views for part in parts),
        _sums(part.gained_engagement for part in parts),
        read,
    )


def _newer(held: int | None, new: int | None) -> int | None:
    return held if new is None else new


def _sums(columns: Iterable[Iterable[int | None]]) -> list[int | None]:
    return [_sum(day) for day in zip(*columns, strict=True)]


def _sum(values: Iterable[int | None]) -> int | None:
    known = [v for v in values if v is not None]
    return sum(known) if known else None


class Point(msgspec.Struct, frozen=True):
    """One observation, as the API and a post's curve give it."""

    observed_at: datetime
    recorded_at: datetime
    source: str
    collector: str
    run_id: UUID | None
    values: dict[str, int | None]
    missing: dict[str, str]


async def history(
    session: AsyncSession,
    kind: str,
    thing: UUID,
    metrics: Sequence[str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 2000,
) -> list[Point]:
    """The newest `limit` observations of one "account" or "post", oldest first."""
    if kind not in ("account", "post"):
        raise ValueError(kind)
    rows = await session.execute(
        text(f"""
            select observed_at, recorded_at, source, collector, run_id, missing, {", ".join(metrics)}
            from {kind}_snapshot
            where {kind}_id = :thing
              and observed_at >= coalesce(:since, '-infinity'::timestamptz)
              and observed_at < coalesce(:until, 'infinity'::timestamptz)
            order by observed_at desc limit :limit
        """),
        {"thing": thing, "since": since, "until": until, "limit": limit},
    )
    points = [
        Point(
            r.observed_at, r.recorded_at, r.source, r.collector, r.run_id, {m: getattr(r, m) for m in metrics},
            r.missing or {},
        )
        for r in rows
    ]  # fmt: skip
    return points[::-1]
