"""Who asks: a browser by its cookie, an API client by its bearer token. And how often it may.

Pages know cookies only, the API bearers only: a cookie that a browser sends along to the API means nothing there.
"""

from http.cookies import CookieError, SimpleCookie
from typing import Any, cast

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from app.domain.errors import N_, TooMany, Unauthorized
from app.domain.identity import sessions, tokens
from app.domain.identity.keys import PREFIX
from app.domain.identity.principal import Kind, Principal
from app.http.access import API, Rule, access_to
from app.http.cookies import Cookies, sign_in
from app.http.csrf import SAFE, Csrf
from app.lib.db import Database
from app.lib.limits import Limits, neighbourhood
from app.settings import Settings

PER_PERSON = 10  # times the anonymous limit: for signed-in API clients, and for keys without a limit of their own


class Gate(ASGIMiddleware):
    """Puts a Principal on every connection, as `request.user`. Raises Unauthorized for a bearer that does not hold,
    TooMany over the limit, Forbidden for a form that did not come from our pages."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, settings: Settings, database: Database, limits: Limits, csrf: Csrf, jwt_key: bytes) -> None:
        self._database = database
        self._limits = limits
        self._csrf = csrf
        self._jwt_key = jwt_key
        self._per_minute = settings.max_requests_per_minute
        self._cookies = Cookies(settings.secure)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope = cast(HTTPScope, scope)
        state: dict[str, Any] = scope["state"]
        address: str = state["address"]
        scope["auth"] = None
        scope["user"] = Principal(address=address)
        method = scope["method"]
        row = access_to(method, scope["path_template"])
        if row is None or row.rule is Rule.OPEN or method == "OPTIONS":
            await next_app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if scope["path"].startswith(API):
            scope["user"] = await self._client(state, headers.get(b"authorization", ""), address)
        else:
            cookies = _cookies(headers.get(b"cookie", ""))
            token = cookies.get(self._cookies.session, "")
            if token:
                scope["user"], token = await self._browser(scope, token, headers)
            if scope["user"].anonymous and method not in SAFE:
                await self._allow(state, f"visitor:{neighbourhood(address)}", self._per_minute)
            await self._csrf.check(scope, receive, row.rule, headers, token, cookies.get(self._cookies.visitor, ""))
        await next_app(scope, receive, send)

    async def _browser(self, scope: HTTPScope, token: str, headers: dict[bytes, str]) -> tuple[Principal, str]:
        """Who holds the cookie, and its token; a cookie that is nobody's is ignored."""
        address: str = scope["state"]["address"]
        async with self._database.transaction() as session:
            found = await sessions.by_cookie(session, token, address=address)
            if found is None:
                return Principal(address=address), ""
            principal, rotate = found
            page = headers.get(b"sec-fetch-dest", "document") == "document" and b"hx-request" not in headers
            if rotate and page and scope["method"] == "GET" and principal.session_id:
                fresh = await sessions.rotate_as_asked(session, principal.session_id)
                if fresh:
                    token = fresh
                    sign_in(scope["litestar_app"].request_class(scope), fresh)
        return principal, token

    async def _client(self, state: dict[str, Any], authorization: str, address: str) -> Principal:
        kind, _, bearer = authorization.partition(" ")
        given = bearer.strip() if kind.lower() == "bearer" else ""
        principal = await self._bearer(given, address) if given else None
        if principal is None:
            key, limit = f"address:{neighbourhood(address)}", self._per_minute
        elif principal.kind is Kind.KEY:
            key, limit = f"key:{principal.key_id}", principal.requests_per_minute or self._per_minute * PER_PERSON
        else:
            key, limit = f"user:{principal.user_id}", self._per_minute * PER_PERSON
        await self._allow(state, key, limit)
        if authorization and principal is None:
            raise Unauthorized(N_("This token or key does not hold: unknown, ended or expired."), code="bad_token")
        return principal or Principal(address=address)

    async def _allow(self, state: dict[str, Any], key: str, limit: int) -> None:
        verdict = state["limit"] = await self._limits.hit(key, limit)
        if verdict is not None and not verdict.allowed:
            raise TooMany(N_("Too many requests. Try again in %(seconds)s s."), retry_after=verdict.reset)

    async def _bearer(self, bearer: str, address: str) -> Principal | None:
        if bearer.startswith(PREFIX):
            async with self._database.transaction() as session:
                return await sessions.by_key(session, bearer, address=address)
        session_id = tokens.session_of(self._jwt_key, bearer)
        if session_id is None:
            return None
        async with self._database.transaction() as session:
            return await sessions.by_id(session, session_id, address=address)


def _cookies(header: str) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(header)
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}
