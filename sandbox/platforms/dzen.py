"""dzen.ru: channel pages with their data inside, further parts of a feed, publications' own pages.

World flags: "dzen.layout" (the data have names that nobody knows yet), "dzen.scripts" (a page's data are put there by
a script, so only a browser sees them), "dzen.robot_check" (a check for robots in place of every page).
"""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox import images
from sandbox.faults import Preset
from sandbox.posts import Post
from sandbox.world import Channel, World

SITE, CDN = "dzen.ru", "avatars.dzeninfra.ru"
ON_A_PAGE = 20
_HOST = {"host": SITE}
_REDESIGN = {"exportResponse": "channelExport", "videoMetaResponse": "watchState", "articleMetaResponse": "readState"}
CHECK = (
    "<!doctype html><html><head><title>Вы не робот?</title></head><body><form action='/checkcaptcha' method='post'>"
    "Подтвердите, что запросы отправляли вы, а не робот</form></body></html>"
)


def _preset(name: str, english: str, russian: str, *faults: dict[str, object], flags: tuple[str, ...] = ()) -> Preset:
    return Preset(f"dzen-{name}", "dzen", {"en": english, "ru": russian}, faults, flags)


PRESETS: tuple[Preset, ...] = (
    _preset("429", "Dzen answers 429", "Дзен отвечает 429", _HOST | {"status": 429}),
    _preset("503", "Dzen answers 503", "Дзен отвечает 503", _HOST | {"status": 503}),
    _preset("robot-check", "Dzen checks for robots", "Дзен проверяет на робота", flags=("dzen.robot_check",)),
    _preset("layout", "Dzen's pages have a new layout", "У страниц Дзена новая разметка", flags=("dzen.layout",)),
    _preset("scripts", "Dzen's pages need a browser", "Страницам Дзена нужен браузер", flags=("dzen.scripts",)),
    _preset("reset", "Dzen drops connections", "Дзен рвёт соединения", _HOST | {"reset": True}),
)


def hosts(world: World, strict: bool) -> Mapping[str, ASGIApp]:
    site = _Site(world)
    app = Starlette(
        routes=[
            Route("/robots.txt", site.robots),
            Route("/api/v3/launcher/more", site.more),
            Route("/id/{name}", site.channel),
            Route("/a/{post_id}", site.publication),
            Route("/video/watch/{post_id}", site.publication),
            Route("/{name}", site.channel),
        ]
    )
    cdn = Starlette(routes=[Route("/get-zen/{name}", site.picture)])
    return {SITE: app, CDN: cdn}


def params(world: World, channel: Channel, moment: float) -> dict[str, Any]:
    """What `_params` of a channel's page holds."""
    export = {
        "channel": {"source": source(channel, moment)},
        "feedData": feed(channel, moment, 0, grouped=True),
    }
    return {"ssrData": {"exportResponse": export}}


def source(channel: Channel, moment: float) -> dict[str, Any]:
    about = {
        "id": channel.id,
        "title": channel.title,
        "description": f"{channel.title}. A channel of the sandbox.",
        "link": f"https://{SITE}/{channel.handle(moment)}",
        "logo": f"https://{CDN}/get-zen/{channel.id}",
    }
    return about if channel.hides_subscribers else about | {"subscribers": channel.subscribers(moment)}


def feed(channel: Channel, moment: float, offset: int, grouped: bool = False) -> dict[str, Any]:
    """A part of the feed; the page's own comes in groups, articles and videos apart."""
    posts = channel.listed(moment)
    shown = [item(channel, post, moment) for post in posts[offset : offset + ON_A_PAGE]]
    if grouped:
        videos = [one for one in shown if "video" in one]
        texts = [one for one in shown if "video" not in one]
        items: list[dict[str, Any]] = [*texts, {"tab": "longs", "items": videos}]
    else:
        items = shown
    after = offset + ON_A_PAGE
    link = f"https://{SITE}/api/v3/launcher/more?channel_id={channel.id}&next_page_id={after}"
    return {"items": items, "more": {"link": link} if after < len(posts) else {}}


def item(channel: Channel, post: Post, moment: float) -> dict[str, Any]:
    social: dict[str, Any] = {"commentsEnabled": not post.comments_off}
    if not post.likes_hidden:
        social["likesCount"] = post.likes(moment)
    if not post.comments_off:
        social["commentCount"] = post.comments(moment)
    shown = {
        "id": post.id,
        "title": post.title,
        "link": f"https://{SITE}/{path_of(post)}",
        "publicationDate": int(post.at),
        "image": f"https://{CDN}/get-zen/{channel.id}-{post.id}",
        "socialInfo": social,
    }
    if post.format == "text":
        return shown | {"views": post.views(moment)}
    return shown | {"video": {"views": post.views(moment), "duration": post.duration}}


def path_of(post: Post) -> str:
    return f"a/{post.id}" if post.format == "text" else f"video/watch/{post.id}"


def page(data: dict[str, Any], title: str, scripts: bool = False) -> str:
    text = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    # As a page whose script asks for the data once it runs.
    script = f"setTimeout(() => {{ window._params = {text}; }}, 150)" if scripts else f"var _params=({text});"
    return (
        f"<!doctype html><html><head><title>{escape(title)}</title></head>"
        f'<body><div id="root"></div><script>{script}</script></body></html>'
    )


class _Site:
    def __init__(self, world: World) -> None:
        self._world = world

    def _page(self, data: dict[str, Any], title: str) -> Response:
        flags = self._world.flags
        if "dzen.layout" in flags:
            data = {"ssrData": {_REDESIGN.get(name, name): value for name, value in data["ssrData"].items()}}
        return HTMLResponse(page(data, title, "dzen.scripts" in flags))

    async def robots(self, request: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /profile\nDisallow: /search\n")

    async def channel(self, request: Request) -> Response:
        if "dzen.robot_check" in self._world.flags:
            return HTMLResponse(CHECK)
        channel, now = self._channel(request.path_params["name"]), self._world.now
        if channel is None:
            return HTMLResponse("<!doctype html><title>404</title>", 404)
        return self._page(params(self._world, channel, now), channel.title)

    async def publication(self, request: Request) -> Response:
        if "dzen.robot_check" in self._world.flags:
            return HTMLResponse(CHECK)
        now = self._world.now
        found = self._world.post(request.path_params["post_id"], "dzen")
        if found is None or not found[1].public(now) or not request.url.path.endswith(path_of(found[1])):
            return HTMLResponse("<!doctype html><title>404</title>", 404)
        channel, post = found
        name = "articleMetaResponse" if post.format == "text" else "videoMetaResponse"
        data = {name: item(channel, post, now) | {"source": source(channel, now)}}
        return self._page({"ssrData": data}, post.title)

    async def more(self, request: Request) -> Response:
        channel = self._channel(request.query_params.get("channel_id", ""))
        offset = request.query_params.get("next_page_id", "")
        if channel is None or not offset.isdigit():
            return JSONResponse({"error": "not found"}, 404)
        return JSONResponse(feed(channel, self._world.now, int(offset)))

    async def picture(self, request: Request) -> Response:
        name, _, post = request.path_params["name"].partition("-")
        if self._world.channel(name, "dzen") is None:
            return Response(status_code=404)
        return images.respond(name + post, *((800, 450) if post else (200, 200)))

    def _channel(self, name: str) -> Channel | None:
        channel = self._world.channel(name, "dzen")
        return None if channel is None or channel.terminated(self._world.now) else channel
