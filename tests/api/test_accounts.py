"""Accounts through the API: how each is followed and read."""

from uuid import uuid4

from tests.api.conftest import LINK, Api, failing, harbour


async def test_an_account_is_named_by_a_link_or_by_platform_and_username(api: Api) -> None:
    made = await api.post("/accounts", {"link": LINK, "own": True, "cadence_hours": 2})
    assert made.status_code == 201, made.text
    account = made.json()
    assert made.headers["location"] == f"/api/v1/accounts/{account['id']}"
    assert (account["handle"], account["own"], account["cadence_hours"]) == ("harbour", True, 2)
    assert account["work"]["cadence_hours"] == 2
    for username in ("harbour", "@Harbour"):
        again = await api.post("/accounts", {"platform": "youtube", "username": username, "own": False})
        assert (again.status_code, again.json()["id"], again.json()["own"]) == (200, account["id"], True)
    assert (await api.post("/accounts", {"platform": "youtube", "username": "second"})).status_code == 201


async def test_an_account_that_is_not_named_well_is_refused(api: Api) -> None:
    for body, field in (
        ({}, ""),
        ({"link": LINK, "platform": "youtube", "username": "harbour"}, ""),
        ({"platform": "youtube"}, ""),
        ({"platform": "", "username": "harbour"}, ""),
        ({"platform": "myspace", "username": "tom"}, "platform"),
        ({"platform": "youtube", "username": "not / a name"}, "username"),
        ({"link": "nothing"}, "link"),
        ({"link": LINK, "cadence_hours": 0.1}, "cadence_hours"),
        ({"link": LINK, "own": "true"}, "own"),
        ({"link": LINK, "creator_id": "5"}, "creator_id"),
    ):
        answer = await api.post("/accounts", body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == field, body
    assert (await api.get("/accounts")).json()["total"] == 0


async def test_an_account_can_join_a_creator(api: Api, stranger: Api) -> None:
    creator = await api.follow()
    made = await api.post("/accounts", {"link": "@second", "creator_id": creator["id"]})
    assert made.json()["creator_id"] == creator["id"]
    assert (await api.post("/accounts", {"link": "@third", "creator_id": str(uuid4())})).status_code == 404
    assert (await stranger.post("/accounts", {"link": "@third", "creator_id": creator["id"]})).status_code == 404


async def test_settings_are_replaced_changed_and_switched(api: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    path = f"/accounts/{account}"
    put = await api.send("PUT", path, {"enabled": True, "own": True, "cadence_hours": 12})
    assert (put.status_code, put.json()["own"], put.json()["cadence_hours"]) == (200, True, 12)
    assert (await api.send("PUT", path, {"own": True})).status_code == 422
    patched = (await api.send("PATCH", path, {"cadence_hours": None})).json()
    assert (patched["cadence_hours"], patched["own"], patched["work"]["cadence_hours"]) == (None, True, 6)
    off = (await api.post(f"{path}/toggle")).json()
    assert (off["enabled"], off["work"]["state"]) == (False, "off")
    refused = await api.post(f"{path}/collect")
    assert (refused.status_code, refused.json()["code"]) == (409, "switched_off")
    on = (await api.post(f"{path}/toggle")).json()
    assert (on["enabled"], on["work"]["state"]) == (True, "due")
    accepted = await api.post(f"{path}/collect")
    assert accepted.status_code == 202
    assert accepted.headers["location"] == f"/api/v1/collection/status?account_id={account}"


async def test_an_account_moves_to_another_creator(api: Api) -> None:
    first, second = await api.follow("@first"), await api.follow("@second")
    moved = await api.send("PATCH", f"/accounts/{first['accounts'][0]['id']}", {"creator_id": second["id"]})
    assert moved.json()["creator_id"] == second["id"]
    assert len((await api.get(f"/creators/{second['id']}")).json()["accounts"]) == 2


async def test_lists_are_narrowed(api: Api) -> None:
    creator = await api.follow("@first", tags=["sea"], own=True)
    await api.follow("@second")
    off = await api.follow("@third")
    await api.post(f"/accounts/{off['accounts'][0]['id']}/toggle")
    await api.read(creator["accounts"][0]["id"], failing())

    async def handles(**params: object) -> list[str]:
        answer = await api.get("/accounts", sort="title", **params)
        assert answer.status_code == 200, answer.text
        return [item["handle"] for item in answer.json()["items"]]

    assert await handles() == ["first", "second", "third"]
    assert await handles(status="off") == ["third"]
    assert await handles(status="failing") == ["first"]
    assert await handles(own=True) == ["first"]
    assert await handles(own=False) == ["second", "third"]
    assert await handles(tag="sea") == ["first"]
    assert await handles(creator_id=creator["id"]) == ["first"]
    assert await handles(q="SECO") == ["second"]
    assert await handles(platform="youtube", limit=1, offset=2) == ["third"]
    assert (await api.get("/accounts", platform="myspace")).status_code == 422
    assert (await api.get("/accounts", status="asleep")).status_code == 422
    assert (await api.get("/accounts", creator_id="5")).status_code == 422


async def test_a_failure_is_told_in_words_and_the_numbers_stay(api: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    await api.read(account, harbour())
    await api.post(f"/accounts/{account}/collect")
    await api.read(account, failing())
    shown = (await api.get(f"/accounts/{account}")).json()
    error = shown["work"]["error"]
    assert (error["kind"], error["message"]) == ("retry_after", "It asked for a pause of 90 s.")
    assert error["params"]["seconds"] == 90
    assert shown["numbers"]["values"]["followers"]["value"] == 1200


async def test_what_is_removed_is_gone_from_lists(api: Api) -> None:
    creator = await api.follow()
    account = creator["accounts"][0]["id"]
    assert (await api.send("DELETE", f"/accounts/{account}")).status_code == 204
    assert (await api.get(f"/accounts/{account}")).status_code == 404
    assert (await api.send("DELETE", f"/accounts/{account}")).status_code == 404
    assert (await api.get(f"/creators/{creator['id']}")).status_code == 404


async def test_two_that_turn_out_to_be_one_say_so(api: Api) -> None:
    first = (await api.follow("@harbour"))["accounts"][0]["id"]
    second = (await api.follow("https://www.youtube.com/c/HarbourFilms"))["accounts"][0]["id"]
    assert first != second
    await api.read(first, harbour())
    await api.read(second, harbour())
    answer = await api.get(f"/accounts/{second}")
    assert (answer.status_code, answer.json()["code"]) == (409, "merged")
    assert first in answer.json()["detail"]
    assert (await api.get("/accounts")).json()["total"] == 1


async def test_another_workspaces_accounts_are_not_there(api: Api, stranger: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    path = f"/accounts/{account}"
    settings = {"enabled": False, "own": True, "cadence_hours": None}
    asked = [
        await stranger.get(path),
        await stranger.send("PUT", path, settings),
        await stranger.send("PATCH", path, {"own": True}),
        await stranger.send("DELETE", path),
        await stranger.post(f"{path}/toggle"),
        await stranger.post(f"{path}/collect"),
    ]
    assert {answer.status_code for answer in asked} == {404}
    # Following the same link gives the stranger their own tracking of the shared account.
    theirs = (await stranger.follow())["accounts"][0]
    assert theirs["id"] == account
    assert theirs["own"] is False
