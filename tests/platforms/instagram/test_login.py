"""Meta's login: the flow through the dialog, the long-lived token, its exchange, and what each refusal means."""

import hashlib
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.domain.ports.connections import Credential, OAuthProvider, Subject, Tokens
from app.domain.ports.errors import Changed, NeedsAction, RetryAfter, Unauthorized
from app.domain.ports.platform import Platform
from app.platforms.instagram import platform, words
from app.platforms.instagram.auth import MetaLogin
from app.platforms.instagram.graph import OwnAccount
from sandbox.core import Sandbox
from sandbox.platforms import meta_numbers
from sandbox.platforms.meta_login import APP_ID, LONG_SECONDS, PROVIDER, people
from tests.platforms.conftest import MeansOf, no_means
from tests.platforms.instagram.conftest import channel_of, ref_of

BACK = "http://127.0.0.1:8000/connections/meta/callback"
VERIFIER = "a-verifier-of-the-browsers-session-0123456789-abcdef"
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def login(instagram: Platform) -> MetaLogin:
    assert isinstance(instagram.oauth, MetaLogin) and isinstance(instagram.oauth, OAuthProvider)
    return instagram.oauth


def agree(sandbox: Sandbox, login: MetaLogin, who: int = 0, decision: str = "allow") -> dict[str, str]:
    """What a person's browser brings back from the dialog."""
    url = login.authorize_url(state="state-1", redirect_uri=BACK, challenge=CHALLENGE)
    url = url.replace("https://", f"{sandbox.consent_url}/")
    page = httpx.get(url, trust_env=False)
    assert page.status_code == 200 and "instagram_manage_insights" in page.text
    form = {"account": people(sandbox.world)[who].id, "decision": decision}
    answer = httpx.post(url, data=form, trust_env=False)
    assert answer.status_code == 303 and answer.headers["location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def tokens_of(sandbox: Sandbox, login: MetaLogin, who: int = 0) -> Tokens:
    code = agree(sandbox, login, who)["code"]
    return await login.exchange(code=code, redirect_uri=BACK, verifier=VERIFIER)


async def test_the_whole_way(sandbox: Sandbox, login: MetaLogin, instagram: Platform) -> None:
    back = agree(sandbox, login)
    assert back["state"] == "state-1"
    tokens = await login.exchange(code=back["code"], redirect_uri=BACK, verifier=VERIFIER)
    assert tokens.expires_at is not None and tokens.scopes == login.scopes
    assert (tokens.expires_at - sandbox.clock.moment).total_seconds() == pytest.approx(LONG_SECONDS, abs=5)
    subjects = await login.subjects(tokens)
    expected = [channel_of(sandbox), channel_of(sandbox, "north.loom")]
    assert [(s.id, s.external_id, s.handle, s.title, s.platform) for s in subjects] == [
        (meta_numbers.graph_id(c), c.id, c.handle(sandbox.world.now), c.title, "instagram") for c in expected
    ]
    for subject, name in zip(subjects, ("kettleandpine", "north.loom"), strict=True):
        assert subject.access and subject.access != tokens.access
        for secret in (subject.access, tokens.access):  # the page's own token, and after a refresh the person's
            bound = instagram.connected[0].with_credential(
                Credential(PROVIDER, subject.id, secret, subject.external_id, tokens.scopes)
            )
            assert isinstance(bound, OwnAccount)
            assert (await bound.read_account(ref_of(sandbox, name))).handle == name


async def test_a_person_who_says_no(sandbox: Sandbox, login: MetaLogin) -> None:
    assert agree(sandbox, login, decision="deny") == {
        "error": "access_denied",
        "error_reason": "user_denied",
        "error_code": "200",
        "state": "state-1",
    }


async def test_a_code_is_good_once_for_its_address_and_verifier(sandbox: Sandbox, login: MetaLogin) -> None:
    for code, address, verifier in (
        (agree(sandbox, login)["code"], BACK, "another verifier"),
        (agree(sandbox, login)["code"], f"{BACK}/elsewhere", VERIFIER),
        ("a code of nobody", BACK, VERIFIER),
    ):
        with pytest.raises(Unauthorized) as error:
            await login.exchange(code=code, redirect_uri=address, verifier=verifier)
        assert error.value.message == words.CODE_REFUSED
    code = agree(sandbox, login)["code"]
    await login.exchange(code=code, redirect_uri=BACK, verifier=VERIFIER)
    with pytest.raises(Unauthorized):
        await login.exchange(code=code, redirect_uri=BACK, verifier=VERIFIER)


async def test_a_refresh_prolongs(sandbox: Sandbox, login: MetaLogin) -> None:
    tokens = await tokens_of(sandbox, login)
    sandbox.clock.advance(50 * 86_400)
    [subject, *_] = await login.subjects(tokens)
    fresh = await login.refresh(Tokens(subject.access, tokens.refresh, tokens.expires_at))
    assert fresh.access != tokens.access and fresh.refresh == fresh.access
    assert fresh.expires_at is not None
    assert (fresh.expires_at - sandbox.clock.moment).total_seconds() == pytest.approx(LONG_SECONDS, abs=5)
    sandbox.clock.advance(20 * 86_400)
    assert await login.subjects(fresh)
    with pytest.raises(Unauthorized):  # the first one is over by now
        await login.subjects(tokens)


@pytest.mark.parametrize("harm", ["expire_tokens", "revoke_grants"])
async def test_a_dead_grant_wants_to_be_connected_anew(sandbox: Sandbox, login: MetaLogin, harm: str) -> None:
    tokens = await tokens_of(sandbox, login)
    sandbox.edit(harm, provider=PROVIDER)
    for ask in (login.refresh, login.subjects):
        with pytest.raises(Unauthorized) as error:
            await ask(tokens)
        assert error.value.message == words.RECONNECT
    assert await login.subjects(await tokens_of(sandbox, login))


async def test_giving_back(sandbox: Sandbox, login: MetaLogin) -> None:
    tokens = await tokens_of(sandbox, login)
    await login.revoke(tokens)
    with pytest.raises(Unauthorized):
        await login.subjects(tokens)
    await login.revoke(tokens)  # twice does no harm


async def test_pages_without_a_business_account(sandbox: Sandbox, login: MetaLogin) -> None:
    tokens = await tokens_of(sandbox, login, who=2)
    with pytest.raises(NeedsAction) as error:
        await login.subjects(tokens)
    assert error.value.message == words.NO_BUSINESS


async def test_without_the_old_ids(sandbox: Sandbox, login: MetaLogin) -> None:
    tokens = await tokens_of(sandbox, login)
    sandbox.world.flags.add("meta.no_old_ids")
    subjects = await login.subjects(tokens)
    assert [s.external_id for s in subjects] == [s.id for s in subjects]


async def test_a_wrong_app(sandbox: Sandbox, means: MeansOf) -> None:
    for settings in ({"facebook_app_id": APP_ID}, {"facebook_app_id": "1"}):
        login = platform(means(facebook_app_secret="wrong", **settings)).oauth
        assert login is not None and login.configured
        with pytest.raises(NeedsAction) as error:
            await login.exchange(code="x", redirect_uri=BACK, verifier=VERIFIER)
        assert error.value.message == words.APP_REFUSED


async def test_an_answer_of_another_shape(sandbox: Sandbox, login: MetaLogin) -> None:
    code = agree(sandbox, login)["code"]
    for body in ('{"token": "x"}', '{"access_token": 5.5, "expires_in": 9}', "[]", "<html>"):
        sandbox.fault("graph.facebook.com", "oauth", status=200, body=body)
        with pytest.raises(Changed):
            await login.exchange(code=code, redirect_uri=BACK, verifier=VERIFIER)
    sandbox.fault("graph.facebook.com", "oauth", status=503)
    with pytest.raises(RetryAfter):
        await login.exchange(code=code, redirect_uri=BACK, verifier=VERIFIER)


def test_a_subject_is_plain() -> None:
    assert Subject("1", "t", "instagram").access == ""


def test_what_is_configured_and_where_the_browser_goes() -> None:
    nothing = platform(no_means()).oauth
    assert nothing is not None and not nothing.configured and nothing.unconfigured_reason == words.NO_APP
    login = platform(no_means(facebook_app_id="12", facebook_app_secret="s")).oauth
    assert login is not None and login.configured
    url = login.authorize_url(state="s t", redirect_uri=BACK, challenge=CHALLENGE)
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.facebook.com", "/v24.0/dialog/oauth")
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert asked == {
        "client_id": "12",
        "redirect_uri": BACK,
        "state": "s t",
        "response_type": "code",
        "scope": ",".join(login.scopes),
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    stand_in = no_means(facebook_app_id="12", sandbox_consent="http://127.0.0.1:9")
    here = platform(stand_in).oauth
    assert here is not None
    assert here.authorize_url(state="s", redirect_uri=BACK, challenge="c").startswith(
        "http://127.0.0.1:9/www.facebook.com/v24.0/dialog/oauth?"
    )
