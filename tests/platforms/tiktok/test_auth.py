"""TikTok's OAuth: the person at the consent page, codes, refreshes that rotate, and giving back."""

import base64
import hashlib
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.domain.ports.connections import OAuthProvider, Tokens
from app.domain.ports.errors import Changed, NeedsAction, PlatformError, RetryAfter, Unauthorized
from app.lib import clock
from app.platforms.tiktok import platform
from app.platforms.tiktok.auth import TikTokOAuth
from sandbox.core import Sandbox
from sandbox.platforms.tiktok_api import ACCESS_SECONDS, REFRESH_SECONDS, open_id
from sandbox.world import Channel
from tests.platforms.conftest import MeansOf, no_means

API = "open.tiktokapis.com"
BACK = "https://sightline.example/oauth/tiktok/callback"
VERIFIER = "a-verifier-of-forty-three-letters-or-more-0"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def oauth(means: MeansOf, sandbox: Sandbox) -> TikTokOAuth:
    made = platform(
        means(
            tiktok_public_pages="True",
            tiktok_client_key="sandbox-client",
            tiktok_client_secret="sandbox-secret",
            sandbox_consent=sandbox.consent_url,
        )
    ).oauth
    assert isinstance(made, TikTokOAuth)
    return made


def channel_of(sandbox: Sandbox, name: str = "kettleandpine") -> Channel:
    channel = sandbox.world.channel(name, "tiktok")
    assert channel is not None
    return channel


