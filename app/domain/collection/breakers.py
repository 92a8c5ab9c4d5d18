"""A circuit breaker per source: one that fails again and again is left alone for a while, for every account.

It opens at once when a source wants proof of a human, after THRESHOLD failures in a row otherwise, and stays open as
long as the platform asked, else longer each time. Who asks by hand tries it all the same. The Sources page shows it.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.collection.outcome import plain
from app.domain.ports.errors import N_, Blocked, NeedsAction, PlatformError, QuotaSpent, RetryAfter
from app.domain.ports.platform import Source

THRESHOLD = 3
FIRST, LONGEST = timedelta(minutes=5), timedelta(hours=6)
BLOCKED = timedelta(hours=1)
RECENT = timedelta(minutes=1)  # how exactly it is kept when a source last answered
PAUSED = N_("%(source)s is left alone for a while: it failed %(failures)s times in a row.")


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """open_until: it is not asked before. failures: in a row, since it last answered."""

    platform: str
    source: str
    failures: int
    open_until: datetime | None
    error_kind: str | None
    error: str | None
    error_params: dict[str, Any] | None
    failed_at: datetime | None
    succeeded_at: datetime | None


async def health(session: AsyncSession, platform: str = "") -> dict[tuple[str, str], Health]:
    """What is known of sources, by (platform, source); of one platform, or of all."""
    rows = await session.execute(
        text("""
            select platform, source, failures, open_until, error_kind, error, error_params, failed_at, succeeded_at
            from source_health where :platform = '' or platform = :platform
        """),
        {"platform": platform},
    )
    found = [Health(**row) for row in rows.mappings()]
    return {(one.platform, one.source): one for one in found}


def paused(source: Source, known: Health | None, now: datetime) -> RetryAfter | None:
    """Why a source is not asked now; None when it is."""
    if known is None or known.open_until is None or known.open_until <= now:
        return None
    return RetryAfter(
        PAUSED, until=known.open_until, source=source.label, failures=known.failures
    )  # fmt: skip


async def failed(session: AsyncSession, platform: str, source: Source, error: PlatformError, now: datetime) -> None:
    """Count a failure; opens the breaker when that is due. What lies with the account does not count."""
    if not isinstance(error, RetryAfter | Blocked | NeedsAction):
        return
    failures: int = (
        await session.execute(
            text("""
                insert into source_health as h (platform, source, failures, error_kind, error, error_params, failed_at)
                values (:platform, :source, 1, :kind, :error, cast(:params as jsonb), :now)
                on conflict (platform, source) do update set failures = h.failures + 1,
                    error_kind = excluded.error_kind, error = excluded.error, error_params = excluded.error_params,
                    failed_at = excluded.failed_at
                returning failures
            """),
            {
                "platform": platform,
                "source": source.name,
                "kind": error.kind,
                "error": error.message,
                "params": msgspec.json.encode(plain(error.params)).decode(),
                "now": now,
            },
        )
    ).scalar_one()
    until = _open_until(error, failures, now)
    if until is not None:
        await session.execute(
            text("update source_health set open_until = :until where platform = :platform and source = :source"),
            {"until": until, "platform": platform, "source": source.name},
        )


def _open_until(error: PlatformError, failures: int, now: datetime) -> datetime | None:
    if isinstance(error, QuotaSpent):
        return error.until
    if isinstance(error, Blocked):
        return now + min(BLOCKED * float(2 ** min(failures - 1, 4)), LONGEST)
    if failures < THRESHOLD or isinstance(error, NeedsAction):  # a key that was put right works at once
        return None
    longer = min(FIRST * float(2 ** min(failures - THRESHOLD, 8)), LONGEST)
    return max(error.until, now + longer) if isinstance(error, RetryAfter) else now + longer


async def answered(session: AsyncSession, platform: str, source: Source, now: datetime) -> None:
    """It works: the breaker closes."""
    await session.execute(
        text("""
            insert into source_health (platform, source, failures, succeeded_at) values (:platform, :source, 0, :now)
            on conflict (platform, source) do update set failures = 0, open_until = null, error_kind = null,
                error = null, error_params = null, succeeded_at = excluded.succeeded_at
            where source_health.failures > 0 or source_health.succeeded_at is null
               or source_health.succeeded_at < excluded.succeeded_at - interval '1 minute'
        """),
        {"platform": platform, "source": source.name, "now": now},
    )
