"""Broken copies of good answers: never a crash, never a number that was not there.

Twenty seeded copies of each kind of answer (SIGHTLINE_MUTATIONS says how many), with values nulled, taken away, of
other types, negative or huge, through the parsers and through the client libraries; and cut or replaced by HTML on the
wire.
"""

import copy
import json
import os
import random
import re
from collections.abc import Mapping
from typing import Any

import pytest

from app.domain.ports.connections import Credential, Insight, Tokens
from app.domain.ports.errors import PlatformError
from app.domain.ports.platform import Platform
from app.domain.ports.values import Metric, Missing, PostReading, PostResult, Profile
from app.platforms.instagram import parse_graph, parse_web
from app.platforms.instagram.graph import OtherAccounts, OwnAccountWithStories
from app.platforms.instagram.pages import PublicPages, SessionPages
from app.platforms.instagram.reels import ReelPages
from app.platforms.kit import Node
from sandbox.core import Sandbox
from sandbox.platforms.instagram_web import _Site
from sandbox.platforms.meta_graph import _Graph
from sandbox.platforms.meta_login import LONG_SECONDS, PROVIDER, people
from sandbox.platforms.meta_numbers import MEDIA, graph_id, of_account, of_post
from sandbox.posts import Post
from tests.platforms.instagram.conftest import by_name, channel_of, collected, ref_of

SITE, GRAPH = "www.instagram.com", "graph.facebook.com"
SEEDS = range(int(os.environ.get("SIGHTLINE_MUTATIONS", "20")))
_WRONG: tuple[Any, ...] = (None, [], {}, "", "text", "-5", "1.5", "9" * 40, -5, 10**30, [None], {"x": 1}, True, 1e300)
_GONE = object()
_PLAIN = sorted(MEDIA - {"owner", "alt_text", "ig_id"})


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


# ---------------------------------------------------------------- the pages' parsers


@pytest.mark.parametrize("seed", SEEDS)
def test_users(sandbox: Sandbox, seed: int) -> None:
    site = _Site(sandbox.world)
    for user in (site._details(channel_of(sandbox)), site._old_style(channel_of(sandbox))):
        try:
            profile = parse_web.profile(node(mutated(user, seed)))
        except PlatformError:
            continue
        check_numbers(profile, account_truth(sandbox))


