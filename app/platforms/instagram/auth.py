"""How people let us read their Instagram business accounts: Meta's login with Facebook."""

from collections.abc import Sequence
from urllib.parse import urlencode

from app.domain.ports.connections import Subject, Tokens
from app.domain.ports.errors import NeedsAction, PlatformError, Unauthorized
from app.domain.ports.platform import Means
from app.platforms.instagram import parse_graph, words
from app.platforms.instagram.graph import PROVIDER
from app.platforms.instagram.graph_client import Graph, Refused
from app.platforms.instagram.links import PLATFORM, handle
from app.platforms.kit import Node
from app.platforms.kit.oauth import ends

LABEL = "Meta"
_DIALOG = "https://www.facebook.com"
_PAGES = "id,name,access_token,instagram_business_account{id,ig_id,username,name}"
_MOST_PAGES = 10


class MetaLogin:
    """An OAuthProvider.

    Meta gives no refresh tokens. What an exchange gives is at once made one of about 60 days, and that one is exchanged
    for a fresh one while it holds: it stands as `refresh`. `access` is the person's; an account's subject carries its
    page's own. Not every app may use PKCE here; the challenge is sent all the same.
    """

    name = PROVIDER
    label = LABEL
    scopes: tuple[str, ...] = (
        "instagram_basic",
        "instagram_manage_insights",
        "pages_show_list",
        "pages_read_engagement",
        "business_management",
    )
    feeds: tuple[str, ...] = (PLATFORM,)
    unconfigured_reason = words.NO_APP

    def __init__(self, means: Means) -> None:
        self._means = means
        self._app = means.setting("facebook_app_id")
        self._secret = means.setting("facebook_app_secret")
        self._graph = Graph(means, LABEL)

    @property
    def configured(self) -> bool:
        return bool(self._app and self._secret)

    def authorize_url(self, *, state: str, redirect_uri: str, challenge: str) -> str:
        """As OAuthProvider."""
        asked = {
            "client_id": self._app,
            "redirect_uri": redirect_uri,
            "state": state,
            "response_type": "code",
            "scope": ",".join(self.scopes),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return self._means.consent_url(f"{_DIALOG}/{self._graph.version}/dialog/oauth?{urlencode(asked)}")

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """As OAuthProvider."""
        short = await self._token(code=code, redirect_uri=redirect_uri, code_verifier=verifier)
        held = await self._token(grant_type="fb_exchange_token", fb_exchange_token=short["access_token"].id(4096))
        tokens = self._held(held)
        allowed = await self._allowed(tokens.access)
        return Tokens(tokens.access, tokens.refresh, tokens.expires_at, scopes=allowed)

    async def refresh(self, tokens: Tokens) -> Tokens:
        """As OAuthProvider."""
        held = tokens.refresh or tokens.access
        return self._held(await self._token(grant_type="fb_exchange_token", fb_exchange_token=held))

    async def revoke(self, tokens: Tokens) -> None:
        """As OAuthProvider: the whole grant, with every account that it opened."""
        try:
            await self._graph.ask("me/permissions", tokens.refresh or tokens.access, method="DELETE")
        except Refused as error:
            if not isinstance(error.meaning, Unauthorized):  # given back already
                raise error.meaning from None

    async def subjects(self, tokens: Tokens) -> Sequence[Subject]:
        """As OAuthProvider: the Instagram accounts of the person's pages. Raises NeedsAction when there is none."""
        found: dict[str, Subject] = {}
        after: str | None = None
        for _ in range(_MOST_PAGES):
            answer = await self._pages(tokens.access, after)
            for page in answer["data"].items():
                if page["instagram_business_account"].exists:
                    subject = _subject(page)
                    found[subject.id] = subject
            after = parse_graph.next_page(answer)
            if after is None:
                break
        if not found:
            raise NeedsAction(words.NO_BUSINESS)
        return list(found.values())

    async def _pages(self, token: str, after: str | None) -> Node:
        more = {"after": after} if after else {}
        try:
            return await self._graph.ask("me/accounts", token, fields=_PAGES, limit=100, **more)
        except Refused as error:
            if error.code != 100 or "ig_id" not in error.said:
                raise error.meaning from None
        fields = _PAGES.replace("ig_id,", "")
        return await self._graph.get("me/accounts", token, fields=fields, limit=100, **more)

    async def _allowed(self, token: str) -> tuple[str, ...]:
        answer = await self._graph.get("me/permissions", token)
        given = [each for each in answer["data"].items() if each["status"].text("") == "granted"]
        return tuple(each["permission"].text() for each in given)

    async def _token(self, **what: str) -> Node:
        try:
            return await self._graph.post("oauth/access_token", client_id=self._app, client_secret=self._secret, **what)
        except Refused as error:
            raise _refusal(error) from None

    def _held(self, answer: Node) -> Tokens:
        access = answer["access_token"].id(4096)
        # Meta leaves the life out for a token that does not end by itself.
        return Tokens(access, access, ends(answer["expires_in"]))


def _subject(page: Node) -> Subject:
    account = page["instagram_business_account"]
    name = handle(account["username"].text(""))
    return Subject(
        id=account["id"].id(),
        title=account["name"].text("") or name or page["name"].text(""),
        platform=PLATFORM,
        external_id=parse_graph.account_id(account),
        handle=name,
        access=page["access_token"].id(4096) if page["access_token"].exists else "",
    )


def _refusal(error: Refused) -> PlatformError:
    """What a refusal by the token endpoint means."""
    said = error.said.lower()
    if "app secret" in said or "client secret" in said or error.code == 101:
        return NeedsAction(words.APP_REFUSED)
    if error.code == 100:  # "This authorization code has been used", "...expired", "...redirect_uri"
        return Unauthorized(words.CODE_REFUSED)
    return error.meaning
