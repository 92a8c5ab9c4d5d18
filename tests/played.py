"""The application in this process, reading the sandbox's platforms; and how tests read its pages."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID

import httpx
from sqlalchemy import text

from app import main
from app.domain.collection.run import due_accounts
from app.platforms.youtube import process_env
from sandbox import testing
from sandbox.core import Sandbox
from tests.conftest import Urls
from tests.site import Browser, Site, site


@dataclass
class Place:
    """One workspace, its owner's browser, and the world whose platforms it reads."""

    site: Site
    sandbox: Sandbox
    browser: Browser
    owner: UUID
    workspace: UUID

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.browser.get(path, **more)

    async def page(self, path: str) -> str:
        """A page that has to be there."""
        answer = await self.browser.get(path)
        assert answer.status_code == 200, (path, answer.text[-2000:])
        return answer.text

    async def follow(self, link: str) -> UUID:
        """Paste a link on the creators' page. The account's id."""
        answer = await self.browser.post("/creators", {"link": link})
        assert answer.status_code == 303, answer.text
        return UUID(answer.headers["location"].rpartition("/")[2])

    async def collect(self) -> int:
        """Do what is due, as the worker would. Returns how many accounts were read."""
        async with main.reading(self.site.settings) as (database, _egress, _platforms, collector):
            return sum([await collector.collect(account) for account in await due_accounts(database, 1000)])

    async def posts_of(self, account: UUID) -> dict[str, UUID]:
        """The posts of an account by their ids at the platform."""
        async with self.site.database.transaction() as session:
            rows = await session.execute(
                text("select external_id, id from post where account_id = :account"), {"account": account}
            )
            return {row.external_id: row.id for row in rows}

    async def speak(self, locale: str) -> None:
        """The language of the pages from now on."""
        await self.browser.get("/settings")
        assert (await self.browser.post("/locale", {"locale": locale, "next": "/"})).status_code == 303


@asynccontextmanager
async def played(urls: Urls, folder: Path, **settings: Any) -> AsyncIterator[Place]:
    """A signed-in owner over a fresh world, whose clock stands still until it is moved. settings: more of them.

    Fails at the end when a host, a route or an answer was none of the sandbox's.
    """
    sandbox = testing.reset()
    world: dict[str, Any] = {
        "data_dir": folder,
        "sandbox_proxy": sandbox.proxy_url,
        "sandbox_ca": sandbox.certificates.ca,
        "sandbox_clock": sandbox.clock.path,
        "youtube_api_key": "test-key",
    }
    with mock.patch.dict(os.environ, process_env(sandbox.certificates.ca)):
        async with site(urls, **(world | settings)) as here:
            user, workspace = await here.person("owner@example.com", superuser=True)
            yield Place(here, sandbox, await here.signed_in(user, workspace), user, workspace)
    testing.assert_clean()


def words_of(page: str) -> str:
    """What a page says, without its marks: for looking up sentences."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page))).strip()


def element(page: str, id_: str) -> str:
    """The element with this id, as HTML, with all it holds."""
    start = re.search(rf'<(\w+)[^>]*\sid="{re.escape(id_)}"', page)
    assert start, f"nothing has the id {id_}"
    depth = 0
    for tag in re.finditer(rf"<(/?){start[1]}\b[^>]*?(/?)>", page[start.start() :]):
        depth += 0 if tag[2] else -1 if tag[1] else 1
        if depth == 0:
            return page[start.start() : start.start() + tag.end()]
    raise AssertionError(f"{id_} is never closed")


def exact(page: str, key: str) -> int | None:
    """The exact number behind a figure that tells where it comes from; null where it says why there is none."""
    popover = element(page, f"pop-{key}")
    first = re.search(r"<dd>(.*?)</dd>", popover, re.DOTALL)
    digits = re.sub(r"\D", "", first[1]) if first and "<dt>" in popover else ""
    return int(digits) if digits else None


def numbers_of_post(page: str, post: UUID) -> dict[str, int | None]:
    """A row of the posts' table: views, likes, comments; null where the cell says why there is none."""
    cells = re.findall(r'<td class="num"[^>]*>(.*?)</td>', element(page, f"post-{post}"), re.DOTALL)
    values = [re.search(r'<data value="(\d+)"', cell) for cell in cells[:3]]
    return {name: int(found[1]) if found else None for name, found in zip(NUMBERS, values, strict=True)}


NUMBERS = ("views", "likes", "comments")
