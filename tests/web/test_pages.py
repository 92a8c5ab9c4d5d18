"""Every page, in both languages, with and without data, whole and as its regions."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.domain.identity.models import Role
from tests.conftest import Urls
from tests.played import Place, element, played, words_of

PAGES = (
    "/",
    "/creators",
    "/accounts",
    "/posts",
    "/collection",
    "/connections",
    "/sources",
    "/settings",
    "/settings/sessions",
    "/settings/workspace",
    "/settings/members",
    "/settings/keys",
    "/settings/audit",
)
NARROWED = (
    "/?days=7",
    "/creators?q=nobody",
    "/creators?tag=none",
    "/accounts?own=1&status=failing&platform=youtube&sort=-views",
    "/posts?q=nobody&format=short&state=private&since=2026-01-01&until=2026-02-30&sort=erv",
    "/posts?page=2&size=25&sort=-views_per_hour",
    "/collection?status=error&account=nonsense",
    "/accounts?page=0&size=-1&sort=%27&days=x",
)
HEADING = {"en": "Overview", "ru": "Обзор"}
HIDING, EMPTY, WITH_LIVE = "@seconddraft", "@paperharbor", "@pixelferry"


@pytest.fixture
async def place(urls: Urls, tmp_path: Path) -> AsyncIterator[Place]:
    async with played(urls, tmp_path) as made:
        yield made


async def full(place: Place) -> list[str]:
    """Follow three channels and read them on two days. The pages of one of each thing."""
    accounts = [await place.follow(f"https://www.youtube.com/{name}") for name in (HIDING, EMPTY, WITH_LIVE)]
    for _ in range(2):
        assert await place.collect() == 3
        place.sandbox.clock.advance(86_400)
    found = [f"/accounts/{account}" for account in accounts]
    found.append(link(await place.page("/creators"), "creators"))
    found.append(link(await place.page("/posts"), "posts"))
    found.append(link(await place.page("/collection"), "collection"))
    return found


def link(page: str, to: str) -> str:
    found = re.search(rf'href="(/{to}/[0-9a-f-]{{36}})"', page)
    assert found, f"no link to one of {to}"
    return found[0][6:-1]


def assert_whole(path: str, page: str, locale: str) -> None:
    """In the reader's language, with nothing left to fill in."""
    assert f'<html lang="{locale}"' in page, path
    assert page.rstrip().endswith("</html>"), path
    assert not re.search(r"%\(\w+\)[sd]|\{\{|\{%|None\b|Undefined", words_of(page)), path
    cyrillic = re.search("[а-яё]", words_of(element(page, "main")))
    assert cyrillic if locale == "ru" else True, path


@pytest.mark.parametrize("locale", ["en", "ru"])
async def test_every_page_is_there_for_a_workspace_without_anybody(place: Place, locale: str) -> None:
    await place.speak(locale)
    for path in (*PAGES, *NARROWED):
        assert_whole(path, await place.page(path), locale)
    assert HEADING[locale] in words_of(await place.page("/"))


async def test_every_page_is_there_for_one_that_follows_somebody(place: Place) -> None:
    paths = (*PAGES, *NARROWED, *await full(place))
    for locale in ("en", "ru"):
        await place.speak(locale)
        for path in paths:
            assert_whole(path, await place.page(path), locale)


async def test_what_is_not_there_is_said_in_the_readers_language(place: Place) -> None:
    nobody = "00000000-0000-7000-8000-000000000000"
    for locale, said in (("en", "Not found"), ("ru", "Не найдено")):
        await place.speak(locale)
        for path in ("/no/such", f"/accounts/{nobody}", f"/creators/{nobody}", f"/posts/{nobody}", "/accounts/x"):
            answer = await place.get(path)
            assert answer.status_code == 404
            assert_whole(path, answer.text, locale)
            assert said in words_of(answer.text)


async def test_each_region_is_rendered_alone_and_together(place: Place) -> None:
    for path in (*PAGES, *await full(place)):
        whole = await place.page(path)
        regions = re.findall(r'\sid="([\w-]+)"[^>]*\sdata-live="[^"]+"', whole)
        live = len(re.findall(r"\sdata-live=", whole))
        assert len(regions) == live == len(set(regions)), path
        assert regions or path.startswith("/settings"), path
        for asked in [[region] for region in regions] + ([regions] if regions else []):
            headers = {"HX-Request": "true", "X-Blocks": ",".join(asked)}
            answer = await place.get(path, headers=headers)
            assert answer.status_code == 200
            assert "<html" not in answer.text and answer.headers["X-Now"]
            assert [name for name in regions if f' id="{name}"' in answer.text] == asked, path
            for region in asked:
                element(answer.text, region)


async def test_a_fragment_of_a_name_that_is_not_there_is_the_page(place: Place) -> None:
    answer = await place.get("/posts", headers={"HX-Request": "true", "X-Blocks": "nothing,of,the,kind"})
    assert_whole("/posts", answer.text, "en")


async def test_who_may_not_drive_the_sandbox_is_not_offered_to(urls: Urls, tmp_path: Path) -> None:
    async with played(urls, tmp_path, sandbox_control="http://127.0.0.1:1") as place:
        viewer, _ = await place.site.person("viewer@x.io", workspace=place.workspace, role=Role.VIEWER)
        browser = await place.site.signed_in(viewer, place.workspace)
        page = await browser.get("/")
        ribbon = page.text.partition('class="sandbar"')[2].partition("<main")[0]
        assert "This is the sandbox." in ribbon and "/sandbox/" not in ribbon
        assert (await browser.post("/sandbox/advance")).status_code == 403
