"""YouTube Analytics API v2, reports.query: a channel's own numbers by day (California's), by video, or in all.

The last two days have no rows yet. Requests and answers are checked against the packaged discovery document when
strict; which dimensions, filters and metrics go together, as the API's documentation has it.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.platforms import google_errors as errors
from sandbox.posts import Post, State
from sandbox.world import Channel, World

DOCUMENT = "youtubeAnalytics.v2"
SCOPE = "https://www.googleapis.com/auth/yt-analytics.readonly"
LAG_DAYS = 2  # days before today without rows
_PACIFIC = ZoneInfo("America/Los_Angeles")
_METRICS = (
    *("views", "estimatedMinutesWatched", "averageViewDuration"),
    *("subscribersGained", "subscribersLost", "likes", "shares"),
)
_UNSUPPORTED = "The query is not supported. Check the documentation for supported queries."
_MAX_VIDEOS = 500  # ids in a filter
_MAX_ROWS = 200  # of a report by video


def build(world: World, strict: bool) -> Starlette:
    async def reports(request: Request) -> Response:
        given = request.query_params.multi_items()
        if strict:
            from sandbox import discovery  # not at the top: the demo starts faster without the schemas

            discovery.check_request(DOCUMENT, "GET", "/v2/reports", given)
        owner = _owner(world, request)
        if isinstance(owner, Response):
            return owner
        answer = _report(world, owner, dict(given))
        if strict and not isinstance(answer, Response):
            discovery.check(DOCUMENT, "QueryResponse", answer)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    return Starlette(routes=[Route("/v2/reports", reports)])


def _owner(world: World, request: Request) -> str | Response:
    """Whose channel the token opens, or the refusal."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    world.grants.heed("google", world.flags, world.now)
    held = world.grants.holder("google", token, world.now)
    owner = held.subject if held else world.tokens.get(token)
    if owner is None:
        return errors.bad_token()
    if held is not None and SCOPE not in held.scopes:
        return errors.insufficient_scopes("youtubeanalytics.googleapis.com")
    if "youtube.analytics_disabled" in world.flags:
        return errors.api_disabled()
    if request.query_params.get("ids") not in ("channel==MINE", "channel==mine", f"channel=={owner}"):
        return errors.forbidden()
    return owner


def _report(world: World, owner: str, query: dict[str, str]) -> dict[str, Any] | Response:
    channel = world.channel(owner)
    metrics = query.get("metrics", "").split(",")
    dimension = query.get("dimensions", "")
    filters = query.get("filters", "")
    try:
        first, last = date.fromisoformat(query["startDate"]), date.fromisoformat(query["endDate"])
    except (KeyError, ValueError):
        return errors.bad_query("Required")
    ids = filters.removeprefix("video==").split(",") if filters else []
    sorts = {query.get("sort", "").removeprefix("-")} - {""}
    unfit = (
        channel is None
        or not set(metrics) <= set(_METRICS)
        or dimension not in ("", "day", "video")
        or (filters and not re.fullmatch(r"video==[\w,-]+", filters))
        or len(ids) > _MAX_VIDEOS
        or not sorts <= {*metrics, dimension}
        or (dimension == "video" and not (sorts and 0 < int(query.get("maxResults", 0)) <= _MAX_ROWS))
        or last < first
    )
    if unfit or channel is None:
        return errors.bad_query(_UNSUPPORTED)
    last = min(last, _today(world) - timedelta(days=LAG_DAYS + 1))
    posts = [p for p in channel.known(world.now) if p.state(world.now) is not State.UPCOMING]
    rows: list[list[Any]] = []
    if dimension == "day":
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        rows = [[day.isoformat(), *_numbers(channel, posts, day, day, metrics)] for day in days]
    elif dimension == "video":
        there = [p for p in posts if (not ids or p.id in ids) and p.state(world.now) is not State.DELETED]
        rows = [[p.id, *_numbers(None, [p], first, last, metrics)] for p in there if _watched(p, first, last)]
        rows.sort(key=lambda row: row[1 + metrics.index(next(iter(sorts)))], reverse=True)
        rows = rows[: int(query["maxResults"])]
    elif last >= first:
        rows = [_numbers(channel, [p for p in posts if not ids or p.id in ids], first, last, metrics)]
    names = [("DIMENSION", "STRING", dimension)] if dimension else []
    names += [("METRIC", "INTEGER", metric) for metric in metrics]
    table: dict[str, Any] = {
        "kind": "youtubeAnalytics#resultTable",
        "columnHeaders": [{"name": name, "columnType": kind, "dataType": form} for kind, form, name in names],
    }
    return table | ({"rows": rows} if rows else {})


def numbers(channel: Channel | None, posts: list[Post], first: date, last: date) -> dict[str, int]:
    """What the world had from the beginning of one day to the end of the other."""
    start, end = midnight(first), midnight(last + timedelta(days=1))
    views = likes = shares = 0
    seconds = 0.0
    for post in posts:
        seen = post.views(end) - post.views(start)
        views += seen
        likes += post.likes(end) - post.likes(start)
        shares += post.shares(end) - post.shares(start)
        seconds += seen * min(max(post.duration, 5) * 0.42, 900)
    won = channel.subscribers(end) - channel.subscribers(start) if channel else int(views * 0.003)
    lost = int(views * 0.0004) + max(0, -won)
    return {
        "views": views,
        "estimatedMinutesWatched": int(seconds / 60),
        "averageViewDuration": int(seconds / views) if views else 0,
        "subscribersGained": max(0, won) + int(views * 0.0004),
        "subscribersLost": lost,
        "likes": likes,
        "shares": shares,
    }


def _numbers(channel: Channel | None, posts: list[Post], first: date, last: date, metrics: list[str]) -> list[int]:
    found = numbers(channel, posts, first, last)
    return [found[metric] for metric in metrics]


def _watched(post: Post, first: date, last: date) -> bool:
    return post.views(midnight(last + timedelta(days=1))) > post.views(midnight(first))


def midnight(day: date) -> float:
    """When a day begins in California, in epoch seconds."""
    return datetime(day.year, day.month, day.day, tzinfo=_PACIFIC).timestamp()


def _today(world: World) -> date:
    return datetime.fromtimestamp(world.now, UTC).astimezone(_PACIFIC).date()
