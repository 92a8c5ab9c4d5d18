"""Pinterest's public pages over HTTP, through the egress proxy, against the sandbox."""

import json
from datetime import UTC, datetime

import pytest

from app.domain.ports.connections import OAuthProvider
from app.domain.ports.errors import Blocked, Changed, Gone, PlatformError, RetryAfter, Unsupported
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts
from app.domain.ports.values import (
    ACCOUNT_METRICS,
    POST_METRICS,
    Format,
    Metric,
    Missing,
    PostGone,
    PostReading,
    PostState,
    PostUnread,
    RefKind,
)
from app.platforms.pinterest import platform
from app.platforms.pinterest.pages import HOST, PublicPages
from sandbox.core import Sandbox
from sandbox.platforms.pinterest_web import following, monthly_views
from sandbox.posts import Post
from tests.platforms.conftest import no_means
from tests.platforms.pinterest.conftest import channel_of, every, known, ref


def test_what_it_shows(pinterest: Platform, pages: PublicPages) -> None:
    assert set(pinterest.account_metrics) <= set(ACCOUNT_METRICS) and set(pinterest.post_metrics) <= set(POST_METRICS)
    assert Metric.MONTHLY_VIEWS in pinterest.account_metrics
    assert isinstance(pages, ReadsAccount) and isinstance(pages, ListsPosts) and isinstance(pages, ReadsPosts)
    assert pages.configured and "unproven" in pages.evidence
    assert isinstance(pinterest.oauth, OAuthProvider)


async def test_switched_off_it_says_how_to_switch_it_on() -> None:
    source = platform(no_means()).sources[0]
    assert not source.configured and "PINTEREST_PUBLIC_PAGES" in source.unconfigured_reason
    with pytest.raises(RuntimeError, match="way out"):
        await (
            platform(no_means(pinterest_public_pages="True"))
            .sources[0]
            .read_account(  # type: ignore[attr-defined]
                ref(RefKind.HANDLE, "kettleandpine")
            )
        )


async def test_an_account_by_all_its_names(pages: PublicPages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    whole = await pages.read_account(ref(RefKind.HANDLE, "KettleAndPine"))
    assert whole.metrics == {
        Metric.FOLLOWERS: channel.subscribers(now),
        Metric.FOLLOWING: following(channel),
        Metric.POSTS: len(channel.listed(now)),
        Metric.MONTHLY_VIEWS: monthly_views(channel, now),
    }
    assert not whole.missing and whole.avatar_url and whole.description
    assert (whole.external_id, whole.handle, whole.title) == (channel.id, "kettleandpine", channel.title)
    assert await pages.read_account(known(channel)) == whole
    assert await pages.read_account(ref(RefKind.POST, channel.listed(now)[0].id)) == whole


async def test_monthly_views_that_are_not_shown(pages: PublicPages, sandbox: Sandbox) -> None:
    sandbox.edit("hide_subscribers", channel="pinterest:kettleandpine")
    profile = await pages.read_account(known(channel_of(sandbox)))
    assert profile.metrics[Metric.MONTHLY_VIEWS] is None and profile.missing == {Metric.MONTHLY_VIEWS: Missing.HIDDEN}


async def test_a_bare_id_is_not_asked_for(pages: PublicPages, sandbox: Sandbox) -> None:
    with pytest.raises(Unsupported):
        await pages.read_account(ref(RefKind.ID, channel_of(sandbox).id))
    assert not sandbox.journal.hits


async def test_a_name_that_changed_hands(pages: PublicPages, sandbox: Sandbox) -> None:
    was = ref(RefKind.ID, channel_of(sandbox, "northloom").id, "kettleandpine")
    for reading in (pages.read_account(was), every(pages.list_posts(was, limit=5, known=frozenset()))):
        with pytest.raises(Gone, match="another account"):
            await reading


@pytest.mark.parametrize("name", ["nobody_has_this", "northloom"])
async def test_who_is_not_there_is_gone(pages: PublicPages, sandbox: Sandbox, name: str) -> None:
    sandbox.edit("terminate", channel="pinterest:northloom")
    with pytest.raises(Gone):
        await pages.read_account(ref(RefKind.HANDLE, name))


def numbers(post: Post, now: float) -> dict[Metric, int | None]:
    return {
        Metric.SAVES: post.saves(now),
        Metric.COMMENTS: post.comments(now),
        Metric.LIKES: post.likes(now) or None,
        Metric.VIEWS: None,
    }


async def test_pins_in_order_with_their_numbers(pages: PublicPages, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox, "northloom"), sandbox.world.now
    results = await every(pages.list_posts(known(channel), limit=20, known=frozenset()))
    expected = channel.listed(now)[:20]
    assert [result.external_id for result in results] == [post.id for post in expected]
    for result, post in zip(results, expected, strict=True):
        assert isinstance(result, PostReading) and result.metrics == numbers(post, now)
        assert set(result.missing) == {metric for metric, value in result.metrics.items() if value is None}
        assert result.missing[Metric.VIEWS] is Missing.NOT_GIVEN
        assert result.format is (Format.VIDEO if post.format == "video" else Format.PHOTO)
        assert result.duration == (post.duration or None) and result.thumbnail_url and result.title == post.title
        assert result.published_at == datetime.fromtimestamp(int(post.at), UTC)
    # The page shows no more than these.
    assert len(await every(pages.list_posts(known(channel), limit=500, known=frozenset()))) == 25


@pytest.mark.parametrize("form", ["", "pinterest.relay"])
async def test_pins_by_id(pages: PublicPages, sandbox: Sandbox, form: str) -> None:
    if form:
        sandbox.edit("raise_flag", flag=form)
    channel, now = channel_of(sandbox), sandbox.world.now
    posts = channel.listed(now)[:8]
    sandbox.edit("delete", video=f"pinterest:{posts[1].id}")
    results = await every(pages.read_posts(known(channel), [post.id for post in posts]))
    assert [result.external_id for result in results] == [post.id for post in posts]
    assert results[1] == PostGone(posts[1].id, PostState.DELETED)
    for result, post in zip(results, posts, strict=True):
        if post is not posts[1]:
            assert isinstance(result, PostReading) and result.metrics == numbers(post, now)
    author = await pages.read_account(ref(RefKind.POST, posts[0].id))
    assert author.external_id == channel.id


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("preset", "kind"),
    [("pinterest-429", RetryAfter), ("pinterest-layout-change", Changed), ("pinterest-bot-check", Blocked)],
)
async def test_presets(pages: PublicPages, sandbox: Sandbox, preset: str, kind: type[PlatformError]) -> None:
    who = known(channel_of(sandbox))
    sandbox.switch(preset, True)
    for reading in (
        pages.read_account(who),
        every(pages.list_posts(who, limit=5, known=frozenset())),
        every(pages.read_posts(who, [channel_of(sandbox).listed(sandbox.world.now)[0].id])),
    ):
        with pytest.raises(PlatformError) as error:
            await reading
        assert type(error.value) is kind
    sandbox.switch(preset, False)
    assert await pages.read_account(who)


