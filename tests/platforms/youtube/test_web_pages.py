"""The source of public pages: real yt-dlp, through the egress proxy, against the sandbox."""

import json
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.ports.errors import Blocked, Changed, Gone, PlatformError, RetryAfter
from app.domain.ports.platform import ListsPosts, ReadsAccount, ReadsPosts
from app.domain.ports.values import (
    Format,
    Metric,
    Missing,
    PostGone,
    PostReading,
    PostResult,
    PostState,
    PostUnread,
    Ref,
    RefKind,
)
from app.lib import clock
from app.lib.egress import Egress
from app.platforms.youtube import parse_web
from app.platforms.youtube.ytdlp import WebPages
from sandbox.core import Sandbox
from sandbox.world import Channel
from tests.platforms.conftest import Ledger
from tests.platforms.youtube.conftest import ANY, by_id

SITE = "www.youtube.com"


def ref(kind: RefKind, value: str) -> Ref:
    return Ref("youtube", kind, value)


def channel_of(sandbox: Sandbox, name: str) -> Channel:
    channel = sandbox.world.channel(name)
    assert channel is not None
    return channel


async def every(batches: AsyncIterator[Sequence[PostResult]]) -> list[PostResult]:
    return [result async for batch in batches for result in batch]


async def posts(web: WebPages, channel: str, limit: int = 12) -> list[PostResult]:
    return await every(web.list_posts(by_id(channel), limit=limit, known=frozenset()))


def test_declares_what_it_can(web: WebPages) -> None:
    assert isinstance(web, ReadsAccount) and isinstance(web, ListsPosts) and isinstance(web, ReadsPosts)
    assert web.configured and len(web.version) <= 32


# ---------------------------------------------------------------- accounts


@pytest.mark.parametrize(
    ("kind", "value", "handle"),
    [
        (RefKind.HANDLE, "orbitnotes", "orbitnotes"),
        (RefKind.HANDLE, "двор-и-мастерская", "двор-и-мастерская"),
        (RefKind.USER, "balconylab", "balconylab"),
        (RefKind.CUSTOM, "OrbitNotes", "orbitnotes"),
        (RefKind.CUSTOM, "ДворИМастерская", "двор-и-мастерская"),
        (RefKind.HANDLE, "paperharbor", "paperharbor"),  # without a single video
    ],
)
async def test_an_account_by_its_names(web: WebPages, sandbox: Sandbox, kind: RefKind, value: str, handle: str) -> None:
    channel = channel_of(sandbox, handle)
    profile = await web.read_account(ref(kind, value))
    assert (profile.external_id, profile.title, profile.handle) == (channel.id, channel.title, handle)
    by_id = await web.read_account(ref(RefKind.ID, channel.id))
    assert by_id == profile
    assert len(sandbox.journal.hits) == 2


async def test_an_account_and_its_numbers(web: WebPages, sandbox: Sandbox) -> None:
    profile = await web.read_account(ref(RefKind.HANDLE, "orbitnotes"))
    assert profile.metrics == {Metric.FOLLOWERS: 1_230_000, Metric.VIEWS: None, Metric.POSTS: None}
    assert profile.missing == {Metric.VIEWS: Missing.NOT_GIVEN, Metric.POSTS: Missing.NOT_GIVEN}
    assert (profile.avatar_url or "").startswith("https://yt3.") and profile.description


async def test_a_video_names_its_channel(web: WebPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox, "boltbench")
    video = channel.listed(sandbox.world.now)[3].id
    assert (await web.read_account(ref(RefKind.POST, video))).external_id == channel.id


async def test_hidden_subscribers_are_null(web: WebPages) -> None:
    profile = await web.read_account(ref(RefKind.HANDLE, "seconddraft"))
    assert profile.metrics[Metric.FOLLOWERS] is None and profile.missing[Metric.FOLLOWERS] is Missing.NOT_GIVEN


@pytest.mark.parametrize(
    "who",
    [
        ref(RefKind.HANDLE, "nobody-has-this"),
        ref(RefKind.HANDLE, "fastlanefacts"),  # terminated
        ref(RefKind.ID, "UC" + "x" * 22),
        ref(RefKind.CUSTOM, "NobodyHasThis"),
        ref(RefKind.POST, "xxxxxxxxxxx"),
    ],
)
async def test_who_is_not_there_is_gone(web: WebPages, who: Ref) -> None:
    with pytest.raises(Gone):
        await web.read_account(who)


