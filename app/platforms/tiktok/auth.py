"""Grants of TikTok's owners: Login Kit for Web and its token endpoint, version 2.

Not through Authlib: TikTok calls the client `client_key`, parts scopes by commas and answers errors with 200 at times.
Evidence: developers.tiktok.com (Login Kit, user access token management); PKCE is documented for other kinds of clients
than ours, and sent all the same: our reading, unproven.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from app.domain.ports.connections import Credential, Subject, Tokens
from app.domain.ports.errors import NeedsAction, PlatformError, Unauthorized
from app.domain.ports.platform import Means
from app.domain.ports.values import Profile, Ref, RefKind
from app.lib import clock
from app.platforms.kit import Http, Node
from app.platforms.tiktok import parse_display, words
from app.platforms.tiktok.display import API, DisplayApi
from app.platforms.tiktok.links import PLATFORM
from app.platforms.tiktok.parse_display import LABEL

AUTHORIZE = "https://www.tiktok.com/v2/auth/authorize/"
_CLIENT_ERRORS = {"invalid_client", "unauthorized_client"}


class TikTokOAuth:
    """TikTok as an OAuthProvider. Each refresh kills the refresh token that was given: the answer's has to be kept.

    look_up: the public profile of a Ref; it tells a user's permanent public id, which TikTok's grants do not.
    """

    name = "tiktok"
    label = LABEL
    scopes: tuple[str, ...] = (*parse_display.USER_FIELDS, "video.list")
    feeds: tuple[str, ...] = (PLATFORM,)
    unconfigured_reason = words.NO_CLIENT

    def __init__(self, means: Means, *, display: DisplayApi, look_up: Callable[[Ref], Awaitable[Profile]]) -> None:
        self._means = means
        self._key = means.setting("tiktok_client_key")
        self._secret = means.setting("tiktok_client_secret")
        self._http = Http(LABEL, means)
        self._display = display
        self._look_up = look_up

    @property
    def configured(self) -> bool:
        return bool(self._key and self._secret)

    def authorize_url(self, *, state: str, redirect_uri: str, challenge: str) -> str:
        """As OAuthProvider."""
        query = {
            "client_key": self._key,
            "response_type": "code",
            "scope": ",".join(self.scopes),
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._means.consent_url(AUTHORIZE)}?{urlencode(query)}"

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """As OAuthProvider."""
        return await self._tokens(
            {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
        )

    async def refresh(self, tokens: Tokens) -> Tokens:
        """As OAuthProvider; the tokens that come replace both that were given."""
        if not tokens.refresh:
            raise Unauthorized(words.NOT_ACCEPTED)
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": tokens.refresh})

    async def revoke(self, tokens: Tokens) -> None:
        """As OAuthProvider. A grant that is over already is no error."""
        answer = await self._http.post(f"{API}/oauth/revoke/", data=self._client() | {"token": tokens.access})
        if answer.status not in (200, 400, 401):
            raise self._http.changed(f"HTTP {answer.status}")

    async def subjects(self, tokens: Tokens) -> Sequence[Subject]:
        """As OAuthProvider: one. Where its public account cannot be found now, it goes by the grant's own id, and is
        read through the grant alone."""
        grant = Credential(self.name, "", tokens.access, scopes=tokens.scopes)
        user = (await self._display.with_credential(grant).user())["user"].object()
        open_id, handle = user["open_id"].id(), parse_display.handle(user)
        external_id = open_id
        if handle is not None:
            try:
                external_id = (await self._look_up(Ref(PLATFORM, RefKind.HANDLE, handle))).external_id
            except PlatformError:
                pass
        return [Subject(open_id, user["display_name"].text("") or handle or open_id, PLATFORM, external_id, handle)]

    def _client(self) -> dict[str, str]:
        return {"client_key": self._key, "client_secret": self._secret}

    async def _tokens(self, what: Mapping[str, str]) -> Tokens:
        answer = await self._http.post(f"{API}/oauth/token/", data=self._client() | dict(what))
        found = answer.node().object()
        if answer.status == 200 and found["access_token"].exists:
            return Tokens(
                access=found["access_token"].id(4096),
                refresh=found["refresh_token"].id(4096) if found["refresh_token"].exists else None,
                expires_at=_after(found["expires_in"]),
                refresh_expires_at=_after(found["refresh_expires_in"]),
                scopes=tuple(scope for scope in found["scope"].text("").replace(" ", ",").split(",") if scope),
            )
        error = found["error"]
        code = error.value if isinstance(error.value, str) else error["code"].text("") if error.exists else ""
        if code in _CLIENT_ERRORS:
            raise NeedsAction(words.CLIENT_REFUSED)
        if code in ("invalid_grant", "invalid_request", "access_denied") or answer.status == 401:
            raise Unauthorized(words.NOT_ACCEPTED)
        raise parse_display.failure(answer.status, code)


def _after(seconds: Node) -> datetime | None:
    """The moment so many seconds from now; None when they are not there. Raises Changed."""
    if not seconds.exists:
        return None
    count = seconds.whole()
    if count is None or count > 10**9:
        raise seconds.changed()
    return clock.now() + timedelta(seconds=count)
