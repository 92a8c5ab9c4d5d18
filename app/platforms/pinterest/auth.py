"""Grants of Pinterest's owners: its consent page and the token endpoint of API v5.

Not through Authlib: two forms over kit's HTTP. Pinterest documents no PKCE: state and the client's secret stand alone.
Evidence: developers.pinterest.com; the documented example of a token answer leaves the tokens out.
"""

import base64
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from app.domain.ports.connections import Credential, Subject, Tokens
from app.domain.ports.errors import NeedsAction, Unauthorized
from app.domain.ports.platform import Means
from app.platforms.kit import Http, oauth
from app.platforms.pinterest import parse_api, words
from app.platforms.pinterest.api import BASE, PROVIDER, OwnPins
from app.platforms.pinterest.links import PLATFORM
from app.platforms.pinterest.parse_web import LABEL

AUTHORIZE = "https://www.pinterest.com/oauth/"


class PinterestOAuth:
    """Pinterest as an OAuthProvider."""

    name = PROVIDER
    label = LABEL
    scopes: tuple[str, ...] = ("user_accounts:read", "pins:read", "boards:read")
    feeds: tuple[str, ...] = (PLATFORM,)
    unconfigured_reason = words.NO_APP

    def __init__(self, means: Means, own: OwnPins) -> None:
        self._means = means
        self._id = means.setting("pinterest_app_id")
        self._secret = means.setting("pinterest_app_secret")
        self._http = Http(LABEL, means)
        self._own = own

    @property
    def configured(self) -> bool:
        return bool(self._id and self._secret)

    def authorize_url(self, *, state: str, redirect_uri: str, challenge: str) -> str:
        """As OAuthProvider."""
        query = {
            "client_id": self._id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": ",".join(self.scopes),
            "state": state,
        }
        return f"{self._means.consent_url(AUTHORIZE)}?{urlencode(query)}"

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """As OAuthProvider. continuous_refresh: refresh tokens that a refresh renews, so that the grant lasts."""
        return await self._tokens(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "continuous_refresh": "true",
            }
        )

    async def refresh(self, tokens: Tokens) -> Tokens:
        """As OAuthProvider. The answer may hold a new refresh token or none."""
        if not tokens.refresh:
            raise Unauthorized(words.NOT_ACCEPTED)
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": tokens.refresh})

    async def revoke(self, tokens: Tokens) -> None:
        """As OAuthProvider: Pinterest has no way to; its owner takes a grant back in Pinterest's settings."""

    async def subjects(self, tokens: Tokens) -> Sequence[Subject]:
        """As OAuthProvider: one."""
        grant = Credential(self.name, "", tokens.access, scopes=tokens.scopes)
        found = parse_api.profile(await self._own.with_credential(grant).user())
        return [Subject(found.external_id, found.title, PLATFORM, found.external_id, found.handle)]

    async def _tokens(self, what: Mapping[str, str]) -> Tokens:
        client = base64.b64encode(f"{self._id}:{self._secret}".encode()).decode()
        answer = await self._http.post(f"{BASE}/oauth/token", data=what, headers={"Authorization": f"Basic {client}"})
        if answer.status == 200:
            return oauth.tokens(answer)
        if answer.status in (401, 403) or oauth.refusal(answer) in ("invalid_client", "unauthorized_client"):
            raise NeedsAction(words.APP_REFUSED)
        if answer.status == 400:  # Pinterest says only that the code or token is not good
            raise Unauthorized(words.NOT_ACCEPTED)
        raise self._http.changed(f"HTTP {answer.status}")
