"""API v5 with its owner's grant, over HTTP, through the egress proxy, against the sandbox."""

import pytest

from app.domain.ports.connections import ConnectedSource, ReadsInsights
from app.domain.ports.errors import PlatformError, RetryAfter, Unauthorized, Unsupported
from app.domain.ports.platform import ListsPosts, ReadsAccount, ReadsPosts
from app.domain.ports.values import Format, Metric, Missing, PostGone, PostReading, PostState, RefKind
from app.platforms.pinterest.api import HOST, OwnAccount, OwnPins
from sandbox.core import Sandbox
from sandbox.platforms.pinterest_web import following, monthly_views
from tests.platforms.pinterest.conftest import channel_of, every, granted, known, ref


def test_declares_what_it_can(api: OwnPins, own: OwnAccount) -> None:
    source: ConnectedSource = api
    assert source.provider == "pinterest"
    assert isinstance(own, ReadsAccount) and isinstance(own, ListsPosts) and isinstance(own, ReadsPosts)
    assert isinstance(own, ReadsInsights)


async def test_the_own_account(own: OwnAccount, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    profile = await own.read_account(known(channel))
    assert profile.metrics == {
        Metric.FOLLOWERS: channel.subscribers(now),
        Metric.FOLLOWING: following(channel),
        Metric.POSTS: len(channel.listed(now)),
        Metric.MONTHLY_VIEWS: monthly_views(channel, now),
    }
    assert not profile.missing and (profile.external_id, profile.handle) == (channel.id, "kettleandpine")


async def test_no_other_account(own: OwnAccount, sandbox: Sandbox) -> None:
    other = known(channel_of(sandbox, "northloom"))
    for reading in (
        own.read_account(other),
        every(own.list_posts(other, limit=5, known=frozenset())),
        every(own.read_posts(other, ["123456789012345678"])),
        own.read_insights(other.value, posts=[]),
    ):
        with pytest.raises(Unsupported):
            await reading


async def test_pins_with_their_numbers(api: OwnPins, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox, "northloom"), sandbox.world.now
    own = granted(api, sandbox, "northloom")
    batches = [batch async for batch in own.list_posts(known(channel), limit=130, known=frozenset())]
    assert [len(batch) for batch in batches] == [100, 30]
    results = [result for batch in batches for result in batch]
    for result, post in zip(results, channel.listed(now)[:130], strict=True):
        assert isinstance(result, PostReading) and result.external_id == post.id
        assert result.metrics == {
            Metric.VIEWS: post.views(now),
            Metric.SAVES: post.saves(now),
            Metric.COMMENTS: post.comments(now),
            Metric.LIKES: post.likes(now),
        }
        assert not result.missing and result.published_at and result.thumbnail_url
        assert result.format is (Format.VIDEO if post.format == "video" else Format.PHOTO)
    assert len(await every(own.list_posts(known(channel), limit=10_000, known=frozenset()))) == len(channel.listed(now))


async def test_pins_by_id(own: OwnAccount, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    ids = [post.id for post in channel.listed(sandbox.world.now)[:12]]
    sandbox.edit("delete", video=f"pinterest:{ids[3]}")
    batches = [batch async for batch in own.read_posts(known(channel), ids)]
    assert [len(batch) for batch in batches] == [10, 2]
    results = [result for batch in batches for result in batch]
    assert [result.external_id for result in results] == ids and results[3] == PostGone(ids[3], PostState.DELETED)


async def test_private_numbers(own: OwnAccount, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    ids = [post.id for post in channel.listed(now)[:5]]
    told = await own.read_insights(channel.id, posts=ids)
    days = {one.day: one for one in told if one.metric == "impression" and one.period == "day"}
    assert len(days) == 31
    midnight = now - now % 86_400
    assert days["2026-10-30"].value == channel.views(midnight - 2 * 86_400) - channel.views(midnight - 3 * 86_400)
    # The last two days are still being counted, and come as zeros: they are none.
    assert days["2026-11-02"].value is None and days["2026-11-02"].missing is Missing.NOT_YET
    clicks = {one.post_id: one.value for one in told if one.metric == "outbound_click" and one.post_id}
    assert set(clicks) == set(ids)
    reactions = {one.post_id: one for one in told if one.metric == "total_reactions"}
    assert reactions[ids[0]].value == channel.listed(now)[0].likes(now) and reactions[ids[0]].period == "lifetime"


async def test_a_personal_account_has_no_analytics(api: OwnPins, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox, "northloom")
    told = await granted(api, sandbox, "northloom").read_insights(channel.id, posts=[])
    assert told and {(one.value, one.missing) for one in told} == {(None, Missing.NOT_PUBLISHED)}


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("preset", ["pinterest-token-expired", "pinterest-grant-revoked"])
async def test_a_token_that_is_over(own: OwnAccount, sandbox: Sandbox, preset: str) -> None:
    sandbox.switch(preset, True)
    with pytest.raises(Unauthorized, match="Connect the account again"):
        await own.read_account(known(channel_of(sandbox)))


@pytest.mark.parametrize("op", ["expire_tokens", "revoke_grants"])
async def test_edits_end_it_too(own: OwnAccount, sandbox: Sandbox, op: str) -> None:
    sandbox.edit(op, provider="pinterest")
    with pytest.raises(Unauthorized):
        await every(own.list_posts(known(channel_of(sandbox)), limit=5, known=frozenset()))


async def test_it_is_over_after_its_life(own: OwnAccount, sandbox: Sandbox) -> None:
    sandbox.clock.advance(31 * 86_400)
    with pytest.raises(Unauthorized):
        await own.read_account(known(channel_of(sandbox)))


async def test_a_grant_of_less(api: OwnPins, sandbox: Sandbox) -> None:
    own = granted(api, sandbox, "kettleandpine", "user_accounts:read")
    assert await own.read_account(known(channel_of(sandbox)))
    with pytest.raises(Unauthorized, match="allow everything"):
        await every(own.list_posts(known(channel_of(sandbox)), limit=5, known=frozenset()))


async def test_too_many_calls(own: OwnAccount, sandbox: Sandbox) -> None:
    sandbox.switch("pinterest-api-429", True)
    with pytest.raises(RetryAfter):
        await own.read_account(known(channel_of(sandbox)))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"<html>", "JSON"),
        (b"[]", "answer"),
        (b"{}", "id"),
        (b'{"id": "x"}', "id"),
        (b'{"id": "1234567", "username": 5.5}', "username"),
    ],
)
async def test_answers_of_another_shape(own: OwnAccount, sandbox: Sandbox, body: bytes, field: str) -> None:
    sandbox.replay.add(HOST, "GET", "/v5/user_account", body=body)
    with pytest.raises(PlatformError) as error:
        await own.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    assert error.value.kind == "changed" and error.value.params["field"] == field
