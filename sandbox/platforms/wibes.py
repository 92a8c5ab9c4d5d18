"""wibes.ru, as plain as a page can be that its scripts make: its true shape is unknown to us.

World flags: "wibes.layout" (the data have names that nobody knows yet), "wibes.robot_check" (a check for robots in
place of every page).
"""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox import images
from sandbox.faults import Preset
from sandbox.posts import Post
from sandbox.world import Channel, World

SITE = "wibes.ru"
ON_A_PAGE = 24
_HOST = {"host": SITE}
_REDESIGN = {"author": "creator", "videos": "clips", "video": "clip"}
CHECK = (
    "<!doctype html><html><head><title>Проверка</title></head><body><div class='captcha-container'>"
    "Подтвердите, что вы не робот</div></body></html>"
)


def _preset(name: str, english: str, russian: str, *faults: dict[str, object], flags: tuple[str, ...] = ()) -> Preset:
    return Preset(f"wibes-{name}", "wibes", {"en": english, "ru": russian}, faults, flags)


PRESETS: tuple[Preset, ...] = (
    _preset("429", "Wibes answers 429", "Wibes отвечает 429", _HOST | {"status": 429}),
    _preset("503", "Wibes answers 503", "Wibes отвечает 503", _HOST | {"status": 503}),
    _preset("robot-check", "Wibes checks for robots", "Wibes проверяет на робота", flags=("wibes.robot_check",)),
    _preset("layout", "Wibes' pages have a new layout", "У страниц Wibes новая разметка", flags=("wibes.layout",)),
    _preset("reset", "Wibes drops connections", "Wibes рвёт соединения", _HOST | {"reset": True}),
)


def hosts(world: World, strict: bool) -> Mapping[str, ASGIApp]:
    site = _Site(world)
    app = Starlette(
        routes=[
            Route("/robots.txt", site.robots),
            Route("/favicon.ico", site.nothing),
            Route("/picture/{name}", site.picture),
            Route("/video/{post_id}", site.video),
            Route("/@{name}", site.account),
        ]
    )
    return {SITE: app}


def account(channel: Channel, moment: float, start: int = 0) -> dict[str, Any]:
    """The data of an account's page."""
    posts = channel.listed(moment)
    after = start + ON_A_PAGE
    return {
        "author": author(channel, moment),
        "videos": [video(post, moment) for post in posts[start:after]],
        "next": after if after < len(posts) else None,
    }


def author(channel: Channel, moment: float) -> dict[str, Any]:
    about = {
        "id": channel.id,
        "name": channel.handle(moment),
        "title": channel.title,
        "description": f"{channel.title}. An account of the sandbox.",
        "avatar": f"https://{SITE}/picture/{channel.id}",
    }
    return about if channel.hides_subscribers else about | {"subscribers": channel.subscribers(moment)}


def video(post: Post, moment: float) -> dict[str, Any]:
    return {
        "id": post.id,
        "title": post.title,
        "published": int(post.at),
        "duration": post.duration,
        "views": post.views(moment),
        "likes": None if post.likes_hidden else post.likes(moment),
        "cover": f"https://{SITE}/picture/{post.id}",
    }


def page(data: dict[str, Any], title: str) -> str:
    """A page whose data come a moment after it."""
    text = json.dumps(json.dumps(data, ensure_ascii=False)).replace("</", "<\\/")
    return (
        f"<!doctype html><html><head><title>{escape(title)}</title></head><body><div id='app'></div><script>"
        "setTimeout(() => { const data = document.createElement('script'); data.type = 'application/json'; "
        f"data.id = 'page-data'; data.textContent = {text}; document.body.append(data); }}, 60)</script></body></html>"
    )


class _Site:
    def __init__(self, world: World) -> None:
        self._world = world

    def _page(self, data: dict[str, Any], title: str) -> Response:
        if "wibes.layout" in self._world.flags:
            data = {_REDESIGN.get(name, name): value for name, value in data.items()}
        return HTMLResponse(page(data, title))

    async def robots(self, request: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /search\n")

    async def nothing(self, request: Request) -> Response:
        return Response(status_code=404)

    async def account(self, request: Request) -> Response:
        if "wibes.robot_check" in self._world.flags:
            return HTMLResponse(CHECK)
        channel, now = self._world.channel(request.path_params["name"], "wibes"), self._world.now
        if channel is None or channel.terminated(now):
            return HTMLResponse("<!doctype html><title>404</title>", 404)
        start = request.query_params.get("from", "0")
        return self._page(account(channel, now, int(start) if start.isdigit() else 0), channel.title)

    async def video(self, request: Request) -> Response:
        if "wibes.robot_check" in self._world.flags:
            return HTMLResponse(CHECK)
        found, now = self._world.post(request.path_params["post_id"], "wibes"), self._world.now
        if found is None or not found[1].public(now):
            return HTMLResponse("<!doctype html><title>404</title>", 404)
        channel, post = found
        return self._page({"author": author(channel, now), "video": video(post, now)}, post.title)

    async def picture(self, request: Request) -> Response:
        name = request.path_params["name"]
        known = self._world.channel(name, "wibes") is not None
        if not known and self._world.post(name, "wibes") is None:
            return Response(status_code=404)
        return images.respond(name, *((200, 200) if known else (540, 960)))
