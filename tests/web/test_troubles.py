"""What goes wrong at the platform, on the pages: said in words, in both languages, and no number is lost or zero."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from app.domain.collection import service as collection
from app.domain.collection.outcome import CLOSED
from app.domain.creators import service as creators
from app.lib.db import enter_workspace
from app.platforms.youtube import words
from tests.conftest import Urls
from tests.played import Place, element, exact, numbers_of_post, played, words_of
from tests.web.troubles import CHANNEL, DAY, assert_said, newest_run, numbers, says

API = "youtube.googleapis.com"


@pytest.fixture
async def place(urls: Urls, tmp_path: Path) -> AsyncIterator[Place]:
    """With a key and without the public pages: what the API says is what there is."""
    async with played(urls, tmp_path, youtube_public_pages=False) as made:
        yield made


@pytest.fixture
async def keyless(urls: Urls, tmp_path: Path) -> AsyncIterator[Place]:
    async with played(urls, tmp_path, youtube_api_key=None) as made:
        yield made


# -- what people paste


async def test_what_is_no_link_is_said_beside_the_field(place: Place) -> None:
    nothing, unknown = "Paste a link or an @handle here.", creators._NOT_A_LINK
    for locale in ("ru", "en"):
        await place.speak(locale)
        for link in ("", "   ", "my favourite channel", "https://example.com/@name", "http://[", "youtube.com/", "%00"):
            answer = await place.browser.post("/creators", {"link": link})
            assert answer.status_code == 422
            assert says(element(answer.text, "link-error"), unknown if link.strip() else nothing, locale)
            assert f'value="{link.strip()}"' in answer.text  # it need not be typed again


async def test_a_file_where_words_belong_is_no_words(place: Place) -> None:
    await place.follow(CHANNEL)
    found = re.search(r'href="(/creators/[0-9a-f-]{36})"', await place.page("/creators"))
    assert found
    answer = await place.browser.post(found[1], {"tags": "a"}, files={"name": ("name.txt", b"x")})
    assert answer.status_code == 422
    assert "UploadFile" not in answer.text


async def test_every_line_of_a_list_gets_its_answer(place: Place) -> None:
    tags = "|".join(f"t{number}" for number in range(30))
    lines = f"link,tags\n@paperharbor,a\nnonsense,\n@northloom,{tags}\n@paperharbor,"
    for locale, expected in (
        ("en", ["Followed; being read", "This is not a link", "At most 20 tags.", "Followed already"]),
        ("ru", None),
    ):
        await place.speak(locale)
        answer = await place.browser.post("/creators/bulk", {"lines": lines})
        assert answer.status_code == 200
        rows = re.findall(r"<tr><th.*?</tr>", element(answer.text, "results").split("<tbody>")[1], re.DOTALL)
        assert len(rows) == 4
        for row, said in zip(rows, expected or [], strict=bool(expected)):
            assert said in words_of(row)
        assert says(rows[2], "At most %(most)s tags.", locale)


# -- channels that are unlike the others


@pytest.mark.parametrize("link", ["@fastlanefacts", "https://www.youtube.com/channel/UCnobodynobodynobody0000"])
async def test_a_channel_that_is_closed_or_never_was(place: Place, link: str) -> None:
    account = await place.follow(link)
    await place.collect()
    await assert_said(
        place, words.NO_CHANNEL, f"/accounts/{account}", await newest_run(place, account), "/", "/accounts"
    )
    assert "data value" not in await place.page(f"/accounts/{account}")


async def test_a_channel_that_closes_keeps_its_numbers(place: Place) -> None:
    account = await place.follow(CHANNEL)
    await place.collect()
    before = numbers(await place.page(f"/accounts/{account}"))
    place.sandbox.edit("terminate", channel="kettleandpine")
    place.sandbox.clock.advance(DAY)
    await place.collect()
    await assert_said(place, CLOSED, f"/accounts/{account}", await newest_run(place, account), "/")
    await assert_said(place, "Closed since %(when)s.", f"/accounts/{account}")
    page = await place.page(f"/accounts/{account}")
    assert numbers(page) == before
    assert "Check the link" not in words_of(page) and "did not succeed" not in words_of(page)
    assert re.search(r"Closed since \d+ \w+ 2026", words_of(await place.page("/accounts")))
    asked = len(place.sandbox.journal.hits)
    for _ in range(6):  # days, each with its night
        place.sandbox.clock.advance(DAY)
        async with place.site.database.transaction() as session:
            await enter_workspace(session, place.workspace)
            await collection.request(session, [account], trigger="nightly")
        assert await place.collect() == 0
    assert len(place.sandbox.journal.hits) == asked
    place.sandbox.clock.advance(DAY)
    assert await place.collect() == 1


async def test_a_channel_without_videos_says_so(place: Place) -> None:
    account = await place.follow("@paperharbor")
    await place.collect()
    await assert_said(place, "The account has published nothing that the public can see.", f"/accounts/{account}")
    page = await place.page(f"/accounts/{account}")
    assert (exact(page, "followers") or 0) > 1000
    assert "Read" in words_of(element(page, "log"))


async def test_hidden_subscribers_are_not_zero(place: Place) -> None:
    account = await place.follow("@seconddraft")
    await place.collect()
    await assert_said(place, "The owner hides this number.", f"/accounts/{account}", "/accounts", "/creators")
    page = await place.page(f"/accounts/{account}")
    assert exact(page, "followers") is None and (exact(page, "views") or 0) > 0
    assert '<data value="0"' not in element(page, "chart")


# -- posts that are unlike the others


async def test_a_video_that_turned_private_keeps_its_last_numbers(place: Place) -> None:
    account = await place.follow(CHANNEL)
    await place.collect()
    before = await place.page(f"/accounts/{account}?size=100")
    channel = place.sandbox.world.channel("kettleandpine")
    assert channel
    video = channel.listed(place.sandbox.world.now)[0].id  # young enough to be read again
    post = (await place.posts_of(account))[video]
    had = numbers_of_post(before, post)
    assert had["views"]
    place.sandbox.edit("make_private", video=video)
    place.sandbox.clock.advance(DAY)
    await place.collect()
    page = await place.page(f"/posts/{post}")
    assert {name: exact(page, name) for name in had} == had
    await assert_said(
        place, "It left the public's sight by %(when)s; these are the last numbers.", f"/posts/{post}"
    )  # fmt: skip
    assert "1 is gone" in words_of(element(await place.page(f"/accounts/{account}"), "log"))
    rows = await place.page(f"/accounts/{account}?size=100")
    assert re.search("Private|Deleted", words_of(element(rows, f"post-{post}")))


async def test_comments_that_are_off_are_not_zero(place: Place) -> None:
    account = await place.follow(CHANNEL)
    channel = place.sandbox.world.channel("kettleandpine")
    assert channel
    video = channel.listed(place.sandbox.world.now)[0].id
    place.sandbox.edit("comments_off", video=video)
    await place.collect()
    post = (await place.posts_of(account))[video]
    await assert_said(place, "Switched off by the author for this post.", f"/posts/{post}", f"/accounts/{account}")
    row = numbers_of_post(await place.page(f"/accounts/{account}"), post)
    assert row["comments"] is None and row["views"]


async def test_streams_that_are_announced_and_that_run(place: Place) -> None:
    account = await place.follow("@pixelferry")
    labels = {"Upcoming": "Предстоит", "Live now": "Сейчас в эфире"}
    seen: dict[str, str] = {}
    for _ in range(60):
        await place.collect()
        page = await place.page(f"/accounts/{account}")
        for label in labels:
            row = next((r for r in re.findall(r"<tr id=\"post-.*?</tr>", page, re.DOTALL) if label in r), None)
            if row and label not in seen:
                seen[label] = row
                assert "Live stream" in words_of(row)
                if label == "Upcoming":  # nobody has seen it, so there is nothing to divide by
                    assert not numbers_of_post(page, UUID(row[13:49]))["views"]
                    assert says(row, "It is a share of views, and there are no views to divide by.", "en")
        if len(seen) == len(labels):
            break
        place.sandbox.clock.advance(2 * 3600)
    assert set(seen) == set(labels)


# -- when the platform does not answer as it should

FAILURES = [
    ("youtube-quota-gone", words.QUOTA_SPENT),
    ("youtube-key-revoked", words.KEY_REFUSED),
    ("youtube-api-disabled", words.API_OFF),
    ("youtube-api-html", words.CHANGED),
    ("youtube-503", words.UNWELL),
    ("youtube-truncated", words.BROKE_OFF),
    ("youtube-reset", words.BROKE_OFF),
]


@pytest.mark.parametrize(("fault", "message"), FAILURES)
async def test_a_failing_api_is_said_and_loses_nothing(place: Place, fault: str, message: str) -> None:
    await it_is_said_and_nothing_is_lost(place, fault, message)


@pytest.mark.parametrize(
    ("fault", "message"),
    [("youtube-bot-check", words.BOT_CHECK), ("youtube-429", words.TOO_FAST)],
)
async def test_failing_pages_are_said_and_lose_nothing(keyless: Place, fault: str, message: str) -> None:
    await it_is_said_and_nothing_is_lost(keyless, fault, message)


async def it_is_said_and_nothing_is_lost(place: Place, fault: str, message: str) -> None:
    account = await place.follow(CHANNEL)
    assert await place.collect() == 1
    page = await place.page(f"/accounts/{account}")
    before = numbers(page)
    assert before["followers"] and 'id="attention"' in page
    assert not words_of(element(page, "attention"))

    place.sandbox.switch(fault, True)
    place.sandbox.clock.advance(DAY)
    assert await place.collect() == 1
    run = await newest_run(place, account)
    await assert_said(place, message, f"/accounts/{account}", run, "/collection", "/", "/accounts?status=failing")
    page = await place.page(f"/accounts/{account}")
    assert numbers(page) == before
    assert says(element(page, "attention"), "Older numbers stay on screen, with their time.", "en")
    assert '<data value="0"' not in element(page, "chart")

    place.sandbox.switch(fault, False)
    place.sandbox.clock.advance(DAY)
    assert await place.collect() == 1
    page = await place.page(f"/accounts/{account}")
    assert not words_of(element(page, "attention"))
    assert (exact(page, "followers") or 0) > 0 and numbers(page) != before


async def test_a_first_reading_that_fails_says_why_and_shows_no_number(place: Place) -> None:
    place.sandbox.switch("youtube-key-revoked", True)
    account = await place.follow(CHANNEL)
    await place.collect()
    await assert_said(place, words.KEY_REFUSED, f"/accounts/{account}", await newest_run(place, account), "/")
    page = await place.page(f"/accounts/{account}")
    assert "data value" not in page and re.search(r'<section[^>]*id="kpis"[^>]* hidden', page)


async def test_the_reason_stays_whole_while_it_is_tried_again(place: Place) -> None:
    """The message's blanks come from the run that failed, not from the one that goes on."""
    account = await place.follow(CHANNEL)
    await place.collect()
    place.sandbox.switch("youtube-api-html", True)
    place.sandbox.clock.advance(DAY)
    await place.collect()
    place.sandbox.switch("youtube-api-html", False)
    place.sandbox.fault(API, hang=True, times=-1)
    place.sandbox.clock.advance(DAY)
    going = asyncio.create_task(place.collect())
    try:
        async with asyncio.timeout(30):
            while "Being read now" not in await place.page(f"/accounts/{account}"):  # noqa: ASYNC110 - it cannot tell
                await asyncio.sleep(0.05)
        await assert_said(place, words.CHANGED, f"/accounts/{account}", "/", "/accounts")
    finally:
        place.sandbox.faults.clear()
        going.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await going
