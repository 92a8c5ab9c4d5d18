"""api.pinterest.com: API v5 with its token endpoint; and the page on which a person lets an app in.

Shapes: the vendor's documented examples. A refresh gives no new refresh token; the old one stays good. World
flags: "pinterest.token_expired", "pinterest.grant_revoked".
"""

import base64
import binascii
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.consent_page import back, consent_page, problem_page
from sandbox.platforms import pinterest_web as web
from sandbox.posts import Post, State
from sandbox.world import Channel, World

Blob = dict[str, Any]

PROVIDER = "pinterest"
APP_ID, APP_SECRET = "1512345", "pinterest-secret-of-the-sandbox"
ACCESS_SECONDS, REFRESH_SECONDS = 30 * 86_400.0, 60 * 86_400.0
SCOPES = ("boards:read", "pins:read", "user_accounts:read")
PERSONAL = "northloom"  # an account that is no business: it has no analytics
_DAY = 86_400.0


def consent(world: World) -> list[Route]:
    """www.pinterest.com/oauth/: the accounts of this world to choose from."""

    async def authorize(request: Request) -> Response:
        query = request.query_params
        if query.get("response_type") != "code" or query.get("client_id") != APP_ID or not query.get("redirect_uri"):
            return problem_page("Pinterest", "The request is missing client_id, response_type=code or redirect_uri.")
        scopes = tuple(scope for scope in query.get("scope", "").split(",") if scope)
        if not scopes or not set(scopes) <= set(SCOPES):
            return problem_page("Pinterest", "Invalid scope.")
        people = [it for it in world.on("pinterest") if not it.terminated(world.now)]
        if request.method == "GET":
            choices = [(it.id, f"{it.title} (@{it.handle(world.now)})") for it in people]
            return consent_page("Pinterest", choices, scopes)
        form, state = await request.form(), query.get("state", "")
        if form.get("decision") != "allow":
            return back(query["redirect_uri"], error="access_denied", state=state)
        chosen = next((it for it in people if it.id == form.get("account")), None)
        if chosen is None:
            return problem_page("Pinterest", "There is no such account.")
        code = world.grants.code(
            PROVIDER,
            subject=chosen.id,
            scopes=scopes,
            client=APP_ID,
            redirect_uri=query["redirect_uri"],
            challenge="",
            moment=world.now,
        )
        return back(query["redirect_uri"], code=code, state=state)

    return [Route("/oauth/", authorize, methods=["GET", "POST"])]


def build(world: World) -> Starlette:
    api = _Api(world)
    return Starlette(
        routes=[
            Route("/v5/oauth/token", api.token, methods=["POST"]),
            Route("/v5/user_account", api.user_account),
            Route("/v5/user_account/analytics", api.account_analytics),
            Route("/v5/pins", api.pins),
            Route("/v5/pins/analytics", api.pin_analytics),
            Route("/v5/pins/{pin}", api.pin),
        ],
        exception_handlers={_Refused: _answered},
    )


