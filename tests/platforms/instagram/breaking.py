"""Broken copies of good answers, and what must hold of whatever is read from them."""

import copy
import os
import random
from collections.abc import Mapping
from typing import Any

from app.domain.ports.values import Metric, PostReading, PostResult, Profile
from app.platforms.kit import Node
from sandbox.core import Sandbox
from sandbox.posts import Post
from tests.platforms.instagram.conftest import channel_of

SITE, GRAPH = "www.instagram.com", "graph.facebook.com"
SEEDS = range(int(os.environ.get("SIGHTLINE_MUTATIONS", "20")))
_WRONG: tuple[Any, ...] = (None, [], {}, "", "text", "-5", "1.5", "9" * 40, -5, 10**30, [None], {"x": 1}, True, 1e300)
_GONE = object()


def mutated(value: Any, seed: int, times: int = 3) -> Any:
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


def node(value: Any) -> Node:
    return Node(value, "Instagram")


def check_numbers(found: Profile | PostReading, truth: Mapping[Metric, int | None]) -> None:
    """Every number is the true one, and every missing one has its reason."""
    for metric, value in found.metrics.items():
        assert value is None or value == truth[metric], (metric, value)
    assert set(found.missing) == {metric for metric, value in found.metrics.items() if value is None}


def check_posts(results: list[PostResult], sandbox: Sandbox) -> None:
    for result in results:
        if isinstance(result, PostReading):
            found = sandbox.world.post(result.external_id, "instagram")
            if found is not None:
                check_numbers(result, post_truth(found[1], sandbox.world.now))


def post_truth(post: Post, now: float) -> dict[Metric, int | None]:
    return {
        Metric.VIEWS: post.views(now),
        Metric.LIKES: post.likes(now),
        Metric.COMMENTS: 0 if post.comments_off else post.comments(now),
        Metric.SHARES: post.shares(now),
        Metric.SAVES: post.saves(now),
    }


def account_truth(sandbox: Sandbox) -> dict[Metric, int | None]:
    channel, now = channel_of(sandbox), sandbox.world.now
    return {
        Metric.FOLLOWERS: channel.subscribers(now),
        Metric.FOLLOWING: 87 + len(channel.creator.key),
        Metric.POSTS: len(channel.listed(now)),
    }
