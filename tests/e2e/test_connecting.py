"""Each OAuth flow in a real browser: connect, expire, renew, revoked, connect anew, give back."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.conftest import Urls
from tests.e2e.conftest import EMAIL, PASSWORD, Instance, _folder, _shaped, running

pytestmark = pytest.mark.browser

PROVIDERS = {"google": "Google", "tiktok": "TikTok", "meta": "Meta", "pinterest": "Pinterest"}


@pytest.fixture(scope="module")
async def site(services: Urls | None) -> AsyncIterator[Instance]:
    """One of its own: what is connected is followed, too, and other tests count who is."""
    async for shape in _shaped(services, 1):
        with _folder() as folder, running(
            folder, shape, ADMIN_EMAIL=EMAIL, ADMIN_PASSWORD=PASSWORD, ADMIN_NAME="Olga Owner"
        ) as instance:  # fmt: skip
            yield instance


async def agree(page: Page, site: Instance) -> None:
    """On the provider's consent page: let us in, and be sent back."""
    await expect(page.get_by_role("button", name="Allow")).to_be_visible()
    assert not page.url.startswith(site.url), "this is the provider's page, not ours"
    await page.get_by_role("button", name="Allow").click()
    await page.wait_for_url(f"{site.url}/connections")


@pytest.mark.parametrize("provider", list(PROVIDERS))
async def test_a_connection_from_its_beginning_to_its_end(site: Instance, visit: Any, provider: str) -> None:
    label = PROVIDERS[provider]
    visitor = await visit(site)
    await visitor.sign_in()
    page: Page = await visitor.open("/connections")
    panel: Locator = page.locator(f"section[aria-labelledby='p-{provider}']")
    row = panel.locator("li[id^='connection-']").first

    await panel.get_by_role("link", name=re.compile("Connect")).first.click()
    await agree(page, site)
    await expect(row).to_contain_text("Works")
    await expect(row).to_contain_text("last read", timeout=60_000)

    if provider != "meta":  # Meta's token is the whole grant: once it has expired nothing renews it
        site.world.ask("/world", {"op": "expire_tokens", "provider": provider})
    await row.get_by_role("button", name="Renew").click()
    await expect(page.get_by_text("The connection is being renewed.")).to_be_visible()
    await expect(row).to_contain_text("Works")
    await expect(row.locator(".bad")).to_have_count(0)

    site.world.ask("/world", {"op": "revoke_grants", "provider": provider})
    await row.get_by_role("button", name="Renew").click()
    await expect(row).to_contain_text("Connect anew", timeout=60_000)
    await expect(row).to_contain_text("no longer accepts this")

    await row.get_by_role("link", name="Connect anew").click()
    await agree(page, site)
    await expect(row).to_contain_text("Works")
    await expect(row.locator(".bad")).to_have_count(0)

    count = await panel.locator("li[id^='connection-']").count()
    await row.get_by_role("button", name="Disconnect").click()
    await page.locator("dialog[open]").get_by_role("button", name="Disconnect").click()
    await expect(page.get_by_text("Disconnected.")).to_be_visible()
    await expect(panel.locator("li[id^='connection-']")).to_have_count(count - 1)
    assert visitor.complaints == []
    assert label


async def test_saying_no_leaves_nothing(site: Instance, visit: Any) -> None:
    visitor = await visit(site)
    await visitor.sign_in()
    page: Page = await visitor.open("/connections")
    panel = page.locator("section[aria-labelledby='p-google']")
    await panel.get_by_role("link", name=re.compile("Connect")).first.click()
    await page.get_by_role("button", name="Deny").click()
    await page.wait_for_url(f"{site.url}/connections")
    await expect(page.get_by_text("was not connected")).to_be_visible()
