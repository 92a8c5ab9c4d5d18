"""The event stream, through the real server: what it says, what ends it, and that it does not hold up a stop."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from app.domain.identity import sessions
from app.http.server import Server
from app.lib.bus import announce
from app.settings import load
from tests.conftest import Urls
from tests.site import Browser, Site, site

WITHIN = 10


@dataclass
class Served:
    place: Site
    server: Server
    task: "asyncio.Task[None]"
    user: UUID
    room: UUID
    browser: Browser
    stopped: bool = False

    async def say(self, *topics: str) -> None:
        async with self.place.database.transaction() as session:
            await announce(session, topics)

    async def stop(self) -> None:
        self.server.should_exit = True
        await asyncio.wait_for(self.task, WITHIN)


@pytest.fixture
async def served(urls: Urls) -> AsyncIterator[Served]:
    """The application under uvicorn on a free port, and a browser that is signed in."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        async with site(urls, public_url=f"http://127.0.0.1:{port}", start=False) as place:
            server = Server(place.app, load(_env_file=None, environment="test"), place.app.state.wiring.closing)
            task = asyncio.create_task(server._serve([listening]))
            async with asyncio.timeout(WITHIN):
                while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
                    await asyncio.sleep(0.01)
            user, room = await place.person("a@x.io")
            browser = await place.signed_in(user, room, network=True)
            yield (made := Served(place, server, task, user, room, browser))
            if not task.done():
                await made.stop()


@asynccontextmanager
async def stream(browser: Browser) -> AsyncIterator[AsyncIterator[str]]:
    """Blocks of the stream ("event: account\\ndata: 1"), the first one (retry) already read."""
    async with browser.client.stream("GET", "/live", headers={"accept": "text/event-stream"}, timeout=WITHIN) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")

        async def blocks() -> AsyncIterator[str]:
            lines: list[str] = []
            async for line in answer.aiter_lines():
                if line:
                    lines.append(line)
                elif lines:
                    yield "\n".join(lines)
                    lines = []

        heard = blocks()
        assert await anext(heard) == "retry: 1000"
        yield heard


async def test_it_tells_what_changed_in_this_workspace_only(served: Served) -> None:
    account = uuid4()
    async with stream(served.browser) as heard:
        ours = f"w:{served.room}"
        await served.say(f"w:{uuid4()}:account:{account}", f"{ours}:account:{account}", f"{ours}:run:7")
        assert await anext(heard) == f"event: account\ndata: {account}"
        assert await anext(heard) == "event: run\ndata: 7"


async def test_after_a_lost_connection_it_ends_so_that_the_page_reads_again(served: Served, urls: Urls) -> None:
    async with stream(served.browser) as heard:
        async with served.place.database.transaction() as session:
            await session.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where application_name = 'sightline-bus' and datname = current_database()"
                )
            )
        said = [block async for block in heard]
    assert said[-1] == "event: bye\ndata:"


async def test_ending_the_sign_in_ends_the_stream(served: Served) -> None:
    async with stream(served.browser) as heard:
        async with served.place.database.transaction() as session:
            assert await sessions.revoke_all(session, served.user) == 1
        assert [block async for block in heard] == ["event: bye\ndata:"]
    answer = await served.browser.client.get("/live", headers={"accept": "text/event-stream"})
    assert answer.status_code == 401


async def test_an_open_stream_does_not_hold_up_a_stop(served: Served) -> None:
    async with stream(served.browser) as heard, stream(served.browser) as second:
        began = time.monotonic()
        served.server.should_exit = True
        assert [block async for block in heard] == ["event: bye\ndata:"]
        assert [block async for block in second] == ["event: bye\ndata:"]
        took = time.monotonic() - began
    await asyncio.wait_for(served.task, WITHIN)
    assert took < 2


async def test_a_reader_that_goes_away_is_forgotten(served: Served) -> None:
    bus = served.place.app.state.wiring.bus
    async with stream(served.browser):
        assert len(bus._subscribers) == 2
    async with asyncio.timeout(WITHIN):
        while bus._subscribers:  # noqa: ASYNC110 - the server notices when it next looks at the connection
            await asyncio.sleep(0.02)


async def test_visitors_hear_nothing(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.browser.client.base_url) as visitor:
        answer = await visitor.get("/live", headers={"accept": "text/event-stream"})
    assert answer.status_code == 401
