"""Posts: the table over all accounts, and one post with its curve."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.metrics import read as metrics
from app.domain.metrics.read import Point
from app.domain.ports.paging import Listing
from app.domain.posts import read
from app.domain.posts.read import METRICS, PostRow
from app.web.params import Query, query_of, slice_of, uuid_of
from app.web.render import page
from app.web.shell import Shell


class PostsPage(msgspec.Struct, frozen=True, kw_only=True):
    query: Query
    posts: Listing[PostRow]


class PostPage(msgspec.Struct, frozen=True, kw_only=True):
    """One post. curve: its readings, oldest first."""

    query: Query
    post: PostRow
    curve: list[Point]


@get("/posts", name="posts")
async def index(request: Request[Any, Any, Any], session: AsyncSession, shell: Shell) -> Response[str]:
    query = query_of(request)
    wanted = read.Filter(
        q=query.get("q"),
        platform=query.get("platform"),
        account=uuid_of(query.get("account")),
        format=query.get("format"),
        state=query.get("state"),
        since=_day(query.get("since"), shell.timezone),
        until=_day(query.get("until"), shell.timezone, after=1),
    )
    found = await read.listing(session, wanted, slice_of(query, default_sort="-published"))
    return page(request, shell, "posts/index.html", PostsPage(query=query, posts=found))


def _day(value: str, zone: str, after: int = 0) -> datetime | None:
    """The start of a local day given as 2026-03-10, `after` days later."""
    try:
        day = datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a date
        return datetime.combine(day + timedelta(days=after), time(), ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):  # the calendar ends at the years 1 and 9999
        return None


@get("/posts/{post_id:uuid}", name="post")
async def show(request: Request[Any, Any, Any], post_id: UUID, session: AsyncSession, shell: Shell) -> Response[str]:
    post = await read.one(session, post_id)
    curve = await metrics.history(session, "post", post_id, METRICS)
    return page(request, shell, "posts/show.html", PostPage(query=query_of(request), post=post, curve=curve))


handlers = [index, show]
