"""Graph API answers -> our values. Pure.

Shapes: developers.facebook.com/docs/instagram-platform, checked against answers recorded 2019-12 to 2023-11. A number
that Graph leaves out is one we do not have, never 0.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from app.domain.ports.connections import Insight, Story
from app.domain.ports.errors import Changed
from app.domain.ports.values import Format, Metric, Missing, PostReading, Profile, Ref, RefKind
from app.platforms.instagram.links import PLATFORM, SHORTCODE, handle, post_url, profile_url
from app.platforms.kit import MOST, Node, Number, Numbers

STORY_LIFE = timedelta(hours=24)
_PERMALINK = re.compile(r"https?://(?:www\.)?instagram\.com/(?:[^/?#]+/)?(?:p|reel|tv)/([A-Za-z0-9_-]+)/?")
_PERIODS = {"day", "week", "days_28", "month", "lifetime", "total_over_range"}
_LONGEST_METRIC = 64


def profile(user: Node) -> Profile:
    """The account of an IG User. Raises Changed."""
    name = handle(user["username"].text())
    if name is None:
        raise user["username"].changed()
    numbers = Numbers(
        {
            Metric.FOLLOWERS: user["followers_count"].count(),
            Metric.FOLLOWING: user["follows_count"].count(),
            Metric.POSTS: user["media_count"].count(),
        }
    )
    if all(reason is Missing.NOT_GIVEN for reason in (numbers.missing.get(metric) for metric in numbers.metrics)):
        raise user["followers_count"].changed()  # an answer without any number is not one we know
    return Profile(
        external_id=account_id(user),
        handle=name,
        title=user["name"].text("") or name,
        url=profile_url(Ref(PLATFORM, RefKind.HANDLE, name)),
        metrics=numbers.metrics,
        missing=numbers.missing,
        avatar_url=user["profile_picture_url"].url(),
        description=user["biography"].text("") or None,
    )


def account_id(user: Node) -> str:
    """The id by which Instagram's own pages know the account; Graph's, where that is not given. Raises Changed."""
    node = user["ig_id"] if user["ig_id"].exists else user["id"]
    value = node.id()
    if not value.isdigit():
        raise node.changed()
    return value


def shortcode(item: Node) -> str:
    """The post's id everywhere but in Graph itself. Raises Changed."""
    given = item["shortcode"].value
    if given is None:
        link = _PERMALINK.match(item["permalink"].text())
        given = link[1] if link else None
    if not isinstance(given, str) or not (SHORTCODE.fullmatch(given) or len(given) == 39):
        raise item["shortcode" if "shortcode" in item else "permalink"].changed()
    return given


def media(item: Node, told: Sequence[Insight] = (), *, untold: Missing = Missing.NOT_GIVEN) -> PostReading:
    """One IG Media. told: its insights; untold: why one that is not among them is missing. Raises Changed."""
    code, kind, product = shortcode(item), item["media_type"].text(), item["media_product_type"].text("")
    if kind not in ("IMAGE", "VIDEO", "CAROUSEL_ALBUM"):
        raise item["media_type"].changed()
    video = kind == "VIDEO"
    own = {insight.metric: insight for insight in told}
    views: Number = (None, Missing.NOT_PUBLISHED)
    if video:
        views = _own(own, "views", Missing.NOT_GIVEN)
        if views[0] is None and item["view_count"].exists:
            views = item["view_count"].count()
    numbers = Numbers(
        {
            Metric.VIEWS: views,
            # Left out: the owner hides them ("like_count", in the reference of IG Media).
            Metric.LIKES: item["like_count"].count(Missing.HIDDEN),
            Metric.COMMENTS: (None, Missing.OFF)
            if item["is_comment_enabled"].flag(True) is False
            else item["comments_count"].count(),
            Metric.SHARES: _own(own, "shares", untold),
            Metric.SAVES: _own(own, "saved", untold),
        }
    )
    reel = product == "REELS" or "/reel/" in item["permalink"].text("")
    return PostReading(
        external_id=code,
        url=post_url(code, reel=reel),
        title=item["caption"].text(""),
        published_at=item["timestamp"].moment(),
        format=Format.PHOTO if not video else Format.SHORT if reel else Format.VIDEO,
        metrics=numbers.metrics,
        missing=numbers.missing,
        thumbnail_url=item["thumbnail_url"].url() or (None if video else item["media_url"].url()),
    )


