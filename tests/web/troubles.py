"""How tests of troubles read the pages: what they say, in both languages, and the numbers on them."""

import re
from typing import Any
from uuid import UUID

from app.web import i18n
from tests.played import Place, exact, numbers_of_post, words_of

CHANNEL = "@kettleandpine"
DAY = 86_400


def says(page: str, message: str, locale: str) -> bool:
    """Whether a page has this msgid in its language, with its placeholders filled."""
    text = i18n.catalogue(locale).gettext(message)
    assert locale == "en" or text != message, f"not translated: {message}"
    pattern = r"[^%]{1,80}?".join(re.escape(part) for part in re.split(r"%\(\w+\)s", text))
    said = words_of(page)
    assert not re.search(r"%\(\w+\)", said)
    return re.search(pattern, said) is not None


async def assert_said(place: Place, message: str, *paths: str) -> None:
    """On each of these pages, in both languages."""
    for locale in ("ru", "en"):
        await place.speak(locale)
        for path in paths:
            page = await place.page(path)
            assert says(page, message, locale), (locale, path, words_of(page)[:3000])


async def newest_run(place: Place, account: UUID) -> str:
    page = await place.page(f"/collection?account={account}")
    found = re.search(r'href="(/collection/[0-9a-f-]{36})"', page)
    assert found
    return found[1]


def numbers(page: str) -> dict[str, Any]:
    posts = re.findall(r'<tr id="post-([0-9a-f-]{36})"', page)
    assert posts
    return {
        "followers": exact(page, "followers"),
        "views": exact(page, "views"),
        **{post: numbers_of_post(page, UUID(post)) for post in posts},
    }
