"""One account read: the run that comes of it, whatever the sources answer and whoever dies."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from app.domain.accounts import read as accounts
from app.domain.collection import read, run, service
from app.domain.collection.models import Collection
from app.domain.collection.outcome import CLOSED
from app.domain.creators import service as creators
from app.domain.ports.errors import Blocked, Changed, Gone, RetryAfter
from app.domain.ports.paging import Slice
from app.domain.ports.values import Metric, Missing, PostGone, PostState, PostUnread, Profile
from app.domain.posts import read as posts
from app.lib import clock, work
from app.lib.db import Database
from tests import factories
from tests.factories import DEFAULTS, FakeSource, fake_platform

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
PROFILE = Profile(
    external_id="UC0000000000000000000001",
    handle="nord",
    title="Nord",
    url="https://www.youtube.com/@nord",
    metrics={Metric.FOLLOWERS: 1000, Metric.VIEWS: 50_000, Metric.POSTS: 2, Metric.FOLLOWING: None, Metric.LIKES: None},
    missing={Metric.FOLLOWING: Missing.NOT_PUBLISHED, Metric.LIKES: Missing.NOT_PUBLISHED},
)


@pytest.fixture(autouse=True)
def world(tmp_path: Path) -> Path:
    """The domain's time stands at NOW until a test moves it."""
    path = tmp_path / "clock"
    clock.write(path, NOW.timestamp(), 0.0)
    clock.follow(path)
    return path


def move(path: Path, to: datetime) -> None:
    clock.write(path, to.timestamp(), 0.0)


def batches(*names: str, views: int = 100) -> list[list[object]]:
    return [[factories.reading(name, NOW - timedelta(hours=2), views)] for name in names]


async def followed(
    database: Database, source: FakeSource, *more: FakeSource, link: str = "@nord"
) -> tuple[UUID, UUID, run.Collector]:
    platform = fake_platform(source, *more)
    async with database.transaction() as session:
        workspace = await factories.workspace(session)
        added = await factories.follow(session, workspace, platform, link)
    assert added.account_id is not None
    return workspace, added.account_id, run.Collector(database, {"youtube": platform}, DEFAULTS)


async def last_run(database: Database, workspace: UUID) -> read.RunRow:
    async with database.transaction(workspace) as session:
        return (await read.listing(session, read.Filter(), Slice())).items[0]


async def test_a_pasted_handle_becomes_numbers(database: Database) -> None:
    source = FakeSource("data_api", account=PROFILE, posts=batches("a", "b"))
    workspace, account, collector = await followed(database, source)
    assert await collector.collect(account)
    assert not await collector.collect(account), "nothing is due any more"
    done = await last_run(database, workspace)
    assert (done.status, done.source, done.posts_read, done.posts_new, done.trigger) == (
        "success",
        "data_api",
        2,
        2,
        "first",
    )
    async with database.transaction(workspace) as session:
        row = await accounts.one(session, account)
        listed = await posts.listing(session, posts.Filter(account=account), Slice())
    assert (row.title, row.handle, row.numbers["followers"].value) == ("Nord", "nord", 1000)
    assert row.numbers["following"].missing == "not_published"
    assert row.creator_name == "Nord", "a creator nobody named carries the account's title"
    assert row.work is not None and row.work.due_at == NOW + timedelta(hours=1), (
        "posts of the first day are read hourly"
    )
    assert [p.numbers["views"].value for p in listed.items] == [100, 100]


async def test_a_source_that_fails_is_named_and_the_next_one_asked(database: Database) -> None:
    first = FakeSource("data_api", account=Changed("No %(field)s", field="items"), posts=[])
    second = FakeSource("yt_dlp", account=PROFILE, posts=batches("a"))
    workspace, account, collector = await followed(database, first, second)
    await collector.collect(account)
    done = await last_run(database, workspace)
    assert (done.status, done.source) == ("success", "yt_dlp")
    assert [(t.source, t.kind, t.params) for t in done.tried] == [("data_api", "changed", {"field": "items"})]


async def test_a_source_that_breaks_off_midway_is_replaced(database: Database) -> None:
    pause = RetryAfter("Too many requests", until=NOW + timedelta(minutes=5))
    first = FakeSource("data_api", account=PROFILE, posts=[*batches("a"), pause])
    second = FakeSource("yt_dlp", account=PROFILE, posts=batches("a", "b"))
    workspace, account, collector = await followed(database, first, second)
    await collector.collect(account)
    done = await last_run(database, workspace)
    assert (done.status, done.posts_read, done.posts_new) == ("success", 2, 2)
    assert [t.kind for t in done.tried] == ["retry_after"]


