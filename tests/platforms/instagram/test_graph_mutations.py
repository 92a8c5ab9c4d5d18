"""Broken copies of Graph's good answers: never a crash, never a number that was not there. See test_mutations."""

import json
import random
from typing import Any

import pytest

from app.domain.ports.connections import Credential, Insight, Tokens
from app.domain.ports.errors import PlatformError
from app.domain.ports.platform import Platform
from app.domain.ports.values import Missing
from app.platforms.instagram import parse_graph
from app.platforms.instagram.graph import OtherAccounts, OwnAccountWithStories
from app.platforms.instagram.pages import PublicPages
from sandbox.core import Sandbox
from sandbox.platforms.meta_graph import _Graph
from sandbox.platforms.meta_login import LONG_SECONDS, PROVIDER, people
from sandbox.platforms.meta_numbers import MEDIA, graph_id, of_account, of_post
from sandbox.posts import Post
from tests.platforms.instagram.breaking import (
    GRAPH,
    SEEDS,
    SITE,
    account_truth,
    check_numbers,
    check_posts,
    mutated,
    node,
)
from tests.platforms.instagram.conftest import by_name, channel_of, collected, ref_of

_PLAIN = sorted(MEDIA - {"owner", "alt_text", "ig_id"})


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
        truth = {float(value) for value in _whole_numbers(data)} | {-5.0, 1.0}  # what the breaking puts in itself
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
    truthful(told, {float(value) for value in _whole_numbers(answer)} | {-5.0, 1.0})


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


@pytest.mark.parametrize("seed", SEEDS)
async def test_answers_broken_on_the_wire(
    sandbox: Sandbox, web: PublicPages, own: OwnAccountWithStories, seed: int
) -> None:
    dice = random.Random(seed)
    page = b"<!doctype html><html><head><title>Instagram</title></head><body>" * 10
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
