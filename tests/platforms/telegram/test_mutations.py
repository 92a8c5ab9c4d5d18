"""Broken copies of good pages: never a crash, never a number that was not there.

Twenty seeded copies of each kind of page (SIGHTLINE_MUTATIONS says how many), with elements taken away, emptied,
renamed, doubled or filled with nonsense, and cut or replaced on the wire.
"""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree, html

from app.domain.ports.errors import PlatformError
from app.domain.ports.values import PostReading, PostResult
from app.platforms.telegram import parse_web
from app.platforms.telegram.parse_web import Elsewhere
from app.platforms.telegram.preview import Preview
from sandbox.core import Sandbox
from sandbox.platforms import telegram_pages as pages
from tests.platforms.telegram.conftest import channel_of, handle, known

SEEDS = range(int(os.environ.get("SIGHTLINE_MUTATIONS", "20")))
_NONSENSE = ("", " ", "-5", "1.5", "9" * 40, "many", "18.9Q", "\U0001f600", "&#0;", "<b>", "null")


def mutated(page: str, seed: int, times: int = 6) -> str:
    dice = random.Random(seed)
    root: Any = html.document_fromstring(page)
    for _ in range(times):
        elements = [one for one in root.iter(etree.Element) if one.tag not in ("html", "head", "body")]
        if not elements:
            break
        element = dice.choice(elements)
        match dice.randrange(6):
            case 0:
                element.drop_tree()
            case 1:
                element.text = dice.choice(_NONSENSE)
            case 2:
                element.set("class", "renamed")
            case 3:
                for name in ("data-post", "data-view", "datetime", "style", "src", "data-before"):
                    if name in element.attrib:
                        element.set(name, dice.choice(_NONSENSE))
            case 4:
                element.tail = dice.choice(_NONSENSE)
            case _:
                element.drop_tag()
    return str(html.tostring(root, encoding="unicode"))


def shown(page: str) -> set[int]:
    """Every number that stands somewhere on the page, as the parser reads numbers."""
    root: Any = html.document_fromstring(page)
    words = " ".join(root.itertext()).split()
    return {value for word in words if (value := parse_web.count(word)[0]) is not None}


def check(results: tuple[PostResult, ...], before: dict[str, PostResult]) -> None:
    for result in results:
        if not isinstance(result, PostReading):
            continue
        assert set(result.missing) == {metric for metric, value in result.metrics.items() if value is None}
        assert 0 not in result.metrics.values()  # none of these posts has a zero


def page_of(sandbox: Sandbox) -> tuple[str, dict[str, PostResult]]:
    channel, now = channel_of(sandbox), sandbox.world.now
    page = pages.preview(channel, channel.listed(now)[:20][::-1], now, 5)
    return page, {post.external_id: post for post in parse_web.preview(page, "gorodpeshkom").posts}


@pytest.mark.parametrize("seed", SEEDS)
def test_previews(sandbox: Sandbox, seed: int) -> None:
    page, before = page_of(sandbox)
    broken = mutated(page, seed, 40)
    try:
        result = parse_web.preview(broken, "gorodpeshkom")
    except (PlatformError, Elsewhere):
        return
    check(result.posts, before)
    numbers = shown(broken)
    assert set(result.profile.metrics.values()) <= {None, *numbers}
    for post in result.posts:
        if isinstance(post, PostReading):
            assert next(iter(post.metrics.values())) in {None, *numbers}


@pytest.mark.parametrize("seed", SEEDS)
def test_landings(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    try:
        result = parse_web.landing(mutated(pages.landing(channel, now), seed, 3))
    except (PlatformError, Elsewhere):
        return
    assert result.followers[0] in (None, channel.subscribers(now)) and result.followers[0] != 0


@pytest.mark.parametrize("seed", SEEDS)
def test_single_posts(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    post = channel.listed(now)[seed % 20]
    page = pages.single(channel, post, now)
    result = parse_web.single(page, "gorodpeshkom", post.id)
    try:
        broken = parse_web.single(mutated(page, seed, 4), "gorodpeshkom", post.id)
    except PlatformError:
        return
    assert broken.external_id == post.id
    check((broken,), {post.id: result})


@pytest.mark.parametrize("seed", SEEDS)
async def test_pages_broken_on_the_wire(preview: Preview, sandbox: Sandbox, seed: int) -> None:
    dice = random.Random(seed)
    page, before = page_of(sandbox)
    cut = page.encode()[: dice.randrange(len(page))]
    wreck: Callable[[], bytes] = dice.choice(
        [lambda: cut, lambda: b"", lambda: b"{}", lambda: b"\x1f\x8b" + cut, lambda: b"<title>Maintenance</title>"]
    )
    body = wreck()
    sandbox.replay.add("t.me", "GET", "/s/gorodpeshkom", headers={"content-type": "text/html"}, body=body)
    ref = known(channel_of(sandbox), sandbox.world.now)
    try:
        profile = await preview.read_account(handle("gorodpeshkom"))
        assert None not in profile.metrics.values() or profile.missing
        posts = [post async for batch in preview.list_posts(ref, limit=5, known=frozenset()) for post in batch]
    except PlatformError:
        return
    check(tuple(posts), before)