class _Refused(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        self.answer = JSONResponse({"code": code, "message": message}, status)


async def _answered(request: Request, error: Exception) -> Response:
    assert isinstance(error, _Refused)
    return error.answer


class _Api:
    def __init__(self, world: World) -> None:
        self._world = world

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        now, grants = self._world.now, self._world.grants
        grants.heed(PROVIDER, self._world.flags, now)
        if _basic(request) != (APP_ID, APP_SECRET) or APP_ID in self._world.revoked:
            raise _Refused(401, 2, "Authentication failed.")
        issued = None
        if form.get("grant_type") == "authorization_code":
            issued = grants.exchange(
                PROVIDER,
                form.get("code", ""),
                client=APP_ID,
                redirect_uri=form.get("redirect_uri", ""),
                verifier="",
                moment=now,
                access_seconds=ACCESS_SECONDS,
                refresh_seconds=REFRESH_SECONDS,
            )
        elif form.get("grant_type") == "refresh_token":
            issued = grants.refresh(
                PROVIDER,
                form.get("refresh_token", ""),
                moment=now,
                access_seconds=ACCESS_SECONDS,
                refresh_seconds=REFRESH_SECONDS,
            )
        if issued is None:
            raise _Refused(400, 283, "The provided authorization code or refresh token is invalid, expired or revoked.")
        answer: Blob = {
            "access_token": issued.access,
            "response_type": form["grant_type"],
            "token_type": "bearer",
            "expires_in": int(ACCESS_SECONDS),
            "scope": " ".join(issued.grant.scopes),
        }
        if issued.refresh:
            answer |= {"refresh_token": issued.refresh, "refresh_token_expires_in": int(REFRESH_SECONDS)}
        return JSONResponse(answer)

    async def user_account(self, request: Request) -> Response:
        it, now = self._allowed(request, "user_accounts:read"), self._world.now
        seen = web.user(it, now)
        return JSONResponse(
            {
                "account_type": "PINNER" if it.creator.handle == PERSONAL else "BUSINESS",
                "id": it.id,
                "profile_image": seen["image_xlarge_url"],
                "website_url": "",
                "username": seen["username"],
                "about": seen["about"],
                "business_name": "" if it.creator.handle == PERSONAL else it.title,
                "board_count": seen["board_count"],
                "pin_count": seen["pin_count"],
                "follower_count": seen["follower_count"],
                "following_count": seen["following_count"],
                "monthly_views": web.monthly_views(it, now),
            }
        )

    async def pins(self, request: Request) -> Response:
        it, now = self._allowed(request, "pins:read"), self._world.now
        query = request.query_params
        size = int(query.get("page_size", "25"))
        if not 0 < size <= 250:
            raise _Refused(400, 1, "page_size must be from 1 to 250")
        listed = it.listed(now)
        start = next((n for n, post in enumerate(listed) if post.id == query.get("bookmark")), 0)
        bookmark = listed[start + size].id if start + size < len(listed) else None
        items = [pin(post, now, query.get("pin_metrics") == "true") for post in listed[start : start + size]]
        return JSONResponse({"items": items, "bookmark": bookmark})

    async def pin(self, request: Request) -> Response:
        it, now = self._allowed(request, "pins:read"), self._world.now
        post = it.post(request.path_params["pin"], now)
        if post is None or post.state(now) is not State.PUBLIC:
            raise _Refused(404, 50, "Pin not found.")
        return JSONResponse(pin(post, now, request.query_params.get("pin_metrics") == "true"))

    async def account_analytics(self, request: Request) -> Response:
        it = self._analysed(request, "user_accounts:read")
        days = _days(request)
        today = datetime.fromtimestamp(self._world.now, UTC).date()
        daily: list[Blob] = []
        for day in days:
            ready = day < today - timedelta(days=1)
            begins = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
            seen = it.views(begins + _DAY) - it.views(begins)
            numbers = _of_day(seen) if ready else dict.fromkeys(_of_day(0), 0)
            status = "READY" if ready else "PROCESSING"
            daily.append({"data_status": status, "date": day.isoformat(), "metrics": _asked(request, numbers)})
        summary = {name: sum(one["metrics"][name] for one in daily) for name in daily[0]["metrics"]}
        return JSONResponse({"all": {"daily_metrics": daily, "summary_metrics": summary}})

    async def pin_analytics(self, request: Request) -> Response:
        it, now = self._analysed(request, "pins:read"), self._world.now
        since = datetime.combine(_days(request)[0], datetime.min.time(), UTC).timestamp()
        ids = request.query_params.get("pin_ids", "").split(",")
        if len(ids) > 100:
            raise _Refused(400, 1, "Invalid multi_pins analytics parameters.")
        told: Blob = {}
        for pin_id in ids:
            post = it.post(pin_id, now)
            if post is None:
                raise _Refused(404, 50, "Pin not found.")
            numbers = _of_day(post.views(now) - post.views(since))
            life = {"TOTAL_COMMENTS": post.comments(now), "TOTAL_REACTIONS": post.likes(now)}
            told[pin_id] = {"all": {"summary_metrics": _asked(request, numbers), "lifetime_metrics": life}}
        return JSONResponse(told)

    def _analysed(self, request: Request, scope: str) -> Channel:
        it = self._allowed(request, scope)
        if it.creator.handle == PERSONAL:
            raise _Refused(403, 29, "Not authorized to access the user account analytics.")
        return it

    def _allowed(self, request: Request, scope: str) -> Channel:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        self._world.grants.heed(PROVIDER, self._world.flags, self._world.now)
        grant = self._world.grants.holder(PROVIDER, token, self._world.now)
        it = self._world.channel(grant.subject, "pinterest") if grant else None
        if grant is None or it is None or it.terminated(self._world.now):
            raise _Refused(401, 2, "Authentication failed.")
        if scope not in grant.scopes:
            raise _Refused(403, 3, "Authorization failed.")
        return it


def _basic(request: Request) -> tuple[str, str]:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(text).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return (user, password) if kind == "Basic" else ("", "")


def _days(request: Request) -> list[date]:
    query = request.query_params
    try:
        first, last = date.fromisoformat(query["start_date"]), date.fromisoformat(query["end_date"])
    except (KeyError, ValueError):
        raise _Refused(400, 1, "Invalid analytics parameters.") from None
    if not 0 <= (last - first).days <= 90 or not query.get("metric_types"):
        raise _Refused(400, 1, "Invalid analytics parameters.")
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _asked(request: Request, numbers: dict[str, int]) -> dict[str, int]:
    wanted = request.query_params["metric_types"].split(",")
    return {name: value for name, value in numbers.items() if name in wanted}


def _of_day(views: int) -> dict[str, int]:
    return {
        "IMPRESSION": views,
        "OUTBOUND_CLICK": views // 40,
        "PIN_CLICK": views // 25,
        "SAVE": views // 300,
        "ENGAGEMENT": views // 20,
    }


def pin(post: Post, now: float, metrics: bool) -> Blob:
    media: Blob = {"media_type": "video" if post.format == "video" else "image"}
    media["images"] = {f"{size}x": {"width": size, "height": size, "url": web.image(post.id, size)} for size in (600,)}
    found: Blob = {
        "id": post.id,
        "created_at": datetime.fromtimestamp(int(post.at), UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "link": None,
        "title": post.title,
        "description": None,
        "alt_text": None,
        "creative_type": "VIDEO" if post.format == "video" else "REGULAR",
        "media": media,
        "is_owner": True,
    }
    if metrics:
        life = {
            "pin_click": post.views(now) // 25,
            "impression": post.views(now),
            "clickthrough": post.views(now) // 40,
            "reaction": post.likes(now),
            "comment": 0 if post.comments_off else post.comments(now),
            "save": post.saves(now),
        }
        found["pin_metrics"] = {"90d": {"pin_click": 7, "impression": 2, "clickthrough": 3}, "lifetime_metrics": life}
    return found
