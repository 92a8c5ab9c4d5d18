"""Sightline as its users have it: `sightline run` as processes of their own, met by a real Chromium.

SHAPE says which shape: embedded, or the PostgreSQL and Redis of TEST_ADMIN_URL and TEST_REDIS_URL. The platforms are
a sandbox process. Nothing leaves the machine: Chromium resolves no name, and every request of a page is looked at.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect
from redis import Redis
from sqlalchemy import make_url

from app.settings import Settings
from tests import chromium
from tests.conftest import REDIS_URL, SHAPE, Urls

ROOT = Path(__file__).parents[2]
OURS = {field.upper() for field in Settings.model_fields}
EMAIL, PASSWORD = "owner@example.com", "a walk along the harbour"
FIRST_MOMENT = "2026-11-02T12:00:00+00:00"  # of every test's world
STARTS_WITHIN = 120.0
expect.set_options(timeout=20_000)  # ms: a machine may have other work
DAY = 86_400


# -- processes


class Process:
    """A child whose lines are read as they come. The folder `data` is in its environment: nothing of it outlives us."""

    def __init__(self, *arguments: str, env: dict[str, str]) -> None:
        self.lines: list[str] = []
        self._grown = threading.Condition()
        self._child = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._child.stdout
        for line in self._child.stdout:
            with self._grown:
                self.lines.append(line)
                self._grown.notify_all()
        with self._grown:
            self._grown.notify_all()

    def said(self, pattern: str, timeout: float = STARTS_WITHIN) -> re.Match[str]:
        """The first line that has `pattern`; waits for it. What was said instead goes into the failure."""
        ends = time.monotonic() + timeout
        with self._grown:
            while True:
                for line in self.lines:
                    if match := re.search(pattern, line):
                        return match
                left = ends - time.monotonic()
                if left <= 0 or self._child.poll() is not None:
                    pytest.fail(f"{pattern!r} never came:\n{''.join(self.lines)[-4000:]}")
                self._grown.wait(min(left, 1.0))

    def stop(self) -> None:
        self._child.terminate()
        try:
            self._child.wait(40)
        finally:
            self._child.kill()
            self._child.wait()
            self._reader.join(5)


@dataclass
class World:
    """The sandbox's control."""

    control: str
    token: str

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET, or POST with a body; see sandbox/control.py."""
        request = urllib.request.Request(
            f"{self.control}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def next_day(self) -> None:
        self.ask("/clock", {"advance_seconds": DAY})


@dataclass
class Instance:
    """A running Sightline. setup_url: the one-time link; empty when somebody owns it already."""

    url: str
    setup_url: str
    world: World
    process: Process


@contextmanager
def running(folder: Path, shape: dict[str, str], **settings: str) -> Iterator[Instance]:
    """`sightline run` and its sandbox; all they write lies in `folder`. settings: more of the environment."""
    clean = {name: value for name, value in os.environ.items() if name not in OURS and name != "ENV_FILE"}
    sandbox = Process("-m", "sandbox", "--data", str(folder / "sandbox"), "--start", FIRST_MOMENT, env=clean)
    sightline = None
    try:
        told = json.loads(sandbox.said(r"^(\{.*\})$")[1])
        env = clean | shape | {
            "ENV_FILE": "",
            "ENVIRONMENT": "test",
            "DATA_DIR": str(folder / "var"),
            "PORT": "0",
            "YOUTUBE_API_KEY": "test",
            "SANDBOX_PROXY": told["proxy"],
            "SANDBOX_CA": told["ca"],
            "SANDBOX_CLOCK": told["clock"],
            "SANDBOX_CONTROL": told["control"],
            "SANDBOX_TOKEN": told["token"],
            "SANDBOX_CONSENT": told["consent"],
            "SANDBOX_TELEGRAM": told["telegram"],
            **told["settings"],
            **settings,
        }  # fmt: skip
        sightline = Process("-m", "app.cli", "run", env=env)
        url = sightline.said(r"answers at (http://127\.0\.0\.1:\d+)$")[1]
        link = "" if "ADMIN_EMAIL" in settings else sightline.said(r"^\s+(http://\S+/setup\?token=\S+)$")[1]
        yield Instance(url, link, World(told["control"], told["token"]), sightline)
    finally:
        if sightline is not None:
            sightline.stop()
            print("".join(sightline.lines)[-6000:])  # beside a failure
        sandbox.stop()


# -- the two shapes


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sl-e2e-"))  # short: a socket's path lies below it
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _redis(number: int) -> str:
    """A Redis database of this test process's own, emptied of an earlier run's jobs."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = str(make_url(REDIS_URL).set(database=str(4 + (worker * 2 + number) % 12)))
    with Redis.from_url(url) as redis:
        for key in redis.scan_iter("saq:*"):
            redis.delete(key)
    return url


