"""The pages of connections and of sources."""

from collections.abc import AsyncIterator

import pytest

from app.domain.identity.models import Role
from tests.conftest import Urls
from tests.site import Site, site


@pytest.fixture
async def place(urls: Urls) -> AsyncIterator[Site]:
    async with site(urls) as made:
        yield made


async def test_sources_say_what_they_give_and_what_they_lack(place: Site) -> None:
    user, room = await place.person("a@x.io", role=Role.VIEWER)
    browser = await place.signed_in(user, room)
    page = (await browser.get("/sources")).text
    assert "YouTube Data API v3" in page
    assert "YOUTUBE_API_KEY" in page, "a source that is not set up says what is missing"
    assert "own only" in page or "not given" in page


async def test_connections_say_what_the_instance_lacks(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    answer = await browser.get("/connections")
    assert answer.status_code == 200
    assert "<h1>Connections</h1>" in answer.text


async def test_a_way_back_that_nobody_opened_is_refused(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    for provider in ("nobody", "google"):
        answer = await browser.get(f"/oauth/{provider}/callback?state=made-up&code=x")
        assert answer.status_code in (403, 404)
