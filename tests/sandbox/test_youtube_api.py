"""The YouTube Data API as google-api-python-client meets it."""

from typing import Any

import httplib2
import httpx
import pytest
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from sandbox import discovery, testing
from sandbox.core import Sandbox
from sandbox.growth import DAY
from sandbox.platforms.youtube_text import iso_duration, rounded
from sandbox.posts import Post, State


@pytest.fixture
def youtube(sandbox: Sandbox) -> Any:
    # httplib2 takes HTTPLIB2_CA_CERTS at its import, which may be long before this test.
    http = httplib2.Http(ca_certs=str(sandbox.certificates.ca), proxy_info=httplib2.proxy_info_from_environment)
    return build("youtube", "v3", developerKey="a-key", http=http)


def channel(youtube: Any, **names: Any) -> dict[str, Any]:
    answer = youtube.channels().list(part="snippet,statistics,contentDetails,status", **names).execute()
    assert len(answer["items"]) == 1
    item: dict[str, Any] = answer["items"][0]
    return item


def refusal(request: Any) -> tuple[int, str, dict[str, Any]]:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return caught.value.status_code, caught.value.error_details[0].get("reason", ""), caught.value.error_details[0]


def test_channel_by_every_name(sandbox: Sandbox, youtube: Any) -> None:
    kettle = sandbox.world.channel("@kettleandpine")
    assert kettle is not None
    by_id = channel(youtube, id=kettle.id)
    assert by_id == channel(youtube, forHandle="@kettleandpine") == channel(youtube, forHandle="KettleAndPine")
    assert by_id == channel(youtube, forUsername="kettleandpine")
    assert by_id["snippet"]["customUrl"] == "@kettleandpine"
    assert by_id["contentDetails"]["relatedPlaylists"]["uploads"] == f"UU{kettle.id[2:]}"
    assert by_id["statistics"] == {
        "viewCount": str(kettle.views(sandbox.world.now)),
        "subscriberCount": "412000",
        "hiddenSubscriberCount": False,
        "videoCount": str(len(kettle.listed(sandbox.world.now))),
    }
    assert channel(youtube, forHandle="@двор-и-мастерская")["snippet"]["title"] == "Двор и Мастерская"


def test_subscribers_are_rounded_or_hidden(sandbox: Sandbox, youtube: Any) -> None:
    orbit = sandbox.world.channel("orbitnotes")
    assert orbit is not None
    assert orbit.subscribers(sandbox.world.now) == 1_234_567
    assert channel(youtube, forHandle="orbitnotes")["statistics"]["subscriberCount"] == "1230000"
    hidden = channel(youtube, forHandle="seconddraft")["statistics"]
    assert hidden["hiddenSubscriberCount"] is True
    assert "subscriberCount" not in hidden


def test_what_is_not_there_is_an_empty_answer(sandbox: Sandbox, youtube: Any) -> None:
    for request in (
        youtube.channels().list(part="id", id="UC" + "x" * 22),
        youtube.channels().list(part="id", forHandle="@nobody"),
        youtube.channels().list(part="id", forHandle="@fastlanefacts"),  # terminated
        youtube.videos().list(part="id", id="xxxxxxxxxxx"),
    ):
        answer = request.execute()
        assert (answer["items"], answer["pageInfo"]["totalResults"]) == ([], 0)


def test_uploads_are_paged_newest_first(sandbox: Sandbox, youtube: Any) -> None:
    orbit = sandbox.world.channel("orbitnotes")
    assert orbit is not None
    ids, dates, token = [], [], None
    while True:
        page = (
            youtube.playlistItems()
            .list(part="contentDetails,snippet", playlistId=f"UU{orbit.id[2:]}", maxResults=50, pageToken=token)
            .execute()
        )
        ids += [item["contentDetails"]["videoId"] for item in page["items"]]
        dates += [item["snippet"]["position"] for item in page["items"]]
        token = page.get("nextPageToken")
        if not token:
            break
    assert ids == [post.id for post in orbit.listed(sandbox.world.now)]
    assert dates == list(range(len(ids)))
    assert page["pageInfo"]["totalResults"] == len(ids) > 100


