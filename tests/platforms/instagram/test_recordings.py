"""What Instagram and Meta really answered: a recording that belongs to a call of ours is read, or refused by name."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.ports.connections import Tokens
from app.domain.ports.errors import Changed, Gone, NeedsAction, PlatformError, Unauthorized
from app.domain.ports.platform import Platform
from app.domain.ports.values import Format, Metric, Missing, Ref, RefKind
from app.platforms.instagram import parse_graph, parse_web
from app.platforms.instagram.auth import MetaLogin
from app.platforms.instagram.graph_client import refused
from app.platforms.instagram.pages import PublicPages, SessionPages
from app.platforms.kit import Node
from sandbox.core import Sandbox
from tests.platforms.instagram.conftest import by_name, collected
from tests.platforms.instagram.recordings import FOLDER, Recording, pages, recordings

pytestmark = pytest.mark.skipif(
    not (FOLDER / "instagram-web").is_dir(), reason="no recordings here (SIGHTLINE_RECORDINGS)"
)
SITE = "www.instagram.com"


def node(value: Any) -> Node:
    return Node(value, "Instagram")


def html(body: str) -> bytes:
    return f"<!doctype html><html><body>{body}</body></html>".encode()


# ---------------------------------------------------------------- Instagram's own pages and queries


def count_of(user: dict[str, Any], plain: str, edge: str) -> int:
    return int(user[plain] if plain in user else user[edge]["count"])


@pytest.mark.parametrize("recording", recordings("profile"), ids=str)
async def test_profiles(recording: Recording, web: PublicPages, sandbox: Sandbox) -> None:
    user = recording.answer
    profile = parse_web.profile(node(user))
    assert profile.external_id == str(user.get("pk") or user["id"]) and profile.handle == user["username"]
    assert profile.title == user["full_name"] and profile.description == user["biography"]
    assert profile.metrics == {
        Metric.FOLLOWERS: count_of(user, "follower_count", "edge_followed_by"),
        Metric.FOLLOWING: count_of(user, "following_count", "edge_follow"),
        Metric.POSTS: count_of(user, "media_count", "edge_owner_to_timeline_media"),
    }
    assert not profile.missing and profile.avatar_url
    # and the same through instaloader, where such a user stands in today's page
    shown = {**user, "pk": profile.external_id}
    box = json.dumps(
        {"require": [["s", "h", None, [{"__bbox": {"result": {"data": {"xig_user_by_username": shown}}}}]]]}
    )
    box = box.replace("</", "<\\/")
    page = html(f'<script type="application/json" data-sjs>{box}</script>')
    sandbox.replay.add(SITE, "GET", f"/{profile.handle}/", headers={"content-type": "text/html"}, body=page)
    assert await web.read_account(by_name(user["username"])) == profile


@pytest.mark.parametrize("recording", recordings("media"), ids=str)
async def test_posts(recording: Recording, web: PublicPages, sandbox: Sandbox) -> None:
    item = recording.answer
    if "media_type" not in item and "__typename" not in item:  # a part of a post only
        with pytest.raises(Changed):
            parse_web.media(node(item))
        return
    reading = parse_web.media(node(item))
    today = "code" in item
    assert reading.external_id == item["code" if today else "shortcode"]
    likes = item.get("like_count") if today else item.get("edge_media_preview_like", item.get("edge_liked_by"))["count"]
    if item.get("like_and_view_counts_disabled") or likes == -1:
        assert reading.missing[Metric.LIKES] is Missing.HIDDEN
    else:
        assert reading.metrics[Metric.LIKES] == likes
    if not item.get("comments_disabled"):
        talk = item.get("comment_count") if today else item["edge_media_to_comment"]["count"]
        assert reading.metrics[Metric.COMMENTS] == talk
    assert reading.published_at == datetime.fromtimestamp(item["taken_at" if today else "taken_at_timestamp"], UTC)
    video = item.get("media_type") == 2 or item.get("__typename") == "GraphVideo"
    assert (reading.format in (Format.SHORT, Format.VIDEO)) == video
    if not video:
        assert reading.missing[Metric.VIEWS] is Missing.NOT_PUBLISHED
    elif reading.metrics[Metric.VIEWS] is not None:
        assert reading.metrics[Metric.VIEWS] in (
            item.get("play_count"), item.get("view_count"), item.get("video_view_count"),
        )  # fmt: skip
    assert reading.missing.keys() == {metric for metric, value in reading.metrics.items() if value is None}
    if today:  # through instaloader, as the answer to the question about one post
        answer = {"data": {"xdt_api__v1__media__shortcode__web_info": {"items": [item]}}, "status": "ok"}
        sandbox.replay.add(SITE, "POST", "/api/graphql", body=json.dumps(answer).encode())
        ref = Ref("instagram", RefKind.ID, "1", "somebody")
        assert await collected(web.read_posts(ref, [reading.external_id])) == [reading]


@pytest.mark.parametrize("recording", recordings("no profile"), ids=str)
async def test_no_profile(recording: Recording, web: PublicPages, sandbox: Sandbox) -> None:
    sandbox.replay.add(SITE, "POST", "/api/graphql", body=json.dumps(recording.answer).encode())
    with pytest.raises(Gone):
        await web.read_account(Ref("instagram", RefKind.ID, "1518284433"))


@pytest.mark.parametrize("page", pages(), ids=lambda page: page[0])
async def test_pages_of_former_times(page: tuple[str, bytes], web: PublicPages, sandbox: Sandbox) -> None:
    """Their data stand under a name that instaloader no longer reads."""
    headers = {"content-type": "text/html; charset=utf-8"}
    sandbox.replay.add(SITE, "GET", "/robertdowneyjr/", headers=headers, body=page[1])
    with pytest.raises(Changed) as error:
        await web.read_account(by_name("robertdowneyjr"))
    assert error.value.field == "xig_user_by_username"


@pytest.mark.parametrize("recording", recordings("login"), ids=str)
async def test_logins(recording: Recording, session: SessionPages, sandbox: Sandbox) -> None:
    sandbox.replay.add(
        SITE,
        "POST",
        "/api/v1/web/accounts/login/ajax/",
        headers={"content-type": "application/json", "set-cookie": "csrftoken=x; Domain=.instagram.com; Secure"},
        body=json.dumps(recording.answer).encode(),
    )
    if recording.answer.get("authenticated"):  # the session's own cookies are not in the recording: it reads as anybody
        assert (await session.read_account(by_name())).handle == "kettleandpine"
    else:
        with pytest.raises(NeedsAction):
            await session.read_account(by_name())


# ---------------------------------------------------------------- Graph


@pytest.mark.parametrize("recording", recordings("user"), ids=str)
def test_graph_accounts(recording: Recording) -> None:
    user = recording.answer
    profile = parse_graph.profile(node(user))
    assert profile.external_id == str(user.get("ig_id", user["id"])) and profile.handle == user["username"]
    for metric, key in (
        (Metric.FOLLOWERS, "followers_count"),
        (Metric.FOLLOWING, "follows_count"),
        (Metric.POSTS, "media_count"),
    ):
        assert profile.metrics[metric] == user.get(key)
        assert (profile.missing.get(metric) is Missing.NOT_GIVEN) == (key not in user)


def check_graph_media(item: dict[str, Any]) -> None:
    reading = parse_graph.media(node(item))
    assert f"/{reading.external_id}/" in item["permalink"]
    assert reading.metrics[Metric.LIKES] == item.get("like_count")
    assert reading.metrics[Metric.COMMENTS] == item.get("comments_count")
    if "timestamp" in item:
        assert reading.published_at == datetime.strptime(item["timestamp"], "%Y-%m-%dT%H:%M:%S%z")
    assert (reading.format is Format.PHOTO) == (item["media_type"] != "VIDEO")
    assert reading.metrics[Metric.VIEWS] is None and reading.metrics[Metric.SAVES] is None
    assert reading.title == item.get("caption", "")


@pytest.mark.parametrize("recording", recordings("graph media"), ids=str)
def test_graph_posts(recording: Recording) -> None:
    if "permalink" not in recording.answer:  # of a search by hashtag, which is no call of ours
        with pytest.raises(Changed) as error:
            parse_graph.media(node(recording.answer))
        assert error.value.field == "permalink"
        return
    check_graph_media(recording.answer)


@pytest.mark.parametrize("recording", recordings("others media"), ids=str)
def test_posts_of_others(recording: Recording) -> None:
    media = recording.answer["media"]
    assert media["data"]
    for item in media["data"]:
        check_graph_media(item)
    parse_graph.next_page(node(media))


@pytest.mark.parametrize("recording", recordings("insights"), ids=str)
def test_insights(recording: Recording) -> None:
    told = parse_graph.insights(node(recording.answer))
    plain = [
        (item["name"], entry["value"], entry.get("end_time"))
        for item in recording.answer
        for entry in item.get("values", [])
        if not isinstance(entry["value"], dict)
    ]
    assert [(i.metric, i.value) for i in told if "." not in i.metric] == [
        *((name, float(value)) for name, value, _ in plain),
        *((item["name"], float(item["total_value"]["value"])) for item in recording.answer if "total_value" in item),
    ]
    for insight, (_, _, end) in zip(told, plain, strict=False):
        if end is None:
            assert insight.day is None
        else:
            moment = datetime.strptime(end, "%Y-%m-%dT%H:%M:%S%z")
            assert insight.day == (moment - timedelta(hours=9)).date().isoformat()  # midnight in California


@pytest.mark.parametrize("recording", recordings("story"), ids=str)
def test_stories(recording: Recording) -> None:
    item = recording.answer
    lacking = next((name for name in ("timestamp", "permalink") if name not in item), None)
    if lacking:  # not asked for then; ours always are
        with pytest.raises(Changed) as error:
            parse_graph.story(node(item))
        assert error.value.field == lacking
        return
    story = parse_graph.story(node(item))
    assert story.external_id == item["id"] and story.url == item["permalink"]
    assert story.published_at == datetime.strptime(item["timestamp"], "%Y-%m-%dT%H:%M:%S%z")
    assert story.expires_at - story.published_at == timedelta(hours=24)


@pytest.mark.parametrize("recording", recordings("error"), ids=str)
def test_errors(recording: Recording) -> None:
    error = refused(node(recording.answer), {}, "Instagram")
    said = recording.answer["error"]
    expected: type[PlatformError] = Unauthorized if said["code"] == 190 else Changed
    if said["code"] in (190, 100):
        assert type(error.meaning) is expected
    assert (error.code, error.subcode) == (said["code"], said.get("error_subcode", 0))
    assert said["message"] not in str(error.meaning)


@pytest.mark.parametrize("recording", recordings("token"), ids=str)
async def test_tokens(recording: Recording, instagram: Platform, sandbox: Sandbox) -> None:
    login = instagram.oauth
    assert isinstance(login, MetaLogin)
    body = json.dumps(recording.answer).encode()
    sandbox.replay.add("graph.facebook.com", "POST", "/v24.0/oauth/access_token", body=body)
    fresh = await login.refresh(Tokens("old"))
    assert fresh.access == recording.answer["access_token"]
    life = recording.answer.get("expires_in")
    if life is None:
        assert fresh.expires_at is None
    else:
        assert fresh.expires_at is not None
        assert (fresh.expires_at - sandbox.clock.moment).total_seconds() == pytest.approx(life, abs=5)


@pytest.mark.parametrize("recording", recordings("accounts"), ids=str)
async def test_pages_of_a_person(recording: Recording, instagram: Platform, sandbox: Sandbox) -> None:
    """Those that were recorded have no Instagram account with them."""
    assert instagram.oauth is not None
    sandbox.replay.add("graph.facebook.com", "GET", "/v24.0/me/accounts", body=json.dumps(recording.answer).encode())
    with pytest.raises(NeedsAction):
        await instagram.oauth.subjects(Tokens("t"))


def test_what_there_is() -> None:
    """The kinds of calls for which there is a recording."""
    for kind in ("profile", "media", "no profile", "login", "user", "graph media", "others media", "insights", "story"):
        assert recordings(kind), kind
    assert recordings("error") and recordings("token") and recordings("accounts")
