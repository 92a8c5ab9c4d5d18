"""graph.facebook.com: Meta's Graph API as far as Instagram's business accounts go, and its token endpoint.

Fields and metrics are those of Meta's reference; another one is refused as Graph refuses it. World flags:
"meta.token_expired", "meta.too_many_calls", "meta.unwell", "meta.just_converted" (every account became a business one
yesterday), "meta.no_old_ids" (a version of Graph without `ig_id`).
"""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.platforms import meta_numbers as numbers
from sandbox.platforms.instagram_web import avatar_url, picture_url
from sandbox.platforms.meta_login import APP_ID, APP_SECRET, LONG_SECONDS, PROVIDER, SHORT_SECONDS, people
from sandbox.platforms.meta_numbers import MEDIA, USER, Wrong, graph_id, known, media_id, stories_of
from sandbox.posts import Post, digits
from sandbox.world import Channel, World


def build(world: World) -> Starlette:
    """The API as an ASGI app over the world."""
    graph = _Graph(world)

    async def wrong(request: Request, error: Exception) -> Response:
        assert isinstance(error, Wrong)
        usage = '{"17841":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":17}]}'
        headers = {"x-business-use-case-usage": usage} if "meta.too_many_calls" in world.flags else {}
        return JSONResponse(error.body, error.status, headers)

    return Starlette(
        routes=[
            Route("/{version}/oauth/access_token", graph.token, methods=["POST"]),
            Route("/{version}/me", graph.me),
            Route("/{version}/me/accounts", graph.pages),
            Route("/{version}/me/permissions", graph.permissions, methods=["GET", "DELETE"]),
            Route("/{version}/{node}", graph.user),
            Route("/{version}/{node}/media", graph.media),
            Route("/{version}/{node}/stories", graph.stories),
            Route("/{version}/{node}/insights", graph.insights),
        ],
        exception_handlers={Wrong: wrong},
    )


