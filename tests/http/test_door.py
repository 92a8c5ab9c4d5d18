"""What every answer carries, whom we believe, how often one may, and errors in both forms."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from litestar.types import Message, Receive, Scope, Send
from sqlalchemy import text

from app.domain.identity import workspaces
from app.http.door import Proxies
from app.lib.db import Database
from app.lib.limits import Limits, PostgresLimits, RedisLimits, Verdict, neighbourhood
from tests.conftest import REDIS_URL, Urls
from tests.site import PASSWORD, Site, site


@pytest.fixture
async def place(urls: Urls) -> AsyncIterator[Site]:
    async with site(urls) as made:
        yield made


# -- headers


@pytest.mark.parametrize(
    "path", ["/login", "/nowhere", "/api/v1/nowhere", "/settings", "/health", "/static/nothing.js"]
)
async def test_every_answer_has_the_security_headers(place: Site, path: str) -> None:
    await place.person("a@x.io")
    headers = (await place.browser().get(path)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert len(headers["x-request-id"]) >= 8
    assert "strict-transport-security" not in headers


async def test_over_tls_browsers_are_told_to_stay_there(urls: Urls) -> None:
    async with site(urls, public_url="https://sightline.example") as place:
        assert "max-age=31536000" in (await place.browser().get("/login")).headers["strict-transport-security"]


async def test_the_nonce_in_the_policy_is_the_one_in_the_page_and_changes(place: Site) -> None:
    await place.person("a@x.io")
    policies = [(await place.browser().get("/login")).headers["content-security-policy"] for _ in range(2)]
    nonces = [policy.split("'nonce-")[1].split("'")[0] for policy in policies]
    assert nonces[0] != nonces[1]


# -- hosts and proxies


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "localhost@evil.example:80"])
async def test_a_foreign_host_is_refused(place: Site, host: str) -> None:
    answer = await place.client().get("/login", headers={"host": host})
    assert answer.status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
async def test_loopback_has_several_names(place: Site, host: str) -> None:
    await place.person("a@x.io")
    assert (await place.client().get("/login", headers={"host": host})).status_code == 200


async def test_whoever_keeps_it_running_may_ask_under_any_name(urls: Urls) -> None:
    async with site(urls, public_url="https://sightline.example") as place:
        inside = {"host": "127.0.0.1:8000"}
        assert (await place.client().get("/health", headers=inside)).status_code == 200
        assert (await place.client().get("/login", headers=inside)).status_code == 421


async def test_a_request_that_is_not_taken_says_which_are(place: Site) -> None:
    answer = await place.program().delete("/api/v1/auth/me")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_only_trusted_proxies_speak_for_others() -> None:
    proxies = Proxies(["10.0.0.0/8", "192.0.2.1"])
    told = {b"x-forwarded-for": "203.0.113.5, 10.1.1.1"}
    assert proxies.address("198.51.100.1", told) == "198.51.100.1"
    assert proxies.address("10.0.0.9", told) == "203.0.113.5"
    assert proxies.address("10.0.0.9", {b"x-forwarded-for": "1.2.3.4, 203.0.113.5, 192.0.2.1"}) == "203.0.113.5"
    assert proxies.address("10.0.0.9", {b"x-forwarded-for": "1.2.3.4, garbage"}) == "10.0.0.9"
    assert proxies.address("10.0.0.9", {}) == "10.0.0.9"


def test_an_ipv6_host_is_its_whole_network() -> None:
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1")
    assert neighbourhood("2001:db8::1") != neighbourhood("2001:db8:0:1::1")
    assert neighbourhood("203.0.113.1") != neighbourhood("203.0.113.2")


# -- limits


@pytest.fixture(params=["postgres", "redis"])
async def limits(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Limits]:
    if request.param == "postgres":
        yield PostgresLimits(database)
        return
    from redis.asyncio import Redis

    counters = RedisLimits(REDIS_URL)
    try:
        yield counters
    finally:
        await counters.aclose()
        async with Redis.from_url(REDIS_URL) as redis:
            async for key in redis.scan_iter("limit:test:*"):
                await redis.delete(key)


async def counted(limits: Limits, key: str, limit: int, window: int = 60) -> Verdict:
    verdict = await limits.hit(key, limit, window)
    assert verdict is not None
    return verdict


async def test_exactly_the_limit_passes_even_at_once(limits: Limits, urls: Urls) -> None:
    key = f"test:{urls.app.rsplit('/', 1)[1]}"
    verdicts = await asyncio.gather(*(counted(limits, key, 5) for _ in range(8)))
    assert sorted(v.allowed for v in verdicts) == [False] * 3 + [True] * 5
    assert sorted(v.remaining for v in verdicts) == [0, 0, 0, 0, 1, 2, 3, 4]
    assert all(1 <= v.reset <= 60 for v in verdicts)
    assert (await counted(limits, f"{key}:other", 5)).remaining == 4


async def test_a_window_ends(limits: Limits, urls: Urls) -> None:
    key = f"test:window:{urls.app.rsplit('/', 1)[1]}"
    assert (await counted(limits, key, 1, window=1)).allowed
    assert not (await counted(limits, key, 1, window=1)).allowed
    async with asyncio.timeout(10):
        while not (verdict := await counted(limits, key, 1, window=1)).allowed:  # noqa: ASYNC110 - a clock tells nobody
            await asyncio.sleep(verdict.reset / 20)


async def test_programs_are_told_their_limit_and_stopped_at_it(urls: Urls) -> None:
    async with site(urls, max_requests_per_minute=3) as place:
        _, room = await place.person("a@x.io")
        anonymous = place.program(address="203.0.113.1")
        for left in (2, 1, 0):
            answer = await anonymous.get("/api/v1/auth/me")
            assert (answer.status_code, answer.headers["ratelimit-remaining"]) == (401, str(left))
            assert answer.headers["ratelimit-limit"] == "3"
        stopped = await anonymous.get("/api/v1/auth/me")
        assert stopped.status_code == 429
        assert 1 <= int(stopped.headers["retry-after"]) <= 60
        assert stopped.json()["code"] == "too_many"
        assert (await place.program(address="203.0.113.2").get("/api/v1/auth/me")).status_code == 401
        _, own = await place.key(room, "read", requests_per_minute=1)
        keyed = place.program(own, address="203.0.113.1")
        assert [(await keyed.get("/api/v1/auth/me")).status_code for _ in range(2)] == [200, 429]


async def test_visitors_forms_are_counted(urls: Urls) -> None:
    """Each may cost a password's hashing."""
    async with site(urls, max_requests_per_minute=2, registration=True) as place:
        await place.person("a@x.io")
        visitor = place.browser()
        await visitor.get("/register")
        assert [(await visitor.post("/register", {})).status_code for _ in range(3)] == [422, 422, 429]
        assert (await visitor.get("/register")).status_code == 200


