"""Words for what platforms name in their own way: formats, private numbers, what engagement adds up."""

from collections.abc import Iterable, Mapping
from datetime import date

from app.domain.metrics.catalogue import engagement_of
from app.domain.ports.errors import N_
from app.domain.ports.platform import Platform
from app.domain.posts.read import FormatRow, PostRow
from app.web import formats
from app.web.i18n import gettext as _

FORMATS = {
    "long": N_("Long"),
    "short": N_("Short"),
    "live": N_("Live stream"),
    "video": N_("Video"),
    "photo": N_("Photo"),
    "text": N_("Text"),
    "unknown": N_("Format unknown"),
}

_INSIGHTS = {
    "reach": N_("Reach"),
    "impressions": N_("Impressions"),
    "impression": N_("Impressions"),
    "engagement": N_("Engagement"),
    "total_comments": N_("Comments"),
    "total_reactions": N_("Reactions"),
    "views": N_("Views"),
    "saved": N_("Saves"),
    "saves": N_("Saves"),
    "shares": N_("Shares"),
    "likes": N_("Likes"),
    "comments": N_("Comments"),
    "profile_views": N_("Profile views"),
    "profile_visits": N_("Profile visits"),
    "website_clicks": N_("Website clicks"),
    "accounts_engaged": N_("Accounts engaged"),
    "total_interactions": N_("Interactions"),
    "follows": N_("New follows"),
    "follows_and_unfollows": N_("Follows and unfollows"),
    "navigation": N_("Story navigation"),
    "replies": N_("Replies"),
    "estimated_minutes_watched": N_("Minutes watched"),
    "average_view_duration": N_("Average view, seconds"),
    "average_view_percentage": N_("Average share watched, %"),
    "subscribers_gained": N_("Subscribers gained"),
    "subscribers_lost": N_("Subscribers lost"),
    "outbound_click": N_("Outbound clicks"),
    "outbound_clicks": N_("Outbound clicks"),
    "pin_click": N_("Pin clicks"),
    "pin_clicks": N_("Pin clicks"),
    "save": N_("Saves"),
    "visitors": N_("Visitors"),
    "ig_reels_avg_watch_time": N_("Average time watched, ms"),
    "ig_reels_video_view_total_time": N_("Time watched in all, ms"),
}

_PERIODS = {
    "day": N_("on %(day)s"),
    "days_28": N_("in 28 days"),
    "lifetime": N_("in all"),
}


def format_word(name: str) -> str:
    """A post's format."""
    return _(FORMATS.get(name, name))


def format_choices(rows: Iterable[FormatRow], chosen: str) -> list[tuple[str, str]]:
    """The formats that an account's posts have, and the one that is chosen."""
    there = {row.format for row in rows} | ({chosen} if chosen in FORMATS else set())
    return [(name, format_word(name)) for name in FORMATS if name in there]


def all_formats() -> list[tuple[str, str]]:
    """Every format, for a filter over all platforms."""
    return [(name, format_word(name)) for name in FORMATS]


def insight(metric: str) -> str:
    """A private number's name; the platform's own word, spaced, for one that we have no word for."""
    known = _INSIGHTS.get(metric)
    return _(known) if known else metric.replace("_", " ").capitalize()


def period(name: str, day: date | None) -> str:
    """What span a private number is of."""
    if name == "day" and day is None:
        return _("in a day")
    return _(_PERIODS.get(name, name), day=formats.day(day) if day else "") if name in _PERIODS else name


def post_columns(
    platforms: Mapping[str, Platform], name: str, rows: Iterable[PostRow] = (), at_least: tuple[str, ...] = ()
) -> dict[str, str]:
    """The numbers of a platform's posts that are worth a column, in its words: what a source without anybody's
    connection gives, what one of `rows` has, and `at_least`."""
    platform, shown = platforms[name], list(rows)
    given = set().union(*(source.post_numbers for source in platform.sources))
    return {
        metric.value: _(word)
        for metric, word in platform.post_metrics.items()
        if metric in given or metric.value in at_least or any(row.numbers[metric].value is not None for row in shown)
    }


def engagement(platforms: Mapping[str, Platform], name: str) -> str:
    """What engagement adds up there, in the platform's words: "likes + comments"."""
    words = platforms[name].post_metrics
    return " + ".join(_(words[metric]).lower() for metric in engagement_of(name) if metric in words)


GLOBALS = {
    "format_word": format_word,
    "all_formats": all_formats,
    "format_choices": format_choices,
    "insight_word": insight,
    "period_word": period,
}
