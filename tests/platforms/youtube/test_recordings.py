"""What YouTube really answered, through our parsers, and through Google's client over the sandbox."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from app.domain.ports.errors import Changed, Gone, NeedsAction, PlatformError, QuotaSpent
from app.domain.ports.values import Format, Metric, Missing, PostReading, PostState, Ref, RefKind
from app.platforms.youtube import api_errors, parse_api
from app.platforms.youtube.data_api import DataApi
from sandbox.core import Sandbox
from tests.platforms.youtube.conftest import ANY
from tests.platforms.youtube.recordings import Recording, needed, recordings

pytestmark = [needed, pytest.mark.recordings]

API = "youtube.googleapis.com"


def same_moment(text: str | None, moment: datetime | None) -> bool:
    return moment == (datetime.fromisoformat(text) if text else None)


def same_number(part: dict[str, Any], key: str, value: int | None, why: Missing | None) -> bool:
    """The very number that was recorded, or null with a reason where there was none."""
    return (value == int(part[key]) and why is None) if key in part else (value is None and why is not None)


@pytest.mark.parametrize("recording", recordings("channels"), ids=str)
def test_channels(recording: Recording) -> None:
    if not recording.items:
        with pytest.raises(Gone):
            parse_api.channel(recording.answer)
    for item in recording.items:
        profile = parse_api.channel(recording.answer | {"items": [item]})
        snippet, numbers = item.get("snippet", {}), item.get("statistics", {})
        assert profile.external_id == item["id"] and profile.title == snippet.get("title", "")
        assert same_moment(snippet.get("publishedAt"), profile.created_at)
        assert profile.country == snippet.get("country") and bool(profile.avatar_url) == ("thumbnails" in snippet)
        assert profile.handle is None or f"@{profile.handle}" == snippet["customUrl"]
        for metric, key in ((Metric.VIEWS, "viewCount"), (Metric.POSTS, "videoCount")):
            assert same_number(numbers, key, profile.metrics[metric], profile.missing.get(metric))
        followers, why = profile.metrics[Metric.FOLLOWERS], profile.missing.get(Metric.FOLLOWERS)
        if numbers.get("hiddenSubscriberCount"):
            assert followers is None and why is Missing.HIDDEN
        else:
            assert same_number(numbers, "subscriberCount", followers, why)


@pytest.mark.parametrize("recording", recordings("playlistItems"), ids=str)
def test_playlists(recording: Recording) -> None:
    named = [
        item.get("contentDetails", {}).get("videoId") or item.get("snippet", {}).get("resourceId", {}).get("videoId")
        for item in recording.items
    ]
    if not all(named):  # a part that names no video was asked for; ours always does
        with pytest.raises(Changed):
            parse_api.playlist_page(recording.answer)
        return
    page = parse_api.playlist_page(recording.answer)
    assert [entry.video_id for entry in page.entries] == named
    assert page.next_page == recording.answer.get("nextPageToken")
    for entry, item in zip(page.entries, recording.items, strict=True):
        assert same_moment(item.get("contentDetails", {}).get("videoPublishedAt"), entry.published_at)


@pytest.mark.parametrize("recording", recordings("videos"), ids=str)
def test_videos(recording: Recording) -> None:
    found = parse_api.videos(recording.answer)
    assert list(found) == [item["id"] for item in recording.items]
    for item in recording.items:
        reading = found[item["id"]]
        assert isinstance(reading, PostReading)
        check_video(item, reading)


def check_video(item: dict[str, Any], reading: PostReading) -> None:
    snippet, numbers = item.get("snippet", {}), item.get("statistics", {})
    assert reading.title == snippet.get("title", "") and same_moment(snippet.get("publishedAt"), reading.published_at)
    for metric, key in ((Metric.VIEWS, "viewCount"), (Metric.LIKES, "likeCount"), (Metric.COMMENTS, "commentCount")):
        assert same_number(numbers, key, reading.metrics[metric], reading.missing.get(metric)), (item["id"], key)
    assert set(reading.metrics) == {Metric.VIEWS, Metric.LIKES, Metric.COMMENTS}
    if item.get("contentDetails", {}).get("duration", "P0D") not in ("P0D", "PT0S"):
        assert reading.duration
    if item.get("liveStreamingDetails"):
        assert reading.format is Format.LIVE
    elif reading.duration is not None:
        assert (reading.format is Format.LONG) == (reading.duration > 180)
    if item.get("status", {}).get("privacyStatus") in ("private", "unlisted"):
        assert reading.state.value == item["status"]["privacyStatus"]


def test_streams_of_the_past_and_of_the_future_are_told_apart() -> None:
    states = Counter(
        reading.state
        for recording in recordings("videos")
        for reading in parse_api.videos(recording.answer).values()
        if isinstance(reading, PostReading) and reading.format is Format.LIVE
    )
    assert states[PostState.UPCOMING] and states[PostState.PUBLIC]


EXPECTED = {"quotaExceeded": QuotaSpent, "keyInvalid": NeedsAction, "authError": NeedsAction}


@pytest.mark.parametrize("recording", recordings("error"), ids=str)
def test_errors(recording: Recording) -> None:
    error = api_errors.failure(recording.status, recording.answer, None)
    named = [entry.get("reason") for entry in recording.answer["error"].get("errors", [])]
    refused = NeedsAction if recording.status in (401, 403) else Changed
    expected = next((EXPECTED[reason] for reason in named if reason in EXPECTED), refused)
    assert type(error) is expected, named
    assert recording.answer["error"]["message"] not in str(error)  # not a word of theirs: it may hold the key


@pytest.mark.parametrize("recording", recordings("channels"), ids=str)
async def test_channels_through_the_client(recording: Recording, api: DataApi, sandbox: Sandbox) -> None:
    sandbox.replay.add(API, "GET", "/youtube/v3/channels", body=json.dumps(recording.answer).encode())
    reading = api.read_account(Ref("youtube", RefKind.ID, "UC" + "x" * 22))
    if recording.items:
        assert await reading == parse_api.channel(recording.answer)
    else:
        with pytest.raises(Gone):
            await reading


@pytest.mark.parametrize("recording", recordings("videos"), ids=str)
async def test_videos_through_the_client(recording: Recording, api: DataApi, sandbox: Sandbox) -> None:
    sandbox.replay.add(API, "GET", "/youtube/v3/videos", body=json.dumps(recording.answer).encode())
    ids = [item["id"] for item in recording.items][:50]
    results = [result async for batch in api.read_posts(ANY, ids) for result in batch]
    assert results == [parse_api.videos(recording.answer)[one] for one in ids]


@pytest.mark.parametrize("recording", recordings("error"), ids=str)
async def test_errors_through_the_client(recording: Recording, api: DataApi, sandbox: Sandbox) -> None:
    body = json.dumps(recording.answer).encode()
    sandbox.replay.add(API, "GET", "/youtube/v3/channels", status=recording.status, body=body)
    with pytest.raises(PlatformError) as error:
        await api.read_account(Ref("youtube", RefKind.ID, "UC" + "x" * 22))
    assert type(error.value) is type(api_errors.failure(recording.status, recording.answer, None))
