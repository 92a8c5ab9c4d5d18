"""The benches run, and what they measure on is what they say it is. Nothing here looks at a time."""

import math
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest

from app.lib.db import Database
from bench import history, server, site
from bench.measure import Promise, Report, line, paired, shown

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["ingestion", "politeness", "pages", "live", "start"])
def test_a_bench_measures_and_reports(name: str, tmp_path: Path) -> None:
    file = tmp_path / "numbers.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", name, "--tiny", "--json", str(file)],
        cwd=ROOT, capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (report,) = msgspec.json.decode(file.read_bytes(), type=list[Report])
    if any(note.startswith("left out: no Chromium") for note in report.notes):
        pytest.skip(report.notes[0])
    assert report.name == name
    assert report.promises
    for promise in report.promises:
        assert math.isfinite(promise.value)
        assert promise.value > 0
        assert promise.what in done.stdout
    for measured in report.lines:
        assert 0 < measured.least <= measured.median <= measured.p95


def test_a_promise_is_met_on_its_own_side_of_the_aim() -> None:
    assert Promise("ratio", 0.2, 0.15, at_least=True).met is True
    assert Promise("ratio", 0.1, 0.15, at_least=True).met is False
    assert Promise("time", 251.0, 250.0).met is False
    assert Promise("time", 250.0, 250.0).met is True
    assert Promise("only told", 7.0).met is None
    assert "MISSED" in shown(Report("x", promises=[Promise("time", 251.0, 250.0)]))


def test_distributions() -> None:
    told = line("x", "ms", [float(n) for n in range(100, 0, -1)])
    assert (told.n, told.least, told.median, told.p95) == (100, 1.0, 50.5, 95.0)
    # a slow moment that meets both of a pair changes nothing
    assert paired([2.0, 20.0, 2.0], [1.0, 10.0, 1.0]) == 2.0


async def test_the_made_history_agrees_with_itself() -> None:
    past = history.Past(accounts=3, posts=40, days=60, snapshots=4000)
    with server.postgres(durable=False) as postgres:
        urls = await server.database(postgres, "history")
        database = Database(urls.app, pool=2)
        visitor = await site.visitor(database)
        await database.close()
        made = await history.make(urls.admin, past, visitor.workspace, datetime.now(UTC))
        connection = await asyncpg.connect(urls.admin)
        try:
            told = await connection.fetchrow("""
                select (select count(*) from post_snapshot), (select sum(views) from post_latest),
                       (select sum(gained_views) from account_rollup), (select sum(readings) from account_rollup),
                       (select count(*) from post_latest l
                        join post_snapshot s on s.post_id = l.post_id and s.observed_at > l.observed_at)
            """)
        finally:
            await connection.close()
    assert told is not None
    snapshots, newest, gained, readings, behind = told
    assert made == snapshots == readings
    assert newest == gained  # every post came out while its account was followed
    assert behind == 0
    assert abs(made - past.snapshots) < past.snapshots * 0.05
    longer = past.times(3)
    assert (longer.posts, longer.days) == (120, 180)
    assert abs(longer.beat - past.beat) <= timedelta(seconds=1)
