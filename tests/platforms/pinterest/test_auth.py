"""Consent, codes, tokens: as a person's browser and our server meet Pinterest."""

import re
from datetime import timedelta
from html import escape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.domain.ports.connections import OAuthProvider, Tokens
from app.domain.ports.errors import Changed, NeedsAction, PlatformError, RetryAfter, Unauthorized
from app.lib import clock
from app.platforms.pinterest import platform
from app.platforms.pinterest.api import HOST
from app.platforms.pinterest.auth import PinterestOAuth
from sandbox.core import Sandbox
from sandbox.platforms.pinterest_api import APP_ID
from tests.platforms.conftest import MeansOf, no_means
from tests.platforms.pinterest.conftest import channel_of

WAY_BACK = "https://sightline.example/connections/pinterest/callback"


async def agreed(auth: PinterestOAuth, sandbox: Sandbox, decision: str = "allow", name: str = "kettleandpine") -> str:
    """Where the browser is sent after the person has decided."""
    url = auth.authorize_url(state="the-state", redirect_uri=WAY_BACK, challenge="unused")
    assert url.startswith("https://www.pinterest.com/oauth/?")
    here = url.replace("https://", f"{sandbox.consent_url}/", 1)
    async with httpx.AsyncClient() as browser:
        page = await browser.get(here)
        assert page.status_code == 200 and escape(channel_of(sandbox, name).title) in page.text
        assert re.search(r'<form method="post" action="">', page.text)
        answer = await browser.post(here, data={"account": channel_of(sandbox, name).id, "decision": decision})
    assert answer.status_code == 303
    return answer.headers["location"]


async def connected(auth: PinterestOAuth, sandbox: Sandbox) -> Tokens:
    back = parse_qs(urlsplit(await agreed(auth, sandbox)).query)
    assert back["state"] == ["the-state"]
    return await auth.exchange(code=back["code"][0], redirect_uri=WAY_BACK, verifier="unused")


def test_configured_with_an_app_only(auth: PinterestOAuth) -> None:
    bare = platform(no_means()).oauth
    assert bare is not None and not bare.configured and "PINTEREST_APP_ID" in bare.unconfigured_reason
    assert auth.configured and isinstance(auth, OAuthProvider)


def test_where_the_consent_page_is_in_the_sandbox(means: MeansOf) -> None:
    here = platform(means(sandbox_consent="http://127.0.0.1:1", pinterest_app_id="a", pinterest_app_secret="b")).oauth
    assert here is not None
    url = here.authorize_url(state="s", redirect_uri=WAY_BACK, challenge="c")
    assert url.startswith("http://127.0.0.1:1/www.pinterest.com/oauth/?")


async def test_from_consent_to_the_account(auth: PinterestOAuth, sandbox: Sandbox) -> None:
    tokens = await connected(auth, sandbox)
    assert tokens.refresh and set(tokens.scopes) == set(auth.scopes)
    assert tokens.expires_at == clock.now() + timedelta(days=30)
    assert tokens.refresh_expires_at == clock.now() + timedelta(days=60)
    (subject,) = await auth.subjects(tokens)
    channel = channel_of(sandbox)
    assert (subject.id, subject.external_id, subject.handle) == (channel.id, channel.id, "kettleandpine")
    assert subject.title == channel.title


async def test_no(auth: PinterestOAuth, sandbox: Sandbox) -> None:
    assert "error=access_denied" in await agreed(auth, sandbox, "deny")


async def test_a_code_is_good_once_and_for_its_address(auth: PinterestOAuth, sandbox: Sandbox) -> None:
    code = parse_qs(urlsplit(await agreed(auth, sandbox)).query)["code"][0]
    with pytest.raises(Unauthorized):
        await auth.exchange(code=code, redirect_uri=WAY_BACK + "/other", verifier="v")
    code = parse_qs(urlsplit(await agreed(auth, sandbox)).query)["code"][0]
    assert await auth.exchange(code=code, redirect_uri=WAY_BACK, verifier="v")
    with pytest.raises(Unauthorized):
        await auth.exchange(code=code, redirect_uri=WAY_BACK, verifier="v")


async def test_refresh(auth: PinterestOAuth, sandbox: Sandbox) -> None:
    tokens = await connected(auth, sandbox)
    sandbox.edit("expire_tokens", provider="pinterest")
    with pytest.raises(Unauthorized):
        await auth.subjects(tokens)
    fresh = await auth.refresh(tokens)
    assert fresh.access != tokens.access and fresh.refresh is None  # the old one is to be kept
    assert await auth.subjects(fresh)


@pytest.mark.parametrize("how", ["revoked", "too old", "none"])
async def test_a_dead_grant(auth: PinterestOAuth, sandbox: Sandbox, how: str) -> None:
    tokens = await connected(auth, sandbox)
    if how == "revoked":
        sandbox.edit("revoke_grants", provider="pinterest")
    elif how == "too old":
        sandbox.clock.advance(61 * 86_400)
    else:
        tokens = Tokens(tokens.access)
    with pytest.raises(Unauthorized, match="Connect the account again"):
        await auth.refresh(tokens)


async def test_an_app_that_pinterest_does_not_know(means: MeansOf, auth: PinterestOAuth, sandbox: Sandbox) -> None:
    tokens = await connected(auth, sandbox)
    other = platform(means(pinterest_app_id=APP_ID, pinterest_app_secret="wrong")).oauth
    assert other is not None
    with pytest.raises(NeedsAction, match="PINTEREST_APP_SECRET"):
        await other.refresh(tokens)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, b"{}", RetryAfter),
        (500, b"{}", RetryAfter),
        (200, b"<html>", Changed),
        (200, b'{"response_type": "authorization_code", "token_type": "bearer"}', Changed),
        (200, b'{"access_token": "a", "token_type": "mac"}', Changed),
        (200, b'{"access_token": "a", "token_type": "bearer", "expires_in": "soon"}', Changed),
        (404, b"{}", Changed),
    ],
)
async def test_other_answers(
    auth: PinterestOAuth, sandbox: Sandbox, status: int, body: bytes, kind: type[PlatformError]
) -> None:
    sandbox.replay.add(HOST, "POST", "/v5/oauth/token", status=status, body=body)
    with pytest.raises(PlatformError) as error:
        await auth.refresh(Tokens("a", "the-refresh-token"))
    assert type(error.value) is kind and "the-refresh-token" not in str(error.value)


async def test_taking_it_back_is_pinterests_owners_own_business(auth: PinterestOAuth, sandbox: Sandbox) -> None:
    await auth.revoke(Tokens("a"))
    assert not sandbox.journal.hits