@pytest.mark.parametrize(("prefix", "form"), [("UULF", "long"), ("UUSH", "short"), ("UULV", "live")])
def test_uploads_of_one_format(sandbox: Sandbox, youtube: Any, prefix: str, form: str) -> None:
    ferry = sandbox.world.channel("pixelferry")
    assert ferry is not None
    page = (
        youtube.playlistItems().list(part="contentDetails", playlistId=prefix + ferry.id[2:], maxResults=50).execute()
    )
    listed = ferry.listed(sandbox.world.now, form)
    assert page["pageInfo"]["totalResults"] == len(listed)
    assert [item["contentDetails"]["videoId"] for item in page["items"]] == [post.id for post in listed[:50]]


def test_a_playlist_without_videos_does_not_exist(sandbox: Sandbox, youtube: Any) -> None:
    harbor = sandbox.world.channel("paperharbor")
    assert harbor is not None
    for playlist in (f"UU{harbor.id[2:]}", "UU" + "x" * 22, "PLnothing"):
        status, reason, _ = refusal(youtube.playlistItems().list(part="id", playlistId=playlist))
        assert (status, reason) == (404, "playlistNotFound")


def test_an_unknown_page_token_is_refused(sandbox: Sandbox, youtube: Any) -> None:
    orbit = sandbox.world.channel("orbitnotes")
    assert orbit is not None
    request = youtube.playlistItems().list(part="id", playlistId=f"UU{orbit.id[2:]}", pageToken="nonsense")
    assert refusal(request)[:2] == (400, "invalidPageToken")


def test_video_numbers_are_the_worlds(sandbox: Sandbox, youtube: Any) -> None:
    moment = sandbox.world.now
    kettle = sandbox.world.channel("kettleandpine")
    assert kettle is not None
    posts = [p for p in kettle.listed(moment) if not p.comments_off][:50]
    answer = (
        youtube.videos()
        .list(part="snippet,statistics,contentDetails,status,liveStreamingDetails", id=",".join(p.id for p in posts))
        .execute()
    )
    items = {item["id"]: item for item in answer["items"]}
    assert len(items) == 50
    for post in posts:
        item = items[post.id]
        assert item["statistics"] == {
            "viewCount": str(post.views(moment)),
            "likeCount": str(post.likes(moment)),
            "favoriteCount": "0",
            "commentCount": str(post.comments(moment)),
        }
        assert item["contentDetails"]["duration"] == iso_duration(post.duration)
        assert item["snippet"]["channelId"] == kettle.id
        assert item["status"]["privacyStatus"] == "public"
        assert "liveStreamingDetails" not in item
    with pytest.raises(HttpError) as caught:
        youtube.videos().list(part="id", id=",".join(f"{n:011}" for n in range(51))).execute()
    assert caught.value.status_code == 400


def test_hidden_likes_and_closed_comments_are_left_out(sandbox: Sandbox, youtube: Any) -> None:
    kettle = sandbox.world.channel("kettleandpine")
    assert kettle is not None
    video = next(p for p in kettle.listed(sandbox.world.now) if not p.comments_off and not p.likes_hidden)
    sandbox.edit("comments_off", video=video.id)
    sandbox.edit("hide_likes", video=video.id)
    item = youtube.videos().list(part="statistics", id=video.id).execute()["items"][0]
    assert set(item["statistics"]) == {"viewCount", "favoriteCount"}


