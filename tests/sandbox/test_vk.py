"""VK's API as a plain client meets it."""

from typing import Any

import httpx
import pytest

from sandbox.core import Sandbox
from sandbox.growth import DAY
from sandbox.platforms.vk import KEY
from sandbox.world import Channel

TOKEN = "any-token"


def of(sandbox: Sandbox, name: str) -> Channel:
    channel = sandbox.world.channel(name, "vk")
    assert channel is not None
    return channel


def call(http: httpx.Client, method: str, **given: Any) -> Any:
    answer = http.post(f"https://api.vk.com/method/{method}", data={"access_token": TOKEN, "v": "5.199", **given})
    assert answer.status_code == 200  # errors, too
    return answer.json()


def test_owners_have_numbers_as_vk_writes_them(sandbox: Sandbox) -> None:
    assert of(sandbox, "id48120366").id == "48120366"
    communities = [channel.id for channel in sandbox.world.on("vk") if channel.creator.handle != "id48120366"]
    assert len(communities) == 3 and all(number.startswith("-") for number in communities)


def test_names_lead_to_owners(http: httpx.Client, sandbox: Sandbox) -> None:
    found = call(http, "utils.resolveScreenName", screen_name="gorodpeshkom")["response"]
    assert found == {"type": "group", "object_id": -int(of(sandbox, "gorodpeshkom").id)}
    assert call(http, "utils.resolveScreenName", screen_name="nobody")["response"] == []


def test_the_same_numbers_by_every_door_and_they_grow(http: httpx.Client, sandbox: Sandbox) -> None:
    owner = of(sandbox, "dvor_masterskaya").id
    wall = call(http, "wall.get", owner_id=owner, count=5)["response"]
    named = ",".join(f"{owner}_{item['id']}" for item in wall["items"])
    assert call(http, "wall.getById", posts=named)["response"]["items"] == wall["items"]
    sandbox.clock.advance(DAY)
    later = call(http, "wall.getById", posts=named)["response"]["items"]
    assert later[0]["views"]["count"] > wall["items"][0]["views"]["count"]
    dates = [item["date"] for item in wall["items"]]
    assert dates == sorted(dates, reverse=True)


def test_what_went_away_is_left_out(http: httpx.Client, sandbox: Sandbox) -> None:
    owner = of(sandbox, "dvor_masterskaya")
    first, second = (post.id for post in owner.listed(sandbox.world.now)[:2])
    owner.listed(sandbox.world.now)[0].gone_at = sandbox.world.now
    items = call(http, "wall.getById", posts=f"{owner.id}_{first},{owner.id}_{second}")["response"]["items"]
    assert [str(item["id"]) for item in items] == [second]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"access_token": ""}, 5),
        ({"v": "5.1"}, 8),
        ({"owner_id": "-999"}, 100),
        ({"count": "101"}, 100),
    ],
)
def test_errors_are_answers(http: httpx.Client, sandbox: Sandbox, given: dict[str, str], code: int) -> None:
    answer = call(http, "wall.get", **{"owner_id": of(sandbox, "gorodpeshkom").id, **given})
    assert answer["error"]["error_code"] == code and answer["error"]["error_msg"]


@pytest.mark.parametrize(
    ("preset", "code"), [("too-fast", 6), ("day-spent", 29), ("captcha", 14), ("token-revoked", 5)]
)
def test_presets(http: httpx.Client, sandbox: Sandbox, preset: str, code: int) -> None:
    sandbox.switch(f"vk-{preset}", True)
    assert call(http, "users.get", user_ids="48120366")["error"]["error_code"] == code
    sandbox.switch(f"vk-{preset}", False)
    assert call(http, "users.get", user_ids="48120366")["response"][0]["id"] == 48120366


def test_statistics_for_the_communitys_own_key(http: httpx.Client, sandbox: Sandbox) -> None:
    number = of(sandbox, "dvor_masterskaya").id[1:]
    assert call(http, "stats.get", group_id=number)["error"]["error_code"] == 7
    days = call(http, "stats.get", group_id=number, intervals_count=3, access_token=KEY + number)["response"]
    assert len(days) == 3 and days[1]["reach"]["reach"] > 0
    whose = call(http, "groups.getById", access_token=KEY + number)["response"]["groups"]
    assert [group["id"] for group in whose] == [int(number)]
    assert call(http, "groups.getById")["error"]["error_code"] == 100


def test_pictures(http: httpx.Client, sandbox: Sandbox) -> None:
    (group,) = call(http, "groups.getById", group_id=of(sandbox, "gorodpeshkom").id[1:])["response"]["groups"]
    answer = http.get(group["photo_200"])
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"
