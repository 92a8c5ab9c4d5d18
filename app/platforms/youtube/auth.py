"""Google sign-in: how the owner of a channel lets Sightline read it."""

from collections.abc import Mapping, Sequence

from app.domain.ports.connections import Subject, Tokens
from app.domain.ports.errors import NeedsAction, PlatformError, Unauthorized
from app.domain.ports.platform import Means, Reserve
from app.platforms.kit import Answer, Http, oauth
from app.platforms.youtube import api_errors, parse_api, words
from app.platforms.youtube.data_api import Calls
from app.platforms.youtube.google_client import GoogleApi
from app.platforms.youtube.links import PLATFORM

AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth"
TOKENS = "https://oauth2.googleapis.com/token"
REVOKE = "https://oauth2.googleapis.com/revoke"
SCOPES = (
    "openid",
    "https://www.googleapis.com/auth/youtube.readonly",
    "https://www.googleapis.com/auth/yt-analytics.readonly",
    "https://www.googleapis.com/auth/youtube.upload",
)
_CLIENT = {"invalid_client", "unauthorized_client", "deleted_client", "disabled_client", "org_internal"}


class Google:
    """Grants at Google: an OAuthProvider.

    A grant speaks for one channel, the one chosen on Google's page: its permanent id is the subject's. Answers to a
    refresh hold no refresh token. Authlib writes the authorization request; the token requests go through the kit's
    Http, since Authlib's client knows neither our pace, bounds and words, nor the clock that lives are counted by.
    """

    name = "google"
    label = "Google"
    scopes: tuple[str, ...] = SCOPES
    feeds: tuple[str, ...] = (PLATFORM,)
    unconfigured_reason = words.NO_CLIENT

    def __init__(self, means: Means, data: GoogleApi, reserve: Reserve) -> None:
        self._means = means
        self._id = means.setting("google_client_id")
        self._secret = means.setting("google_client_secret")
        self._http = Http(self.label, means)
        self._data = data
        self._reserve = reserve

    @property
    def configured(self) -> bool:
        return bool(self._id and self._secret)

    def authorize_url(self, *, state: str, redirect_uri: str, challenge: str) -> str:
        """As OAuthProvider. Always asks anew, because only then a refresh token comes with the answer."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri

        url: str = prepare_grant_uri(
            AUTHORIZE,
            client_id=self._id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope=self.scopes,
            state=state,
            code_challenge=challenge,
            code_challenge_method="S256",
            access_type="offline",
            prompt="consent",
            include_granted_scopes="true",
        )
        return self._means.consent_url(url)

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Tokens:
        asked = {"code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
        answer = await self._ask({"grant_type": "authorization_code", **asked})
        if answer.status != 200:
            raise self._refused(answer, words.CODE_REFUSED, redirect_uri)
        return oauth.tokens(answer)

    async def refresh(self, tokens: Tokens) -> Tokens:
        if not tokens.refresh:
            raise Unauthorized(words.GRANT_OVER)
        answer = await self._ask({"grant_type": "refresh_token", "refresh_token": tokens.refresh})
        if answer.status != 200:
            raise self._refused(answer, words.GRANT_OVER)
        return oauth.tokens(answer)

    async def revoke(self, tokens: Tokens) -> None:
        """As OAuthProvider. A grant that is over already is as good as given back."""
        answer = await self._http.post(REVOKE, data={"token": tokens.refresh or tokens.access})
        if answer.status != 200 and oauth.refusal(answer) not in ("invalid_token", "invalid_grant"):
            raise self._http.changed(_place(answer))

    async def subjects(self, tokens: Tokens) -> Sequence[Subject]:
        """As OAuthProvider: the channel. Unauthorized for a Google account without one. Costs one unit of quota."""
        with self._data.connection(tokens.access) as connection:
            call = Calls(connection, self._reserve, {}, api_errors.failure_of_owner)
            found = parse_api.channels(await call("channels", part="snippet", mine=True))
        if not found:
            raise Unauthorized(words.NO_OWN_CHANNEL)
        return [
            Subject(one.external_id, one.title or one.external_id, PLATFORM, one.external_id, one.handle)
            for one in found
        ]

    async def _ask(self, what: Mapping[str, str]) -> Answer:
        return await self._http.post(TOKENS, data={**what, "client_id": self._id, "client_secret": self._secret})

    def _refused(self, answer: Answer, over: str, redirect_uri: str = "") -> PlatformError:
        reason = oauth.refusal(answer)
        if reason == "invalid_grant":
            return Unauthorized(over)
        if reason == "redirect_uri_mismatch":
            return NeedsAction(words.WAY_BACK_REFUSED, address=redirect_uri)
        if reason in _CLIENT:
            return NeedsAction(words.CLIENT_REFUSED, reason=reason)
        return self._http.changed(_place(answer))


def _place(answer: Answer) -> str:
    return f"HTTP {answer.status} {oauth.refusal(answer)}".strip()
