"""Dzen and Wibes from a pasted link to the numbers on the page; and what stands there without a browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.lib import chromium
from app.platforms.kit import browser
from app.platforms.kit import words as said
from sandbox.platforms import dzen as dzen_fake
from tests.conftest import Urls
from tests.played import Place, element, exact, numbers_of_post, played, words_of
from tests.web.troubles import assert_said, newest_run

LINKS = {"dzen": "https://dzen.ru/dvor_masterskaya", "wibes": "https://wibes.ru/@kuhnya"}


@pytest.fixture
async def place(urls: Urls, tmp_path: Path) -> AsyncIterator[Place]:
    async with played(urls, tmp_path, dzen_request_delay=0) as made:
        yield made
        await browser.close_all()


@pytest.mark.parametrize("platform", LINKS)
async def test_from_a_link_to_numbers(place: Place, platform: str) -> None:
    account = await place.follow(LINKS[platform])
    assert await place.collect() == 1
    channel, now = place.sandbox.world.channel(LINKS[platform].rpartition("/")[2], platform), place.sandbox.world.now
    assert channel is not None
    page = await place.page(f"/accounts/{account}?size=100")
    assert exact(page, "followers") == channel.subscribers(now)
    posts = await place.posts_of(account)
    newest = channel.listed(now)[0]
    row = numbers_of_post(page, posts[dzen_fake.path_of(newest) if platform == "dzen" else newest.id])
    assert (row["views"], row["likes"]) == (newest.views(now), newest.likes(now))
    assert len(posts) == 50 and '<data value="0"' not in element(page, "chart")


async def test_without_a_browser_the_page_says_what_to_do_and_the_numbers_stay(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await place.follow(LINKS["wibes"])
    await place.collect()
    before = exact(await place.page(f"/accounts/{account}"), "followers")
    await browser.close_all()
    monkeypatch.setattr(chromium, "NAMES", ())
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", "/nowhere")
    place.sandbox.clock.advance(86_400)
    await place.collect()
    assert before and exact(await place.page(f"/accounts/{account}"), "followers") == before
    await assert_said(place, said.NO_BROWSER, f"/accounts/{account}", await newest_run(place, account), "/")


async def test_the_sources_page_says_what_is_proven(place: Place) -> None:
    page = words_of(await place.page("/sources"))
    assert "Dzen pages" in page and "Wibes pages" in page and "our reading, unproven" in page
