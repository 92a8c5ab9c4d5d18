"""Who is in a workspace."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from app.domain.audit.service import SYSTEM
from app.domain.errors import Conflict, Forbidden, NotFound
from app.domain.identity import members, sessions
from app.domain.identity.models import Role, SessionKind
from app.lib.db import Database
from tests.people import HOME, PASSWORD, person, principal, room_of


async def test_the_last_owner_stays(database: Database) -> None:
    owner = await person(database, "a@x.io")
    room = await room_of(database, owner)
    async with database.transaction(workspace=room) as session:
        by = await principal(session, owner, room)
        with pytest.raises(Conflict):
            await members.remove(session, by, owner)
        with pytest.raises(Conflict):
            await members.change_role(session, by, owner, "admin")
    await person(database, "b@x.io", room=room)
    async with database.transaction(workspace=room) as session:
        await members.remove(session, by, owner)


async def test_two_owners_leaving_at_once_leave_one(database: Database) -> None:
    first = await person(database, "a@x.io")
    room = await room_of(database, first)
    second = await person(database, "b@x.io", room=room)

    async def leave(user: UUID) -> None:
        async with database.transaction(workspace=room) as session:
            await members.remove(session, await principal(session, user, room), user)

    answers = await asyncio.gather(leave(first), leave(second), return_exceptions=True)
    assert sorted(type(a).__name__ for a in answers) == ["Conflict", "NoneType"]


async def test_an_admin_cannot_touch_owners_or_make_them(database: Database) -> None:
    owner = await person(database, "a@x.io")
    room = await room_of(database, owner)
    admin = await person(database, "b@x.io", room=room, role=Role.ADMIN)
    async with database.transaction(workspace=room) as session:
        by = await principal(session, admin, room)
        with pytest.raises(Forbidden):
            await members.change_role(session, by, owner, "viewer")
        with pytest.raises(Forbidden):
            await members.change_role(session, by, admin, "owner")
        with pytest.raises(Forbidden):
            await members.remove(session, by, owner)
        with pytest.raises(Forbidden):
            await members.invite(session, by, email="c@x.io", role="owner")


async def test_an_invitation_works_once_and_for_a_week(database: Database) -> None:
    owner = await person(database, "a@x.io")
    room = await room_of(database, owner)
    async with database.transaction(workspace=room) as session:
        by = await principal(session, owner, room)
        _, token = await members.invite(session, by, email="new@x.io", role="editor")
    async with database.transaction() as session:
        user = await members.register_invited(session, token, name="New", password=PASSWORD, address=HOME)
        assert [r.role for r in await sessions.rooms_of(session, user)] == [Role.EDITOR]
    async with database.transaction() as session:
        with pytest.raises(NotFound):
            await members.accept(session, SYSTEM, token, owner)
    async with database.transaction(workspace=room) as session:
        _, late = await members.invite(session, by, email="late@x.io", role="viewer")
        await session.execute(text("update invitation set expires_at = now() - interval '1 second'"))
    async with database.transaction() as session:
        with pytest.raises(NotFound):
            await members.invitation(session, late)


async def test_only_the_invited_person_may_accept(database: Database) -> None:
    owner = await person(database, "a@x.io")
    other = await person(database, "other@x.io")
    room = await room_of(database, owner)
    async with database.transaction(workspace=room) as session:
        by = await principal(session, owner, room)
        _, token = await members.invite(session, by, email="new@x.io", role="editor")
    async with database.transaction() as session:
        with pytest.raises(Forbidden, match="new@x"):
            await members.accept(session, SYSTEM, token, other)
        assert [r.id for r in await sessions.rooms_of(session, other)] == []
        assert (await members.invitation(session, token)).email == "new@x.io"


async def test_a_newer_invitation_ends_the_older(database: Database) -> None:
    owner = await person(database, "a@x.io")
    room = await room_of(database, owner)
    async with database.transaction(workspace=room) as session:
        by = await principal(session, owner, room)
        _, old = await members.invite(session, by, email="new@x.io", role="editor")
        _, new = await members.invite(session, by, email="new@x.io", role="viewer")
        with pytest.raises(NotFound):
            await members.invitation(session, old)
        assert (await members.invitation(session, new)).role is Role.VIEWER


async def test_who_is_removed_has_no_way_in(database: Database) -> None:
    owner = await person(database, "a@x.io")
    room = await room_of(database, owner)
    guest = await person(database, "b@x.io", room=room, role=Role.VIEWER)
    async with database.transaction() as session:
        _, cookie = await sessions.open_session(session, guest, kind=SessionKind.WEB, address=HOME, user_agent="")
        api, _ = await sessions.open_session(session, guest, kind=SessionKind.API, address=HOME, user_agent="")
    async with database.transaction(workspace=room) as session:
        await members.remove(session, await principal(session, owner, room), guest)
    async with database.transaction() as session:
        found = await sessions.by_cookie(session, cookie, address=HOME)
        assert found is not None and found[0].workspace_id is None and found[0].role is None
        program = await sessions.by_id(session, api.id, address=HOME)
        assert program is not None and program.workspace_id is None


async def test_a_program_is_not_led_into_another_workspace(database: Database) -> None:
    owner = await person(database, "a@x.io")
    room = await room_of(database, owner)
    guest = await person(database, "b@x.io", room=room, role=Role.VIEWER)
    own = await room_of(database, guest, "Own")
    async with database.transaction() as session:
        web, cookie = await sessions.open_session(
            session, guest, kind=SessionKind.WEB, address=HOME, user_agent="", workspace_id=room
        )
        api, _ = await sessions.open_session(
            session, guest, kind=SessionKind.API, address=HOME, user_agent="", workspace_id=room
        )
        assert web.workspace_id == api.workspace_id == room
    async with database.transaction(workspace=room) as session:
        await members.remove(session, await principal(session, owner, room), guest)
    async with database.transaction() as session:
        found = await sessions.by_cookie(session, cookie, address=HOME)
        assert found is not None and found[0].workspace_id == own
        program = await sessions.by_id(session, api.id, address=HOME)
        assert program is not None and program.role is None
