"""The browser's cookie: whose it is, when it changes, when it ends."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from app.domain.identity import sessions
from app.domain.identity.models import Role, SessionKind, UserSession
from tests.conftest import Urls
from tests.site import PASSWORD, Site, site


@pytest.fixture
async def place(urls: Urls) -> AsyncIterator[Site]:
    async with site(urls) as made:
        yield made


async def rows(place: Site) -> int:
    async with place.database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(UserSession)) or 0


def set_cookies(answer: Any, name: str = "sightline") -> list[str]:
    return [line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}=")]


async def test_a_visitor_leaves_no_row_and_a_chosen_id_is_ignored(place: Site) -> None:
    await place.person("a@x.io")
    browser = place.browser()
    browser.cookie = "chosen-by-an-attacker"
    await browser.get("/login")
    assert (await browser.get("/settings")).status_code == 303
    assert await rows(place) == 0
    answer = await browser.sign_in("a@x.io")
    assert answer.status_code == 303
    assert browser.cookie not in ("", "chosen-by-an-attacker")
    assert await rows(place) == 1


async def test_signing_in_again_gives_another_id(place: Site) -> None:
    """Fixation: an id that was known before somebody signed in is worth nothing after it."""
    await place.person("a@x.io")
    browser = place.browser()
    await browser.sign_in("a@x.io")
    first = browser.cookie
    await browser.post("/logout")
    browser.cookie = first
    assert (await browser.get("/settings")).status_code == 303
    await browser.sign_in("a@x.io")
    assert browser.cookie != first


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(place: Site, urls: Urls) -> None:
    await place.person("a@x.io")
    browser = place.browser()
    await browser.get("/login")
    answer = await browser.post("/login", {"email": "a@x.io", "password": PASSWORD})
    (line,) = set_cookies(answer)
    assert "HttpOnly" in line
    assert "SameSite=lax" in line
    assert "Path=/" in line
    assert "Secure" not in line  # plain HTTP on loopback
    async with site(urls, public_url="https://sightline.example") as secure:
        other = secure.browser()
        await other.get("/login")
        answer = await other.post("/login", {"email": "a@x.io", "password": PASSWORD})
        (line,) = set_cookies(answer, "__Host-sightline")
        assert "Secure" in line
        assert "Domain" not in line


async def test_changing_the_password_changes_the_id_and_ends_the_others(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser, other = await place.signed_in(user, room), await place.signed_in(user, room)
    before = browser.cookie
    wrong = await browser.post("/settings/password", {"current": "no", "new": "a brand new sentence"})
    assert wrong.status_code == 422
    assert "not your current password" in wrong.text
    changed = await browser.post("/settings/password", {"current": PASSWORD, "new": "a brand new sentence"})
    assert changed.status_code == 303
    assert browser.cookie != before
    assert (await browser.get("/settings")).status_code == 200
    assert (await other.get("/settings")).status_code == 303
    stale = place.browser()
    stale.cookie = before
    assert (await stale.get("/settings")).status_code == 303


async def test_a_change_of_rights_changes_the_id_at_the_next_page(place: Site) -> None:
    owner, room = await place.person("owner@x.io")
    guest, _ = await place.person("guest@x.io", workspace=room, role=Role.VIEWER)
    boss, browser = await place.signed_in(owner, room), await place.signed_in(guest, room)
    before, token = browser.cookie, browser.token
    assert (await boss.post(f"/settings/members/{guest}/role", {"role": "admin"})).status_code == 303
    await browser.get("/settings", headers={"sec-fetch-dest": "empty"})
    assert browser.cookie == before
    await browser.get("/settings")
    assert browser.cookie != before
    assert browser.token != token
    assert (await browser.get("/settings/members")).status_code == 200


async def test_making_and_switching_workspaces_changes_the_id(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    seen = {browser.cookie}
    await browser.post("/workspaces", {"workspace": "Second"})
    await browser.get("/settings/workspace")
    seen.add(browser.cookie)
    answer = await browser.post(f"/workspaces/{room}/switch")
    assert answer.status_code == 303
    seen.add(browser.cookie)
    assert len(seen) == 3
    assert 'value="Room of a"' in (await browser.get("/settings/workspace")).text


async def test_the_list_of_sign_ins_ends_one_or_all_others(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser, second, third = [await place.signed_in(user, room) for _ in range(3)]
    stranger, elsewhere = await place.person("b@x.io")
    foreign = await place.signed_in(stranger, elsewhere)
    async with place.database.transaction() as session:
        theirs = await session.scalar(select(UserSession.id).where(UserSession.user_id == stranger))
        ids = list(await session.scalars(select(UserSession.id).where(UserSession.user_id == user)))
    assert (await browser.post(f"/settings/sessions/{theirs}/revoke")).status_code == 404
    assert (await foreign.get("/settings")).status_code == 200
    assert (await browser.post(f"/settings/sessions/{ids[1]}/revoke")).status_code == 303
    assert (await second.get("/settings")).status_code == 303
    assert (await third.get("/settings")).status_code == 200
    assert (await browser.post("/settings/sessions/revoke-others")).status_code == 303
    assert (await third.get("/settings")).status_code == 303
    assert (await browser.get("/settings")).status_code == 200


async def test_last_seen_is_written_at_most_once_a_minute(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)

    async def seen() -> Any:
        async with place.database.transaction() as session:
            return await session.scalar(select(UserSession.last_seen_at))

    before = await seen()
    await browser.get("/settings")
    assert await seen() == before
    async with place.database.transaction() as session:
        await session.execute(text("update user_session set last_seen_at = last_seen_at - interval '2 minutes'"))
    await browser.get("/settings")
    assert await seen() >= before


async def test_who_is_in_no_workspace_is_shown_where_to_make_one(place: Site) -> None:
    owner, room = await place.person("owner@x.io")
    guest, _ = await place.person("guest@x.io", workspace=room, role=Role.VIEWER)
    browser = await place.signed_in(guest, room)
    assert (await browser.post("/settings/members/leave")).status_code == 303
    assert (await browser.get("/creators")).headers["location"] == "/settings"
    assert 'action="/workspaces"' in (await browser.get("/settings")).text
    assert owner != guest


async def test_a_deleted_session_row_is_a_visitor(place: Site) -> None:
    user, room = await place.person("a@x.io")
    async with place.database.transaction() as session:
        opened, token = await sessions.open_session(
            session, user, kind=SessionKind.WEB, address="", user_agent="", workspace_id=room
        )
    browser = place.browser()
    browser.cookie = token
    assert (await browser.get("/settings")).status_code == 200
    async with place.database.transaction() as session:
        await session.execute(text("delete from user_session"))
    assert (await browser.get("/settings")).status_code == 303
    assert isinstance(opened.id, UUID)
