"""Accounts' numbers over time, observation by observation."""

from datetime import timedelta
from typing import Annotated

from litestar import get
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.params import Limit, OfAccount, Offset, PlatformName, known_platform, moment, moment_parameter
from app.api.parts import Parts
from app.domain.errors import N_, Invalid
from app.domain.identity.principal import Principal
from app.domain.metrics import log
from app.domain.metrics.log import AccountPoint, Window
from app.domain.ports.paging import Listing
from app.lib import clock

TAGS = ["metrics"]
DAYS = 30

Start = Annotated[str | None, moment_parameter(f"Observed at or after; {DAYS} days before the end when not given")]
End = Annotated[str | None, moment_parameter("Observed before, a day is included; now when not given")]


@get("/api/v1/metrics", tags=TAGS, summary="List observations of accounts")
async def listing(
    session: AsyncSession,
    principal: Principal,
    api_parts: Parts,
    platform: PlatformName = "",
    account_id: OfAccount = None,
    start_date: Start = None,
    end_date: End = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Listing[AccountPoint]:
    """The newest first. Each is what one source answered at one moment; a null number has its reason in `missing`."""
    until = moment("end_date", end_date, principal.timezone, last=True) or clock.now() + timedelta(seconds=1)
    try:
        since = moment("start_date", start_date, principal.timezone) or until - timedelta(days=DAYS)
    except OverflowError:
        raise Invalid({"end_date": N_("There is nothing that long ago.")}) from None
    window = Window(since=since, until=until, account=account_id, platform=known_platform(api_parts, platform) or None)
    return await log.of_accounts(session, window, limit=limit, offset=offset)


handlers = [listing]
