"""One collection: claim the account's work, read it through its platform's sources, write as it arrives.

Every write happens under the lease's fence, batch by batch, each batch one transaction with its
announcement, so that an open page fills while the reading goes on and a worker that was presumed dead
can write nothing more. Whatever happens, the work row ends due again, or off.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.collection.models import Collection, CollectionRun
from app.domain.collection.outcome import INTERRUPTED, OUR_MISTAKE
from app.domain.collection.reading import Reading
from app.domain.collection.service import Plan, announce
from app.domain.metrics import service as metrics
from app.domain.ports.errors import (
    PlatformError,
)
from app.domain.ports.platform import (
    Platform,
)
from app.domain.quota.service import Tally, spent_here
from app.lib import clock, work
from app.lib.db import Database, unreachable, uuid7

log = structlog.get_logger(__name__)


class Collector:
    """Reads accounts. One per process; `platforms` by name, in the order of their sources' preference."""

    def __init__(self, database: Database, platforms: Mapping[str, Platform], defaults: Plan) -> None:
        self._database = database
        self._platforms = platforms
        self._defaults = defaults

    async def collect(self, account: UUID) -> bool:
        """Read one account, if its work is due and nobody else has it. False when there was nothing to do."""
        started = time.monotonic()
        async with self._database.transaction() as session:
            now = clock.now()
            # Before anything else is locked: two readings of one account that both wait for a new month's partitions,
            # one of them holding the account, would wait for each other.
            await metrics.ensure_month(session, now.date())
            fence = await work.claim(session, Collection, account, now=now)
            if fence is None:
                return False
            row = await session.get_one(Collection, account, populate_existing=True)
            full = row.next_full_at is not None and row.next_full_at <= now
            await self._close_interrupted(session, account, now)
            run = CollectionRun(
                id=uuid7(), account_id=account, trigger=row.trigger if full else "reread",
                scope="full" if full else "posts", status="running", step="profile" if full else "posts",
                fence=fence, started_at=now, tried=[], posts_read=0, posts_new=0, posts_gone=0, posts_unread=0,
                quota_units=0,
            )  # fmt: skip
            session.add(run)
            await session.flush()
            await announce(session, account, f"run:{run.id}")
        by_hand = full and row.trigger == "manual"
        reading = Reading(
            self._database, self._platforms, self._defaults, account, run.id, fence, full, row.max_posts, by_hand
        )
        tally = Tally()
        spent_here.set(tally)
        beat = asyncio.create_task(reading.keep_alive(asyncio.current_task()))
        try:
            try:
                await reading.read()
            except PlatformError as error:
                reading.outcome.error = error
            except Exception as error:
                if isinstance(error, work.Lost) or unreachable(error):  # the lease runs out, and somebody takes over
                    raise
                log.exception("reading failed", account=str(account), run=str(run.id))
                reading.outcome.error = PlatformError(OUR_MISTAKE)
            await reading.finish(tally, started)
        except work.Lost:
            log.warning(
                "lease lost; another worker has this account",
                account=str(account),
                run=str(run.id),
            )
        except asyncio.CancelledError:
            if not reading.lost:  # the worker stops, or the job ran out of its time: give the work back
                with contextlib.suppress(work.Lost):  # somebody has it already
                    await asyncio.shield(reading.give_back(started))
                raise
            log.warning(
                "lease lost; another worker has this account",
                account=str(account),
                run=str(run.id),
            )
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)
        return True

    async def _close_interrupted(self, session: AsyncSession, account: UUID, now: datetime) -> None:
        """A run that a dead worker left open is closed by whoever takes the work over."""
        await session.execute(
            update(CollectionRun)
            .where(CollectionRun.account_id == account, CollectionRun.status == "running")
            .values(
                status="error",
                error_kind="interrupted",
                error=INTERRUPTED,
                finished_at=now,
            )
        )


async def due_accounts(database: Database, limit: int) -> list[UUID]:
    """Accounts whose work is due or was abandoned."""
    async with database.transaction() as session:
        return await work.due(session, Collection, now=clock.now(), limit=limit)
