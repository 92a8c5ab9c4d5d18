"""EnsembleData's answers -> our values. Pure but for the clock.

Evidence: our reading of EnsembleData's published clients and of programs that use it; nothing recorded. Accounts come
in the shape of TikTok's web pages (user, stats), posts in that of its app (aweme_id, statistics); durations are in
milliseconds. Counts are numbers.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.domain.ports.errors import Changed, Gone, NeedsAction, PlatformError, QuotaSpent
from app.domain.ports.values import Format, Metric, PostReading, PostResult, PostUnread, Profile, Ref, RefKind
from app.lib import clock
from app.platforms.kit import Answer, Node, Numbers
from app.platforms.kit import words as common
from app.platforms.tiktok import parse_web, words
from app.platforms.tiktok.links import PLATFORM, POST_ID, SEC_UID, post_url, profile_url

LABEL = "EnsembleData"

_BAD_TOKEN, _UNITS_SPENT = 491, 495
_PLAN = (492, 493, 494)  # the customer's e-mail is not confirmed, the subscription is over
_NOT_THERE = ("not found", "doesn't exist", "does not exist", "private", "deleted", "banned")


@dataclass(frozen=True, slots=True)
class PostsPage:
    """next: the cursor of the next page; None after the last one."""

    results: tuple[PostResult, ...]
    next: int | None


def data(answer: Answer, about: str) -> Node:
    """The whole answer, which has something under "data". about: what to say when it is not there. Raises what an
    answer that is no success means."""
    if answer.status == 200:
        found = answer.node().object()
        if not found["data"].exists:
            raise found["data"].changed()
        return found
    raise _failure(answer, about)


def profile(answer: Node) -> Profile:
    """The account of a user/info answer. Raises Gone, Changed."""
    found = answer["data"].object()
    user = found["user"]
    if not user.exists and not found.value:
        raise Gone(words.NO_ACCOUNT)
    user.object()
    if user["sec_uid"].exists:
        return _app_account(user)
    return parse_web.account(user, found["statsV2"], found["stats"])


def posts(answer: Node) -> PostsPage:
    """A page of an account's posts, or posts that were asked for by id. One that cannot be read is unread; Changed when
    none can."""
    listed = answer["data"]
    cursor = answer["nextCursor"]
    if isinstance(listed.value, dict):  # some answers have both inside "data"
        cursor = listed["nextCursor"] if listed["nextCursor"].exists else cursor
        listed = listed["data"]
    items = [found for found in listed.items() if found.value is not None]
    results: list[PostResult] = []
    first: Changed | None = None
    for found in items:
        try:
            results.append(post(found))
        except Changed as error:
            first = first or error
            post_id = found.value.get("aweme_id") if isinstance(found.value, dict) else None
            if isinstance(post_id, str) and POST_ID.fullmatch(post_id):
                results.append(PostUnread(post_id, error.kind, error.message, error.params))
    if first is not None and not any(isinstance(result, PostReading) for result in results):
        raise first
    if not cursor.exists:
        return PostsPage(tuple(results), None)
    following = cursor.whole()
    if following is None:
        raise cursor.changed()
    return PostsPage(tuple(results), following if items else None)


def author(answer: Node) -> str:
    """The permanent id of a post's author. Raises Gone, Changed."""
    listed = answer["data"]
    first = next((found for found in listed.items() if found.value), None) if isinstance(listed.value, list) else listed
    if first is None or not first.value:
        raise Gone(words.NO_POST)
    sec_uid = first["author"]["sec_uid"].id()
    if not SEC_UID.fullmatch(sec_uid):
        raise first["author"]["sec_uid"].changed()
    return sec_uid


def post(found: Node) -> PostReading:
    """One post. Raises Changed."""
    post_id = found["aweme_id"].id()
    if not POST_ID.fullmatch(post_id):
        raise found["aweme_id"].changed()
    photo = found["image_post_info"].exists
    counts = found["statistics"].object()
    numbers = Numbers(
        {
            Metric.VIEWS: counts["play_count"].count(),
            Metric.LIKES: counts["digg_count"].count(),
            Metric.COMMENTS: counts["comment_count"].count(),
            Metric.SHARES: counts["share_count"].count(),
            Metric.SAVES: counts["collect_count"].count(),
        }
    )
    if all(value is None for value in numbers.metrics.values()):
        raise counts.changed()
    film = found["video"]
    milliseconds = None if photo or not film.exists else film["duration"].whole()
    return PostReading(
        external_id=post_id,
        url=post_url(parse_web.handle_of(found, "unique_id"), post_id, photo=photo),
        title=found["desc"].text(""),
        published_at=found["create_time"].moment(),
        format=Format.PHOTO if photo else Format.VIDEO if film.exists else Format.UNKNOWN,
        metrics=numbers.metrics,
        missing=numbers.missing,
        duration=round(milliseconds / 1000) or None if milliseconds and milliseconds < 2**31 else None,
        thumbnail_url=_picture(film["cover"]) or _picture(film["origin_cover"]) if film.exists else None,
    )


def units(answer: Answer, least: int) -> int:
    """What the answer says it cost; `least` when it does not say."""
    said = answer.headers.get("units_charged", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 6 else least


def units_reset(now: datetime) -> datetime:
    """The next midnight in UTC, when EnsembleData counts anew (our reading)."""
    return datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)


def _failure(answer: Answer, about: str) -> PlatformError:
    if answer.status == _BAD_TOKEN:
        return NeedsAction(words.TOKEN_REFUSED)
    if answer.status == _UNITS_SPENT:
        return QuotaSpent(words.UNITS_SPENT, until=units_reset(clock.now().astimezone(UTC)))
    if answer.status in _PLAN:
        return NeedsAction(words.PLAN_OVER, status=answer.status)
    # Never the answer's own text in a message: it may repeat the address, and so the token.
    said = answer.text[:2000].lower()
    if answer.status == 404 or (400 < answer.status < 480 and any(phrase in said for phrase in _NOT_THERE)):
        return Gone(about)
    return Changed(common.CHANGED, field=f"HTTP {answer.status}", platform=LABEL)


def _app_account(user: Node) -> Profile:
    """An account in the shape of TikTok's app."""
    handle, sec_uid = user["unique_id"].id(), user["sec_uid"].id()
    if not SEC_UID.fullmatch(sec_uid):
        raise user["sec_uid"].changed()
    numbers = Numbers(
        {
            Metric.FOLLOWERS: user["follower_count"].count(),
            Metric.FOLLOWING: user["following_count"].count(),
            Metric.LIKES: user["total_favorited"].count(),
            Metric.POSTS: user["aweme_count"].count(),
        }
    )
    return Profile(
        external_id=sec_uid,
        handle=handle,
        title=user["nickname"].text("") or handle,
        url=profile_url(Ref(PLATFORM, RefKind.HANDLE, handle)),
        metrics=numbers.metrics,
        missing=numbers.missing,
        avatar_url=_picture(user["avatar_larger"]) or _picture(user["avatar_medium"]),
        description=user["signature"].text("") or None,
    )


def _picture(found: Node) -> str | None:
    """The first address of a picture; one that we cannot use is no reason to lose the numbers."""
    try:
        return next((url for url in (address.url() for address in found["url_list"].items()) if url), None)
    except Changed:
        return None
