"""Broken copies of good pages: never a crash, never a number that was not there (see tests/platforms/dzen)."""

import json
import os

import pytest

from app.domain.ports.errors import PlatformError
from app.domain.ports.values import PostReading, PostResult
from app.platforms.wibes import parse
from sandbox.core import Sandbox
from sandbox.platforms import wibes as fake
from tests.platforms.kit.breaking import mutated, numbers_in
from tests.platforms.wibes.conftest import channel_of

SEEDS = range(int(os.environ.get("SIGHTLINE_MUTATIONS", "20")))


def check(posts: tuple[PostResult, ...], there: set[int]) -> None:
    for post in posts:
        if isinstance(post, PostReading):
            assert set(post.missing) == {metric for metric, value in post.metrics.items() if value is None}
            assert set(post.metrics.values()) <= {None, *there}


@pytest.mark.parametrize("seed", SEEDS)
def test_accounts(sandbox: Sandbox, seed: int) -> None:
    broken = mutated(fake.account(channel_of(sandbox), sandbox.world.now), seed, 12)
    data = parse.data_of(json.dumps(broken))
    if data is None:
        return
    try:
        profile = parse.profile(data)
        assert set(profile.metrics.values()) <= {None, *numbers_in(broken)} and profile.title and profile.external_id
    except PlatformError:
        pass
    try:
        check(parse.feed(data).posts, numbers_in(broken))
    except PlatformError:
        pass


@pytest.mark.parametrize("seed", SEEDS)
def test_videos(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    post = channel.listed(now)[seed % 20]
    good = {"author": fake.author(channel, now), "video": fake.video(post, now)}
    broken = mutated(good, seed, 5)
    data = parse.data_of(json.dumps(broken))
    if data is not None:
        check((parse.single(data, post.id),), numbers_in(broken))


@pytest.mark.parametrize("text", [None, "", "null", "[]", "5", "{", "<html>", "[" * 100_000, '"\\ud800"'])
def test_what_is_no_data(text: str | None) -> None:
    assert parse.data_of(text) is None
