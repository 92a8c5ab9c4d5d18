"""The application's doors for tests: the real app over a test's own database, spoken to over HTTP."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from litestar import Litestar
from redis.asyncio import Redis

from app.domain.audit.service import SYSTEM
from app.domain.identity import keys, sessions, users, workspaces
from app.domain.identity.models import Membership, Role, SessionKind
from app.lib.db import Database, enter_workspace
from app.main import create_app
from app.settings import Settings, load
from tests.conftest import REDIS_URL, SHAPE, Urls

PASSWORD = "correct horse battery"


@dataclass
class Browser:
    """One browser: its cookies, its address, and forms sent with the token that the last page carried."""

    client: httpx.AsyncClient
    token: str = ""

    @property
    def cookie(self) -> str:
        """The sign-in cookie, "" without one."""
        return self.client.cookies.get("sightline") or ""

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.client.cookies.set("sightline", value, domain=self.client.base_url.host, path="/")

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return self._seen(await self.client.get(path, **more))

    async def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        return self._seen(await self.client.post(path, data={"_csrf_token": self.token, **(data or {})}, **more))

    def _seen(self, answer: httpx.Response) -> httpx.Response:
        if found := re.search(r'name="_csrf_token" value="([^"]+)"', answer.text):
            self.token = found[1]
        return answer

    async def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        await self.get("/login")
        answer = await self.post("/login", {"email": email, "password": password})
        if answer.status_code == 303:
            await self.get("/settings")
        return answer


@dataclass
class Site:
    app: Litestar
    settings: Settings
    database: Database
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, *, address: str = "198.51.100.7", network: bool = False, **more: Any) -> httpx.AsyncClient:
        """network: over the real network, to where a server answers; else straight into the application."""
        transport = None if network else httpx.ASGITransport(app=self.app, client=(address, 1234))  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url=self.settings.public_url, **more)
        self._clients.append(client)
        return client

    def browser(self, *, address: str = "198.51.100.7", network: bool = False) -> Browser:
        return Browser(self.client(address=address, network=network, headers={"accept": "text/html"}))

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def person(
        self, email: str, *, workspace: UUID | None = None, role: Role = Role.OWNER, superuser: bool = False
    ) -> tuple[UUID, UUID]:
        """Somebody with PASSWORD, in a workspace of their own or with a role in another. (user, workspace)."""
        async with self.database.transaction() as session:
            name = email.partition("@")[0]
            user = await users.create(
                session, email=email, name=name, password=PASSWORD, locale="en", superuser=superuser
            )
            if workspace is None:
                made = await workspaces.create(session, SYSTEM, user.id, name=f"Room of {name}")
                return user.id, made.id
            await enter_workspace(session, workspace)
            session.add(Membership(workspace_id=workspace, user_id=user.id, role=role))
            await session.flush()
            return user.id, workspace

    async def signed_in(
        self, user: UUID, workspace: UUID, *, address: str = "198.51.100.7", network: bool = False
    ) -> Browser:
        """A browser in which this person is signed in, holding a page's token."""
        async with self.database.transaction() as session:
            _, cookie = await sessions.open_session(
                session, user, kind=SessionKind.WEB, address=address, user_agent="", workspace_id=workspace
            )
        browser = self.browser(address=address, network=network)
        browser.cookie = cookie
        await browser.get("/settings")
        return browser

    async def key(self, workspace: UUID, *scopes: str, **more: Any) -> tuple[UUID, str]:
        """An API key of the workspace: its id and its text."""
        async with self.database.transaction(workspace=workspace) as session:
            made, plain = await keys.create(session, SYSTEM, workspace, name="key", scopes=scopes, **more)
            return made.id, plain

    def program(self, bearer: str = "", *, address: str = "198.51.100.7") -> httpx.AsyncClient:
        """An API client with this token or key."""
        return self.client(address=address, headers={"authorization": f"Bearer {bearer}"} if bearer else {})


@asynccontextmanager
async def site(urls: Urls, *, start: bool = True, **overrides: Any) -> AsyncIterator[Site]:
    """The whole application over the test's database. start: False leaves that to a server. overrides: settings."""
    config = load(
        _env_file=None,
        environment="test",
        secret_key="a secret key that is long enough for tests",
        database_pool=4,
        **await _stores(urls),
        **({"public_url": "http://127.0.0.1:8000"} | overrides),
    )
    app = create_app(config)
    async with _lifespan(app) if start else nullcontext():
        made = Site(app, config, app.state.database)
        try:
            yield made
        finally:
            await made.close()


async def _stores(urls: Urls) -> dict[str, str]:
    """Where this shape keeps things: one database, or a database and an emptied Redis of this test process's own."""
    if SHAPE != "services":
        return {"embedded_url": urls.app}
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    redis_url = f"{REDIS_URL.rsplit('/', 1)[0]}/{1 + worker}"
    redis = Redis.from_url(redis_url)
    await redis.flushdb()
    await redis.aclose()
    return {"database_url": urls.app, "redis_url": redis_url}


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    """Started and stopped in one task of its own: pytest ends a fixture in another one than began it."""
    up, down = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            up.set()
            await down.wait()

    task = asyncio.create_task(live())
    started = asyncio.create_task(up.wait())
    await asyncio.wait((task, started), return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    try:
        if not task.done():
            yield
    finally:
        down.set()
        await task
