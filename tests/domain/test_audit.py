"""The audit log: one chain, append-only."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from app.domain.audit import service as audit
from app.domain.audit.models import AuditEntry
from app.domain.audit.service import SYSTEM, Actor
from app.domain.identity import sessions
from app.domain.identity.models import SessionKind, UserSession
from app.lib.db import Database
from tests.conftest import Urls
from tests.people import HOME, person, room_of


async def test_the_audit_log_is_a_chain_that_shows_any_change(database: Database, urls: Urls) -> None:
    owner = await person(database, "a@x.io")
    room = await room_of(database, owner)
    actor = Actor("user", owner, HOME)
    for n in range(5):
        async with database.transaction(workspace=room) as session:
            await audit.record(session, actor, "test", number=n, id=owner)
    async with database.transaction(workspace=room) as session:
        assert await session.scalar(select(func.max(AuditEntry.seq))) == 6
        assert await audit.broken_at(session) is None
    owner_of_tables = Database(urls.owner, pool=2)
    try:
        for harm in ("update audit_entry set action = 'other' where seq = 4", "delete from audit_entry where seq = 3"):
            async with owner_of_tables.transaction() as session:
                await session.execute(text(f"{harm} and workspace_id is not null"))
            async with database.transaction(workspace=room) as session:
                assert await audit.broken_at(session) == int(harm[-1])
    finally:
        await owner_of_tables.close()


async def test_deeds_at_the_same_time_make_one_chain(database: Database) -> None:
    owner = await person(database, "a@x.io")
    room = await room_of(database, owner)

    async def deed(n: int) -> None:
        async with database.transaction(workspace=room) as session:
            await audit.record(session, SYSTEM, "test", number=n)

    await asyncio.gather(*(deed(n) for n in range(12)))
    async with database.transaction(workspace=room) as session:
        assert await session.scalar(select(func.count()).select_from(AuditEntry)) == 13
        assert await audit.broken_at(session) is None


@pytest.mark.parametrize("harm", ["update audit_entry set action = 'x'", "delete from audit_entry"])
async def test_the_application_cannot_rewrite_the_log(database: Database, harm: str) -> None:
    with pytest.raises(Exception, match="permission denied"):
        async with database.transaction() as session:
            await session.execute(text(harm))


async def test_housekeeping_forgets_what_ended_long_ago(database: Database) -> None:
    user = await person(database, "a@x.io")
    async with database.transaction() as session:
        for age in (timedelta(days=1), timedelta(days=100)):
            opened, _ = await sessions.open_session(session, user, kind=SessionKind.WEB, address=HOME, user_agent="")
            opened.created_at -= age
        await session.flush()
        await sessions.housekeep(session)
        assert await session.scalar(select(func.count()).select_from(UserSession)) == 1
