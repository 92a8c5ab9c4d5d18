"""YouTube Data API v3: channels, playlistItems, videos and search, with keys, tokens, quota and its errors.

An unknown id is 200 with no items; an uploads playlist without public videos does not exist (404).
Answers are checked against the packaged discovery document when strict, and requests too.
"""

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.growth import DAY
from sandbox.platforms import google_errors as errors
from sandbox.platforms import youtube_resources as resources
from sandbox.platforms.youtube_resources import PARTS, Resource, etag
from sandbox.posts import Post, State
from sandbox.world import Channel, World, iso

DOCUMENT = "youtube.v3"
LIMITS = {"general": 10_000, "search": 100, "stats": 10_000}  # units a day, each bucket its own
SCOPE = "https://www.googleapis.com/auth/youtube.readonly"
_MAX_IDS = 50

Answer = dict[str, Any] | Response


def build(world: World, strict: bool) -> Starlette:
    """The API as an ASGI app over the world."""
    api = _Api(world)
    routes = {
        "channels": (api.channels, "channel", "general", 5),
        "playlistItems": (api.playlist_items, "playlistItem", "general", 5),
        "videos": (api.videos, "video", "general", 5),
        "videos:batchGetStats": (api.batch_get_stats, "videoStat", "stats", 50),
        "search": (api.search, "searchResult", "search", 5),
    }
    return Starlette(
        routes=[Route(f"/youtube/v3/{name}", _guarded(world, strict, *route)) for name, route in routes.items()]
    )


class _Call:
    """One accepted request: its parameters, and the way its answer is put together."""

    def __init__(self, request: Request, kind: str, default: int) -> None:
        self.query = request.query_params
        self.parts = _split(self.query.getlist("part"))
        self.ids = _split(self.query.getlist("id"))
        self.kind = kind
        self.count = int(self.query.get("maxResults", default))
        self.owner: str | None = None  # the channel whose OAuth token came along

    def cut(self, resource: Resource) -> Resource:
        kept = {key: value for key, value in resource.items() if key in self.parts or key in ("kind", "id")}
        return {"kind": kept.pop("kind"), "etag": etag(kept), **kept}

    def listed(self, items: list[Resource]) -> Resource:
        given = [self.cut(item) for item in items]
        info = {"totalResults": len(given), "resultsPerPage": len(given) if self.ids else self.count}
        return self._answer(given, {"pageInfo": info})

    def page(self, total: list[Any], make: Callable[[int, Any], Resource], **more: str) -> Answer:
        """The page that pageToken names, of `total`, each made into a resource with its position."""
        offset = _offset(self.query.get("pageToken"))
        if offset is None:
            return errors.bad_parameter("invalidPageToken", "The request specifies an invalid page token.", "pageToken")
        chosen = total[offset : offset + self.count]
        extra: Resource = {**more, "pageInfo": {"totalResults": len(total), "resultsPerPage": self.count}}
        if offset + self.count < len(total):
            extra["nextPageToken"] = _token(offset + self.count)
        if offset:
            extra["prevPageToken"] = _token(max(0, offset - self.count))
        return self._answer([self.cut(make(offset + at, item)) for at, item in enumerate(chosen)], extra)

    def _answer(self, items: list[Resource], more: Resource) -> Resource:
        kind = "youtube#searchListResponse" if self.kind == "searchResult" else f"youtube#{self.kind}ListResponse"
        return {"kind": kind, "etag": etag(items), **more, "items": items}


def _guarded(
    world: World, strict: bool, operation: Callable[[_Call], Answer], kind: str, bucket: str, default: int
) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        method: dict[str, Any] = {}
        if strict:
            from sandbox import discovery  # not at the top: the demo starts faster without the schemas

            given = request.query_params.multi_items()
            method = discovery.check_request(DOCUMENT, request.method, request.url.path, given)
        call = _Call(request, kind, default)
        refused = _refusal(world, request, call, bucket)
        if refused is not None:
            return refused
        answer = operation(call)
        if isinstance(answer, Response):
            return answer
        if strict:
            discovery.check(DOCUMENT, method["response"]["$ref"], answer)
        body = json.dumps(answer, ensure_ascii=False, indent=2).encode()
        headers = {"cache-control": "private", "etag": answer["etag"], "vary": "Origin, X-Origin, Referer"}
        return Response(body, 200, headers, "application/json; charset=UTF-8")

    return handle


def _refusal(world: World, request: Request, call: _Call, bucket: str) -> Response | None:
    """What the front end says before the method is reached; None lets the call pass."""
    key = request.query_params.get("key") or request.headers.get("x-goog-api-key")
    token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    project = key or token
    if token:
        world.grants.heed("google", world.flags, world.now)
        held = world.grants.holder("google", token, world.now)
        if held is not None and SCOPE not in held.scopes:
            return errors.insufficient_scopes()
        call.owner = held.subject if held else world.tokens.get(token)
        if call.owner is None:
            return errors.bad_token()
    elif not key:
        return errors.no_key()
    elif key in world.revoked or "youtube.key_revoked" in world.flags:
        return errors.key_invalid()
    if "youtube.api_disabled" in world.flags:
        return errors.api_disabled()
    if not call.parts:
        return errors.bad_parameter("required", "Required parameter: part", "part", "global")
    unknown = sorted(call.parts - PARTS[call.kind])
    if unknown:
        return errors.bad_parameter("unknownPart", f"'{unknown[0]}'", "part", "youtube.part")
    if "youtube.quota_gone" in world.flags:
        return errors.quota_exceeded()
    if not world.quota.spend(project or "", bucket, 1, LIMITS[bucket], world.now):
        return errors.quota_exceeded()
    return None