def agree(oauth: TikTokOAuth, sandbox: Sandbox, name: str = "kettleandpine", decision: str = "allow") -> dict[str, str]:
    """A person's browser, which knows no proxy: looks at the page, chooses, is sent back. The answer's parameters."""
    url = oauth.authorize_url(state="a state", redirect_uri=BACK, challenge=CHALLENGE)
    channel = channel_of(sandbox, name)
    with httpx.Client(trust_env=False, timeout=5) as browser:
        page = browser.get(url)
        assert page.status_code == 200 and f'value="{channel.id}"' in page.text
        action = re.search(r'<form method="post" action="([^"]*)"', page.text)
        assert action and action[1] == ""  # relative: back to where it came from
        gone = browser.post(url, data={"account": channel.id, "decision": decision})
    assert gone.status_code == 303 and gone.headers["location"].startswith(f"{BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(gone.headers["location"]).query).items()}


async def connected(oauth: TikTokOAuth, sandbox: Sandbox, name: str = "kettleandpine") -> Tokens:
    came = agree(oauth, sandbox, name)
    return await oauth.exchange(code=came["code"], redirect_uri=BACK, verifier=VERIFIER)


def test_it_is_a_provider(oauth: TikTokOAuth) -> None:
    provider: OAuthProvider = oauth
    assert provider.configured and provider.feeds == ("tiktok",)
    bare = platform(no_means()).oauth
    assert bare is not None and not bare.configured and "TIKTOK_CLIENT_KEY" in bare.unconfigured_reason
    url = urlsplit(TikTokOAuth.authorize_url(bare, state="s", redirect_uri=BACK, challenge="c"))  # type: ignore[arg-type]
    assert (url.netloc, url.path) == ("www.tiktok.com", "/v2/auth/authorize/")


async def test_from_the_consent_page_to_whom_it_speaks_for(oauth: TikTokOAuth, sandbox: Sandbox) -> None:
    came = agree(oauth, sandbox)
    assert came["state"] == "a state"
    tokens = await oauth.exchange(code=came["code"], redirect_uri=BACK, verifier=VERIFIER)
    assert tokens.expires_at == clock.now() + timedelta(seconds=ACCESS_SECONDS)
    assert tokens.refresh_expires_at == clock.now() + timedelta(seconds=REFRESH_SECONDS)
    assert set(tokens.scopes) == set(oauth.scopes) and tokens.refresh
    channel = channel_of(sandbox)
    (subject,) = await oauth.subjects(tokens)
    assert (subject.id, subject.external_id) == (open_id(channel), channel.id)  # the public account's own id
    assert (subject.platform, subject.handle, subject.title) == ("tiktok", "kettleandpine", channel.title)


async def test_a_no_is_a_no(oauth: TikTokOAuth, sandbox: Sandbox) -> None:
    came = agree(oauth, sandbox, decision="deny")
    assert came["error"] == "access_denied" and "code" not in came and came["state"] == "a state"


async def test_a_code_is_good_once_and_for_us(oauth: TikTokOAuth, sandbox: Sandbox) -> None:
    came = agree(oauth, sandbox)
    assert await oauth.exchange(code=came["code"], redirect_uri=BACK, verifier=VERIFIER)
    for code, back, verifier in (
        (came["code"], BACK, VERIFIER),
        (agree(oauth, sandbox)["code"], BACK + "/", VERIFIER),
        (agree(oauth, sandbox)["code"], BACK, VERIFIER + "x"),
        ("never-given", BACK, VERIFIER),
    ):
        with pytest.raises(Unauthorized):
            await oauth.exchange(code=code, redirect_uri=back, verifier=verifier)


async def test_each_refresh_kills_the_token_before(oauth: TikTokOAuth, sandbox: Sandbox) -> None:
    first = await connected(oauth, sandbox)
    second = await oauth.refresh(first)
    assert second.refresh not in (None, first.refresh) and second.access != first.access
    with pytest.raises(Unauthorized):
        await oauth.refresh(first)
    third = await oauth.refresh(second)
    sandbox.clock.advance(ACCESS_SECONDS + 1)
    assert await oauth.subjects(await oauth.refresh(third))


async def test_a_grant_that_is_over(oauth: TikTokOAuth, sandbox: Sandbox) -> None:
    tokens = await connected(oauth, sandbox)
    sandbox.edit("expire_tokens", provider="tiktok")
    with pytest.raises(Unauthorized):
        await oauth.subjects(tokens)
    fresh = await oauth.refresh(tokens)
    assert await oauth.subjects(fresh)
    sandbox.edit("revoke_grants", provider="tiktok")
    with pytest.raises(Unauthorized):
        await oauth.refresh(fresh)
    with pytest.raises(Unauthorized):
        await oauth.refresh(Tokens("act.x"))  # nothing to refresh with


async def test_giving_back(oauth: TikTokOAuth, sandbox: Sandbox) -> None:
    tokens = await connected(oauth, sandbox)
    await oauth.revoke(tokens)
    with pytest.raises(Unauthorized):
        await oauth.refresh(tokens)
    await oauth.revoke(tokens)  # twice is harmless
    await oauth.revoke(Tokens("act.never-given"))


@pytest.mark.parametrize("preset", ["tiktok-429", "tiktok-bot-check"])
async def test_without_the_public_pages_the_grant_names_the_account(
    oauth: TikTokOAuth, sandbox: Sandbox, preset: str
) -> None:
    tokens = await connected(oauth, sandbox)
    sandbox.switch(preset, True)
    (subject,) = await oauth.subjects(tokens)
    assert subject.external_id == subject.id == open_id(channel_of(sandbox)) and subject.handle == "kettleandpine"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error": "invalid_grant", "error_description": "rft.S3CR3T"}', Unauthorized),
        (200, '{"error": "invalid_grant", "error_description": "x"}', Unauthorized),  # TikTok does that, too
        (401, '{"error": "invalid_client"}', NeedsAction),  # no fault of the grant
        (200, '{"error": {"code": "access_token_invalid"}}', Unauthorized),
        (200, '{"access_token": null}', Changed),
        (200, '{"access_token": "act.x", "expires_in": "soon"}', Changed),
        (200, "<html>", Changed),
        (503, "", RetryAfter),
        (429, "", RetryAfter),
    ],
)
async def test_what_the_token_endpoint_says(
    oauth: TikTokOAuth, sandbox: Sandbox, status: int, body: str, kind: type[PlatformError]
) -> None:
    sandbox.replay.add(API, "POST", "/v2/oauth/token/", status=status, body=body.encode())
    with pytest.raises(PlatformError) as error:
        await oauth.refresh(Tokens("act.S3CR3T", "rft.S3CR3T"))
    assert type(error.value) is kind and "S3CR3T" not in str(error.value)


async def test_an_answer_without_a_refresh_token_says_none(oauth: TikTokOAuth, sandbox: Sandbox) -> None:
    sandbox.replay.add(API, "POST", "/v2/oauth/token/", body=b'{"access_token": "act.x", "expires_in": 60}')
    tokens = await oauth.refresh(Tokens("act.old", "rft.old"))
    assert tokens == Tokens("act.x", None, clock.now() + timedelta(seconds=60))
