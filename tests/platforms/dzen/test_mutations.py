"""Broken copies of good pages: never a crash, never a number that was not there.

Twenty seeded copies of each kind of page (SIGHTLINE_MUTATIONS says how many), with values taken away, renamed, made
another kind, doubled or filled with nonsense, and cut or replaced on the wire.
"""

import copy
import json
import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from app.domain.ports.errors import PlatformError
from app.domain.ports.values import PostReading, PostResult
from app.platforms.dzen import parse
from app.platforms.dzen.pages import Pages
from sandbox.core import Sandbox
from sandbox.platforms import dzen as fake
from tests.platforms.dzen.conftest import channel_of, handle, known
from tests.platforms.kit.breaking import mutated, numbers_in

SEEDS = range(int(os.environ.get("SIGHTLINE_MUTATIONS", "20")))


def check(posts: tuple[PostResult, ...], there: set[int]) -> None:
    for post in posts:
        if isinstance(post, PostReading):
            assert set(post.missing) == {metric for metric, value in post.metrics.items() if value is None}
            assert set(post.metrics.values()) <= {None, *there}
            assert post.external_id and post.title and post.url.startswith("https://dzen.ru/")


@pytest.mark.parametrize("seed", SEEDS)
def test_channels(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    good = fake.params(sandbox.world, channel, now)
    broken = mutated(good, seed, 12)
    there = numbers_in(broken)
    data = parse.embedded(fake.page(broken, "x")) if isinstance(broken, dict) else None
    if data is None:
        return
    try:
        profile = parse.profile(data, handle("dvor_masterskaya"))
        assert set(profile.metrics.values()) <= {None, *there} and profile.title
        assert set(profile.missing) == {metric for metric, value in profile.metrics.items() if value is None}
    except PlatformError:
        pass
    try:
        check(parse.feed(data).posts, there)
    except PlatformError:
        pass


@pytest.mark.parametrize("seed", SEEDS)
def test_publications(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    post = channel.listed(now)[seed % 20]
    good = {"ssrData": {"videoMetaResponse": fake.item(channel, post, now) | {"source": fake.source(channel, now)}}}
    broken = mutated(copy.deepcopy(good), seed, 5)
    data = parse.data_of(broken)
    if data is None:
        return
    try:
        check((parse.single(data, fake.path_of(post)),), numbers_in(broken))
        parse.channel_of_post(data)
    except PlatformError:
        pass


@pytest.mark.parametrize("seed", SEEDS[:60])  # some of them wait for what a browser never sees
async def test_pages_broken_on_the_wire(pages: Pages, sandbox: Sandbox, seed: int) -> None:
    dice = random.Random(seed)
    channel, now = channel_of(sandbox), sandbox.world.now
    ref = known(channel, now)
    good = fake.feed(channel, now, 20)
    page = fake.page(fake.params(sandbox.world, channel, now), "x").encode()
    cut = page[: dice.randrange(page.index(b"_params"), len(page) - 60)]
    wreck: Callable[[], tuple[str, bytes]] = dice.choice(
        [
            lambda: ("page", cut),
            lambda: ("more", json.dumps(good).encode()[: dice.randrange(4000)]),
            lambda: ("more", b"<html>"),
            lambda: ("more", json.dumps(mutated(good, seed, 10)).encode()),
        ]
    )
    which, body = wreck()
    path = f"/id/{channel.id}" if which == "page" else "/api/v3/launcher/more"
    query = {} if which == "page" else {"channel_id": channel.id, "next_page_id": "20"}
    kind = "text/html" if which == "page" else "application/json"
    sandbox.replay.add(fake.SITE, "GET", path, query, headers={"content-type": kind}, body=body)
    pages._browser._timeout = 0.3  # a page that is cut off never has its data
    read: list[PostResult] = []
    try:
        async for batch in pages.list_posts(ref, limit=45, known=frozenset()):
            read += batch
    except PlatformError:
        pass
    assert (len(read) >= 20) is (which == "more")  # what came before the trouble is kept
    there: Any = numbers_in(fake.feed(channel, now, 0)) | numbers_in(good)
    if b"<html>" not in body and which == "more":
        try:
            there |= numbers_in(json.loads(body))
        except ValueError:
            pass
    check(tuple(read), there | numbers_in(fake.feed(channel, now, 40)) | numbers_in(fake.feed(channel, now, 60)))
