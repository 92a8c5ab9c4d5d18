"""The source of public pages: real yt-dlp, through the egress proxy, against the sandbox."""

import json

import pytest

from app.domain.ports.errors import Changed, Gone, Unsupported
from app.domain.ports.platform import ListsPosts, ReadsAccount, ReadsPosts
from app.domain.ports.values import (
    Format,
    Metric,
    Missing,
    PostGone,
    PostReading,
    PostState,
    RefKind,
)
from app.lib.egress import Egress
from app.platforms.tiktok.ytdlp import PublicPages
from sandbox.core import Sandbox
from sandbox.platforms.tiktok_web import rounded, short_code, stats
from sandbox.posts import State
from tests.platforms.tiktok.web import SITE, channel_of, every, own, posts, ref, without_a_list


def test_declares_what_it_can(web: PublicPages) -> None:
    assert isinstance(web, ReadsAccount) and isinstance(web, ListsPosts) and isinstance(web, ReadsPosts)
    assert web.configured and len(web.version) <= 32


# ---------------------------------------------------------------- accounts


async def test_an_account_and_its_exact_numbers(web: PublicPages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox, "tinyterrarium"), sandbox.world.now
    profile = await web.read_account(ref(RefKind.HANDLE, "tinyterrarium"))
    exact = stats(channel, now)
    assert profile.metrics == {
        Metric.FOLLOWERS: exact["followerCount"],
        Metric.FOLLOWING: exact["followingCount"],
        Metric.LIKES: exact["heartCount"],
        Metric.POSTS: exact["videoCount"],
    }
    assert profile.metrics[Metric.FOLLOWERS] != rounded(exact["followerCount"]) and profile.missing == {}
    assert (profile.external_id, profile.handle, profile.title) == (channel.id, "tinyterrarium", channel.title)
    assert profile.url == "https://www.tiktok.com/@tinyterrarium" and profile.avatar_url and profile.description
    assert profile.created_at is not None and int(profile.created_at.timestamp()) == int(channel.created)
    assert len(sandbox.journal.hits) == 1


async def test_every_way_to_name_an_account(web: PublicPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox, "kuhnya.bez.speshki")
    post = channel.listed(sandbox.world.now)[2]
    code = short_code(post)
    whole = await web.read_account(ref(RefKind.HANDLE, "kuhnya.bez.speshki"))
    for who in (
        ref(RefKind.ID, channel.id),
        own(sandbox, channel),
        ref(RefKind.POST, post.id),
        *(ref(RefKind.POST, f"{where}/{code}") for where in ("vm", "vt", "t")),
    ):
        assert await web.read_account(who) == whole, who


