"""The ledger never lets more through than the day allows, however many ask at once."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.domain.ports.errors import QuotaSpent
from app.domain.quota import read
from app.domain.quota.service import Ledger, Tally, quota_day, resets_at, spent_here
from app.lib import clock
from app.lib.db import Database


async def test_units_are_reserved_once_and_never_overdrawn(database: Database) -> None:
    ledger = Ledger(database, "youtube", {"general": 10})
    tally = Tally()
    spent_here.set(tally)
    results = await asyncio.gather(*(ledger.reserve("general", 3) for _ in range(6)), return_exceptions=True)
    refused = [r for r in results if isinstance(r, QuotaSpent)]
    assert len(refused) == 3 and tally.units == 9
    assert refused[0].until == resets_at(clock.now())
    await ledger.reserve("general", 1)
    async with database.transaction() as session:
        assert [(q.used, q.allowed) for q in await read.today(session, clock.now())] == [(10, 10)]


async def test_the_day_turns_at_midnight_in_california(database: Database, tmp_path: Path) -> None:
    ledger = Ledger(database, "youtube", {"general": 1})
    before, after = datetime(2026, 7, 1, 6, 59, tzinfo=UTC), datetime(2026, 7, 1, 7, 1, tzinfo=UTC)
    assert quota_day(before) < quota_day(after) and resets_at(before) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    for moment in (before, after):
        clock.write(tmp_path / "clock", moment.timestamp(), 0)
        clock.follow(tmp_path / "clock")
        await ledger.reserve("general", 1)
        with pytest.raises(QuotaSpent):
            await ledger.reserve("general", 1)
