"""Posts of the accounts that the workspace follows, and their numbers over time."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.params import (
    Limit,
    OfAccount,
    OfCreator,
    Offset,
    PlatformName,
    PostId,
    Words,
    known_platform,
    moment,
    moment_parameter,
    sort_parameter,
)
from app.api.parts import Parts
from app.domain.identity.principal import Principal
from app.domain.metrics import log
from app.domain.metrics.read import Point
from app.domain.ports.paging import Listing, Slice
from app.domain.ports.values import Format, PostState
from app.domain.posts import read
from app.domain.posts.read import PostRow

TAGS = ["posts"]

Sort = Annotated[str, sort_parameter(read.SORTS, "Order; the newest first when not given.")]
OfFormat = Annotated[Format | None, QueryParameter(description="Only this kind of post.")]
InState = Annotated[PostState | None, QueryParameter(name="state", description="Only posts in this state.")]
Since = Annotated[str | None, moment_parameter("Published at or after")]
Until = Annotated[str | None, moment_parameter("Published before; a day is included")]
ReadSince = Annotated[str | None, moment_parameter("Observed at or after")]
ReadUntil = Annotated[str | None, moment_parameter("Observed before; a day is included")]


@get("/api/v1/posts", tags=TAGS, summary="List posts")
async def listing(
    session: AsyncSession,
    principal: Principal,
    api_parts: Parts,
    limit: Limit = 50,
    offset: Offset = 0,
    q: Words = "",
    platform: PlatformName = "",
    account_id: OfAccount = None,
    creator_id: OfCreator = None,
    format: OfFormat = None,
    in_state: InState = None,
    since: Since = None,
    until: Until = None,
    sort: Sort = "-published",
) -> Listing[PostRow]:
    """With their newest numbers. `q` looks in titles. A null number has its reason beside it."""
    wanted = read.Filter(
        q=q,
        platform=known_platform(api_parts, platform),
        account=account_id,
        creator=creator_id,
        format=format or "",
        state=in_state or "",
        since=moment("since", since, principal.timezone),
        until=moment("until", until, principal.timezone, last=True),
    )
    return await read.listing(session, wanted, Slice(limit=limit, offset=offset, sort=sort))


@get("/api/v1/posts/{post_id:uuid}", tags=TAGS, summary="One post")
async def show(post_id: PostId, session: AsyncSession) -> PostRow:
    """With its newest numbers and where they came from."""
    return await read.one(session, post_id)


@get("/api/v1/posts/{post_id:uuid}/history", tags=TAGS, summary="A post's numbers over time")
async def history(
    post_id: PostId,
    session: AsyncSession,
    principal: Principal,
    since: ReadSince = None,
    until: ReadUntil = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Listing[Point]:
    """Every observation, the newest first."""
    await read.one(session, post_id)
    return await log.of_post(
        session,
        post_id,
        moment("since", since, principal.timezone),
        moment("until", until, principal.timezone, last=True),
        limit=limit,
        offset=offset,
    )


handlers = [listing, show, history]