async def test_a_renamed_account_is_found_by_what_it_posts(web: PublicPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    sandbox.edit("rename_handle", channel="tiktok:kettleandpine", handle="kettle.kitchen")
    profile = await web.read_account(ref(RefKind.ID, channel.id, "kettleandpine"))
    assert (profile.external_id, profile.handle) == (channel.id, "kettle.kitchen")


async def test_a_handle_that_changed_hands_is_not_taken_for_the_account(web: PublicPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    sandbox.edit("rename_handle", channel="tiktok:kettleandpine", handle="kettle.kitchen")
    sandbox.edit("rename_handle", channel="tiktok:fastlanefacts", handle="kettleandpine")
    profile = await web.read_account(ref(RefKind.ID, channel.id, "kettleandpine"))
    assert (profile.external_id, profile.handle) == (channel.id, "kettle.kitchen")


async def test_who_is_not_there_is_gone(web: PublicPages, sandbox: Sandbox) -> None:
    closed = channel_of(sandbox, "fastlanefacts")
    post = closed.listed(sandbox.world.now)[0].id
    sandbox.edit("terminate", channel="tiktok:fastlanefacts")
    for who in (
        ref(RefKind.HANDLE, "nobody.has.this"),
        ref(RefKind.HANDLE, "fastlanefacts"),
        ref(RefKind.ID, closed.id, "fastlanefacts"),
        ref(RefKind.ID, closed.id),
        ref(RefKind.POST, post),
        ref(RefKind.POST, "7000000000000000001"),
        ref(RefKind.POST, "vm/ZMnever0"),
    ):
        with pytest.raises(Gone):
            await web.read_account(who)


async def test_an_id_of_another_kind_is_not_asked_for(web: PublicPages, sandbox: Sandbox) -> None:
    with pytest.raises(Unsupported):
        await web.read_account(ref(RefKind.ID, "open-id-of-a-connection"))
    with pytest.raises(Unsupported):
        await posts(web, ref(RefKind.ID, "open-id-of-a-connection"))
    assert not sandbox.journal.hits


# ---------------------------------------------------------------- posts


@pytest.mark.parametrize("name", ["kettleandpine", "tinyterrarium", "fastlanefacts", "kuhnya.bez.speshki"])
async def test_posts_with_their_numbers(web: PublicPages, sandbox: Sandbox, name: str) -> None:
    channel, now = channel_of(sandbox, name), sandbox.world.now
    readings = await posts(web, own(sandbox, channel), 40)
    listed = channel.listed(now)[:40]
    assert [r.external_id for r in readings] == [post.id for post in listed]
    assert len(sandbox.journal.hits) == 3  # 15 a page
    for reading, post in zip(readings, listed, strict=True):
        assert isinstance(reading, PostReading)
        assert reading.title == post.title and reading.format.value == post.format
        assert reading.duration == (None if post.format == "photo" else post.duration)
        assert reading.metrics == {
            Metric.VIEWS: post.views(now),
            Metric.LIKES: post.likes(now),
            Metric.COMMENTS: None if post.comments_off else post.comments(now),
            Metric.SHARES: post.shares(now),
            Metric.SAVES: post.saves(now),
        }
        assert reading.missing == ({Metric.COMMENTS: Missing.OFF} if post.comments_off else {})
        assert reading.published_at is not None and int(reading.published_at.timestamp()) == int(post.at)
        assert f"/@{name}/" in reading.url and reading.thumbnail_url


async def test_photo_posts_are_photos(web: PublicPages, sandbox: Sandbox) -> None:
    readings = await posts(web, own(sandbox, channel_of(sandbox, "kuhnya.bez.speshki")), 30)
    photos = [r for r in readings if isinstance(r, PostReading) and r.format is Format.PHOTO]
    assert photos and all("/photo/" in photo.url and photo.duration is None for photo in photos)


async def test_it_stops_where_it_is_told_and_at_the_end(web: PublicPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    whole = await posts(web, own(sandbox, channel), 10_000)
    assert [r.external_id for r in whole] == [post.id for post in channel.listed(sandbox.world.now)]
    batches = [batch async for batch in web.list_posts(own(sandbox, channel), limit=20, known=frozenset())]
    assert [len(batch) for batch in batches] == [15, 5]


async def test_an_account_without_posts_has_none(web: PublicPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    sandbox.edit("delete_posts", channel="tiktok:kettleandpine", count=10_000)
    assert await posts(web, own(sandbox, channel)) == []


async def test_a_list_that_lost_its_posts_is_not_empty(web: PublicPages, sandbox: Sandbox) -> None:
    body = b'{"statusCode": 0, "itemList": [], "hasMorePrevious": false}'
    sandbox.replay.add(SITE, "GET", "/api/creator/item_list/", body=body)
    with pytest.raises(Changed) as error:
        await posts(web, own(sandbox, channel_of(sandbox)))
    assert error.value.field == "itemList"


async def test_weeks_without_a_post_do_not_end_the_list(web: PublicPages, sandbox: Sandbox, egress: Egress) -> None:
    body = b'{"statusCode": 0, "hasMorePrevious": true}'
    path = "/api/creator/item_list/"
    sandbox.replay.add(SITE, "GET", path, body=body)
    with pytest.raises(Changed):  # the account says that it has posts
        await posts(web, own(sandbox, channel_of(sandbox)))
    asked = [hit.query for hit in sandbox.journal.hits if hit.path == path]
    assert len(asked) == len(set(asked)) == 26


async def test_posts_by_id_and_those_that_went_away(web: PublicPages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    hidden, deleted, *rest = (post.id for post in channel.listed(now)[:9])
    sandbox.edit("make_private", video=f"tiktok:{hidden}")
    sandbox.edit("delete", video=f"tiktok:{deleted}")
    results = await every(
        web.read_posts(own(sandbox, channel), [hidden, deleted, *rest, rest[0], "7000000000000000001"])
    )
    assert sorted(r.external_id for r in results) == sorted([hidden, deleted, *rest, "7000000000000000001"])
    by_id = {result.external_id: result for result in results}
    assert by_id[hidden] == PostGone(hidden, PostState.PRIVATE)
    assert by_id[deleted] == PostGone(deleted, PostState.DELETED)
    assert by_id["7000000000000000001"] == PostGone("7000000000000000001", PostState.DELETED)
    for one in rest:
        result, pair = by_id[one], sandbox.world.post(one, "tiktok")
        assert isinstance(result, PostReading) and pair is not None
        assert result.metrics[Metric.VIEWS] == pair[1].views(now)


async def test_posts_are_read_again_from_the_list_as_long_as_it_shows_them(web: PublicPages, sandbox: Sandbox) -> None:
    """15 a request and exact; a post's own page, one request each, rounds."""
    channel, now = channel_of(sandbox, "tinyterrarium"), sandbox.world.now
    recent, old = channel.listed(now)[:30], channel.listed(now)[400]
    results = await every(web.read_posts(own(sandbox, channel), [post.id for post in (*recent, old)]))
    read = {result.external_id: result for result in results}
    for post in (*recent, old):
        result = read[post.id]
        assert isinstance(result, PostReading)
        assert result.metrics[Metric.VIEWS] == (rounded(post.views(now)) if post is old else post.views(now))
    asked = [hit.path for hit in sandbox.journal.hits]
    assert asked.count("/api/creator/item_list/") == 15  # half as many as posts were asked for
    assert sum("/video/" in path for path in asked) == 1


async def test_posts_on_their_own_pages(web: PublicPages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox, "kuhnya.bez.speshki"), sandbox.world.now
    without_a_list(sandbox)
    listed = channel.listed(now)[:12]
    results = await every(web.read_posts(own(sandbox, channel), [post.id for post in listed]))
    assert [result.external_id for result in results] == [post.id for post in listed]
    for result, post in zip(results, listed, strict=True):
        assert isinstance(result, PostReading) and post.state(now) is State.PUBLIC
        assert result.metrics[Metric.VIEWS] == rounded(post.views(now)) and result.format.value == post.format


async def test_a_pinned_post_does_not_hide_those_between(web: PublicPages, sandbox: Sandbox, egress: Egress) -> None:
    channel = channel_of(sandbox)
    first = f"https://{SITE}/api/creator/item_list/?secUid={channel.id}&cursor=9999999999999&count=15"
    page = json.loads((await egress.fetch(first, max_bytes=5_000_000, timeout=5)).body)
    pinned = channel.listed(sandbox.world.now)[200]
    item = {**page["itemList"][0], "id": pinned.id, "createTime": int(pinned.at), "isTop": True}
    body = json.dumps({**page, "itemList": [item, *page["itemList"]]}).encode()
    sandbox.replay.add(SITE, "GET", "/api/creator/item_list/", body=body)
    batches = web.list_posts(own(sandbox, channel), limit=40, known=frozenset())
    assert len(await anext(batches)) == 16
    sandbox.replay.clear()
    rest = [result.external_id async for batch in batches for result in batch]
    assert rest == [post.id for post in channel.listed(sandbox.world.now)[15:39]]
