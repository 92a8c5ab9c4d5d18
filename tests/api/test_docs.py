"""The readers of the document work in a browser, under our CSP, without another host."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from app.api.health import VERSION
from tests import chromium
from tests.api.conftest import Api, served


async def test_the_document_is_of_the_api_alone_and_says_who_may(api: Api) -> None:
    document = (await api.client.get("/api/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert (document["info"]["title"], document["info"]["version"]) == ("Sightline", VERSION)
    assert {path.split("/")[1] for path in document["paths"]} == {"api", "health"}
    create = document["paths"]["/api/v1/creators"]["post"]
    assert "the role editor; a key with the scope `write`" in create["description"]
    assert set(create["responses"]) >= {"200", "201", "400", "401", "403", "409", "415", "422", "429"}
    assert create["responses"]["201"]["headers"].keys() == {"Location", "Idempotency-Replayed"}
    assert document["paths"]["/health"]["get"]["security"] == []
    assert document["paths"]["/api/v1/auth/login"]["post"]["security"] == []
    tags = {tag["name"] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert set(operation["tags"]) <= tags, path
            assert operation["summary"], (method, path)
            assert operation["description"], (method, path)


@pytest.mark.browser
async def test_the_readers_ask_no_other_host(api: Api) -> None:
    async with served(api) as address, chromium.launched() as browser:
        page = await browser.new_page()
        hosts: set[str | None] = set()
        complaints: list[str] = []
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await _swagger(page, address)
        await _redoc(page, address)
    assert complaints == []
    assert hosts - {None, ""} == {"127.0.0.1"}  # None: data: and blob: addresses


async def _swagger(page: Page, address: str) -> None:
    await page.goto(f"{address}/api/docs")
    operation = page.locator("#operations-health-health_live")
    await expect(operation).to_be_visible()
    await operation.locator(".opblock-summary-control").click()
    await operation.get_by_role("button", name="Try it out").click()
    await operation.get_by_role("button", name="Execute").click()
    await expect(operation.locator(".live-responses-table tbody .response-col_status")).to_contain_text("200")


async def _redoc(page: Page, address: str) -> None:
    await page.goto(f"{address}/api/redoc")
    await expect(page.get_by_role("heading", name="Follow a creator")).to_be_visible()
