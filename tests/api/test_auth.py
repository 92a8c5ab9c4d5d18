"""Tokens and keys over the JSON API."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.conftest import Urls
from tests.site import PASSWORD, Site, site


@pytest.fixture
async def place(urls: Urls) -> AsyncIterator[Site]:
    async with site(urls) as made:
        yield made


async def test_a_program_signs_in_refreshes_and_leaves(place: Site) -> None:
    user, room = await place.person("a@x.io")
    anonymous = place.program()
    wrong = await anonymous.post("/api/v1/auth/login", json={"email": "a@x.io", "password": "wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_password")
    pair = (await anonymous.post("/api/v1/auth/login", json={"email": "a@x.io", "password": PASSWORD})).json()
    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 900)
    me = (await place.program(pair["access_token"]).get("/api/v1/auth/me")).json()
    assert (me["user_id"], me["workspace_id"], me["role"], me["kind"]) == (str(user), str(room), "owner", "token")

    second = (await anonymous.post("/api/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})).json()
    program = place.program(second["access_token"])
    assert (await program.get("/api/v1/auth/me")).status_code == 200
    assert (await program.post("/api/v1/auth/logout")).status_code == 204
    assert (await program.get("/api/v1/auth/me")).status_code == 401
    ended = await anonymous.post("/api/v1/auth/refresh", json={"refresh_token": second["refresh_token"]})
    assert (ended.status_code, ended.json()["code"]) == (401, "bad_token")


async def test_a_stolen_refresh_token_ends_the_sign_in(place: Site) -> None:
    await place.person("a@x.io")
    anonymous = place.program()
    pair = (await anonymous.post("/api/v1/auth/login", json={"email": "a@x.io", "password": PASSWORD})).json()
    bodies = {"refresh_token": pair["refresh_token"]}
    answers = await asyncio.gather(*(anonymous.post("/api/v1/auth/refresh", json=bodies) for _ in range(3)))
    assert sorted(a.status_code for a in answers) == [200, 401, 401]
    assert (await place.program(pair["access_token"]).get("/api/v1/auth/me")).status_code == 401


async def test_changing_the_password_ends_programs_too(place: Site) -> None:
    user, room = await place.person("a@x.io")
    pair = (await place.program().post("/api/v1/auth/login", json={"email": "a@x.io", "password": PASSWORD})).json()
    browser = await place.signed_in(user, room)
    await browser.post("/settings/password", {"current": PASSWORD, "new": "a brand new sentence"})
    assert (await place.program(pair["access_token"]).get("/api/v1/auth/me")).status_code == 401


async def test_registration_follows_the_setting(place: Site, urls: Urls) -> None:
    body = {"email": "new@x.io", "password": PASSWORD, "name": "New", "workspace": "Own"}
    closed = await place.program().post("/api/v1/auth/register", json=body)
    assert (closed.status_code, closed.json()["code"]) == (403, "registration_off")
    async with site(urls, registration=True) as opened:
        made = await opened.program().post("/api/v1/auth/register", json=body)
        assert made.status_code == 201
        me = (await opened.program(made.json()["access_token"]).get("/api/v1/auth/me")).json()
        assert (me["role"], me["workspaces"][0]["name"]) == ("owner", "Own")
        again = await opened.program().post("/api/v1/auth/register", json=body | {"password": "short"})
        assert [e["field"] for e in again.json()["errors"]] == ["password"]


async def test_keys_are_made_listed_and_revoked(place: Site) -> None:
    _, room = await place.person("a@x.io")
    admin = place.program((await place.key(room, "admin"))[1])
    made = await admin.post("/api/v1/keys", json={"name": "CRM", "scopes": ["read"], "requests_per_minute": 7})
    assert made.status_code == 201
    plain, key = made.json()["key"], made.json()["details"]
    assert plain.startswith(key["prefix"])
    listed = (await admin.get("/api/v1/keys?limit=1")).json()
    assert (listed["total"], [k["id"] for k in listed["items"]]) == (2, [key["id"]])
    assert plain not in str(listed)
    program = place.program(plain)
    answer = await program.get("/api/v1/auth/me")
    assert answer.headers["ratelimit-limit"] == "7"
    forbidden = await program.get("/api/v1/keys")
    assert (forbidden.status_code, forbidden.json()["code"]) == (403, "scope")
    assert (await admin.delete(f"/api/v1/keys/{key['id']}")).status_code == 204
    assert (await admin.delete(f"/api/v1/keys/{key['id']}")).status_code == 404
    assert (await program.get("/api/v1/auth/me")).status_code == 401
    last = (await admin.get("/api/v1/keys?limit=1&offset=1")).json()["items"][0]
    assert (last["id"], last["revoked_at"] is not None) == (key["id"], True)
