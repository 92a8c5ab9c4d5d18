"""What is followed, platform by platform."""

import msgspec
from litestar import get
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.overview.totals import PlatformTotals, totals

TAGS = ["stats"]


class Stats(msgspec.Struct, frozen=True):
    """Platforms side by side; nothing is added up across them, because they count different things."""

    platforms: list[PlatformTotals]


@get("/api/v1/stats", tags=TAGS, summary="Totals per platform")
async def show(session: AsyncSession) -> Stats:
    """The newest numbers added up within each platform, with how many accounts or posts had one (`of`)."""
    return Stats(await totals(session))


handlers = [show]
