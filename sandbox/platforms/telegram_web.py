"""Telegram's public pages: t.me with the preview of channels, and the host of its pictures.

World flags: "telegram.layout" (the pages use names that nobody knows yet), "telegram.no_preview" (channels show none).
"""

import re
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox import images
from sandbox.faults import Preset
from sandbox.platforms import telegram_pages as pages
from sandbox.world import Channel, World

SITE = ("t.me", "telegram.me")
_ON_A_PAGE = 20
_SITE = {"host": "t.me"}


def _preset(name: str, english: str, russian: str, *faults: dict[str, object], flags: tuple[str, ...] = ()) -> Preset:
    return Preset(f"telegram-{name}", "telegram", {"en": english, "ru": russian}, faults, flags)


PRESETS: tuple[Preset, ...] = (
    _preset("429", "t.me answers 429", "t.me отвечает 429", _SITE | {"status": 429}),
    _preset("503", "t.me answers 503", "t.me отвечает 503", _SITE | {"status": 503}),
    _preset("layout", "t.me has a new layout", "У t.me новая разметка", flags=("telegram.layout",)),
    _preset(
        "no-preview",
        "Telegram channels show no preview",
        "Каналы Telegram без предпросмотра",
        flags=("telegram.no_preview",),
    ),
    _preset("flood", "Telegram asks to wait", "Telegram просит подождать", flags=("telegram.flood",)),
    _preset("frozen", "Telegram freezes our account", "Telegram замораживает аккаунт", flags=("telegram.frozen",)),
    _preset("session-ended", "Telegram ends our session", "Telegram завершает сессию", flags=("telegram.revoked",)),
    _preset("reset", "t.me drops connections", "t.me рвёт соединения", _SITE | {"reset": True}),
)


def hosts(world: World, strict: bool) -> Mapping[str, ASGIApp]:
    site = _Site(world)
    app = Starlette(
        routes=[
            Route("/robots.txt", site.robots),
            Route("/s/{name}", site.preview),
            Route("/s/{name}/{post_id:int}", site.preview),
            Route("/{name}", site.landing),
            Route("/{name}/{post_id:int}", site.single),
        ]
    )
    home = Starlette(routes=[Route("/", site.home)])
    cdn = Starlette(routes=[Route("/file/{name}", site.picture)])
    return {**dict.fromkeys(SITE, app), "telegram.org": home, pages.CDN: cdn}


class _Site:
    def __init__(self, world: World) -> None:
        self._world = world

    def _channel(self, request: Request) -> Channel | None:
        channel = self._world.channel(request.path_params["name"], "telegram")
        return None if channel is None or channel.terminated(self._world.now) else channel

    def _page(self, text: str) -> HTMLResponse:
        return HTMLResponse(text.replace("tgme_", "tgv2_") if "telegram.layout" in self._world.flags else text)

    async def robots(self, request: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow:\n")

    async def home(self, request: Request) -> Response:
        return HTMLResponse(pages.HOME)

    async def preview(self, request: Request) -> Response:
        channel, now = self._channel(request), self._world.now
        if channel is None:
            return HTMLResponse(pages.HOME)
        if "telegram.no_preview" in self._world.flags:
            return RedirectResponse(f"/{channel.handle(now)}", 302)
        wished = request.query_params.get("before", "")
        before = int(wished) if wished.isdigit() else None
        posts = [post for post in channel.listed(now) if before is None or int(post.id) < before]
        shown = posts[:_ON_A_PAGE]
        older = int(shown[-1].id) if len(posts) > len(shown) else None
        return self._page(pages.preview(channel, shown[::-1], now, older))

    async def landing(self, request: Request) -> Response:
        channel = self._channel(request)
        if channel is None:
            return self._page(pages.nobody(request.path_params["name"]))
        return self._page(pages.landing(channel, self._world.now))

    async def single(self, request: Request) -> Response:
        channel, now = self._channel(request), self._world.now
        if channel is None:
            return HTMLResponse(pages.HOME)
        post = channel.post(str(request.path_params["post_id"]), now)
        return self._page(pages.single(channel, post if post is not None and post.public(now) else None, now))

    async def picture(self, request: Request) -> Response:
        found = re.fullmatch(r"(\d+)(-\d+)?\.jpg", request.path_params["name"])
        if found is None or self._world.channel(found[1], "telegram") is None:
            return Response(status_code=404)
        return images.respond(found[0], *((800, 450) if found[2] else (320, 320)))