def test_private_and_deleted_videos_are_not_answered(sandbox: Sandbox, youtube: Any) -> None:
    kettle = sandbox.world.channel("kettleandpine")
    assert kettle is not None
    private, deleted, kept = kettle.listed(sandbox.world.now)[:3]
    sandbox.edit("make_private", video=private.id)
    sandbox.edit("delete", video=deleted.id)
    answer = youtube.videos().list(part="id", id=f"{private.id},{deleted.id},{kept.id}").execute()
    assert [item["id"] for item in answer["items"]] == [kept.id]


def stream(sandbox: Sandbox) -> Post:
    ferry = sandbox.world.channel("pixelferry")
    assert ferry is not None
    return next(
        p
        for p in ferry.known(sandbox.world.now + 20 * DAY)[::-1]
        if p.announced > sandbox.world.now and p.format == "live"
    )


def test_a_stream_through_its_life(sandbox: Sandbox, youtube: Any) -> None:
    post = stream(sandbox)

    def read() -> dict[str, Any]:
        parts = "snippet,contentDetails,liveStreamingDetails,statistics"
        item: dict[str, Any] = youtube.videos().list(part=parts, id=post.id).execute()["items"][0]
        return item

    sandbox.clock.set(post.announced + 60)
    upcoming = read()
    assert upcoming["snippet"]["liveBroadcastContent"] == "upcoming"
    assert upcoming["contentDetails"]["duration"] == "P0D"
    assert set(upcoming["liveStreamingDetails"]) == {"scheduledStartTime"}
    sandbox.clock.set(post.started + 600)
    running = read()
    assert running["snippet"]["liveBroadcastContent"] == "live"
    assert int(running["liveStreamingDetails"]["concurrentViewers"]) > 0
    sandbox.clock.set(post.ended + 600)
    over = read()
    assert post.state(sandbox.world.now) is State.PUBLIC
    assert over["snippet"]["liveBroadcastContent"] == "none"
    assert set(over["liveStreamingDetails"]) == {"scheduledStartTime", "actualStartTime", "actualEndTime"}
    assert over["contentDetails"]["duration"] == iso_duration(post.duration)


def test_batch_stats(sandbox: Sandbox, youtube: Any) -> None:
    kettle = sandbox.world.channel("kettleandpine")
    assert kettle is not None
    posts = kettle.listed(sandbox.world.now)[:3]
    answer = (
        youtube.videos().batchGetStats(part="statistics,snippet,contentDetails", id=[p.id for p in posts]).execute()
    )
    views = {item["id"]: item["statistics"]["viewCount"] for item in answer["items"]}
    assert views == {p.id: str(p.views(sandbox.world.now)) for p in posts}


def test_search_finds_channels_and_videos(sandbox: Sandbox, youtube: Any) -> None:
    found = youtube.search().list(part="snippet", q="kettle & pine", type="channel").execute()["items"]
    assert [item["snippet"]["title"] for item in found] == ["Kettle &amp; Pine"]  # the real API escapes here
    kuhnya = sandbox.world.channel("кухня.без.спешки")
    assert kuhnya is not None
    page = (
        youtube.search()
        .list(part="snippet", q="борщ", type="video", channelId=kuhnya.id, order="date", maxResults=10)
        .execute()
    )
    assert page["items"]
    assert all("борщ" in item["snippet"]["title"].casefold() for item in page["items"])
    dates = [item["snippet"]["publishedAt"] for item in page["items"]]
    assert dates == sorted(dates, reverse=True)


def test_popular_videos_are_this_weeks(sandbox: Sandbox, youtube: Any) -> None:
    items = youtube.videos().list(part="snippet,statistics", chart="mostPopular", maxResults=10).execute()["items"]
    views = [int(item["statistics"]["viewCount"]) for item in items]
    assert len(views) == 10
    assert views == sorted(views, reverse=True)


