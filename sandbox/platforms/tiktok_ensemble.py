"""ensembledata.com: TikTok's posts and accounts for a token and units a day.

Our reading of its published clients; nothing recorded. World flags: "ensemble.bad_token", "ensemble.units_gone"; a key
revoked in the world is a bad token, too. Quota bucket: "ensemble".
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.platforms import tiktok_web as web
from sandbox.posts import Post, State
from sandbox.world import Channel, World

Blob = dict[str, Any]

_UNITS_A_DAY = 1_500
_PAGE = 10
_DEPTH = 50


def aweme(it: Channel, post: Post, moment: float) -> Blob:
    """A post in the shape of TikTok's app."""
    cover = {"uri": post.id, "url_list": [web.cover(post)]}
    found: Blob = {
        "aweme_id": post.id,
        "desc": post.title,
        "create_time": int(post.at),
        "author": {
            "uid": web.user_id(it),
            "sec_uid": it.id,
            "unique_id": it.handle(moment),
            "nickname": it.title,
        },
        "statistics": {
            "aweme_id": post.id,
            "comment_count": 0 if post.comments_off else post.comments(moment),
            "digg_count": post.likes(moment),
            "play_count": post.views(moment),
            "share_count": post.shares(moment),
            "collect_count": post.saves(moment),
            "forward_count": 0,
        },
        "video": {"duration": post.duration * 1_000, "cover": cover, "origin_cover": cover},
        "share_url": web.address(it, post, moment),
    }
    if post.format == "photo":
        found["image_post_info"] = {"images": [{"display_image": {"url_list": [web.cover(post)]}}]}
    return found


def build(world: World) -> Starlette:
    """Every call needs `token`; the answer's header `units_charged` says what it cost."""

    def metered(call: Callable[[Request], Awaitable[tuple[Response, int]]]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            token = request.query_params.get("token", "")
            if not token or token in world.revoked or "ensemble.bad_token" in world.flags:
                return _error(491, "Token not found.")
            spent = "ensemble.units_gone" in world.flags
            if spent or not world.quota.spend(token, "ensemble", 1, _UNITS_A_DAY, world.now):
                return _error(495, "Reached maximum units per day for your subscription.")
            answer, units = await call(request)
            if units > 1:
                world.quota.spend(token, "ensemble", units - 1, _UNITS_A_DAY, world.now)
            answer.headers["units_charged"] = str(units)
            return answer

        return handle

    def account(name: str) -> Channel | None:
        it = world.channel(name, "tiktok")
        return None if it is None or it.terminated(world.now) else it

    async def info(request: Request) -> tuple[Response, int]:
        it = account(request.query_params.get("username") or request.query_params.get("secUid", ""))
        if it is None:
            return _error(463, "User not found."), 1
        moment = world.now
        return JSONResponse({"data": {"user": web.user(it, moment), "stats": web.stats(it, moment)}}), 1

    async def posts(request: Request) -> tuple[Response, int]:
        query = request.query_params
        it = account(query.get("username") or query.get("secUid", ""))
        if it is None:
            return _error(463, "User not found."), 1
        depth, moment = min(int(query["depth"]), _DEPTH), world.now
        cursor = int(query.get("start_cursor", "0"))
        older = [post for post in it.listed(moment) if not cursor or int(post.at) * 1000 < cursor]
        page = older[: depth * _PAGE]
        body: Blob = {"data": [aweme(it, post, moment) for post in page]}
        if len(older) > len(page):
            body["nextCursor"] = int(page[-1].at) * 1000
        return JSONResponse(body), max(1, -(-len(page) // _PAGE))

    async def post_info(request: Request) -> tuple[Response, int]:
        found = _public(world, request.query_params["url"].rpartition("/")[2])
        if found is None:
            return _error(463, "Post not found."), 1
        return JSONResponse({"data": [aweme(*found, world.now)]}), 1

    async def multi_info(request: Request) -> tuple[Response, int]:
        ids = request.query_params["ids"].split(";")
        pairs = [pair for pair in (_public(world, one) for one in ids) if pair]
        return JSONResponse({"data": [aweme(*pair, world.now) for pair in pairs]}), max(1, -(-len(ids) // _PAGE))

    return Starlette(
        routes=[
            Route("/apis/tt/user/info", metered(info)),
            Route("/apis/tt/user/info-from-secuid", metered(info)),
            Route("/apis/tt/user/posts", metered(posts)),
            Route("/apis/tt/user/posts-from-secuid", metered(posts)),
            Route("/apis/tt/post/info", metered(post_info)),
            Route("/apis/tt/post/multi-info", metered(multi_info)),
        ]
    )


def _public(world: World, post_id: str) -> tuple[Channel, Post] | None:
    found = world.post(post_id, "tiktok")
    return found if found and world.state(*found) is State.PUBLIC else None


def _error(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status)
