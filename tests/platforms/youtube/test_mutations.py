"""Broken copies of good answers: never a crash, never a number that was not there.

Twenty seeded copies of each kind of answer (SIGHTLINE_MUTATIONS says how many), with values nulled, taken away, of
other types, negative or huge, through the parsers and, for pages, through yt-dlp itself; and cut or replaced by HTML
on the wire.
"""

import copy
import json
import os
import random
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from app.domain.ports.errors import PlatformError
from app.domain.ports.values import Metric, PostReading, PostResult, Profile, Ref, RefKind
from app.lib.egress import Egress
from app.platforms.youtube import parse_api, parse_web
from app.platforms.youtube.data_api import DataApi
from app.platforms.youtube.ytdlp import WebPages
from sandbox.core import Sandbox
from sandbox.world import Channel
from tests.platforms.youtube.conftest import ANY, by_id

API, SITE = "youtube.googleapis.com", "www.youtube.com"
SEEDS = range(int(os.environ.get("SIGHTLINE_MUTATIONS", "20")))
_WRONG: tuple[Any, ...] = (None, [], {}, "", "text", "-5", "1.5", "9" * 40, -5, 10**30, [None], {"x": 1})
_GONE = object()

COUNTS = {
    Metric.FOLLOWERS: "subscriberCount",
    Metric.POSTS: "videoCount",
    Metric.VIEWS: "viewCount",
    Metric.LIKES: "likeCount",
    Metric.COMMENTS: "commentCount",
}


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


def numbers(metrics: Mapping[Metric, int | None], given: Callable[[Metric], object]) -> None:
    """Every number is the one that the answer gives, as it gives it."""
    for metric, value in metrics.items():
        assert value is None or str(value) == given(metric), (metric, value)


def channel_of(sandbox: Sandbox, name: str = "kettleandpine") -> Channel:
    channel = sandbox.world.channel(name)
    assert channel is not None
    return channel


async def api_answer(egress: Egress, call: str, **query: str) -> Any:
    url = f"https://{API}/youtube/v3/{call}?{urlencode({**query, 'key': 'x'})}"
    return json.loads((await egress.fetch(url, max_bytes=5_000_000, timeout=10)).body)


async def page(egress: Egress, path: str) -> str:
    return (await egress.fetch(f"https://{SITE}{path}", max_bytes=5_000_000, timeout=10)).body.decode()


# ---------------------------------------------------------------- the API


@pytest.mark.parametrize("seed", SEEDS)
async def test_channels(sandbox: Sandbox, egress: Egress, seed: int) -> None:
    parts = "snippet,statistics,contentDetails"
    answer = mutated(await api_answer(egress, "channels", part=parts, id=channel_of(sandbox).id), seed)
    try:
        profile = parse_api.channel(answer)
    except PlatformError:
        return
    numbers(profile.metrics, lambda metric: answer["items"][0]["statistics"].get(COUNTS[metric]))
    assert set(profile.missing) == {metric for metric, value in profile.metrics.items() if value is None}


@pytest.mark.parametrize("seed", SEEDS)
async def test_videos(sandbox: Sandbox, egress: Egress, seed: int) -> None:
    ids = ",".join(post.id for post in channel_of(sandbox).listed(sandbox.world.now)[:4])
    parts = "snippet,statistics,contentDetails,liveStreamingDetails,status"
    answer = mutated(await api_answer(egress, "videos", part=parts, id=ids), seed, times=8)
    try:
        found = parse_api.videos(answer)
    except PlatformError:
        return
    given = {str(item.get("id")): item for item in answer.get("items", [])}
    for video_id, reading in found.items():
        if isinstance(reading, PostReading):
            statistics = given[video_id].get("statistics", {})
            numbers(reading.metrics, lambda metric, of=statistics: of.get(COUNTS[metric]))  # type: ignore[misc]
            assert set(reading.missing) == {metric for metric, value in reading.metrics.items() if value is None}


@pytest.mark.parametrize("seed", SEEDS)
async def test_playlists(sandbox: Sandbox, egress: Egress, seed: int) -> None:
    playlist = "UU" + channel_of(sandbox).id[2:]
    answer = mutated(await api_answer(egress, "playlistItems", part="contentDetails,status", playlistId=playlist), seed)
    try:
        result = parse_api.playlist_page(answer)
    except PlatformError:
        return
    assert len(result.entries) == len(answer.get("items", []))


