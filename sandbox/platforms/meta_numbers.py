"""What Graph tells of Instagram's business accounts: its names of fields and metrics, the numbers, its errors."""

from typing import Any

from sandbox.growth import DAY, share
from sandbox.posts import Post, digits
from sandbox.world import Channel, World

CONVERTED_DAYS = 120.0  # before the world's first moment
_STORY_EVERY, _STORY_LIFE = 9 * 3_600.0, DAY
USER = {
    *("biography", "followers_count", "follows_count", "has_profile_pic", "id", "ig_id", "is_published"),
    *("media_count", "name", "profile_picture_url", "username", "website"),
}
MEDIA = {
    *("alt_text", "caption", "comments_count", "id", "ig_id", "is_comment_enabled", "like_count"),
    *("media_product_type", "media_type", "media_url", "owner", "permalink", "shortcode", "thumbnail_url"),
    *("timestamp", "username", "view_count"),
}
POST_METRICS = {
    *("comments", "follows", "likes", "profile_visits", "reach", "saved", "shares", "total_interactions", "views"),
}
STORY_METRICS = {
    *("follows", "navigation", "profile_visits", "reach", "replies", "shares", "total_interactions", "views"),
}
BY_PRODUCT = {"comments", "likes", "reach", "saves", "shares", "total_interactions", "views"}
ACCOUNT_METRICS = BY_PRODUCT | {"accounts_engaged", "profile_links_taps", "profile_views", "replies"}


class Wrong(Exception):
    """An error of Graph's."""

    def __init__(self, code: int, message: str, subcode: int | None = None, status: int = 400) -> None:
        self.status = status
        error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code}
        if subcode is not None:
            error["error_subcode"] = subcode
        self.body = {"error": error | {"fbtrace_id": "AsandboxTrace"}}


def graph_id(channel: Channel) -> str:
    """What Graph calls an Instagram account."""
    return f"17841{channel.id}"


def media_id(post: Post) -> str:
    """What Graph calls a post."""
    return "179" + digits(f"{post.id}:media", 14)


def stories_of(channel: Channel, moment: float) -> list[tuple[str, float]]:
    """(id, published at) of the stories that can be seen, newest first."""
    offset = int(channel.id[:5])
    last = int((moment - offset) // _STORY_EVERY)
    found = [
        ("180" + digits(f"{channel.id}:story:{n}", 14), offset + n * _STORY_EVERY) for n in range(last, last - 4, -1)
    ]
    return [(key, at) for key, at in found if at <= moment < at + _STORY_LIFE]


def story_views(channel: Channel, at: float, moment: float) -> int:
    return int(channel.creator.typical * 0.08 * share((moment - at) / DAY * 6))


def of_post(world: World, post: Post, metrics: list[str]) -> list[dict[str, Any]]:
    known(metrics, POST_METRICS)
    now = world.now
    just = "meta.just_converted" in world.flags
    if post.at < (now - DAY if just else world.start - CONVERTED_DAYS * DAY):
        raise Wrong(100, "Invalid parameter: the media was posted before the most recent time that the user's "
                     "account was converted to a business account from a personal account.", 2108006)  # fmt: skip
    likes, comments, saves, shares = post.likes(now), post.comments(now), post.saves(now), post.shares(now)
    there = {
        "views": post.views(now),
        "reach": int(post.views(now) * 0.78),
        "saved": saves,
        "shares": shares,
        "likes": likes,
        "comments": comments,
        "total_interactions": likes + comments + saves + shares,
        "follows": shares // 9,
        "profile_visits": shares // 2,
    }
    return [_lifetime(name, there[name], media_id(post)) for name in metrics]


def of_story(world: World, channel: Channel, at: float, node: str, metrics: list[str]) -> list[dict[str, Any]]:
    known(metrics, STORY_METRICS)
    views = story_views(channel, at, world.now)
    if views < 5:
        raise Wrong(10, "(#10) Not enough viewers for the media to show insights")
    parts = {"views": 1.0, "reach": 0.9, "replies": 0.004, "shares": 0.006, "total_interactions": 0.02}
    parts |= {"navigation": 1.4, "follows": 0.001, "profile_visits": 0.01}
    return [_lifetime(name, int(views * parts[name]), node) for name in metrics]


def of_account(world: World, channel: Channel, metrics: list[str], how: dict[str, str]) -> list[dict[str, Any]]:
    known(metrics, ACCOUNT_METRICS)
    assert how["metric_type"] == "total_value" and how["period"] == "day"
    breakdown = how.get("breakdown")
    if breakdown and not set(metrics) <= BY_PRODUCT:
        raise Wrong(100, f"(#100) Breakdown {breakdown} is not compatible with these metrics")
    now = world.now
    since, until = min(float(how["since"]), now), min(float(how["until"]), now)
    seen = channel.views(until) - channel.views(since)
    rates = {"views": 1.0, "reach": 0.71, "likes": 0.03, "comments": 0.003, "saves": 0.002, "shares": 0.003}
    rates |= {"total_interactions": 0.038, "accounts_engaged": 0.03, "profile_views": 0.02, "replies": 0.0001}
    rates |= {"profile_links_taps": 0.001}
    found = []
    for name in metrics:
        value = int(seen * rates[name])
        total: dict[str, Any] = {"value": value}
        if breakdown:
            split = {"POST": value // 3, "REEL": value - value // 3}
            results = [{"dimension_values": [key], "value": part} for key, part in split.items()]
            total["breakdowns"] = [{"dimension_keys": [breakdown], "results": results}]
        about = {"name": name, "period": "day", "title": name.replace("_", " ").capitalize()}
        found.append(about | {"total_value": total, "id": f"{graph_id(channel)}/insights/{name}/day"})
    return found


def known(names: list[str], there: set[str]) -> None:
    for name in names:
        if name not in there:
            raise Wrong(
                100, f"(#100) metric must be one of the following values: {', '.join(sorted(there))}; not {name}"
            )


def _lifetime(name: str, value: int, node: str) -> dict[str, Any]:
    about = {"name": name, "period": "lifetime", "values": [{"value": value}]}
    return about | {"title": name.capitalize(), "id": f"{node}/insights/{name}/lifetime"}
