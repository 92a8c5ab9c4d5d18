"""The first minutes of a new user, in a real browser: from the link in the terminal to numbers that live."""

import re
import time
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import Instance, Visitor
from tests.e2e.everybody import faults, in_russian

pytestmark = pytest.mark.browser
Visit = Callable[..., Awaitable[Visitor]]

CHANNEL = "https://www.youtube.com/@kettleandpine"
ARRIVES = 60_000  # ms; what we promise a newcomer
DRAWN = """plot => {
    const { width, height } = plot, shot = plot.getContext('2d').getImageData(0, 0, width, height).data;
    let seen = 0;
    for (let at = 3; at < shot.length; at += 4) seen += shot[at] > 0;
    return seen;
}"""


async def mark(page: Page) -> None:
    """Leave a trace on this document that a navigation would lose."""
    await page.evaluate("window.sameDocument = true")


async def assert_same_document(page: Page) -> None:
    assert await page.evaluate("window.sameDocument === true")
    assert await page.evaluate("performance.getEntriesByType('navigation').length") == 1


async def number(page: Page, key: str) -> int:
    """A number's exact value, from where it tells where it comes from."""
    text = await page.locator(f"#pop-{key} dd").first.text_content()
    return int(re.sub(r"\D", "", text or ""))


async def test_from_the_terminals_link_to_numbers_that_live(fresh: Instance, visit: Visit) -> None:
    visitor = await visit(fresh, reduced_motion="reduce", timezone_id="Asia/Tokyo")
    page = await visitor.open(f"{fresh.url}/setup")
    assert await faults(page, "setup without its link") == []
    await page.goto(fresh.setup_url)
    assert await faults(page, "setup") == []
    await in_russian(page)
    assert await faults(page, "setup, ru") == []
    await page.get_by_role("button", name="English").click()
    await page.goto(fresh.setup_url)

    await page.get_by_label("Your name").fill("Olga")
    await page.get_by_label("E-mail").fill("olga@example.com")
    await page.get_by_label("Password").fill("a walk along the harbour")
    await page.get_by_label("Name of the workspace").fill("Studio")
    zone = page.get_by_label("Time zone")
    assert await zone.input_value() == "Asia/Tokyo"  # as the browser counts its days
    await zone.select_option("UTC")
    await page.get_by_role("button", name="Begin").click()

    await page.get_by_label("Paste a link or @handle").fill(CHANNEL)
    began = time.monotonic()
    await page.get_by_role("button", name="Follow").click()
    await page.wait_for_url(re.compile(r"/accounts/[0-9a-f-]{36}$"))
    await mark(page)

    # All of it arrives on the open page.
    await expect(page.get_by_role("heading", level=1)).to_have_text("Kettle & Pine", timeout=ARRIVES)
    await expect(page.locator("#kpis")).to_be_visible(timeout=ARRIVES)
    posts = page.locator("#posts tbody tr")
    await expect(posts.nth(11)).to_be_visible(timeout=ARRIVES)
    await expect(page.locator("#log tbody tr")).to_contain_text("Read", timeout=ARRIVES)
    assert time.monotonic() - began < ARRIVES / 1000
    await assert_same_document(page)
    followers, views = await number(page, "followers"), await number(page, "views")
    assert followers > 100_000 and views > 1_000_000
    assert all(int(value) > 0 for value in await views_of_posts(page))

    # The chart is drawn from its table, and both have the point.
    figure = page.locator("#chart figure")
    known = figure.locator("tbody tr", has=page.locator("data:not([value=''])"))
    assert await known.count() == 1
    assert str(followers) in [await cell.get_attribute("value") for cell in await known.locator("data").all()]
    plots = figure.locator("canvas")
    assert await plots.count() >= 1
    for plot in await plots.all():
        assert await plot.evaluate(DRAWN) > 0

    # The sandbox's next day changes them, and nobody reloads.
    first_post = await posts.first.get_attribute("id")
    fresh.world.next_day()
    await expect(page.locator("#log tbody tr").nth(1)).to_contain_text("Read", timeout=ARRIVES)
    await expect(page.locator("#pop-views dd").first).not_to_have_text(f"{views:,}", timeout=ARRIVES)
    assert await number(page, "views") > views
    await expect(figure.locator("tbody tr", has=page.locator("data:not([value=''])"))).to_have_count(2)
    assert await page.locator(f"#{first_post}").count() == 1
    await assert_same_document(page)
    assert fresh.world.ask("/state")["findings"] == []
    visitor.assert_clean()


