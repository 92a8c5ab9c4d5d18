"""Jobs that keep the house: what is needed soon is made, what nobody asks for any more is forgotten."""

from typing import Any

from app.domain.collection import service as collection
from app.domain.idempotency import service as idempotency
from app.domain.identity import sessions
from app.domain.metrics.service import ensure_month
from app.lib import clock
from app.tasks.parts import parts


async def housekeeping(context: dict[str, Any]) -> None:
    """Partitions of this month and the next; old cron slots, ended sign-ins, kept answers of repeated writes."""
    database = parts(context).database
    async with database.transaction() as session:
        today = clock.now().date()
        await ensure_month(session, today)
        await ensure_month(session, collection.next_month(today))
    for forget in (collection.forget_slots, sessions.housekeep, idempotency.forget):
        async with database.transaction() as session:
            await forget(session)
