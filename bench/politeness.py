"""How much of what politeness allows one worker uses: many accounts on slow hosts, two requests at a time a host.

Little's law: eight hosts, two requests at a time each, 0.3 s a request: 8 x 2 / 0.3 = 53.3 requests a second and no
more. The worker, its queue, the collector, the way out and the pace are Sightline's own with its defaults; the platform
and its hosts are made up, and answer from another process.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import msgspec
from pydantic import SecretStr
from sqlalchemy import event, text

from app import main
from app.domain.collection import service as collection
from app.domain.collection.run import Collector
from app.domain.creators import service as creators
from app.domain.creators.service import Entry
from app.domain.ports.errors import N_
from app.domain.ports.platform import Means, Platform
from app.domain.ports.values import Format, Metric, Missing, PostReading, PostResult, Profile, Ref, RefKind
from app.lib import jobs
from app.lib.db import Database
from app.lib.egress import Egress, Pace
from app.platforms.kit import Http, Node, Numbers
from app.settings import Settings
from app.tasks import queue as queues
from bench import server, site
from bench.hosts import HOSTS, LATENCY
from bench.measure import Promise, Report, line

AIM = 0.85
ACCOUNTS = 4  # a host
AT_A_TIME = 2  # requests a host: what app/lib/egress/pace.py allows a host of which nothing is known
PAGES = 10  # of posts, one request each, besides the profile: one after the other
LOOK = 0.2  # seconds until an account that has been read is asked to be read again
ALLOWED = len(HOSTS) * AT_A_TIME / LATENCY


class Size(msgspec.Struct, frozen=True):
    """Seconds: until it runs steadily, and to measure."""

    warm: float
    seconds: int


SIZES = {"usual": Size(10, 40), "small": Size(6, 15), "tiny": Size(3, 3)}


class Slow:
    """The source: a profile, then page after page of posts. finished: when each request ended."""

    name = label = "slow"
    version = "1"
    evidence = N_("our reading, unproven")
    configured = True
    unconfigured_reason = ""
    account_numbers = frozenset({Metric.FOLLOWERS})
    post_numbers = frozenset({Metric.VIEWS})

    def __init__(self, means: Means) -> None:
        self._http = Http("Slow", means)
        self.finished: list[float] = []

    async def read_account(self, ref: Ref) -> Profile:
        answer = await self._page(ref, 0)
        return Profile(
            external_id=ref.value,
            handle=None,
            title=answer["name"].text(),
            url=_url(ref),
            metrics=Numbers({Metric.FOLLOWERS: answer["followers"].count(Missing.HIDDEN)}).metrics,
        )

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        for page in range(1, PAGES + 1):
            answer = await self._page(ref, page)
            yield [_post(ref, entry) for entry in answer["posts"].items()]

    async def _page(self, ref: Ref, page: int) -> Node:
        answer = await self._http.get(f"{_url(ref)}/{page}")
        if answer.status != 200:
            raise self._http.changed(f"HTTP {answer.status}")
        self.finished.append(time.monotonic())
        return answer.node()

    async def most(self) -> int:
        """Requests that the busiest host has had at a time."""
        told = [(await self._http.get(f"https://{host}/most")).node()["most"].count(Missing.HIDDEN) for host in HOSTS]
        return max(count or 0 for count, _missing in told)


def _url(ref: Ref) -> str:
    host, _, name = ref.value.partition("/")
    return f"https://{host}/{name}"


def _post(ref: Ref, entry: Node) -> PostReading:
    return PostReading(
        external_id=f"{ref.value}/{entry['id'].text()}",
        url=_url(ref),
        title="Post",
        published_at=entry["at"].moment(),
        format=Format.TEXT,
        metrics=Numbers({Metric.VIEWS: entry["views"].count(Missing.HIDDEN)}).metrics,
    )


def _platform(source: Slow) -> Platform:
    return Platform(
        name="slow",
        label="Slow",
        icon="",
        recognise=lambda pasted: Ref("slow", RefKind.ID, pasted),
        sources=(source,),
        account_metrics={Metric.FOLLOWERS: N_("Followers")},
        post_metrics={Metric.VIEWS: N_("Views")},
        engagement=(),
        hosts=HOSTS,
        profile_url=_url,
    )


def run(size: str) -> Report:
    return asyncio.run(_run(SIZES[size]))


async def _run(chosen: Size) -> Report:
    with server.postgres(durable=True) as postgres, server.folder() as folder:
        urls = await server.database(postgres, "politeness")
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            environment="test",
            data_dir=folder / "var",
            embedded_url=SecretStr(urls.app),
            worker_concurrency=Settings.model_fields["worker_concurrency"].default,
            database_pool=Settings.model_fields["database_pool"].default,
        )
        world, ready = folder / "hosts", folder / "hosts" / "ready.json"
        with site.process("-m", "bench.hosts", str(world), env=site.clean_env(folder / "var")) as hosts:
            await asyncio.to_thread(site.until, ready.exists, hosts)
            told = json.loads(ready.read_text())
            return await _measure(chosen, settings, told["proxy"], Path(told["ca"]))


async def _measure(size: Size, settings: Settings, proxy: str, ca: Path) -> Report:
    database = Database(settings.runtime_url, pool=settings.database_pool, name="sightline-worker")
    held = _Held(database)
    egress = Egress(proxy, ca)
    await egress.start()
    try:
        source = Slow(Means(proxy=egress.proxy_url, ca=ca, pace=Pace()))
        platforms = {"slow": _platform(source)}
        accounts = await _follow(database, platforms, settings)
        async with _worker(settings, database, egress, platforms):
            again = asyncio.create_task(_again(database, accounts))
            try:
                began = await _steady(source, size.warm)
                await asyncio.sleep(size.seconds)
            finally:
                again.cancel()
                await asyncio.gather(again, return_exceptions=True)
            async with database.transaction() as session:
                statuses = list(await session.scalars(text("select distinct status from collection_run")))
                assert set(statuses) <= {"running", "success"}, f"runs that ended otherwise than well: {statuses}"
            report = _report(source.finished, began, size.seconds, settings)
            report.promises += [
                Promise("requests at a time, busiest host", await source.most(), AT_A_TIME, unit="requests"),
                # No aim: the pool bounds them, and who waits too long for one fails its run, which is seen above.
                Promise("database connections at a time", held.most, unit="connections"),
            ]
            return report
    finally:
        await egress.stop()
        await database.close()


class _Held:
    """Counts the pool's connections that are held. most: at a time, so far."""

    def __init__(self, database: Database) -> None:
        self.now = self.most = 0
        pool = database.engine.sync_engine.pool
        event.listen(pool, "checkout", self._taken)
        event.listen(pool, "checkin", self._back)

    def _taken(self, *_what: object) -> None:
        self.now += 1
        self.most = max(self.most, self.now)

    def _back(self, *_what: object) -> None:
        self.now -= 1


