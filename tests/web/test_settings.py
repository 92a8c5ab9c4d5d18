"""Settings pages: profile, workspace, members, keys, the log."""

import re
from collections.abc import AsyncIterator

import pytest

from app.domain.identity.models import Role
from tests.conftest import Urls
from tests.site import Site, site


@pytest.fixture
async def place(urls: Urls) -> AsyncIterator[Site]:
    async with site(urls) as made:
        yield made


async def test_the_profile_is_saved_and_refused_per_field(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    bad = await browser.post("/settings", {"name": " ", "locale": "en", "timezone": "Mars/Olympus", "theme": "dark"})
    assert bad.status_code == 422
    assert bad.text.count('class="error"') == 2
    good = {"name": "Anna", "locale": "ru", "timezone": "Asia/Tokyo", "theme": "dark"}
    assert (await browser.post("/settings", good)).status_code == 303
    page = (await browser.get("/settings")).text
    assert 'value="Anna"' in page
    assert 'value="Asia/Tokyo" selected' in page
    assert '<html lang="ru" data-theme="dark"' in page


async def test_the_workspace_is_saved_and_refused_per_field(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    form = {"name": "Studio", "timezone": "Europe/Moscow", "nightly_enabled": "1", "nightly_hour": "4"}
    bad = form | {"nightly_hour": "25", "cadence_hours": "soon", "max_posts": "2.5"}
    refused = await browser.post("/settings/workspace", bad)
    assert refused.status_code == 422
    assert refused.text.count('class="error"') == 3
    assert 'value="soon"' in refused.text
    assert (await browser.post("/settings/workspace", form | {"nightly_hour": ""})).status_code == 422
    saved = await browser.post("/settings/workspace", form | {"cadence_hours": "0,5", "max_posts": "20"})
    assert saved.status_code == 303
    page = (await browser.get("/settings/workspace")).text
    assert 'value="Studio"' in page
    assert 'value="0.5"' in page
    assert 'value="20"' in page
    off = {key: value for key, value in form.items() if key != "nightly_enabled"}
    await browser.post("/settings/workspace", off)
    assert "checked" not in (await browser.get("/settings/workspace")).text


async def test_a_key_is_shown_once_and_works_until_revoked(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    refused = await browser.post("/settings/keys", {"name": "CRM"})
    assert refused.status_code == 422
    assert "read, write or admin" in refused.text
    made = await browser.post("/settings/keys", {"name": "CRM", "scopes": ["read", "write"], "expires": "2099-12-31"})
    assert made.status_code == 200
    plain = re.search(r"sl_live_[\w-]{43}", made.text)
    assert plain is not None
    assert plain[0] not in (await browser.get("/settings/keys")).text
    program = place.program(plain[0])
    me = (await program.get("/api/v1/auth/me")).json()
    assert (me["kind"], me["workspace_id"], me["role"], me["scopes"]) == ("key", str(room), "editor", ["read", "write"])
    (key,) = set(re.findall(r"/settings/keys/([0-9a-f-]{36})/revoke", (await browser.get("/settings/keys")).text))
    assert (await browser.post(f"/settings/keys/{key}/revoke")).status_code == 303
    assert (await program.get("/api/v1/auth/me")).status_code == 401


async def test_a_key_may_not_end_before_it_begins(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    for day in ("2001-01-01", "tomorrow"):
        answer = await browser.post("/settings/keys", {"name": "CRM", "scopes": "read", "expires": day})
        assert answer.status_code == 422, day


async def test_members_are_listed_changed_and_removed(place: Site) -> None:
    owner, room = await place.person("owner@x.io")
    guest, _ = await place.person("guest@x.io", workspace=room, role=Role.VIEWER)
    boss = await place.signed_in(owner, room)
    assert "guest@x.io" in (await boss.get("/settings/members")).text
    assert (await boss.post(f"/settings/members/{guest}/role", {"role": "king"})).status_code == 422
    assert (await boss.post(f"/settings/members/{owner}/remove")).status_code == 409
    assert (await boss.post(f"/settings/members/{guest}/remove")).status_code == 303
    assert "guest@x.io" not in (await boss.get("/settings/members")).text


async def test_the_log_tells_who_did_what_without_names_or_secrets(place: Site) -> None:
    owner, room = await place.person("owner@x.io")
    boss = await place.signed_in(owner, room)
    await boss.post("/settings/members/invite", {"email": "secret@x.io", "role": "viewer"})
    await boss.post("/settings/keys", {"name": "Secret name", "scopes": "read"})
    page = (await boss.get("/settings/audit")).text
    assert "198.51.100.7" in page
    assert "secret@x.io" not in page
    assert "Secret name" not in page


@pytest.mark.parametrize("path", ["", "/sessions", "/workspace", "/members", "/keys", "/audit"])
async def test_every_settings_page_opens_in_both_languages(place: Site, path: str) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    for language in ("en", "ru"):
        await browser.post("/locale", {"locale": language})
        answer = await browser.get(f"/settings{path}")
        assert answer.status_code == 200
        assert f'<html lang="{language}"' in answer.text
