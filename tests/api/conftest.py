"""The API over a workspace that follows one account with posts, readings and runs, and a stranger's workspace."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.domain.audit.service import SYSTEM
from app.domain.collection.run import Collector
from app.domain.identity import keys
from app.domain.identity.models import Scope
from app.domain.ports.errors import RetryAfter
from app.domain.ports.values import Metric, Missing, Profile
from app.http.server import Server
from app.lib import clock
from app.lib.db import enter_workspace
from tests import factories
from tests.conftest import Urls
from tests.site import Site, site

LINK = "https://www.youtube.com/@harbour"


@dataclass
class Api:
    """One workspace's way in. person: their e-mail's name."""

    site: Site
    workspace: UUID
    key: str
    client: httpx.AsyncClient

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}", params=params)

    async def send(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        given = {"json": body} if body is not None else {}
        return await self.client.request(method, f"/api/v1{path}", **given, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return await self.send("POST", path, body, **more)

    async def follow(self, link: str = LINK, **more: Any) -> dict[str, Any]:
        answer = await self.post("/creators", {"link": link, **more})
        assert answer.status_code in (200, 201), answer.text
        creator: dict[str, Any] = answer.json()
        return creator

    async def read(self, account: str, source: factories.FakeSource) -> None:
        """Do the account's work as a worker would, with `source` behind the port."""
        platform = factories.fake_platform(source)
        collector = Collector(self.site.database, {"youtube": platform}, factories.DEFAULTS)
        assert await collector.collect(UUID(account))


async def member(place: Site, name: str, scopes: list[Scope] | None = None, workspace: UUID | None = None) -> Api:
    """A key of `workspace`, or of a new one of `name`'s."""
    if workspace is None:
        _, workspace = await place.person(f"{name}@example.com")
    async with place.database.transaction() as session:
        await enter_workspace(session, workspace)
        _, key = await keys.create(
            session, SYSTEM, workspace, name=name, scopes=scopes or list(Scope), requests_per_minute=6000
        )
    client = place.client(headers={"authorization": f"Bearer {key}"}, timeout=30)
    return Api(place, workspace, key, client)


def harbour(**values: Any) -> factories.FakeSource:
    """A source that knows one channel with three posts: long, short, and one with comments off."""
    now = clock.now()
    profile = Profile(
        external_id="UC" + "h" * 22,
        handle="harbour",
        title="Harbour",
        url=LINK,
        metrics={Metric.FOLLOWERS: values.get("followers", 1200), Metric.VIEWS: 50_000, Metric.POSTS: 3},
        missing={Metric.LIKES: Missing.NOT_PUBLISHED, Metric.FOLLOWING: Missing.NOT_PUBLISHED},
    )
    readings = [
        factories.reading(f"video-{n}", now - timedelta(days=n + 1), views=1000 * (n + 1), title=f"Video {n}")
        for n in range(2)
    ]
    readings.append(
        factories.reading(
            "video-2", now - timedelta(days=3), views=400, comments=None, missing={Metric.COMMENTS: Missing.OFF}
        )
    )
    return factories.FakeSource("data_api", account=profile, posts=[readings], reread=[readings])


def failing() -> factories.FakeSource:
    error = RetryAfter("It asked for a pause of %(seconds)s s.", until=clock.now() + timedelta(hours=1), seconds=90)
    return factories.FakeSource("data_api", account=error, posts=[], reread=[])


@asynccontextmanager
async def served(api: Api) -> AsyncIterator[str]:
    """The application on loopback, in this event loop; for clients that speak real HTTP."""
    # Taken by its number the socket knows that it is TCP; asyncio then sends small answers at once (TCP_NODELAY).
    listening = socket.socket(fileno=socket.create_server(("127.0.0.1", 0)).detach())
    server = Server(api.site.app, api.site.settings, asyncio.Event())
    server.config.lifespan = "off"
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def place(urls: Urls) -> AsyncIterator[Site]:
    async with site(urls, max_requests_per_minute=6000) as made:
        yield made


@pytest.fixture
async def api(place: Site) -> Api:
    """An empty workspace."""
    return await member(place, "ada")


@pytest.fixture
async def stranger(place: Site) -> Api:
    """Another workspace, also empty."""
    return await member(place, "eve")
