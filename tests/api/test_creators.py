"""Following people through the API."""

from app.domain.identity.models import Scope
from tests.api.conftest import LINK, Api, harbour, member


async def test_a_link_becomes_a_creator_whose_numbers_follow(api: Api) -> None:
    made = await api.post("/creators", {"link": LINK, "tags": ["#Sea", "sea", "rivals"]})
    assert made.status_code == 201, made.text
    creator = made.json()
    assert made.headers["location"] == f"/api/v1/creators/{creator['id']}"
    assert (creator["name"], creator["named"], creator["tags"]) == ("@harbour", False, ["sea", "rivals"])
    (account,) = creator["accounts"]
    assert (account["state"], account["work"]["state"], account["work"]["error"]) == ("new", "due", None)
    assert account["numbers"]["values"]["followers"] == {"value": None, "missing": "never_read", "kept": None}
    assert account["numbers"]["origin"] is None

    await api.read(account["id"], harbour())
    shown = (await api.get(f"/creators/{creator['id']}")).json()
    assert shown["name"] == "Harbour"
    numbers = shown["accounts"][0]["numbers"]
    assert numbers["values"]["followers"] == {"value": 1200, "missing": None, "kept": None}
    assert numbers["values"]["likes"] == {"value": None, "missing": "not_published", "kept": None}
    assert numbers["origin"]["source"] == "data_api"
    assert numbers["origin"]["run_id"]


async def test_following_twice_says_so_and_following_again_brings_it_back(api: Api) -> None:
    creator = await api.follow()
    again = await api.post("/creators", {"link": "youtube.com/@HARBOUR", "name": "Another name"})
    assert again.status_code == 200
    assert again.json()["id"] == creator["id"]
    assert again.json()["named"] is False
    assert (await api.send("DELETE", f"/creators/{creator['id']}")).status_code == 204
    assert (await api.get(f"/creators/{creator['id']}")).status_code == 404
    assert (await api.get("/creators")).json()["total"] == 0
    back = await api.post("/creators", {"link": LINK})
    assert (back.status_code, back.json()["id"]) == (201, creator["id"])