def test_quota_is_counted_by_bucket_and_day(sandbox: Sandbox, youtube: Any) -> None:
    sandbox.edit("quota_left", units=1)
    youtube.channels().list(part="id", forHandle="@orbitnotes").execute()
    status, reason, detail = refusal(youtube.channels().list(part="id", forHandle="@orbitnotes"))
    assert (status, reason, detail["domain"]) == (403, "quotaExceeded", "youtube.quota")
    for _ in range(100):
        youtube.search().list(part="snippet", q="tea", type="channel").execute()
    assert refusal(youtube.search().list(part="snippet", q="tea"))[:2] == (403, "quotaExceeded")
    sandbox.clock.advance(20 * 3_600)  # 12:00 UTC to past midnight in California
    youtube.channels().list(part="id", forHandle="@orbitnotes").execute()
    youtube.search().list(part="snippet", q="tea", type="channel").execute()


def error_of(answer: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    assert error["code"] == answer.status_code
    assert error["message"] == error["errors"][0]["message"]
    return error


def test_keys_and_tokens(sandbox: Sandbox, http: httpx.Client) -> None:
    url = "https://www.googleapis.com/youtube/v3/channels?part=id&mine=true"
    assert error_of(http.get(url))["status"] == "PERMISSION_DENIED"
    sandbox.edit("revoke_key", key="old")
    bad_key = error_of(http.get(f"{url}&key=old"))
    assert (bad_key["status"], bad_key["details"][0]["reason"]) == ("INVALID_ARGUMENT", "API_KEY_INVALID")
    bad_token = http.get(url, headers={"authorization": "Bearer stale"})
    assert error_of(bad_token)["errors"][0]["reason"] == "authError"
    assert "invalid_token" in bad_token.headers["www-authenticate"]
    sandbox.edit("grant_token", token="fresh", channel="@boltbench")
    mine = http.get(url, headers={"authorization": "Bearer fresh"}).json()["items"]
    bolt = sandbox.world.channel("@boltbench")
    assert bolt is not None
    assert [item["id"] for item in mine] == [bolt.id]


def test_refusals_have_their_recorded_shapes(sandbox: Sandbox, http: httpx.Client) -> None:
    url = "https://youtube.googleapis.com/youtube/v3/channels?key=k&id=x"
    unknown = error_of(http.get(f"{url}&part=snippets"))["errors"][0]
    assert (unknown["domain"], unknown["reason"], unknown["location"]) == ("youtube.part", "unknownPart", "part")
    sandbox.switch("youtube-api-disabled", True)
    disabled = error_of(http.get(f"{url}&part=id"))
    assert (disabled["errors"][0]["reason"], disabled["details"][1]["reason"]) == (
        "accessNotConfigured",
        "SERVICE_DISABLED",
    )
    sandbox.switch("youtube-key-revoked", True)
    assert error_of(http.get(f"{url}&part=id"))["details"][0]["reason"] == "API_KEY_INVALID"


def test_neither_fake_nor_client_can_drift_from_the_schema(sandbox: Sandbox, http: httpx.Client) -> None:
    with pytest.raises(AssertionError, match="viewsCount"):
        discovery.check("youtube.v3", "Video", {"statistics": {"viewsCount": "1"}})
    with pytest.raises(AssertionError, match="does not match"):
        discovery.check("youtube.v3", "Video", {"statistics": {"viewCount": 1}})  # int64 travels as a string
    assert http.get("https://youtube.googleapis.com/youtube/v3/videos?part=id&maxResults=51&key=k").status_code == 500
    assert http.get("https://youtube.googleapis.com/youtube/v3/videos?part=id&ids=x&key=k").status_code == 500
    with pytest.raises(AssertionError, match=r"(?s)out of range.*unknown parameter 'ids'"):
        testing.assert_clean()
    sandbox.journal.clear()


@pytest.mark.parametrize(
    ("count", "shown"), [(7, 7), (999, 999), (1_234, 1_230), (86_499, 86_400), (1_234_567, 1_230_000)]
)
def test_rounding(count: int, shown: int) -> None:
    assert rounded(count) == shown