async def _follow(database: Database, platforms: dict[str, Platform], settings: Settings) -> list[UUID]:
    """The accounts, followed by a workspace: read from now on."""
    visitor = await site.visitor(database)
    links = [f"{host}/account{n}" for host in HOSTS for n in range(ACCOUNTS)]
    async with database.transaction(visitor.workspace) as session:
        added = await creators.follow_many(
            session,
            visitor.workspace,
            [Entry(link=link) for link in links],
            platforms=platforms,
            defaults=main.plan_of(settings),
        )
        session.info.pop("after_commit", None)  # nobody works yet: the worker finds them by itself
    return [one.account_id for one in added if one.account_id]


@asynccontextmanager
async def _worker(
    settings: Settings, database: Database, egress: Egress, platforms: dict[str, Platform]
) -> AsyncIterator[None]:
    """A worker as `sightline worker` makes it."""
    queue = queues.make(settings, settings.runtime_url)
    await queue.connect()
    jobs.use(queues.sender(queue))
    collector = Collector(database, platforms, main.plan_of(settings))
    parts = main.task_parts(settings, database, egress, platforms, collector)
    worker = queues.worker(queue, parts, concurrency=settings.worker_concurrency)
    working = asyncio.create_task(worker.start())
    try:
        yield
    finally:
        worker.event.set()  # as a signal does
        await asyncio.gather(working, return_exceptions=True)
        jobs.use(None)
        await queue.disconnect()


async def _again(database: Database, accounts: list[UUID]) -> None:
    """Whoever has been read is due again."""
    while True:
        await asyncio.sleep(LOOK)
        async with database.transaction() as session:
            await collection.request(session, accounts, trigger="schedule")


async def _steady(source: Slow, warm: float) -> float:
    """Some seconds after the first answer. Returns the moment."""
    deadline = time.monotonic() + site.PATIENCE
    while not source.finished:
        if time.monotonic() > deadline:
            raise RuntimeError("the worker reads nothing")
        await asyncio.sleep(0.05)
    await asyncio.sleep(warm)
    return time.monotonic()


def _report(finished: Sequence[float], began: float, seconds: int, settings: Settings) -> Report:
    ended = Counter(int(at - began) for at in finished if 0 <= at - began < seconds)
    per_second = [float(ended[second]) for second in range(seconds)]
    rate = sum(per_second) / seconds
    report = Report("politeness", [line("requests answered in each second", "1/s", per_second)])
    report.notes += [
        f"{len(HOSTS)} hosts x {ACCOUNTS} accounts, {AT_A_TIME} requests at a time a host, {LATENCY} s each",
        f"{settings.worker_concurrency} jobs at a time: {rate:.1f} of {ALLOWED:.1f} requests/s over {seconds} s",
    ]
    report.promises.append(Promise("requests/s, one worker / Little's law", rate / ALLOWED, AIM, at_least=True))
    return report
