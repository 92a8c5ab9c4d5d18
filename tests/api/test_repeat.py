"""Writes that are sent twice."""

import asyncio

from sqlalchemy import text

from app.api import ROUTES
from app.domain.idempotency import service
from tests.api.conftest import LINK, Api, harbour

KEY = {"Idempotency-Key": "a-key-of-mine"}


async def test_a_repeated_write_is_answered_as_before_and_done_once(api: Api) -> None:
    first = await api.post("/creators", {"link": LINK, "name": "Port"}, headers=KEY)
    creator = first.json()["id"]
    await api.send("PATCH", f"/creators/{creator}", {"name": "Renamed"})
    again = await api.post("/creators", {"link": LINK, "name": "Port"}, headers=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert (await api.get(f"/creators/{creator}")).json()["name"] == "Renamed"


async def test_a_switch_is_not_thrown_twice(api: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    for _ in range(3):
        answer = await api.post(f"/accounts/{account}/toggle", headers=KEY)
        assert (answer.status_code, answer.json()["enabled"]) == (200, False)
    gone = [await api.send("DELETE", f"/accounts/{account}", headers={"Idempotency-Key": "another"}) for _ in "ab"]
    assert [answer.status_code for answer in gone] == [204, 204]
    assert {answer.content for answer in gone} == {b""}


async def test_a_key_is_for_one_request(api: Api) -> None:
    await api.post("/creators", {"link": LINK}, headers=KEY)
    for method, path, body in (
        ("POST", "/creators", {"link": "@other"}),
        ("POST", "/accounts", {"link": LINK}),
        ("POST", "/collection/runs", {}),
    ):
        answer = await api.send(method, path, body, headers=KEY)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert (await api.get("/creators")).json()["total"] == 1


async def test_what_was_refused_may_be_tried_again(api: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    await api.read(account, harbour())
    await api.send("PATCH", f"/accounts/{account}", {"enabled": False})
    path = f"/accounts/{account}/collect"
    assert (await api.post(path, headers=KEY)).status_code == 409
    await api.send("PATCH", f"/accounts/{account}", {"enabled": True})
    assert (await api.post(path, headers=KEY)).status_code == 202


async def test_at_the_same_time_it_is_done_once(api: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    path = f"/accounts/{account}/toggle"
    answers = await asyncio.gather(*(api.post(path, headers=KEY) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 3
    assert (await api.get(f"/accounts/{account}")).json()["enabled"] is False


async def test_keys_belong_to_their_workspace(api: Api, stranger: Api) -> None:
    await api.post("/creators", {"link": LINK}, headers=KEY)
    theirs = await stranger.post("/creators", {"link": "@else"}, headers=KEY)
    assert theirs.status_code == 201


async def test_keys_are_forgotten_after_a_day(api: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    path = f"/accounts/{account}/toggle"
    for key in ("used-again", "left-alone", "fresh"):
        await api.post(path, headers={"Idempotency-Key": key})
    async with api.site.database.transaction(api.workspace) as session:
        old = "update idempotency_key set created_at = created_at - interval '25 hours' where key <> 'fresh'"
        await session.execute(text(old))
    again = await api.post(path, headers={"Idempotency-Key": "used-again"})
    assert "idempotency-replayed" not in again.headers
    async with api.site.database.transaction() as session:
        await service.forget(session)
    async with api.site.database.transaction(api.workspace) as session:
        kept = list(await session.scalars(text("select key from idempotency_key order by key")))
    assert kept == ["fresh", "used-again"]


async def test_a_key_is_a_short_printable_word(api: Api) -> None:
    for key in ("", "x" * 201, "two words", "ключ".encode()):
        answer = await api.post("/creators", {"link": LINK}, headers={"Idempotency-Key": key})
        assert answer.status_code == 422, key


def test_every_write_takes_a_key_but_those_that_tell_secrets() -> None:
    without = set()
    for router in ROUTES:
        for route in router.routes:
            for handler in getattr(route, "route_handlers", ()):
                if handler.http_methods & {"POST", "PUT", "PATCH", "DELETE"} and not hasattr(handler.fn, "__wrapped__"):
                    without.add(handler.fn.__module__)
    assert without == {"app.api.auth", "app.api.keys"}
