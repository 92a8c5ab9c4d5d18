"""Every page for everybody: axe finds nothing, the keyboard goes everywhere, no page scrolls sideways.

In both languages and both themes, with data and without. The setup page is looked at in test_new_user.
"""

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import Instance, Visitor
from tests.e2e.everybody import EVERYTHING, axe, faults, in_russian

pytestmark = pytest.mark.browser
Visit = Callable[..., Awaitable[Visitor]]

CHANNELS = ("@orbitnotes", "@seconddraft")  # one that streams; one that hides its subscribers

# Without data, in a workspace where nobody is followed.
EMPTY = ("/", "/creators", "/accounts", "/posts", "/collection", "/connections", "/sources")
FULL = (
    "/", "/creators", "/accounts", "/accounts?q=nobody", "/posts", "/collection",
    "/connections", "/sources",
    "/settings", "/settings/sessions", "/settings/workspace", "/settings/members", "/settings/keys", "/settings/audit",
    "/no/such/page",
)  # fmt: skip


async def test_every_page_is_for_everybody(site: Instance, visit: Visit) -> None:
    visitor = await visit(site, reduced_motion="reduce")
    page = await visitor.open("/login")
    found = await faults(page, "login")
    await visitor.sign_in()
    await visitor.follow(*CHANNELS)
    await page.goto(f"{site.url}/accounts?q=seconddraft")
    account = await path_of(page, "#accounts tbody th a")
    creator = await path_of(page, "#accounts tbody td a[href^='/creators/']")
    await page.goto(site.url + account)
    post = await path_of(page, "#posts tbody th a")
    run = await path_of(page, "#log tbody a[href^='/collection/']")
    for language in ("en", "ru"):
        if language == "ru":
            await in_russian(page)
        try:
            for path in (*FULL, creator, account, post, run):
                await page.goto(site.url + path)
                await expect(page.locator("html")).to_have_attribute("lang", language)
                found += await faults(page, f"{path} in {language}")
        finally:
            if language == "ru":
                await page.get_by_role("button", name="English").click()
    assert found == [], "\n\n".join(found)


async def test_what_opens_over_a_page_is_for_everybody(site: Instance, visit: Visit) -> None:
    visitor = await visit(site, reduced_motion="reduce")
    await visitor.sign_in()
    await visitor.follow(*CHANNELS)
    page = await visitor.open("/accounts?q=seconddraft")
    await page.goto(site.url + await path_of(page, "#accounts tbody th a"))
    found = []
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme="light" if theme == "light" else "dark")
        await expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
        # Of the missing number of followers, and of one that is there; menus; questions.
        for pop in ("pop-followers", "pop-views", "menu-account", "menu-range", "menu-user", "menu-workspace"):
            await page.locator(f"#{pop}").evaluate("pop => pop.showPopover()")
            found += [f"{pop}, {theme}: {said}" for said in await axe(page, EVERYTHING, f"#{pop}")]
        for dialog in ("account-settings", "ask-remove", "new-workspace"):
            await page.locator(f"#{dialog}").evaluate("dialog => dialog.showModal()")
            found += [f"{dialog}, {theme}: {said}" for said in await axe(page, EVERYTHING, f"#{dialog}")]
            await page.locator(f"#{dialog}").evaluate("dialog => dialog.close()")
    assert found == [], "\n\n".join(found)


async def test_connecting_ones_own_telegram_is_for_everybody(site: Instance, visit: Visit) -> None:
    visitor = await visit(site, reduced_motion="reduce")
    await visitor.sign_in()
    found = []
    for language in ("en", "ru"):
        page = await visitor.open("/connections")
        if language == "ru":
            await in_russian(page)
        try:
            connect = page.locator("form[action='/connections/senders/telegram'] button").first
            await connect.focus()
            await page.keyboard.press("Enter")
            await expect(page.locator(".qr svg")).to_be_visible()
            found += await faults(page, f"the code that signs in, in {language}")
            give_up = page.locator("#step form[action$='/cancel'] button")
            await give_up.focus()
            await page.keyboard.press("Enter")
            await expect(page.locator(".qr")).to_have_count(0)
            found += await faults(page, f"the sign-in that was given up, in {language}")
        finally:
            if language == "ru":
                await page.get_by_role("button", name="English").click()
    assert found == [], "\n\n".join(found)


async def test_a_workspace_without_anybody_is_for_everybody(site: Instance, visit: Visit) -> None:
    visitor = await visit(site, reduced_motion="reduce")
    await visitor.sign_in()
    page = await visitor.open("/")
    await page.get_by_role("button", name="Workspace: Olga Owner").click()
    await page.get_by_role("button", name="Create workspace").click()
    await page.get_by_role("dialog", name="New workspace").get_by_label("Name").fill("Empty room")
    await page.get_by_role("button", name="Create", exact=True).click()
    try:
        found = []
        for path in EMPTY:
            await page.goto(site.url + path)
            found += await faults(page, f"{path}, empty")
    finally:
        await page.get_by_role("button", name="Workspace: Empty room").click()
        await page.locator("#menu-workspace").get_by_role("button", name="Olga Owner").click()
        await expect(page.get_by_role("button", name="Workspace: Olga Owner")).to_be_visible()
    assert found == [], "\n\n".join(found)


async def path_of(page: Page, link: str) -> str:
    return await page.locator(link).first.get_attribute("href") or ""


async def test_the_keyboard_is_enough(site: Instance, visit: Visit) -> None:
    visitor = await visit(site)
    await visitor.sign_in()
    await visitor.follow(*CHANNELS)
    page = await visitor.open("/posts")
    await expect(page.locator("#posts tbody tr").nth(5)).to_be_visible()

    # The first stop leads past the navigation.
    await page.keyboard.press("Tab")
    skip = page.locator(".skip")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()

    # Every stop shows that it is one, and the table's headers are among them.
    stops: list[str] = []
    for _ in range(80):
        await page.keyboard.press("Tab")
        seen = await page.evaluate(FOCUSED)
        if seen is None or (seen["what"] in stops and seen["what"] != stops[-1]):
            break  # once around; a date field has several stops of its own
        assert seen["visible"] or seen["what"] in stops, seen
        stops.append(seen["what"])
    assert any("sort=-views" in stop for stop in stops), stops

    # Sorting by keyboard: the rows follow, and the focus stays where it is.
    header = page.locator("#posts thead a", has_text=re.compile("^Views"))
    await header.focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"sort=-views"))
    await expect(page.locator("#posts th[aria-sort=descending]")).to_contain_text("Views")
    shown = [int(await cell.get_attribute("value") or 0) for cell in await page.locator(VIEWS).all()]
    assert len(shown) > 5 and shown == sorted(shown, reverse=True)
    await expect(header).to_be_focused()

    # A menu opens, is walked through, and gives the focus back.
    button = page.get_by_role("button", name="Olga Owner, account menu")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#menu-user")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.locator("#menu-user a").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#menu-user")).to_be_hidden()
    await expect(button).to_be_focused()


VIEWS = "#posts tbody td:nth-child(2) data"
FOCUSED = """() => {
    const el = document.activeElement;
    if (el === document.body) return null;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(el);
    const what = `${el.tagName} ${el.id} ${el.getAttribute('href') ?? ''} ${el.textContent.trim().slice(0, 40)}`;
    return { what, visible: (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none' };
}"""
