"""open.tiktokapis.com: the Display API v2 and the token endpoint; and the page on which a person lets an app in.

Shapes: developers.tiktok.com, and refusals as recorded 2024-2025. World flag: "tiktok.api_unwell" (internal_error).
"""

import hashlib
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.consent_page import back, consent_page, problem_page
from sandbox.grants import Grant, Issued
from sandbox.platforms import tiktok_web as web
from sandbox.posts import Post, State
from sandbox.world import Channel, World

PROVIDER = "tiktok"
ACCESS_SECONDS, REFRESH_SECONDS = 7_200.0, 180 * 86_400.0
_MOST = 20
_USER = {
    "user.info.basic": {"open_id", "union_id", "avatar_url", "avatar_url_100", "avatar_large_url", "display_name"},
    "user.info.profile": {"bio_description", "profile_deep_link", "is_verified", "username"},
    "user.info.stats": {"follower_count", "following_count", "likes_count", "video_count"},
}
_VIDEO = {
    *("id", "create_time", "cover_image_url", "share_url", "video_description", "duration", "height", "width", "title"),
    *("embed_html", "embed_link", "like_count", "comment_count", "share_count", "view_count"),
}
_LOG_ID = "20261102120000SANDBOX"

Blob = dict[str, Any]


def consent(world: World) -> list[Route]:
    """www.tiktok.com/v2/auth/authorize/: the accounts of this world to choose from."""

    async def authorize(request: Request) -> Response:
        query = request.query_params
        if query.get("response_type") != "code" or not query.get("client_key") or not query.get("redirect_uri"):
            return problem_page("TikTok", "Something is missing: client_key, response_type=code and redirect_uri.")
        scopes = tuple(scope for scope in query.get("scope", "").split(",") if scope)
        unknown = set(scopes) - _USER.keys() - {"video.list"}
        if not scopes or unknown:
            return problem_page("TikTok", f"scope: {', '.join(sorted(unknown)) or 'empty'}")
        people = [it for it in world.on("tiktok") if not it.terminated(world.now)]
        if request.method == "GET":
            choices = [(it.id, f"{it.title} (@{it.handle(world.now)})") for it in people]
            return consent_page("TikTok", choices, scopes)
        form, state = await request.form(), query.get("state", "")
        if form.get("decision") != "allow":
            return back(query["redirect_uri"], error="access_denied", error_description="Denied", state=state)
        chosen = next((it for it in people if it.id == form.get("account")), None)
        if chosen is None:
            return problem_page("TikTok", "There is no such account.")
        code = world.grants.code(
            PROVIDER,
            subject=chosen.id,
            scopes=scopes,
            client=query["client_key"],
            redirect_uri=query["redirect_uri"],
            challenge=query.get("code_challenge", ""),
            moment=world.now,
        )
        return back(query["redirect_uri"], code=code, scopes=",".join(scopes), state=state)

    return [Route("/v2/auth/authorize/", authorize, methods=["GET", "POST"])]


def open_id(it: Channel) -> str:
    """Whom an app's grants speak of: another id than the public one."""
    return "-000" + hashlib.sha256(f"open:{it.id}".encode()).hexdigest()[:32]


def build(world: World) -> Starlette:
    api = _Api(world)
    return Starlette(
        routes=[
            Route("/v2/oauth/token/", api.token, methods=["POST"]),
            Route("/v2/oauth/revoke/", api.revoke, methods=["POST"]),
            Route("/v2/user/info/", api.user_info),
            Route("/v2/video/list/", api.video_list, methods=["POST"]),
            Route("/v2/video/query/", api.video_query, methods=["POST"]),
        ]
    )


class _Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.answer = JSONResponse({"data": {}, "error": {"code": code, "message": message, "log_id": _LOG_ID}}, status)
        super().__init__(code)


