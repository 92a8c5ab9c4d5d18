"""The overview: every platform by itself, live."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.identity.principal import Principal
from app.domain.overview.read import Overview, overview
from app.lib import clock
from app.web.params import Query, days_of, query_of
from app.web.render import page
from app.web.shell import Shell


class OverviewPage(msgspec.Struct, frozen=True, kw_only=True):
    """board: all numbers. shown: the card whose chart is drawn, null when nothing is followed yet."""

    query: Query
    board: Overview
    shown: str | None


@get("/", name="overview")
async def index(
    request: Request[Any, Any, Any], principal: Principal, session: AsyncSession, shell: Shell
) -> Response[str]:
    query = query_of(request)
    board = await overview(session, zone=shell.timezone, days=days_of(query), now=clock.now())
    platforms = [card.platform for card in board.cards]
    wanted = query.get("platform")
    shown = wanted if wanted in platforms else next(iter(platforms), None)
    return page(request, shell, "overview/index.html", OverviewPage(query=query, board=board, shown=shown))


handlers = [index]
