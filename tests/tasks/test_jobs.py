"""Jobs through the real queue of this shape: they leave after the commit, and lost ones are found again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from app import main
from app.domain.collection import service as collection
from app.domain.creators import service as creators
from app.lib import jobs
from app.lib.db import Database
from app.settings import Settings
from app.tasks import CRONS, TASKS
from app.tasks import queue as queues
from app.tasks.parts import Parts
from sandbox import testing
from sandbox.core import Sandbox
from tests import factories
from tests.conftest import Urls
from tests.world import settings_for


@pytest.fixture
def world() -> Sandbox:
    return testing.reset()


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Parts]:
    """A worker of the real queue in this process, and the parts it works with."""
    async with main.reading(settings) as (database, egress, platforms, collector):
        queue = queues.make(settings, settings.runtime_url)
        await queue.connect()
        jobs.use(queues.sender(queue))
        parts = main.task_parts(settings, database, egress, platforms, collector)
        worker = queues.worker(queue, parts, concurrency=4)
        worker.SIGNALS = []  # this process keeps its own
        running = asyncio.create_task(worker.start())
        try:
            yield parts
        finally:
            jobs.use(None)
            worker.event.set()
            await running
            await queue.disconnect()


async def until(question: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Ask until the answer is yes."""
    async with asyncio.timeout(seconds):
        while not await question():  # noqa: ASYNC110 - it is a row that changes
            await asyncio.sleep(0.02)


async def _follow(parts: Parts, link: str) -> None:
    async with parts.database.transaction() as session:
        workspace = await factories.workspace(session)
        entry = creators.Entry(link=link)
        await creators.follow(session, workspace, entry, platforms=parts.platforms, defaults=parts.defaults)


def _finished(database: Database, count: int) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        async with database.transaction() as session:
            done = await session.scalar(text("select count(*) from collection_run where status = 'success'"))
        return bool(done == count)

    return asked


async def test_pasting_a_link_is_enough(urls: Urls, tmp_path: Path, world: Sandbox) -> None:
    """The job leaves with the commit; the pictures follow the numbers."""
    async with working(settings_for(urls, tmp_path, world)) as parts:
        await _follow(parts, "@kettleandpine")
        await until(_finished(parts.database, 1))

        async def pictured() -> bool:
            async with parts.database.transaction() as session:
                bare = await session.scalar(text("select count(*) from post where image_id is null"))
                faces = await session.scalar(text("select count(*) from account where image_id is not null"))
            return bool(bare == 0 and faces == 1)

        await until(pictured)
    testing.assert_clean()


async def test_a_rolled_back_wish_starts_nothing(urls: Urls, tmp_path: Path, world: Sandbox) -> None:
    async with working(settings_for(urls, tmp_path, world)) as parts:
        with contextlib.suppress(ZeroDivisionError):
            async with parts.database.transaction() as session:
                workspace = await factories.workspace(session)
                entry = creators.Entry(link="@kettleandpine")
                await creators.follow(session, workspace, entry, platforms=parts.platforms, defaults=parts.defaults)
                raise ZeroDivisionError
        await _follow(parts, "@orbitnotes")
        await until(_finished(parts.database, 1))
        async with parts.database.transaction() as session:
            assert (await session.scalars(text("select handle from account"))).all() == ["orbitnotes"]


async def test_a_lost_job_is_found_by_its_row(urls: Urls, tmp_path: Path, world: Sandbox) -> None:
    """Nobody handed the job over (the process died after its commit): the cron finds the row."""
    settings = settings_for(urls, tmp_path, world)
    jobs.use(None)
    async with main.reading(settings) as (database, egress, platforms, collector):
        await _follow(main.task_parts(settings, database, egress, platforms, collector), "@kettleandpine")
    async with working(settings) as parts:
        await until(_finished(parts.database, 1))


async def test_the_next_day_brings_the_next_reading(urls: Urls, tmp_path: Path, world: Sandbox) -> None:
    async with working(settings_for(urls, tmp_path, world)) as parts:
        await _follow(parts, "@kettleandpine")
        await until(_finished(parts.database, 1))
        world.clock.advance(86_400)
        await until(_finished(parts.database, 2))
        async with parts.database.transaction() as session:
            views = (await session.scalars(text("select views from account_snapshot order by observed_at"))).all()
    assert views[1] > views[0]


async def test_requests_for_a_running_account_are_not_doubled(urls: Urls, tmp_path: Path, world: Sandbox) -> None:
    async with working(settings_for(urls, tmp_path, world)) as parts:
        await _follow(parts, "@kettleandpine")
        await until(_finished(parts.database, 1))
        async with parts.database.transaction() as session:
            account = (await session.scalars(text("select id from account"))).one()
        for _ in range(3):
            async with parts.database.transaction() as session:
                await collection.request(session, [account])
        await until(_finished(parts.database, 2))
        async with parts.database.transaction() as session:
            overlapping = await session.scalar(
                text("""
                    select count(*) from collection_run a join collection_run b on a.account_id = b.account_id
                    and a.id < b.id and a.started_at < b.finished_at and b.started_at < a.finished_at
                """)
            )
    assert overlapping == 0


def test_every_job_states_its_limits() -> None:
    for task in TASKS:
        assert 0 < task.timeout <= 900 and task.retries >= 1, task.name
        assert task.run.__doc__, task.name
    assert len({task.name for task in TASKS}) == len(TASKS)
    assert all(cron.timeout > 0 for cron in CRONS)