class _Api:
    def __init__(self, world: World) -> None:
        self._world = world

    def channels(self, call: _Call) -> Answer:
        query, world = call.query, self._world
        wanted: list[str | None]
        if call.ids:
            wanted = [name if name.startswith("UC") else None for name in sorted(call.ids)]
        elif query.get("mine") == "true":
            if call.owner is None:
                return errors.bad_token()
            wanted = [call.owner]
        else:
            wanted = [self._named(query.get("forHandle"), query.get("forUsername"))]
        found = [channel for name in wanted if name and (channel := world.channel(name))]
        present = [it for it in found if not it.terminated(world.now)]
        return call.listed([resources.channel(it, world.now) for it in present])

    def _named(self, handle: str | None, user: str | None) -> str | None:
        """A handle, with or without @, finds only by handle; a user name only by user name."""
        world = self._world
        if handle is not None:
            wish = handle.removeprefix("@").casefold()
            return next((it.id for it in world.channels if it.handle(world.now).casefold() == wish), None)
        if user is not None:
            return next((it.id for it in world.channels if (it.creator.user or "").casefold() == user.casefold()), None)
        return None

    def playlist_items(self, call: _Call) -> Answer:
        playlist, moment = call.query.get("playlistId", ""), self._world.now
        found = resources.uploads(self._world, playlist, call.owner)
        if found is None or not found[1]:
            return errors.playlist_not_found()
        channel, posts = found
        return call.page(posts, lambda at, post: resources.playlist_item(channel, post, playlist, at, moment))

    def _seen(self, ids: set[str], owner: str | None = None) -> list[tuple[Channel, Post]]:
        """Those of these videos that the public, or this owner, may see."""
        moment = self._world.now
        found = [pair for video_id in sorted(ids) if (pair := self._world.post(video_id))]
        return [(it, post) for it, post in found if resources.visible(it, post, moment, owner)]

    def videos(self, call: _Call) -> Answer:
        moment = self._world.now
        if call.query.get("chart") == "mostPopular":
            fresh = [
                (it, post)
                for it in self._world.channels
                for post in it.listed(moment)
                if 0 < moment - post.started < 7 * DAY and post.state(moment) is State.PUBLIC
            ]
            ranked = sorted(fresh, key=lambda pair: pair[1].views(moment), reverse=True)[:200]

            def made(_: int, pair: tuple[Channel, Post]) -> Resource:
                return resources.video(*pair, moment)

            return call.page(ranked, made)
        if len(call.ids) > _MAX_IDS:
            message = "The request specifies an invalid filter parameter."
            return errors.bad_parameter("invalidFilters", message, "parameters.", "youtube.parameter")
        return call.listed([resources.video(it, post, moment) for it, post in self._seen(call.ids, call.owner)])

    def batch_get_stats(self, call: _Call) -> Answer:
        if len(call.ids) > _MAX_IDS:
            message = "The request specifies too many ids."
            return errors.bad_parameter("invalidValue", message, "id", "youtube.parameter")
        items = [call.cut(resources.video_stat(post, self._world.now)) for _, post in self._seen(call.ids)]
        return {"kind": "youtube#batchGetStatsResponse", "etag": etag(items), "items": items}

    def search(self, call: _Call) -> Answer:
        query, moment = call.query, self._world.now
        words = query.get("q", "").casefold().split()
        types = _split(query.getlist("type")) or {"video", "channel"}
        after, before = query.get("publishedAfter", ""), query.get("publishedBefore", "9999")
        found: list[tuple[Channel, Post | None]] = []
        for it in self._world.channels:
            if it.terminated(moment) or query.get("channelId", it.id) != it.id:
                continue
            if "channel" in types and _has(words, it.title, it.handle(moment)):
                found.append((it, None))
            if "video" in types:
                found += [(it, p) for p in it.listed(moment) if _has(words, p.title, it.title, it.creator.topic)]
        chosen = [(it, p) for it, p in found if after <= iso(p.started if p else it.created) < before]
        if query.get("order") == "date":
            chosen.sort(key=lambda pair: pair[1].started if pair[1] else pair[0].created, reverse=True)
        elif query.get("order") == "viewCount":
            chosen.sort(key=lambda pair: (pair[1] or pair[0]).views(moment), reverse=True)

        def made(_: int, pair: tuple[Channel, Post | None]) -> Resource:
            it, post = pair
            return resources.search_video(it, post, moment) if post else resources.search_channel(it, moment)

        return call.page(chosen[:500], made, regionCode="US")


def _has(words: list[str], *texts: str) -> bool:
    text = " ".join(texts).casefold()
    return all(word in text for word in words)


def _split(values: list[str]) -> set[str]:
    return {part for value in values for part in value.split(",") if part}


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(b"CDIQ" + offset.to_bytes(4, "big")).decode().rstrip("=")


def _offset(token: str | None) -> int | None:
    """The place a page token stands for; None when we never gave it."""
    if not token:
        return 0
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    return int.from_bytes(raw[4:], "big") if raw.startswith(b"CDIQ") and len(raw) == 8 else None
