"""From a commit to the changed number on an open page: one Chromium beside many open streams."""

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
from playwright.async_api import Page, async_playwright
from sqlalchemy import text

from app.domain.collection.service import announce
from app.domain.metrics.service import Observation, Provenance, record_account
from app.domain.ports.values import Metric
from app.lib.db import Database
from bench import history, server, site
from bench.history import Past
from bench.measure import Promise, Report, line
from tests import chromium

Heard = asyncio.Queue[float]  # moments on the wall clock

AIM = 250.0  # ms, p95
BLOCKS = "head,attention,arrivals,kpis,chart,formats,posts,log"


class Size(msgspec.Struct, frozen=True):
    past: Past
    streams: int
    events: int


SIZES = {
    "usual": Size(Past(40, 2000, 100, 100_000), 50, 40),
    "small": Size(Past(40, 2000, 100, 100_000), 50, 12),
    "tiny": Size(Past(2, 20, 40, 1000), 3, 2),
}

# `at(value)`: when the page first showed that many followers, on the wall clock in ms.
WATCH = r"""() => {
  const seen = {}, asked = {};
  const look = () => {
    const value = document.querySelector('#pop-followers dd')?.textContent.replace(/\D/g, '');
    if (!value || value in seen) return;
    seen[value] = performance.timeOrigin + performance.now();
    asked[value]?.(seen[value]);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  window.at = value => value in seen ? seen[value] : new Promise(tell => { asked[value] = tell; });
}"""


def run(size: str) -> Report:
    return asyncio.run(_run(SIZES[size]))


async def _run(chosen: Size) -> Report:
    report = Report("live")
    try:
        browser = chromium.executable()
    except chromium.NoChromium as error:
        report.notes.append(f"left out: {error}")
        return report
    with server.postgres(durable=True) as postgres, server.folder() as folder:
        urls = await server.database(postgres, "live")
        database = Database(urls.app, pool=2)
        visitor = await site.visitor(database)
        await history.make(urls.admin, chosen.past, visitor.workspace, datetime.now(UTC))
        async with database.transaction(workspace=visitor.workspace) as session:
            account = await session.scalar(text("select account_id from tracked_account order by account_id limit 1"))
        assert isinstance(account, UUID)
        port = site.free_port()
        base = f"http://127.0.0.1:{port}"
        env = site.clean_env(folder / "var", PORT=str(port), **urls.env)
        with site.process("-m", "app.cli", "web", env=env) as web:
            await asyncio.to_thread(site.until, lambda: site.answers(f"{base}/health"), web)
            async with (
                httpx.AsyncClient(
                    base_url=base, cookies=visitor.cookies, timeout=30, limits=httpx.Limits(max_connections=None)
                ) as client,
                _streams(client, chosen.streams) as heard,
                _page(browser, base, visitor, f"/accounts/{account}") as page,
            ):
                await _events(chosen, database, client, heard, page, account, report)
        await database.close()
    return report


@asynccontextmanager
async def _page(browser: str, base: str, visitor: site.Visitor, path: str) -> AsyncIterator[Page]:
    """The page in Chromium, its stream open and its number watched."""
    async with async_playwright() as playwright:
        chrome = await playwright.chromium.launch(executable_path=browser, args=chromium.ARGUMENTS)
        try:
            context = await chrome.new_context(locale="en-GB")
            await context.add_cookies([{"name": visitor.cookie, "value": visitor.token, "url": base}])
            page = await context.new_page()
            await page.goto(base + path)
            await page.locator(".live[data-state=live]").first.wait_for(state="attached")
            await page.evaluate(WATCH)
            yield page
        finally:
            await chrome.close()


@asynccontextmanager
async def _streams(client: httpx.AsyncClient, count: int) -> AsyncIterator[list[Heard]]:
    """Open streams that nobody looks at. Yields, for each, when it heard of an account."""
    heard: list[Heard] = [asyncio.Queue() for _ in range(count)]
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        open_ones = [await stack.enter_async_context(client.stream("GET", "/live")) for _ in range(count)]
        readers = [tasks.create_task(_listen(*one)) for one in zip(open_ones, heard, strict=True)]
        yield heard
        for reader in readers:
            reader.cancel()


async def _listen(stream: httpx.Response, heard: Heard) -> None:
    assert stream.status_code == 200, stream.status_code
    async for words in stream.aiter_text():
        for _ in range(words.count("event: account\n")):
            heard.put_nowait(time.time())


async def _events(
    size: Size,
    database: Database,
    client: httpx.AsyncClient,
    heard: list[Heard],
    page: Page,
    account: UUID,
    report: Report,
) -> None:
    chance = random.Random(1)
    ahead = await _clock_ahead(page)
    shown, last, fetched = [], [], []
    for number in range(size.events + 1):
        await asyncio.sleep(chance.uniform(0.45, 0.85))  # people look at a quiet page: readings come one by one
        followers = 1_000_000 + number
        said = await _commit(database, account, followers)
        at = await asyncio.wait_for(page.evaluate("value => at(value)", str(followers)), 30)
        async with asyncio.timeout(30):
            times = await asyncio.gather(*(stream.get() for stream in heard))
        began = time.perf_counter()
        answer = await client.get(f"/accounts/{account}", headers={"HX-Request": "true", "X-Blocks": BLOCKS})
        took = time.perf_counter() - began
        assert answer.status_code == 200
        if number:  # the first one warms the server's connections and plans
            shown.append(at - ahead - said * 1000)
            last.append((max(times) - said) * 1000)
            fetched.append(took * 1000)
    streams = len(heard)
    report.lines += [
        line("commit to changed number in Chromium", "ms", shown),
        line(f"commit to the last of {streams} plain streams", "ms", last),
        line("the same regions fetched by a plain client", "ms", fetched),
    ]
    floor = [a + b for a, b in zip(last, fetched, strict=True)]
    report.notes.append(f"{size.events} readings of one account, committed apart; each stream heard of all of them")
    report.promises += [
        Promise("commit to DOM, p95", report.lines[0].p95, AIM, unit="ms"),
        Promise("commit to DOM / (heard + fetched)", statistics.median(map(_over, shown, floor))),
    ]


def _over(a: float, b: float) -> float:
    return a / b


async def _commit(database: Database, account: UUID, followers: int) -> float:
    """What a collection commits of an account. Returns the moment before the commit, on the wall clock."""
    now = datetime.now(UTC)
    async with database.transaction() as session:
        seen = Observation(account, now, {Metric.FOLLOWERS: followers, Metric.VIEWS: followers * 9}, {})
        await record_account(session, seen, Provenance("data_api", "1", None, now))
        await announce(session, account)
        return time.time()


async def _clock_ahead(page: Page) -> float:
    """How far the page's clock is ahead of ours, in ms."""
    offsets: list[Any] = []
    for _ in range(9):
        before = time.time()
        there = await page.evaluate("() => performance.timeOrigin + performance.now()")
        offsets.append((time.time() - before, there - (before + time.time()) * 500))
    return float(min(offsets)[1])  # the quickest question was the least disturbed
