"""Open pages stay true, and what the reader opened, typed or chose stays as it is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Request, expect
from sqlalchemy import text

from tests.conftest import Urls
from tests.web.screen import Screen, screen


@pytest.fixture
async def here(urls: Urls, tmp_path: Path) -> AsyncIterator[Screen]:
    async with screen(urls, tmp_path) as made:
        yield made
        assert made.complaints == []


async def test_a_committed_reading_is_on_the_open_page_and_the_reader_is_left_alone(here: Screen) -> None:
    context = await here.context()
    page = await here.open(context, f"/accounts/{here.account}")
    followers = page.locator("#kpis dd.big").first
    await expect(followers).to_contain_text("999")
    await expect(page.locator(".live")).to_have_attribute("data-state", "live")
    await page.evaluate("window.untouched = true")
    await page.locator("#chart details summary").click()
    await page.get_by_label("Search titles").fill("no such")
    await expect(page.locator("#posts")).to_contain_text("No post fits")
    await followers.get_by_role("button").click()
    opened = page.locator("#pop-followers")
    await expect(opened).to_be_visible()

    await here.read(4321)

    await expect(followers.locator("button.why")).to_have_text("4,321")
    await expect(opened).to_be_visible()
    await expect(opened).to_contain_text("4,321")
    await expect(opened).to_contain_text("YouTube Data API v3")
    await expect(page.locator("#chart details")).to_have_attribute("open", "")
    await expect(page.get_by_label("Search titles")).to_have_value("no such")
    await expect(page.locator("#posts")).to_contain_text("No post fits")
    assert await page.evaluate("window.untouched")


async def test_one_stream_serves_every_tab_and_outlives_the_tab_that_held_it(here: Screen) -> None:
    context = await here.context()
    streams: list[Request] = []
    context.on("request", lambda r: streams.append(r) if r.url.endswith("/live") else None)
    pages = [await here.open(context, f"/accounts/{here.account}") for _ in range(10)]
    for page in pages:
        await expect(page.locator(".live")).to_have_attribute("data-state", "live")
    assert len(streams) == 1

    await here.read(5001)
    for page in pages:
        await expect(page.locator("#kpis dd.big").first).to_contain_text("5,001")

    async with context.expect_event("request", lambda r: r.url.endswith("/live")):
        await pages[0].close()  # it held the stream
    await here.read(6002)
    for page in pages[1:]:
        await expect(page.locator("#kpis dd.big").first).to_contain_text("6,002")
    assert len(streams) == 2


async def test_what_happened_while_the_tab_was_hidden_is_there_on_return(here: Screen) -> None:
    context = await here.context()
    page = await here.open(context, "/")
    await expect(page.locator(".live")).to_have_attribute("data-state", "live")
    hide = "Object.defineProperty(document, 'visibilityState', {value: '%s', configurable: true});"
    tell = "document.dispatchEvent(new Event('visibilitychange'))"
    await page.evaluate(hide % "hidden" + tell)
    await here.read(7003)
    await page.evaluate(hide % "visible" + tell)
    await expect(page.locator("#cards")).to_contain_text("7,003")


async def test_an_announcement_lost_with_its_connection_is_caught_up(here: Screen) -> None:
    context = await here.context()
    page = await here.open(context, f"/accounts/{here.account}")
    await expect(page.locator(".live")).to_have_attribute("data-state", "live")
    async with here.database.transaction() as session:
        await session.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = 'sightline-bus' and datname = current_database()"
            )
        )
    await here.read(8004)
    await expect(page.locator("#kpis dd.big").first).to_contain_text("8,004")
