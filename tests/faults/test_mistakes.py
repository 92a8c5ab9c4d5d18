"""What is wrong with our own code must not become work that is tried without an end."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from app.domain.collection.models import Collection, CollectionRun
from app.domain.collection.outcome import FIRST_RETRY, OUR_MISTAKE
from app.domain.collection.run import Collector
from app.lib import clock
from app.lib.db import Database
from tests import factories
from tests.factories import DEFAULTS, FakeSource, fake_platform


async def test_a_mistake_of_ours_ends_the_run_and_is_tried_later_and_later(database: Database, tmp_path: Path) -> None:
    moments = tmp_path / "clock"
    clock.write(moments, datetime(2026, 3, 10, 12, tzinfo=UTC).timestamp(), 0.0)
    clock.follow(moments)
    platform = fake_platform(FakeSource("data_api", account=KeyError("a slip in an adapter"), posts=[]))
    async with database.transaction() as session:
        workspace = await factories.workspace(session)
        account = (await factories.follow(session, workspace, platform, "@nord")).account_id
    assert account is not None
    collector = Collector(database, {"youtube": platform}, DEFAULTS)
    pauses = []
    for _ in range(2):
        assert await collector.collect(account)
        async with database.transaction() as session:
            work = await session.get_one(Collection, account, populate_existing=True)
        assert (work.state, work.lease_until, work.error) == ("due", None, OUR_MISTAKE)
        assert work.due_at is not None
        pauses.append(work.due_at - clock.now())
        clock.write(moments, work.due_at.timestamp(), 0.0)
    assert pauses == [FIRST_RETRY, 2 * FIRST_RETRY]
    async with database.transaction() as session:
        runs = (await session.scalars(select(CollectionRun))).all()
    assert [(run.status, run.error) for run in runs] == [("error", OUR_MISTAKE)] * 2
