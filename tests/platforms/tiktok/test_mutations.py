"""Broken copies of good answers: never a crash, never a number that was not there.

Twenty seeded copies of each kind of answer (SIGHTLINE_MUTATIONS says how many), with values nulled, taken away, of
other types, negative or huge, through the parsers; and cut or replaced by HTML on the wire, through the client
libraries.
"""

import copy
import json
import os
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

from app.domain.ports.connections import Credential, Tokens
from app.domain.ports.errors import PlatformError
from app.domain.ports.values import Metric, PostReading, PostResult, PostUnread, Profile, Ref, RefKind
from app.lib.egress import Egress
from app.platforms.kit import Node
from app.platforms.tiktok import parse_display, parse_ensemble, parse_web
from app.platforms.tiktok.auth import TikTokOAuth
from app.platforms.tiktok.display import DisplayApi
from app.platforms.tiktok.ensemble import Ensemble
from app.platforms.tiktok.ytdlp import PublicPages
from sandbox.core import Sandbox
from sandbox.platforms import tiktok_api, tiktok_ensemble, tiktok_web
from sandbox.world import Channel
from tests.platforms.tiktok.recordings import recordings

SITE, ENSEMBLE, API = "www.tiktok.com", "ensembledata.com", "open.tiktokapis.com"
SEEDS = range(int(os.environ.get("SIGHTLINE_MUTATIONS", "20")))
_WRONG: tuple[Any, ...] = (
    *(None, [], {}, "", "text", "-5", "1.5", "9" * 40, "\0", "\ud800", -5, 1.5, 10**30, True, [None], {"x": 1}),
)
_GONE = object()

