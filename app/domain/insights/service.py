"""Storing what was read with a workspace's own connection."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.insights import models
from app.domain.metrics.service import Provenance
from app.domain.ports.connections import Insight, Story
from app.lib.db import uuid7

_NEWEST = text("""
    select distinct on (post_id, metric, period, day) post_id, metric, period, day, value, missing from insight
    where account_id = :account order by post_id, metric, period, day, observed_at desc
""")


async def record(
    session: AsyncSession,
    insights: Sequence[Insight],
    origin: Provenance,
    *,
    workspace: UUID,
    connection: UUID,
    account: UUID,
    posts: Mapping[str, UUID],
) -> int:
    """Store private numbers that are new or have changed; those of posts that we do not know are left out.

    Returns how many were stored: a day's number that was read before and stays is not stored anew at each reading.
    """
    newest = await session.execute(_NEWEST, {"account": account})
    known = {(row.post_id, row.metric, row.period, row.day): (row.value, row.missing) for row in newest}
    rows = [
        {
            "id": uuid7(), "workspace_id": workspace, "connection_id": connection, "account_id": account,
            "post_id": posts[one.post_id] if one.post_id else None, "metric": one.metric, "period": one.period,
            "day": date.fromisoformat(one.day) if one.day else None, "value": one.value,
            "missing": one.missing.value if one.missing else None, "source": origin.source,
            "collector": origin.collector, "observed_at": origin.recorded_at, "recorded_at": origin.recorded_at,
        }
        for one in insights
        if one.post_id is None or one.post_id in posts
    ]  # fmt: skip
    rows = [
        row
        for row in rows
        if known.get((row["post_id"], row["metric"], row["period"], row["day"])) != (row["value"], row["missing"])
    ]
    if not rows:
        return 0
    stored = await session.scalars(
        insert(models.Insight).values(rows).on_conflict_do_nothing().returning(models.Insight.id)
    )
    return len(list(stored))


async def record_stories(
    session: AsyncSession, stories: Sequence[Story], origin: Provenance, *, workspace: UUID, account: UUID
) -> int:
    """Store stories as they are now; a number that was read before and is missing now stays. Returns how many."""
    for story in stories:
        fresh = insert(models.Story).values(
            id=uuid7(), workspace_id=workspace, account_id=account, external_id=story.external_id, url=story.url,
            format=story.format, published_at=story.published_at, expires_at=story.expires_at,
            thumbnail_url=story.thumbnail_url, metrics=story.metrics,
            missing={name: reason.value for name, reason in story.missing.items()}, source=origin.source,
            collector=origin.collector, first_seen_at=origin.recorded_at, observed_at=origin.recorded_at,
        )  # fmt: skip
        await session.execute(
            fresh.on_conflict_do_update(
                index_elements=["workspace_id", "account_id", "external_id"],
                set_={
                    "metrics": models.Story.metrics.op("||")(func.jsonb_strip_nulls(fresh.excluded.metrics)),
                    "missing": fresh.excluded.missing,
                    "observed_at": fresh.excluded.observed_at,
                    "expires_at": fresh.excluded.expires_at,
                },
            )
        )
    return len(stories)


def next_reading(now: datetime, hours: float, *, stories: bool) -> float:
    """Hours until the connection is read again: stories live for a day and must not be missed."""
    return min(hours, 4.0) if stories else hours
