"""How much of today's quota is left."""

from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.quota.models import QuotaDay
from app.domain.quota.service import quota_day, resets_at


class QuotaToday(msgspec.Struct, frozen=True):
    platform: str
    bucket: str
    used: int
    allowed: int
    resets_at: datetime


async def today(session: AsyncSession, now: datetime) -> list[QuotaToday]:
    """Every bucket that was used today (the platform's day)."""
    rows = await session.scalars(
        select(QuotaDay).where(QuotaDay.day == quota_day(now)).order_by(QuotaDay.platform, QuotaDay.bucket)
    )
    return [QuotaToday(r.platform, r.bucket, r.used, r.allowed, resets_at(now)) for r in rows]
