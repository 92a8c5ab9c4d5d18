"""Broken copies of good answers: never a crash, never a number that was not there.

Twenty seeded copies of each kind of answer (SIGHTLINE_MUTATIONS says how many), with values nulled, taken away, of
other types, negative or huge, through the parsers and through the client libraries; and cut or replaced by HTML on the
wire.
"""

import json
import re
from typing import Any

import pytest

from app.domain.ports.errors import PlatformError
from app.platforms.instagram import parse_web
from app.platforms.instagram.pages import PublicPages, SessionPages
from app.platforms.instagram.reels import ReelPages
from sandbox.core import Sandbox
from sandbox.platforms.instagram_web import _Site
from sandbox.posts import Post
from tests.platforms.instagram.breaking import (
    SEEDS,
    SITE,
    account_truth,
    check_numbers,
    check_posts,
    mutated,
    node,
    post_truth,
)
from tests.platforms.instagram.conftest import by_name, channel_of, collected, ref_of

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
        "edge_media_to_comment": {"count": 0 if post.comments_off else post.comments(now)},
        "video_play_count": post.views(now) if post.format == "video" else None,
        "video_duration": 12.5,
        "taken_at_timestamp": int(post.at),
        "comments_disabled": post.comments_off,
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
