"""Broken copies of good answers: never a crash, never a number that was not there.

Twenty seeded copies of each kind of answer (SIGHTLINE_MUTATIONS says how many), with values nulled, taken away, of
other types, negative or huge; and cut or replaced by HTML on the wire.
"""

import copy
import json
import os
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from app.domain.ports.errors import PlatformError
from app.domain.ports.values import Metric, PostGone, PostReading, PostUnread
from app.platforms.kit import Node
from app.platforms.vk import parse
from app.platforms.vk.api import HOST, VkApi
from sandbox.core import Sandbox
from sandbox.platforms import vk as fake
from tests.platforms.vk.conftest import channel_of, known, posts

SEEDS = range(int(os.environ.get("SIGHTLINE_MUTATIONS", "20")))
_WRONG: tuple[Any, ...] = (None, [], {}, "", "text", "-5", "1.5", "9" * 40, -5, 10**30, 1.5, True, [None], {"x": 1})
_GONE = object()
_OF = {Metric.VIEWS: "views", Metric.LIKES: "likes", Metric.COMMENTS: "comments", Metric.SHARES: "reposts"}


def mutated(value: Any, seed: int, times: int) -> Any:
    """A copy with a few places changed, the same ones for a seed."""
    dice = random.Random(seed)
    broken = copy.deepcopy(value)
    for _ in range(times):
        places = list(_places(broken))
        if not places:
            break
        container, key = dice.choice(places)
        new = dice.choice((*_WRONG, _GONE, _GONE, _GONE))
        if new is _GONE:
            del container[key]
        else:
            container[key] = copy.deepcopy(new)
    return broken


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        found.append((value, key))
        found += _places(child)
    return found


def explained(metrics: Mapping[Metric, int | None], missing: Mapping[Metric, object]) -> None:
    assert set(missing) == {metric for metric, value in metrics.items() if value is None}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["community", "person"])
def test_accounts(sandbox: Sandbox, kind: str, seed: int) -> None:
    now = sandbox.world.now
    if kind == "community":
        good: Any = {"groups": [fake.group(channel_of(sandbox), now, ["members_count", "description"])]}
        number, read = good["groups"][0]["members_count"], parse.community
    else:
        good = [fake.user(channel_of(sandbox, "id48120366"), now, ["followers_count", "screen_name", "photo_200"])]
        number, read = good[0]["followers_count"], parse.person
    try:
        profile = read(Node(mutated(good, seed, 2), "VK"))
    except PlatformError:
        return
    assert profile.metrics[Metric.FOLLOWERS] in (None, number)
    explained(profile.metrics, profile.missing)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("call", ["get", "getById"])
def test_walls(sandbox: Sandbox, call: str, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    listed = channel.listed(now)[:5]
    good: dict[str, Any] = {"count": 5, "items": [fake.item(channel, post, now) for post in listed]}
    ids = [post.id for post in listed]
    broken = Node(mutated(good, seed, 8), "VK")
    try:
        if call == "get":
            results = [entry.result for entry in parse.wall(broken, channel.id)]
        else:
            results = parse.posts(broken, channel.id, ids)
            assert [result.external_id for result in results] == ids
    except PlatformError:
        return
    truth = {str(item["id"]): item for item in good["items"]}
    given = {str(item["id"]) for item in broken.value["items"] if isinstance(item, dict) and "id" in item}
    for result in results:
        if isinstance(result, PostGone):  # it, or all of its entry, was taken away
            assert result.external_id not in given
        if isinstance(result, PostReading):
            explained(result.metrics, result.missing)
            for metric, value in result.metrics.items():
                assert value is None or value == truth[result.external_id][_OF[metric]]["count"]
        assert not isinstance(result, PostUnread) or result.params["field"]


@pytest.mark.parametrize("seed", SEEDS)
def test_statistics(seed: int) -> None:
    parts: dict[str, Any] = {
        "period_from": 1793577600,
        "visitors": {"views": 11, "visitors": 12, "mobile_views": 13},
        "reach": {"reach": 14, "reach_subscribers": 15, "mobile_reach": 16},
        "activity": {"likes": 17, "comments": 18, "copies": 19, "hidden": 20, "subscribed": 21, "unsubscribed": 22},
    }
    truth = {name: value for part in parse.STATISTICS for name, value in parts[part].items()}
    try:
        told = parse.statistics(Node(mutated([parts], seed, 3), "VK"))
    except PlatformError:
        return
    for one in told:
        assert one.value in (None, truth[one.metric]) and (one.value is None) == (one.missing is not None)


@pytest.mark.parametrize("seed", SEEDS)
def test_reach_of_posts(seed: int) -> None:
    post = {name: number for number, name in enumerate(parse.POST_STATISTICS, 100)}
    try:
        told = parse.post_statistics(Node(mutated([{"post_id": 7, **post}], seed, 2), "VK"))
    except PlatformError:
        return
    for one in told:
        assert one.post_id == "7" and one.value in (None, post[one.metric])
        assert (one.value is None) == (one.missing is not None)


@pytest.mark.parametrize("seed", SEEDS)
async def test_broken_on_the_wire(api: VkApi, sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    dice = random.Random(seed)
    items = [fake.item(channel, post, now) for post in channel.listed(now)[:5]]
    text = json.dumps({"response": {"count": 5, "items": items}}).encode()
    wreck: Callable[[], bytes] = dice.choice(
        [
            lambda: text[: dice.randrange(len(text))],
            lambda: b"",
            lambda: b"<html><title>VK</title></html>",
            lambda: b"null",
            lambda: b'{"response": []}',
        ]
    )
    sandbox.replay.add(HOST, "POST", "/method/wall.get", body=wreck())
    with pytest.raises(PlatformError) as error:
        await posts(api, channel, 5)
    assert error.value.kind in ("changed", "retry_after")
    assert (await api.read_account(known(channel))).metrics[Metric.FOLLOWERS]