class _Graph:
    def __init__(self, world: World) -> None:
        self._world = world

    # ------------------------------------------------------------ who asks

    def _holder(self, request: Request) -> str:
        """The id of the person whose token it is."""
        flags, grants, now = self._world.flags, self._world.grants, self._world.now
        if "meta.unwell" in flags:
            raise Wrong(2, "An unexpected error has occurred. Please retry your request later.", status=500)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        assert kind == "Bearer" and "access_token" not in request.query_params
        held = grants.holder(PROVIDER, token, now)
        if held is None or "meta.token_expired" in flags:
            if grants.opened(token) is None:
                raise Wrong(190, "Invalid OAuth access token - Cannot parse access token", status=401)
            raise Wrong(190, "Error validating access token: Session has expired.", 463, 401)
        proof = request.query_params.get("appsecret_proof", "")
        if proof != hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest():
            raise Wrong(100, "Invalid appsecret_proof provided in the API argument")
        if "meta.too_many_calls" in flags:
            raise Wrong(4, "(#4) Application request limit reached", 2207051, 403)
        return held.subject

    def _own(self, request: Request) -> Channel:
        """The account in the address, which must be one of the person's."""
        person = next((p for p in people(self._world) if p.id == self._holder(request)), None)
        channel = self._channel(request.path_params["node"])
        if channel is None or person is None or channel.id not in {each.id for each in person.accounts}:
            raise Wrong(100, "Unsupported get request. Object does not exist or cannot be loaded", 33)
        return channel

    def _channel(self, node: str) -> Channel | None:
        return next((each for each in self._world.on("instagram") if graph_id(each) == node), None)

    # ------------------------------------------------------------ the login's part

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        if form.get("client_id") != APP_ID:
            raise Wrong(101, "Error validating application. Cannot get application info due to a system error.")
        if form.get("client_secret") != APP_SECRET:
            raise Wrong(1, "Error validating client secret.")
        grants, now = self._world.grants, self._world.now
        if form.get("grant_type") == "fb_exchange_token":
            held = form.get("fb_exchange_token", "")
            issued = grants.refresh(
                PROVIDER, held, moment=now, access_seconds=LONG_SECONDS, refresh_seconds=None, kind="access"
            )
            if issued is None:
                raise Wrong(190, "Error validating access token: Session has expired.", 463, 401)
        else:
            issued = grants.exchange(
                PROVIDER,
                form.get("code", ""),
                client=APP_ID,
                redirect_uri=form.get("redirect_uri", ""),
                verifier=form.get("code_verifier", ""),
                moment=now,
                access_seconds=SHORT_SECONDS,
                refresh_seconds=None,
                refreshable=False,
            )
            if issued is None:
                raise Wrong(100, "This authorization code has been used.", 36009)
        return JSONResponse(
            {"access_token": issued.access, "token_type": "bearer", "expires_in": int(issued.access_seconds or 0)}
        )

    async def me(self, request: Request) -> Response:
        person = self._person(request)
        return JSONResponse({"id": person.id, "name": person.name})

    async def permissions(self, request: Request) -> Response:
        person = self._person(request)
        token = request.headers["authorization"].partition(" ")[2]
        if request.method == "DELETE":
            self._world.grants.revoke(PROVIDER, token)
            return JSONResponse({"success": True})
        held = self._world.grants.holder(PROVIDER, token, self._world.now)
        assert held is not None and person
        return JSONResponse({"data": [{"permission": scope, "status": "granted"} for scope in held.scopes]})

    async def pages(self, request: Request) -> Response:
        person = self._person(request)
        token = request.headers["authorization"].partition(" ")[2]
        inner = re.search(r"instagram_business_account\{(.*)\}", request.query_params.get("fields", ""))
        fields = _fields(inner[1]) if inner else ["id"]
        data: list[dict[str, Any]] = []
        for account in person.accounts or (None,):
            page = {
                "access_token": f"{account.id if account else 'page'}.{token}",
                "name": account.title if account else person.name,
                "id": digits(f"{person.id}:{account.id if account else ''}:page", 15),
            }
            if account is not None:
                page["instagram_business_account"] = self._user_fields(account, fields)
            data.append(page)
        return JSONResponse({"data": data, "paging": {"cursors": {"before": "QVFI", "after": "QVFJ"}}})

    def _person(self, request: Request) -> Any:
        holder = self._holder(request)
        return next(person for person in people(self._world) if person.id == holder)

    # ------------------------------------------------------------ accounts and posts

    async def user(self, request: Request) -> Response:
        channel = self._own(request)
        answer: dict[str, Any] = {}
        plain = []
        for field in _fields(request.query_params.get("fields", "id")):
            discovery = re.fullmatch(r"business_discovery\.username\(([A-Za-z0-9._]+)\)\{(.*)\}", field)
            if discovery:
                answer["business_discovery"] = self._discovered(discovery[1], _fields(discovery[2]))
            else:
                plain.append(field)
        return JSONResponse(self._user_fields(channel, plain) | answer | {"id": graph_id(channel)})

    def _discovered(self, name: str, fields: list[str]) -> dict[str, Any]:
        channel = self._world.channel(name, "instagram")
        personal = channel is not None and channel.creator.key == "instagram:balkon"
        if channel is None or personal or channel.terminated(self._world.now):
            raise Wrong(110, "Invalid user id", 2207013)
        answer = self._user_fields(channel, [field for field in fields if not field.startswith("media.")])
        for field in fields:
            wanted = re.fullmatch(r"media\.limit\((\d+)\)(?:\.after\(([\w=-]+)\))?\{(.*)\}", field)
            if wanted:
                limit, after, inner = int(wanted[1]), wanted[2] or "", _fields(wanted[3])
                answer["media"] = self._listed(channel, limit, after, lambda p: self._media_fields(channel, p, inner))  # noqa: B023
            elif field.startswith(("media.", "media{")):
                raise Wrong(2500, f"Syntax error in {field}")
        return answer | {"id": graph_id(channel)}

    async def media(self, request: Request) -> Response:
        channel = self._own(request)
        query = request.query_params
        fields = _fields(query.get("fields", "id"))
        told = next((field for field in fields if field.startswith("insights")), None)
        plain = [field for field in fields if field != told]
        metrics = re.fullmatch(r"insights\.metric\(([\w,]+)\)", told)[1].split(",") if told else []  # type: ignore[index]

        def item(post: Post) -> dict[str, Any]:
            found = self._media_fields(channel, post, plain)
            if told:
                found["insights"] = {"data": numbers.of_post(self._world, post, metrics)}
            return found

        return JSONResponse(self._listed(channel, int(query.get("limit", 25)), query.get("after", ""), item))

    def _listed(self, channel: Channel, limit: int, after: str, item: Any) -> dict[str, Any]:
        posts = channel.listed(self._world.now)
        start = int(base64.urlsafe_b64decode(after)) if after else 0
        end = start + limit
        paging: dict[str, Any] = {"cursors": {"before": _cursor(start), "after": _cursor(min(end, len(posts)))}}
        if end < len(posts):
            paging["next"] = "https://graph.facebook.com/next"  # it holds the token: nobody follows it
        return {"data": [item(post) for post in posts[start:end]], "paging": paging}

    def _user_fields(self, channel: Channel, fields: list[str]) -> dict[str, Any]:
        now = self._world.now
        there: dict[str, Any] = {
            "id": graph_id(channel),
            "ig_id": int(channel.id),
            "username": channel.handle(now),
            "name": channel.title,
            "biography": channel.creator.topic,
            "profile_picture_url": avatar_url(channel),
            "followers_count": channel.subscribers(now),
            "follows_count": 87 + len(channel.creator.key),
            "media_count": len(channel.listed(now)),
        }
        if "meta.no_old_ids" in self._world.flags:
            del there["ig_id"]
        for field in fields:
            if field not in USER or (field == "ig_id" and field not in there):
                raise Wrong(100, f"(#100) Tried accessing nonexisting field ({field}) on node type (IGUser)")
        return {field: there[field] for field in fields if field in there}

    def _media_fields(self, channel: Channel, post: Post, fields: list[str]) -> dict[str, Any]:
        now, reel = self._world.now, post.format == "video"
        there: dict[str, Any] = {
            "id": media_id(post),
            "shortcode": post.id,
            "permalink": f"https://www.instagram.com/{'reel' if reel else 'p'}/{post.id}/",
            "caption": f"{post.title} #{channel.creator.topic.replace(' ', '')}",
            "media_type": {"photo": "IMAGE", "video": "VIDEO", "album": "CAROUSEL_ALBUM"}[post.format],
            "media_product_type": "REELS" if reel else "FEED",
            "timestamp": _moment(post.at),
            "comments_count": 0 if post.comments_off else post.comments(now),
            "is_comment_enabled": not post.comments_off,
            "username": channel.handle(now),
            "media_url": f"https://scontent.cdninstagram.com/v/{post.id}.mp4" if reel else picture_url(post),
        }
        if not post.likes_hidden:
            there["like_count"] = post.likes(now)
        if reel:
            there |= {"thumbnail_url": picture_url(post), "view_count": post.views(now)}
        for field in fields:
            if field not in MEDIA:
                raise Wrong(100, f"(#100) Tried accessing nonexisting field ({field}) on node type (IGMedia)")
        return {field: there[field] for field in fields if field in there} | {"id": media_id(post)}

    # ------------------------------------------------------------ numbers

    async def insights(self, request: Request) -> Response:
        node, query = request.path_params["node"], request.query_params
        metrics = query.get("metric", "").split(",")
        if self._channel(node) is not None:
            return JSONResponse({"data": numbers.of_account(self._world, self._own(request), metrics, dict(query))})
        person, now = self._person(request), self._world.now
        for channel in person.accounts:
            post = next((each for each in channel.known(now) if media_id(each) == node), None)
            if post is not None:
                return JSONResponse({"data": numbers.of_post(self._world, post, metrics)})
            told = next((at for key, at in stories_of(channel, now) if key == node), None)
            if told is not None:
                return JSONResponse({"data": numbers.of_story(self._world, channel, told, node, metrics)})
        raise Wrong(100, "Unsupported get request. Object does not exist or cannot be loaded", 33)

    async def stories(self, request: Request) -> Response:
        channel = self._own(request)
        fields = _fields(request.query_params.get("fields", "id"))
        data = []
        for n, (key, at) in enumerate(stories_of(channel, self._world.now)):
            video = n % 2 == 1
            there = {
                "id": key,
                "media_type": "VIDEO" if video else "IMAGE",
                "permalink": f"https://www.instagram.com/stories/{channel.handle(self._world.now)}/{key}",
                "timestamp": _moment(at),
                "media_url": f"https://scontent.cdninstagram.com/v/{key}.{'mp4' if video else 'jpg'}",
                "username": channel.handle(self._world.now),
            }
            if video:
                there["thumbnail_url"] = f"https://scontent.cdninstagram.com/v/{key}.jpg"
            known(fields, MEDIA)
            data.append({field: there[field] for field in fields if field in there} | {"id": key})
        return JSONResponse({"data": data, "paging": {"cursors": {"before": "QVFI"}}} if data else {"data": []})


def _fields(text: str) -> list[str]:
    """`a,b{c,d},e(f,g)` taken apart at the outer commas."""
    found, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "{(") - (letter in "})")
        if letter == "," and depth == 0:
            found.append(text[start:at])
            start = at + 1
    return [*found, text[start:]]


def _moment(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _cursor(at: int) -> str:
    return base64.urlsafe_b64encode(str(at).encode()).decode()
