"""What TikTok really answered, through our parsers, and through the client libraries over the sandbox."""

from typing import Any

import pytest

from app.domain.ports.connections import Credential
from app.domain.ports.errors import Changed, PlatformError, Unauthorized
from app.domain.ports.values import Format, Metric, Missing, PostReading, Profile, Ref, RefKind
from app.platforms.tiktok import parse_display, parse_web
from app.platforms.tiktok.display import DisplayApi
from app.platforms.tiktok.ytdlp import PublicPages
from sandbox.core import Sandbox
from tests.platforms.tiktok.recordings import Recording, needed, recordings

pytestmark = [needed, pytest.mark.recordings]

SITE, API = "www.tiktok.com", "open.tiktokapis.com"
ACCOUNT = {
    Metric.FOLLOWERS: ("followerCount", "follower_count"),
    Metric.FOLLOWING: ("followingCount", "following_count"),
    Metric.LIKES: ("heartCount", "likes_count"),
    Metric.POSTS: ("videoCount", "video_count"),
}
POST = {
    Metric.VIEWS: "playCount",
    Metric.LIKES: "diggCount",
    Metric.COMMENTS: "commentCount",
    Metric.SHARES: "shareCount",
    Metric.SAVES: "collectCount",
}


def check_profile(scope: dict[str, Any], profile: Profile) -> None:
    info = scope["webapp.user-detail"]["userInfo"]
    exact = info.get("statsV2") or info["stats"]
    assert (profile.external_id, profile.handle) == (info["user"]["secUid"], info["user"]["uniqueId"])
    assert profile.title == info["user"]["nickname"] and (profile.description or "") == info["user"]["signature"]
    assert profile.metrics == {metric: int(exact[key]) for metric, (key, _) in ACCOUNT.items()}
    assert profile.missing == {} and (profile.avatar_url or "").startswith("https://")
    assert profile.created_at is not None and int(profile.created_at.timestamp()) == info["user"]["createTime"]


def check_video(scope: dict[str, Any], reading: object) -> None:
    struct = scope["webapp.video-detail"]["itemInfo"]["itemStruct"]
    assert isinstance(reading, PostReading)
    assert reading.external_id == struct["id"] and reading.title == struct["desc"]
    counts = struct.get("statsV2") or struct["stats"]
    assert reading.metrics == {metric: int(counts[key]) for metric, key in POST.items()} and reading.missing == {}
    assert reading.published_at is not None
    assert int(reading.published_at.timestamp()) == int(struct["createTime"])
    assert reading.format is (Format.PHOTO if "imagePost" in struct else Format.VIDEO)
    assert reading.duration == (struct["video"]["duration"] or None)
    assert f"/@{struct['author']['uniqueId']}/" in reading.url
    assert (reading.thumbnail_url or "").startswith("https://")


@pytest.mark.parametrize("recording", recordings("profile"), ids=str)
def test_profiles(recording: Recording) -> None:
    check_profile(recording.data, parse_web.profile(parse_web.node(recording.data)))


@pytest.mark.parametrize("recording", recordings("profile"), ids=str)
def test_the_exact_counts_are_taken_not_the_rounded_ones(recording: Recording) -> None:
    info = recording.data["webapp.user-detail"]["userInfo"]
    profile = parse_web.profile(parse_web.node(recording.data))
    if "statsV2" in info and info["stats"]["followerCount"] >= 10_000:
        assert str(profile.metrics[Metric.FOLLOWERS]) == info["statsV2"]["followerCount"]


@pytest.mark.parametrize("recording", recordings("profile"), ids=str)
async def test_profiles_through_the_client(recording: Recording, web: PublicPages, sandbox: Sandbox) -> None:
    handle = recording.data["webapp.user-detail"]["userInfo"]["user"]["uniqueId"]
    headers = {"content-type": "text/html; charset=utf-8"}
    sandbox.replay.add(SITE, "GET", f"/@{handle}", headers=headers, body=recording.body)
    check_profile(recording.data, await web.read_account(Ref("tiktok", RefKind.HANDLE, handle)))


@pytest.mark.parametrize("recording", recordings("video"), ids=str)
async def test_videos_through_the_client(recording: Recording, web: PublicPages, sandbox: Sandbox) -> None:
    struct = recording.data["webapp.video-detail"]["itemInfo"]["itemStruct"]
    check_video(recording.data, parse_web.video(struct["id"], parse_web.node(recording.data)))
    headers = {"content-type": "text/html; charset=utf-8"}
    sandbox.replay.add(SITE, "GET", f"/@_/video/{struct['id']}", headers=headers, body=recording.body)
    sandbox.replay.add(SITE, "GET", "/api/creator/item_list/", body=b'{"hasMorePrevious": false}')
    who = Ref("tiktok", RefKind.ID, struct["author"]["secUid"], struct["author"]["uniqueId"])
    ((reading,),) = [batch async for batch in web.read_posts(who, [struct["id"]])]
    check_video(recording.data, reading)
    assert parse_web.author(parse_web.node(recording.data)) == struct["author"]["secUid"]


@pytest.mark.parametrize("recording", recordings("display"), ids=str)
async def test_the_display_api_through_the_client(recording: Recording, display: DisplayApi, sandbox: Sandbox) -> None:
    sandbox.replay.add(API, "GET", "/v2/user/info/", status=recording.status, body=recording.body)
    own = display.with_credential(Credential("tiktok", "me", "act.recorded", "an-id"))
    code = recording.data["error"]["code"]
    if code != "ok":
        with pytest.raises(PlatformError) as error:
            await own.read_account(Ref("tiktok", RefKind.ID, "an-id"))
        assert type(error.value) is (Unauthorized if recording.status == 401 else Changed)
        assert recording.data["error"]["message"] not in str(error.value)
        return
    profile = await own.read_account(Ref("tiktok", RefKind.ID, "an-id"))
    user = recording.data["data"]["user"]
    for metric, (_, key) in ACCOUNT.items():
        assert profile.metrics[metric] == user.get(key)
        assert (profile.missing.get(metric) is Missing.NOT_GIVEN) == (key not in user)
    assert profile.handle == user.get("username")
    assert user["open_id"] and parse_display.handle(parse_web.node(user)) == user.get("username")


def test_there_are_some_of_each() -> None:
    assert recordings("profile") and recordings("video") and len(recordings("display")) >= 5
