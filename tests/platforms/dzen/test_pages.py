"""Dzen read through the sandbox: what its pages show, what they hide, and what becomes of odd ones."""

import pytest

from app.domain.ports.errors import Blocked, Changed, Gone, NeedsAction, PlatformError, RetryAfter
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts
from app.domain.ports.values import (
    Format,
    Metric,
    Missing,
    PostGone,
    PostReading,
    PostResult,
    PostState,
    PostUnread,
    Ref,
    RefKind,
)
from app.lib import chromium
from app.platforms.dzen.pages import Pages
from sandbox.core import Sandbox
from sandbox.platforms import dzen as fake
from tests.platforms.conftest import no_means
from tests.platforms.dzen.conftest import channel_of, handle, known

NAMES = ("dvor_masterskaya", "kuhnya_bez_speshki", "gorodpeshkom")


async def listed(pages: Pages, ref: Ref, limit: int = 10) -> list[PostResult]:
    return [post async for batch in pages.list_posts(ref, limit=limit, known=frozenset()) for post in batch]


async def read(pages: Pages, ref: Ref, *ids: str) -> list[PostResult]:
    return [post async for batch in pages.read_posts(ref, ids) for post in batch]


def asked(sandbox: Sandbox) -> list[str]:
    return [hit.path for hit in sandbox.journal.hits if hit.host == fake.SITE and hit.path != "/robots.txt"]


def test_what_it_says_of_itself(dzen: Platform) -> None:
    (source,) = dzen.sources
    assert isinstance(source, ReadsAccount) and isinstance(source, ListsPosts) and isinstance(source, ReadsPosts)
    assert source.configured and "unproven" in source.evidence
    assert not Pages(no_means(dzen_public_pages="False")).configured


@pytest.mark.parametrize("name", [*NAMES, "DVOR_masterskaya"])
async def test_a_channel(pages: Pages, sandbox: Sandbox, name: str) -> None:
    channel, now = channel_of(sandbox, name), sandbox.world.now
    profile = await pages.read_account(handle(name))
    assert (profile.external_id, profile.title, profile.handle) == (channel.id, channel.title, channel.handle(now))
    assert profile.metrics == {Metric.FOLLOWERS: channel.subscribers(now)} and not profile.missing
    assert profile.avatar_url and profile.description and profile.url == f"https://dzen.ru/{channel.handle(now)}"
    assert await pages.read_account(known(channel, now)) == profile
    assert asked(sandbox) == [f"/{name}", f"/id/{channel.id}"]


@pytest.mark.parametrize("number", [0, 1, 2, 3])
async def test_a_publication_names_its_channel(pages: Pages, sandbox: Sandbox, number: int) -> None:
    channel = channel_of(sandbox)
    post = channel.listed(sandbox.world.now)[number]
    profile = await pages.read_account(Ref("dzen", RefKind.POST, fake.path_of(post)))
    assert profile.external_id == channel.id