@pytest.mark.parametrize(
    ("error", "status", "after"),
    [
        (RetryAfter("Wait", until=NOW + timedelta(minutes=7)), "limited", timedelta(minutes=7)),
        (Blocked("Prove you are human"), "blocked", timedelta(hours=6)),
        (Changed("No %(field)s", field="x"), "error", timedelta(minutes=10)),
        (Gone(CLOSED), "error", timedelta(days=7)),
    ],
)
async def test_a_failed_reading_keeps_the_last_numbers(
    database: Database, world: Path, error: Exception, status: str, after: timedelta
) -> None:
    source = FakeSource("data_api", account=PROFILE, posts=[])
    workspace, account, collector = await followed(database, source)
    await collector.collect(account)
    source.answers["account"] = error
    if isinstance(error, RetryAfter):
        error.until += timedelta(hours=6)
    move(world, NOW + timedelta(hours=6))
    await collector.collect(account)
    done = await last_run(database, workspace)
    assert (done.status, done.error) == (status, error.message)  # type: ignore[attr-defined]
    async with database.transaction(workspace) as session:
        row = await accounts.one(session, account)
    assert row.numbers["followers"].value == 1000
    assert row.work is not None and row.work.due_at == NOW + timedelta(hours=6) + after
    assert row.state == ("gone" if isinstance(error, Gone) else "ok")


async def test_private_and_unreadable_posts_keep_their_numbers(database: Database, world: Path) -> None:
    source = FakeSource("data_api", account=PROFILE, posts=batches("a", "b"))
    workspace, account, collector = await followed(database, source)
    await collector.collect(account)
    unread = PostUnread("b", "needs_action", "Only members may see it.")
    source.answers["posts"] = [[PostGone("a", PostState.PRIVATE), unread]]
    source.answers["reread"] = []
    move(world, NOW + timedelta(hours=6))
    await collector.collect(account)
    done = await last_run(database, workspace)
    assert (done.status, done.posts_gone, done.posts_unread) == ("partial", 1, 1)
    assert done.tried[0].post == "b"
    async with database.transaction(workspace) as session:
        rows = {p.external_id: p for p in (await posts.listing(session, posts.Filter(), Slice())).items}
    assert (rows["a"].state, rows["a"].state_since) == ("private", NOW + timedelta(hours=6))
    assert rows["a"].numbers["views"].value == 100 and rows["a"].next_read_at is None


async def test_only_posts_are_read_when_only_posts_are_due(database: Database, world: Path) -> None:
    source = FakeSource("data_api", account=PROFILE, posts=batches("a"), reread=batches("a", views=170))
    _workspace, account, collector = await followed(database, source)
    await collector.collect(account)
    move(world, NOW + timedelta(hours=1))
    await collector.collect(account)
    assert source.asked[2:] == [("reread", ["a"])]


async def test_two_names_of_one_channel_become_one_account(database: Database) -> None:
    source = FakeSource("data_api", account=PROFILE, posts=batches("a"))
    _workspace, account, collector = await followed(database, source)
    await collector.collect(account)
    async with database.transaction() as session:
        other = await factories.workspace(session, "Other")
        added = await factories.follow(session, other, collector._platforms["youtube"], "@nord_old")
    assert added.account_id is not None and added.account_id != account
    await collector.collect(added.account_id)
    async with database.transaction(other) as session:
        assert [a.id for a in (await accounts.listing(session, accounts.Filter(), Slice())).items] == [account]
        assert await accounts.merged_into(session, added.account_id) == account
    async with database.transaction() as session:
        rows = (await session.execute(text("select account_id, state from collection"))).all()
        states = {row.account_id: row.state for row in rows}
        assert await session.scalar(text("select count(*) from collection_run where status = 'running'")) == 0
    assert states == {account: "due", added.account_id: "done"}


async def test_a_handle_that_changes_hands(database: Database, world: Path) -> None:
    source = FakeSource("data_api", account=PROFILE, posts=[])
    _, account, collector = await followed(database, source)
    await collector.collect(account)
    move(world, NOW + timedelta(hours=6))
    source.answers["account"] = Profile(
        PROFILE.external_id, "nord_new", "Nord", PROFILE.url, PROFILE.metrics, PROFILE.missing
    )
    await collector.collect(account)
    async with database.transaction() as session:
        spans = await accounts.handles(session, account)
    assert [(s.handle, s.seen_to) for s in spans] == [("nord_new", None), ("nord", NOW + timedelta(hours=6))]