async def test_what_has_lost_its_place_is_unreadable_and_what_is_hidden_is_not_given(
    web: WebPages, sandbox: Sandbox
) -> None:
    channel = channel_of(sandbox, "orbitnotes")
    old, new = (post.id for post in channel.listed(sandbox.world.now, "long")[:2])
    sandbox.edit("hide_likes", video=old)
    sandbox.edit("comments_off", video=old)
    hidden = parse_web.video(old, *await web._run(web._watch, old), "videos")
    assert isinstance(hidden, PostReading)
    assert hidden.missing == {Metric.LIKES: Missing.NOT_GIVEN, Metric.COMMENTS: Missing.NOT_GIVEN}
    info, said = await web._run(web._watch, new)
    assert info[parse_web.PLACES] >= {"likes", "comments"}
    moved = {**info, "like_count": None, "comment_count": None, parse_web.PLACES: frozenset()}
    odd = parse_web.video(new, moved, said, "videos")
    assert isinstance(odd, PostReading)
    assert odd.missing == {Metric.LIKES: Missing.UNREADABLE, Metric.COMMENTS: Missing.UNREADABLE}
    sandbox.switch("youtube-layout-change", True)
    profile = await web.read_account(ref(RefKind.HANDLE, "orbitnotes"))
    assert profile.missing[Metric.FOLLOWERS] is Missing.UNREADABLE


# ---------------------------------------------------------------- posts


@pytest.mark.parametrize("name", ["kettleandpine", "pixelferry", "tinyterrarium", "orbitnotes"])
async def test_posts_with_their_numbers(web: WebPages, sandbox: Sandbox, name: str) -> None:
    channel = channel_of(sandbox, name)
    now = sandbox.world.now
    readings = await posts(web, channel.id, 20)
    listed = [post for post in channel.listed(now) if post.state(now).value == "public"][:20]
    running = [r for r in readings if isinstance(r, PostReading) and r.state is not PostState.PUBLIC]
    public = [r for r in readings if isinstance(r, PostReading) and r.state is PostState.PUBLIC]
    assert len(readings) == len(running) + len(public) == 20
    assert [r.external_id for r in public] == [post.id for post in listed[: len(public)]]
    for reading, post in zip(public, listed, strict=False):
        assert reading.title == post.title and reading.duration == post.duration and reading.format.value == post.format
        assert reading.metrics[Metric.VIEWS] == post.views(now)
        assert reading.metrics[Metric.LIKES] == (None if post.likes_hidden else post.likes(now))
        assert (reading.metrics[Metric.COMMENTS] is None) is post.comments_off
        assert set(reading.missing) == {metric for metric, value in reading.metrics.items() if value is None}
        assert reading.published_at is not None and int(reading.published_at.timestamp()) == int(post.started)


async def test_they_come_in_small_batches_and_little_is_read_for_nothing(web: WebPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox, "kettleandpine")
    batches = [batch async for batch in web.list_posts(by_id(channel.id), limit=23, known=frozenset())]
    assert [len(batch) for batch in batches] == [5, 5, 5, 5, 3]
    watched = [hit for hit in sandbox.journal.hits if hit.path == "/watch"]
    assert 23 <= len(watched) <= 23 + 2 * 4
    assert len(sandbox.journal.hits) - len(watched) == 3  # three tabs


async def test_more_than_a_page_of_a_tab(web: WebPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox, "tinyterrarium")
    readings = await posts(web, channel.id, 70)
    assert [r.external_id for r in readings] == [post.id for post in channel.listed(sandbox.world.now)[:70]]
    assert {r.format for r in readings if isinstance(r, PostReading)} == {Format.SHORT}


async def test_a_channel_without_videos_has_no_posts(web: WebPages, sandbox: Sandbox) -> None:
    assert await posts(web, channel_of(sandbox, "paperharbor").id) == []


async def test_streams_and_their_states(web: WebPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox, "pixelferry")
    seen: dict[PostState, PostReading] = {}
    for _ in range(200):
        now = sandbox.world.now
        streams = [post.id for post in channel.listed(now, "live")[:3]]
        for result in await every(web.read_posts(ANY, streams)):
            if isinstance(result, PostReading):
                assert result.format is Format.LIVE
                seen.setdefault(result.state, result)
        if {PostState.UPCOMING, PostState.LIVE_NOW, PostState.PUBLIC} <= set(seen):
            break
        sandbox.clock.advance(3_600)
    assert {PostState.UPCOMING, PostState.LIVE_NOW, PostState.PUBLIC} <= set(seen)
    assert seen[PostState.UPCOMING].duration is None and seen[PostState.PUBLIC].duration


