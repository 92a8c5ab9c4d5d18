"""Jobs that keep pictures."""

import asyncio
from typing import Any
from uuid import UUID

import structlog

from app.domain.collection.service import announce
from app.domain.images import service as images
from app.lib import clock, jobs
from app.lib.egress import FetchError, Refused
from app.tasks.parts import parts

log = structlog.get_logger(__name__)

AT_ONCE = 60
PARALLEL = 4
TIMEOUT = 15.0  # seconds for one picture


async def fetch_images(context: dict[str, Any], *, account_id: str) -> None:
    """Fetch the pictures of an account and its posts that we do not have. A failed one is tried at the next reading."""
    part, account = parts(context), UUID(account_id)
    async with part.database.transaction() as session:
        urls = await images.wanted(session, account, AT_ONCE)
    gate = asyncio.Semaphore(PARALLEL)

    kept = 0

    async def fetch(url: str) -> None:
        nonlocal kept
        async with gate:
            try:
                fetched = await part.egress.fetch(url, max_bytes=images.MAX_BYTES, timeout=TIMEOUT, accept=("image/",))
                content, width, height = await asyncio.to_thread(images.shrink, fetched.body)
            except (FetchError, Refused, images.NotAPicture) as error:
                log.info("picture left out", url=url, reason=str(error))
                return
            async with part.database.transaction() as session:
                await images.store(session, url, content, width, height, clock.now())
            kept += 1

    await asyncio.gather(*(fetch(url) for url in urls))
    async with part.database.transaction() as session:
        if await images.link(session, account):
            await announce(session, account)
        if kept and len(urls) == AT_ONCE:  # there may be more; when none could be had, the next reading asks again
            jobs.enqueue(session, "fetch_images", account_id=account)