def old_media(post: Post, now: float) -> dict[str, Any]:
    """A post as the older GraphQL gives it."""
    kind = {"photo": "GraphImage", "video": "GraphVideo", "album": "GraphSidecar"}[post.format]
    return {
        "__typename": kind,
        "shortcode": post.id,
        "product_type": "clips" if post.format == "video" else "feed",
        "edge_media_to_caption": {"edges": [{"node": {"text": post.title}}]},
        "edge_media_preview_like": {"count": post.likes(now)},
        "edge_media_to_comment": {"count": post.comments(now)},
        "video_play_count": post.views(now) if post.format == "video" else None,
        "video_duration": 12.5,
        "taken_at_timestamp": int(post.at),
        "comments_disabled": False,
        "display_url": "https://scontent.cdninstagram.com/v/x.jpg",
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_posts(sandbox: Sandbox, seed: int) -> None:
    site, channel, now = _Site(sandbox.world), channel_of(sandbox), sandbox.world.now
    for post in (channel.listed(now, "video")[seed % 20], channel.listed(now, "photo")[seed % 20]):
        for item in (site._media(channel, post), old_media(post, now)):
            try:
                reading = parse_web.media(node(mutated(item, seed, 4)))
            except PlatformError:
                continue
            check_numbers(reading, post_truth(post, now))


# ---------------------------------------------------------------- through instaloader and yt-dlp

_SCRIPT = re.compile(r"(<script type=\"application/json\" data-sjs>)(.*?)(</script>)", re.DOTALL)


async def body_of(sandbox: Sandbox, path: str) -> str:
    import httpx

    async with httpx.AsyncClient(proxy=sandbox.proxy_url, verify=str(sandbox.certificates.ca)) as client:
        return (await client.get(f"https://{SITE}{path}")).text


def mutated_page(text: str, seed: int) -> bytes:
    def changed(match: re.Match[str]) -> str:
        return match[1] + json.dumps(mutated(json.loads(match[2]), seed, 5)).replace("</", "<\\/") + match[3]

    broken, count = _SCRIPT.subn(changed, text)
    assert count
    return broken.encode()


@pytest.mark.parametrize("seed", SEEDS)
async def test_profile_pages(sandbox: Sandbox, web: PublicPages, seed: int) -> None:
    page = mutated_page(await body_of(sandbox, "/kettleandpine/"), seed)
    sandbox.replay.add(SITE, "GET", "/kettleandpine/", headers={"content-type": "text/html"}, body=page)
    try:
        check_numbers(await web.read_account(by_name()), account_truth(sandbox))
    except PlatformError:
        pass
    try:
        check_posts(await collected(web.list_posts(ref_of(sandbox), limit=2, known=frozenset())), sandbox)
    except PlatformError:
        pass


@pytest.mark.parametrize("seed", SEEDS)
async def test_answers_about_a_post(sandbox: Sandbox, web: PublicPages, seed: int) -> None:
    channel = channel_of(sandbox)
    post = channel.listed(sandbox.world.now)[seed % 10]
    item = _Site(sandbox.world)._media(channel, post)
    answer = {"data": {"xdt_api__v1__media__shortcode__web_info": {"items": [item]}}, "status": "ok"}
    body = json.dumps(mutated(answer, seed, 4)).encode()
    sandbox.replay.add(SITE, "POST", "/api/graphql", body=body)
    try:
        results = await collected(web.read_posts(ref_of(sandbox), [post.id]))
    except PlatformError:
        return
    assert [result.external_id for result in results] == [post.id]
    check_posts(results, sandbox)


@pytest.mark.parametrize("seed", SEEDS)
async def test_answers_to_a_session(sandbox: Sandbox, session: SessionPages, seed: int) -> None:
    site, channel = _Site(sandbox.world), channel_of(sandbox)
    user = {"data": {"user": site._details(channel) | {"id": channel.id}}, "status": "ok"}
    timeline = site._timeline(channel, 0, site._media)
    timeline["page_info"]["has_next_page"] = False
    posts = {"data": {"xdt_api__v1__feed__user_timeline_graphql_connection": timeline}}
    sandbox.replay.add(SITE, "POST", "/graphql/query", body=json.dumps(mutated(user, seed)).encode())
    sandbox.replay.add(SITE, "POST", "/api/graphql", body=json.dumps(mutated(posts, seed, 8)).encode())
    try:
        check_numbers(await session.read_account(by_name()), account_truth(sandbox))
    except PlatformError:
        pass
    sandbox.replay.add(SITE, "POST", "/graphql/query", body=json.dumps(user).encode())
    try:
        check_posts(await collected(session.list_posts(ref_of(sandbox), limit=12, known=frozenset())), sandbox)
    except PlatformError:
        pass


@pytest.mark.parametrize("seed", SEEDS)
async def test_pages_of_reels(sandbox: Sandbox, reels: ReelPages, seed: int) -> None:
    post = channel_of(sandbox).listed(sandbox.world.now, "video")[seed % 10]
    page = mutated_page(await body_of(sandbox, f"/p/{post.id}"), seed)
    sandbox.replay.add(SITE, "GET", f"/p/{post.id}", headers={"content-type": "text/html"}, body=page)
    try:
        results = await collected(reels.read_posts(ref_of(sandbox), [post.id]))
    except PlatformError:
        return
    assert [result.external_id for result in results] == [post.id]
    check_posts(results, sandbox)


@pytest.mark.parametrize("seed", SEEDS)
async def test_answers_broken_on_the_wire(
    sandbox: Sandbox, web: PublicPages, own: OwnAccountWithStories, seed: int
) -> None:
    dice = random.Random(seed)
    page = (await body_of(sandbox, "/kettleandpine/")).encode()
    for host, method, path, body in (
        (SITE, "GET", "/kettleandpine/", page),
        (SITE, "POST", "/api/graphql", b'{"data": {"user": {"pk": "1"}}}'),
        (GRAPH, "GET", f"/v24.0/{graph_id(channel_of(sandbox))}", b'{"id": "17841", "username": "kettleandpine"}'),
    ):
        cut = body[: dice.randrange(min(len(body) // 2, 300))]
        broken = dice.choice([cut, cut, b"<!doctype html><title>Error</title>", b"\x1f\x8b" + cut])
        sandbox.replay.add(host, method, path, body=broken)
    for source in (web, own):
        with pytest.raises(PlatformError):
            await source.read_account(ref_of(sandbox))


# ---------------------------------------------------------------- Graph


@pytest.fixture
def credential(sandbox: Sandbox) -> Credential:
    channel = channel_of(sandbox)
    issued = sandbox.world.grants.give(
        PROVIDER, subject=people(sandbox.world)[0].id, scopes=(), moment=sandbox.world.now, access_seconds=LONG_SECONDS
    )
    return Credential(PROVIDER, graph_id(channel), issued.access, channel.id)


@pytest.fixture
def own(instagram: Platform, credential: Credential) -> OwnAccountWithStories:
    source = instagram.connected[0].with_credential(credential)
    assert isinstance(source, OwnAccountWithStories)
    return source


@pytest.fixture
def others(instagram: Platform, credential: Credential) -> OtherAccounts:
    source = instagram.connected[1].with_credential(credential)
    assert isinstance(source, OtherAccounts)
    return source


def graph_user(sandbox: Sandbox) -> dict[str, Any]:
    fields = ["id", "ig_id", "username", "name", "biography", "followers_count", "follows_count", "media_count"]
    return _Graph(sandbox.world)._user_fields(channel_of(sandbox), fields)


def graph_media(sandbox: Sandbox, post: Post, told: bool = True) -> dict[str, Any]:
    channel = channel_of(sandbox)
    item = _Graph(sandbox.world)._media_fields(channel, post, _PLAIN)
    if told:
        item["insights"] = {"data": of_post(sandbox.world, post, ["reach", "saved", "shares", "views"])}
    return item


@pytest.mark.parametrize("seed", SEEDS)
async def test_graph_accounts(sandbox: Sandbox, own: OwnAccountWithStories, seed: int) -> None:
    body = json.dumps(mutated(graph_user(sandbox), seed)).encode()
    sandbox.replay.add(GRAPH, "GET", f"/v24.0/{graph_id(channel_of(sandbox))}", body=body)
    try:
        check_numbers(await own.read_account(ref_of(sandbox)), account_truth(sandbox))
    except PlatformError:
        pass


@pytest.mark.parametrize("seed", SEEDS)
async def test_graph_posts(sandbox: Sandbox, own: OwnAccountWithStories, others: OtherAccounts, seed: int) -> None:
    posts = channel_of(sandbox).listed(sandbox.world.now)[:4]
    page = {"data": [graph_media(sandbox, post) for post in posts], "paging": {"cursors": {"before": "a"}}}
    path = f"/v24.0/{graph_id(channel_of(sandbox))}"
    sandbox.replay.add(GRAPH, "GET", f"{path}/media", body=json.dumps(mutated(page, seed, 8)).encode())
    try:
        check_posts(await collected(own.list_posts(ref_of(sandbox), limit=4, known=frozenset())), sandbox)
    except PlatformError:
        pass
    media = {"data": [graph_media(sandbox, post, False) for post in posts], "paging": {"cursors": {"after": "b"}}}
    found = {"business_discovery": {"id": "1", "ig_id": 1, "media": media}, "id": "2"}
    sandbox.replay.add(GRAPH, "GET", path, body=json.dumps(mutated(found, seed, 8)).encode())
    try:
        results = await collected(others.list_posts(by_name("north.loom"), limit=4, known=frozenset()))
    except PlatformError:
        return
    check_posts(results, sandbox)


def truthful(told: list[Insight], truth: set[float]) -> None:
    for insight in told:
        assert insight.value is None or insight.value in truth, insight
        assert (insight.value is None) == (insight.missing is not None)
        assert insight.metric and len(insight.metric) <= 64 and len(insight.period) <= 16


@pytest.mark.parametrize("seed", SEEDS)
def test_graph_insights(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    how = {"metric_type": "total_value", "period": "day", "breakdown": "media_product_type"}
    how |= {"since": str(now - 86_400), "until": str(now)}
    totals = of_account(sandbox.world, channel, ["reach", "views", "saves"], how)
    old = [
        {"name": "reach", "period": "day", "values": [{"value": 31, "end_time": "2026-10-30T07:00:00+0000"}]},
        {"name": "online_followers", "period": "lifetime", "values": [{"value": {"0": 12, "1": 7}}]},
    ]
    for data in (totals, old, of_post(sandbox.world, channel.listed(now)[0], ["reach", "saved", "views"])):
        truth = {float(value) for value in _whole_numbers(data)} | {-5.0}  # a loss may be told as a negative number
        try:
            told = parse_graph.insights(node(mutated(data, seed, 4)))
        except PlatformError:
            continue
        truthful(told, truth)


def _whole_numbers(value: Any) -> list[int]:
    if isinstance(value, int):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [number for child in inner for number in _whole_numbers(child)]


@pytest.mark.parametrize("seed", SEEDS)
async def test_graph_insights_through_the_client(sandbox: Sandbox, own: OwnAccountWithStories, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    how = {"metric_type": "total_value", "period": "day", "since": str(now - 86_400), "until": str(now)}
    answer = {"data": of_account(sandbox.world, channel, ["reach", "views", "profile_views"], how)}
    body = json.dumps(mutated(answer, seed, 4)).encode()
    sandbox.replay.add(GRAPH, "GET", f"/v24.0/{graph_id(channel)}/insights", body=body)
    try:
        told = list(await own.read_insights(channel.id, posts=[]))
    except PlatformError:
        return
    truthful(told, {float(value) for value in _whole_numbers(answer)} | {-5.0})


@pytest.mark.parametrize("seed", SEEDS)
async def test_stories(sandbox: Sandbox, own: OwnAccountWithStories, seed: int) -> None:
    channel = channel_of(sandbox)
    stories = await own.read_stories(channel.id)
    answer = {
        "data": [
            {
                "id": story.external_id,
                "media_type": "VIDEO" if story.format == "video" else "IMAGE",
                "permalink": story.url,
                "timestamp": story.published_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "media_url": "https://scontent.cdninstagram.com/v/x.jpg",
            }
            for story in stories
        ]
    }
    body = json.dumps(mutated(answer, seed, 2)).encode()
    sandbox.replay.add(GRAPH, "GET", f"/v24.0/{graph_id(channel)}/stories", body=body)
    for story in stories[:2]:
        path = f"/v24.0/{story.external_id}/insights"
        numbers = {"data": [{"name": "reach", "period": "lifetime", "values": [{"value": story.metrics["reach"]}]}]}
        sandbox.replay.add(GRAPH, "GET", path, body=json.dumps(mutated(numbers, seed, 2)).encode())
    true = {story.external_id: story for story in stories}
    try:
        told = await own.read_stories(channel.id)
    except PlatformError:
        return
    for story in told:
        assert {name for name, value in story.metrics.items() if value is None} == set(story.missing)
        if story.external_id in true:
            for name, value in story.metrics.items():
                assert value is None or value == true[story.external_id].metrics[name]
        assert story.missing.get("impressions") is Missing.NOT_PUBLISHED


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_logins_answers(sandbox: Sandbox, instagram: Platform, credential: Credential, seed: int) -> None:
    login = instagram.oauth
    assert login is not None
    token = {"access_token": credential.secret, "token_type": "bearer", "expires_in": 5_184_000}
    account = {"id": "17841", "ig_id": 7, "username": "kettleandpine", "name": "Kettle"}
    page = {"id": "1", "name": "Page", "access_token": "EAAB", "instagram_business_account": account}
    pages = {"data": [page], "paging": {"cursors": {"before": "a", "after": "b"}}}
    body = json.dumps(mutated(token, seed, 2)).encode()
    sandbox.replay.add(GRAPH, "POST", "/v24.0/oauth/access_token", body=body)
    sandbox.replay.add(GRAPH, "GET", "/v24.0/me/accounts", body=json.dumps(mutated(pages, seed)).encode())
    try:
        fresh = await login.refresh(Tokens(credential.secret))
        assert fresh.access
    except PlatformError:
        pass
    try:
        for subject in await login.subjects(Tokens(credential.secret)):
            assert subject.id and subject.external_id.isdigit()
    except PlatformError:
        pass


@pytest.mark.parametrize("seed", SEEDS)
async def test_errors(sandbox: Sandbox, own: OwnAccountWithStories, seed: int) -> None:
    error = {"error": {"message": "m", "type": "OAuthException", "code": 190, "error_subcode": 463, "fbtrace_id": "A"}}
    sandbox.fault(GRAPH, status=400, body=json.dumps(mutated(error, seed, 2)), times=-1)
    with pytest.raises(PlatformError):
        await own.read_account(ref_of(sandbox))
