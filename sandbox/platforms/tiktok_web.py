"""www.tiktok.com as a browser or yt-dlp meets it: profile and video pages, the list behind a profile, short links.

The pages' shapes are those recorded in 2025-12 (exact strings in `statsV2`, rounded numbers in `stats`); the list's is
what yt-dlp 2026.10.26 reads. World flags: "tiktok.bot_check" (a page that wants proof of a human, and empty lists),
"tiktok.layout" (names that nobody knows yet).
"""

import json
import re
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import images
from sandbox.posts import Post, State, digits, identifier
from sandbox.world import Channel, World

Blob = dict[str, Any]

CDN = "p16-sign-va.tiktokcdn.com"
_MOST = 35
_WAIT = (
    '<!doctype html><html><head><title>TikTok</title></head><body><p id="cs" class="e30"></p>'
    '<p id="wci" class="_wafchallengeid"></p>Please wait...</body></html>'
)
_NO_ACCOUNT, _PRIVATE_POST, _NO_POST = 10202, 10216, 10204
_REDESIGN = {
    "webapp.user-detail": "webapp.profile-view",
    "webapp.video-detail": "webapp.post-view",
    "itemList": "posts",
    "hasMorePrevious": "pageInfo",
}


def build(world: World, *more: Route) -> Starlette:
    """The site as an ASGI app over the world. more: routes besides."""
    site = _Site(world)
    return Starlette(
        routes=[
            *more,
            Route("/robots.txt", site.robots),
            Route("/api/creator/item_list/", site.item_list),
            Route("/t/{code}/", site.short),
            Route("/t/{code}", site.short),
            Route("/@{name}/video/{post_id}", site.video),
            Route("/@{name}/photo/{post_id}", site.video),
            Route("/@{name}", site.profile),
        ]
    )


def build_short_links(world: World) -> Starlette:
    """vm.tiktok.com, vt.tiktok.com: a code leads to its post."""
    site = _Site(world)
    return Starlette(routes=[Route("/{code}/", site.short), Route("/{code}", site.short)])


def build_pictures(world: World) -> Starlette:
    """Covers (/cover/ID.jpeg) and avatars (/avatar/SECUID.jpeg)."""

    async def picture(request: Request) -> Response:
        kind, name = request.path_params["kind"], request.path_params["name"]
        known = world.post(name, "tiktok") if kind == "cover" else world.channel(name, "tiktok")
        if known is None:
            return Response(status_code=404)
        return images.respond(name, *((360, 640) if kind == "cover" else (720, 720)))

    return Starlette(routes=[Route("/{kind}/{name}.jpeg", picture)])


def short_code(post: Post) -> str:
    """The code of a post's short links."""
    return "ZM" + re.sub(r"[-_]", "0", identifier(f"{post.id}:short", 7))


def user_id(it: Channel) -> str:
    """The number that TikTok has for an account besides its permanent id."""
    return digits(it.id, 19)


def cover(post: Post) -> str:
    return f"https://{CDN}/cover/{post.id}.jpeg"


def avatar(it: Channel) -> str:
    return f"https://{CDN}/avatar/{it.id}.jpeg"


def address(it: Channel, post: Post, moment: float) -> str:
    kind = "photo" if post.format == "photo" else "video"
    return f"https://www.tiktok.com/@{it.handle(moment)}/{kind}/{post.id}"


def rounded(count: int) -> int:
    """As the pages round: to hundreds from ten thousand on, to hundred thousands from a million on."""
    step = 100_000 if count >= 1_000_000 else 100 if count >= 10_000 else 1
    return count // step * step


def likes_of(it: Channel, moment: float) -> int:
    return sum(post.likes(moment) for post in it.listed(moment))


def stats(it: Channel, moment: float) -> dict[str, int]:
    """The counts of an account, exact."""
    likes = likes_of(it, moment)
    return {
        "followerCount": it.subscribers(moment),
        "followingCount": int(digits(it.id + ":following", 3)),
        "heart": likes,
        "heartCount": likes,
        "videoCount": len(it.listed(moment)),
        "diggCount": 0,
        "friendCount": 0,
    }


def user(it: Channel, moment: float) -> Blob:
    return {
        "id": user_id(it),
        "shortId": "",
        "uniqueId": it.handle(moment),
        "nickname": it.title,
        "avatarLarger": avatar(it),
        "avatarMedium": avatar(it),
        "avatarThumb": avatar(it),
        "signature": f"{it.title}. {it.creator.topic.capitalize()}.",
        "createTime": int(it.created),
        "verified": False,
        "secUid": it.id,
        "privateAccount": False,
        "secret": False,
        "commentSetting": 0,
        "followingVisibility": 1,
        "language": it.creator.language,
    }


