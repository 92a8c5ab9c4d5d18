"""What yt-dlp makes of YouTube's pages -> our values. Pure.

The fields are those of yt-dlp's info dictionaries (its README, "Output template", and extractor/youtube).
There is no recording of the pages behind this: our reading, unproven. A number that yt-dlp leaves out is one
that the page does not give, or not in a form it knows: null, never 0. Which of the two, the page tells: where the
place of a number is there without one (`PLACES`), it is not given; without its place it is unreadable.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.ports.errors import Blocked, Changed, Gone, PlatformError, RetryAfter
from app.domain.ports.values import (
    Format,
    Metric,
    Missing,
    PostGone,
    PostReading,
    PostResult,
    PostState,
    PostUnread,
    Profile,
    Ref,
    RefKind,
)
from app.lib import clock
from app.platforms.youtube import words
from app.platforms.youtube.links import PLATFORM, profile_url, video_url
from app.platforms.youtube.parse_api import LONGEST_SHORT, MOST, changed

Info = Mapping[str, Any]
PLACES = "sightline_places"  # the key under which an info carries what `places` found on its page

# The channel's tabs that list its videos, and the format that each stands for.
TABS = {"videos": Format.LONG, "shorts": Format.SHORT, "streams": Format.LIVE}
_STREAM_STATES = {"is_upcoming": PostState.UPCOMING, "is_live": PostState.LIVE_NOW}
_AFTER_RATE_LIMIT = timedelta(hours=1)  # yt-dlp's wiki: "rate-limited by YouTube for up to an hour"

# YouTube's own words (English pages), and yt-dlp's around them; the first that fits decides.
_ROBOT = re.compile(r"not a bot|captcha|IP is likely being blocked|unusual traffic", re.IGNORECASE)
_LIMIT = re.compile(r"rate-limited|isn.t available, try again later", re.IGNORECASE)
_MEMBERS = re.compile(r"members[- ]only|join this channel|channel.s members|members on level", re.IGNORECASE)
_AGE = re.compile(r"confirm your age|age[- ]restricted|inappropriate for some users", re.IGNORECASE)
_ABROAD = re.compile(r"in your (country|location|region)", re.IGNORECASE)
_PRIVATE = re.compile(r"private video|video is private", re.IGNORECASE)
_ODD = re.compile(r"(failed|unable) to|extractor error", re.IGNORECASE)  # yt-dlp's own
_GONE = re.compile(
    r"unavailable|removed|deleted|terminated|suspended|does not exist|doesn.t exist|no longer available|isn.t available"
    r"|closed their|not available",
    re.IGNORECASE,
)


def profile(info: Info) -> Profile:
    """The channel of a channel page. The subscriber count is as rounded as the page shows it (three figures).

    Raises Changed.
    """
    channel_id = info.get("channel_id")
    if not isinstance(channel_id, str) or not re.fullmatch(r"UC[A-Za-z0-9_-]{22}", channel_id):
        raise changed("channel_id")
    title = info.get("channel")
    if not isinstance(title, str) or not title:
        raise changed("channel")
    named = info.get("uploader_id")
    handle = named[1:] if isinstance(named, str) and re.fullmatch(r"@[^\s/]{1,100}", named) else None
    followers, reason = _number(info, "channel_follower_count", _unless_moved(info, "followers"))
    missing = {Metric.POSTS: Missing.NOT_GIVEN, Metric.VIEWS: Missing.NOT_GIVEN}
    if reason is not None:
        missing[Metric.FOLLOWERS] = reason
    description = info.get("description")
    return Profile(
        external_id=channel_id,
        handle=handle,
        title=_clean(title),
        url=profile_url(Ref(PLATFORM, RefKind.HANDLE, handle) if handle else Ref(PLATFORM, RefKind.ID, channel_id)),
        metrics={Metric.FOLLOWERS: followers, Metric.POSTS: None, Metric.VIEWS: None},
        missing=missing,
        avatar_url=_avatar(info),
        description=_clean(description) if isinstance(description, str) and description else None,
    )


def video(video_id: str, info: Info, said: str | None, tab: str | None) -> PostResult:
    """A video of a watch page.

    said: why it cannot be played, in YouTube's words, when they said so; a page that shows the numbers all the same is
    read. tab: the tab that listed it, which tells its format; without one, short videos are told by what the page says
    of itself. Raises Blocked and RetryAfter when `said` is about us and not about the video.
    """
    if said is not None:
        trouble = _about_us(said)
        if trouble is not None:
            raise trouble
        if info.get("view_count") is None and info.get("live_status") not in _STREAM_STATES:
            return _refused(video_id, said)
    try:
        return _reading(video_id, info, tab)
    except Changed as error:
        if said is not None:
            return _refused(video_id, said)
        return PostUnread(video_id, error.kind, error.message, error.params)


def _refused(video_id: str, said: str) -> PostResult:
    """What it means for a video that its page does not show it."""
    for pattern, message in ((_MEMBERS, words.MEMBERS_ONLY), (_AGE, words.AGE_LIMIT), (_ABROAD, words.NOT_HERE)):
        if pattern.search(said):
            return PostUnread(video_id, "unsupported", message)
    if _PRIVATE.search(said):
        return PostGone(video_id, PostState.PRIVATE)
    if _GONE.search(said):
        return PostGone(video_id, PostState.DELETED)
    if _ODD.search(said):
        return PostUnread(video_id, Changed.kind, words.CHANGED, {"field": "watch page"})
    return PostUnread(video_id, RetryAfter.kind, words.UNREADABLE, {"reason": _clean(said)[:200]})


def refused_channel(said: str) -> PlatformError:
    """What it means for a channel that its page says this instead of showing it."""
    return _about_us(said) or (Gone(words.NO_CHANNEL) if _GONE.search(said) else changed("channel page"))


def channel_of_video(result: PostResult, info: Info) -> str:
    """Whose video it is. Raises Gone, Changed."""
    if isinstance(result, PostGone):
        raise Gone(words.NO_VIDEO)
    channel_id = info.get("channel_id")
    if not isinstance(channel_id, str) or not channel_id:
        raise changed("channel_id")
    return channel_id


def _about_us(said: str) -> PlatformError | None:
    if _ROBOT.search(said):
        return Blocked(words.BOT_CHECK)
    return RetryAfter(words.TOO_FAST, until=clock.now() + _AFTER_RATE_LIMIT) if _LIMIT.search(said) else None


def _reading(video_id: str, info: Info, tab: str | None) -> PostReading:
    if info.get("id") != video_id:
        raise changed("id")
    title = info.get("title")
    if not isinstance(title, str) or not title:
        raise changed("title")
    stream = info.get("live_status")
    state = _STREAM_STATES.get(str(stream), PostState.PUBLIC)
    if info.get("availability") == "unlisted":
        state = PostState.UNLISTED
    no_views = Missing.NOT_YET if state is PostState.UPCOMING else Missing.UNREADABLE  # nobody can hide them
    numbers = {
        Metric.VIEWS: _number(info, "view_count", no_views),
        Metric.LIKES: _number(info, "like_count", _unless_moved(info, "likes")),
        Metric.COMMENTS: _number(info, "comment_count", _unless_moved(info, "comments")),
    }
    if state is not PostState.UPCOMING and all(value is None for value, _ in numbers.values()):
        raise changed("view_count")  # a page without any number is not one we know
    duration, _ = _number(info, "duration", Missing.NOT_GIVEN)
    return PostReading(
        external_id=video_id,
        url=video_url(video_id),
        title=_clean(title),
        published_at=_published(info),
        format=_format(info, tab, duration),
        metrics={metric: value for metric, (value, _) in numbers.items()},
        missing={metric: reason for metric, (_, reason) in numbers.items() if reason is not None},
        state=state,
        duration=duration if duration and duration < 2**31 else None,
        thumbnail_url=f"https://i.ytimg.com/vi/{video_id}/mqdefault.jpg",  # as the API gives it
    )


def _number(info: Info, key: str, absent: Missing) -> tuple[int | None, Missing | None]:
    value = info.get(key)
    if value is None:
        return None, absent
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        return None, Missing.UNREADABLE
    return value, None


def places(page: object) -> frozenset[str]:
    """Which numbers have their place on a page (its ytInitialData), with a number in it or without: "followers" of a
    channel, "likes" and "comments" of a video. A stream that runs has a chat in the place of comments.

    The places are those where yt-dlp looks (extractor/youtube/_tab.py and _video.py).
    """
    found = set()
    if any(True for name in ("metadataRows", "subscriberCountText") for _ in _under(page, name)):
        found.add("followers")
    for video in _under(page, "videoPrimaryInfoRenderer"):
        if any(True for button in _under(video, "likeButtonViewModel") for _ in _under(button, "accessibilityText")):
            found.add("likes")
    named = {str(value) for name in ("panelIdentifier", "sectionIdentifier") for value in _under(page, name)}
    chat = any(True for name in ("liveChatRenderer", "commentsEntryPointHeaderRenderer") for _ in _under(page, name))
    if chat or named & {"engagement-panel-comments-section", "comment-item-section"}:
        found.add("comments")
    return frozenset(found)


def _under(page: object, name: str) -> Iterator[object]:
    """Every value that stands under this name, however deep."""
    waiting = [page]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
            if name in part:
                yield part[name]


def _unless_moved(info: Info, place: str) -> Missing:
    known = info.get(PLACES, frozenset({place}))
    return Missing.NOT_GIVEN if place in known else Missing.UNREADABLE


def _format(info: Info, tab: str | None, duration: int | None) -> Format:
    if info.get("live_status") in ("is_upcoming", "is_live", "post_live", "was_live"):
        return Format.LIVE
    if tab is not None:
        return TABS[tab]
    if info.get("media_type") == "short":
        return Format.SHORT
    return Format.LONG if duration is not None and duration > LONGEST_SHORT else Format.UNKNOWN


def _published(info: Info) -> datetime | None:
    """To the second where the page says so; else the day's midnight, which is all the page says."""
    timestamp, day = info.get("timestamp"), info.get("upload_date")
    try:
        if isinstance(timestamp, int | float) and not isinstance(timestamp, bool):
            return datetime.fromtimestamp(timestamp, UTC)
        if isinstance(day, str):
            return datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise changed("upload_date") from None
    return None


def _avatar(info: Info) -> str | None:
    pictures = info.get("thumbnails")
    for picture in pictures if isinstance(pictures, list) else ():
        # Banners and the picture in its full size carry a preference; the avatar as shown does not.
        if isinstance(picture, dict) and "preference" not in picture:
            url = picture.get("url")
            if isinstance(url, str) and url.startswith("https://"):
                return url
    return None


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
