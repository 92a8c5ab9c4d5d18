"""Connections: one refresh however many ask, nothing lost, nothing looped, secrets sealed to their rows."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from app.domain.audit.service import SYSTEM
from app.domain.connections import connect, leaving, read, service
from app.domain.connections.models import Connection
from app.domain.errors import NotFound
from app.domain.ports.connections import Subject, Tokens
from app.domain.ports.errors import RetryAfter, Unauthorized
from app.lib import clock
from app.lib.crypto import CannotOpen, Vault
from app.lib.db import Database
from tests import factories, people

SECRET = "ya29.a-secret-that-no-table-may-hold"


@dataclass
class Provider:
    """An OAuth provider behind the port. Each refresh takes a moment, and says what it is told to."""

    name: str = "google"
    label: str = "Google"
    scopes: tuple[str, ...] = ("read",)
    feeds: tuple[str, ...] = ("youtube",)
    configured: bool = True
    unconfigured_reason: str = ""
    rotates: bool = False
    dead: bool = False
    away: bool = False
    asked: list[str | None] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)

    def authorize_url(self, *, state: str, redirect_uri: str, challenge: str) -> str:
        return f"https://provider.example/consent?state={state}&challenge={challenge}&redirect_uri={redirect_uri}"

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Tokens:
        return Tokens(f"{SECRET}-{code}", "refresh-0", clock.now() + timedelta(hours=1), scopes=self.scopes)

    async def refresh(self, tokens: Tokens) -> Tokens:
        self.asked.append(tokens.refresh)
        await asyncio.sleep(0.2)
        if self.away:
            raise RetryAfter("away", until=clock.now() + timedelta(minutes=10))
        if self.dead:
            raise Unauthorized("invalid_grant")
        fresh = f"refresh-{len(self.asked)}" if self.rotates else None
        return Tokens(f"{SECRET}-{len(self.asked)}", fresh, clock.now() + timedelta(hours=1))

    async def revoke(self, tokens: Tokens) -> None:
        self.revoked.append(tokens.access)

    async def subjects(self, tokens: Tokens) -> Sequence[Subject]:
        return [Subject("me", "My channel", "youtube", "UC-mine", "mine")]


@dataclass
class Room:
    """A workspace with one connection whose token has expired."""

    database: Database
    vault: Vault
    provider: Provider
    workspace: UUID
    key: UUID

    async def credential(self, **how: object) -> str:
        found = await service.credential(
            self.database,
            self.vault,
            {"google": self.provider},
            self.workspace,
            self.key,
            **how,  # type: ignore[arg-type]
        )
        return found.secret

    async def row(self) -> read.ConnectionRow:
        async with self.database.transaction(self.workspace) as session:
            found = await read.connection(session, self.key)
            assert found is not None
            return found

    async def secret(self) -> service.Secret:
        async with self.database.transaction(self.workspace) as session:
            row = await session.get_one(Connection, self.key)
            return service.secret_of(self.vault, row)


@pytest.fixture
async def room(database: Database, tmp_path: Path) -> Room:
    async with database.transaction() as session:
        workspace = await factories.workspace(session)
        vault = Vault(file=tmp_path / "token_keys")
        key = await service.keep(
            session, vault, SYSTEM, workspace=workspace, provider="google", kind="oauth",
            subject=Subject("me", "My channel", "youtube", "UC-mine"), secret=service.Secret(SECRET, "refresh-0"),
            tokens=Tokens(SECRET, "refresh-0", clock.now() - timedelta(minutes=1)),
        )  # fmt: skip
    return Room(database, vault, Provider(), workspace, key)


async def test_fifty_who_ask_at_once_make_one_refresh(room: Room) -> None:
    other = Database(room.database.engine.url.render_as_string(hide_password=False), pool=8)
    try:
        elsewhere = Room(other, room.vault, room.provider, room.workspace, room.key)
        got = await asyncio.gather(*(one.credential() for one in [room, elsewhere] * 25))
    finally:
        await other.close()
    assert room.provider.asked == ["refresh-0"]
    assert set(got) == {f"{SECRET}-1"}


async def test_an_answer_without_a_refresh_token_keeps_the_stored_one(room: Room) -> None:
    await room.credential()
    assert (await room.secret()).refresh == "refresh-0"
    await room.credential(force=True)
    assert room.provider.asked == ["refresh-0", "refresh-0"]


async def test_a_rotated_refresh_token_replaces_the_old_one(room: Room) -> None:
    room.provider.rotates = True
    await room.credential()
    await room.credential(force=True)
    assert room.provider.asked == ["refresh-0", "refresh-1"]


async def test_a_dead_grant_says_reconnect_once_and_is_not_asked_again(room: Room) -> None:
    room.provider.dead = True
    for _ in range(3):
        with pytest.raises(Unauthorized):
            await room.credential()
    assert len(room.provider.asked) == 1
    row = await room.row()
    assert (row.state, row.error_kind) == ("reconnect", "unauthorized")


async def test_a_provider_that_is_away_leaves_the_connection_as_it_is(room: Room) -> None:
    room.provider.away = True
    with pytest.raises(RetryAfter):
        await room.credential()
    assert (await room.row()).state == "active"
    room.provider.away = False
    assert await room.credential() == f"{SECRET}-2"
    assert (await room.row()).error is None


@pytest.mark.parametrize("rotates", [False, True])
async def test_a_process_that_died_between_the_answer_and_the_commit(room: Room, rotates: bool) -> None:
    """It holds the refresh; the provider has answered; nothing was stored. Another takes over when its time is up."""
    async with room.database.transaction(room.workspace) as session:
        await session.execute(
            text("update connection set refreshing_until = clock_timestamp() + interval '1 second' where id = :id"),
            {"id": room.key},
        )
    room.provider.dead = rotates  # a provider that rotates has used the old refresh token up
    if rotates:
        with pytest.raises(Unauthorized):
            await room.credential()
        assert (await room.row()).state == "reconnect"
    else:
        assert await room.credential() == f"{SECRET}-1"
    assert len(room.provider.asked) == 1


async def test_connecting_follows_an_attempt_to_its_end(room: Room) -> None:
    provider, followed = room.provider, []

    async def follow(_session: object, workspace: UUID, connection: UUID, subject: Subject) -> None:
        followed.append((workspace, subject.external_id))

    user = await people.person(room.database, "a@x.io")
    async with room.database.transaction(room.workspace) as session:
        url = await service.begin(
            session, provider, workspace=room.workspace, user=user, session_id=None, redirect_uri="https://we/callback"
        )
        state = url.partition("state=")[2].partition("&")[0]
        assert service.challenge_of(state) in url
        attempt = await service.come_back(
            session, room.vault, provider="google", state=state, code="one-use", user=user, session_id=None
        )
    for _ in range(2):  # handed out twice: done once
        await connect.connect(
            room.database, room.vault, {"google": provider}, {}, room.workspace, attempt, follow=follow
        )
    assert followed == [(room.workspace, "UC-mine")]
    assert (await room.secret()).access == f"{SECRET}-one-use"
    async with room.database.transaction(room.workspace) as session:
        assert await read.attempts(session) == []


async def test_disconnecting_tells_the_provider_and_forgets_the_secret(room: Room) -> None:
    async with room.database.transaction(room.workspace) as session:
        await leaving.disconnect(session, SYSTEM, room.key)
    with pytest.raises(NotFound):
        await room.credential()
    await leaving.give_back(room.database, room.vault, {"google": room.provider}, {}, room.workspace, room.key)
    assert room.provider.revoked == [SECRET]
    async with room.database.transaction(room.workspace) as session:
        assert (await session.get_one(Connection, room.key)).secret is None


async def test_no_secret_stands_in_a_table(room: Room) -> None:
    await room.credential()
    async with room.database.transaction(room.workspace) as session:
        for table in ("connection", "connect_attempt", "audit_entry"):
            rows = (await session.execute(text(f"select to_jsonb(t)::text from {table} t"))).scalars()
            dumped = " ".join(rows)
            assert SECRET not in dumped
            assert "refresh-0" not in dumped


async def test_a_secret_moved_to_another_row_does_not_open(room: Room) -> None:
    with pytest.raises(CannotOpen):
        room.vault.open("connection:another", room.vault.seal("connection:one", "x"))


async def test_keys_are_rotated_under_load_and_after_a_kill_midway(room: Room) -> None:
    file = room.vault._file
    assert file is not None
    old = file.read_text().split()
    writer = asyncio.create_task(_reseal(room, 20))
    room.vault.add_key()  # a rotation that was killed right here
    await connect.rotate(room.database, Vault(file=file))
    await writer
    await connect.rotate(room.database, Vault(file=file))
    assert not set(file.read_text().split()) & set(old)
    assert len(file.read_text().split()) == 1
    assert (await room.secret()).refresh == "refresh-0"


async def _reseal(room: Room, times: int) -> None:
    for _ in range(times):
        await room.credential(force=True)