async def _shaped(urls: Urls | None, number: int) -> AsyncIterator[dict[str, str]]:
    if urls is None:
        yield {}
        return
    named = urls.named(f"sl_e2e_{uuid4().hex[:12]}")
    yield {
        "DATABASE_URL": named.app,
        "DATABASE_OWNER_URL": named.owner,
        "DATABASE_ADMIN_URL": named.admin,
        "REDIS_URL": _redis(number),
    }
    connection = await asyncpg.connect(urls.admin)
    try:
        await connection.execute(f'drop database if exists "{make_url(named.app).database}" with (force)')
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def services(request: pytest.FixtureRequest) -> Urls | None:
    """The servers of SHAPE=services; nothing in the embedded shape, which brings its own."""
    return request.getfixturevalue("server") if SHAPE == "services" else None


@pytest.fixture(scope="session")
async def site(services: Urls | None) -> AsyncIterator[Instance]:
    """One instance for all tests that need no fresh one; EMAIL owns it."""
    async for shape in _shaped(services, 0):
        with _folder() as folder, running(
            folder, shape, ADMIN_EMAIL=EMAIL, ADMIN_PASSWORD=PASSWORD, ADMIN_NAME="Olga Owner"
        ) as instance:  # fmt: skip
            yield instance


@pytest.fixture
async def fresh(services: Urls | None) -> AsyncIterator[Instance]:
    """An instance that nobody owns yet."""
    async for shape in _shaped(services, 1):
        with _folder() as folder, running(folder, shape) as instance:
            yield instance


# -- the browser


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium.launched() as launched:
        yield launched


@dataclass
class Visitor:
    """A browser of one person: cookies and tabs of their own.

    complaints: what the console said (errors, warnings, Content-Security-Policy). elsewhere: requests that left the
    site. most_streams: the most requests for /live that were open at a time.
    """

    context: BrowserContext
    url: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    most_streams: int = 0
    _streams: set[Request] = field(default_factory=set)

    def watch(self) -> None:
        self.context.set_default_timeout(30_000)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("request", self._request)
        self.context.on("requestfinished", self._ended)
        self.context.on("requestfailed", self._ended)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self.elsewhere.append(request.url)
        if request.url == f"{self.url}/live":
            self._streams.add(request)
            self.most_streams = max(self.most_streams, len(self.streams()))

    def _ended(self, request: Request) -> None:
        self._streams.discard(request)

    def streams(self) -> list[Page]:
        """The tabs that have a request for /live open: the end of a closed tab's requests is not told."""
        return [page for request in self._streams if not (page := request.frame.page).is_closed()]

    async def open(self, path: str) -> Page:
        page = await self.context.new_page()
        await page.goto(path if path.startswith("http") else self.url + path)
        return page

    async def sign_in(self) -> None:
        page = await self.open("/login")
        await page.get_by_label("E-mail").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{self.url}/")
        await page.close()

    async def follow(self, *handles: str) -> None:
        """Follow these, unless they are followed already, and wait until each has been read."""
        page = await self.open("/creators")
        await page.locator("details.bulk-add summary").click()
        await page.locator("#f-lines").fill("\n".join(handles))
        await page.get_by_role("button", name="Add the list").click()
        await expect(page.locator("#results tbody tr")).to_have_count(len(handles))
        for handle in handles:
            await page.goto(f"{self.url}/accounts?q={handle.removeprefix('@')}")
            await expect(page.locator("#accounts tbody tr")).to_contain_text("Read ", timeout=60_000)
        await page.close()

    def assert_clean(self) -> None:
        """Nothing was complained of, and nothing was asked of anybody else."""
        assert self.complaints == []
        assert self.elsewhere == []


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


async def _what_was_there(visitor: Visitor) -> str:
    """For the report of a failure: what its tabs showed."""
    shown = [f"{page.url}\n{(await page.locator('body').inner_text())[:1500]}" for page in visitor.context.pages]
    return "\n\n".join([*shown, *visitor.complaints])


@pytest.fixture
async def visit(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """visit(instance, **options of a browser context): a Visitor; closed after the test."""
    made: list[Visitor] = []

    async def visit(instance: Instance, **options: Any) -> Visitor:
        options = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}} | options
        visitor = Visitor(await browser.new_context(**options), instance.url)
        visitor.watch()
        made.append(visitor)
        return visitor

    yield visit
    for visitor in made:
        if request.node.stash.get(_FAILED, False):
            print(await _what_was_there(visitor))
        await visitor.context.close()
