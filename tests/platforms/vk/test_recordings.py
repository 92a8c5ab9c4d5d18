"""What VK really answered, through our parsers, and through the source over the sandbox."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from app.domain.ports.errors import Changed, Gone, PlatformError
from app.domain.ports.values import Format, Metric, Missing, PostReading, Profile, Ref, RefKind
from app.platforms.kit import Node
from app.platforms.vk import api_errors, parse
from app.platforms.vk.api import HOST, VkApi
from app.platforms.vk.community import BoundStatistics
from sandbox.core import Sandbox
from tests.platforms.vk.conftest import channel_of, every
from tests.platforms.vk.test_api import CODES

FOLDER = Path(os.environ.get("SIGHTLINE_RECORDINGS", "../shared/fixtures")) / "vk"
pytestmark = [
    pytest.mark.skipif(not FOLDER.is_dir(), reason="no recordings here (SIGHTLINE_RECORDINGS)"),
    pytest.mark.recordings,
]


def files(category: str, *methods: str) -> list[Any]:
    """The recordings of these methods, by their file names: METHOD.json, METHOD_CASE.json."""
    found = [path for path in sorted(FOLDER.rglob(f"{category}/*.json")) if path.stem.partition("_")[0] in methods]
    return [pytest.param(path, id=path.stem) for path in found]


def body(path: Path) -> bytes:
    return path.read_bytes()


def answer(path: Path) -> Any:
    return json.loads(path.read_text("utf-8-sig"))


def node(path: Path) -> Node:
    return Node(answer(path)["response"], "VK", "response")


def account(profile: Profile, raw: dict[str, Any], key: str) -> None:
    given = raw.get(key, raw.get("counters", {}).get("followers"))
    assert profile.metrics == {Metric.FOLLOWERS: given} and (given is None) == (Metric.FOLLOWERS in profile.missing)
    assert profile.external_id.removeprefix("-") == str(raw["id"]) and profile.title


@pytest.mark.parametrize("path", files("Groups", "GetById", "Search"))
def test_communities(path: Path) -> None:
    raw = answer(path)["response"]
    for one in raw["items"] if isinstance(raw, dict) else raw:
        profile = parse.community(Node([one], "VK"))
        account(profile, one, "members_count")
        assert profile.handle == one["screen_name"] and profile.external_id == f"-{one['id']}"


@pytest.mark.parametrize("path", files("Users", "Get"))
def test_people(path: Path) -> None:
    for one in answer(path)["response"]:
        if "deactivated" in one:
            with pytest.raises(Gone):
                parse.person(Node([one], "VK"))
            continue
        profile = parse.person(Node([one], "VK"))
        account(profile, one, "followers_count")
        assert profile.handle == one.get("screen_name", one.get("domain", f"id{one['id']}"))


@pytest.mark.parametrize("path", files("Wall", "Get", "GetById"))
def test_walls(path: Path) -> None:
    raw = answer(path)["response"]
    items = raw["items"] if isinstance(raw, dict) else raw
    for item in items:
        reading = parse.post(Node(item, "VK"), str(item["owner_id"]))
        assert isinstance(reading, PostReading) and reading.external_id == str(item["id"])
        for metric, key in ((Metric.LIKES, "likes"), (Metric.COMMENTS, "comments"), (Metric.SHARES, "reposts")):
            assert reading.metrics[metric] == item[key]["count"]
        assert reading.metrics[Metric.VIEWS] == item.get("views", {}).get("count")
        assert reading.published_at and reading.published_at.timestamp() == item["date"]
        if "views" not in item:
            assert reading.missing == {Metric.VIEWS: Missing.NOT_PUBLISHED}
        if item.get("copy_history", [{}])[0].get("attachments"):
            assert reading.format is Format.PHOTO  # what is handed on here
    asked = [str(item["id"]) for item in items]
    owner = str(items[0]["owner_id"])
    if isinstance(raw, dict):
        assert [entry.result.external_id for entry in parse.wall(node(path), owner)] == asked
    else:
        assert [result.external_id for result in parse.posts(node(path), owner, asked)] == asked


@pytest.mark.parametrize("path", files("Wall", "GetComment", "Repost"))
def test_other_answers_of_walls_are_refused_with_their_place(path: Path) -> None:
    """No calls of ours: what they hold is never taken for posts."""
    with pytest.raises(Changed) as error:
        parse.wall(node(path), "1")
    assert error.value.field


@pytest.mark.parametrize("path", files("Stats", "GetByApp", "GetByGroup"))
def test_statistics(path: Path) -> None:
    (period,) = answer(path)["response"]
    told = {one.metric: one for one in parse.statistics(node(path))}
    assert {one.day for one in told.values()} == {"2013-09-08"}
    for part, names in parse.STATISTICS.items():
        for name in names:
            given = period[part].get(name) if period[part] else None
            assert told[name].value == given and (told[name].missing is None) == (given is not None)


@pytest.mark.parametrize("path", files("Ads", "GetPostsReach"))
def test_reach_of_posts(path: Path) -> None:
    """ads.getPostsReach tells the same as stats.getPostReach, which we call, by another id; the file has a BOM."""
    (post,) = answer(path)["response"]
    told = {one.metric: one for one in parse.post_statistics(node(path))}
    assert {one.post_id for one in told.values()} == {str(post["id"])}
    assert {name: one.value for name, one in told.items()} == {name: post[name] for name in parse.POST_STATISTICS}


def errors() -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted(FOLDER.rglob("Errors/*.json"))]


@pytest.mark.parametrize("path", errors())
async def test_errors_through_the_source(path: Path, api: VkApi, sandbox: Sandbox) -> None:
    raw = answer(path)
    sandbox.replay.add(HOST, "POST", "/method/groups.getById", body=body(path))
    with pytest.raises(PlatformError) as error:
        await api.read_account(Ref("vk", RefKind.ID, "-1"))
    said = raw["error"] if "error" in raw else raw["execute_errors"][0]
    expected = CODES.get(said["error_code"], Changed)
    assert error.value.kind == expected.kind
    if isinstance(error.value, Changed):
        assert error.value.field == f"error {said['error_code']}"
    assert said["error_msg"] not in str(error.value)  # not a word of theirs: it may hold the token
    assert type(api_errors.failure(Node(said, "VK"))) is type(error.value)


@pytest.mark.parametrize("path", files("Groups", "GetById"))
async def test_communities_through_the_source(path: Path, api: VkApi, sandbox: Sandbox) -> None:
    sandbox.replay.add(HOST, "POST", "/method/groups.getById", body=body(path))
    profile = await api.read_account(Ref("vk", RefKind.ID, "-1"))
    assert profile == parse.community(node(path))


@pytest.mark.parametrize("path", files("Wall", "Get"))
async def test_walls_through_the_source(path: Path, api: VkApi, sandbox: Sandbox) -> None:
    sandbox.replay.add(HOST, "POST", "/method/wall.get", body=body(path))
    owner = str(answer(path)["response"]["items"][0]["owner_id"])
    results = await every(api.list_posts(Ref("vk", RefKind.ID, owner), limit=10, known=frozenset()))
    assert results == [entry.result for entry in parse.wall(node(path), owner)]


@pytest.mark.parametrize("path", files("Stats", "GetByGroup"))
async def test_statistics_through_the_source(path: Path, own: BoundStatistics, sandbox: Sandbox) -> None:
    sandbox.replay.add(HOST, "POST", "/method/stats.get", body=body(path))
    assert await own.read_insights(channel_of(sandbox).id, posts=[]) == parse.statistics(node(path))
