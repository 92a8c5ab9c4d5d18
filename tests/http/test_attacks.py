"""What only an attacker or a broken client sends is refused or ignored; it is never an error of ours."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Urls
from tests.site import Browser, Site, site


@pytest.fixture
async def place(urls: Urls) -> AsyncIterator[Site]:
    async with site(urls) as made:
        yield made


@pytest.fixture
async def owner(place: Site) -> Browser:
    return await place.signed_in(*await place.person("a@x.io"))


@pytest.mark.parametrize("target", ["//[", "http://[", "//evil.example", "/\\evil.example", "/\t/evil.example"])
async def test_a_sign_in_leads_to_a_page_of_ours(place: Site, owner: Browser, target: str) -> None:
    page = await place.browser().get("/login", params={"next": target})
    assert page.status_code == 200
    assert 'name="next" value="/"' in page.text
    answer = await owner.post("/locale", {"locale": "en", "next": target})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("page", ["/posts", "/accounts", "/creators", "/collection", "/"])
async def test_a_parameter_that_cannot_be_stored_is_ignored(owner: Browser, page: str) -> None:
    names = ("q", "platform", "format", "state", "status", "tag", "account", "creator", "sort", "page", "since")
    answer = await owner.get(f"{page}?{'&'.join(f'{name}=%00' for name in names)}")
    assert answer.status_code == 200


@pytest.mark.parametrize("query", ["until=9999-12-31", "since=0001-01-01", "until=0001-01-01&since=9999-12-31"])
async def test_the_ends_of_the_calendar_are_days_like_others(owner: Browser, query: str) -> None:
    await owner.post("/settings", {"name": "A", "locale": "en", "timezone": "Asia/Tokyo", "theme": "dark"})
    assert (await owner.get(f"/posts?{query}")).status_code == 200


async def test_a_form_loses_the_character_that_cannot_be_stored(place: Site, owner: Browser) -> None:
    form = {"name": "Al\0ice", "locale": "en", "timezone": "", "theme": "dark"}
    assert (await owner.post("/settings", form)).status_code == 303
    assert 'value="Alice"' in (await owner.get("/settings")).text
    stranger = place.browser()
    await stranger.get("/login")
    answer = await stranger.post("/login", {"email": "a\0b@x.io", "password": "whatever it is"})
    assert answer.status_code in (401, 422)


async def test_a_path_with_nul_is_no_page(urls: Urls) -> None:
    async with site(urls) as here:
        browser = here.browser()
        for path in ("/static/%00", "/creators/%00", "/api/v1/%00"):
            assert (await browser.get(path)).status_code == 404, path
