"""Broken copies of what Google answers to a signed-in owner: never a crash, never a number that was not there.

Twenty seeded copies of each kind (SIGHTLINE_MUTATIONS says how many), through the real client.
"""

import json
import os
import random
from datetime import date, timedelta
from typing import Any

import pytest

from app.domain.ports.connections import Insight, Tokens
from app.domain.ports.errors import PlatformError
from app.domain.ports.platform import Platform
from app.domain.ports.values import Metric
from app.lib import clock
from app.platforms.youtube import parse_insights
from app.platforms.youtube.auth import Google
from app.platforms.youtube.own import OwnChannel
from sandbox.core import Sandbox
from sandbox.world import Channel
from tests.platforms.youtube.conftest import by_id
from tests.platforms.youtube.google import named, own_channel, sign_in
from tests.platforms.youtube.test_mutations import COUNTS, mutated, numbers
from tests.platforms.youtube.test_own import ANALYTICS, API, FIRST, LAST, NEWEST, asked, replay, report

SEEDS = range(int(os.environ.get("SIGHTLINE_MUTATIONS", "20")))
TOKENS = ("oauth2.googleapis.com", "POST", "/token")
ROWS_KEPT = 4  # of a report: in a small one more of the changes hit the numbers


@pytest.fixture
def google(connectable: Platform) -> Google:
    assert isinstance(connectable.oauth, Google)
    return connectable.oauth


@pytest.fixture
def channel(sandbox: Sandbox) -> Channel:
    return named(sandbox, "boltbench")


@pytest.fixture
async def tokens(google: Google, channel: Channel) -> Tokens:
    return await sign_in(google, channel)


@pytest.fixture
def own(connectable: Platform, channel: Channel, tokens: Tokens) -> OwnChannel:
    return own_channel(connectable, channel, tokens)


@pytest.mark.parametrize("seed", SEEDS)
async def test_tokens(google: Google, sandbox: Sandbox, seed: int) -> None:
    whole = {
        "access_token": "an-access-token",
        "expires_in": 3599,
        "refresh_token": "a-refresh-token",
        "scope": "openid email",
        "token_type": "Bearer",
        "refresh_token_expires_in": 604_799,
    }
    answer = mutated(whole, seed, times=2)
    sandbox.replay.add(*TOKENS, body=json.dumps(answer).encode())
    try:
        given = await google.refresh(Tokens("a", "r"))
    except PlatformError:
        return
    assert (given.access, given.refresh) == (answer["access_token"], answer.get("refresh_token"))
    for ends, key in ((given.expires_at, "expires_in"), (given.refresh_expires_at, "refresh_token_expires_in")):
        life = answer.get(key)
        assert ends == (None if life is None else clock.now() + timedelta(seconds=int(life)))
    assert " ".join(given.scopes) == (answer.get("scope") or "")


@pytest.mark.parametrize("seed", SEEDS)
async def test_my_channel(
    own: OwnChannel, google: Google, sandbox: Sandbox, channel: Channel, tokens: Tokens, seed: int
) -> None:
    whole = await asked(sandbox, tokens, API, "/youtube/v3/channels", part="snippet,statistics", mine="true")
    answer = mutated(whole, seed)
    replay(sandbox, API, "/youtube/v3/channels", answer)
    try:
        subjects = await google.subjects(tokens)
    except PlatformError:
        pass
    else:
        assert [(one.id, one.external_id) for one in subjects] == [(it["id"], it["id"]) for it in answer["items"]]
        assert all(one.title for one in subjects)
    try:
        profile = await own.read_account(by_id(channel.id))
    except PlatformError:
        return
    assert profile.external_id == channel.id
    statistics = answer["items"][0].get("statistics", {})
    numbers(profile.metrics, lambda metric: statistics.get(COUNTS[metric]))
    assert set(profile.missing) == {metric for metric, value in profile.metrics.items() if value is None}


