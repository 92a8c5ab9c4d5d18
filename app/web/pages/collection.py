"""The collection log, and one run step by step."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.collection import read, service
from app.domain.collection.read import RunRow, Status
from app.domain.errors import N_
from app.domain.ports.paging import Listing
from app.domain.quota import read as quota
from app.domain.quota.read import QuotaToday
from app.lib import clock
from app.web.forms import Parts, flash, see_other
from app.web.params import Query, query_of, slice_of, uuid_of
from app.web.render import page
from app.web.shell import Shell


class CollectionPage(msgspec.Struct, frozen=True, kw_only=True):
    query: Query
    runs: Listing[RunRow]
    status: Status
    quota: list[QuotaToday]


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    query: Query
    run: RunRow


@get("/collection", name="collection")
async def index(request: Request[Any, Any, Any], session: AsyncSession, shell: Shell) -> Response[str]:
    query = query_of(request)
    wanted = read.Filter(
        account=uuid_of(query.get("account")), platform=query.get("platform"), status=query.get("status")
    )
    context = CollectionPage(
        query=query,
        runs=await read.listing(session, wanted, slice_of(query, default_sort="-started", size=50)),
        status=await read.status(session, clock.now()),
        quota=await quota.today(session, clock.now()),
    )
    return page(request, shell, "collection/index.html", context)


@get("/collection/{run_id:uuid}", name="run")
async def show(request: Request[Any, Any, Any], run_id: UUID, session: AsyncSession, shell: Shell) -> Response[str]:
    run = await read.one(session, run_id)
    return page(request, shell, "collection/show.html", RunPage(query=query_of(request), run=run))


@post("/collection", status_code=303)
async def collect_all(session: AsyncSession, parts: Parts) -> Redirect:
    """Collect every account of this workspace that is switched on."""
    asked = await service.request(session, await service.followed(session))
    return flash(see_other("/collection"), parts, N_("Collecting %(count)s accounts now."), count=asked)


handlers = [index, show, collect_all]
