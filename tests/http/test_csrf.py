"""Forms that were not sent from our pages are not carried out."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Urls
from tests.site import PASSWORD, Browser, Site, site


@pytest.fixture
async def place(urls: Urls) -> AsyncIterator[Site]:
    async with site(urls) as made:
        yield made


async def name_of(browser: Browser) -> str:
    text = (await browser.get("/settings")).text
    return text.split('name="name"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


FORM = {"name": "Changed", "locale": "en", "timezone": "", "theme": "dark"}


async def test_a_form_needs_the_token_of_this_very_session(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser, other = await place.signed_in(user, room), await place.signed_in(user, room)
    for token in ("", "0" * 64, other.token):
        answer = await browser.client.post("/settings", data=FORM | {"_csrf_token": token})
        assert answer.status_code == 403, token
    assert await name_of(browser) == "a"
    assert (await browser.client.post("/settings", data=FORM | {"_csrf_token": browser.token})).status_code == 303
    assert await name_of(browser) == "Changed"


async def test_a_script_may_send_the_token_as_a_header(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    answer = await browser.client.post("/settings", data=FORM, headers={"x-csrf-token": browser.token})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1:9999"},
    ],
)
async def test_another_site_is_refused_even_with_the_token(place: Site, headers: dict[str, str]) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    answer = await browser.post("/settings", FORM, headers=headers)
    assert answer.status_code == 403
    assert await name_of(browser) == "a"


@pytest.mark.parametrize("headers", [{"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}, {}])
async def test_our_own_pages_are_let_through(place: Site, headers: dict[str, str]) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    assert (await browser.post("/settings", FORM, headers=headers)).status_code == 303


async def test_signing_in_is_protected_too(place: Site) -> None:
    """Or a site could sign its visitors in as somebody else and read what they then enter."""
    await place.person("a@x.io")
    browser, other = place.browser(), place.browser()
    await browser.get("/login")
    await other.get("/login")
    form = {"email": "a@x.io", "password": PASSWORD}
    assert (await browser.client.post("/login", data=form)).status_code == 403
    assert (await browser.client.post("/login", data=form | {"_csrf_token": other.token})).status_code == 403
    assert (await browser.client.post("/login", data=form | {"_csrf_token": browser.token})).status_code == 303


async def test_a_visitors_token_is_worth_nothing_after_signing_in(place: Site) -> None:
    await place.person("a@x.io")
    browser = place.browser()
    await browser.get("/login")
    before = browser.token
    await browser.sign_in("a@x.io")
    assert (await browser.client.post("/settings", data=FORM | {"_csrf_token": before})).status_code == 403


async def test_a_form_opened_in_another_workspace_does_not_act_in_this_one(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    stale = browser.token
    await browser.post("/workspaces", {"workspace": "Second"})
    answer = await browser.client.post("/settings/workspace", data={"name": "Renamed", "_csrf_token": stale})
    assert answer.status_code == 403


async def test_a_form_of_an_ended_sign_in_leads_to_the_sign_in_page(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    other = await place.signed_in(user, room)
    await other.post("/settings/sessions/revoke-others")
    answer = await browser.post("/settings", FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