@pytest.mark.parametrize("seed", SEEDS)
async def test_own_posts(own: OwnChannel, sandbox: Sandbox, channel: Channel, tokens: Tokens, seed: int) -> None:
    posts = channel.listed(sandbox.world.now)[:4]
    sandbox.edit("make_private", video=posts[1].id)
    ids = [post.id for post in posts]
    parts = "snippet,statistics,contentDetails,status"
    whole = await asked(sandbox, tokens, API, "/youtube/v3/videos", part=parts, id=",".join(ids))
    answer = mutated(whole, seed, times=6)
    replay(sandbox, API, "/youtube/v3/videos", answer)
    try:
        results = [result async for batch in own.read_posts(by_id(channel.id), ids) for result in batch]
    except PlatformError:
        return
    assert [result.external_id for result in results] == ids
    given = {str(item.get("id")): item for item in answer.get("items", []) if isinstance(item, dict)}
    for result in results:
        metrics: dict[Metric, int | None] = dict(getattr(result, "metrics", {}))
        if metrics:
            statistics = given[result.external_id].get("statistics", {})
            numbers(metrics, lambda metric, of=statistics: of.get(COUNTS[metric]))  # type: ignore[misc]


@pytest.mark.parametrize("seed", SEEDS)
async def test_days(own: OwnChannel, sandbox: Sandbox, channel: Channel, tokens: Tokens, seed: int) -> None:
    whole = await report(sandbox, tokens, channel, dimensions="day")
    await check(own, sandbox, channel, small(whole), {"dimensions": "day"}, seed)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_whole(own: OwnChannel, sandbox: Sandbox, channel: Channel, tokens: Tokens, seed: int) -> None:
    await check(own, sandbox, channel, await report(sandbox, tokens, channel), {}, seed)


@pytest.mark.parametrize("seed", SEEDS)
async def test_videos(own: OwnChannel, sandbox: Sandbox, channel: Channel, tokens: Tokens, seed: int) -> None:
    more = {"dimensions": "video", "sort": "-views", "maxResults": "100"}
    whole = await report(sandbox, tokens, channel, **more)
    await check(own, sandbox, channel, small(whole), {"dimensions": "video"}, seed)


@pytest.mark.parametrize("seed", SEEDS)
async def test_answers_broken_on_the_wire(
    own: OwnChannel, google: Google, sandbox: Sandbox, channel: Channel, tokens: Tokens, seed: int
) -> None:
    dice = random.Random(seed)
    body = json.dumps(await report(sandbox, tokens, channel, dimensions="day")).encode()
    cut = body[: dice.randrange(len(body))]
    broken = dice.choice([cut, cut, b"<!doctype html><title>Error</title>", b"\x1f\x8b" + cut])
    sandbox.replay.add(ANALYTICS, "GET", "/v2/reports", body=broken)
    with pytest.raises(PlatformError):
        await own.read_insights(channel.id, posts=[])
    sandbox.replay.add(*TOKENS, body=broken)
    with pytest.raises(PlatformError):
        await google.refresh(tokens)


def small(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"rows": answer["rows"][-ROWS_KEPT:]}


async def check(
    own: OwnChannel, sandbox: Sandbox, channel: Channel, whole: Any, which: dict[str, str], seed: int
) -> None:
    """Read with this report broken: what comes of it stands in it, in the row and column that it says."""
    dimension = which.get("dimensions", "")
    posts = [row[0] for row in whole["rows"]] if dimension == "video" else []
    answer = mutated(whole, seed, times=4)
    if dimension:
        replay(sandbox, ANALYTICS, "/v2/reports", answer, **which)
    else:
        replay(sandbox, ANALYTICS, "/v2/reports", answer, startDate=(NEWEST - timedelta(days=27)).isoformat())
    try:
        told = await own.read_insights(channel.id, posts=posts)
    except PlatformError:
        return
    about = [one for one in told if kind_of(one) == dimension]
    assert len(about) == {"day": 28, "": 1, "video": len(posts)}[dimension] * len(parse_insights.METRICS)
    for one in told:
        assert (one.value is None) == (one.missing is not None)
        assert one.day and FIRST <= date.fromisoformat(one.day) <= LAST
    names = [header["name"] for header in answer.get("columnHeaders", [])]
    columns = {metric: column for column, metric in parse_insights.METRICS.items()}
    for one in about:
        if one.value is not None:
            key = one.day if dimension == "day" else one.post_id
            row = next(row for row in answer["rows"] if not dimension or row[names.index(dimension)] == key)
            assert row[names.index(columns[one.metric])] == one.value


def kind_of(one: Insight) -> str:
    return "day" if one.period == "day" else "video" if one.post_id else ""