async def test_posts_over_several_parts(pages: Pages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    truth = channel.listed(now)[:50]
    results = await listed(pages, known(channel, now), 50)
    assert [result.external_id for result in results] == [fake.path_of(post) for post in truth]
    for result, post in zip(results, truth, strict=True):
        assert isinstance(result, PostReading)
        assert result.metrics == {
            Metric.VIEWS: post.views(now),
            Metric.LIKES: None if post.likes_hidden else post.likes(now),
            Metric.COMMENTS: None if post.comments_off else post.comments(now),
        }
        assert set(result.missing) == {metric for metric, value in result.metrics.items() if value is None}
        assert result.format in ({Format.TEXT} if post.format == "text" else {Format.VIDEO, Format.UNKNOWN})
        assert result.published_at is not None and result.published_at.timestamp() == int(post.at)
        assert result.title == post.title and result.duration == (post.duration or None)
        assert result.thumbnail_url and result.url == f"https://dzen.ru/{fake.path_of(post)}"
    assert {post.format for post in truth} == {"text", "video"}
    assert len(asked(sandbox)) == 3


async def test_posts_read_again(pages: Pages, sandbox: Sandbox) -> None:
    """From the feed; what it no longer holds is asked for by itself, and is gone."""
    channel, now = channel_of(sandbox), sandbox.world.now
    posts = channel.listed(now)[:30]
    gone = [posts[3], posts[17]]
    for post in gone:
        post.gone_at = now
    ids = [fake.path_of(post) for post in posts]
    results = {result.external_id: result for result in await read(pages, known(channel, now), *ids, ids[0])}
    assert sorted(results) == sorted(ids)
    assert {one: r.state for one, r in results.items() if isinstance(r, PostGone)} == dict.fromkeys(
        (fake.path_of(post) for post in gone), PostState.DELETED
    )
    assert all(isinstance(results[fake.path_of(post)], PostReading) for post in posts if post not in gone)
    assert len(asked(sandbox)) <= 3 + len(gone)


async def test_a_post_beyond_the_feed_is_read_from_its_own_page(pages: Pages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    old = channel.listed(now)[200:204]
    results = await read(pages, known(channel, now), *(fake.path_of(post) for post in old))
    for result, post in zip(results, old, strict=True):
        assert isinstance(result, PostReading)
        assert result.metrics[Metric.VIEWS] == post.views(now) and result.format in (Format.TEXT, Format.UNKNOWN)
    assert len(asked(sandbox)) == 1 + len(old)


async def test_what_is_hidden_or_off_is_not_zero(pages: Pages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    post = channel.listed(now)[0]
    post.comments_off = post.likes_hidden = True
    channel.hides_subscribers = True
    (result,) = await listed(pages, known(channel, now), 1)
    assert isinstance(result, PostReading)
    assert result.missing == {Metric.LIKES: Missing.NOT_GIVEN, Metric.COMMENTS: Missing.OFF}
    profile = await pages.read_account(known(channel, now))
    assert profile.metrics == {Metric.FOLLOWERS: None}
    assert profile.missing == {Metric.FOLLOWERS: Missing.UNREADABLE}  # the page always shows it


@pytest.mark.parametrize(
    "ref",
    [
        handle("nobody-has-this"),
        Ref("dzen", RefKind.ID, "0" * 24),
        Ref("dzen", RefKind.POST, "a/nobodynobody"),
    ],
)
async def test_who_is_not_there_is_gone(pages: Pages, ref: Ref) -> None:
    with pytest.raises(Gone):
        await pages.read_account(ref)


async def test_a_closed_channel_is_gone(pages: Pages, sandbox: Sandbox) -> None:
    sandbox.edit("terminate", channel="dzen:gorodpeshkom")
    with pytest.raises(Gone):
        await pages.read_account(handle("gorodpeshkom"))


@pytest.mark.parametrize(
    ("preset", "kind"),
    [
        ("dzen-429", RetryAfter),
        ("dzen-503", RetryAfter),
        ("dzen-reset", RetryAfter),
        ("dzen-robot-check", Blocked),
        ("dzen-layout", Changed),
    ],
)
async def test_troubles_have_their_kind(pages: Pages, sandbox: Sandbox, preset: str, kind: type[PlatformError]) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    await pages.read_account(known(channel, now))
    sandbox.switch(preset, True)
    for ask in (
        pages.read_account(handle("gorodpeshkom")),
        listed(pages, known(channel, now)),
        read(pages, known(channel, now), fake.path_of(channel.listed(now)[0])),
    ):
        with pytest.raises(kind) as error:
            await ask
        assert type(error.value) is kind
    sandbox.switch(preset, False)
    assert len(await listed(pages, known(channel, now), 3)) == 3


async def test_robots_txt_is_honoured(pages: Pages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    sandbox.replay.add(
        fake.SITE,
        "GET",
        "/robots.txt",
        headers={"content-type": "text/plain"},
        body=b"User-agent: *\nDisallow: /api/\n",
    )
    assert len(await listed(pages, known(channel, now), 50)) == fake.ON_A_PAGE  # and no further
    assert asked(sandbox) == [f"/id/{channel.id}"]


async def test_robots_txt_that_asks_for_nothing_to_be_read(pages: Pages, sandbox: Sandbox) -> None:
    sandbox.replay.add(
        fake.SITE, "GET", "/robots.txt", headers={"content-type": "text/plain"}, body=b"User-agent: *\nDisallow: /\n"
    )
    with pytest.raises(Blocked, match="robots"):
        await pages.read_account(handle("gorodpeshkom"))
    assert asked(sandbox) == []


# -- where only a browser sees the data


async def test_pages_that_need_a_browser(pages: Pages, sandbox: Sandbox) -> None:
    sandbox.switch("dzen-scripts", True)
    channel, now = channel_of(sandbox), sandbox.world.now
    profile = await pages.read_account(handle("dvor_masterskaya"))
    assert profile.external_id == channel.id and profile.metrics == {Metric.FOLLOWERS: channel.subscribers(now)}
    results = await listed(pages, known(channel, now), 25)
    assert [result.external_id for result in results] == [fake.path_of(post) for post in channel.listed(now)[:25]]
    assert asked(sandbox).count("/dvor_masterskaya") == 2  # plainly, then in the browser
    assert asked(sandbox).count(f"/id/{channel.id}") == 1  # which is known by then to be the way


async def test_without_a_browser_a_person_is_asked_to_install_one(
    pages: Pages, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium, "NAMES", ())
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", "/nowhere")
    channel, now = channel_of(sandbox), sandbox.world.now
    assert len(await listed(pages, known(channel, now), 5)) == 5  # these need none
    sandbox.switch("dzen-scripts", True)
    with pytest.raises(NeedsAction, match="sightline browser install"):
        await listed(pages, known(channel, now), 5)


async def test_one_odd_publication_is_that_publications(pages: Pages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    post = channel.listed(now)[200]
    body = fake.page({"ssrData": {"videoMetaResponse": {"title": "x"}}}, "x").encode()
    sandbox.replay.add(fake.SITE, "GET", f"/{fake.path_of(post)}", headers={"content-type": "text/html"}, body=body)
    other = channel.listed(now)[201]
    results = await read(pages, known(channel, now), fake.path_of(post), fake.path_of(other))
    assert isinstance(results[0], PostUnread) and results[0].kind == "changed"
    assert isinstance(results[1], PostReading)