def insights(data: Node, *, post: str | None = None, day: str | None = None) -> list[Insight]:
    """The list of an insights answer, in its old form (`values`) and its new one (`total_value`, `breakdowns`).

    A part of a total is a metric of its own: "reach.reel", "reach.non_follower". day: the day that was asked for.
    Raises Changed when it is no such list.
    """
    found: list[Insight] = []
    for item in data.items():
        name, period = item["name"].id(_LONGEST_METRIC), item["period"].text("lifetime")
        if period not in _PERIODS:
            raise item["period"].changed()
        parts = _total(item["total_value"]) if item["total_value"].exists else _values(item["values"])
        try:
            for suffix, value, of_day in parts:
                metric = f"{name}.{suffix}" if suffix else name
                if len(metric) <= _LONGEST_METRIC:
                    number, missing = _number(value)
                    found.append(Insight(metric, number, period, of_day or day, post, missing))
        except Changed:
            found.append(Insight(name, None, period, day, post, Missing.UNREADABLE))
    return found


def story(item: Node) -> Story:
    """A story, its numbers yet to be asked for. Raises Changed."""
    published = item["timestamp"].moment()
    if published is None:
        raise item["timestamp"].changed()
    kind = item["media_type"].text()
    if kind not in ("IMAGE", "VIDEO"):
        raise item["media_type"].changed()
    link = item["permalink"].url()
    if link is None:
        raise item["permalink"].changed()
    return Story(
        external_id=item["id"].id(),
        url=link,
        published_at=published,
        expires_at=published + STORY_LIFE,
        format="video" if kind == "VIDEO" else "photo",
        metrics={},
        missing={},
        thumbnail_url=item["thumbnail_url"].url() or (item["media_url"].url() if kind == "IMAGE" else None),
    )


def next_page(answer: Node) -> str | None:
    """The cursor of the next page. Raises Changed."""
    paging = answer["paging"]
    if not paging.exists or not (paging["next"].exists or not paging["cursors"]["before"].exists):
        return None
    after = paging["cursors"]["after"].text("")
    return after or None


def _total(total: Node) -> Iterator[tuple[str, Node, str | None]]:
    breakdowns = total["breakdowns"]
    if total["value"].exists or not breakdowns.exists:
        yield "", total["value"], None
    for breakdown in breakdowns.items() if breakdowns.exists else ():
        results = breakdown["results"]
        for result in results.items() if results.exists else ():
            values = [value.text() for value in result["dimension_values"].items()]
            yield ".".join(values).lower(), result["value"], None


def _values(values: Node) -> Iterator[tuple[str, Node, str | None]]:
    for entry in values.items():
        value, day = entry["value"], _day(entry["end_time"].moment())
        if isinstance(value.value, dict):
            for name, part in value.fields():
                yield name.lower(), part, day
        else:
            yield "", value, day


def _day(end: datetime | None) -> str | None:
    """The day that ends then: Meta's days end at midnight Pacific time, which is 7 or 8 in UTC."""
    return None if end is None else (end.astimezone(UTC) - timedelta(hours=12)).date().isoformat()


def _number(node: Node) -> tuple[float | None, Missing | None]:
    value = node.value
    if value is None:
        return None, Missing.NOT_GIVEN
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > MOST:
        return None, Missing.UNREADABLE
    return float(value), None


def _own(told: Mapping[str, Insight], name: str, untold: Missing) -> Number:
    insight = told.get(name)
    if insight is None:
        return None, untold
    if insight.value is None:
        return None, insight.missing or untold
    whole = int(insight.value)
    return (whole, None) if whole == insight.value and whole >= 0 else (None, Missing.UNREADABLE)
