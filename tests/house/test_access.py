"""Every route of the application, as everybody who might come: the access table is what happens."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from app.domain.audit.service import SYSTEM
from app.domain.identity import keys
from app.domain.identity.models import Role, Scope
from app.http.access import TABLE, Access, Rule, _key, access_to, routes_of
from app.main import create_app
from app.settings import load
from tests.conftest import Urls
from tests.site import Browser, Site, site

ENDLESS = {"/live"}  # never ends by itself; tests/http/test_live.py opens it
LAST = ("/logout", "/leave", "revoke-others")  # what they do would end the walk
NOT_REFUSED = {200, 201, 202, 204, 303, 400, 404, 409, 415, 422}
RANK = {Rule.VIEWER: 1, Rule.EDITOR: 2, Rule.ADMIN: 3, Rule.OWNER: 4}


@pytest.fixture
async def place(urls: Urls) -> AsyncIterator[Site]:
    async with site(urls, max_requests_per_minute=100_000) as made:
        yield made


def routes(app: Any, *, api: bool) -> list[tuple[str, str, Access]]:
    found = []
    for method, path in routes_of(app):
        row = access_to(method, path)
        assert row is not None
        if row.rule is not Rule.OPEN and path not in ENDLESS and path.startswith("/api/") is api:
            found.append((method, path, row))
    return sorted(found, key=lambda route: (route[1].endswith(LAST), route[1], route[0]))


def at(path: str, key: object = None) -> str:
    return re.sub(r"{[^}]*}", str(key or uuid4()), path)


async def ask_page(browser: Browser, method: str, path: str) -> httpx.Response:
    return await (browser.get(path) if method == "GET" else browser.post(path))


async def ask_api(client: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    return await client.request(method, path, json=None if method in ("GET", "DELETE") else {})


def said(method: str, path: str, answer: httpx.Response) -> str:
    return f"{method} {path}: {answer.status_code} {answer.text[:300]}"


def sandboxed() -> Any:
    return create_app(
        load(
            _env_file=None,
            environment="test",
            embedded_url="postgresql://nobody@127.0.0.1/nothing",
            secret_key="k" * 40,
            sandbox_control="http://127.0.0.1:9/",
        )
    )


def test_the_table_and_the_routes_are_the_same() -> None:
    """`create_app` has refused routes without a row; a row without a route would be a promise about nothing."""
    assert set(TABLE) - {_key(*route) for route in routes_of(sandboxed())} == set()


def test_a_route_that_is_not_in_the_table_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(TABLE, "GET /posts")
    with pytest.raises(LookupError, match="GET /posts"):
        sandboxed()


async def test_visitors_are_sent_to_sign_in(place: Site) -> None:
    await place.person("a@x.io")
    browser = place.browser()
    await browser.get("/login")
    for method, path, row in routes(place.app, api=False):
        answer = await ask_page(browser, method, at(path))
        sent = answer.status_code == 303 and answer.headers["location"].startswith("/login")
        expected = row.rule not in (Rule.PUBLIC, Rule.ANONYMOUS) or (path == "/setup" and method == "GET")
        assert sent is expected, f"{method} {path}: {answer.status_code} {answer.headers.get('location')}"
        assert answer.status_code < 500


@pytest.mark.parametrize("role", list(Role))
async def test_members_may_what_their_role_says(place: Site, role: Role) -> None:
    _, room = await place.person("owner@x.io")
    user, _ = await place.person("member@x.io", workspace=room, role=role)
    browser = await place.signed_in(user, room)
    for method, path, row in routes(place.app, api=False):
        if path in ("/workspaces", "/setup"):
            continue  # makes a workspace in which everybody is an owner; asks for a token instead of a role
        answer = await ask_page(browser, method, at(path))
        refused = answer.status_code == 403
        expected = row.rule is Rule.SUPERUSER or role.rank < RANK.get(row.rule, 0)
        assert refused is expected, f"{role} {method} {path}: {answer.status_code} {answer.text[:300]}"
        assert refused or answer.status_code in NOT_REFUSED, (
            f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        )


async def test_what_a_member_may_not_is_not_done(place: Site) -> None:
    owner, room = await place.person("owner@x.io")
    user, _ = await place.person("viewer@x.io", workspace=room, role=Role.VIEWER)
    browser = await place.signed_in(user, room)
    answer = await browser.post(f"/settings/members/{owner}/remove")
    assert answer.status_code == 403
    async with place.database.transaction(workspace=room) as session:
        assert await session.scalar(text("select count(*) from membership")) == 2


async def test_programs_need_a_key_with_the_scope(place: Site) -> None:
    _, room = await place.person("owner@x.io")
    clients = {scope: place.program((await place.key(room, scope.value))[1]) for scope in Scope}
    revoked_id, revoked = await place.key(room, "admin")
    async with place.database.transaction(workspace=room) as session:
        await keys.revoke(session, SYSTEM, revoked_id)
    order = list(Scope)
    nobodys = [place.program(), place.program(revoked), place.program("sl_live_" + "x" * 43), place.program("a.b.c")]
    for method, path, row in routes(place.app, api=True):
        for stranger in nobodys:
            answer = await ask_api(stranger, method, at(path))
            bad_bearer = "authorization" in stranger.headers
            refused = answer.status_code == 401
            tolerated = path.endswith(("login", "refresh"))  # 401 is their own word for bad credentials
            assert refused is (bad_bearer or row.rule is not Rule.PUBLIC) or tolerated, said(method, path, answer)
        if row.rule is Rule.PUBLIC:
            continue
        for scope, client in clients.items():
            answer = await ask_api(client, method, at(path))
            expected = row.scope is None or order.index(scope) < order.index(row.scope)
            assert (answer.status_code == 403) is expected, (
                f"{scope} {method} {path}: {answer.status_code} {answer.text}"
            )
            assert expected or answer.status_code in NOT_REFUSED, f"{method} {path}: {answer.status_code} {answer.text}"
            if expected:
                assert answer.headers["content-type"] == "application/problem+json"


async def test_a_cookie_means_nothing_to_the_api(place: Site) -> None:
    user, room = await place.person("owner@x.io")
    browser = await place.signed_in(user, room)
    assert (await browser.get("/api/v1/auth/me")).status_code == 401
    assert (await browser.post("/api/v1/keys")).status_code == 401


@pytest.fixture
async def furnished(place: Site, urls: Urls) -> tuple[UUID, UUID, list[str]]:
    """A workspace with something of each kind: its owner, itself, and the ids of all its things."""
    owner, room = await place.person("owner@x.io")
    guest, _ = await place.person("guest@x.io", workspace=room, role=Role.EDITOR)
    browser = await place.signed_in(owner, room)
    assert (await browser.post("/creators", {"link": "https://www.youtube.com/@nordkitchen"})).status_code == 303
    assert (await browser.post("/settings/members/invite", {"email": "n@x.io", "role": "viewer"})).status_code == 200
    key, _ = await place.key(room, "read")
    ids = [str(owner), str(guest), str(room), str(key)]
    async with place.database.transaction(workspace=room) as session:
        account = await session.scalar(text("select id from account"))
        await session.execute(
            text(
                "insert into post (id, account_id, external_id, url, title, format, state, first_seen_at, state_since) "
                "values (gen_random_uuid(), :account, 'v1', 'https://example.com/v1', 'A post', 'long', 'public', "
                "now(), now())"
            ),
            {"account": account},
        )
        await session.execute(
            text(
                "insert into connection (id, workspace_id, provider, kind, subject_id, title, scopes, state, "
                "connected_at) "
                "values (gen_random_uuid(), :room, 'telegram', 'session', '1', 'Somebody', '{}', 'active', now())"
            ),
            {"room": room},
        )
        await session.execute(
            text(
                "insert into sender_attempt (id, workspace_id, user_id, provider, kind, step, opened_at, state, "
                "attempts, fence) "
                "values (gen_random_uuid(), :room, :owner, 'telegram', 'qr', 'starting', now(), 'done', 0, 0)"
            ),
            {"room": room, "owner": owner},
        )
        for table in (
            "connection",
            "sender_attempt",
            "creator",
            "tracked_account",
            "account",
            "post",
            "invitation",
            "collection_run",
        ):
            ids += [str(one) for one in await session.scalars(text(f"select id from {table}"))]
    return owner, room, ids


async def test_other_workspaces_things_are_not_there(place: Site, furnished: tuple[UUID, UUID, list[str]]) -> None:
    owner, room, ids = furnished
    stranger, elsewhere = await place.person("stranger@x.io")
    browser, at_home = await place.signed_in(stranger, elsewhere), await place.signed_in(owner, room)
    foreign = place.program((await place.key(elsewhere, "admin"))[1])
    domestic = place.program((await place.key(room, "admin"))[1])
    reachable = set()
    for method, path, row in routes(place.app, api=False) + routes(place.app, api=True):
        if "{" not in path or (path.startswith("/api/") and row.scope is None):  # no key may come there at all
            continue
        api = path.startswith("/api/")
        for one in ids:
            answer = await (
                ask_api(foreign, method, at(path, one)) if api else ask_page(browser, method, at(path, one))
            )
            assert answer.status_code in (404, 422), f"{method} {path} {one}: {answer.status_code} {answer.text[:300]}"
            if method == "GET":
                assert answer.status_code == 404, f"{method} {path} {one}"
                own = await (domestic.get(at(path, one)) if api else at_home.get(at(path, one)))
                if own.status_code == 200:
                    reachable.add(path)
    # The same requests do find something at home: otherwise this test would hold for an empty house, too.
    assert {"/creators/{creator_id}", "/accounts/{account_id}", "/posts/{post_id}"} <= reachable
    assert "/connections/senders/{attempt_id}" in reachable
    assert {"/api/v1/creators/{creator_id}", "/api/v1/accounts/{account_id}", "/api/v1/posts/{post_id}"} <= reachable
    async with place.database.transaction(workspace=room) as session:
        for table in ("creator", "tracked_account", "api_key", "invitation"):
            assert await session.scalar(text(f"select count(*) from {table}")), (
                f"{table} of the other workspace is gone"
            )
        assert await session.scalar(text("select count(*) from membership")) == 2


async def test_lists_hold_nothing_of_another_workspace(place: Site, furnished: tuple[UUID, UUID, list[str]]) -> None:
    _, _, ids = furnished
    stranger, elsewhere = await place.person("stranger@x.io")
    browser = await place.signed_in(stranger, elsewhere)
    foreign = place.program((await place.key(elsewhere, "admin"))[1])
    for method, path, row in routes(place.app, api=False) + routes(place.app, api=True):
        if method != "GET" or "{" in path or row.rule in (Rule.PUBLIC, Rule.ANONYMOUS):
            continue
        answer = await (foreign.get(path) if path.startswith("/api/") else browser.get(path))
        assert answer.status_code == 200, said(method, path, answer)
        assert [one for one in ids if one in answer.text] == [], path
        assert "nordkitchen" not in answer.text