async def views_of_posts(page: Page) -> list[str]:
    cells = page.locator("#posts tbody tr td:nth-child(2) data")
    return [await cell.get_attribute("value") or "" for cell in await cells.all()]


async def test_looking_after_those_one_follows(site: Instance, visit: Visit) -> None:
    visitor = await visit(site)
    await visitor.sign_in()

    # A list with a bad line: a result for each line, and the good ones are followed.
    page = await visitor.open("/creators")
    await page.get_by_text("A list of links, or a CSV file").click()
    await page.get_by_label("One link per line").fill("@northloom\nnot a channel\nhttps://youtube.com/@paperharbor")
    await page.get_by_role("button", name="Add the list").click()
    results = page.locator("#results tbody tr")
    await expect(results).to_have_count(3)
    await expect(results.nth(0)).to_contain_text("Followed; being read")
    await expect(results.nth(1)).to_contain_text("This is not a link or @handle that we know.")
    await expect(results.nth(2)).to_contain_text("Followed; being read")
    await expect(page.locator("#creators")).to_contain_text("North Loom", timeout=ARRIVES)
    await expect(page.locator("#creators")).to_contain_text("Paper Harbor", timeout=ARRIVES)

    # Off and on.
    await results.nth(0).get_by_role("link", name="Open").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("North Loom")
    account = page.url
    await expect(page.locator("#log tbody tr").first).to_contain_text("Read", timeout=ARRIVES)
    await choose(page, "Switch collection off")
    await expect(page.locator("#flashes")).to_contain_text("Collection is off.")
    await expect(page.get_by_role("button", name="Collect now")).to_be_disabled()
    await choose(page, "Switch collection on")
    await expect(page.locator("#flashes")).to_contain_text("Collection is on.")
    await expect(page.get_by_role("button", name="Collect now")).to_be_enabled()

    # Removing asks first, and is undone by one press.
    await choose(page, "Remove")
    await page.get_by_role("dialog", name="Stop following North Loom?").get_by_role("button", name="Remove").click()
    await page.wait_for_url(f"{site.url}/accounts")
    await expect(page.locator("#accounts")).to_contain_text("Paper Harbor")
    await expect(page.locator("#accounts")).not_to_contain_text("North Loom")
    await page.get_by_role("button", name="Undo").click()
    await page.wait_for_url(account)
    await expect(page.locator("#flashes")).to_contain_text("It is back.")
    assert await number(page, "followers") > 0

    # The other language and theme, on every page from then on.
    await page.get_by_role("button", name="Русский").click()
    await expect(page.locator("html")).to_have_attribute("lang", "ru")
    await expect(page.get_by_role("heading", level=2, name="Журнал сбора")).to_be_visible()
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    was = await page.locator("html").get_attribute("data-bs-theme")
    await page.get_by_role("button", name="Dark theme").click()
    other = "light" if was == "dark" else "dark"
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", other)
    await page.goto(f"{site.url}/posts")
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", other)

    # Signed out is signed out: the way back shows nothing.
    await page.get_by_role("button", name="Olga Owner, account menu").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(f"{site.url}/login")
    await page.goto(account)
    assert page.url.startswith(f"{site.url}/login")
    visitor.assert_clean()


async def choose(page: Page, action: str) -> None:
    """From the account's menu."""
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("button", name=action, exact=True).click()
