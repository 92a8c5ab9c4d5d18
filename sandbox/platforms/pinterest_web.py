"""www.pinterest.com as anybody sees it: pages of accounts and pins, their state as JSON in a script.

Our reading of such pages; nothing recorded. World flags: "pinterest.layout" (another script), "pinterest.bot_check",
"pinterest.relay" (pages of pins in the camel case of GraphQL).
"""

import hashlib
import json
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.growth import DAY
from sandbox.posts import Post, State
from sandbox.world import Channel, World

Blob = dict[str, Any]

CDN = "i.pinimg.com"
_SHOWN = 25  # pins on a page of created ones
_ROBOTS = "User-agent: *\nDisallow: /resource/\nDisallow: /search/\nAllow: /\n"


def monthly_views(it: Channel, moment: float) -> int:
    return it.views(moment) - it.views(moment - 30 * DAY)


def following(it: Channel) -> int:
    return 40 + int(hashlib.sha256(it.id.encode()).hexdigest(), 16) % 900


def user(it: Channel, moment: float) -> Blob:
    return {
        "id": it.id,
        "username": it.handle(moment),
        "full_name": it.title,
        "about": f"{it.title}. {it.creator.topic.capitalize()}.",
        "follower_count": it.subscribers(moment),
        "following_count": following(it),
        "pin_count": len(it.listed(moment)),
        "board_count": 7,
        "profile_views": -1 if it.hides_subscribers else monthly_views(it, moment),
        "image_xlarge_url": image(f"a{it.id}", 280),
        "is_private_profile": False,
    }


def pin(it: Channel, post: Post, moment: float) -> Blob:
    found: Blob = {
        "id": post.id,
        "title": post.title,
        "grid_title": post.title,
        "description": " ",
        "created_at": format_datetime(datetime.fromtimestamp(int(post.at), UTC)),
        "comment_count": 0 if post.comments_off else post.comments(moment),
        "repin_count": post.saves(moment),
        "aggregated_pin_data": {"aggregated_stats": {"saves": post.saves(moment), "done": 0}},
        "reaction_counts": reactions(post, moment),
        "images": {"236x": _size(post, 236), "736x": _size(post, 736)},
        "pinner": {"id": it.id, "username": it.handle(moment), "full_name": it.title},
        "videos": None,
        "story_pin_data": None,
    }
    if post.format == "video":
        found["videos"] = {"video_list": {"V_HLSV4": {"duration": post.duration * 1000, "width": 720, "height": 1280}}}
    return found


def reactions(post: Post, moment: float) -> dict[str, int]:
    """Likes parted over two kinds; none at all is an empty object."""
    likes = post.likes(moment)
    return {"1": likes - likes // 5, "5": likes // 5} if likes else {}


def routes(world: World) -> list[Route]:
    async def profile(request: Request) -> Response:
        checked = _checked(world)
        if checked is not None:
            return checked
        name = request.path_params["name"]
        it = world.channel(name, "pinterest")
        if it is None or name.isdigit() or it.terminated(world.now):
            return RedirectResponse("/?show_error=true", 302)
        moment = world.now
        state: Blob = {"users": {it.id: user(it, moment)}, "pins": {}}
        if request.path_params.get("tab") == "_created":
            state["pins"] = {post.id: pin(it, post, moment) for post in it.listed(moment)[:_SHOWN]}
            state["pins"] |= _beside(world, it, moment)
        return _page(world, it.title, state)

    async def single(request: Request) -> Response:
        checked = _checked(world)
        if checked is not None:
            return checked
        found = world.post(request.path_params["pin"], "pinterest")
        if found is None or world.state(*found) is not State.PUBLIC:
            return HTMLResponse("<!doctype html><title>Pinterest</title>", 404)
        it, post = found
        whole = pin(it, post, world.now)
        if "pinterest.relay" in world.flags:
            camel = _camel(whole) | {"entityId": post.id, "id": "cGluOjEy"}
            answer = {"response": {"data": {"v3GetPinQuery": {"data": camel}}}}
            return HTMLResponse(
                f'<!doctype html><title>Pinterest</title><script data-relay-response="true" type="application/json">'
                f"{_script(answer)}</script>"
            )
        return _page(world, post.title, {"users": {}, "pins": {post.id: whole} | _beside(world, it, world.now)})

    async def home(request: Request) -> Response:
        return _page(world, "Pinterest", {"users": {}, "pins": {}})

    async def robots(request: Request) -> Response:
        return PlainTextResponse(_ROBOTS)

    return [
        Route("/robots.txt", robots),
        Route("/", home),
        Route("/pin/{pin}/", single),
        Route("/{name}/", profile),
        Route("/{name}/{tab}/", profile),
    ]


def _checked(world: World) -> Response | None:
    if "pinterest.bot_check" in world.flags:
        return HTMLResponse("<!doctype html><title>Pinterest</title><p>Unusual activity. Please solve the captcha.</p>")
    return None


def _beside(world: World, it: Channel, moment: float) -> Blob:
    """A pin of somebody else, as pages show beside what they are about."""
    other = next((one for one in world.on("pinterest") if one is not it and one.listed(moment)), None)
    if other is None:
        return {}
    post = other.listed(moment)[0]
    return {post.id: pin(other, post, moment)}


def _page(world: World, title: str, state: Blob) -> Response:
    name = "__NEW_STATE__" if "pinterest.layout" in world.flags else "__PWS_INITIAL_PROPS__"
    script = _script({"initialReduxState": state})
    return HTMLResponse(
        f"<!doctype html><html lang=en><head><title>{escape(title)}</title></head><body>"
        f'<script id="{name}" type="application/json">{script}</script></body></html>'
    )


def _script(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {re.sub(r"_([a-z])", lambda m: m[1].upper(), name): _camel(one) for name, one in value.items()}


def _size(post: Post, width: int) -> Blob:
    return {"url": image(post.id, width), "width": width, "height": width}


def image(name: str, width: int) -> str:
    return f"https://{CDN}/{width}x/{name}.jpg"
