"""Quota: units are reserved before a call, so that a day's allowance is never overdrawn.

A reservation is its own transaction: the units are gone whether or not the call then succeeds, as at
the platform. `spent_here` counts what the current piece of work (a collection run) took.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from app.domain.ports.errors import N_, QuotaSpent
from app.domain.quota.models import QuotaDay
from app.lib import clock
from app.lib.db import Database

PACIFIC = ZoneInfo("America/Los_Angeles")  # where YouTube's day begins


class Tally:
    """Units taken by one piece of work."""

    units = 0


spent_here: ContextVar[Tally | None] = ContextVar("spent_here", default=None)


def quota_day(now: datetime) -> date:
    return now.astimezone(PACIFIC).date()


def resets_at(now: datetime) -> datetime:
    """The next midnight in California."""
    tomorrow = quota_day(now) + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=PACIFIC)


class Ledger:
    """The instance's allowance of one platform. allowed: units a day per bucket."""

    def __init__(self, database: Database, platform: str, allowed: Mapping[str, int]) -> None:
        self._database = database
        self._platform = platform
        self._allowed = allowed

    async def reserve(self, bucket: str, units: int) -> None:
        """Take units before the call that costs them. Raises QuotaSpent (until the reset) when too few are left."""
        now = clock.now()
        allowed = self._allowed[bucket]
        async with self._database.transaction() as session:
            key = {"platform": self._platform, "bucket": bucket, "day": quota_day(now)}
            await session.execute(
                insert(QuotaDay)
                .values(**key, used=0, allowed=allowed)
                .on_conflict_do_update(
                    index_elements=["platform", "bucket", "day"],
                    set_={"allowed": allowed},
                )
            )
            left = await session.scalar(
                update(QuotaDay)
                .where(
                    QuotaDay.platform == self._platform,
                    QuotaDay.bucket == bucket,
                    QuotaDay.day == key["day"],
                    QuotaDay.used + units <= QuotaDay.allowed,
                )
                .values(used=QuotaDay.used + units)
                .returning(QuotaDay.allowed - QuotaDay.used)
            )
        if left is None:
            raise QuotaSpent(
                N_("Today's quota of %(allowed)s units is used up. It resets at midnight in California."),
                until=resets_at(now),
                allowed=allowed,
            )
        tally = spent_here.get()
        if tally is not None:
            tally.units += units
