"""Snapshots, newest copies and half hours agree, whatever is written twice, late or in one batch."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.metrics import read, service
from app.domain.posts import service as posts
from app.lib.db import Database
from tests import factories
from tests.factories import observation

T0 = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def origin(source: str = "data_api", at: datetime = T0) -> service.Provenance:
    return service.Provenance(source=source, collector="1", run_id=None, recorded_at=at)


async def _count(session: AsyncSession, table: str) -> int:
    return int(await session.scalar(text(f"select count(*) from {table}")) or 0)


async def _post(session: AsyncSession, account: UUID, name: str, published: datetime, now: datetime) -> UUID:
    ids, _ = await posts.upsert(session, account, [factories.reading(name, published)], now)
    return ids[name]


async def test_the_same_observation_twice_is_one_and_a_second_later_is_two(database: Database) -> None:
    async with database.transaction() as session:
        account = (await factories.account(session, now=T0)).id
        seen = observation(account, T0, followers=100, views=1000)
        assert await service.record_account(session, seen, origin())
    async with database.transaction() as session:
        assert not await service.record_account(session, seen, origin())
        assert await service.record_account(
            session, observation(account, T0 + timedelta(seconds=1), followers=101), origin()
        )
        assert await _count(session, "account_snapshot") == 2
        assert await _count(session, "account_rollup") == 1
        followers, views = (await session.execute(text("select followers, views from account_latest"))).one()
        assert (followers, views) == (101, None)


async def test_two_sources_at_one_moment_are_two_observations(database: Database) -> None:
    async with database.transaction() as session:
        account = (await factories.account(session, now=T0)).id
        for source in ("data_api", "yt_dlp"):
            await service.record_account(session, observation(account, T0, followers=1), origin(source))
        assert await _count(session, "account_snapshot") == 2


async def test_a_late_observation_changes_neither_newest_nor_a_later_half_hour(database: Database) -> None:
    async with database.transaction() as session:
        account = (await factories.account(session, now=T0)).id
        await service.record_account(session, observation(account, T0 + timedelta(minutes=20), followers=200), origin())
        await service.record_account(session, observation(account, T0 + timedelta(minutes=10), followers=150), origin())
        assert await session.scalar(text("select followers from account_latest")) == 200
        assert await session.scalar(text("select followers from account_rollup")) == 200


async def test_gains_are_differences_between_readings(database: Database) -> None:
    async with database.transaction() as session:
        account = (await factories.account(session, now=T0)).id
        old = await _post(session, account, "old", T0 - timedelta(days=100), T0)
        new = await _post(session, account, "new", T0 + timedelta(hours=1), T0)
        # a post that is older than the following: its first reading is no gain
        await service.record_posts(session, [observation(old, T0, views=5000, likes=50)], origin())
        gained = text("select gained_views, gained_likes from account_rollup order by bucket desc limit 1")
        assert (await session.execute(gained)).one() == (None, None)
        # a post that came out while we followed: all it has was gained
        later = T0 + timedelta(hours=2)
        seen = [observation(old, later, views=5100, likes=None), observation(new, later, views=40, likes=4)]
        await service.record_posts(session, seen, origin())
        assert (await session.execute(gained)).one() == (140, 4)
        # written again: nothing is gained twice
        await service.record_posts(session, seen, origin())
        assert (await session.execute(gained)).one() == (140, 4)
        # two readings of one post in one batch
        both = [observation(new, later + timedelta(minutes=m), views=v, likes=4) for m, v in ((10, 55), (20, 70))]
        await service.record_posts(session, both, origin())
        assert (await session.execute(gained)).one() == (170, 4)


async def test_days_keep_gaps_and_say_what_a_day_gained(database: Database) -> None:
    async with database.transaction() as session:
        account = (await factories.account(session, now=T0)).id
        for day, views in ((0, 1000), (1, 1100), (3, 1500), (4, 1450)):
            await service.record_account(
                session, observation(account, T0 + timedelta(days=day), followers=day, views=views), origin()
            )
        series = (
            await read.series(
                session,
                [account],
                zone="Europe/Moscow",
                first=date(2026, 3, 10),
                last=date(2026, 3, 14),
                now=T0 + timedelta(days=4),
            )
        )[account]
    assert [d.views for d in series.days] == [None, 100, None, None, -50]
    assert [d.read for d in series.days] == [True, True, False, True, True]
    assert [d.partial for d in series.days] == [False] * 4 + [True]
    assert (series.basis, series.unread_days, series.total_views()) == ("account", 1, 50)


async def test_missing_numbers_keep_their_reason(database: Database) -> None:
    async with database.transaction() as session:
        account = (await factories.account(session, now=T0)).id
        await service.record_account(session, observation(account, T0, followers=None, views=7), origin())
        point = (await read.history(session, "account", account, ["followers", "views"]))[0]
    assert point.values == {"followers": None, "views": 7}
    assert point.missing == {"followers": "not_given"}