async def test_what_is_no_link_is_refused_with_the_field(api: Api) -> None:
    answer = await api.post("/creators", {"link": "https://example.com/nobody"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "invalid"
    assert [error["field"] for error in problem["errors"]] == ["link"]
    assert (await api.get("/creators")).json()["total"] == 0


async def test_lists_are_cut_sorted_and_narrowed(api: Api) -> None:
    for name, tags in (("bay", ["sea"]), ("cliff", ["land"]), ("atoll", ["sea"])):
        await api.follow(f"https://www.youtube.com/@{name}", name=name.title(), tags=tags)
    whole = (await api.get("/creators", sort="name")).json()
    assert [c["name"] for c in whole["items"]] == ["Atoll", "Bay", "Cliff"]
    part = (await api.get("/creators", sort="-name", limit=1, offset=1)).json()
    assert (part["total"], part["limit"], part["offset"]) == (3, 1, 1)
    assert [c["name"] for c in part["items"]] == ["Bay"]
    assert {c["name"] for c in (await api.get("/creators", tag="sea")).json()["items"]} == {"Atoll", "Bay"}
    assert [c["name"] for c in (await api.get("/creators", q="CLIF")).json()["items"]] == ["Cliff"]
    for wrong in ({"limit": 501}, {"limit": 0}, {"offset": -1}, {"offset": 2**63}, {"sort": "followers; --"}):
        assert (await api.get("/creators", **wrong)).status_code == 422, wrong


async def test_only_what_is_given_changes(api: Api) -> None:
    creator = await api.follow(name="Harbour people", tags=["sea"])
    path = f"/creators/{creator['id']}"
    changed = (await api.send("PATCH", path, {"note": "Ask about rates", "tags": []})).json()
    assert (changed["name"], changed["tags"], changed["note"]) == ("Harbour people", [], "Ask about rates")
    changed = (await api.send("PATCH", path, {"name": "Port", "note": None})).json()
    assert (changed["name"], changed["note"]) == ("Port", None)
    assert (await api.send("PATCH", path, {"name": ""})).status_code == 422
    assert (await api.send("PATCH", path, {"naem": "Port"})).status_code == 422


async def test_links_are_added_together_or_not_at_all(api: Api) -> None:
    creator = await api.follow()
    await api.follow("https://www.youtube.com/@taken")
    path = f"/creators/{creator['id']}"
    wrong = await api.send("PATCH", path, {"name": "New", "links": ["@second", "nothing at all"]})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "links.1"
    taken = await api.send("PATCH", path, {"name": "New", "links": ["@second", "@taken"]})
    assert (taken.status_code, taken.json()["code"]) == (409, "has_creator")
    before = (await api.get(path)).json()
    assert (before["name"], len(before["accounts"])) == ("@harbour", 1)
    added = await api.send("PATCH", path, {"links": ["@second", "@harbour"]})
    assert [a["handle"] for a in added.json()["accounts"]] == ["harbour", "second"]


async def test_a_list_has_a_result_per_line_in_every_form(api: Api) -> None:
    sent = [{"link": "@one", "tags": ["a"], "own": True}, {"link": "no link"}, {"link": "@one"}]
    answer = await api.post("/creators/bulk", sent)
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert [row["status"] for row in result["items"]] == ["added", "invalid", "already"]
    assert (result["added"], result["already"], result["restored"], result["invalid"]) == (1, 1, 0, 1)
    assert result["items"][1]["message"].startswith("This is not a link")
    assert result["items"][0]["account_id"] == result["items"][2]["account_id"]

    lines = await api.post("/creators/bulk", content="@two\n\n@one\n", headers={"content-type": "text/plain"})
    assert [row["status"] for row in lines.json()["items"]] == ["added", "already"]
    table = "name;link;tags\nThird;@three;x|y\n;;\n"
    csv = await api.post("/creators/bulk", content=table, headers={"content-type": "text/csv; charset=utf-8"})
    assert [row["status"] for row in csv.json()["items"]] == ["added", "invalid"]
    third = (await api.get("/creators", q="Third")).json()["items"][0]
    assert (third["name"], third["tags"]) == ("Third", ["x", "y"])
    tagged = "link,tags\n@four," + " ".join(f"t{n}" for n in range(30))
    row = (await api.post("/creators/bulk", content=tagged, headers={"content-type": "text/csv"})).json()["items"][0]
    assert (row["status"], row["message"]) == ("invalid", "At most 20 tags.")


async def test_a_list_that_cannot_be_read_is_refused_whole(api: Api) -> None:
    async def status(content: str | bytes, kind: str) -> int:
        return (await api.post("/creators/bulk", content=content, headers={"content-type": kind})).status_code

    assert await status("", "text/plain") == 422
    assert await status("@one\n" * 501, "text/plain") == 422
    assert await status(b"@\xff", "text/plain") == 422
    assert await status("@a\x00b", "text/plain") == 422
    assert await status('link,name\n@a,"' + "x" * 200_000, "text/csv") == 422
    assert await status("[]", "application/json") == 422
    assert await status('{"link": "@a"}', "application/json") == 422
    assert await status("[", "application/json") == 400
    assert await status("<a/>", "application/xml") == 415
    assert (await api.get("/creators")).json()["total"] == 0


async def test_reading_now_is_accepted_with_where_to_look(api: Api) -> None:
    creator = await api.follow()
    account = creator["accounts"][0]["id"]
    await api.read(account, harbour())
    asked = await api.post(f"/creators/{creator['id']}/collect")
    assert (asked.status_code, asked.json()) == (202, {"accounts": 1, "due": 1})
    status = await api.client.get(asked.headers["location"])
    assert (status.json()["accounts"], status.json()["waiting"]) == (1, 1)
    await api.send("PATCH", f"/accounts/{account}", {"enabled": False})
    assert (await api.post(f"/creators/{creator['id']}/collect")).status_code == 409


async def test_a_creators_posts(api: Api) -> None:
    creator = await api.follow()
    await api.read(creator["accounts"][0]["id"], harbour())
    other = await api.follow("@other")
    posts = (await api.get(f"/creators/{creator['id']}/posts", sort="-views")).json()
    assert [p["numbers"]["values"]["views"]["value"] for p in posts["items"]] == [2000, 1000, 400]
    assert (await api.get(f"/creators/{other['id']}/posts")).json()["total"] == 0


async def test_another_workspaces_creators_are_not_there(api: Api, stranger: Api) -> None:
    creator = await api.follow()
    path = f"/creators/{creator['id']}"
    assert (await stranger.get("/creators")).json()["total"] == 0
    asked = [
        await stranger.get(path),
        await stranger.get(f"{path}/posts"),
        await stranger.send("PATCH", path, {"name": "Mine"}),
        await stranger.send("DELETE", path),
        await stranger.post(f"{path}/collect"),
    ]
    assert {answer.status_code for answer in asked} == {404}
    assert (await api.get(path)).json()["name"] == "@harbour"


async def test_a_key_that_may_only_read_changes_nothing(api: Api) -> None:
    reader = await member(api.site, "reader", [Scope.READ], api.workspace)
    assert (await reader.get("/creators")).status_code == 200
    refused = await reader.post("/creators", {"link": LINK})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope")
