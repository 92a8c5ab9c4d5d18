"""www.instagram.com as instaloader and yt-dlp meet it: profile and post pages, the web app's queries, the login.

World flags: "instagram.please_wait" (every query is refused with 401), "instagram.login_page" (the login page in place
of every page), "instagram.login_redirect" (a redirect to it), "instagram.layout" (names that nobody knows yet),
"instagram.checkpoint", "instagram.two_factor" (what a login meets), "instagram.session_ended".
"""

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import images
from sandbox.posts import Post, State
from sandbox.world import Channel, World

READER, PASSWORD, READER_ID = "sightline.reader", "walnut-harbour-72", "7100200300"
PAGE = 12
_CDN = "https://scontent.cdninstagram.com"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LOGIN_PAGE = "<!doctype html><html><head><title>Login • Instagram</title></head><body id='loginForm'></body></html>"
_REDESIGN = {
    "xig_user_by_username": "polaris_profile_root",
    "follower_count": "audience_size",
    "like_count": "reaction_total",
    "xdt_api__v1__media__shortcode__web_info": "polaris_media_root",
    "xig_polaris_media": "polaris_media_root",
    "user": "polaris_user",
}


def build(world: World) -> Starlette:
    """The site as an ASGI app over the world."""
    site = _Site(world)
    return Starlette(
        routes=[
            Route("/", site.start),
            Route("/accounts/login/", site.login_page),
            Route("/api/v1/web/accounts/login/ajax/", site.login, methods=["POST"]),
            Route("/api/v1/web/get_ruling_for_content/", site.ruling),
            Route("/api/v1/users/web_profile_info/", site.profile_info),
            Route("/api/graphql", site.query, methods=["POST"]),
            Route("/graphql/query", site.query, methods=["POST"]),
            Route("/p/{code}", site.post),
            Route("/p/{code}/", site.post),
            Route("/reel/{code}/", site.post),
            Route("/robots.txt", site.robots),
            Route("/{name}/", site.profile),
        ]
    )


def build_images(world: World) -> Starlette:
    """Pictures of posts and people: /v/NAME.jpg and /u/NAME.jpg."""

    async def picture(request: Request) -> Response:
        return images.respond(f"instagram:{request.path_params['name']}", 640, 640)

    async def face(request: Request) -> Response:
        return images.respond(f"instagram:{request.path_params['name']}", 320, 320)

    return Starlette(routes=[Route("/v/{name}.jpg", picture), Route("/u/{name}.jpg", face)])


def media_pk(shortcode: str) -> str:
    """The number that a shortcode writes."""
    number = 0
    for letter in shortcode:
        number = number * 64 + _LETTERS.index(letter)
    return str(number)


def picture_url(post: Post) -> str:
    return f"{_CDN}/v/{post.id}.jpg"


def avatar_url(channel: Channel) -> str:
    return f"{_CDN}/u/{channel.id}.jpg"


