"""Rows per second into the database: observations through the domain against COPY of the same rows."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from app.domain.metrics import service
from app.domain.metrics.service import Observation, Provenance
from app.domain.ports.values import ACCOUNT_METRICS, POST_METRICS, Metric, Missing
from app.lib.db import Database, uuid7
from bench import server
from bench.measure import Line, Promise, Report, line, paired

BATCH = 1000  # rows a commit
AIM = 0.15
T0 = datetime(2026, 3, 1, tzinfo=UTC)
EVERY = timedelta(hours=6)


class Size(msgspec.Struct, frozen=True):
    """rounds: the two ways take turns so often; commits: of each way, in each round."""

    accounts: int
    posts: int  # of each account
    rounds: int
    commits: int


SIZES = {"usual": Size(40, 50, 8, 10), "small": Size(40, 50, 3, 5), "tiny": Size(2, 5, 1, 1)}

# A table with the same columns and the same key, and nothing that is derived from its rows.
PLAIN = """
    create table plain_{kind} (like {kind}_snapshot including defaults);
    create unique index on plain_{kind} ({kind}_id, observed_at, source, workspace_id) nulls not distinct;
"""


def run(size: str) -> Report:
    return asyncio.run(_run(SIZES[size]))


async def _run(chosen: Size) -> Report:
    with server.postgres(durable=True) as postgres:
        urls = await server.database(postgres, "ingestion")
        database = Database(urls.app, pool=2)
        rival = await asyncpg.connect(urls.admin)
        try:
            return await _measure(chosen, database, rival)
        finally:
            await rival.close()
            await database.close()


async def _measure(size: Size, database: Database, rival: asyncpg.Connection) -> Report:
    accounts = [uuid7() for _ in range(size.accounts)]
    posts = [uuid7() for _ in range(size.accounts * size.posts)]
    await _world(rival, accounts, posts)
    for kind in ("account", "post"):
        await rival.execute(PLAIN.format(kind=kind))
    report = Report("ingestion")
    batch = min(BATCH, len(posts))
    ours, copy = await _versus(size, "post", batch, database, rival, posts, POST_METRICS)
    report.lines += [
        _rate(f"posts through the domain, {batch:,} a commit", batch, ours),
        _rate(f"posts by COPY into a plain table, {batch:,} a commit", batch, copy),
    ]
    report.promises.append(Promise("posts, domain / COPY", paired(copy, ours), AIM, at_least=True))
    # An account is read by itself, one observation a commit: mostly the price of a transaction, so nothing is promised.
    ours, copy = await _versus(size, "account", 1, database, rival, accounts, ACCOUNT_METRICS)
    report.lines += [
        _rate("account observations through the domain, 1 a commit", 1, ours),
        _rate("account observations by COPY, 1 a commit", 1, copy),
    ]
    report.promises.append(Promise("one account, domain / COPY", paired(copy, ours), at_least=True))
    written = await rival.fetchval("select count(*) from post_snapshot")
    gained = await rival.fetchval("select sum(readings) from account_rollup")
    copied = await rival.fetchval("select count(*) from plain_post")
    assert written == gained == copied, f"{written} snapshots, {gained} in half hours, {copied} copied"
    report.notes.append(f"{written:,} post observations each way, with newest copies and half hours on ours")
    return report


async def _world(connection: asyncpg.Connection, accounts: Sequence[UUID], posts: Sequence[UUID]) -> None:
    await connection.executemany(
        "insert into account (id, platform, external_id, lookup, title, url, state, first_seen_at)"
        " values ($1::uuid, 'youtube', ($1::uuid)::text, ($1::uuid)::text, 'Channel', '', 'ok', $2)",
        [(account, T0) for account in accounts],
    )
    await connection.executemany(
        "insert into post (id, account_id, external_id, url, title, published_at, format, state, first_seen_at)"
        " values ($1::uuid, $2, ($1::uuid)::text, '', 'Post', $3, 'long', 'public', $3)",
        [(post, accounts[n % len(accounts)], T0) for n, post in enumerate(posts)],
    )


async def _versus(
    size: Size,
    kind: str,
    batch: int,
    database: Database,
    rival: asyncpg.Connection,
    things: Sequence[UUID],
    metrics: Sequence[Metric],
) -> tuple[list[float], list[float]]:
    """Seconds of each commit, ours and the rival's, taking turns."""
    chance = random.Random(1)
    batches = [
        [_observation(thing, T0 + EVERY * step, step, chance) for thing in things[start : start + batch]]
        for step in range(1 + size.rounds * size.commits * batch // len(things) + 1)
        for start in range(0, len(things) - batch + 1, batch)
    ]
    columns = [f"{kind}_id", "observed_at", "missing", *metrics, "recorded_at", "source", "collector"]

    async def ours(seen: list[Observation]) -> None:
        origin = Provenance("data_api", "1", None, T0)
        async with database.transaction() as session:
            if kind == "post":
                await service.record_posts(session, seen, origin)
            else:
                await service.record_account(session, seen[0], origin)

    async def copy(records: list[tuple[Any, ...]]) -> None:
        await rival.copy_records_to_table(f"plain_{kind}", records=records, columns=columns)

    rows = [[_row(seen, metrics) for seen in one] for one in batches]
    await _timed(ours, batches[:1])  # connections, plans and the month's partitions are there from here on
    await _timed(copy, rows[:1])
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(size.rounds):
        part = slice(1 + turn * size.commits, 1 + (turn + 1) * size.commits)
        if turn % 2:
            took[1].extend(await _timed(copy, rows[part]))
            took[0].extend(await _timed(ours, batches[part]))
        else:
            took[0].extend(await _timed(ours, batches[part]))
            took[1].extend(await _timed(copy, rows[part]))
    return took


async def _timed(write: Callable[[Any], Awaitable[None]], batches: Sequence[Any]) -> list[float]:
    took = []
    for one in batches:
        began = time.perf_counter()
        await write(one)
        took.append(time.perf_counter() - began)
    return took


def _observation(thing: UUID, at: datetime, step: int, chance: random.Random) -> Observation:
    views = 1000 * (step + 1) + chance.randrange(1000)
    values: dict[Metric, int | None] = {Metric.VIEWS: views, Metric.LIKES: views // 30, Metric.COMMENTS: views // 400}
    if chance.random() < 0.1:
        return Observation(thing, at, {**values, Metric.COMMENTS: None}, {Metric.COMMENTS: Missing.OFF})
    return Observation(thing, at, {**values, Metric.FOLLOWERS: 5000 + step, Metric.POSTS: 50}, {})


def _row(seen: Observation, metrics: Sequence[Metric]) -> tuple[Any, ...]:
    missing = msgspec.json.encode(seen.missing).decode() if seen.missing else None
    values = (seen.metrics.get(metric) for metric in metrics)
    return (seen.thing, seen.observed_at, missing, *values, T0, "data_api", "1")


def _rate(what: str, batch: int, took: Sequence[float]) -> Line:
    return line(what, "rows/s", [batch / seconds for seconds in took])