class _Api:
    def __init__(self, world: World) -> None:
        self._world = world

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        now, grants = self._world.now, self._world.grants
        if not form.get("client_key") or not form.get("client_secret") or form["client_key"] in self._world.revoked:
            return _denied("invalid_client", "Client key or secret is incorrect.")
        issued: Issued | None = None
        if form.get("grant_type") == "authorization_code":
            issued = grants.exchange(
                PROVIDER,
                form.get("code", ""),
                client=form["client_key"],
                redirect_uri=form.get("redirect_uri", ""),
                verifier=form.get("code_verifier", ""),
                moment=now,
                access_seconds=ACCESS_SECONDS,
                refresh_seconds=REFRESH_SECONDS,
                rotates=True,
            )
        elif form.get("grant_type") == "refresh_token":
            issued = grants.refresh(
                PROVIDER,
                form.get("refresh_token", ""),
                moment=now,
                access_seconds=ACCESS_SECONDS,
                refresh_seconds=REFRESH_SECONDS,
                rotates=True,
            )
        if issued is None:
            return _denied("invalid_grant", "Authorization code or refresh token is invalid or expired.")
        it = self._world.channel(issued.grant.subject, "tiktok")
        return JSONResponse(
            {
                "access_token": issued.access,
                "expires_in": int(ACCESS_SECONDS),
                "open_id": open_id(it) if it else "",
                "refresh_expires_in": int(REFRESH_SECONDS),
                "refresh_token": issued.refresh,
                "scope": ",".join(issued.grant.scopes),
                "token_type": "Bearer",
            }
        )

    async def revoke(self, request: Request) -> Response:
        form = await request.form()
        if not self._world.grants.revoke(PROVIDER, str(form.get("token", ""))):
            return _denied("invalid_request", "The token is invalid.")
        return JSONResponse({})

    async def user_info(self, request: Request) -> Response:
        try:
            it, grant = self._allowed(request)
            fields = self._fields(request, set().union(*_USER.values()))
            may = set().union(*(_USER.get(scope, set()) for scope in grant.scopes))
            if fields - may:
                raise _Refused(401, "scope_not_authorized", "The user did not authorize the scope required.")
        except _Refused as refused:
            return refused.answer
        now = self._world.now
        stats = web.stats(it, now)
        whole = {
            "open_id": open_id(it),
            "union_id": hashlib.sha256(it.id.encode()).hexdigest()[:32],
            "avatar_url": web.avatar(it),
            "avatar_url_100": web.avatar(it),
            "avatar_large_url": web.avatar(it),
            "display_name": it.title,
            "bio_description": f"{it.title}. {it.creator.topic.capitalize()}.",
            "profile_deep_link": f"https://www.tiktok.com/@{it.handle(now)}",
            "is_verified": False,
            "username": it.handle(now),
            "follower_count": stats["followerCount"],
            "following_count": stats["followingCount"],
            "likes_count": stats["heartCount"],
            "video_count": stats["videoCount"],
        }
        return _ok({"user": {name: value for name, value in whole.items() if name in fields}})

    async def video_list(self, request: Request) -> Response:
        try:
            it, fields, body = await self._of_videos(request)
            count, cursor = body.get("max_count", 10), body.get("cursor")
            if not isinstance(count, int) or not 0 < count <= _MOST:
                raise _Refused(400, "invalid_params", "The max_count is invalid.")
        except _Refused as refused:
            return refused.answer
        now = self._world.now
        older = [post for post in it.listed(now) if cursor is None or int(post.at) * 1000 < cursor]
        page = older[:count]
        return _ok(
            {
                "videos": [_video(it, post, now, fields) for post in page],
                "cursor": int(page[-1].at) * 1000 if page else 0,
                "has_more": len(older) > len(page),
            }
        )

    async def video_query(self, request: Request) -> Response:
        try:
            it, fields, body = await self._of_videos(request)
            ids = body.get("filters", {}).get("video_ids", [])
            if not ids or len(ids) > _MOST:
                raise _Refused(400, "invalid_params", "The video_ids are invalid.")
        except _Refused as refused:
            return refused.answer
        now = self._world.now
        known = [post for post in (it.post(one, now) for one in ids) if post and post.state(now) is State.PUBLIC]
        return _ok({"videos": [_video(it, post, now, fields) for post in known]})

    async def _of_videos(self, request: Request) -> tuple[Channel, set[str], Blob]:
        it, grant = self._allowed(request)
        if "video.list" not in grant.scopes:
            raise _Refused(401, "scope_not_authorized", "The user did not authorize the scope required.")
        return it, self._fields(request, _VIDEO), await request.json()

    def _allowed(self, request: Request) -> tuple[Channel, Grant]:
        if "tiktok.api_unwell" in self._world.flags:
            raise _Refused(500, "internal_error", "Something went wrong.")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        grant = self._world.grants.holder(PROVIDER, token, self._world.now)
        it = self._world.channel(grant.subject, "tiktok") if grant else None
        if grant is None or it is None or it.terminated(self._world.now):
            raise _Refused(401, "access_token_invalid", "The access token is invalid or not found in the request.")
        return it, grant

    def _fields(self, request: Request, known: set[str]) -> set[str]:
        fields = {field for field in request.query_params.get("fields", "").split(",") if field}
        if not fields or fields - known:
            raise _Refused(400, "invalid_params", "Fields is required, please provide fields in the request")
        return fields


def _video(it: Channel, post: Post, now: float, fields: set[str]) -> Blob:
    whole = {
        "id": post.id,
        "create_time": int(post.at),
        "cover_image_url": web.cover(post),
        "share_url": f"{web.address(it, post, now)}?utm_campaign=tt4d_open_api&utm_source=sandbox",
        "video_description": post.title,
        "title": post.title,
        "duration": 0 if post.format == "photo" else post.duration,
        "height": 1024,
        "width": 576,
        "embed_html": "<blockquote></blockquote>",
        "embed_link": f"https://www.tiktok.com/player/v1/{post.id}",
        "view_count": post.views(now),
        "like_count": post.likes(now),
        "comment_count": 0 if post.comments_off else post.comments(now),
        "share_count": post.shares(now),
    }
    return {name: value for name, value in whole.items() if name in fields}


def _ok(data: Blob) -> Response:
    return JSONResponse({"data": data, "error": {"code": "ok", "message": "", "log_id": _LOG_ID}})


def _denied(error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description, "log_id": _LOG_ID}, 400)
