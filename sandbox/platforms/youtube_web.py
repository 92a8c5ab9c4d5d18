"""www.youtube.com as a browser or yt-dlp meets it: channel pages, watch pages and the innertube API behind them.

World flags: "youtube.bot_check" (players ask to sign in), "youtube.consent" (a cookie page in place of every
page), "youtube.layout" (the pages use names that nobody knows yet).
"""

import base64
import binascii
import json
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.platforms import youtube_pages as pages
from sandbox.posts import Post, State
from sandbox.world import Channel, World

_CONFIG = {
    "INNERTUBE_API_KEY": "sandbox",
    "INNERTUBE_CONTEXT": {
        "client": {
            "clientName": "WEB",
            "clientVersion": "2.20261030.00.00",
            "hl": "en",
            "gl": "US",
            "visitorData": "CgtzYW5kYm94",
        }
    },
    "INNERTUBE_CONTEXT_CLIENT_NAME": 1,
    "VISITOR_DATA": "CgtzYW5kYm94",
    "STS": 20390,
    "PLAYER_JS_URL": "/s/player/00000000/player_ias.vflset/en_US/base.js",
}
_CONSENT = (
    "<!doctype html><html><head><title>Before you continue to YouTube</title></head><body><form></form></body></html>"
)
# First steps of addresses that are not channels.
_RESERVED = frozenset({"embed", "feed", "hashtag", "iframe_api", "oembed", "playlist", "post", "results", "source"})
_HOME = {"tabRenderer": {"title": "Home", "selected": True, "tabIdentifier": "FEwhat_to_watch"}}
# Names of the page's parts, and what a redesign calls them.
_REDESIGN = {
    "richGridRenderer": "feedGridViewModel",
    "lockupViewModel": "tileViewModel",
    "shortsLockupViewModel": "shortsTileViewModel",
    "videoPrimaryInfoRenderer": "watchMetadataViewModel",
    "viewCount": "viewCountEntity",
    "continuationItems": "nextTiles",
    "metadataRows": "metadataLines",
}


def build(world: World) -> Starlette:
    """The site as an ASGI app over the world."""
    site = _Site(world)
    tabs = "|".join((*pages.TABS, "featured", "about", "playlists", "community", "live"))
    named = [f"/{kind}/{{name}}" for kind in ("channel", "c", "user")] + ["/{name}"]
    return Starlette(
        routes=[
            Route("/", site.home),
            Route("/robots.txt", site.robots),
            Route("/watch", site.watch),
            Route("/shorts/{video_id}", site.shorts),
            Route("/youtubei/v1/browse", site.browse, methods=["POST"]),
            Route("/youtubei/v1/player", site.player, methods=["POST"]),
            Route("/youtubei/v1/next", site.next, methods=["POST"]),
            Route("/youtubei/v1/navigation/resolve_url", site.resolve_url, methods=["POST"]),
            *(Route(f"{path}/{tab}", site.channel, name=tab) for path in named for tab in tabs.split("|")),
            *(Route(path, site.channel) for path in named),
        ]
    )


def build_short_links() -> Starlette:
    """youtu.be: every id leads to its watch page."""

    async def follow(request: Request) -> Response:
        return RedirectResponse(
            f"https://www.youtube.com/watch?v={request.path_params['video_id']}&feature=youtu.be", 303
        )

    return Starlette(routes=[Route("/{video_id}", follow)])


