"""YouTube's pages as yt-dlp meets them."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import yt_dlp
from yt_dlp.utils import DownloadError, parse_count

from sandbox.core import Sandbox
from sandbox.growth import DAY
from sandbox.platforms.youtube_text import ago, clock, short
from sandbox.posts import Post
from sandbox.world import Channel

Info = dict[str, Any]


class _Quiet:
    @staticmethod
    def _drop(_: str) -> None: ...

    debug = info = warning = error = _drop


@pytest.fixture
def extract(sandbox: Sandbox) -> Callable[..., Info]:
    options = {
        "quiet": True, "logger": _Quiet, "skip_download": True, "cachedir": False, "compat_opts": ["no-certifi"],
        "extractor_retries": 0, "retries": 0, "socket_timeout": 3, "extract_flat": True,
        "extractor_args": {"youtube": {"player_client": ["web"]}},
    }  # fmt: skip

    def run(address: str, process: bool = False, **more: Any) -> Info:
        with yt_dlp.YoutubeDL({**options, **more}) as ydl:
            found: Info = ydl.extract_info(f"https://www.youtube.com{address}", download=False, process=process)
            if found.get("entries") is not None:
                found["entries"] = list(found["entries"])
            return found

    return run


def of(sandbox: Sandbox, name: str) -> Channel:
    channel = sandbox.world.channel(name)
    assert channel is not None
    return channel


@pytest.mark.parametrize(("tab", "form"), [("videos", "long"), ("shorts", "short"), ("streams", "live")])
def test_a_tab_lists_every_post_of_its_format(
    sandbox: Sandbox, extract: Callable[..., Info], tab: str, form: str
) -> None:
    ferry, moment = of(sandbox, "@pixelferry"), sandbox.world.now
    found = extract(f"/@pixelferry/{tab}", process=True)
    posts = ferry.listed(moment, form)
    assert [entry["id"] for entry in found["entries"]] == [post.id for post in posts]
    assert (found["channel_id"], found["uploader_id"], found["channel"]) == (ferry.id, "@pixelferry", "Pixel Ferry")
    assert found["channel_follower_count"] == 531_000
    for entry, post in zip(found["entries"], posts, strict=True):
        assert entry["title"] == post.title
        if entry.get("live_status") not in ("is_upcoming", "is_live"):
            assert entry["view_count"] == parse_count(f"{short(post.views(moment))} views")
        if tab == "videos":
            assert entry["duration"] == post.duration
    assert len(sandbox.journal.hits) == -(-len(posts) // 30)


@pytest.mark.parametrize(
    "address",
    [
        "/@двор-и-мастерская", quote("/@двор-и-мастерская"), "/c/ДворИМастерская", quote("/c/ДворИМастерская"),
        "/ДворИМастерская", "/channel/{id}", "/@ДВОР-и-мастерская",
    ],
)  # fmt: skip
def test_every_address_of_a_channel(sandbox: Sandbox, extract: Callable[..., Info], address: str) -> None:
    dvor = of(sandbox, "@двор-и-мастерская")
    found = extract(address.format(id=dvor.id) + "/videos")
    assert (found["channel_id"], found["channel"], found["uploader_id"]) == (dvor.id, dvor.title, "@двор-и-мастерская")


def test_user_names_and_other_hosts(sandbox: Sandbox, extract: Callable[..., Info], http: httpx.Client) -> None:
    assert extract("/user/balconylab/videos")["channel_id"] == of(sandbox, "@balconylab").id
    video = of(sandbox, "@kettleandpine").listed(sandbox.world.now)[0]
    link = http.get(f"https://youtu.be/{video.id}")
    assert link.headers["location"].startswith(f"https://www.youtube.com/watch?v={video.id}")
    assert http.get("https://m.youtube.com/@kettleandpine").status_code == 200


@pytest.mark.parametrize("form", ["long", "short", "live"])
def test_one_video(sandbox: Sandbox, extract: Callable[..., Info], form: str) -> None:
    ferry, moment = of(sandbox, "@pixelferry"), sandbox.world.now
    post = ferry.listed(moment, form)[5]
    found = extract(f"/watch?v={post.id}")
    assert found["title"] == post.title
    assert (found["view_count"], found["like_count"]) == (post.views(moment), post.likes(moment))
    assert found["comment_count"] == parse_count(short(post.comments(moment)))
    assert (found["duration"], found["timestamp"]) == (post.duration, int(post.started))
    assert found["media_type"] == {"long": "video", "short": "short", "live": "livestream"}[form]
    assert found["live_status"] == ("was_live" if form == "live" else "not_live")
    assert (found["channel_id"], found["uploader_id"]) == (ferry.id, "@pixelferry")
    assert found["channel_follower_count"] == 531_000
    assert found["availability"] == "public"
    assert len(sandbox.journal.hits) == 1


def test_a_short_by_its_own_address_and_other_players(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    post = of(sandbox, "@tinyterrarium").listed(sandbox.world.now, "short")[3]
    found = extract(f"/shorts/{post.id}", extractor_args={"youtube": {"player_client": ["visionos"]}})
    assert (found["media_type"], found["view_count"]) == ("short", post.views(sandbox.world.now))


def test_what_is_off_or_hidden_is_missing(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    draft = of(sandbox, "@seconddraft")
    assert extract("/@seconddraft/videos")["channel_follower_count"] is None
    post = draft.listed(sandbox.world.now, "long")[4]
    sandbox.edit("comments_off", video=post.id)
    sandbox.edit("hide_likes", video=post.id)
    found = extract(f"/watch?v={post.id}")
    assert (found["like_count"], found["comment_count"], found["channel_follower_count"]) == (None, None, None)
    assert found["view_count"] == post.views(sandbox.world.now)


def coming(sandbox: Sandbox) -> Post:
    ferry, moment = of(sandbox, "@pixelferry"), sandbox.world.now
    return next(p for p in ferry.known(moment + 20 * DAY)[::-1] if p.announced > moment and p.format == "live")


def test_a_stream_through_its_life(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    post = coming(sandbox)

    def seen() -> tuple[Info, Info]:
        listed = extract("/@pixelferry/streams", process=True, playlistend=8)["entries"]
        return extract(f"/watch?v={post.id}", ignore_no_formats_error=True), next(
            e for e in listed if e["id"] == post.id
        )

    sandbox.clock.set(post.announced + 60)
    video, entry = seen()
    assert (video["live_status"], entry["live_status"], video["release_timestamp"]) == (
        "is_upcoming",
        "is_upcoming",
        int(post.at),
    )
    sandbox.clock.set(post.started + post.duration // 2)
    video, entry = seen()
    assert (video["live_status"], entry["live_status"]) == ("is_live", "is_live")
    assert video["concurrent_view_count"] == post.watching(sandbox.world.now)
    sandbox.clock.set(post.ended + 3_600)
    video, entry = seen()
    assert (video["live_status"], entry["live_status"]) == ("was_live", "was_live")
    assert video["duration"] == post.duration


def message(extract: Callable[..., Info], address: str) -> str:
    with pytest.raises(DownloadError) as caught:
        extract(address)
    return str(caught.value)


def test_videos_that_cannot_be_seen_say_why(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    kettle = of(sandbox, "@kettleandpine")
    private, deleted = kettle.listed(sandbox.world.now)[:2]
    sandbox.edit("make_private", video=private.id)
    sandbox.edit("delete", video=deleted.id)
    assert "Private video" in message(extract, f"/watch?v={private.id}")
    assert "removed by the uploader" in message(extract, f"/watch?v={deleted.id}")
    assert "Video unavailable" in message(extract, "/watch?v=xxxxxxxxxxx")
    gone = of(sandbox, "@fastlanefacts").known(sandbox.world.now)[0]
    assert "account associated with this video has been terminated" in message(extract, f"/watch?v={gone.id}")
    listed = [entry["id"] for entry in extract("/@kettleandpine/videos", process=True)["entries"]]
    assert not {private.id, deleted.id} & set(listed)


def test_upcoming_video_without_formats_is_an_error_that_names_its_start(
    sandbox: Sandbox, extract: Callable[..., Info]
) -> None:
    post = coming(sandbox)
    sandbox.clock.set(post.at - 3 * 3_600)
    assert "This live event will begin in 3 hours" in message(extract, f"/watch?v={post.id}")


def test_channels_that_are_not_there_say_so(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    assert "404" in message(extract, "/@nobody-at-all/videos")
    fast = of(sandbox, "@fastlanefacts")
    assert "account has been terminated" in message(extract, f"/channel/{fast.id}/videos")
    assert "does not have a shorts tab" in message(extract, "/@orbitnotes/shorts")
    assert "does not have a videos tab" in message(extract, "/@paperharbor/videos")


def test_a_renamed_channel_is_found_by_its_new_name_only(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    assert extract("/@northloom/videos")["channel_id"] == of(sandbox, "@northloom").id
    sandbox.clock.advance(31 * DAY)
    assert "404" in message(extract, "/@northloom/videos")
    assert extract("/@northloomstudio/videos")["uploader_id"] == "@northloomstudio"


def test_bot_check(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    sandbox.switch("youtube-bot-check", True)
    video = of(sandbox, "@kettleandpine").listed(sandbox.world.now)[0]
    assert "not a bot" in message(extract, f"/watch?v={video.id}")
    sandbox.switch("youtube-bot-check", False)
    assert extract(f"/watch?v={video.id}")["id"] == video.id


def test_consent_page_has_no_data(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    sandbox.switch("youtube-consent", True)
    found = extract("/@kettleandpine/videos")  # yt-dlp finds the same through the API behind the page
    assert found["channel_id"] == of(sandbox, "@kettleandpine").id
    assert [hit.path for hit in sandbox.journal.hits][-1] == "/youtubei/v1/browse"


def test_a_new_layout_leaves_nothing_to_read(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    sandbox.switch("youtube-layout-change", True)
    kettle = of(sandbox, "@kettleandpine")
    listed = extract("/@kettleandpine/videos", process=True)
    assert (listed["entries"], listed["channel_follower_count"]) == ([], None)
    video = extract(f"/watch?v={kettle.listed(sandbox.world.now)[0].id}")
    assert (video["view_count"], video.get("like_count")) == (None, None)


@pytest.mark.parametrize(
    ("preset", "status"),
    [("youtube-429", 429), ("youtube-truncated", None), ("youtube-reset", None), ("youtube-silent", None)],
)
def test_network_faults_are_errors(
    sandbox: Sandbox, extract: Callable[..., Info], preset: str, status: int | None
) -> None:
    sandbox.switch(preset, True)
    with pytest.raises(DownloadError) as caught:
        extract("/@kettleandpine/videos", socket_timeout=0.3)
    assert getattr(caught.value.exc_info[1], "status", None) == status


def test_pictures_are_real_and_distinct(sandbox: Sandbox, http: httpx.Client) -> None:
    kettle = of(sandbox, "@kettleandpine")
    first, second = kettle.listed(sandbox.world.now)[:2]
    jpeg = http.get(f"https://i.ytimg.com/vi/{first.id}/hqdefault.jpg")
    assert (jpeg.headers["content-type"], jpeg.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    assert jpeg.content == http.get(f"https://i.ytimg.com/vi/{first.id}/hqdefault.jpg").content
    assert jpeg.content != http.get(f"https://i.ytimg.com/vi/{second.id}/hqdefault.jpg").content
    webp = http.get(f"https://i.ytimg.com/vi_webp/{first.id}/maxresdefault.webp")
    assert webp.content[8:12] == b"WEBP"
    avatar = http.get(f"https://yt3.ggpht.com/{kettle.id}=s88-c-k-c0x00ffffff-no-rj")
    assert avatar.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(avatar.content) < 20_000
    assert http.get("https://i.ytimg.com/vi/xxxxxxxxxxx/hqdefault.jpg").status_code == 404


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1_000, "1K"), (1_250, "1.2K"), (12_999, "12K"), (1_290_000, "1.2M")]
)
def test_short_numbers(count: int, text: str) -> None:
    assert short(count) == text


def test_words_of_time() -> None:
    assert (short(1_234_567, 3), short(12_345, 3), short(412_000, 3)) == ("1.23M", "12.3K", "412K")
    assert (clock(65), clock(3_725)) == ("1:05", "1:02:05")
    assert (ago(50), ago(7_300), ago(9 * DAY), ago(800 * DAY)) == (
        "1 minute ago",
        "2 hours ago",
        "1 week ago",
        "2 years ago",
    )
