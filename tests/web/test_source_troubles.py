"""What goes wrong with one of a platform's sources: another answers, or a part is read; the pages say which and why."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.platforms.youtube import words
from tests.conftest import Urls
from tests.played import Place, element, exact, played, words_of
from tests.web.troubles import CHANNEL, DAY, assert_said, newest_run, numbers, says


@pytest.fixture
async def keyless(urls: Urls, tmp_path: Path) -> AsyncIterator[Place]:
    async with played(urls, tmp_path, youtube_api_key=None) as made:
        yield made


@pytest.fixture
async def both(urls: Urls, tmp_path: Path) -> AsyncIterator[Place]:
    """With a key, and with the public pages behind it."""
    async with played(urls, tmp_path) as made:
        yield made


async def test_a_new_layout_is_said_though_some_of_it_can_be_read(keyless: Place) -> None:
    """The list of videos is not understood; those known already are read again. That is no success."""
    account = await keyless.follow(CHANNEL)
    await keyless.collect()
    before = numbers(await keyless.page(f"/accounts/{account}?size=100"))
    keyless.sandbox.switch("youtube-layout-change", True)
    keyless.sandbox.clock.advance(DAY)
    await keyless.collect()
    await assert_said(keyless, words.CHANGED, f"/accounts/{account}", await newest_run(keyless, account), "/")
    await assert_said(keyless, "Only part of it was read: %(what)s.", f"/accounts/{account}")
    page = await keyless.page(f"/accounts/{account}?size=100")
    note = words_of(element(page, "attention"))
    assert re.search(r"Only part of it was read: \d+ posts", note) and "did not succeed" not in note
    after = numbers(page)
    assert after["followers"] == before["followers"]  # the last that was found, with its own date
    why = "The newest reading could not find this number; this is the last one that was read."
    assert says(element(page, "pop-followers"), why, "en")
    posts = before.keys() - {"followers", "views"}
    assert len(posts) > 5
    for post in posts:
        had, has = before[post], after[post]
        assert (has["views"], has["likes"]) == (had["views"], had["likes"])
        assert (has["comments"] or 0) >= (had["comments"] or 0)  # their panel has not moved
    again = [post for post in posts if "<small" in element(page, f"post-{post}")]  # older ones are read no more
    assert len(again) > 2
    assert all(element(page, f"post-{post}").count("<small") == 2 for post in again)  # the dates of the two that stay
    post = again[0]
    found = await keyless.page(f"/posts/{post}")
    assert exact(found, "likes") == before[post]["likes"] and says(element(found, "pop-likes"), why, "en")
    async with keyless.site.database.transaction() as session:  # what was read is kept as it was: nothing
        read = await session.execute(
            text(
                "select views, likes, missing from post_snapshot where post_id = :post "
                "order by observed_at desc limit 1"
            ),
            {"post": post},
        )
        assert read.one() == (None, None, {"views": "unreadable", "likes": "unreadable"})

    keyless.sandbox.switch("youtube-layout-change", False)
    keyless.sandbox.clock.advance(DAY)
    await keyless.collect()
    page = await keyless.page(f"/accounts/{account}?size=100")
    after = numbers(page)
    assert "<small" not in element(page, "posts") and (after["followers"] or 0) >= before["followers"]
    assert all((after[post]["likes"] or 0) >= (before[post]["likes"] or 0) for post in posts)


async def test_our_own_quota_at_its_end_stops_us_before_a_call(urls: Urls, tmp_path: Path) -> None:
    spent = "Today's quota of %(allowed)s units is used up. It resets at midnight in California."
    async with played(urls, tmp_path, youtube_public_pages=False, youtube_daily_units=6) as place:
        account = await place.follow(CHANNEL)
        await place.collect()
        before = numbers(await place.page(f"/accounts/{account}"))
        for _ in range(2):  # the first may still be paid for
            assert (await place.browser.post(f"/accounts/{account}/collect")).status_code == 303
            place.sandbox.clock.advance(60)
            await place.collect()
        asked = len(place.sandbox.journal.hits)
        assert asked == 6
        await assert_said(place, spent, f"/accounts/{account}", await newest_run(place, account), "/", "/collection")
        after = numbers(await place.page(f"/accounts/{account}"))
        assert after.keys() == before.keys() and after["followers"] == before["followers"]


async def test_the_next_source_answers_and_the_reason_is_kept(both: Place) -> None:
    both.sandbox.switch("youtube-key-revoked", True)
    account = await both.follow(CHANNEL)
    await both.collect()
    run = await newest_run(both, account)
    await assert_said(both, words.KEY_REFUSED, run)
    page = await both.page(run)
    assert "YouTube pages (yt-dlp)" in words_of(page) and "YouTube Data API v3" in words_of(page)
    assert (exact(await both.page(f"/accounts/{account}"), "followers") or 0) > 0


@pytest.mark.parametrize(
    ("fault", "message"), [("youtube-key-revoked", words.KEY_REFUSED), ("youtube-quota-gone", words.QUOTA_SPENT)]
)
async def test_the_overview_says_that_a_source_is_stepped_over(both: Place, fault: str, message: str) -> None:
    """Everything is read, by another source: nothing fails, and still somebody has to renew the key."""
    await both.follow(CHANNEL)
    await both.follow("@paperharbor")
    await both.collect()
    assert not words_of(element(await both.page("/"), "attention"))
    both.sandbox.switch(fault, True)
    both.sandbox.clock.advance(DAY)
    await both.collect()
    await assert_said(both, message, "/")
    note = words_of(element(await both.page("/"), "attention"))
    assert "YouTube Data API v3 does not answer" in note
    assert "2 accounts were read from YouTube pages (yt-dlp) in its place." in note
    both.sandbox.switch(fault, False)
    both.sandbox.clock.advance(DAY)
    await both.collect()
    assert not words_of(element(await both.page("/"), "attention"))


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [({"truncate_after": 100}, words.BROKE_OFF), ({"reset": True}, words.BROKE_OFF)],
)
async def test_a_broken_connection_is_said_in_words(keyless: Place, behaviour: dict[str, Any], message: str) -> None:
    keyless.sandbox.fault("www.youtube.com", times=-1, **behaviour)
    account = await keyless.follow(CHANNEL)
    await keyless.collect()
    run = await newest_run(keyless, account)
    await assert_said(keyless, message, run, f"/accounts/{account}", "/")
    assert not re.search(r"\([A-Z]\w+\)", words_of(element(await keyless.page(f"/accounts/{account}"), "log")))
