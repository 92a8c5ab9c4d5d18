"""A channel from the consent page to its private numbers in the database, and through the life of its connection."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit.service import SYSTEM
from app.domain.connections import connect, leaving, read, service
from app.domain.connections.models import Connection
from app.domain.creators import service as creators
from app.domain.insights.run import OwnReader
from app.domain.ports.connections import Subject
from app.domain.ports.platform import Platform
from app.lib import clock
from app.lib.crypto import Vault
from app.lib.db import Database
from app.platforms.youtube.auth import Google
from sandbox.core import Sandbox
from sandbox.world import Channel
from tests import factories, people
from tests.platforms.youtube.google import WAY_BACK, agree, named


@dataclass
class Owner:
    """Somebody with a workspace, in front of the connections page."""

    database: Database
    vault: Vault
    platform: Platform
    google: Google
    user: UUID
    workspace: UUID

    async def connects(self, channel: Channel) -> UUID:
        """Connect the channel in a browser; gives the connection's id."""
        async with self.database.transaction(self.workspace) as session:
            url = await service.begin(
                session, self.google, workspace=self.workspace, user=self.user, session_id=None, redirect_uri=WAY_BACK
            )
        back = await agree(url, channel.id)
        async with self.database.transaction(self.workspace) as session:
            attempt = await service.come_back(
                session, self.vault, provider="google", state=back["state"], code=back["code"], user=self.user,
                session_id=None,
            )  # fmt: skip
        providers = {"google": self.google}
        await connect.connect(self.database, self.vault, providers, {}, self.workspace, attempt, follow=self._follow)
        async with self.database.transaction(self.workspace) as session:
            (one,) = await read.connections(session)
        return one.id

    async def _follow(self, session: AsyncSession, workspace: UUID, connection: UUID, subject: Subject) -> None:
        row = await session.get_one(Connection, connection)
        row.account_id = await creators.follow_own(
            session, workspace, self.platform, external_id=subject.external_id, handle=subject.handle,
            name=subject.title, defaults=factories.DEFAULTS,
        )  # fmt: skip

    async def reads(self, key: UUID) -> read.ConnectionRow:
        """What the connection says after it was read once more."""
        reader = OwnReader(self.database, {"youtube": self.platform}, {"google": self.google}, self.vault, hours=1)
        assert await reader.read(self.workspace, key)
        async with self.database.transaction(self.workspace) as session:
            found = await read.connection(session, key)
        assert found is not None
        return found

    async def rows(self, query: str) -> list[Any]:
        async with self.database.transaction(self.workspace) as session:
            return list((await session.execute(text(query))).all())


@pytest.fixture
async def owner(connectable: Platform, database: Database, tmp_path: Path) -> Owner:
    assert isinstance(connectable.oauth, Google)
    user = await people.person(database, "owner@x.example")
    workspace = await people.room_of(database, user)
    return Owner(database, Vault(file=tmp_path / "keys"), connectable, connectable.oauth, user, workspace)


def asked(sandbox: Sandbox) -> Counter[str]:
    return Counter(hit.path for hit in sandbox.journal.hits if hit.host == "oauth2.googleapis.com")


async def test_from_the_consent_page_to_the_private_numbers(owner: Owner, sandbox: Sandbox) -> None:
    channel = named(sandbox, "boltbench")
    private = channel.listed(sandbox.world.now)[1]
    sandbox.edit("make_private", video=private.id)
    key = await owner.connects(channel)
    row = await owner.reads(key)
    assert (row.state, row.error, row.title, row.external_id) == ("active", None, "Bolt Bench", channel.id)
    assert row.last_success_at == clock.now()
    told = await owner.rows("select metric, period, value, missing from insight where post_id is null")
    assert Counter(one.period for one in told) == {"day": 28 * 7, "days_28": 7}
    assert Counter(one.missing for one in told) == {None: 27 * 7, "not_yet": 2 * 7}
    ((views,),) = await owner.rows(f"""
        select s.views from post_snapshot s join post p on p.id = s.post_id where p.external_id = '{private.id}'
    """)
    assert views == private.views(sandbox.world.now)
    numbers = await owner.rows("select count(distinct post_id) as posts from insight where post_id is not null")
    assert numbers[0].posts == 50
    assert asked(sandbox) == {"/token": 1}


async def test_a_connection_lives_on_and_ends(owner: Owner, sandbox: Sandbox) -> None:
    channel = named(sandbox, "boltbench")
    key = await owner.connects(channel)
    await owner.reads(key)
    sandbox.clock.advance(timedelta(hours=2).total_seconds())  # the access token is over
    assert (await owner.reads(key)).state == "active" and asked(sandbox) == {"/token": 2}
    sandbox.clock.advance(timedelta(minutes=61).total_seconds())
    sandbox.edit("expire_tokens", provider="google")
    assert (await owner.reads(key)).state == "active"
    sandbox.clock.advance(timedelta(hours=2).total_seconds())
    sandbox.edit("revoke_grants", provider="google")
    row = await owner.reads(key)
    assert (row.state, row.error_kind) == ("reconnect", "unauthorized") and "Connect it again" in (row.error or "")
    before = asked(sandbox)
    sandbox.clock.advance(timedelta(hours=2).total_seconds())
    assert (await owner.reads(key)).state == "reconnect" and asked(sandbox) == before  # no loop
    assert await owner.connects(channel) == key
    assert (await owner.reads(key)).state == "active"
    async with owner.database.transaction(owner.workspace) as session:
        await leaving.disconnect(session, SYSTEM, key)
    await leaving.give_back(owner.database, owner.vault, {"google": owner.google}, {}, owner.workspace, key)
    assert asked(sandbox)["/revoke"] == 1
    assert all(sandbox.world.grants.read("google", token, sandbox.world.now) is None for token in given(sandbox))


def given(sandbox: Sandbox) -> list[str]:
    assert sandbox.world.grants.issued
    return sandbox.world.grants.issued


async def test_no_token_stands_in_a_table(owner: Owner, sandbox: Sandbox) -> None:
    key = await owner.connects(named(sandbox, "boltbench"))
    sandbox.clock.advance(timedelta(hours=2).total_seconds())
    await owner.reads(key)
    tables = await owner.rows("""
        select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and has_table_privilege(oid, 'select')
    """)
    assert ("connection",) in tables and ("insight",) in tables
    for (table,) in tables:
        dumped = " ".join(str(row) for row in await owner.rows(f"select to_jsonb(t)::text from {table} t"))
        assert not any(token in dumped for token in given(sandbox)), table