async def test_an_abandoned_run_is_taken_over_and_closed(database: Database) -> None:
    source = FakeSource("data_api", account=PROFILE, posts=batches("a"))
    workspace, account, collector = await followed(database, source)
    async with database.transaction() as session:
        assert await work.claim(session, Collection, account, now=NOW) == 1
        await session.execute(
            text("""
                insert into collection_run (id, account_id, trigger, scope, status, step, fence, started_at, tried,
                                            posts_read, posts_new, posts_gone, posts_unread, quota_units)
                values (gen_random_uuid(), :account, 'first', 'full', 'running', 'profile', 1, :at, '[]', 0, 0, 0, 0, 0)
            """),
            {"account": account, "at": NOW - timedelta(minutes=5)},
        )
    assert not await collector.collect(account), "the lease is still good"
    async with database.transaction() as session:
        await session.execute(text("update collection set lease_until = clock_timestamp() - interval '1 second'"))
        assert await work.due(session, Collection, now=NOW, limit=9) == [account]
    assert await collector.collect(account)
    async with database.transaction(workspace) as session:
        runs = (await read.listing(session, read.Filter(), Slice())).items
    assert [(r.status, r.error_kind) for r in runs] == [("success", None), ("error", "interrupted")]


async def test_who_lost_the_lease_writes_nothing_more(database: Database) -> None:
    """The first worker is paused in mid-reading; a second takes the work; the first wakes up."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    class Slow(FakeSource):
        async def read_account(self, ref: object) -> Profile:
            if not reached.is_set():
                reached.set()
                await go_on.wait()
            return PROFILE

    source = Slow("data_api", posts=batches("a"))
    workspace, account, collector = await followed(database, source)
    paused = asyncio.create_task(collector.collect(account))
    await reached.wait()
    async with database.transaction() as session:
        await session.execute(text("update collection set lease_until = clock_timestamp() - interval '1 second'"))
    assert await collector.collect(account)
    go_on.set()
    assert await paused
    async with database.transaction(workspace) as session:
        runs = (await read.listing(session, read.Filter(), Slice())).items
        assert await session.scalar(text("select count(*) from account_snapshot")) == 1
    assert sorted(r.status for r in runs) == ["error", "success"]


async def test_a_cancelled_reading_gives_its_work_back(database: Database) -> None:
    reached = asyncio.Event()

    class Hanging(FakeSource):
        async def read_account(self, ref: object) -> Profile:
            reached.set()
            await asyncio.Event().wait()
            raise AssertionError

    workspace, account, collector = await followed(database, Hanging("data_api"))
    reading = asyncio.create_task(collector.collect(account))
    await reached.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert (await last_run(database, workspace)).error_kind == "interrupted"
    async with database.transaction() as session:
        assert await work.due(session, Collection, now=NOW, limit=9) == [account]


async def test_the_fastest_enabled_cadence_wins(database: Database) -> None:
    source = FakeSource("data_api", account=PROFILE, posts=[])
    workspace, account, collector = await followed(database, source)
    await collector.collect(account)
    async with database.transaction() as session:
        other = await factories.workspace(session, "Other")
        await factories.follow(session, other, collector._platforms["youtube"], "@nord")
    async with database.transaction(other) as session:
        await creators.change_account(session, account, DEFAULTS, cadence_hours=1)

    async def effective() -> tuple[float, str]:
        async with database.transaction(workspace) as session:
            row = await accounts.one(session, account)
            assert row.work is not None
            return row.work.cadence_hours, row.work.state

    assert await effective() == (1, "due")
    async with database.transaction(other) as session:
        await creators.change_account(session, account, DEFAULTS, enabled=False)
    assert await effective() == (6, "due")
    async with database.transaction(workspace) as session:
        await creators.change_account(session, account, DEFAULTS, enabled=False)
    assert await effective() == (6, "off")
    async with database.transaction(workspace) as session:
        await creators.change_account(session, account, DEFAULTS, enabled=True)
    assert await effective() == (6, "due")


async def test_nightly_runs_once_per_local_date(database: Database) -> None:
    async with database.transaction() as session:
        here = await factories.workspace(session, "Here", "Asia/Tokyo")
    at = datetime(2026, 3, 10, 18, 5, tzinfo=UTC)  # 03:05 in Tokyo
    for moment, expected in (
        (at - timedelta(hours=1), []),
        (at, [here]),
        (at + timedelta(minutes=1), []),
        (at + timedelta(days=1), [here]),
    ):
        async with database.transaction() as session:
            assert await service.nightly_due(session, moment) == expected
