"""A person's own Telegram account is connected in the browser, and reads the channels that the workspace follows."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID

import asyncpg
import msgspec
import pytest
from sqlalchemy import make_url, text

from app import main
from app.domain.connections import senders
from app.domain.creators import service as creators
from app.lib import clock
from app.platforms.youtube import process_env
from app.tasks.parts import Parts
from sandbox import testing
from sandbox.core import Sandbox
from sandbox.keys import SETTINGS
from sandbox.telegram.content import CODE, OFFICE, PASSWORD, STUDIO
from tests.conftest import Urls
from tests.site import Browser, Site, site
from tests.waiting import until


@dataclass
class Place:
    site: Site
    sandbox: Sandbox
    parts: Parts
    browser: Browser
    room: UUID

    async def begin(self, **form: str) -> tuple[str, UUID, "asyncio.Task[None]"]:
        """Press the button; a worker begins the conversation."""
        answer = await self.browser.post("/connections/senders/telegram", form)
        assert answer.status_code == 303, answer.text
        address = answer.headers["location"]
        key = UUID(address.rpartition("/")[2])
        parts = self.parts
        talk = asyncio.create_task(senders.run(parts.database, parts.vault, parts.sign_ins, self.room, key))
        return address, key, talk

    async def shows(self, address: str, what: str) -> str:
        """The page, once it says so."""
        async with asyncio.timeout(20):
            while True:
                page = (await self.browser.get(address)).text
                if what in page:
                    return page
                await asyncio.sleep(0.05)

    async def link(self, key: UUID) -> str:
        async with self.parts.database.transaction(self.room) as session:
            return (await senders.show(session, self.parts.vault, key)).shown.url


@pytest.fixture
async def place(urls: Urls, tmp_path: Path) -> AsyncIterator[Place]:
    sandbox = testing.reset()
    given: dict[str, Any] = {name.lower(): value for name, value in SETTINGS.items()} | {
        "sandbox_proxy": sandbox.proxy_url,
        "sandbox_ca": sandbox.certificates.ca,
        "sandbox_clock": sandbox.clock.path,
        "sandbox_telegram": str(sandbox.telegram.public_key),
        "data_dir": tmp_path,
    }
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, process_env(sandbox.certificates.ca)))
        here = await stack.enter_async_context(site(urls, **given))
        database, egress, platforms, collector = await stack.enter_async_context(main.reading(here.settings))
        parts = main.task_parts(here.settings, database, egress, platforms, collector)
        user, room = await here.person("a@x.io")
        yield Place(here, sandbox, parts, await here.signed_in(user, room), room)
    clock.follow(None)
    testing.assert_clean()


async def test_a_code_is_scanned_and_followed_channels_are_read_with_it(place: Place, urls: Urls) -> None:
    async with place.parts.database.transaction(place.room) as session:
        entry = creators.Entry(link="https://t.me/gorodpeshkom")
        added = await creators.follow(
            session, place.room, entry, platforms=place.parts.platforms, defaults=place.parts.defaults
        )
    address, key, talk = await place.begin()
    page = await place.shows(address, "Scan this code")
    assert "<svg" in page
    link = await place.link(key)
    assert link not in page, "the link itself is in the picture only"
    place.sandbox.edit("scan_login", link=link, person=STUDIO)
    await place.shows(address, "The account is connected")
    await talk
    shown = (await place.browser.get("/connections")).text
    person = place.sandbox.telegram.content.person(STUDIO)
    assert person.first in shown
    async with place.parts.database.transaction(place.room) as session:
        connection = await session.scalar(text("select id from connection"))
    assert await place.parts.own_reader.read(place.room, connection)
    async with place.parts.database.transaction(place.room) as session:
        rows = (await session.execute(text("select source, workspace_id, followers from account_snapshot"))).all()
        assert [row.workspace_id for row in rows] == [place.room]
        channel = place.sandbox.world.channel("gorodpeshkom", "telegram")
        assert channel is not None and rows[0].followers == channel.subscribers(place.sandbox.world.now)
        assert await session.scalar(text("select count(*) from post_snapshot where workspace_id is not null")) > 5
    async with place.parts.database.transaction() as session:
        assert await session.scalar(text("select count(*) from account_snapshot")) == 0, "nobody else sees them"
    assert added.account_id is not None
    await no_secret_stands_in_the_database(urls, place, STUDIO)


async def test_a_code_by_phone_and_a_password(place: Place, urls: Urls) -> None:
    address, _key, talk = await place.begin(phone="+" + OFFICE)
    await place.shows(address, "Enter the code")
    await place.browser.post(f"{address}/typed", {"typed": "1"})
    page = await place.shows(address, 'class="error"')
    assert "Enter the code" in page, "a wrong code is asked for once more"
    await place.browser.post(f"{address}/typed", {"typed": CODE})
    await place.shows(address, "two-factor password")
    empty = await place.browser.post(f"{address}/typed", {"typed": " "})
    assert empty.status_code == 422
    await place.browser.post(f"{address}/typed", {"typed": PASSWORD})
    await place.shows(address, "The account is connected")
    await talk
    await no_secret_stands_in_the_database(urls, place, OFFICE)


async def test_it_can_be_given_up(place: Place) -> None:
    address, _key, talk = await place.begin()
    await place.shows(address, "Scan this code")
    await place.browser.post(f"{address}/cancel")
    await talk
    assert "given up" in (await place.browser.get(address)).text
    until(lambda: not place.sandbox.telegram.connections, what="the connection to be given back")


async def no_secret_stands_in_the_database(urls: Urls, place: Place, phone: str) -> None:
    """Every row of every table, as the server's own superuser sees it."""
    name = make_url(urls.owner).database
    everything = make_url(urls.admin).set(database=name).render_as_string(hide_password=False)
    connection = await asyncpg.connect(everything)
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        rows = [
            row[0]
            for table in tables
            for row in await connection.fetch(f'select to_jsonb(t)::text from "{table[0]}" t')
        ]
        kept = await connection.fetch("select id, secret from connection")
    finally:
        await connection.close()
    assert len(rows) > 5
    assert [row for row in rows if phone in row or PASSWORD in row] == []
    (secret,) = (place.parts.vault.open(f"connection:{row['id']}", row["secret"]) for row in kept)
    assert phone in secret, "it is kept, and sealed"
    session = msgspec.json.decode(secret)["access"]
    assert len(session) > 100
    assert [row for row in rows if session in row] == []