class _Site:
    def __init__(self, world: World) -> None:
        self._world = world

    def _page(self, status: int = 200, /, **blobs: object) -> Response:
        if "youtube.consent" in self._world.flags:
            return HTMLResponse(_CONSENT)
        # "</" inside a script would end it, in a title as well.
        data = {name: json.dumps(self._styled(blob)).replace("</", "<\\/") for name, blob in blobs.items()}
        scripts = "".join(f"<script>var {name} = {text};</script>" for name, text in data.items())
        config = json.dumps(_CONFIG)
        head = f"<!doctype html><html><head><title>YouTube</title><script>ytcfg.set({config});</script></head>"
        return HTMLResponse(f"{head}<body>{scripts}</body></html>", status)

    def _json(self, blob: object, status: int = 200) -> Response:
        return JSONResponse(self._styled(blob), status)

    def _styled(self, blob: object) -> object:
        return _renamed(blob) if "youtube.layout" in self._world.flags else blob

    async def home(self, request: Request) -> Response:
        return self._page(ytInitialData={"contents": {"twoColumnBrowseResultsRenderer": {"tabs": [_HOME]}}})

    async def robots(self, request: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /api/\nDisallow: /comment\nDisallow: /youtubei/\n")

    async def channel(self, request: Request) -> Response:
        prefix, name, tab = _address(request.url.path)
        if not prefix and name in _RESERVED:
            return Response(status_code=501)  # a page of YouTube that nobody wrote here
        return self._channel_page(self._found(prefix, name), tab)

    def _found(self, prefix: str, name: str) -> Channel | None:
        it = self._world.channel(name)
        if it is None:
            return None
        fits = {
            "channel": name == it.id,
            "c": name.casefold() == (it.creator.custom or "").casefold(),
            "user": name.casefold() == (it.creator.user or "").casefold(),
            "@": name.startswith("@"),
        }
        # A bare name is a custom address of old.
        return it if fits.get(prefix, name.casefold() == (it.creator.custom or "").casefold()) else None

    def _channel_page(self, it: Channel | None, tab: str) -> Response:
        if it is None:
            return HTMLResponse(
                "<!doctype html><html><head><title>404 Not Found</title></head><body></body></html>", 404
            )
        if it.terminated(self._world.now):
            return self._page(ytInitialData=pages.terminated())
        return self._page(ytInitialData=pages.channel(it, tab, self._world.now, _token(it, tab, pages.PAGE)))

    async def browse(self, request: Request) -> Response:
        body = await request.json()
        if "continuation" in body:
            place = _place(body["continuation"])
            it = self._world.channel(place[0]) if place else None
            if place is None or it is None or it.terminated(self._world.now):
                return self._json(_api_error(400, "Request contains an invalid argument.", "INVALID_ARGUMENT"), 400)
            _, tab, offset = place
            found = pages.items(it, tab, offset, self._world.now, _token(it, tab, offset + pages.PAGE))
            return self._json(
                {"onResponseReceivedActions": [{"appendContinuationItemsAction": {"continuationItems": found}}]}
            )
        it = self._world.channel(str(body.get("browseId", "")))
        if it is None:
            return self._json(_api_error(404, "Requested entity was not found.", "NOT_FOUND"), 404)
        if it.terminated(self._world.now):
            return self._json(pages.terminated())
        tab = _decoded(str(body.get("params", "")))
        return self._json(pages.channel(it, tab or "featured", self._world.now, _token(it, tab, pages.PAGE)))

    async def resolve_url(self, request: Request) -> Response:
        body = await request.json()
        prefix, name, tab = _address(urlsplit(str(body.get("url", ""))).path)
        it = self._found(prefix, name)
        if it is None:
            return self._json(_api_error(404, "Requested entity was not found.", "NOT_FOUND"), 404)
        return self._json({"endpoint": {"browseEndpoint": {"browseId": it.id, "params": _encoded(tab)}}})

    async def watch(self, request: Request) -> Response:
        video_id = request.query_params.get("v", "")
        return self._page(ytInitialPlayerResponse=self._player(video_id), ytInitialData=self._watch(video_id))

    async def shorts(self, request: Request) -> Response:
        video_id = request.path_params["video_id"]
        pair = self._world.post(video_id)
        if pair is None or pair[1].format != "short":
            return RedirectResponse(f"/watch?v={video_id}", 303)
        return self._page(ytInitialPlayerResponse=self._player(video_id), ytInitialData=self._watch(video_id))

    async def player(self, request: Request) -> Response:
        return self._json(self._player(str((await request.json()).get("videoId", ""))))

    async def next(self, request: Request) -> Response:
        return self._json(self._watch(str((await request.json()).get("videoId", ""))))

    def _seen(self, video_id: str) -> tuple[State | None, tuple[Channel, Post] | None]:
        """(why not, None) or (its state, the video)."""
        pair = self._world.post(video_id)
        if pair is None:
            return None, None
        state = self._world.state(*pair)
        return state, None if state in (State.PRIVATE, State.DELETED, State.TERMINATED) else pair

    def _player(self, video_id: str) -> dict[str, Any]:
        if "youtube.bot_check" in self._world.flags:
            return pages.bot_check(video_id)
        state, pair = self._seen(video_id)
        return pages.player(*pair, self._world.now) if pair else pages.unavailable(video_id, state)

    def _watch(self, video_id: str) -> dict[str, Any]:
        _, pair = self._seen(video_id)
        if pair is None:
            return {"contents": {"twoColumnWatchNextResults": {"results": {"results": {"contents": []}}}}}
        return pages.watch(*pair, self._world.now)


def _address(path: str) -> tuple[str, str, str]:
    """(how it is named: "@", "channel", "c", "user" or "", name, tab) of a channel's path."""
    steps = [step for step in path.split("/") if step]
    prefix = steps.pop(0) if len(steps) > 1 and steps[0] in ("channel", "c", "user") else ""
    name, tab = (steps or [""])[0], (steps[1:] or ["featured"])[0]
    return prefix or ("@" if name.startswith("@") else ""), name, tab


def _renamed(blob: object) -> object:
    if isinstance(blob, dict):
        return {_REDESIGN.get(key, key): _renamed(value) for key, value in blob.items()}
    return [_renamed(value) for value in blob] if isinstance(blob, list) else blob


def _api_error(code: int, message: str, status: str) -> dict[str, Any]:
    errors = [{"message": message, "domain": "global", "reason": "notFound" if code == 404 else "badRequest"}]
    return {"error": {"code": code, "message": message, "errors": errors, "status": status}}


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _token(it: Channel, tab: str, offset: int) -> str:
    return _encoded(f"{it.id}|{tab}|{offset}")


def _place(token: str) -> tuple[str, str, int] | None:
    parts = _decoded(token).split("|")
    return (parts[0], parts[1], int(parts[2])) if len(parts) == 3 and parts[1] in pages.TABS else None
