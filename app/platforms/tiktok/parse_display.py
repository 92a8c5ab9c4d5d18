"""TikTok's Display API v2 (developers.tiktok.com/doc/display-api-overview) -> our values. Pure.

Recorded 2024-08 to 2025-09: refusals of tokens and fields, and a user/info of basic fields. The fields of videos are
the vendor's documentation. It has no saves, and no number that the public does not have.
"""

from collections.abc import Collection
from dataclasses import dataclass

from app.domain.ports.errors import Changed, Gone, PlatformError, RetryAfter, Unauthorized
from app.domain.ports.values import Format, Metric, Missing, PostReading, PostResult, PostUnread, Profile, Ref, RefKind
from app.lib import clock
from app.platforms.kit import PAUSE, Answer, Node, Numbers
from app.platforms.kit import words as common
from app.platforms.tiktok import words
from app.platforms.tiktok.links import PLATFORM, POST_ID, post_url, profile_url

LABEL = "TikTok"

# What may be asked for with which scope.
USER_FIELDS = {
    "user.info.basic": ("open_id", "union_id", "avatar_large_url", "display_name"),
    "user.info.profile": ("bio_description", "profile_deep_link", "is_verified", "username"),
    "user.info.stats": ("follower_count", "following_count", "likes_count", "video_count"),
}
VIDEO_FIELDS = (
    *("id", "create_time", "cover_image_url", "share_url", "video_description", "title", "duration"),
    *("view_count", "like_count", "comment_count", "share_count"),
)
_TOKEN = {"access_token_invalid", "access_token_expired", "invalid_grant"}
_SCOPE = {"scope_not_authorized", "scope_permission_missed"}
_GONE = {"user_not_found", "user_has_no_permission"}


@dataclass(frozen=True, slots=True)
class VideoPage:
    """next: the cursor of the next page; None after the last one."""

    results: tuple[PostResult, ...]
    next: int | None


def user_fields(scopes: Collection[str]) -> str:
    """The fields that a token of these scopes may ask for; all of them when its scopes are not known."""
    known = [scope for scope in USER_FIELDS if scope in scopes] or list(USER_FIELDS)
    return ",".join(field for scope in known for field in USER_FIELDS[scope])


def data(answer: Answer) -> Node:
    """What an answer is about. Raises what an answer that is no success means."""
    found = answer.node().object()
    code = found["error"]["code"].text("") if found["error"].exists else ""
    if answer.status == 200 and code == "ok":
        return found["data"].object()
    raise failure(answer.status, code)


def failure(status: int, code: str) -> PlatformError:
    """What a refusal means. Its own words are not passed on."""
    if code in _SCOPE:
        return Unauthorized(words.NO_SCOPE)
    if code in _TOKEN or status == 401:
        return Unauthorized(words.NOT_ACCEPTED)
    if code in _GONE:
        return Gone(words.NO_ACCOUNT)
    if code == "rate_limit_exceeded":
        return RetryAfter(common.TOO_FAST, until=clock.now() + PAUSE, platform=LABEL)
    if code == "internal_error":
        return RetryAfter(common.UNWELL, until=clock.now() + PAUSE, platform=LABEL, status=code)
    named = code if code.isidentifier() and len(code) < 60 else "error.code"
    return Changed(common.CHANGED, field=f"HTTP {status} {named}", platform=LABEL)


def handle(user: Node) -> str | None:
    """The username, which only a token that may see profiles gets."""
    return user["username"].id() if user["username"].exists and user["username"].value != "" else None


def profile(answer: Node, external_id: str) -> Profile:
    """The account of a user/info answer. external_id: its permanent id, which this API does not have.

    Raises Changed.
    """
    user = answer["user"].object()
    user["open_id"].id()
    name = handle(user)
    numbers = Numbers(
        {
            Metric.FOLLOWERS: user["follower_count"].count(),
            Metric.FOLLOWING: user["following_count"].count(),
            Metric.LIKES: user["likes_count"].count(),
            Metric.POSTS: user["video_count"].count(),
        }
    )
    shown = Ref(PLATFORM, RefKind.HANDLE, name) if name else Ref(PLATFORM, RefKind.ID, external_id)
    return Profile(
        external_id=external_id,
        handle=name,
        title=user["display_name"].text("") or name or external_id,
        url=profile_url(shown) if name else user["profile_deep_link"].url() or profile_url(shown),
        metrics=numbers.metrics,
        missing=numbers.missing,
        avatar_url=user["avatar_large_url"].url() or user["avatar_url"].url(),
        description=user["bio_description"].text("") or None,
    )


def videos(answer: Node) -> VideoPage:
    """A page of video/list or video/query. One that cannot be read is unread; Changed when none can."""
    results: list[PostResult] = []
    first: Changed | None = None
    for found in answer["videos"].items():
        try:
            results.append(video(found))
        except Changed as error:
            first = first or error
            post_id = found.value.get("id") if isinstance(found.value, dict) else None
            if isinstance(post_id, str) and POST_ID.fullmatch(post_id):
                results.append(PostUnread(post_id, error.kind, error.message, error.params))
    if first is not None and not any(isinstance(result, PostReading) for result in results):
        raise first
    if not answer["has_more"].flag(False):
        return VideoPage(tuple(results), None)
    following = answer["cursor"].whole()
    if following is None:
        raise answer["cursor"].changed()
    return VideoPage(tuple(results), following)


def video(found: Node) -> PostReading:
    """One video. Raises Changed."""
    post_id = found.object()["id"].id()
    if not POST_ID.fullmatch(post_id):
        raise found["id"].changed()
    numbers = Numbers(
        {
            Metric.VIEWS: found["view_count"].count(),
            Metric.LIKES: found["like_count"].count(),
            Metric.COMMENTS: found["comment_count"].count(),
            Metric.SHARES: found["share_count"].count(),
            Metric.SAVES: (None, Missing.NOT_GIVEN),
        }
    )
    if all(value is None for value in numbers.metrics.values()):
        raise found["view_count"].changed()
    shared = found["share_url"].url()
    photo = shared is not None and f"/photo/{post_id}" in shared
    return PostReading(
        external_id=post_id,
        url=(shared or post_url(None, post_id)).partition("?")[0],
        title=found["video_description"].text("") or found["title"].text(""),
        published_at=found["create_time"].moment(),
        format=Format.PHOTO if photo else Format.VIDEO,
        metrics=numbers.metrics,
        missing=numbers.missing,
        duration=None if photo else found["duration"].seconds(),
        thumbnail_url=found["cover_image_url"].url(),
    )