async def test_posts_by_id_and_those_that_went_away(web: WebPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox, "kettleandpine")
    now = sandbox.world.now
    hidden, deleted, *rest = (post.id for post in channel.listed(now)[:12])
    sandbox.edit("make_private", video=hidden)
    sandbox.edit("delete", video=deleted)
    results = await every(web.read_posts(ANY, [hidden, deleted, *rest, rest[0], "nevernever1"]))
    assert [r.external_id for r in results] == [hidden, deleted, *rest, "nevernever1"]
    assert results[:2] == [PostGone(hidden, PostState.PRIVATE), PostGone(deleted, PostState.DELETED)]
    assert results[-1] == PostGone("nevernever1", PostState.DELETED)
    for result in results[2:-1]:
        assert isinstance(result, PostReading)
        pair = sandbox.world.post(result.external_id)
        assert pair is not None and result.format.value == pair[1].format


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("preset", "kind"),
    [
        ("youtube-429", RetryAfter),
        ("youtube-reset", RetryAfter),
        ("youtube-bot-check", Blocked),
        ("youtube-layout-change", Changed),
    ],
)
async def test_every_failure_says_what_happens_next(
    web: WebPages, sandbox: Sandbox, preset: str, kind: type[PlatformError]
) -> None:
    channel = channel_of(sandbox, "kettleandpine")
    video = channel.listed(sandbox.world.now)[0].id
    sandbox.switch(preset, True)
    with pytest.raises(PlatformError) as error:
        await posts(web, channel.id)
    assert type(error.value) is kind
    if kind is not Changed:  # the page of a single video still has its own id and title
        with pytest.raises(kind):
            await every(web.read_posts(ANY, [video]))
    sandbox.switch(preset, False)
    assert len(await posts(web, channel.id, 5)) == 5


async def test_a_changed_watch_page_is_that_videos_own(web: WebPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox, "kettleandpine")
    first, *others = (post.id for post in channel.listed(sandbox.world.now)[:6])
    body = b'<html><script>var ytInitialPlayerResponse = {"videoDetails": []};</script></html>'
    sandbox.replay.add(SITE, "GET", "/watch", {"v": first}, headers={"content-type": "text/html"}, body=body)
    sandbox.replay.add(SITE, "POST", "/youtubei/v1/player", body=b"{}")
    sandbox.replay.add(SITE, "POST", "/youtubei/v1/next", body=b"{}")
    results = {result.external_id: result for result in await posts(web, channel.id, 6)}
    assert isinstance(results[first], PostUnread) and results[first].kind == "changed"  # type: ignore[union-attr]
    assert all(isinstance(results[one], PostReading) for one in others)


async def test_a_page_with_films_to_download_costs_no_more(web: WebPages, sandbox: Sandbox, egress: Egress) -> None:
    """Real pages carry formats, ciphers and manifests that only a player's own script could make sense of."""
    post = channel_of(sandbox, "kettleandpine").listed(sandbox.world.now)[0]
    (plain,) = await every(web.read_posts(ANY, [post.id]))
    streams = {
        "expiresInSeconds": "21540",
        "formats": [{"itag": 18, "signatureCipher": "s=abc&sp=sig&url=https%3A%2F%2Fr1.googlevideo.com%2Fa%3Fn%3Dxyz"}],
        "adaptiveFormats": [
            {"itag": 137, "url": "https://r1.googlevideo.com/videoplayback?n=abc", "mimeType": "video/mp4"}
        ],
        "hlsManifestUrl": "https://manifest.googlevideo.com/api/manifest/hls_variant/n/abc/file/index.m3u8",
        "serverAbrStreamingUrl": "https://r1.googlevideo.com/videoplayback?n=abc",
    }
    page = await egress.fetch(f"https://{SITE}/watch?v={post.id}", max_bytes=1_000_000, timeout=5)
    added = b'var ytInitialPlayerResponse = {"streamingData": ' + json.dumps(streams).encode() + b", "
    body = page.body.replace(b"var ytInitialPlayerResponse = {", added)
    assert body != page.body
    sandbox.replay.add(SITE, "GET", "/watch", headers={"content-type": "text/html"}, body=body)
    sandbox.journal.clear()
    assert await every(web.read_posts(ANY, [post.id])) == [plain]
    assert len(sandbox.journal.hits) == 1


async def test_a_channel_that_lost_all_its_tabs_is_not_empty(web: WebPages, sandbox: Sandbox, egress: Egress) -> None:
    channel = channel_of(sandbox, "boltbench")
    for tab in ("videos", "streams", "shorts"):
        path = f"/channel/{channel.id}/{tab}"
        page = (await egress.fetch(f"https://{SITE}{path}", max_bytes=1_000_000, timeout=5)).body
        lost = page.replace(f'/{tab}"'.encode(), b'/else"')
        sandbox.replay.add(SITE, "GET", path, headers={"content-type": "text/html"}, body=lost)
    videos = (await egress.fetch(f"https://{SITE}/@boltbench/videos", max_bytes=1_000_000, timeout=5)).body
    home = videos.replace(b'/videos"', b'/featured"')  # a first page that shows videos
    path = f"/channel/{channel.id}/featured"
    sandbox.replay.add(SITE, "GET", path, headers={"content-type": "text/html"}, body=home)
    with pytest.raises(Changed):
        await posts(web, channel.id)


