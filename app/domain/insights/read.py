"""Private numbers as the account's page and the API show them: to the workspace that connected it, and nobody else."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


class OwnNumber(msgspec.Struct, frozen=True, kw_only=True):
    """One private number, the newest. of: its platform's word. period: day, days_28, lifetime; day: for which day.

    missing: why value is null. posts: for how many posts there is one (of an account's own number: 0).
    """

    metric: str
    period: str
    day: date | None
    value: float | None
    missing: str | None
    source: str
    collector: str
    observed_at: datetime
    recorded_at: datetime


class OwnPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post's private numbers, by metric."""

    post_id: UUID
    title: str
    published_at: datetime | None
    values: dict[str, float | None]


_NEWEST = """
    select distinct on (i.metric, i.period) i.metric, i.period, i.day, i.value, i.missing, i.source, i.collector,
           i.observed_at, i.recorded_at
    from insight i where i.account_id = :account and i.post_id is null
    order by i.metric, i.period, i.observed_at desc, i.value is null, i.day desc nulls last
"""


async def newest(session: AsyncSession, account: UUID) -> list[OwnNumber]:
    """The account's private numbers, each as last read; of a daily one its newest day that has a value."""
    rows = await session.execute(text(_NEWEST), {"account": account})
    return [OwnNumber(**row) for row in rows.mappings()]


async def of_posts(session: AsyncSession, account: UUID, limit: int = 25) -> list[OwnPost]:
    """Private numbers of the newest posts that have any."""
    rows = await session.execute(
        text("""
            select p.id as post_id, p.title, p.published_at, jsonb_object_agg(n.metric, n.value) as values
            from (select distinct on (i.post_id, i.metric) i.post_id, i.metric, i.value from insight i
                  where i.account_id = :account and i.post_id is not null
                  order by i.post_id, i.metric, i.observed_at desc) n
            join post p on p.id = n.post_id
            group by p.id order by p.published_at desc nulls last limit :limit
        """),
        {"account": account, "limit": limit},
    )
    return [OwnPost(**row) for row in rows.mappings()]
