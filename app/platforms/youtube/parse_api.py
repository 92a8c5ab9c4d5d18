"""YouTube Data API v3 answers -> our values. Pure.

Shapes: developers.google.com/youtube/v3/docs, checked against answers recorded 2019-11 to 2022-11.
Counts travel as strings. A key that is not there is a number we do not have, never 0; a value of
another type than documented is never guessed at.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from app.domain.ports.errors import Changed, Gone
from app.domain.ports.values import Format, Metric, Missing, PostReading, PostState, PostUnread, Profile, Ref, RefKind
from app.platforms.youtube import words
from app.platforms.youtube.links import PLATFORM, profile_url, video_url

LONGEST_SHORT = 180  # seconds; support.google.com/youtube/answer/15424877, since 2024-10-15
MOST = 10**15  # more than all of YouTube has: a number above it is a fault, not a count
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?")
_THUMBNAILS = ("medium", "high", "standard", "default", "maxres")  # medium: 320 wide, no black bars

Number = tuple[int | None, Missing | None]


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a playlist. private: the playlist says so; None when it says nothing."""

    video_id: str
    private: bool
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlaylistPage:
    entries: tuple[Listed, ...]
    next_page: str | None


def changed(field: str) -> Changed:
    return Changed(words.CHANGED, field=field)


def items(answer: object) -> list[Mapping[str, Any]]:
    """The resources of a list answer; an answer about nothing may leave `items` out. Raises Changed."""
    if not isinstance(answer, dict):
        raise changed("answer")
    if "items" not in answer:
        info = answer.get("pageInfo")
        if isinstance(info, dict) and info.get("totalResults") == 0:
            return []
        raise changed("items")
    found = answer["items"]
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise changed("items")
    return found


def channel(answer: object) -> Profile:
    """The one channel of a channels.list answer. Raises Gone when there is none, Changed."""
    found = channels(answer)
    if not found:
        raise Gone(words.NO_CHANNEL)
    return found[0]


def channels(answer: object) -> list[Profile]:
    """The channels of a channels.list answer. Raises Changed."""
    return [_channel(item) for item in items(answer)]


def _channel(item: Mapping[str, Any]) -> Profile:
    snippet, statistics = _part(item, "snippet"), _part(item, "statistics")
    channel_id = _id(item)
    custom = _text(snippet, "customUrl", "")
    # A custom name of before 2022 has no @ and is no handle.
    handle = custom[1:] if custom.startswith("@") and 1 < len(custom) < 200 else None
    numbers = {
        Metric.FOLLOWERS: _subscribers(statistics),
        Metric.POSTS: _count(statistics, "videoCount", Missing.NOT_GIVEN),
        Metric.VIEWS: _count(statistics, "viewCount", Missing.NOT_GIVEN),
    }
    return Profile(
        external_id=channel_id,
        handle=handle,
        title=_text(snippet, "title", ""),
        url=profile_url(Ref(PLATFORM, RefKind.HANDLE, handle) if handle else Ref(PLATFORM, RefKind.ID, channel_id)),
        metrics={metric: value for metric, (value, _) in numbers.items()},
        missing={metric: reason for metric, (_, reason) in numbers.items() if reason is not None},
        avatar_url=_thumbnail(snippet),
        description=_text(snippet, "description", "") or None,
        created_at=_moment(snippet, "publishedAt"),
        country=country if _COUNTRY.fullmatch(country := _text(snippet, "country", "")) else None,
    )


def playlist_page(answer: object) -> PlaylistPage:
    """A page of playlistItems.list. Raises Changed."""
    entries = []
    for item in items(answer):
        content, snippet = _part(item, "contentDetails"), _part(item, "snippet")
        video_id = content.get("videoId") or _part(snippet, "resourceId").get("videoId")
        if not isinstance(video_id, str) or not _ID.fullmatch(video_id):
            raise changed("contentDetails.videoId")
        private = _part(item, "status").get("privacyStatus") == "private"
        entries.append(Listed(video_id, private, _moment(content, "videoPublishedAt")))
    token = answer.get("nextPageToken") if isinstance(answer, dict) else None
    if token is not None and not isinstance(token, str):
        raise changed("nextPageToken")
    return PlaylistPage(tuple(entries), token or None)


def videos(answer: object) -> dict[str, PostReading | PostUnread]:
    """The videos of a videos.list answer by id. One that cannot be read is unread; Changed when none can."""
    found: dict[str, PostReading | PostUnread] = {}
    failed: Changed | None = None
    for item in items(answer):
        try:
            reading = video(item)
        except Changed as error:
            failed = error
            if isinstance(named := item.get("id"), str):
                found[named] = PostUnread(named, error.kind, error.message, error.params)
        else:
            found[reading.external_id] = reading
    if failed is not None and not any(isinstance(result, PostReading) for result in found.values()):
        raise failed
    return found


def channel_of_video(answer: object) -> str:
    """Whose video it is. Raises Gone, Changed."""
    found = items(answer)
    if not found:
        raise Gone(words.NO_VIDEO)
    channel_id = _part(found[0], "snippet").get("channelId")
    if not isinstance(channel_id, str) or not _ID.fullmatch(channel_id):
        raise changed("snippet.channelId")
    return channel_id