async def test_what_was_read_before_a_failure_is_kept(web: WebPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox, "kettleandpine")
    sandbox.fault(SITE, "^/(watch|youtubei)", times=-1, skip=12, status=429, headers={"retry-after": "77"})
    kept: list[PostResult] = []

    async def keep() -> None:
        async for batch in web.list_posts(by_id(channel.id), limit=40, known=frozenset()):
            kept.extend(batch)

    with pytest.raises(RetryAfter) as error:
        await keep()
    assert 1 <= len(kept) <= 12 and all(isinstance(result, PostReading) for result in kept)
    assert error.value.until - clock.now() == timedelta(seconds=77)


@pytest.mark.parametrize("status", [403, 500, 503])
async def test_statuses(web: WebPages, sandbox: Sandbox, status: int) -> None:
    sandbox.fault(SITE, times=-1, status=status)
    with pytest.raises(Blocked if status == 403 else RetryAfter):
        await web.read_account(ref(RefKind.HANDLE, "orbitnotes"))


async def test_half_answers(web: WebPages, sandbox: Sandbox) -> None:
    sandbox.switch("youtube-truncated", True)
    with pytest.raises(RetryAfter):
        await web.read_account(ref(RefKind.HANDLE, "orbitnotes"))


async def test_a_page_of_consent_is_no_empty_channel(web: WebPages, sandbox: Sandbox) -> None:
    """yt-dlp gets past it over the pages' own interface; were that closed too, it would be Changed."""
    sandbox.switch("youtube-consent", True)
    assert (await web.read_account(ref(RefKind.HANDLE, "orbitnotes"))).metrics[Metric.FOLLOWERS]
    sandbox.fault(SITE, "^/youtubei", times=-1, status=200, body="<html></html>")
    with pytest.raises(Changed):
        await web.read_account(ref(RefKind.HANDLE, "orbitnotes"))


async def test_a_silent_site_is_given_up(web: WebPages, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.platforms.youtube.ytdlp._TIMEOUT", 0.3)
    sandbox.fault(SITE, times=-1, hang=True)
    with pytest.raises(RetryAfter):
        await web.read_account(ref(RefKind.HANDLE, "orbitnotes"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Sign in to confirm you’re not a bot. This helps protect our community.", Blocked),
        ("This content isn't available, try again later.", RetryAfter),
        ("Sign in to confirm your age. This video may be inappropriate for some users.", "unsupported"),
        ("Join this channel to get access to members-only content like this video.", "unsupported"),
        ("Video unavailable. The uploader has not made this video available in your country", "unsupported"),
        ("This video is no longer available because the YouTube account has been terminated.", PostState.DELETED),
        ("Private video. Sign in if you've been granted access to this video", PostState.PRIVATE),
        ("Something we have never heard", "retry_after"),
    ],
)
async def test_what_youtube_says_of_a_video(web: WebPages, sandbox: Sandbox, said: str, expected: Any) -> None:
    video = channel_of(sandbox, "kettleandpine").listed(sandbox.world.now)[0].id
    blob = {"playabilityStatus": {"status": "ERROR", "reason": said}, "videoDetails": {"videoId": video}}
    page = f"<html><script>var ytInitialPlayerResponse = {json.dumps(blob)};</script></html>"
    sandbox.replay.add(SITE, "GET", "/watch", headers={"content-type": "text/html"}, body=page.encode())
    reading = every(web.read_posts(ANY, [video]))
    if isinstance(expected, PostState):
        assert await reading == [PostGone(video, expected)]
    elif isinstance(expected, str):
        (result,) = await reading
        assert isinstance(result, PostUnread) and result.kind == expected
    else:
        with pytest.raises(expected):
            await reading


def left_behind(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_it_goes_through_the_proxy_and_leaves_nothing_behind(
    web: WebPages, sandbox: Sandbox, egress: Egress, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    targets: set[Any] = set()
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        if threading.current_thread().name.startswith("youtube-pages"):
            targets.add(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    await posts(web, channel_of(sandbox, "kettleandpine").id, 5)
    assert egress.stats()[SITE].requests and ledger.spent == {}
    assert {port for _, port in targets} == {int(egress.proxy_url.rpartition(":")[2])}
    assert left_behind(tmp_path) == []
