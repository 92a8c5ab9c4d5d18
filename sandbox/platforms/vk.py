"""api.vk.com: communities, people and their walls, for a service token; statistics for a community's own key.

Shapes: recordings of API 5.x and VK's documentation of 5.199. Errors come with HTTP 200. Every token that was not
revoked is good; "vk1.a.community.ID" is the key of community ID. World flags: "vk.too_fast" (6), "vk.captcha" (14),
"vk.day_spent" (29), "vk.token_revoked" (5), "vk.execute" (an answer as `execute` gives it when it fails), "vk.layout"
(other names for everything).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox import images
from sandbox.faults import Preset
from sandbox.posts import Post, State
from sandbox.world import Channel, World

Blob = dict[str, Any]

HOST, CDN = "api.vk.com", "sun1-1.userapi.com"
KEY = "vk1.a.community."
_VERSION = "5.199"
_DAY = 86_400.0


def _preset(name: str, english: str, russian: str, *flags: str) -> Preset:
    return Preset(f"vk-{name}", "vk", {"en": english, "ru": russian}, (), flags)


PRESETS: tuple[Preset, ...] = (
    _preset("too-fast", "VK: too many requests a second", "ВКонтакте: слишком много запросов в секунду", "vk.too_fast"),
    _preset("day-spent", "VK: the day's limit is used up", "ВКонтакте: дневной лимит исчерпан", "vk.day_spent"),
    _preset("captcha", "VK asks for a captcha", "ВКонтакте просит капчу", "vk.captcha"),
    _preset("token-revoked", "VK refuses the token", "ВКонтакте не принимает ключ", "vk.token_revoked"),
    _preset("layout-change", "VK answers in another form", "ВКонтакте отвечает в другом виде", "vk.layout"),
)

_OF_FLAG = {
    "vk.token_revoked": (5, "User authorization failed: invalid access_token (4)."),
    "vk.too_fast": (6, "Too many requests per second"),
    "vk.captcha": (14, "Captcha needed"),
    "vk.day_spent": (29, "Rate limit reached"),
}


class _Refusal(Exception):
    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message


def hosts(world: World, strict: bool) -> Mapping[str, ASGIApp]:
    return {HOST: build(world), CDN: build_pictures(world)}


def group(it: Channel, moment: float, fields: list[str]) -> Blob:
    found: Blob = {
        "id": -int(it.id),
        "name": it.title,
        "screen_name": it.handle(moment),
        "is_closed": 0,
        "type": "page",
        "photo_50": _avatar(it, 50),
        "photo_100": _avatar(it, 100),
        "photo_200": _avatar(it, 200),
    }
    if it.terminated(moment):
        return found | {"deactivated": "banned", "name": it.title}
    if "members_count" in fields and not it.hides_subscribers:
        found["members_count"] = it.subscribers(moment)
    if "description" in fields:
        found["description"] = f"{it.title} · VK"
    return found


def user(it: Channel, moment: float, fields: list[str]) -> Blob:
    first, _, last = it.title.partition(" ")
    found: Blob = {"id": int(it.id), "first_name": first, "last_name": last}
    if it.terminated(moment):
        return found | {"deactivated": "banned"}
    found |= {"can_access_closed": True, "is_closed": False}
    if "followers_count" in fields and not it.hides_subscribers:
        found["followers_count"] = it.subscribers(moment)
    if "screen_name" in fields:
        found["screen_name"] = it.handle(moment)
    if "photo_200" in fields:
        found["photo_200"] = _avatar(it, 200)
    return found


def item(it: Channel, post: Post, moment: float) -> Blob:
    """A post of a wall."""
    owner = int(it.id)
    found: Blob = {
        "inner_type": "wall_wallpost",
        "id": int(post.id),
        "from_id": owner,
        "owner_id": owner,
        "date": int(post.at),
        "post_type": "post",
        "type": "post",
        "text": post.title,
        "attachments": _attachments(it, post),
        "comments": {"can_post": 0, "count": 0 if post.comments_off else post.comments(moment)},
        "likes": {"can_like": 0, "count": post.likes(moment), "user_likes": 0},
        "reposts": {"count": post.shares(moment), "user_reposted": 0},
        "views": {"count": post.views(moment)},
    }
    return found


def reach(it: Channel, day: float) -> tuple[int, int]:
    """People that the community reached on a day, and subscribers among them."""
    views = it.views(day + _DAY) - it.views(day)
    return int(views * 0.7), int(views * 0.4)


def build(world: World) -> Starlette:
    methods: dict[str, Callable[[World, Mapping[str, str]], Any]] = {
        "utils.resolveScreenName": _resolve,
        "groups.getById": _groups,
        "users.get": _users,
        "wall.get": _wall,
        "wall.getById": _posts,
        "stats.get": _stats,
        "stats.getPostReach": _post_reach,
    }

    async def handle(request: Request) -> Response:
        body = (await request.body()).decode()
        given = {name: values[-1] for name, values in parse_qs(request.url.query + "&" + body).items()}
        method = request.path_params["method"]
        try:
            for flag, (code, message) in _OF_FLAG.items():
                if flag in world.flags:
                    raise _Refusal(code, message)
            if given.get("v") != _VERSION:
                raise _Refusal(8, "Invalid request: v is required")
            token = given.get("access_token", "")
            if not token or token in world.revoked:
                raise _Refusal(5, "User authorization failed: invalid access_token (4).")
            if "vk.execute" in world.flags:
                failed = {"method": method, "error_code": 15, "error_msg": "Access denied"}
                return JSONResponse({"response": None, "execute_errors": [failed]})
            answer = methods[method](world, given)
        except _Refusal as refusal:
            named = [{"key": key, "value": value} for key, value in given.items()]
            return JSONResponse(
                {"error": {"error_code": refusal.code, "error_msg": refusal.message, "request_params": named}}
            )
        return JSONResponse({"result" if "vk.layout" in world.flags else "response": answer})

    return Starlette(routes=[Route("/method/{method}", handle, methods=["GET", "POST"])])


def build_pictures(world: World) -> Starlette:
    async def picture(request: Request) -> Response:
        size = min(int(request.query_params.get("size", "604")), 604)
        return images.respond(request.path_params["name"], size, size)

    return Starlette(routes=[Route("/{name}.jpg", picture)])


def _resolve(world: World, given: Mapping[str, str]) -> Any:
    it = world.channel(given["screen_name"], "vk")
    if it is None:
        return []
    return {"type": "group" if it.id.startswith("-") else "user", "object_id": abs(int(it.id))}


def _groups(world: World, given: Mapping[str, str]) -> Any:
    name = given.get("group_id") or given.get("group_ids", "")
    if not name and given["access_token"].startswith(KEY):
        name = given["access_token"].removeprefix(KEY)
    if not name:
        raise _Refusal(100, "One of the parameters specified was missing or invalid: group_ids is undefined")
    it = world.channel(f"-{name}", "vk")
    if it is None:
        raise _Refusal(125, "Invalid group id")
    return {"groups": [group(it, world.now, given.get("fields", "").split(","))], "profiles": []}


def _users(world: World, given: Mapping[str, str]) -> Any:
    it = world.channel(given["user_ids"], "vk")
    return [] if it is None else [user(it, world.now, given.get("fields", "").split(","))]


def _walls(world: World, given: Mapping[str, str]) -> Channel:
    it = world.channel(given["owner_id"], "vk")
    if it is None:
        raise _Refusal(100, "One of the parameters specified was missing or invalid: owner_id is invalid")
    if it.terminated(world.now):
        raise _Refusal(18, "User was deleted or banned")
    if f"vk.private.{it.id}" in world.flags:
        raise _Refusal(*((15, "Access denied") if it.id.startswith("-") else (30, "This profile is private")))
    return it


def _wall(world: World, given: Mapping[str, str]) -> Any:
    it = _walls(world, given)
    offset, count = int(given.get("offset", "0")), int(given.get("count", "20"))
    if not 0 < count <= 100:
        raise _Refusal(100, "One of the parameters specified was missing or invalid: count is too big")
    listed = it.listed(world.now)
    items = [item(it, post, world.now) for post in listed]
    pinned = next((n for n, post in enumerate(listed) if f"vk.pinned.{it.id}_{post.id}" in world.flags), None)
    if pinned is not None:
        items.insert(0, items.pop(pinned) | {"is_pinned": 1})
    return {"count": len(items), "items": items[offset : offset + count]}


def _posts(world: World, given: Mapping[str, str]) -> Any:
    items = []
    for name in given["posts"].split(",")[:100]:
        owner, _, post_id = name.partition("_")
        it = world.channel(owner, "vk")
        post = it.post(post_id, world.now) if it else None
        closed = f"vk.private.{owner}" in world.flags
        if it is not None and post is not None and world.state(it, post) is State.PUBLIC and not closed:
            items.append(item(it, post, world.now))
    return {"items": items}


def _own(world: World, given: Mapping[str, str], owner: str) -> Channel:
    if given["access_token"] != KEY + owner.removeprefix("-"):
        raise _Refusal(7, "Permission to perform this action is denied")
    it = world.channel(owner, "vk")
    if it is None:
        raise _Refusal(15, "Access denied")
    return it


def _stats(world: World, given: Mapping[str, str]) -> Any:
    it = _own(world, given, f"-{given['group_id']}")
    midnight = datetime.fromtimestamp(world.now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = []
    for back in range(int(given.get("intervals_count", "1"))):
        begins = (midnight - timedelta(days=back)).timestamp()
        people, subscribers = reach(it, begins)
        days.append(
            {
                "period_from": int(begins),
                "period_to": int(begins + _DAY - 1),
                "visitors": {"views": people // 9, "visitors": people // 12, "mobile_views": people // 14},
                "reach": {"reach": people, "reach_subscribers": subscribers, "mobile_reach": people // 2},
                # A day on which nothing happened comes as an empty list.
                "activity": {"likes": people // 30, "subscribed": people // 900 + 1} if people else [],
            }
        )
    return days


def _post_reach(world: World, given: Mapping[str, str]) -> Any:
    it = _own(world, given, given["owner_id"])
    found = []
    for post_id in given["post_ids"].split(",")[:30]:
        post = it.post(post_id, world.now)
        if post is not None:
            total = int(post.views(world.now) * 0.8)
            numbers = {"reach_total": total, "reach_subscribers": total // 2, "links": 3, "to_group": total // 200}
            found.append(
                {"post_id": int(post_id), **numbers, "join_group": 0, "report": 0, "hide": 1, "unsubscribe": 0}
            )
    return found


def _attachments(it: Channel, post: Post) -> list[Blob]:
    address = f"https://{CDN}/{post.id}.jpg"
    sizes = [{"type": "m", "url": f"{address}?size=130", "width": 130, "height": 130}]
    sizes.append({"type": "x", "url": f"{address}?size=604", "width": 604, "height": 604})
    owner = int(it.id)
    if post.format == "photo":
        return [{"type": "photo", "photo": {"id": int(post.id), "owner_id": owner, "sizes": sizes, "text": ""}}]
    if post.format == "video":
        film = {"id": int(post.id), "owner_id": owner, "title": post.title, "duration": post.duration}
        return [{"type": "video", "video": film | {"type": "video", "image": sizes}}]
    return []


def _avatar(it: Channel, size: int) -> str:
    return f"https://{CDN}/a{abs(int(it.id))}.jpg?size={size}"
