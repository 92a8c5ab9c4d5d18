"""What a manager opens in the morning: each platform by itself, what is rising, what needs a person."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.collection import read as collection
from app.domain.collection.breakers import PAUSED
from app.domain.collection.read import RunRow
from app.domain.metrics import read as metrics
from app.domain.metrics.read import Series
from app.domain.ports.paging import Slice
from app.domain.posts import read as posts
from app.domain.posts.read import Rising

LATELY = timedelta(days=2)  # a reading that says how a source is doing now
SETTLING = 2  # days at the beginning of the earlier window in which an account must have been read


class PlatformCard(msgspec.Struct, frozen=True, kw_only=True):
    """One platform over a window, never added to another.

    series: all accounts. like, before: the window and as many days before it, over the `compared` accounts that
    were read all that time: what was followed later is no growth. followers_gained: sum of what each account gained
    since its first reading in the window, over followers_base. erv: mean ERV of the posts published in the window,
    over erv_of posts. observed_at: the newest reading.
    """

    platform: str
    accounts: int
    series: Series
    like: Series
    before: Series
    compared: int
    followers: int | None
    followers_gained: int | None
    followers_base: int | None
    posts: int
    erv: float | None
    erv_of: int
    observed_at: datetime | None
    sources: list[str]


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts of one platform that could not be read lately, for one reason."""

    platform: str
    accounts: int
    account_id: UUID
    account_title: str
    kind: str
    message: str
    params: dict[str, object]
    read_at: datetime | None
    next_at: datetime | None


class SteppedOver(msgspec.Struct, frozen=True, kw_only=True):
    """A source that lately could not answer for some accounts of a platform, another one reading them in its place.

    source, instead: their names. run_id: the newest run that says so. since: of those runs, the earliest.
    """

    platform: str
    source: str
    instead: str
    kind: str
    message: str
    params: dict[str, object]
    accounts: int
    run_id: UUID
    since: datetime


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    first: date
    last: date
    days: int
    accounts: int
    creators: int
    cards: list[PlatformCard]
    rising: list[Rising]
    runs: list[RunRow]
    troubles: list[Trouble]
    stepped_over: list[SteppedOver]
    running: int


async def overview(session: AsyncSession, *, zone: str, days: int, now: datetime) -> Overview:
    """Everything on the page, in eight statements however many accounts there are."""
    first, last = metrics.window(zone, days=days, now=now)
    rows = (
        await session.execute(
            text("""
                select a.id, a.platform, l.followers, l.observed_at, l.source, w.state
                from tracked_account t join account a on a.id = t.account_id
                left join account_latest l on l.account_id = a.id and l.workspace_id is null
                left join collection w on w.account_id = a.id
                where t.deleted_at is null order by a.platform, a.id
            """)
        )
    ).all()
    creators = await session.scalar(text("select count(*) from creator where deleted_at is null"))
    wide = await metrics.series(
        session, [r.id for r in rows], zone=zone, first=first - timedelta(days=days), last=last, now=now
    )
    rates = await posts.rates(session, [r.id for r in rows], now - timedelta(days=days))
    cards = []
    for platform in dict.fromkeys(r.platform for r in rows):
        mine = [r for r in rows if r.platform == platform]
        parts = [wide[r.id] for r in mine]
        lasting = [part for part in parts if any(part.read[:SETTLING])]
        both = metrics.add_up(lasting)
        spans = [span for part in parts if (span := _followers(part.followers[days:])) is not None]
        known = [r.followers for r in mine if r.followers is not None]
        rated = [rates[r.id] for r in mine if r.id in rates]
        erv_of = sum(r.erv_of for r in rated)
        cards.append(
            PlatformCard(
                platform=platform,
                accounts=len(mine),
                series=metrics.add_up([part.part(days) for part in parts]),
                like=both.part(days),
                before=both.part(0, days),
                compared=len(lasting),
                followers=sum(known) if known else None,
                followers_gained=sum(end - start for start, end in spans) if spans else None,
                followers_base=sum(start for start, _ in spans) if spans else None,
                posts=sum(r.posts for r in rated),
                erv=sum(r.erv * r.erv_of for r in rated if r.erv is not None) / erv_of if erv_of else None,
                erv_of=erv_of,
                observed_at=max((r.observed_at for r in mine if r.observed_at), default=None),
                sources=sorted({r.source for r in mine if r.source}),
            )
        )
    return Overview(
        first=first,
        last=last,
        days=days,
        accounts=len(rows),
        creators=creators or 0,
        cards=cards,
        rising=await posts.rising(session, now),
        runs=await collection.newest(session, Slice(limit=12)),
        troubles=await _troubles(session),
        stepped_over=await _stepped_over(session, now),
        running=sum(r.state == "running" for r in rows),
    )


