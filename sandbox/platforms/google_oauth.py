"""Google's sign-in: the consent page, token and revocation endpoints, with Google's own ways.

One client is registered, CLIENT_ID with CLIENT_SECRET; any way back over https or to this machine is. A channel is
chosen on the page, or an account that has none; each scope can be refused. A refresh token comes only for
access_type=offline, and again only with prompt=consent; refreshes give none. Error bodies as recorded
(2020-02) and publicly reported.
"""

import base64
import json
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.consent_page import back, consent_page, problem_page
from sandbox.faults import Preset
from sandbox.grants import Issued
from sandbox.world import World

PROVIDER = "google"
CLIENT_ID = "481516234200-sandbox.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-of-the-sandbox"
ACCESS_SECONDS = 3599.0
NO_CHANNEL = "no-channel"  # an account without a channel
_LOCAL = ("localhost", "127.0.0.1", "[::1]", "testserver.local", "testserver")
_KNOWN = {
    *("client_id", "redirect_uri", "response_type", "scope", "access_type", "state", "include_granted_scopes"),
    *("login_hint", "prompt", "code_challenge", "code_challenge_method", "nonce", "enable_granular_consent"),
}

PRESETS: tuple[Preset, ...] = (
    Preset(
        "google-grant-revoked",
        "youtube",
        {"en": "Google's users take their consent back", "ru": "Пользователи Google отзывают согласие"},
        flags=("google.grant_revoked",),
    ),
    Preset(
        "google-token-expired",
        "youtube",
        {"en": "Google's access tokens expire early", "ru": "Токены Google истекают раньше срока"},
        flags=("google.token_expired",),
    ),
)


def hosts(world: World, strict: bool) -> Mapping[str, ASGIApp]:
    google = _Google(world, strict)
    accounts = Starlette(routes=[Route("/o/oauth2/v2/auth", google.authorize, methods=["GET", "POST"])])
    tokens = Starlette(
        routes=[Route("/token", google.token, methods=["POST"]), Route("/revoke", google.revoke, methods=["POST"])]
    )
    return {"accounts.google.com": accounts, "oauth2.googleapis.com": tokens}


class _Google:
    def __init__(self, world: World, strict: bool) -> None:
        self._world = world
        self._strict = strict
        self._offline: set[str] = set()  # codes whose exchange gives a refresh token
        self._agreed: set[str] = set()  # who has agreed before

    async def authorize(self, request: Request) -> Response:
        query = request.query_params
        problem = self._problem(request)
        if problem:
            return problem_page("Sign in with Google", problem)
        asked = query["scope"].split()
        if request.method == "GET":
            return consent_page("Sign in with Google", self._accounts(), asked, pick=True)
        form = parse_qs((await request.body()).decode())
        state = {"state": query["state"]} if "state" in query else {}
        subject = form.get("account", [""])[0]
        if form.get("decision") != ["allow"] or subject not in dict(self._accounts()):
            return back(query["redirect_uri"], error="access_denied", **state)
        scopes = tuple(scope for scope in asked if scope == "openid" or scope in form.get("scope", []))
        code = self._world.grants.code(
            PROVIDER,
            subject=subject,
            scopes=scopes,
            client=query["client_id"],
            redirect_uri=query["redirect_uri"],
            challenge=query.get("code_challenge", ""),
            moment=self._world.now,
        )
        if query.get("access_type") == "offline" and (query.get("prompt") == "consent" or subject not in self._agreed):
            self._offline.add(code)
        self._agreed.add(subject)
        return back(query["redirect_uri"], **state, code=code, scope=" ".join(scopes), authuser="0", prompt="consent")

    def _problem(self, request: Request) -> str:
        """Why Google would show an error in place of its consent page; empty when it would not."""
        query = request.query_params
        if self._strict and (unknown := set(query) - _KNOWN):
            raise AssertionError(f"Google's authorization endpoint has no {sorted(unknown)}")
        if query.get("client_id") != CLIENT_ID:
            return "Error 401: invalid_client. The OAuth client was not found."
        way_back = urlsplit(query.get("redirect_uri", ""))
        if way_back.scheme != "https" and not (way_back.scheme == "http" and way_back.hostname in _LOCAL):
            return "Error 400: redirect_uri_mismatch"
        if query.get("response_type") != "code" or not query.get("scope"):
            return "Error 400: invalid_request. Required parameter is missing."
        if "code_challenge" in query and query.get("code_challenge_method") != "S256":
            return "Error 400: invalid_request. Use S256."
        return ""

    def _accounts(self) -> list[tuple[str, str]]:
        moment = self._world.now
        there = [channel for channel in self._world.channels if not channel.terminated(moment)]
        named = [(channel.id, f"{channel.title} (@{channel.handle(moment)})") for channel in there]
        return [*named, (NO_CHANNEL, "An account without a channel")]

    async def token(self, request: Request) -> Response:
        world = self._world
        world.grants.heed(PROVIDER, world.flags, world.now)
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if form.get("client_id") != CLIENT_ID:
            return _error("invalid_client", "The OAuth client was not found.", 401)
        if form.get("client_secret") != CLIENT_SECRET:
            return _error("invalid_client", "The provided client secret is invalid.", 401)
        if form.get("grant_type") == "authorization_code":
            code = form.get("code", "")
            issued = world.grants.exchange(
                PROVIDER,
                code,
                client=CLIENT_ID,
                redirect_uri=form.get("redirect_uri", ""),
                verifier=form.get("code_verifier", ""),
                moment=world.now,
                access_seconds=ACCESS_SECONDS,
                refresh_seconds=None,
                refreshable=code in self._offline,
            )
            return _given(issued) if issued else _error("invalid_grant", "Malformed auth code.")
        if form.get("grant_type") == "refresh_token":
            issued = world.grants.refresh(
                PROVIDER,
                form.get("refresh_token", ""),
                moment=world.now,
                access_seconds=ACCESS_SECONDS,
                refresh_seconds=None,
            )
            return _given(issued) if issued else _error("invalid_grant", "Token has been expired or revoked.")
        return _error("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")

    async def revoke(self, request: Request) -> Response:
        world = self._world
        world.grants.heed(PROVIDER, world.flags, world.now)
        form = parse_qs((await request.body()).decode())
        token = (form.get("token") or [request.query_params.get("token", "")])[0]
        if world.grants.read(PROVIDER, token, world.now) is None:
            return _error("invalid_token", "Token expired or revoked")
        world.grants.revoke(PROVIDER, token)
        return JSONResponse({})


def _given(issued: Issued) -> Response:
    answer: dict[str, object] = {"access_token": issued.access, "expires_in": int(issued.access_seconds or 0)}
    if issued.refresh:
        answer["refresh_token"] = issued.refresh
    answer |= {"scope": " ".join(issued.grant.scopes), "token_type": "Bearer"}
    if "openid" in issued.grant.scopes:
        answer["id_token"] = _id_token(issued.grant.subject)
    return JSONResponse(answer, headers={"cache-control": "no-cache, no-store, max-age=0, must-revalidate"})


def _id_token(subject: str) -> str:
    """Of the right form; its signature is nobody's."""
    claims = {"iss": "https://accounts.google.com", "aud": CLIENT_ID, "sub": subject}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, b"sandbox"))


def _error(code: str, words: str, status: int = 400) -> Response:
    return JSONResponse({"error": code, "error_description": words}, status)
