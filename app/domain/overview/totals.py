"""What is followed on each platform, added up within the platform and never across."""

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


class Sum(msgspec.Struct, frozen=True):
    """A sum over the things whose number is known: `of` so many. Null when none is."""

    value: int | None
    of: int


class PlatformTotals(msgspec.Struct, frozen=True, kw_only=True):
    """One platform's newest numbers. followers: over accounts; views, likes, comments: over posts that were read."""

    platform: str
    accounts: int
    posts: int
    followers: Sum
    views: Sum
    likes: Sum
    comments: Sum


async def totals(session: AsyncSession) -> list[PlatformTotals]:
    """Every platform that this workspace follows accounts on, by name. One statement."""
    rows = await session.execute(
        text("""
            with followed as (
                select a.id, a.platform, l.followers
                from tracked_account t join account a on a.id = t.account_id
                left join account_latest l on l.account_id = a.id and l.workspace_id is null
                where t.deleted_at is null
            ), read as (
                select f.platform, count(*) as posts, sum(l.views)::bigint as views, count(l.views) as views_of,
                       sum(l.likes)::bigint as likes, count(l.likes) as likes_of,
                       sum(l.comments)::bigint as comments, count(l.comments) as comments_of
                from followed f join post p on p.account_id = f.id
                left join post_latest l on l.post_id = p.id and l.workspace_id is null
                group by f.platform
            )
            select f.platform, count(*) as accounts, sum(f.followers)::bigint as followers,
                   count(f.followers) as followers_of, coalesce(max(r.posts), 0) as posts, max(r.views) as views,
                   coalesce(max(r.views_of), 0) as views_of, max(r.likes) as likes,
                   coalesce(max(r.likes_of), 0) as likes_of, max(r.comments) as comments,
                   coalesce(max(r.comments_of), 0) as comments_of
            from followed f left join read r on r.platform = f.platform
            group by f.platform order by f.platform
        """)
    )
    return [
        PlatformTotals(
            platform=r.platform,
            accounts=r.accounts,
            posts=r.posts,
            followers=Sum(r.followers, r.followers_of),
            views=Sum(r.views, r.views_of),
            likes=Sum(r.likes, r.likes_of),
            comments=Sum(r.comments, r.comments_of),
        )
        for r in rows
    ]