@pytest.mark.parametrize("seed", SEEDS)
async def test_answers_broken_on_the_wire(api: DataApi, sandbox: Sandbox, egress: Egress, seed: int) -> None:
    dice = random.Random(seed)
    channel = channel_of(sandbox)
    for call, query in (
        ("channels", {"part": "snippet,statistics,contentDetails", "id": channel.id}),
        ("playlistItems", {"part": "contentDetails,status", "playlistId": "UU" + channel.id[2:]}),
    ):
        body = json.dumps(await api_answer(egress, call, **query)).encode()
        cut = body[: dice.randrange(len(body))]
        broken = dice.choice([cut, cut, b"<!doctype html><title>Error</title>", b"\x1f\x8b" + cut])
        sandbox.replay.add(API, "GET", f"/youtube/v3/{call}", body=broken)
    with pytest.raises(PlatformError):
        await api.read_account(Ref("youtube", RefKind.ID, channel.id))
    with pytest.raises(PlatformError):
        _ = [batch async for batch in api.list_posts(by_id(channel.id), limit=5, known=frozenset())]


# ---------------------------------------------------------------- the pages

_BLOB = re.compile(r"var (ytInitialData|ytInitialPlayerResponse) = (\{.*?\});</script>")


def mutated_page(text: str, seed: int, times: int) -> bytes:
    def changed(match: re.Match[str]) -> str:
        return f"var {match[1]} = {json.dumps(mutated(json.loads(match[2]), seed, times))};</script>"

    broken, count = _BLOB.subn(changed, text)
    assert count
    return broken.encode()


def replay(sandbox: Sandbox, path: str, body: bytes) -> None:
    sandbox.replay.add(SITE, "GET", path, headers={"content-type": "text/html"}, body=body)


@pytest.mark.parametrize("seed", SEEDS)
async def test_infos(sandbox: Sandbox, web: WebPages, seed: int) -> None:
    post = channel_of(sandbox).listed(sandbox.world.now)[0]
    info, _ = await web._run(web._watch, post.id)
    broken = mutated({key: value for key, value in info.items() if not key.startswith("_")}, seed, times=6)
    result = parse_web.video(post.id, broken, None, "videos")
    if isinstance(result, PostReading):
        keys = {Metric.VIEWS: "view_count", Metric.LIKES: "like_count", Metric.COMMENTS: "comment_count"}
        numbers(result.metrics, lambda metric: str(broken.get(keys[metric])))


@pytest.mark.parametrize("seed", SEEDS)
async def test_watch_pages(sandbox: Sandbox, egress: Egress, web: WebPages, seed: int) -> None:
    post = channel_of(sandbox, "boltbench").listed(sandbox.world.now)[2]
    now = sandbox.world.now
    replay(sandbox, "/watch", mutated_page(await page(egress, f"/watch?v={post.id}"), seed, 25))
    results: list[PostResult] = []
    try:
        async for batch in web.read_posts(ANY, [post.id]):
            results += batch
    except PlatformError:
        return
    assert [result.external_id for result in results] == [post.id]
    truth = {Metric.VIEWS: post.views(now), Metric.LIKES: post.likes(now), Metric.COMMENTS: post.comments(now)}
    for result in results:
        if isinstance(result, PostReading):
            numbers(result.metrics, lambda metric: str(truth[metric]))


@pytest.mark.parametrize("seed", SEEDS)
async def test_channel_pages(sandbox: Sandbox, egress: Egress, web: WebPages, seed: int) -> None:
    channel = channel_of(sandbox, "boltbench")
    path = f"/channel/{channel.id}/featured"
    whole = await web.read_account(Ref("youtube", RefKind.ID, channel.id))
    replay(sandbox, path, mutated_page(await page(egress, path), seed, 12))
    try:
        profile: Profile = await web.read_account(Ref("youtube", RefKind.ID, channel.id))
    except PlatformError:
        return
    numbers(profile.metrics, lambda metric: str(whole.metrics[metric]))
    assert profile.external_id == channel.id


@pytest.mark.parametrize("seed", SEEDS)
async def test_tabs(sandbox: Sandbox, egress: Egress, web: WebPages, seed: int) -> None:
    channel = channel_of(sandbox, "boltbench")
    path = f"/channel/{channel.id}/videos"
    replay(sandbox, path, mutated_page(await page(egress, path), seed, 40))
    try:
        ids = await web._run(web._listed, channel.id, "videos", 10)
    except PlatformError:
        return
    # None at all: the tab itself was lost, as on a channel that has no such tab.
    assert set(ids) <= {post.id for post in channel.listed(sandbox.world.now)}