WEB_ACCOUNT = {
    Metric.FOLLOWERS: ("followerCount",),
    Metric.FOLLOWING: ("followingCount",),
    Metric.LIKES: ("heartCount", "heart"),
    Metric.POSTS: ("videoCount",),
}
WEB_POST = {
    Metric.VIEWS: ("playCount",),
    Metric.LIKES: ("diggCount",),
    Metric.COMMENTS: ("commentCount",),
    Metric.SHARES: ("shareCount",),
    Metric.SAVES: ("collectCount",),
}
APP_POST = {
    Metric.VIEWS: ("play_count",),
    Metric.LIKES: ("digg_count",),
    Metric.COMMENTS: ("comment_count",),
    Metric.SHARES: ("share_count",),
    Metric.SAVES: ("collect_count",),
}
DISPLAY_ACCOUNT = {
    Metric.FOLLOWERS: ("follower_count",),
    Metric.FOLLOWING: ("following_count",),
    Metric.LIKES: ("likes_count",),
    Metric.POSTS: ("video_count",),
}
DISPLAY_POST = {
    Metric.VIEWS: ("view_count",),
    Metric.LIKES: ("like_count",),
    Metric.COMMENTS: ("comment_count",),
    Metric.SHARES: ("share_count",),
    Metric.SAVES: (),
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


def check(reading: Profile | PostReading, counts: Mapping[str, Any], keys: Mapping[Metric, tuple[str, ...]]) -> None:
    """Every number is one that the answer gives; every other one is null for a reason."""
    assert set(reading.metrics) == set(keys)
    assert set(reading.missing) == {metric for metric, value in reading.metrics.items() if value is None}
    for metric, value in reading.metrics.items():
        given = [str(counts.get(key)) for key in keys[metric] if type(counts.get(key)) in (int, str)]
        assert value is None or str(value) in given, (metric, value, given)


def web_counts(found: Mapping[str, Any]) -> Mapping[str, Any]:
    counts = found.get("statsV2") if found.get("statsV2") is not None else found.get("stats")
    return counts if isinstance(counts, dict) else {}


def node(value: object) -> Node:
    return parse_web.node(value)


def channel_of(sandbox: Sandbox, name: str = "kuhnya.bez.speshki") -> Channel:
    channel = sandbox.world.channel(name, "tiktok")
    assert channel is not None
    return channel


def storable(results: Sequence[PostResult]) -> None:
    """A database takes all of its texts."""
    for result in results:
        if isinstance(result, PostReading):
            assert "\0" not in result.title + result.url and result.external_id.isdigit()
            assert (result.title + result.url).encode().decode() == result.title + result.url


# ---------------------------------------------------------------- pages


def profile_scope(sandbox: Sandbox) -> dict[str, Any]:
    channel, now = channel_of(sandbox), sandbox.world.now
    exact = tiktok_web.stats(channel, now)
    info = {
        "user": tiktok_web.user(channel, now),
        "stats": {name: tiktok_web.rounded(count) for name, count in exact.items()},
        "statsV2": {name: str(count) for name, count in exact.items()},
    }
    return {"webapp.user-detail": {"userInfo": info, "statusCode": 0}}


def check_profile(broken: dict[str, Any]) -> None:
    try:
        profile = parse_web.profile(node(broken))
    except PlatformError:
        return
    info = broken["webapp.user-detail"]["userInfo"]
    check(profile, web_counts(info), WEB_ACCOUNT)
    assert profile.external_id == info["user"]["secUid"]


@pytest.mark.parametrize("seed", SEEDS)
def test_profiles(sandbox: Sandbox, seed: int) -> None:
    check_profile(mutated(profile_scope(sandbox), seed))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("recording", recordings("profile"), ids=str)
def test_recorded_profiles(recording: Any, seed: int) -> None:
    check_profile(mutated({"webapp.user-detail": recording.data["webapp.user-detail"]}, seed, times=6))


def check_video(post_id: str, broken: dict[str, Any]) -> None:
    try:
        result = parse_web.video(post_id, node(broken))
    except PlatformError:
        return
    storable([result])
    assert result.external_id == post_id
    if isinstance(result, PostReading):
        struct = broken["webapp.video-detail"]["itemInfo"]["itemStruct"]
        check(result, web_counts(struct), WEB_POST)


@pytest.mark.parametrize("seed", SEEDS)
def test_videos(sandbox: Sandbox, seed: int) -> None:
    channel = channel_of(sandbox)
    post = channel.listed(sandbox.world.now)[seed % 12]
    struct = tiktok_web.item(channel, post, sandbox.world.now, of_list=False)
    check_video(post.id, mutated({"webapp.video-detail": {"itemInfo": {"itemStruct": struct}, "statusCode": 0}}, seed))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("recording", recordings("video"), ids=str)
def test_recorded_videos(recording: Any, seed: int) -> None:
    detail = recording.data["webapp.video-detail"]
    check_video(detail["itemInfo"]["itemStruct"]["id"], mutated({"webapp.video-detail": detail}, seed, times=12))


@pytest.mark.parametrize("seed", SEEDS)
def test_lists_of_posts(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    items = [tiktok_web.item(channel, post, now, of_list=True) for post in channel.listed(now)[:6]]
    broken = mutated({"statusCode": 0, "itemList": items, "hasMorePrevious": True}, seed, times=8)
    try:
        page = parse_web.posts(node(broken))
    except PlatformError:
        return
    storable(page.results)
    given = {str(item.get("id")): item for item in broken.get("itemList") or [] if isinstance(item, dict)}
    for result in page.results:
        if isinstance(result, PostReading):
            check(result, web_counts(given[result.external_id]), WEB_POST)


# ---------------------------------------------------------------- EnsembleData


@pytest.mark.parametrize("seed", SEEDS)
def test_accounts_of_ensemble(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    broken = mutated({"data": {"user": tiktok_web.user(channel, now), "stats": tiktok_web.stats(channel, now)}}, seed)
    try:
        profile = parse_ensemble.profile(node(broken))
    except PlatformError:
        return
    check(profile, web_counts(broken["data"]), WEB_ACCOUNT)


@pytest.mark.parametrize("seed", SEEDS)
def test_posts_of_ensemble(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    posts = [tiktok_ensemble.aweme(channel, post, now) for post in channel.listed(now)[:6]]
    broken = mutated({"data": posts, "nextCursor": 1_790_000_000_000}, seed, times=8)
    try:
        page = parse_ensemble.posts(node(broken))
    except PlatformError:
        return
    storable(page.results)
    given = {str(post.get("aweme_id")): post for post in broken["data"] if isinstance(post, dict)}
    for result in page.results:
        if isinstance(result, PostReading):
            check(result, given[result.external_id]["statistics"], APP_POST)


@pytest.mark.parametrize("seed", SEEDS)
def test_authors_of_ensemble(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    broken = mutated({"data": [tiktok_ensemble.aweme(channel, channel.listed(now)[0], now)]}, seed)
    try:
        assert parse_ensemble.author(node(broken)) == channel.id
    except PlatformError:
        pass


# ---------------------------------------------------------------- the Display API


def videos_of_display(sandbox: Sandbox) -> list[dict[str, Any]]:
    channel, now = channel_of(sandbox), sandbox.world.now
    fields = set(parse_display.VIDEO_FIELDS)
    return [tiktok_api._video(channel, post, now, fields) for post in channel.listed(now)[:6]]


@pytest.mark.parametrize("seed", SEEDS)
def test_users_of_the_display_api(sandbox: Sandbox, seed: int) -> None:
    user = {
        **{"open_id": "me", "username": "me", "display_name": "Me", "avatar_large_url": "https://x/y.jpg"},
        **{"profile_deep_link": "https://x", "follower_count": 12, "following_count": 0, "likes_count": 7},
        **{"video_count": 3, "bio_description": "…"},
    }
    broken = mutated({"user": user}, seed)
    try:
        profile = parse_display.profile(node(broken), "an-id")
    except PlatformError:
        return
    check(profile, broken["user"], DISPLAY_ACCOUNT)
    assert profile.external_id == "an-id"


@pytest.mark.parametrize("seed", SEEDS)
def test_videos_of_the_display_api(sandbox: Sandbox, seed: int) -> None:
    broken = mutated({"videos": videos_of_display(sandbox), "cursor": 1, "has_more": True}, seed, times=8)
    try:
        page = parse_display.videos(node(broken))
    except PlatformError:
        return
    storable(page.results)
    given = {str(video.get("id")): video for video in broken["videos"] if isinstance(video, dict)}
    for result in page.results:
        if isinstance(result, PostReading):
            check(result, given[result.external_id], DISPLAY_POST)


@pytest.mark.parametrize("seed", SEEDS)
async def test_tokens(oauth: TikTokOAuth, sandbox: Sandbox, seed: int) -> None:
    good = {
        **{"access_token": "act.x", "expires_in": 7200, "open_id": "me", "refresh_expires_in": 15552000},
        **{"refresh_token": "rft.x", "scope": "user.info.basic,video.list", "token_type": "Bearer"},
    }
    broken = mutated(good, seed, times=2)
    sandbox.replay.add(API, "POST", "/v2/oauth/token/", body=json.dumps(broken).encode())
    try:
        tokens = await oauth.refresh(Tokens("act.old", "rft.old"))
    except PlatformError:
        return
    assert tokens.access == str(broken["access_token"]) and (tokens.refresh is None) == (
        broken.get("refresh_token") is None
    )


# ---------------------------------------------------------------- on the wire


async def body_of(egress: Egress, url: str) -> bytes:
    return (await egress.fetch(url, max_bytes=5_000_000, timeout=10)).body


def broken_body(body: bytes, seed: int) -> bytes:
    dice = random.Random(seed)
    cut = body[: dice.randrange(len(body))]
    return dice.choice([cut, cut, cut, b"<!doctype html><title>Error</title>", b"\x1f\x8b" + cut, b"null", b"[]"])


async def every(batches: AsyncIterator[Sequence[PostResult]]) -> list[PostResult]:
    return [result async for batch in batches for result in batch]


@pytest.mark.parametrize("seed", SEEDS)
async def test_broken_pages(web: PublicPages, sandbox: Sandbox, egress: Egress, seed: int) -> None:
    channel = channel_of(sandbox)
    handle, post = channel.handle(sandbox.world.now), channel.listed(sandbox.world.now)[0]
    who = Ref("tiktok", RefKind.ID, channel.id, handle)
    by_name = Ref("tiktok", RefKind.HANDLE, handle)
    listed = await body_of(egress, f"https://{SITE}/api/creator/item_list/?secUid={channel.id}&cursor=9999999999999")
    sandbox.replay.add(SITE, "GET", "/api/creator/item_list/", body=broken_body(listed, seed))
    with pytest.raises(PlatformError):
        await every(web.list_posts(who, limit=5, known=frozenset()))
    sandbox.replay.add(SITE, "GET", "/api/creator/item_list/", body=b'{"hasMorePrevious": false}')
    for path in (f"/@{handle}", f"/@_/video/{post.id}"):
        broken = broken_body(await body_of(egress, f"https://{SITE}{path}"), seed)
        if b"</script>" in broken:  # cut behind the data: still a whole page to anybody
            continue
        sandbox.replay.add(SITE, "GET", path, headers={"content-type": "text/html"}, body=broken)
        reading = every(web.read_posts(who, [post.id])) if "video" in path else web.read_account(by_name)
        with pytest.raises(PlatformError):
            await reading


@pytest.mark.parametrize("seed", SEEDS)
async def test_mutated_pages_through_the_client(web: PublicPages, sandbox: Sandbox, egress: Egress, seed: int) -> None:
    scope = mutated(profile_scope(sandbox), seed)
    data = json.dumps({"__DEFAULT_SCOPE__": scope}).replace("</", "<\\/")
    body = f'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{data}</script>'.encode()
    sandbox.replay.add(SITE, "GET", "/@somebody", headers={"content-type": "text/html"}, body=body)
    try:
        profile = await web.read_account(Ref("tiktok", RefKind.HANDLE, "somebody"))
    except PlatformError:
        return
    check(profile, web_counts(scope["webapp.user-detail"]["userInfo"]), WEB_ACCOUNT)


@pytest.mark.parametrize("seed", SEEDS)
async def test_broken_answers_of_ensemble(ensemble: Ensemble, sandbox: Sandbox, egress: Egress, seed: int) -> None:
    channel = channel_of(sandbox)
    who = Ref("tiktok", RefKind.ID, channel.id)
    for path in ("/apis/tt/user/info-from-secuid", "/apis/tt/user/posts-from-secuid"):
        whole = await body_of(egress, f"https://{ENSEMBLE}{path}?secUid={channel.id}&depth=1&token=x")
        sandbox.replay.add(ENSEMBLE, "GET", path, body=broken_body(whole, seed))
    with pytest.raises(PlatformError):
        await ensemble.read_account(who)
    with pytest.raises(PlatformError):
        await every(ensemble.list_posts(who, limit=5, known=frozenset()))


@pytest.mark.parametrize("seed", SEEDS)
async def test_broken_answers_of_the_display_api(display: DisplayApi, sandbox: Sandbox, seed: int) -> None:
    own = display.with_credential(Credential("tiktok", "me", "act.x", "an-id"))
    who = Ref("tiktok", RefKind.ID, "an-id")
    ok = {"code": "ok", "message": ""}
    user = json.dumps({"data": {"user": {"open_id": "me", "follower_count": 5}}, "error": ok}).encode()
    videos = json.dumps({"data": {"videos": videos_of_display(sandbox), "has_more": False}, "error": ok}).encode()
    sandbox.replay.add(API, "GET", "/v2/user/info/", body=broken_body(user, seed))
    sandbox.replay.add(API, "POST", "/v2/video/list/", body=broken_body(videos, seed))
    with pytest.raises(PlatformError):
        await own.read_account(who)
    with pytest.raises(PlatformError):
        await every(own.list_posts(who, limit=5, known=frozenset()))


def test_an_unread_post_says_what_is_odd(sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    items = [tiktok_web.item(channel, post, now, of_list=True) for post in channel.listed(now)[:2]]
    items[0]["createTime"] = "yesterday"
    page = parse_web.posts(node({"itemList": items, "hasMorePrevious": False}))
    odd, fine = page.results
    assert isinstance(odd, PostUnread) and odd.params["field"] == "itemList[].createTime"
    assert isinstance(fine, PostReading) and page.older is None
