"""Collection: how it stands, what its runs did, and starting one."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import QueryParameter
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.api import answers, shapes
from app.api.params import Limit, OfAccount, OfCreator, Offset, PlatformName, RunId, known_platform, like
from app.api.parts import Parts
from app.api.repeat import repeatable
from app.api.shapes import Asked, CollectionStatus, Run
from app.domain.accounts import read as accounts
from app.domain.collection import read, service
from app.domain.creators import service as creators
from app.domain.ports.paging import Listing, Slice
from app.lib import clock

TAGS = ["collection"]

RunStatus = Annotated[
    Literal["running", "success", "partial", "error", "blocked", "limited", "skipped"] | None,
    QueryParameter(description="Only runs that ended, or stand, so."),
]


class NewRun(msgspec.Struct, forbid_unknown_fields=True):
    """Which accounts to read now; nothing given means all that are switched on."""

    platform: Annotated[str, Meta(max_length=16)] = ""
    account_id: UUID | None = None
    creator_id: UUID | None = None
    tag: Annotated[str, Meta(max_length=40)] = ""


@get("/api/v1/collection/status", tags=TAGS, summary="How collection stands")
async def status(session: AsyncSession, account_id: OfAccount = None, creator_id: OfCreator = None) -> CollectionStatus:
    """Of the whole workspace, one account or one creator: what is running and how far it is, what waits, what fails."""
    return shapes.status_of(await read.status(session, clock.now(), account=account_id, creator=creator_id))


@get("/api/v1/collection/runs", tags=TAGS, summary="List runs")
async def listing(
    session: AsyncSession,
    api_parts: Parts,
    limit: Limit = 50,
    offset: Offset = 0,
    account_id: OfAccount = None,
    platform: PlatformName = "",
    status: RunStatus = None,
) -> Listing[Run]:
    """The newest first. `total` counts at most 10,000."""
    wanted = read.Filter(account=account_id, platform=known_platform(api_parts, platform), status=status or "")
    found = await read.listing(session, wanted, Slice(limit=limit, offset=offset))
    return shapes.listed(found, shapes.run_of)


@get("/api/v1/collection/runs/{run_id:uuid}", tags=TAGS, summary="One run")
async def show(run_id: RunId, session: AsyncSession) -> Run:
    """Its steps, counts, sources tried, and what went wrong."""
    return shapes.run_of(await read.one(session, run_id))


@post("/api/v1/collection/runs", status_code=202, tags=TAGS, summary="Read accounts now")
@repeatable
async def start(
    data: Annotated[NewRun, like({}, {"platform": "youtube"})], session: AsyncSession, api_parts: Parts
) -> Response[Asked]:
    """All accounts that are switched on, or some of them (`{}` means all)."""
    if data.account_id is not None:
        await accounts.one(session, data.account_id)
    if data.creator_id is not None:
        await creators.get(session, data.creator_id)
    wanted = accounts.Filter(
        platform=known_platform(api_parts, data.platform),
        status="on",
        creator=data.creator_id,
        tag=data.tag,
        account=data.account_id,
    )
    meant = await accounts.ids(session, wanted)
    about = {name: value for name in ("account_id", "creator_id") if (value := getattr(data, name)) is not None}
    return answers.accepted(len(meant), await service.request(session, meant), **about)


handlers = [status, listing, show, start]