def video(item: Mapping[str, Any]) -> PostReading:
    """One video. Its format is LIVE, LONG, or UNKNOWN where only the Shorts playlist can tell. Raises Changed."""
    video_id = _id(item)
    snippet, statistics = _part(item, "snippet"), _part(item, "statistics")
    state = _state(item, snippet)
    duration = _duration(_part(item, "contentDetails"))
    no_views = Missing.NOT_YET if state is PostState.UPCOMING else Missing.NOT_GIVEN
    given = "statistics" in item
    numbers = {
        Metric.VIEWS: _count(statistics, "viewCount", no_views),
        Metric.LIKES: _count(statistics, "likeCount", Missing.HIDDEN if given else Missing.NOT_GIVEN),
        Metric.COMMENTS: _count(statistics, "commentCount", Missing.OFF if given else Missing.NOT_GIVEN),
    }
    return PostReading(
        external_id=video_id,
        url=video_url(video_id),
        title=_text(snippet, "title", ""),
        published_at=_moment(snippet, "publishedAt"),
        format=_format(item, snippet, duration),
        metrics={metric: value for metric, (value, _) in numbers.items()},
        missing={metric: reason for metric, (_, reason) in numbers.items() if reason is not None},
        state=state,
        duration=duration,
        thumbnail_url=_thumbnail(snippet),
    )


def with_format(reading: PostReading, shorts: Collection[str], longs: Collection[str]) -> PostReading:
    """The reading with the format that the channel's own playlists of Shorts and of long videos give it."""
    known = Format.SHORT if reading.external_id in shorts else Format.LONG if reading.external_id in longs else None
    return replace(reading, format=known) if known and reading.format is Format.UNKNOWN else reading


def is_id(text: str) -> bool:
    """Whether it can be a video's id."""
    return _ID.fullmatch(text) is not None


def count(value: object) -> int | None:
    """A count as the API writes it: a string of digits. None for everything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        number = int(value)
        return number if number <= MOST else None
    return None


def _count(statistics: Mapping[str, Any], key: str, absent: Missing) -> Number:
    if key not in statistics:
        return None, absent
    value = count(statistics[key])
    return value, None if value is not None else Missing.UNREADABLE


def _subscribers(statistics: Mapping[str, Any]) -> Number:
    """Rounded down by YouTube to three figures; "0" beside hiddenSubscriberCount is no count."""
    hidden = statistics.get("hiddenSubscriberCount", False)
    if hidden is True:
        return None, Missing.HIDDEN
    if hidden is not False:
        return None, Missing.UNREADABLE
    return _count(statistics, "subscriberCount", Missing.NOT_GIVEN)


def _state(item: Mapping[str, Any], snippet: Mapping[str, Any]) -> PostState:
    live = snippet.get("liveBroadcastContent")
    times = _part(item, "liveStreamingDetails")
    if live == "upcoming" or (live is None and "scheduledStartTime" in times and "actualStartTime" not in times):
        return PostState.UPCOMING
    if live == "live" or (live is None and "actualStartTime" in times and "actualEndTime" not in times):
        return PostState.LIVE_NOW
    privacy = _part(item, "status").get("privacyStatus")
    return {"unlisted": PostState.UNLISTED, "private": PostState.PRIVATE}.get(str(privacy), PostState.PUBLIC)


def _format(item: Mapping[str, Any], snippet: Mapping[str, Any], duration: int | None) -> Format:
    if snippet.get("liveBroadcastContent") in ("live", "upcoming") or _part(item, "liveStreamingDetails"):
        return Format.LIVE
    return Format.LONG if duration is not None and duration > LONGEST_SHORT else Format.UNKNOWN


def _duration(content: Mapping[str, Any]) -> int | None:
    """Seconds; None when there is none yet (an upcoming or running stream says P0D)."""
    text = _text(content, "duration", "")
    if not text:
        return None
    match = _DURATION.fullmatch(text)
    if match is None or len(text) > 40 or text in ("P", "PT"):
        raise changed("contentDetails.duration")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds
    if total > 2**31 - 1:
        raise changed("contentDetails.duration")
    return total or None


def _part(resource: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A nested object; empty when it is not there. Raises Changed when it is something else."""
    value = resource.get(name, {})
    if not isinstance(value, dict):
        raise changed(name)
    return value


def _id(item: Mapping[str, Any]) -> str:
    value = item.get("id")
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise changed("id")
    return value


def _text(part: Mapping[str, Any], key: str, absent: str) -> str:
    """A string that any database takes, without NUL and half surrogate pairs. Raises Changed for anything else."""
    value = part.get(key, absent)
    if not isinstance(value, str):
        raise changed(key)
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def _moment(part: Mapping[str, Any], key: str) -> datetime | None:
    text = _text(part, key, "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise changed(key) from None


def _thumbnail(snippet: Mapping[str, Any]) -> str | None:
    """A picture's address; a picture we cannot use is no reason to lose the numbers."""
    sizes = snippet.get("thumbnails")
    if not isinstance(sizes, dict):
        return None
    for size in _THUMBNAILS:
        entry = sizes.get(size)
        url = entry.get("url") if isinstance(entry, dict) else None
        if isinstance(url, str) and url.startswith("https://"):
            return url
    return None