# -- errors


async def test_errors_are_problems_for_programs_and_pages_for_people(place: Site) -> None:
    await place.person("a@x.io")
    program, browser = place.program(), place.browser()
    for path, status in (("/api/v1/nowhere", 404), ("/api/v1/auth/login", 405)):
        answer = await program.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        problem = answer.json()
        assert problem["status"] == status
        assert problem["request_id"] == answer.headers["x-request-id"]
        assert {"type", "title", "detail", "code"} <= set(problem)
    page = await browser.get("/nowhere")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<h1" in page.text


async def test_a_body_that_will_not_do_names_its_fields(place: Site) -> None:
    _, room = await place.person("a@x.io")
    program = place.program((await place.key(room, "admin"))[1])
    wrong_type = await program.post("/api/v1/keys", json={"name": 5, "scopes": ["read"]})
    assert wrong_type.status_code == 422
    assert "name" in wrong_type.json()["errors"][0]["field"]
    unknown = await program.post("/api/v1/keys", json={"name": "x", "scopes": ["everything"]})
    assert unknown.status_code == 422
    empty = await program.post("/api/v1/keys", json={"name": " ", "scopes": []})
    assert sorted(e["field"] for e in empty.json()["errors"]) == ["name", "scopes"]
    broken = await program.post("/api/v1/keys", content=b"{", headers={"content-type": "application/json"})
    assert broken.status_code == 400
    assert broken.json()["code"] == "bad_request"


async def test_errors_are_said_in_the_readers_language(place: Site) -> None:
    await place.person("a@x.io")
    said = {
        language: (await place.program().get("/api/v1/auth/me", headers={"accept-language": language})).json()
        for language in ("ru", "en")
    }
    assert said["en"]["code"] == said["ru"]["code"] == "unauthorized"
    assert said["en"]["detail"] == "Sign in first."


async def test_what_nobody_foresaw_is_a_500_with_a_number(place: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)

    async def explode(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(workspaces, "current", explode)
    answer = await browser.get("/settings/workspace")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert "ZeroDivision" not in answer.text


# -- one request, one transaction


async def test_a_refused_request_leaves_nothing_behind(place: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.domain.audit import service as audit

    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)

    async def explode(*_args: object, **_kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(audit, "record", explode)
    form = {"name": "Renamed", "timezone": "UTC", "nightly_hour": "4"}
    assert (await browser.post("/settings/workspace", form)).status_code == 500
    async with place.database.transaction(workspace=room) as session:
        assert await session.scalar(text("select name from workspace")) == "Room of a"


async def test_what_the_browser_is_told_has_been_committed(place: Site, urls: Urls) -> None:
    """Another connection sees the change at the moment when the answer's first byte is sent."""
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    seen: list[str] = []
    inner = place.app.asgi_handler
    outside = await asyncpg.connect(urls.owner)

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def looking(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.append(await outside.fetchval("select name from workspace where id = $1", room))
            await send(message)

        await inner(scope, receive, looking)

    place.app.asgi_handler = watched
    try:
        form = {"name": "Renamed", "timezone": "UTC", "nightly_hour": "4"}
        assert (await browser.post("/settings/workspace", form)).status_code == 303
    finally:
        place.app.asgi_handler = inner
        await outside.close()
    assert seen == ["Renamed"]


async def test_a_fragments_request_is_sent_to_sign_in_as_a_whole_page(place: Site) -> None:
    await place.person("a@x.io")
    answer = await place.browser().get("/creators", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


async def test_after_signing_in_one_goes_on_where_one_wanted_to(place: Site) -> None:
    await place.person("a@x.io")
    browser = place.browser()
    sent = (await browser.get("/accounts?sort=-views")).headers["location"]
    assert sent == "/login?next=%2Faccounts%3Fsort%3D-views"
    await browser.get(sent)
    form = {"email": "a@x.io", "password": PASSWORD, "next": "/accounts?sort=-views"}
    assert (await browser.post("/login", form)).headers["location"] == "/accounts?sort=-views"


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/\n/e"]
)
async def test_the_sign_in_page_leads_nowhere_else(place: Site, target: str) -> None:
    await place.person("a@x.io")
    browser = place.browser()
    await browser.get("/login")
    answer: httpx.Response = await browser.post("/login", {"email": "a@x.io", "password": PASSWORD, "next": target})
    assert answer.headers["location"] == "/"