class _Site:
    def __init__(self, world: World) -> None:
        self._world = world

    # ------------------------------------------------------------ pages

    async def robots(self, request: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    async def start(self, request: Request) -> Response:
        tokens = '["LSD",[],{"token":"AVqsandbox"}],"IG_USER_EIMU":"17841400000000009"'
        if request.cookies.get("sessionid"):
            tokens += ',["DTSGInitialData",[],{"token":"NAcsandbox"}]'
        response = HTMLResponse(f"<!doctype html><html><head><title>Instagram</title><script>{tokens}</script></head>")
        response.set_cookie("csrftoken", "csrf-of-a-visitor", domain=".instagram.com", secure=True)
        return response

    async def login_page(self, request: Request) -> Response:
        return HTMLResponse(_LOGIN_PAGE)

    def _wall(self) -> Response | None:
        flags = self._world.flags
        if "instagram.login_redirect" in flags:
            return RedirectResponse("https://www.instagram.com/accounts/login/?next=/", 302)
        return HTMLResponse(_LOGIN_PAGE) if "instagram.login_page" in flags else None

    async def profile(self, request: Request) -> Response:
        wall = self._wall()
        if wall is not None:
            return wall
        channel = self._found(request.path_params["name"])
        if channel is None:
            return HTMLResponse("<!doctype html><title>Page not found • Instagram</title>", 404)
        place = f"17841{channel.id}"  # what the page calls `id` is not the user's
        details = self._details(channel) | {"id": place, "all_media_count": len(channel.listed(self._world.now))}
        first = {"id": place, "polaris_ordered_timeline_connection": self._timeline(channel, 0, _code)}
        return self._page(
            f"@{channel.handle(self._world.now)}", *({"xig_user_by_username": d} for d in (details, first))
        )

    async def post(self, request: Request) -> Response:
        wall = self._wall()
        if wall is not None:
            return wall
        pair = self._seen(request.path_params["code"])
        shown = None if pair is None else {"if_not_gated_logged_out": self._media(*pair)}
        return self._page("Instagram", {"xig_polaris_media": shown}, relay=True)

    def _page(self, title: str, *parts: dict[str, Any], relay: bool = False) -> Response:
        scripts = ""
        for part in parts:
            box: dict[str, Any] = {"__bbox": {"result": {"data": self._styled(part)}}}
            if relay:
                inner = {"__bbox": {"require": [["RelayPrefetchedStreamCache", "next", [], ["adp_query", box]]]}}
                box = {"require": [["ScheduledServerJS", "handle", None, [inner]]]}
            else:
                box = {"require": [["ScheduledServerJS", "handle", None, [box]]]}
            text = json.dumps(box).replace("</", "<\\/")
            scripts += f'<script type="application/json" data-sjs>{text}</script>'
        return HTMLResponse(f"<!doctype html><html><head><title>{title}</title></head><body>{scripts}</body></html>")

    # ------------------------------------------------------------ queries

    async def ruling(self, request: Request) -> Response:
        response = self._json({"status": "ok"})
        response.set_cookie("csrftoken", "csrf-of-a-visitor", domain=".instagram.com", secure=True)
        return response

    async def profile_info(self, request: Request) -> Response:
        channel = self._found(request.query_params.get("username", ""))
        return self._json({"data": {"user": None if channel is None else self._old_style(channel)}, "status": "ok"})

    async def query(self, request: Request) -> Response:
        flags = self._world.flags
        if "instagram.please_wait" in flags:
            words = "Please wait a few minutes before you try again."
            return JSONResponse({"message": words, "require_login": True, "status": "fail"}, 401)
        session = request.cookies.get("sessionid")
        if session and (session not in self._world.tokens or "instagram.session_ended" in flags):
            return RedirectResponse("https://www.instagram.com/accounts/login/?next=/api/graphql", 302)
        if session and "instagram.checkpoint" in flags:
            answer = {"message": "checkpoint_required", "checkpoint_url": "/challenge/1/", "status": "fail"}
            return JSONResponse(answer, 400)
        form = await request.form()
        wanted = json.loads(str(form["variables"]))
        match form["doc_id"]:
            case "27128499623469141":  # a post by its shortcode
                pair = self._seen(wanted["shortcode"])
                items = {"items": [self._media(*pair)] if pair else []}
                return self._json({"data": {"xdt_api__v1__media__shortcode__web_info": items}, "status": "ok"})
            case "28904005159232689":  # more posts of a profile, for a visitor
                channel = self._by_id(wanted["id"].removeprefix("17841"))
                found = self._timeline(channel, int(wanted["after"]), _code) if channel else None
                return self._json({"data": {"node": {"polaris_ordered_timeline_connection": found}}})
            case "27937681195819736":  # a profile by its id
                channel = self._by_id(wanted["id"])
                user = None if channel is None else self._details(channel) | {"id": channel.id}
                return self._json({"data": {"viewer": {}, "user": user}, "status": "ok"})
            case "29104886249145907":  # posts of a profile, for a session
                channel = self._found(wanted["username"])
                if not session or channel is None:
                    return JSONResponse({"message": "login_required", "status": "fail"}, 401)
                found = self._timeline(channel, int(wanted.get("after") or 0), self._media)
                return self._json({"data": {"xdt_api__v1__feed__user_timeline_graphql_connection": found}})
            case "27130156389949648":  # a post by its number, as yt-dlp asks when it can pass for a browser
                pair = next((p for p in self._all() if media_pk(p[1].id) == wanted["media_id"]), None)
                shown = None if pair is None else {"if_not_gated_logged_out": self._media(*pair)}
                return self._json({"data": {"xig_polaris_media": shown}})
        return JSONResponse({"message": "unknown doc_id", "status": "fail"}, 501)

    async def login(self, request: Request) -> Response:
        form = await request.form()
        assert request.headers["x-csrftoken"] == "csrf-of-a-visitor"
        flags, user = self._world.flags, form["username"] == READER
        if not user or str(form["enc_password"]).split(":", 3)[3] != PASSWORD:
            return JSONResponse({"authenticated": False, "user": user, "status": "ok"})
        if "instagram.please_wait" in flags:
            return JSONResponse({"message": "Please wait a few minutes before you try again.", "status": "fail"}, 401)
        if "instagram.checkpoint" in flags:
            answer = {"message": "checkpoint_required", "checkpoint_url": "/challenge/1/", "lock": False}
            return JSONResponse(answer | {"status": "fail"}, 400)
        if "instagram.two_factor" in flags:
            about = {"two_factor_required": True, "two_factor_info": {"two_factor_identifier": "sandbox-2fa"}}
            return JSONResponse({"message": "", "status": "fail", **about}, 400)
        session = f"{READER_ID}%3Asandbox%3A{len(self._world.tokens)}"
        self._world.tokens[session] = READER
        answer = {"authenticated": True, "user": True, "userId": READER_ID, "oneTapPrompt": False, "status": "ok"}
        response = JSONResponse(answer)
        for name, value in {"sessionid": session, "ds_user_id": READER_ID, "csrftoken": "csrf-of-a-session"}.items():
            response.set_cookie(name, value, domain=".instagram.com", secure=True)
        return response

    # ------------------------------------------------------------ what there is

    def _json(self, answer: object) -> Response:
        return JSONResponse(self._styled(answer))

    def _styled(self, blob: object) -> object:
        return _renamed(blob) if "instagram.layout" in self._world.flags else blob

    def _found(self, name: str) -> Channel | None:
        channel = self._world.channel(name, "instagram")
        return None if channel is None or channel.terminated(self._world.now) else channel

    def _by_id(self, channel_id: str) -> Channel | None:
        channel = next((each for each in self._world.on("instagram") if each.id == channel_id), None)
        return None if channel is None or channel.terminated(self._world.now) else channel

    def _all(self) -> list[tuple[Channel, Post]]:
        return [(each, post) for each in self._world.on("instagram") for post in each.listed(self._world.now)]

    def _seen(self, code: str) -> tuple[Channel, Post] | None:
        pair = self._world.post(code, "instagram")
        return pair if pair is not None and self._world.state(*pair) is State.PUBLIC else None

    def _timeline(self, channel: Channel, start: int, node: Any) -> dict[str, Any]:
        posts = channel.listed(self._world.now)
        entries = enumerate(posts[start : start + PAGE], start + 1)
        return {
            "edges": [{"node": node(channel, post), "cursor": str(at)} for at, post in entries],
            "page_info": {"has_next_page": start + PAGE < len(posts), "end_cursor": str(start + PAGE)},
        }

    def _details(self, channel: Channel) -> dict[str, Any]:
        now = self._world.now
        return {
            "pk": channel.id,
            "username": channel.handle(now),
            "full_name": channel.title,
            "is_private": False,
            "is_verified": False,
            "is_business": True,
            "biography": f"{channel.creator.topic} · {channel.creator.language}",
            "follower_count": channel.subscribers(now),
            "following_count": 87 + len(channel.creator.key),
            "media_count": len(channel.listed(now)),
            "profile_pic_url": avatar_url(channel),
            "category": None,
            "external_url": None,
            "friendship_status": {"following": False},
        }

    def _old_style(self, channel: Channel) -> dict[str, Any]:
        it = self._details(channel)
        return {
            "id": channel.id,
            "fbid": f"17841{channel.id}",
            **{key: it[key] for key in ("username", "full_name", "is_private", "biography")},
            "edge_followed_by": {"count": it["follower_count"]},
            "edge_follow": {"count": it["following_count"]},
            "edge_owner_to_timeline_media": {"count": it["media_count"], "edges": []},
            "profile_pic_url_hd": it["profile_pic_url"],
        }

    def _media(self, channel: Channel, post: Post) -> dict[str, Any]:
        now = self._world.now
        kind = {"photo": 1, "video": 2, "album": 8}[post.format]
        picture = {"candidates": [{"url": picture_url(post), "width": 640, "height": 640}]}
        it: dict[str, Any] = {
            "pk": media_pk(post.id),
            "id": f"{media_pk(post.id)}_{channel.id}",
            "code": post.id,
            "media_type": kind,
            "product_type": {1: "feed", 2: "clips", 8: "carousel_container"}[kind],
            "taken_at": int(post.at),
            "caption": {"text": f"{post.title} #{channel.creator.topic.replace(' ', '')}"},
            "title": None,
            "has_liked": False,
            "like_and_view_counts_disabled": post.likes_hidden,
            "like_count": 3 if post.likes_hidden else post.likes(now),  # the few that the viewer is shown by name
            "comment_count": 0 if post.comments_off else post.comments(now),
            "comments_disabled": post.comments_off or None,
            "accessibility_caption": None,
            "image_versions2": picture,
            "user": {
                "pk": channel.id,
                "username": channel.handle(now),
                "full_name": channel.title,
                "is_private": False,
                "profile_pic_url": avatar_url(channel),
            },
        }
        if kind == 2:
            hidden = post.likes_hidden
            it["play_count"] = None if hidden else post.views(now)
            it["view_count"] = None if hidden else int(post.views(now) * 0.41)
            it["video_duration"] = float(post.duration)
            it["video_versions"] = [{"id": "1", "type": 101, "url": f"{_CDN}/v/{post.id}.mp4", "width": 1, "height": 1}]
        if kind == 8:
            child = {"media_type": 1, "image_versions2": picture}
            it["carousel_media"] = [child | {"pk": f"{it['pk']}{n}", "code": f"{post.id[:10]}{n}"} for n in range(3)]
        return it


def _code(_: Channel, post: Post) -> dict[str, Any]:
    return {"code": post.id, "pk": media_pk(post.id)}


def _renamed(blob: object) -> object:
    if isinstance(blob, dict):
        return {_REDESIGN.get(key, key): _renamed(value) for key, value in blob.items()}
    return [_renamed(value) for value in blob] if isinstance(blob, list) else blob
