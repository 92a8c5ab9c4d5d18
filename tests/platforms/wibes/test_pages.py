"""Wibes read through the sandbox in a real Chromium. The page's shape is ours: this proves the way, not the shape."""

import pytest

from app.domain.ports.errors import Blocked, Changed, Gone, NeedsAction, PlatformError, RetryAfter
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts
from app.domain.ports.values import Format, Metric, Missing, PostGone, PostReading, PostResult, Ref, RefKind
from app.lib import chromium
from app.platforms.wibes.pages import Pages
from sandbox.core import Sandbox
from sandbox.platforms import wibes as fake
from tests.platforms.wibes.conftest import channel_of, handle, known


async def listed(pages: Pages, ref: Ref, limit: int = 10) -> list[PostResult]:
    return [post async for batch in pages.list_posts(ref, limit=limit, known=frozenset()) for post in batch]


async def read(pages: Pages, ref: Ref, *ids: str) -> list[PostResult]:
    return [post async for batch in pages.read_posts(ref, ids) for post in batch]


def asked(sandbox: Sandbox) -> list[str]:
    return [hit.path for hit in sandbox.journal.hits if hit.host == fake.SITE and hit.path != "/robots.txt"]


def test_what_it_says_of_itself(wibes: Platform) -> None:
    (source,) = wibes.sources
    assert isinstance(source, ReadsAccount) and isinstance(source, ListsPosts) and isinstance(source, ReadsPosts)
    assert source.configured and source.evidence == "our reading, unproven"


async def test_an_account_and_its_videos(pages: Pages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    profile = await pages.read_account(handle("kuhnya"))
    assert (profile.external_id, profile.title, profile.handle) == (channel.id, channel.title, "kuhnya")
    assert profile.metrics == {Metric.FOLLOWERS: channel.subscribers(now)} and not profile.missing
    assert await pages.read_account(known(channel, now)) == profile
    truth = channel.listed(now)[:30]
    results = await listed(pages, known(channel, now), 30)
    assert [result.external_id for result in results] == [post.id for post in truth]
    for result, post in zip(results, truth, strict=True):
        assert isinstance(result, PostReading)
        assert result.metrics == {Metric.VIEWS: post.views(now), Metric.LIKES: post.likes(now)} and not result.missing
        assert result.format is Format.VIDEO and result.duration == post.duration and result.thumbnail_url
        assert result.published_at is not None and result.published_at.timestamp() == int(post.at)
    # No pictures are asked for: four pages and nothing else.
    assert asked(sandbox) == ["/@kuhnya"] * 4


async def test_videos_read_again(pages: Pages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    posts = channel.listed(now)
    gone, hidden, old = posts[2], posts[4], posts[180]
    gone.gone_at = now
    hidden.likes_hidden = True
    wanted = [post.id for post in (*posts[:6], old)]
    results = {result.external_id: result for result in await read(pages, known(channel, now), *wanted)}
    assert sorted(results) == sorted(wanted)
    assert isinstance(results[gone.id], PostGone)
    quiet, late = results[hidden.id], results[old.id]
    assert isinstance(quiet, PostReading) and quiet.missing == {Metric.LIKES: Missing.NOT_GIVEN}
    assert isinstance(late, PostReading) and late.metrics[Metric.VIEWS] == old.views(now)


async def test_a_video_names_its_account(pages: Pages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    profile = await pages.read_account(Ref("wibes", RefKind.POST, channel.listed(sandbox.world.now)[0].id))
    assert profile.external_id == channel.id


@pytest.mark.parametrize("ref", [handle("nobody"), Ref("wibes", RefKind.POST, "1")])
async def test_who_is_not_there_is_gone(pages: Pages, ref: Ref) -> None:
    with pytest.raises(Gone):
        await pages.read_account(ref)


async def test_a_name_that_is_somebody_elses_now_is_gone(pages: Pages, sandbox: Sandbox) -> None:
    with pytest.raises(Gone, match="another account"):
        await pages.read_account(Ref("wibes", RefKind.ID, "5", "kuhnya"))
    with pytest.raises(Gone, match="another account"):
        await listed(pages, Ref("wibes", RefKind.ID, "5", "kuhnya"))


@pytest.mark.parametrize(
    ("preset", "kind"),
    [
        ("wibes-429", RetryAfter),
        ("wibes-503", RetryAfter),
        ("wibes-reset", RetryAfter),
        ("wibes-robot-check", Blocked),
        ("wibes-layout", Changed),
    ],
)
async def test_troubles_have_their_kind(pages: Pages, sandbox: Sandbox, preset: str, kind: type[PlatformError]) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    await pages.read_account(handle("kuhnya"))
    sandbox.switch(preset, True)
    for ask in (pages.read_account(handle("kuhnya")), listed(pages, known(channel, now))):
        with pytest.raises(kind) as error:
            await ask
        assert type(error.value) is kind
    sandbox.switch(preset, False)
    assert len(await listed(pages, known(channel, now), 3)) == 3


async def test_robots_txt_is_honoured(pages: Pages, sandbox: Sandbox) -> None:
    sandbox.replay.add(
        fake.SITE, "GET", "/robots.txt", headers={"content-type": "text/plain"}, body=b"User-agent: *\nDisallow: /\n"
    )
    with pytest.raises(Blocked, match="robots"):
        await pages.read_account(handle("kuhnya"))
    assert asked(sandbox) == []


async def test_without_a_browser_a_person_is_asked_to_install_one(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium, "NAMES", ())
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", "/nowhere")
    with pytest.raises(NeedsAction, match="sightline browser install"):
        await pages.read_account(handle("kuhnya"))
