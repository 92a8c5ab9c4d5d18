"""One reel through yt-dlp."""

import pytest

from app.domain.ports.errors import Blocked, PlatformError, RetryAfter
from app.domain.ports.platform import ListsPosts, ReadsAccount, ReadsPosts
from app.domain.ports.values import Format, Metric, Missing, PostGone, PostReading, PostState, PostUnread
from app.platforms.instagram import words
from app.platforms.instagram.pages import PublicPages
from app.platforms.instagram.reels import ReelPages
from app.platforms.kit import words as kit_words
from sandbox.core import Sandbox
from tests.platforms.instagram.conftest import channel_of, collected, ref_of


async def test_a_reel_is_the_same_as_on_instagrams_lists(sandbox: Sandbox, reels: ReelPages, web: PublicPages) -> None:
    posts = channel_of(sandbox).listed(sandbox.world.now, "video")[:3]
    asked = [post.id for post in posts]
    results = await collected(reels.read_posts(ref_of(sandbox), asked))
    assert results == await collected(web.read_posts(ref_of(sandbox), asked))
    for result, post in zip(results, posts, strict=True):
        assert isinstance(result, PostReading) and result.format is Format.SHORT
        assert result.metrics[Metric.VIEWS] == post.views(sandbox.world.now)
        assert result.duration == post.duration


async def test_photos_are_not_for_it_and_gone_ones_are_not_guessed(sandbox: Sandbox, reels: ReelPages) -> None:
    photo = channel_of(sandbox).listed(sandbox.world.now, "photo")[0]
    reel, hidden = channel_of(sandbox).listed(sandbox.world.now, "video")[:2]
    sandbox.edit("delete", video=f"instagram:{reel.id}")
    sandbox.edit("hide_likes", video=f"instagram:{hidden.id}")
    results = await collected(reels.read_posts(ref_of(sandbox), [photo.id, reel.id, hidden.id]))
    assert isinstance(results[0], PostUnread) and results[0].message == words.NOT_A_REEL
    assert isinstance(results[1], PostUnread)  # the page says nothing, which may have other reasons
    assert isinstance(results[2], PostReading)
    assert results[2].missing[Metric.LIKES] is results[2].missing[Metric.VIEWS] is Missing.HIDDEN


async def test_a_page_that_is_not_there(sandbox: Sandbox, reels: ReelPages) -> None:
    post = channel_of(sandbox).listed(sandbox.world.now, "video")[0]
    sandbox.fault("www.instagram.com", "^/p/", status=404, times=-1)
    assert await collected(reels.read_posts(ref_of(sandbox), [post.id])) == [PostGone(post.id, PostState.DELETED)]


def test_it_reads_posts_only(reels: ReelPages) -> None:
    assert isinstance(reels, ReadsPosts)
    assert not isinstance(reels, ReadsAccount) and not isinstance(reels, ListsPosts)


FAILURES: list[tuple[str, type[PlatformError], str]] = [
    ("429", RetryAfter, kit_words.TOO_FAST),
    ("503", RetryAfter, kit_words.UNWELL),
    ("login-redirect", Blocked, words.LOGIN_WALL),
    ("reset", RetryAfter, kit_words.UNREACHABLE),
]


@pytest.mark.parametrize(("preset", "kind", "message"), FAILURES)
async def test_failures(
    sandbox: Sandbox, reels: ReelPages, preset: str, kind: type[PlatformError], message: str
) -> None:
    post = channel_of(sandbox).listed(sandbox.world.now, "video")[0]
    sandbox.switch(f"instagram-{preset}", True)
    with pytest.raises(PlatformError) as error:
        await collected(reels.read_posts(ref_of(sandbox), [post.id]))
    assert (type(error.value), error.value.message) == (kind, message), error.value
    sandbox.switch(f"instagram-{preset}", False)
    assert isinstance((await collected(reels.read_posts(ref_of(sandbox), [post.id])))[0], PostReading)


@pytest.mark.parametrize("preset", ["layout-change", "login-page", "truncated"])
async def test_pages_it_does_not_know_are_no_numbers(sandbox: Sandbox, reels: ReelPages, preset: str) -> None:
    post = channel_of(sandbox).listed(sandbox.world.now, "video")[0]
    sandbox.switch(f"instagram-{preset}", True)
    try:
        [result] = await collected(reels.read_posts(ref_of(sandbox), [post.id]))
    except (RetryAfter, Blocked):
        return
    assert isinstance(result, PostUnread) and result.kind == "changed"
