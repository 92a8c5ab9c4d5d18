"""Sign-ins, tokens and keys: how they begin, turn and end."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from app.domain.audit.service import Actor
from app.domain.errors import NotFound, Unauthorized
from app.domain.identity import keys, sessions, tokens
from app.domain.identity.login import login
from app.domain.identity.models import Role, SessionKind
from app.lib.db import Database
from tests.people import ELSEWHERE, HOME, PASSWORD, person, room_of

SECRET = b"s" * 32


async def test_a_sign_in_ends_by_idleness_age_revocation_and_a_closed_account(database: Database) -> None:
    user = await person(database, "a@x.io")
    for change in (
        "update user_session set last_seen_at = now() - interval '15 days'",
        "update user_session set created_at = now() - interval '61 days'",
        "update user_session set revoked_at = now()",
        "update app_user set is_active = false",
    ):
        async with database.transaction() as session:
            _, token = await sessions.open_session(
                session, user, kind=SessionKind.WEB, address=HOME, user_agent="Firefox"
            )
        async with database.transaction() as session:
            assert await sessions.by_cookie(session, token, address=HOME) is not None
            await session.execute(text(change))
            await session.flush()
            session.expunge_all()
            assert await sessions.by_cookie(session, token, address=HOME) is None


async def test_rotation_leaves_only_the_new_token(database: Database) -> None:
    user = await person(database, "a@x.io")
    async with database.transaction() as session:
        opened, old = await sessions.open_session(session, user, kind=SessionKind.WEB, address=HOME, user_agent="")
        new = await sessions.rotate(session, opened.id)
        assert await sessions.by_cookie(session, old, address=HOME) is None
        assert await sessions.by_cookie(session, new, address=HOME) is not None


async def test_a_rotation_asked_for_happens_once_and_lets_running_requests_finish(database: Database) -> None:
    user = await person(database, "a@x.io")
    async with database.transaction() as session:
        opened, old = await sessions.open_session(session, user, kind=SessionKind.WEB, address=HOME, user_agent="")
        await sessions.ask_rotation(session, user)
    async with database.transaction() as session:
        found = await sessions.by_cookie(session, old, address=HOME)
        assert found is not None and found[1]
        assert await sessions.rotate_as_asked(session, opened.id)
        assert await sessions.rotate_as_asked(session, opened.id) is None
    async with database.transaction() as session:
        found = await sessions.by_cookie(session, old, address=HOME)
        assert found is not None and not found[1]
        await session.execute(text("update user_session set previous_until = now() - interval '1 second'"))
        session.expunge_all()
        assert await sessions.by_cookie(session, old, address=HOME) is None


async def test_a_refresh_token_used_twice_ends_the_sign_in(database: Database) -> None:
    user = await person(database, "a@x.io")
    await room_of(database, user)
    signed_in = await login(
        database, email="a@x.io", password=PASSWORD, kind=SessionKind.API, address=HOME, user_agent="curl"
    )
    async with database.transaction() as session:
        first = await tokens.issue(
            session, SECRET, session_id=signed_in.session_id, user_id=user, workspace_id=signed_in.workspace_id
        )
    second = await tokens.refresh(database, SECRET, first.refresh_token, address=HOME)
    assert tokens.session_of(SECRET, second.access_token) == signed_in.session_id
    with pytest.raises(Unauthorized):
        await tokens.refresh(database, SECRET, first.refresh_token, address=ELSEWHERE)
    with pytest.raises(Unauthorized):  # the honest holder is out, too: somebody has a copy
        await tokens.refresh(database, SECRET, second.refresh_token, address=HOME)
    async with database.transaction() as session:
        assert await sessions.by_id(session, signed_in.session_id, address=HOME) is None


async def test_two_refreshes_at_once_give_one_pair(database: Database) -> None:
    user = await person(database, "a@x.io")
    async with database.transaction() as session:
        opened, _ = await sessions.open_session(session, user, kind=SessionKind.API, address=HOME, user_agent="")
        first = await tokens.issue(session, SECRET, session_id=opened.id, user_id=user, workspace_id=None)
    answers = await asyncio.gather(
        *(tokens.refresh(database, SECRET, first.refresh_token, address=HOME) for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(a, tokens.Tokens) for a in answers) == 1


def test_an_access_token_of_another_key_or_algorithm_is_nobodys() -> None:
    token = tokens.access_token(SECRET, UUID(int=1), UUID(int=2), None)
    assert tokens.session_of(SECRET, token) == UUID(int=1)
    assert tokens.session_of(b"t" * 32, token) is None
    header, body, _ = token.split(".")
    assert tokens.session_of(SECRET, f"eyJhbGciOiJub25lIn0.{body}.") is None
    assert tokens.session_of(SECRET, f"{header}.{body}.") is None


async def test_a_key_is_kept_hashed_and_ends_when_revoked_or_expired(database: Database) -> None:
    owner = await person(database, "a@x.io")
    room = await room_of(database, owner)
    actor = Actor("user", owner, HOME)
    async with database.transaction(workspace=room) as session:
        key, plain = await keys.create(session, actor, room, name="CRM", scopes=["write"], created_by=owner)
        assert plain.startswith("sl_live_")
        stored = (await session.execute(text("select to_jsonb(k)::text from api_key k"))).scalar_one()
        assert plain.removeprefix("sl_live_")[8:] not in stored
    async with database.transaction() as session:
        found = await sessions.by_key(session, plain, address=HOME)
        assert found is not None
        assert (found.workspace_id, found.role, sorted(found.scopes)) == (room, Role.EDITOR, ["read", "write"])
    async with database.transaction(workspace=room) as session:
        used = await session.scalar(text("select last_used_at from api_key"))
        assert used is not None
        await session.execute(text("update api_key set expires_at = now() - interval '1 second'"))
        assert await sessions.by_key(session, plain, address=HOME) is None
        await session.execute(text("update api_key set expires_at = null"))
        await keys.revoke(session, actor, key.id)
        assert await sessions.by_key(session, plain, address=HOME) is None
        with pytest.raises(NotFound):
            await keys.revoke(session, actor, key.id)
