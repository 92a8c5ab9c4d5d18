"""Posts: kept up to date by readings, read again by age, marked when the public loses sight of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Integer, Text, Uuid, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.ports.values import Format, PostGone, PostReading, PostState
from app.domain.posts.models import Post
from app.lib.db import uuid7

READ_UNTIL = timedelta(days=31)
_EVERY = (
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=7), timedelta(hours=6)),
    (READ_UNTIL, timedelta(days=1)),
)
_HIDDEN = (PostState.PRIVATE.value, PostState.DELETED.value)


def next_reading(published_at: datetime, now: datetime) -> datetime | None:
    """When a post is to be read again: hourly on its first day, every 6 h to day 7, daily to day 31, then never."""
    age = now - published_at
    for until, every in _EVERY:
        if age < until:
            return now + every
    return None


# Arrays in, rows out: one prepared statement whatever the number of posts.
# A source that cannot tell the title, the format, the date or the length does not unlearn what another one knew.
_UPSERT = text("""
    insert into post (id, account_id, external_id, url, title, published_at, format, duration, state, thumbnail_url,
                      first_seen_at, last_read_at, next_read_at, workspace_id)
    select r.id, :account, r.external_id, r.url, r.title, r.published_at, r.format, r.duration, r.state,
           r.thumbnail_url, :now, :now, r.next_read_at, :workspace
    from unnest(:ids, :external_ids, :urls, :titles, :published, :formats, :durations, :states, :thumbnails, :next)
         as r (id, external_id, url, title, published_at, format, duration, state, thumbnail_url, next_read_at)
    on conflict (account_id, external_id, workspace_id) do update set
        url = excluded.url, title = coalesce(nullif(excluded.title, ''), post.title),
        published_at = coalesce(excluded.published_at, post.published_at),
        format = coalesce(nullif(excluded.format, 'unknown'), post.format),
        duration = coalesce(excluded.duration, post.duration),
        state = excluded.state,
        state_since = case when post.state = excluded.state then post.state_since else :now end,
        thumbnail_url = coalesce(excluded.thumbnail_url, post.thumbnail_url),
        last_read_at = :now, next_read_at = excluded.next_read_at
    returning post.external_id, post.id, (post.xmax = 0) as fresh
""").bindparams(
    bindparam("account", type_=Uuid()),
    bindparam("workspace", type_=Uuid()),
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("ids", type_=ARRAY(Uuid())),
    bindparam("published", type_=ARRAY(DateTime(timezone=True))),
    bindparam("next", type_=ARRAY(DateTime(timezone=True))),
    bindparam("durations", type_=ARRAY(Integer())),
    *(
        bindparam(name, type_=ARRAY(Text()))
        for name in ("external_ids", "urls", "titles", "formats", "states", "thumbnails")
    ),
)

_ADOPT = text("select adopt_posts(:account, :external_ids)").bindparams(
    bindparam("account", type_=Uuid()), bindparam("external_ids", type_=ARRAY(Text()))
)


async def upsert(
    session: AsyncSession, account: UUID, readings: Sequence[PostReading], now: datetime
) -> tuple[dict[str, UUID], int]:
    """Store what public readings say about posts. Returns post ids by external id, and how many posts are new.

    A post that a workspace had found with its own connection becomes the public one; its private numbers stay private.
    """
    once = list({r.external_id: r for r in readings}.values())
    if not once:
        return {}, 0
    await session.execute(_ADOPT, {"account": account, "external_ids": [r.external_id for r in once]})
    return await _store(session, account, once, now, None)


async def upsert_own(
    session: AsyncSession, workspace: UUID, account: UUID, readings: Sequence[PostReading], now: datetime
) -> dict[str, UUID]:
    """Store posts that were read with the workspace's own connection. Returns post ids by external id.

    What is publicly known of a post is left as it is; a post that is not is this workspace's alone.
    """
    once = {r.external_id: r for r in readings}
    rows = await session.execute(
        select(Post.external_id, Post.id).where(
            Post.account_id == account, Post.external_id.in_(list(once)), Post.workspace_id.is_(None)
        )
    )
    public: dict[str, UUID] = {row.external_id: row.id for row in rows}
    fresh = [reading for external_id, reading in once.items() if external_id not in public]
    if fresh:
        public |= (await _store(session, account, fresh, now, workspace))[0]
    return public


async def _store(
    session: AsyncSession, account: UUID, once: Sequence[PostReading], now: datetime, workspace: UUID | None
) -> tuple[dict[str, UUID], int]:
    rows = await session.execute(
        _UPSERT,
        {
            "account": account,
            "workspace": workspace,
            "now": now,
            "ids": [uuid7() for _ in once],
            "external_ids": [r.external_id for r in once],
            "urls": [r.url for r in once],
            "titles": [r.title for r in once],
            "published": [r.published_at for r in once],
            "formats": [r.format.value for r in once],
            "durations": [r.duration for r in once],
            "states": [r.state.value for r in once],
            "thumbnails": [r.thumbnail_url for r in once],
            # A private post is read with its connection, not by the public re-reading.
            "next": [None if workspace else next_reading(r.published_at or now, now) for r in once],
        },
    )
    ids: dict[str, UUID] = {}
    fresh = 0
    for row in rows:
        ids[row.external_id] = row.id
        fresh += row.fresh
    return ids, fresh


async def mark_gone(session: AsyncSession, account: UUID, gone: Sequence[PostGone], now: datetime) -> int:
    """Mark posts that the public can no longer see; their last numbers stay. Returns how many changed."""
    changed = 0
    for state in {g.state for g in gone}:
        ids = [g.external_id for g in gone if g.state == state]
        rows = await session.scalars(
            update(Post)
            .where(
                Post.account_id == account,
                Post.external_id.in_(ids),
                Post.state.not_in(_HIDDEN),
            )
            .values(state=state.value, state_since=now, next_read_at=None)
            .returning(Post.id)
        )
        changed += len(list(rows))
    return changed


async def newest(session: AsyncSession, account: UUID, limit: int) -> dict[str, UUID]:
    """The account's newest posts that can be seen: their ids by external id."""
    rows = await session.execute(
        select(Post.external_id, Post.id)
        .where(Post.account_id == account, Post.state.not_in(_HIDDEN))
        .order_by(Post.published_at.desc().nulls_last())
        .limit(limit)
    )
    return {row.external_id: row.id for row in rows}


async def due(session: AsyncSession, account: UUID, now: datetime, limit: int) -> list[str]:
    """External ids of this account's posts whose next reading is due, the longest overdue first."""
    rows = await session.scalars(
        select(Post.external_id)
        .where(Post.account_id == account, Post.next_read_at <= now)
        .order_by(Post.next_read_at)
        .limit(limit)
    )
    return list(rows)


async def next_due(session: AsyncSession, account: UUID) -> datetime | None:
    """When the next of this account's posts is to be read again."""
    moment: datetime | None = await session.scalar(
        select(func.min(Post.next_read_at)).where(Post.account_id == account)
    )
    return moment


async def with_format(session: AsyncSession, account: UUID) -> frozenset[str]:
    """External ids of posts whose format is known, so that a source need not work it out again."""
    rows = await session.scalars(
        select(Post.external_id).where(Post.account_id == account, Post.format != Format.UNKNOWN.value)
    )
    return frozenset(rows)
