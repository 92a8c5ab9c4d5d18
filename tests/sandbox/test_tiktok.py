"""TikTok in the sandbox, as stock yt-dlp, a browser and plain clients meet it."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import yt_dlp
from yt_dlp.utils import DownloadError

from sandbox.core import Sandbox
from sandbox.platforms.tiktok_web import rounded, short_code
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
    }  # fmt: skip

    def run(address: str, **more: Any) -> Info:
        with yt_dlp.YoutubeDL({**options, **more}) as ydl:
            found: Info = ydl.extract_info(f"https://www.tiktok.com{address}", download=False)
            if found.get("entries") is not None:
                found["entries"] = list(found["entries"])
            return found

    return run


def of(sandbox: Sandbox, name: str = "kettleandpine") -> Channel:
    channel = sandbox.world.channel(name, "tiktok")
    assert channel is not None
    return channel


def test_ids_are_tiktoks(sandbox: Sandbox) -> None:
    for channel in sandbox.world.on("tiktok"):
        assert re.fullmatch(r"MS4wLjABAAAA[\w-]{64}", channel.id)
        assert all(re.fullmatch(r"\d{19}", post.id) for post in channel.listed(sandbox.world.now)[:20])


def test_a_profile_lists_every_post_exactly(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    # yt-dlp begins at the wall clock, which the world's may be behind
    channel, now = of(sandbox), sandbox.world.now
    found = extract("/@kettleandpine", playlistend=40)
    posts = channel.listed(now)[:40]
    assert found["id"] == channel.id
    assert [entry["id"] for entry in found["entries"]] == [post.id for post in posts]
    for entry, post in zip(found["entries"], posts, strict=True):
        assert (entry["view_count"], entry["like_count"]) == (post.views(now), post.likes(now))
        assert (entry["repost_count"], entry["save_count"]) == (post.shares(now), post.saves(now))
        assert entry["timestamp"] == int(post.at)


def test_a_video_page_rounds(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    channel, now = of(sandbox, "tinyterrarium"), sandbox.world.now
    post = channel.listed(now)[3]
    found = extract(f"/@tinyterrarium/video/{post.id}", process=False, ignore_no_formats_error=True)
    assert (found["view_count"], found["like_count"]) == (rounded(post.views(now)), rounded(post.likes(now)))
    assert (found["duration"], found["channel_id"]) == (post.duration, channel.id)


@pytest.mark.parametrize(
    ("count", "shown"), [(9_876, 9_876), (783_427, 783_400), (3_922_256, 3_900_000), (192_199, 192_100)]
)
def test_how_pages_round(count: int, shown: int) -> None:
    assert rounded(count) == shown


def message(extract: Callable[..., Info], address: str) -> str:
    with pytest.raises(DownloadError) as caught:
        extract(address)
    return str(caught.value)


def test_what_cannot_be_seen(sandbox: Sandbox, extract: Callable[..., Info]) -> None:
    hidden, deleted = of(sandbox).listed(sandbox.world.now)[:2]
    sandbox.edit("make_private", video=f"tiktok:{hidden.id}")
    sandbox.edit("delete", video=f"tiktok:{deleted.id}")
    assert "permission" in message(extract, f"/@kettleandpine/video/{hidden.id}")
    assert message(extract, f"/@kettleandpine/video/{deleted.id}")
    sandbox.edit("terminate", channel="tiktok:kettleandpine")
    other = of(sandbox).known(sandbox.world.now)[5]
    assert message(extract, f"/@kettleandpine/video/{other.id}")


def test_short_links_lead_to_their_post(sandbox: Sandbox, http: httpx.Client) -> None:
    post = of(sandbox).listed(sandbox.world.now)[4]
    for address in ("https://vm.tiktok.com", "https://vt.tiktok.com", "https://www.tiktok.com/t"):
        answer = http.get(f"{address}/{short_code(post)}/")
        assert answer.status_code == 301
        assert urlsplit(answer.headers["location"]).path == f"/@kettleandpine/video/{post.id}"
    assert urlsplit(http.get("https://vm.tiktok.com/ZMnobody/").headers["location"]).path == "/"


def test_pictures(sandbox: Sandbox, http: httpx.Client) -> None:
    channel = of(sandbox)
    page = http.get("https://www.tiktok.com/@kettleandpine").text
    avatar = re.search(r"https://[a-z0-9-]+\.tiktokcdn\.com/avatar/[^\"]+", page)
    assert avatar and http.get(avatar[0]).content[:3] == b"\xff\xd8\xff"
    cover = f"https://p16-sign-va.tiktokcdn.com/cover/{channel.listed(sandbox.world.now)[0].id}.jpeg"
    assert http.get(cover).headers["content-type"] == "image/jpeg"
    assert http.get("https://p16-sign-va.tiktokcdn.com/cover/123.jpeg").status_code == 404


def test_faults_of_its_own(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.switch("tiktok-bot-check", True)
    page = http.get("https://www.tiktok.com/@kettleandpine")
    assert page.status_code == 200 and "__UNIVERSAL_DATA_FOR_REHYDRATION__" not in page.text
    assert http.get("https://www.tiktok.com/api/creator/item_list/?cursor=1&count=15").content == b""
    sandbox.switch("tiktok-bot-check", False)
    sandbox.switch("tiktok-layout-change", True)
    assert "webapp.user-detail" not in http.get("https://www.tiktok.com/@kettleandpine").text


def test_the_consent_page_without_a_proxy(sandbox: Sandbox) -> None:
    address = f"{sandbox.consent_url}/www.tiktok.com/v2/auth/authorize/"
    query = {"client_key": "c", "response_type": "code", "scope": "user.info.basic", "redirect_uri": "http://x/y", "state": "s"}  # fmt: skip # noqa: E501
    with httpx.Client(trust_env=False) as browser:
        page = browser.get(address, params=query)
        assert page.status_code == 200 and "Kettle &amp; Pine" in page.text
        gone = browser.post(str(page.url), data={"account": of(sandbox).id, "decision": "allow"})
        back = urlsplit(gone.headers["location"])
        assert (gone.status_code, back.netloc, back.path) == (303, "x", "/y") and parse_qs(back.query)["code"]
        for wrong in ({"scope": "everything"}, {"scope": ""}, {"response_type": "token"}, {"redirect_uri": ""}):
            assert browser.get(address, params={**query, **wrong}).status_code == 400
        nobody = browser.post(str(page.url), data={"account": "nobody", "decision": "allow"})
        assert nobody.status_code == 400


def test_the_display_api_refuses_as_recorded(sandbox: Sandbox, http: httpx.Client) -> None:
    api = "https://open.tiktokapis.com/v2"
    answer = http.get(f"{api}/user/info/?fields=open_id", headers={"authorization": "Bearer act.x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "access_token_invalid")
    grant = sandbox.world.grants.give(
        "tiktok", subject=of(sandbox).id, scopes=("user.info.basic",), moment=sandbox.world.now, access_seconds=60.0
    )
    allowed = {"authorization": f"Bearer {grant.access}"}
    for path, status, code in (
        ("/user/info/?fields=open_id,display_name", 200, "ok"),
        ("/user/info/", 400, "invalid_params"),
        ("/user/info/?fields=follower_count", 401, "scope_not_authorized"),
    ):
        answer = http.get(api + path, headers=allowed)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    listed = http.post(f"{api}/video/list/?fields=id", headers=allowed, json={"max_count": 5})
    assert listed.json()["error"]["code"] == "scope_not_authorized"


def test_ensemble_counts_units(sandbox: Sandbox, http: httpx.Client) -> None:
    base = "https://ensembledata.com/apis/tt"
    answer = http.get(f"{base}/user/posts?username=kettleandpine&depth=3&token=t")
    assert len(answer.json()["data"]) == 30 and answer.headers["units_charged"] == "3" and answer.json()["nextCursor"]
    sandbox.edit("quota_left", units=0, bucket="ensemble")
    assert http.get(f"{base}/user/info?username=kettleandpine&token=t").status_code == 495
    assert http.get(f"{base}/user/info?username=kettleandpine").status_code == 491
