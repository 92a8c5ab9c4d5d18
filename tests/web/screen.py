"""The real application in a real browser: served on loopback, with one followed account whose numbers tests write."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.async_api import Browser, BrowserContext, Page

from app import main
from app.domain.accounts.models import Account
from app.domain.collection import service as collection
from app.domain.identity import operator
from app.domain.metrics.service import Provenance, record_account, record_posts
from app.domain.ports.values import Format
from app.domain.posts.models import Post
from app.http.server import Server
from app.lib import clock
from app.lib.db import Database, enter_workspace, uuid7
from tests import chromium, factories
from tests.conftest import Urls
from tests.world import PASSWORD, settings_for

EMAIL = "owner@example.com"


@dataclass
class Screen:
    """address: of the server. complaints: what the browser's console had to say (CSP violations, errors)."""

    address: str
    browser: Browser
    database: Database
    workspace: UUID
    account: UUID
    posts: list[UUID]
    complaints: list[str] = field(default_factory=list)

    async def context(self, **options: Any) -> BrowserContext:
        """A browser of its own (cookies, storage), signed in."""
        context = await self.browser.new_context(base_url=self.address, **options)
        page = await self.open(context, "/login")
        await page.get_by_label("E-mail").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/")
        await page.close()
        return context

    async def open(self, context: BrowserContext, path: str) -> Page:
        page = await context.new_page()
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await page.goto(path)
        return page

    async def read(self, followers: int, *, at: datetime | None = None, views: int = 1_000_000) -> None:
        """A reading of the account, committed and announced as the collector does it."""
        now = at or clock.now()
        async with self.database.transaction() as session:
            origin = Provenance("data_api", "youtube 1", None, now)
            seen = factories.observation(self.account, now, followers=followers, views=views, posts=len(self.posts))
            await record_account(session, seen, origin)
            fresh = [factories.observation(p, now, views=followers // 2, likes=70, comments=None) for p in self.posts]
            await record_posts(session, fresh, origin)
            await collection.announce(session, self.account)


@asynccontextmanager
async def screen(urls: Urls, folder: Path) -> AsyncIterator[Screen]:
    """The application, an owner with a workspace, one account with three posts and four days of readings."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings = settings_for(urls, folder).model_copy(update={"public_url": address})
    app = main.create_app(settings)
    server = Server(app, settings, app.state.wiring.closing)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    database = Database(urls.app, pool=4)
    try:
        async with chromium.launched() as browser:
            workspace, account, posts = await _people(database)
            here = Screen(address, browser, database, workspace, account, posts)
            for day in range(4, 0, -1):
                await here.read(1000 - day, at=clock.now() - timedelta(days=day), views=1_000_000 - day * 5000)
            yield here
    finally:
        server.should_exit = True
        await serving
        await database.close()


async def _people(database: Database) -> tuple[UUID, UUID, list[UUID]]:
    async with database.transaction() as session:
        await operator.create_person(
            session, email=EMAIL, name="Owner", password=PASSWORD, superuser=True, workspace="Studio"
        )
        workspace: UUID = session.info["workspace"]
    async with database.transaction() as session:
        await enter_workspace(session, workspace)
        added = await factories.follow(session, workspace, factories.fake_platform(), "@harbour")
        assert added.account_id is not None
        account = await session.get_one(Account, added.account_id)
        account.title, account.handle, account.state = "Harbour", "harbour", "ok"
        posts = [
            Post(
                id=uuid7(), account_id=account.id, external_id=f"video-{number}", url="https://www.youtube.com/x",
                title=f"Video {number}", format=Format.LONG.value, state="public", first_seen_at=clock.now(),
                published_at=clock.now() - timedelta(days=5, hours=number),
            )
            for number in range(3)
        ]  # fmt: skip
        session.add_all(posts)
        await session.flush()
        return workspace, account.id, [post.id for post in posts]
