"""What a page must be for everybody: nothing for axe to find, in both themes, and no scrolling sideways."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

WIDTHS = (320, 390, 768, 1440)
EVERYTHING: dict[str, Any] = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}  # WCAG 2.2
COLOURS: dict[str, Any] = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
FITS = "document.scrollingElement.scrollWidth <= innerWidth"


async def faults(page: Page, name: str) -> list[str]:
    """What axe says of the page as it stands, of its colours in the other theme, and how far it scrolls sideways."""
    found = [f"{name}: {said}" for said in await axe(page, EVERYTHING)]
    await page.evaluate("document.querySelector('[data-set-theme=toggle]').click()")
    theme = await page.locator("html").get_attribute("data-bs-theme")
    found += [f"{name}, {theme}: {said}" for said in await axe(page, COLOURS)]
    size = page.viewport_size
    assert size
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        try:
            await page.wait_for_function(FITS, timeout=3_000)  # charts follow a moment later
        except PlaywrightTimeout:
            over = await page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
            found.append(f"{name}: {over} px wider than a window of {width} px")
    await page.set_viewport_size(size)
    return found


async def axe(page: Page, options: dict[str, Any], context: str | None = None) -> list[str]:
    results = await Axe().run(page, context=context, options=options)
    return [
        f"{violation['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']} {node['html'][:200]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


async def in_russian(page: Page) -> None:
    await page.get_by_role("button", name="Русский").click()
    await expect(page.locator("html")).to_have_attribute("lang", "ru")
