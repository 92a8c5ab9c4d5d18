"""Signing in with Google: from the address of the consent page to the channel, and to the grant's end."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.ports.connections import OAuthProvider, Tokens
from app.domain.ports.errors import Changed, NeedsAction, PlatformError, RetryAfter, Unauthorized
from app.domain.ports.platform import Platform
from app.lib import clock
from app.platforms.youtube import platform
from app.platforms.youtube.auth import SCOPES, Google
from sandbox.core import Sandbox
from sandbox.platforms.google_oauth import ACCESS_SECONDS, CLIENT_ID, CLIENT_SECRET, NO_CHANNEL
from tests.platforms.conftest import Ledger, MeansOf, no_means
from tests.platforms.youtube.google import CHALLENGE, VERIFIER, WAY_BACK, agree, authorize_url, named, sign_in

HOST = "oauth2.googleapis.com"


@pytest.fixture
def google(connectable: Platform) -> Google:
    assert isinstance(connectable.oauth, Google)
    return connectable.oauth


def test_it_is_a_provider_with_a_client_only() -> None:
    bare = platform(no_means()).oauth
    assert isinstance(bare, OAuthProvider) and not bare.configured and "GOOGLE_CLIENT_ID" in bare.unconfigured_reason
    assert (bare.name, bare.label, bare.feeds) == ("google", "Google", ("youtube",))
    half = platform(no_means(google_client_id="x")).oauth
    assert half is not None and not half.configured
    whole = platform(no_means(google_client_id="x", google_client_secret="y")).oauth
    assert whole is not None and whole.configured


def test_the_way_to_google() -> None:
    provider = platform(no_means(google_client_id="the-client", google_client_secret="y")).oauth
    assert provider is not None
    url = urlsplit(provider.authorize_url(state="a b&c", redirect_uri="https://x.example/back?to=1", challenge="ch"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://accounts.google.com/o/oauth2/v2/auth"
    assert {name: values[0] for name, values in parse_qs(url.query).items()} == {
        "response_type": "code",
        "client_id": "the-client",
        "redirect_uri": "https://x.example/back?to=1",
        "scope": " ".join(SCOPES),
        "state": "a b&c",
        "code_challenge": "ch",
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",
        "include_granted_scopes": "true",
    }


async def test_from_the_consent_page_to_the_channel(google: Google, sandbox: Sandbox, ledger: Ledger) -> None:
    channel = named(sandbox, "boltbench")
    back = await agree(authorize_url(google, "the state"), channel.id)
    assert back["state"] == "the state"
    tokens = await google.exchange(code=back["code"], redirect_uri=WAY_BACK, verifier=VERIFIER)
    assert tokens.access and tokens.refresh and tokens.access != tokens.refresh
    assert tokens.expires_at == clock.now() + timedelta(seconds=ACCESS_SECONDS) and tokens.refresh_expires_at is None
    assert set(tokens.scopes) == set(SCOPES)
    (subject,) = await google.subjects(tokens)
    assert (subject.id, subject.external_id, subject.platform) == (channel.id, channel.id, "youtube")
    assert (subject.title, subject.handle, subject.access) == (channel.title, "boltbench", "")
    assert ledger.spent == {"general": 1}


async def test_who_says_no_comes_back_without_a_code(google: Google, sandbox: Sandbox) -> None:
    back = await agree(authorize_url(google), named(sandbox, "boltbench").id, decision="deny")
    assert back == {"error": "access_denied", "state": "s-1"}


@pytest.mark.parametrize(
    "wrong",
    [{"verifier": "w" * 43}, {"verifier": ""}, {"redirect_uri": WAY_BACK + "/other"}, {"code": "4/none"}],
    ids=str,
)
async def test_a_code_is_only_for_who_asked(google: Google, sandbox: Sandbox, wrong: dict[str, str]) -> None:
    back = await agree(authorize_url(google), named(sandbox, "boltbench").id)
    asked = {"code": back["code"], "redirect_uri": WAY_BACK, "verifier": VERIFIER}
    with pytest.raises(Unauthorized, match="Connect once more"):
        await google.exchange(**asked | wrong)


async def test_a_code_is_good_once_and_for_ten_minutes(google: Google, sandbox: Sandbox) -> None:
    asked = {"redirect_uri": WAY_BACK, "verifier": VERIFIER}
    code = (await agree(authorize_url(google), named(sandbox, "boltbench").id))["code"]
    await google.exchange(code=code, **asked)
    with pytest.raises(Unauthorized):
        await google.exchange(code=code, **asked)
    late = (await agree(authorize_url(google), named(sandbox, "boltbench").id))["code"]
    sandbox.clock.advance(601)
    with pytest.raises(Unauthorized):
        await google.exchange(code=late, **asked)


async def test_a_refresh_gives_a_new_access_token_and_keeps_its_own(google: Google, sandbox: Sandbox) -> None:
    tokens = await sign_in(google, named(sandbox, "boltbench"))
    sandbox.clock.advance(ACCESS_SECONDS + 1)
    with pytest.raises(Unauthorized, match="Connect the channel again"):
        await google.subjects(tokens)
    fresh = await google.refresh(tokens)
    assert fresh.access != tokens.access and fresh.refresh is None  # the stored one goes on
    assert fresh.expires_at == clock.now() + timedelta(seconds=ACCESS_SECONDS)
    assert [one.title for one in await google.subjects(fresh)] == ["Bolt Bench"]
    assert (await google.refresh(tokens)).access != fresh.access


async def test_without_a_refresh_token_somebody_has_to_come(google: Google, sandbox: Sandbox) -> None:
    with pytest.raises(Unauthorized, match="Connect it again"):
        await google.refresh(Tokens("an-access-token"))
    assert not sandbox.journal.hits


@pytest.mark.parametrize("how", ["edit", "preset", "revoke"])
async def test_a_grant_that_is_over(google: Google, sandbox: Sandbox, how: str) -> None:
    channel = named(sandbox, "boltbench")
    tokens = await sign_in(google, channel)
    if how == "edit":
        sandbox.edit("revoke_grants", provider="google")
    elif how == "preset":
        sandbox.switch("google-grant-revoked", True)
    else:
        await google.revoke(tokens)
    for attempt in (google.subjects(tokens), google.refresh(tokens)):
        with pytest.raises(Unauthorized):
            await attempt
    await google.revoke(tokens)  # what is over is as good as given back
    again = await sign_in(google, channel)
    assert (await google.subjects(again))[0].id == channel.id


@pytest.mark.parametrize("how", ["edit", "preset"])
async def test_tokens_that_expire_early_are_refreshed(google: Google, sandbox: Sandbox, how: str) -> None:
    tokens = await sign_in(google, named(sandbox, "boltbench"))
    if how == "edit":
        sandbox.edit("expire_tokens", provider="google")
    else:
        sandbox.switch("google-token-expired", True)
    with pytest.raises(Unauthorized):
        await google.subjects(tokens)
    assert await google.subjects(await google.refresh(tokens))


async def test_an_account_without_a_channel(google: Google) -> None:
    back = await agree(authorize_url(google), NO_CHANNEL)
    tokens = await google.exchange(code=back["code"], redirect_uri=WAY_BACK, verifier=VERIFIER)
    with pytest.raises(Unauthorized, match="no YouTube channel"):
        await google.subjects(tokens)


async def test_a_permission_that_was_left_out(google: Google, sandbox: Sandbox) -> None:
    tokens = await sign_in(google, named(sandbox, "boltbench"), leave_out=("youtube.readonly",))
    assert set(tokens.scopes) == set(SCOPES) - {"https://www.googleapis.com/auth/youtube.readonly"}
    with pytest.raises(NeedsAction, match="leave every box ticked"):
        await google.subjects(tokens)


async def test_a_client_that_google_does_not_know(means: MeansOf, sandbox: Sandbox) -> None:
    for client, secret in ((CLIENT_ID, "another"), ("another", CLIENT_SECRET)):
        provider = platform(means(google_client_id=client, google_client_secret=secret)).oauth
        assert provider is not None
        with pytest.raises(NeedsAction, match="invalid_client"):
            await provider.exchange(code="x", redirect_uri=WAY_BACK, verifier=VERIFIER)
        with pytest.raises(NeedsAction, match="invalid_client"):
            await provider.refresh(Tokens("a", "r"))


async def test_an_address_to_come_back_to_that_google_does_not_know(google: Google, sandbox: Sandbox) -> None:
    body = b'{"error": "redirect_uri_mismatch", "error_description": "Bad Request"}'
    sandbox.replay.add(HOST, "POST", "/token", status=400, body=body)
    with pytest.raises(NeedsAction) as error:
        await google.exchange(code="x", redirect_uri=WAY_BACK, verifier=VERIFIER)
    assert WAY_BACK in str(error.value)


async def test_what_google_answers_when_it_is_unwell(google: Google, sandbox: Sandbox) -> None:
    tokens = await sign_in(google, named(sandbox, "boltbench"))
    for behaviour, kind in (
        ({"status": 503}, RetryAfter),
        ({"status": 429, "headers": {"retry-after": "30"}}, RetryAfter),
        ({"reset": True}, RetryAfter),
        ({"truncate_after": 20}, RetryAfter),
        ({"status": 200, "body": "<!doctype html><title>Sign in</title>"}, Changed),
        ({"status": 400, "body": "<!doctype html>"}, Changed),
        ({"status": 418, "body": json.dumps({"error": "teapot <script>"})}, Changed),
    ):
        sandbox.fault(HOST, "^/token", **behaviour)
        with pytest.raises(PlatformError) as error:
            await google.refresh(tokens)
        assert type(error.value) is kind, behaviour
        said = str(error.value) + repr(error.value.params)
        assert (tokens.refresh or "") not in said and CLIENT_SECRET not in said and "<" not in said
    sandbox.fault(HOST, "^/revoke", status=503)
    with pytest.raises(RetryAfter):
        await google.revoke(tokens)
    assert (await google.refresh(tokens)).access


async def test_secrets_stay_out_of_addresses(google: Google, sandbox: Sandbox) -> None:
    tokens = await sign_in(google, named(sandbox, "boltbench"))
    await google.subjects(tokens)
    await google.revoke(await google.refresh(tokens))
    seen = "\n".join(f"{hit.path}?{hit.query}" for hit in sandbox.journal.hits)
    assert CHALLENGE in seen
    assert not any(secret in seen for secret in (tokens.access, tokens.refresh or "", CLIENT_SECRET, VERIFIER))
