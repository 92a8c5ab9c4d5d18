"""Jobs that read accounts."""

from typing import Any
from uuid import UUID

import structlog

from app.domain.collection import run, service
from app.lib import clock
from app.tasks.parts import parts

log = structlog.get_logger(__name__)

DUE_AT_ONCE = 200
Context = dict[str, Any]


async def collect(context: Context, *, account_id: str) -> None:
    """Read one account, if it is due."""
    await parts(context).collector.collect(UUID(account_id))


async def collect_due(context: Context) -> None:
    """Hand out everything that is due or was abandoned. The order of due times is the order of the queue."""
    database = parts(context).database
    accounts = await run.due_accounts(database, DUE_AT_ONCE)
    if accounts:
        async with database.transaction() as session:
            for account in accounts:
                service.hurry(session, account)


async def nightly(context: Context) -> None:
    """Make every account of a workspace due at its nightly hour, once per local date."""
    part = parts(context)
    if not part.defaults.nightly:
        return
    async with part.database.transaction() as session:
        workspaces = await service.nightly_due(session, clock.now())
    for workspace in workspaces:
        async with part.database.transaction(workspace) as session:
            count = await service.request(session, await service.followed(session), trigger="nightly")
        log.info("nightly run", workspace=str(workspace), accounts=count)