@pytest.mark.parametrize(
    ("status", "kind"), [(403, Blocked), (404, Gone), (410, Gone), (503, RetryAfter), (418, Changed)]
)
async def test_statuses(pages: PublicPages, sandbox: Sandbox, status: int, kind: type[PlatformError]) -> None:
    sandbox.fault(HOST, "^/kettle", times=-1, status=status)
    with pytest.raises(PlatformError) as error:
        await pages.read_account(known(channel_of(sandbox)))
    assert type(error.value) is kind


async def test_robots_txt_is_honoured(pages: PublicPages, sandbox: Sandbox) -> None:
    body = b"User-agent: *\nDisallow: /kettleandpine\n"
    sandbox.replay.add(HOST, "GET", "/robots.txt", headers={"content-type": "text/plain"}, body=body)
    with pytest.raises(Blocked, match="robots"):
        await pages.read_account(known(channel_of(sandbox)))
    assert [hit.path for hit in sandbox.journal.hits] == ["/robots.txt"]


def served(sandbox: Sandbox, path: str, state: object, before: str = "") -> None:
    body = f'{before}<script id="__PWS_INITIAL_PROPS__" type="application/json">{json.dumps(state)}</script>'
    sandbox.replay.add(HOST, "GET", path, headers={"content-type": "text/html"}, body=body.encode())


@pytest.mark.parametrize(
    ("state", "field"),
    [
        ([], "answer"),
        ({"initialReduxState": {"users": []}}, "initialReduxState.users"),
        ({"initialReduxState": {"users": {}}}, "initialReduxState.users"),
        ({"initialReduxState": {"users": {"1": {"username": "kettleandpine"}}}}, "initialReduxState.users.1.id"),
        ({"initialReduxState": {"people": {}}}, "__PWS_INITIAL_PROPS__"),
    ],
)
async def test_pages_of_another_shape(pages: PublicPages, sandbox: Sandbox, state: object, field: str) -> None:
    served(sandbox, "/kettleandpine/", state)
    with pytest.raises(Changed) as error:
        await pages.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    assert error.value.field == field


async def test_the_older_script_is_read_too(pages: PublicPages, sandbox: Sandbox) -> None:
    user = {"id": "1234567", "username": "kettleandpine", "follower_count": 5, "full_name": None}
    body = json.dumps({"props": {"initialReduxState": {"users": {"1234567": user}}}})
    page = f'<script nonce="x" id="__PWS_DATA__" type="application/json">{body}</script>'
    sandbox.replay.add(HOST, "GET", "/kettleandpine/", headers={"content-type": "text/html"}, body=page.encode())
    profile = await pages.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    assert profile.metrics[Metric.FOLLOWERS] == 5 and profile.title == "kettleandpine"
    assert set(profile.missing) == {Metric.FOLLOWING, Metric.POSTS, Metric.MONTHLY_VIEWS}


async def test_an_odd_pin_is_that_pins_own(pages: PublicPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    pinner = {"id": channel.id, "username": "kettleandpine"}
    pins = {
        "11111111": {"id": "11111111", "pinner": pinner, "created_at": "some day", "repin_count": 5},
        "22222222": {
            "id": "22222222",
            "pinner": pinner,
            "created_at": "Sun, 04 Apr 2021 05:43:58 +0000",
            "repin_count": 0,
        },
    }
    users = {channel.id: {"id": channel.id, "username": "kettleandpine"}}
    served(sandbox, "/kettleandpine/_created/", {"initialReduxState": {"users": users, "pins": pins}})
    fine, odd = await every(pages.list_posts(known(channel), limit=5, known=frozenset()))
    assert isinstance(odd, PostUnread) and odd.external_id == "11111111"
    assert isinstance(fine, PostReading) and fine.metrics[Metric.SAVES] == 0 and fine.format is Format.UNKNOWN
    assert fine.published_at == datetime(2021, 4, 4, 5, 43, 58, tzinfo=UTC)
