"""Answers of Pinterest's API v5 -> our values. Pure.

Evidence: the vendor's documented examples (2025-12); they leave ids, names and times of pins out, which are here after
the vendor's schema.
"""

from app.domain.ports.connections import Insight
from app.domain.ports.errors import Changed, Gone, PlatformError, Unauthorized
from app.domain.ports.values import Format, Metric, Missing, PostReading, PostResult, PostUnread, Profile, Ref, RefKind
from app.platforms.kit import Answer, Node, Number, Numbers
from app.platforms.kit import words as common
from app.platforms.pinterest import words
from app.platforms.pinterest.links import PIN_ID, PLATFORM, USER_ID, pin_url, profile_url
from app.platforms.pinterest.parse_web import LABEL

ACCOUNT_NUMBERS = frozenset({Metric.FOLLOWERS, Metric.FOLLOWING, Metric.POSTS, Metric.MONTHLY_VIEWS})
POST_NUMBERS = frozenset({Metric.VIEWS, Metric.SAVES, Metric.COMMENTS, Metric.LIKES})

# What is asked of analytics, by Pinterest's words; ours are the same in lower case.
ACCOUNT_ANALYTICS = ("IMPRESSION", "OUTBOUND_CLICK", "PIN_CLICK", "SAVE", "ENGAGEMENT")
PIN_ANALYTICS = ("IMPRESSION", "OUTBOUND_CLICK", "PIN_CLICK", "SAVE")
_READY = {"READY", "ESTIMATE"}


def data(answer: Answer, about: str) -> Node:
    """What a good answer holds. about: what to say when it is not there. Raises what another one means."""
    if answer.status == 200:
        return answer.node().object()
    raise failure(answer.status, about)


def failure(status: int, about: str) -> PlatformError:
    """The meaning of a refusal, by its status; its words may hold anything and are not repeated."""
    if status == 401:
        return Unauthorized(words.NOT_ACCEPTED)
    if status == 403:
        return Unauthorized(words.NO_SCOPE)
    if status == 404:
        return Gone(about)
    return Changed(common.CHANGED, field=f"HTTP {status}", platform=LABEL)


def profile(user: Node) -> Profile:
    """The account of a user_account answer. Raises Changed."""
    external_id = user["id"].id(25)
    if not USER_ID.fullmatch(external_id):
        raise user["id"].changed()
    handle = user["username"].id(60) if user["username"].exists else None
    numbers = Numbers(
        {
            Metric.FOLLOWERS: user["follower_count"].count(Missing.UNREADABLE),
            Metric.FOLLOWING: user["following_count"].count(),
            Metric.POSTS: user["pin_count"].count(),
            Metric.MONTHLY_VIEWS: user["monthly_views"].count(),
        }
    )
    return Profile(
        external_id=external_id,
        handle=handle,
        title=user["business_name"].text("") or handle or external_id,
        url=profile_url(Ref(PLATFORM, RefKind.ID, external_id, handle)),
        metrics=numbers.metrics,
        missing=numbers.missing,
        avatar_url=user["profile_image"].url(),
        description=user["about"].text("") or None,
    )


def personal(user: Node) -> bool:
    """Whether a user_account answer is that of a personal account, not a business."""
    return user["account_type"].text() == "PINNER"


def no_analytics() -> list[Insight]:
    """What is told of an account that has no analytics."""
    return [Insight(name.lower(), None, "days_30", missing=Missing.NOT_PUBLISHED) for name in ACCOUNT_ANALYTICS]


def pins(answer: Node) -> list[PostResult]:
    """A page of pins. One that cannot be read is unread; Changed when none can."""
    results: list[PostResult] = []
    first: Changed | None = None
    for item in answer["items"].items():
        try:
            results.append(pin(item))
        except Changed as error:
            first = first or error
            pin_id = item.value.get("id") if isinstance(item.value, dict) else None
            if isinstance(pin_id, str) and PIN_ID.fullmatch(pin_id):
                results.append(PostUnread(pin_id, error.kind, error.message, error.params))
    if first is not None and not any(isinstance(result, PostReading) for result in results):
        raise first
    return results


