"""Sources: which number comes from where, on what evidence, and how each source does."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.collection import breakers, sources
from app.domain.collection.sources import PlatformRow
from app.web.forms import Parts
from app.web.render import page
from app.web.shell import Shell


class SourcesPage(msgspec.Struct, frozen=True, kw_only=True):
    rows: list[PlatformRow]


@get("/sources", name="sources")
async def index(request: Request[Any, Any, Any], session: AsyncSession, shell: Shell, parts: Parts) -> Response[str]:
    health = await breakers.health(session)
    return page(request, shell, "sources/index.html", SourcesPage(rows=sources.matrix(parts.platforms, health)))


handlers = [index]
