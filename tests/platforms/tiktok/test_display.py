"""The Display API with its owner's grant, over HTTP, through the egress proxy, against the sandbox."""

from collections.abc import AsyncIterator, Sequence

import pytest

from app.domain.ports.connections import ConnectedSource, Credential
from app.domain.ports.errors import Changed, PlatformError, RetryAfter, Unauthorized, Unsupported
from app.domain.ports.platform import ListsPosts, ReadsAccount, ReadsPosts
from app.domain.ports.values import Format, Metric, Missing, PostGone, PostReading, PostResult, PostState, Ref, RefKind
from app.platforms.tiktok import auth
from app.platforms.tiktok.display import DisplayApi, OwnAccount
from sandbox.core import Sandbox
from sandbox.platforms.tiktok_web import stats
from sandbox.world import Channel

API = "open.tiktokapis.com"
NAME = "kuhnya.bez.speshki"


def ref(kind: RefKind, value: str, handle: str | None = None) -> Ref:
    return Ref("tiktok", kind, value, handle)


def channel_of(sandbox: Sandbox, name: str = NAME) -> Channel:
    channel = sandbox.world.channel(name, "tiktok")
    assert channel is not None
    return channel


def granted(
    display: DisplayApi,
    sandbox: Sandbox,
    *,
    scopes: tuple[str, ...] = auth.TikTokOAuth.scopes,
    known: bool = True,
) -> OwnAccount:
    """A source with a grant of the account's owner. known: its public id is, too."""
    channel = channel_of(sandbox)
    grant = sandbox.world.grants.give(
        "tiktok", subject=channel.id, scopes=scopes, moment=sandbox.world.now, access_seconds=7_200.0
    )
    return display.with_credential(
        Credential("tiktok", "me", grant.access, channel.id if known else "open-id", scopes=scopes)
    )


async def every(batches: AsyncIterator[Sequence[PostResult]]) -> list[PostResult]:
    return [result async for batch in batches for result in batch]


async def posts(source: OwnAccount, who: Ref, limit: int = 50) -> list[PostResult]:
    return await every(source.list_posts(who, limit=limit, known=frozenset()))


def test_declares_what_it_can(display: DisplayApi, sandbox: Sandbox) -> None:
    source: ConnectedSource = display
    own = source.with_credential(Credential("tiktok", "me", "x"))
    assert isinstance(own, ReadsAccount) and isinstance(own, ListsPosts) and isinstance(own, ReadsPosts)
    assert own.configured and (own.name, own.version) == (display.name, display.version)
    assert Metric.SAVES not in own.post_numbers


async def test_the_own_account(display: DisplayApi, sandbox: Sandbox) -> None:
    channel, exact = channel_of(sandbox), stats(channel_of(sandbox), sandbox.world.now)
    own = granted(display, sandbox)
    profile = await own.read_account(ref(RefKind.ID, channel.id))
    assert (profile.external_id, profile.handle, profile.title) == (channel.id, NAME, channel.title)
    assert profile.metrics == {
        Metric.FOLLOWERS: exact["followerCount"],
        Metric.FOLLOWING: exact["followingCount"],
        Metric.LIKES: exact["heartCount"],
        Metric.POSTS: exact["videoCount"],
    }
    assert profile.missing == {} and profile.avatar_url and profile.url == f"https://www.tiktok.com/@{NAME}"
    assert await own.read_account(ref(RefKind.HANDLE, NAME)) == profile


async def test_no_other_account(display: DisplayApi, sandbox: Sandbox) -> None:
    own = granted(display, sandbox)
    other = channel_of(sandbox, "kettleandpine")
    for who in (ref(RefKind.ID, other.id), ref(RefKind.HANDLE, "kettleandpine"), ref(RefKind.POST, "7000000000000001")):
        with pytest.raises(Unsupported):
            await own.read_account(who)
    with pytest.raises(Unsupported):
        await posts(own, ref(RefKind.ID, other.id))
    with pytest.raises(Unsupported):
        await every(own.read_posts(ref(RefKind.ID, other.id), ["7000000000000001"]))


async def test_an_account_whose_public_id_is_not_known(display: DisplayApi, sandbox: Sandbox) -> None:
    profile = await granted(display, sandbox, known=False).read_account(ref(RefKind.ID, "open-id"))
    assert (profile.external_id, profile.handle) == ("open-id", NAME)