def pin(item: Node) -> PostReading:
    """One pin with its metrics of its whole life. Raises Changed."""
    pin_id = item["id"].id(25)
    if not PIN_ID.fullmatch(pin_id):
        raise item["id"].changed()
    if "pin_metrics" not in item:  # they were asked for; a pin that has none says null
        raise item["pin_metrics"].changed()
    life = item["pin_metrics"]
    life = life["lifetime_metrics"] if life.exists else life
    numbers = Numbers(
        {
            Metric.VIEWS: _of_life(life, "impression"),
            Metric.SAVES: _of_life(life, "save"),
            Metric.COMMENTS: _of_life(life, "comment"),
            Metric.LIKES: _of_life(life, "reaction"),
        }
    )
    media = item["media"] if isinstance(item["media"].value, dict) else Node({}, LABEL, "media")
    kind = media["media_type"].value
    title = item["title"].text("").strip() or item["description"].text("").strip() or item["alt_text"].text("")
    return PostReading(
        external_id=pin_id,
        url=pin_url(pin_id),
        title=title,
        published_at=item["created_at"].moment(),
        format={"image": Format.PHOTO, "multiple_images": Format.PHOTO, "video": Format.VIDEO}.get(
            kind if isinstance(kind, str) else "", Format.UNKNOWN
        ),
        metrics=numbers.metrics,
        missing=numbers.missing,
        thumbnail_url=_picture(media),
    )


def account_analytics(answer: Node) -> list[Insight]:
    """A user_account/analytics answer: the account's days, of all kinds of apps and pins together."""
    return [insight for _, report in answer.object().fields() for insight in _daily(report, ACCOUNT_ANALYTICS)]


def pin_analytics(answer: Node) -> list[Insight]:
    """A pins/analytics answer: sums of the days that were asked for, and comments and reactions of a whole life."""
    insights: list[Insight] = []
    for pin_id, report in answer.object().fields():
        if not PIN_ID.fullmatch(pin_id):
            raise report.changed()
        for _, told in report.fields():
            whole = told["summary_metrics"].object()
            for name in PIN_ANALYTICS:
                value, missing = whole[name].count()
                insights.append(Insight(name.lower(), value, "days_90", post_id=pin_id, missing=missing))
            if not told["lifetime_metrics"].exists:
                continue
            for name in ("TOTAL_COMMENTS", "TOTAL_REACTIONS"):
                value, missing = told["lifetime_metrics"][name].count()
                insights.append(Insight(name.lower(), value, "lifetime", post_id=pin_id, missing=missing))
    return insights


def _daily(report: Node, names: tuple[str, ...]) -> list[Insight]:
    insights: list[Insight] = []
    for entry in report["daily_metrics"].items():
        date = entry["date"].moment()
        if date is None:
            raise entry["date"].changed()
        ready = entry["data_status"].text() in _READY
        for name in names:
            value, missing = entry["metrics"][name].count() if ready else (None, Missing.NOT_YET)
            day = date.date().isoformat()
            insights.append(Insight(name.lower(), value, "day", day, missing=missing))
    return insights


def _of_life(life: Node, name: str) -> Number:
    if not life.exists:
        return None, Missing.NOT_GIVEN
    if not isinstance(life.value, dict):
        return None, Missing.UNREADABLE
    return life[name].count()


def _picture(media: Node) -> str | None:
    """A picture; one that we cannot use is no reason to lose the numbers."""
    images = media["images"]
    if not isinstance(images.value, dict):
        return media["cover_image_url"].url()
    for size in ("600x", "400x300", "1200x", "150x150"):
        image = images[size]
        if isinstance(image.value, dict) and image["url"].url():
            return image["url"].url()
    return None