async def connected(place: Place, *links: str) -> UUID:
    """A sender is connected, and the workspace follows these channels. Returns the connection's id."""
    async with place.parts.database.transaction(place.room) as session:
        for link in links:
            await creators.follow(
                session,
                place.room,
                creators.Entry(link=link),
                platforms=place.parts.platforms,
                defaults=place.parts.defaults,
            )
    address, key, talk = await place.begin()
    await place.shows(address, "Scan this code")
    place.sandbox.edit("scan_login", link=await place.link(key), person=STUDIO)
    await talk
    async with place.parts.database.transaction(place.room) as session:
        found: UUID | None = await session.scalar(text("select id from connection"))
        assert found is not None
        return found


async def test_a_flood_wait_parks_the_sender_until_its_time(place: Place) -> None:
    connection = await connected(place, "https://t.me/gorodpeshkom", "https://t.me/severny_chai")
    place.sandbox.telegram.disturb("messages.getHistory", 420, "FLOOD_WAIT_1800")
    began = clock.now()
    assert await place.parts.own_reader.read(place.room, connection)
    async with place.parts.database.transaction(place.room) as session:
        due, state = (await session.execute(text("select due_at, state from connection_reading"))).one()
    assert state == "due" and 1700 < (due - began).total_seconds() < 2000
    asked = len(place.sandbox.telegram.connections)
    assert not await place.parts.own_reader.read(place.room, connection), "before its time nobody connects with it"
    assert len(place.sandbox.telegram.connections) == asked
    shown = (await place.browser.get("/connections")).text
    assert "Telegram asks this account to wait." in shown


async def test_two_workers_never_share_one_session(place: Place) -> None:
    connection = await connected(place, "https://t.me/gorodpeshkom")
    other = main.task_parts(
        place.site.settings,
        place.parts.database,
        place.parts.egress,
        dict(place.parts.platforms),
        place.parts.collector,
    )
    done = await asyncio.gather(
        *(reader.read(place.room, connection) for reader in [place.parts.own_reader, other.own_reader] * 3)
    )
    assert sorted(done) == [False] * 5 + [True]