async def test_posts_with_their_numbers(display: DisplayApi, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    own = granted(display, sandbox)
    batches = [b async for b in own.list_posts(ref(RefKind.ID, channel.id), limit=50, known=frozenset())]
    assert [len(batch) for batch in batches] == [20, 20, 10]
    readings = [result for batch in batches for result in batch]
    assert {r.format for r in readings if isinstance(r, PostReading)} == {Format.VIDEO, Format.PHOTO}
    for reading, post in zip(readings, channel.listed(now)[:50], strict=True):
        assert isinstance(reading, PostReading) and reading.external_id == post.id and reading.title == post.title
        assert reading.metrics == {
            Metric.VIEWS: post.views(now),
            Metric.LIKES: post.likes(now),
            Metric.COMMENTS: 0 if post.comments_off else post.comments(now),
            Metric.SHARES: post.shares(now),
            Metric.SAVES: None,
        }
        assert reading.missing == {Metric.SAVES: Missing.NOT_GIVEN}
        assert reading.format.value == post.format and "?" not in reading.url
        assert reading.duration == (None if post.format == "photo" else post.duration)
    assert len(await posts(own, ref(RefKind.ID, channel.id), 10_000)) == len(channel.listed(now))


async def test_posts_by_id_and_those_that_went_away(display: DisplayApi, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    first, *rest = (post.id for post in channel.listed(sandbox.world.now)[:25])
    foreign = channel_of(sandbox, "kettleandpine").listed(sandbox.world.now)[0].id
    sandbox.edit("delete", video=f"tiktok:{first}")
    own = granted(display, sandbox)
    results = await every(own.read_posts(ref(RefKind.ID, channel.id), [first, *rest, foreign]))
    assert [result.external_id for result in results] == [first, *rest, foreign]
    assert results[0] == PostGone(first, PostState.DELETED) and results[-1] == PostGone(foreign, PostState.DELETED)
    assert all(isinstance(result, PostReading) for result in results[1:-1])


async def test_it_asks_for_no_more_than_it_may(display: DisplayApi, sandbox: Sandbox) -> None:
    """A token of fewer scopes is refused altogether when it asks for a field of another."""
    channel = channel_of(sandbox)
    own = granted(display, sandbox, scopes=("user.info.basic", "video.list"))
    profile = await own.read_account(ref(RefKind.ID, channel.id))
    assert profile.handle is None and profile.title == channel.title
    assert set(profile.metrics.values()) == {None} and set(profile.missing.values()) == {Missing.NOT_GIVEN}
    assert await posts(own, ref(RefKind.ID, channel.id), 5)
    blind = granted(display, sandbox, scopes=("user.info.basic",))
    with pytest.raises(Unauthorized) as error:
        await posts(blind, ref(RefKind.ID, channel.id), 5)
    assert "allow" in str(error.value)


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(("op", "kind"), [("expire_tokens", Unauthorized), ("revoke_grants", Unauthorized)])
async def test_a_token_that_is_over(display: DisplayApi, sandbox: Sandbox, op: str, kind: type[PlatformError]) -> None:
    own, who = granted(display, sandbox), ref(RefKind.ID, channel_of(sandbox).id)
    sandbox.edit(op, provider="tiktok")
    for reading in (own.read_account(who), posts(own, who), every(own.read_posts(who, ["7000000000000000001"]))):
        with pytest.raises(kind):
            await reading


async def test_a_token_ends_by_the_clock(display: DisplayApi, sandbox: Sandbox) -> None:
    own, who = granted(display, sandbox), ref(RefKind.ID, channel_of(sandbox).id)
    assert await own.read_account(who)
    sandbox.clock.advance(7_201)
    with pytest.raises(Unauthorized):
        await own.read_account(who)


@pytest.mark.parametrize(
    ("preset", "kind"),
    [("tiktok-api-429", RetryAfter), ("tiktok-api-unwell", RetryAfter), ("tiktok-token-expired", Unauthorized)],
)
async def test_presets(display: DisplayApi, sandbox: Sandbox, preset: str, kind: type[PlatformError]) -> None:
    own, who = granted(display, sandbox), ref(RefKind.ID, channel_of(sandbox).id)
    sandbox.switch(preset, True)
    with pytest.raises(PlatformError) as error:
        await own.read_account(who)
    assert type(error.value) is kind and "%(" not in str(error.value)
    sandbox.switch(preset, False)
    assert await own.read_account(who)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, '{"data": {}, "error": {"code": "scope_not_authorized"}}', Unauthorized),
        (200, '{"data": {}, "error": {"code": "rate_limit_exceeded"}}', RetryAfter),
        (200, '{"data": {}, "error": {"code": "internal_error"}}', RetryAfter),
        (200, '{"data": {}, "error": {"code": "something_new"}}', Changed),
        (200, '{"data": {"user": {}}}', Changed),
        (200, '{"error": {"code": "ok"}}', Changed),
        (400, '{"data": {}, "error": {"code": "invalid_params", "message": "act.SECRET"}}', Changed),
        (403, "<html>", Changed),
    ],
)
async def test_refusals(
    display: DisplayApi, sandbox: Sandbox, status: int, body: str, kind: type[PlatformError]
) -> None:
    own, who = granted(display, sandbox), ref(RefKind.ID, channel_of(sandbox).id)
    sandbox.replay.add(API, "GET", "/v2/user/info/", status=status, body=body.encode())
    with pytest.raises(PlatformError) as error:
        await own.read_account(who)
    assert type(error.value) is kind and "SECRET" not in str(error.value)
