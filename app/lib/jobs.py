"""Background jobs, by name, after the commit, carrying ids only.

The domain asks for a job with `enqueue(session, "collect", account_id=...)`; the name is put on the
session and handed to the queue once the transaction has committed. A job may be lost (the queue is
not the record): every row that is work is found again by the cron that looks for due rows.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.lib.db import after_commit

log = structlog.get_logger(__name__)

HAND_OVER_WITHIN = 2.0  # seconds, for all jobs of one transaction: somebody waits for its answer

Send = Callable[[str, str | None, dict[str, Any]], Awaitable[None]]
_send: Send | None = None


def use(send: Send | None) -> None:
    """Give this process its queue. Called once by `app.main`."""
    global _send
    _send = send


def enqueue(session: AsyncSession, name: str, *, key: str | None = None, **ids: UUID | str | int | None) -> None:
    """Run job `name` soon after this transaction commits. A job with the same `key` that still waits is not doubled."""
    payload = {k: str(v) if isinstance(v, UUID) else v for k, v in ids.items()}
    waiting: list[tuple[str, str | None, dict[str, Any]]] = session.info.setdefault("jobs", [])
    if not waiting:
        after_commit(session, lambda: _hand_over(waiting))
    waiting.append((name, key, payload))


async def _hand_over(waiting: list[tuple[str, str | None, dict[str, Any]]]) -> None:
    if _send is None:
        return
    try:
        async with asyncio.timeout(HAND_OVER_WITHIN):
            for job in waiting:
                await _send(*job)
    except Exception:  # the row is the record; the cron will find it. Losing the hurry is not losing the work
        log.warning("jobs not handed over; their rows stay due", jobs=len(waiting), exc_info=True)
