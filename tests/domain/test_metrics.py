"""Snapshots, newest copies and half hours agree, whatever is written twice, late or in one batch."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.metrics import read, service
from app.domain.ports.values import Metric, Missing
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


async def test_monthly_views_are_a_gauge_the_last_reading_stands_and_nothing_is_gained_of_them(
    database: Database,
) -> None:
    async with database.transaction() as session:
        account = (await factories.account(session, now=T0)).id
        for minutes, seen in ((0, 5_000), (10, 4_200), (70, 4_900)):
            at = T0 + timedelta(minutes=minutes)
            await service.record_account(session, observation(account, at, followers=10, monthly_views=seen), origin())
        assert await session.scalar(text("select monthly_views from account_latest")) == 4_900
        rolled = text("select monthly_views, views, gained_views from account_rollup order by bucket")
        assert [tuple(row) for row in await session.execute(rolled)] == [(4_200, None, None), (4_900, None, None)]
        series = await read.series(
            session, [account], zone="UTC", first=T0.date(), last=T0.date(), now=T0 + timedelta(hours=2)
        )
    assert [(day.views, day.views_total, day.gained_views) for day in series[account].days] == [(None, None, None)]


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


async def test_an_unreadable_number_leaves_the_last_good_one_with_its_own_date(database: Database) -> None:
    """However often it is not found; any other reason takes its place, and so does the next number."""

    async def newest(session: AsyncSession) -> read.Numbers:
        names = ("observed_at", "recorded_at", "source", "collector", "run_id", "missing", "followers", "views")
        columns = ", ".join(f"{name} as n_{name}" for name in names)
        row = (await session.execute(text(f"select {columns} from account_latest"))).one()
        return read.numbers(row, ("followers", "views"))

    def seen(hours: int, why: Missing | None = None, followers: int | None = None) -> service.Observation:
        missing = {Metric.FOLLOWERS: why} if why else {}
        metrics = {Metric.FOLLOWERS: followers, Metric.VIEWS: 1000 + hours}
        return service.Observation(account, T0 + timedelta(hours=hours), metrics, missing)

    async with database.transaction() as session:
        account = (await factories.account(session, now=T0)).id
        await service.record_account(session, seen(0, followers=100), origin())
        for hours in (1, 2):
            await service.record_account(session, seen(hours, Missing.UNREADABLE), origin("yt_dlp"))
            numbers = await newest(session)
            kept = numbers["followers"].kept
            assert kept is not None and (kept.observed_at, kept.source) == (T0, "data_api")
            assert (numbers["followers"].value, numbers["followers"].missing) == (100, None)
            assert numbers["views"] == read.Number(1000 + hours)
            assert numbers.origin is not None and numbers.origin.source == "yt_dlp"
        assert await session.scalar(text("select count(*) from account_snapshot where followers is null")) == 2
        await service.record_account(session, seen(3, followers=110), origin())
        assert (await newest(session))["followers"] == read.Number(110)
        await service.record_account(session, seen(4, Missing.UNREADABLE), origin())
        await service.record_account(session, seen(5, Missing.HIDDEN), origin())
        assert (await newest(session))["followers"] == read.Number(None, "hidden")
        await service.record_account(session, seen(6, Missing.UNREADABLE), origin())
        assert (await newest(session))["followers"] == read.Number(None, "unreadable")


async def test_what_a_connection_reads_besides_the_public_numbers_is_not_counted_twice(database: Database) -> None:
    async with database.transaction() as session:
        room = await factories.workspace(session)
        both = (await factories.account(session, now=T0)).id
        only_own = (await factories.account(session, now=T0)).id
        for account, workspaces in ((both, (None, room)), (only_own, (room,))):
            post = await _post(session, account, f"new{account}", T0 + timedelta(minutes=1), T0)
            for workspace in workspaces:
                seen = service.Provenance("own" if workspace else "data_api", "1", None, T0, workspace)
                for hours, views in ((1, 300), (2, 1000)):
                    at = T0 + timedelta(hours=hours)
                    await service.record_posts(session, [observation(post, at, views=views)], seen)
        day = T0.date()
        told = await read.series(
            session, [both, only_own], zone="UTC", first=day, last=day, now=T0 + timedelta(hours=3)
        )
    assert [told[account].gained_views for account in (both, only_own)] == [[1000], [1000]]