def item(it: Channel, post: Post, moment: float, *, of_list: bool) -> Blob:
    """A post, as on its own page (createTime a string, stats rounded) or in a list (a number, exact)."""
    counts = {
        "diggCount": post.likes(moment),
        "shareCount": post.shares(moment),
        "commentCount": 0 if post.comments_off else post.comments(moment),
        "playCount": post.views(moment),
        "collectCount": post.saves(moment),
    }
    shown = counts if of_list else {name: rounded(count) for name, count in counts.items()}
    photo = post.format == "photo"
    found: Blob = {
        "id": post.id,
        "desc": post.title,
        "createTime": int(post.at) if of_list else str(int(post.at)),
        "author": {name: user(it, moment)[name] for name in ("id", "uniqueId", "nickname", "secUid", "avatarThumb")},
        "music": {"id": digits(post.id, 19), "title": f"original sound - {it.title}", "authorName": it.title},
        "stats": {**shown, "collectCount": str(shown["collectCount"])},
        "statsV2": {**{name: str(count) for name, count in shown.items()}, "repostCount": "0"},
        "video": {
            "id": "" if photo else post.id,
            "duration": 0 if photo else post.duration,
            "height": 1024,
            "width": 576,
            "cover": cover(post),
            "originCover": cover(post),
            "playAddr": "" if photo else f"https://v16-webapp-prime.tiktok.com/video/{post.id}/",
        },
        "item_control": {"can_share": True, "can_comment": not post.comments_off, "can_repost": True},
        "privateItem": False,
        "textLanguage": it.creator.language,
    }
    if photo:
        picture = {"imageURL": {"urlList": [cover(post)]}, "imageWidth": 1080, "imageHeight": 1440}
        found["imagePost"] = {"images": [picture], "title": post.title}
    return found


class _Site:
    def __init__(self, world: World) -> None:
        self._world = world

    def _page(self, scope: Blob) -> Response:
        if "tiktok.bot_check" in self._world.flags:
            return HTMLResponse(_WAIT)
        data = {"__DEFAULT_SCOPE__": {"webapp.app-context": {"language": "en", "region": "US"}, **self._styled(scope)}}
        # "</" inside a script would end it, in a title as well.
        text = json.dumps(data).replace("</", "<\\/")
        script = f'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{text}</script>'
        return HTMLResponse(f"<!doctype html><html><head><title>TikTok</title></head><body>{script}</body></html>")

    def _styled(self, blob: Blob) -> Blob:
        if "tiktok.layout" not in self._world.flags:
            return blob
        return {_REDESIGN.get(key, key): value for key, value in blob.items()}

    async def robots(self, request: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /link/\nDisallow: /embed/\n")

    async def profile(self, request: Request) -> Response:
        moment = self._world.now
        it = self._world.channel(request.path_params["name"], "tiktok")
        if it is None or it.terminated(moment):
            return self._page({"webapp.user-detail": {"userInfo": {}, "statusCode": _NO_ACCOUNT, "statusMsg": ""}})
        exact = stats(it, moment)
        info = {
            "user": user(it, moment),
            "stats": {name: rounded(count) for name, count in exact.items()},
            "statsV2": {name: str(count) for name, count in exact.items()},
            "itemList": [],
        }
        return self._page({"webapp.user-detail": {"userInfo": info, "statusCode": 0, "statusMsg": ""}})

    async def video(self, request: Request) -> Response:
        moment = self._world.now
        found = self._world.post(request.path_params["post_id"], "tiktok")
        state = self._world.state(*found) if found else State.DELETED
        if found is None or state is not State.PUBLIC:
            code = _PRIVATE_POST if state is State.PRIVATE else _NO_POST
            return self._page(
                {"webapp.video-detail": {"itemInfo": {}, "statusCode": code, "statusMsg": "item doesn't exist"}}
            )
        struct = item(*found, moment, of_list=False)
        return self._page(
            {"webapp.video-detail": {"itemInfo": {"itemStruct": struct}, "statusCode": 0, "statusMsg": ""}}
        )

    async def item_list(self, request: Request) -> Response:
        if "tiktok.bot_check" in self._world.flags:
            return Response(b"", 200)
        moment, query = self._world.now, request.query_params
        it = self._world.channel(query.get("secUid", ""), "tiktok")
        cursor, count = int(query.get("cursor", "0")), min(int(query.get("count", "15")), _MOST)
        if it is None or it.terminated(moment):
            return JSONResponse(self._styled({"statusCode": 0, "itemList": [], "hasMorePrevious": False}))
        older = [post for post in it.listed(moment) if int(post.at) * 1000 < cursor]
        items = [item(it, post, moment, of_list=True) for post in older[:count]]
        more = len(older) > count
        return JSONResponse(self._styled({"statusCode": 0, "itemList": items, "hasMorePrevious": more}))

    async def short(self, request: Request) -> Response:
        moment = self._world.now
        for it in self._world.on("tiktok"):
            for post in it.known(moment):
                if short_code(post) == request.path_params["code"]:
                    return RedirectResponse(f"{address(it, post, moment)}?_r=1&_t=sandbox", 301)
        return RedirectResponse("https://www.tiktok.com/?_r=1", 302)
