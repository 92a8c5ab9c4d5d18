"""Ten tabs of one browser: all live, and the browser still answers. HTTP/1.1 gives it six connections a host."""

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import Instance, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Awaitable[Visitor]]

TABS = 10
ARRIVES = 60_000  # ms
CHANNEL = "@boltbench"


async def followed(visitor: Visitor) -> str:
    """The path of CHANNEL's page, once it has been read."""
    page = await visitor.open("/creators")
    await page.get_by_label("Paste a link or @handle").fill(CHANNEL)
    await page.get_by_role("button", name="Follow", exact=True).click()
    await page.wait_for_url(re.compile(r"/accounts/[0-9a-f-]{36}$"))
    await expect(page.locator("#log tbody tr")).to_contain_text("Read", timeout=ARRIVES)
    path = page.url.removeprefix(visitor.url)
    await page.close()
    return path


def views(page: Page) -> Locator:
    return page.locator("#pop-views dd").first


async def test_ten_tabs_of_one_browser_stay_alive(site: Instance, visit: Visit) -> None:
    visitor = await visit(site)
    await visitor.sign_in()
    account = await followed(visitor)
    tabs = [await visitor.open(account) for _ in range(TABS)]
    for tab in tabs:
        await expect(tab.locator(".live")).to_have_attribute("data-state", "live")
        await tab.evaluate("window.sameDocument = true")
    had = await views(tabs[0]).text_content() or ""
    assert re.search(r"\d", had)
    assert len(visitor.streams()) == 1  # one, shared by all of them

    # A page while all ten are open: no connection is left waiting.
    another = await visitor.open("/posts")
    await expect(another.get_by_role("heading", level=1)).to_have_text("Posts")
    await another.close()

    # The world's next day is announced once, and every tab shows it.
    site.world.next_day()
    await expect(views(tabs[0])).not_to_have_text(had, timeout=ARRIVES)
    now = await views(tabs[0]).text_content() or ""
    for tab in tabs:
        await tab.bring_to_front()
        await expect(views(tab)).to_have_text(now)
        assert await tab.evaluate("window.sameDocument")
    assert len(visitor.streams()) == 1

    # The tab that reads the stream goes; another takes over, and nothing is missed.
    [holder] = visitor.streams()
    await holder.close()
    left = [tab for tab in tabs if tab is not holder]
    site.world.next_day()
    await expect(views(left[0])).not_to_have_text(now, timeout=ARRIVES)
    last = await views(left[0]).text_content() or ""
    for tab in left:
        await expect(views(tab)).to_have_text(last)
        await expect(tab.locator(".live")).to_have_attribute("data-state", "live")
    assert visitor.most_streams <= 2  # for a moment, where one hands over to the next
    visitor.assert_clean()
