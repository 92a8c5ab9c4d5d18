"""A Telegram channel followed by its link: read through t.me, onto the page, and again a day later."""

from pathlib import Path

from tests.conftest import Urls
from tests.played import played


async def test_a_channel_is_followed_and_read(urls: Urls, tmp_path: Path) -> None:
    async with played(urls, tmp_path, telegram_public_pages=True) as place:
        channel = place.sandbox.world.channel("gorodpeshkom", "telegram")
        assert channel is not None
        account = await place.follow("https://t.me/s/GorodPeshkom/12")
        assert await place.collect() == 1
        page = await place.page(f"/accounts/{account}")
        followers = channel.subscribers(place.sandbox.world.now)
        assert channel.title in page and f"{followers:,}" in page.replace("\N{NARROW NO-BREAK SPACE}", ",")
        posts = await place.posts_of(account)
        newest = channel.listed(place.sandbox.world.now)[:50]
        assert set(posts) == {post.id for post in newest}
        post = await place.page(f"/posts/{posts[newest[0].id]}")
        assert newest[0].title in post

        place.sandbox.clock.advance(86_400)
        assert await place.collect() == 1
        later = channel.listed(place.sandbox.world.now)
        assert later[0].id not in posts and later[0].id in await place.posts_of(account)
        assert await place.follow("t.me/gorodpeshkom") == account