def _followers(days: Sequence[int | None]) -> tuple[int, int] | None:
    """The first and the last known number of followers, when two days know one."""
    known = [followers for followers in days if followers is not None]
    return (known[0], known[-1]) if len(known) > 1 else None


async def _troubles(session: AsyncSession) -> list[Trouble]:
    rows = await session.execute(
        text("""
            select a.platform, count(*) as accounts, (array_agg(a.id order by a.title))[1] as account_id,
                   min(a.title) as account_title, w.error_kind as kind, w.error as message,
                   (array_agg(r.error_params order by a.title))[1] as params,
                   min(l.observed_at) as read_at, min(w.due_at) as next_at
            from tracked_account t
            join account a on a.id = t.account_id
            join collection w on w.account_id = a.id and w.error is not null and w.state <> 'off'
            left join account_latest l on l.account_id = a.id and l.workspace_id is null
            left join lateral (select error_params from collection_run c where c.account_id = a.id
                               and c.error = w.error order by c.started_at desc limit 1) r on true
            where t.deleted_at is null
            group by a.platform, w.error_kind, w.error
            order by count(*) desc, a.platform limit 5
        """)
    )
    return [
        Trouble(
            platform=r.platform,
            accounts=r.accounts,
            account_id=r.account_id,
            account_title=r.account_title,
            kind=r.kind,
            message=r.message,
            params=r.params or {},
            read_at=r.read_at,
            next_at=r.next_at,
        )
        for r in rows
    ]


async def _stepped_over(session: AsyncSession, now: datetime) -> list[SteppedOver]:
    """Of each account's newest reading: accounts that could not be read at all are among the troubles."""
    rows = await session.execute(
        text("""
            select a.platform, e.source, min(r.source) as instead, y.kind, y.message,
                   (array_agg(y.params order by r.started_at desc))[1] as params, count(distinct a.id) as accounts,
                   (array_agg(r.id order by r.started_at desc))[1] as run_id, min(r.started_at) as since
            from tracked_account t
            join account a on a.id = t.account_id
            join collection w on w.account_id = a.id and w.error is null and w.state <> 'off'
            join lateral (select id, started_at, source, tried from collection_run c where c.account_id = a.id
                          and c.finished_at is not null and c.started_at > :since
                          order by c.started_at desc limit 1) r on r.source is not null
            cross join lateral jsonb_to_recordset(r.tried)
                as e (source text, kind text, message text, params jsonb, post text)
            left join source_health h on h.platform = a.platform and h.source = e.source and e.message = :paused
            -- who is left alone for a while has the reason of the failure before
            cross join lateral (select coalesce(h.error_kind, e.kind) as kind, coalesce(h.error, e.message) as message,
                                       case when h.error is null then e.params else h.error_params end as params) y
            where t.deleted_at is null and e.post is null and y.kind in ('needs_action', 'quota', 'blocked')
                  and e.source <> r.source
            group by a.platform, e.source, y.kind, y.message
            order by count(distinct a.id) desc, a.platform, e.source limit 5
        """),
        {"since": now - LATELY, "paused": PAUSED},
    )
    return [SteppedOver(**{**r._mapping, "params": r.params or {}}) for r in rows]
