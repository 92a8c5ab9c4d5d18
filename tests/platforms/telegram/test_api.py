"""Telegram's API with a connected account: real Telethon, through the egress proxy, at Telegram's own addresses."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from telethon.sessions import StringSession

from app.domain.ports.connections import ConnectedSource, Credential
from app.domain.ports.errors import (
    Changed,
    Gone,
    NeedsAction,
    PlatformError,
    RetryAfter,
    Unauthorized,
    Unsupported,
)
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts
from app.domain.ports.values import (
    Format,
    Metric,
    Missing,
    PostGone,
    PostReading,
    PostResult,
    PostState,
    Ref,
    RefKind,
)
from app.lib import clock
from app.platforms.telegram import mtproto, platform
from app.platforms.telegram.api import Api, ConnectedApi
from sandbox.core import Sandbox
from sandbox.telegram.content import STUDIO
from tests.platforms.conftest import MeansOf, no_means
from tests.platforms.telegram.conftest import channel_of, handle, known

HISTORY, FULL = "messages.getHistory", "channels.getFullChannel"


@pytest.fixture
def credential(sandbox: Sandbox) -> Credential:
    """A session that was signed in beforehand."""
    telegram = sandbox.telegram
    return Credential("telegram", str(telegram.content.person(STUDIO).id), telegram.session_of(STUDIO))


@pytest.fixture
def api(telegram: Platform) -> Api:
    (source,) = telegram.connected
    assert isinstance(source, Api)
    return source


@pytest.fixture
async def source(api: Api, credential: Credential, sandbox: Sandbox) -> AsyncIterator[ConnectedApi]:
    yield api.with_credential(credential)
    for _ in range(200):  # nothing stays connected
        if not sandbox.telegram.connections:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("a connection was left open")


async def listed(source: ConnectedApi, ref: Ref, limit: int = 10) -> list[PostResult]:
    return [post async for batch in source.list_posts(ref, limit=limit, known=frozenset()) for post in batch]


async def read(source: ConnectedApi, ref: Ref, *ids: str) -> list[PostResult]:
    return [post async for batch in source.read_posts(ref, ids) for post in batch]


def calls(sandbox: Sandbox, name: str) -> int:
    return [called for _, called, _ in sandbox.telegram.calls].count(name)


def test_what_it_is(api: Api, telegram: Platform) -> None:
    declared: ConnectedSource = api
    assert declared.provider == "telegram" and api.configured
    source = api.with_credential(Credential("telegram", "1", ""))
    assert isinstance(source, ReadsAccount) and isinstance(source, ListsPosts) and isinstance(source, ReadsPosts)
    assert not platform(no_means()).connected[0].with_credential(Credential("telegram", "1", "")).configured
    assert "TELEGRAM_API_ID" in api.unconfigured_reason


async def test_without_an_application_or_a_way_out(means: MeansOf) -> None:
    bare = platform(means()).connected[0].with_credential(Credential("telegram", "1", ""))
    assert isinstance(bare, ReadsAccount)
    with pytest.raises(NeedsAction, match="TELEGRAM_API_ID"):
        await bare.read_account(handle("gorodpeshkom"))
    shut = platform(no_means(telegram_api_id="1", telegram_api_hash="x")).connected[0]
    reader = shut.with_credential(Credential("telegram", "1", ""))
    assert isinstance(reader, ReadsAccount)
    with pytest.raises(RuntimeError, match="way out"):
        await reader.read_account(handle("gorodpeshkom"))


async def test_a_channel(source: ConnectedApi, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    profile = await source.read_account(handle("GorodPeshkom"))
    assert (profile.external_id, profile.title, profile.handle) == (channel.id, channel.title, "gorodpeshkom")
    assert profile.metrics == {Metric.FOLLOWERS: channel.subscribers(now)} and not profile.missing
    assert profile == await source.read_account(known(channel, now))
    assert calls(sandbox, "contacts.resolveUsername") == 1  # the most limited call is made once


async def test_posts_with_everything(source: ConnectedApi, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    truth = channel.listed(now)[:150]
    truth[0].likes_hidden, truth[0].comments_off, truth[1].comments_off = True, False, True
    results = await listed(source, known(channel, now), 150)
    assert [result.external_id for result in results] == [post.id for post in truth]
    formats = {"photo": Format.PHOTO, "video": Format.VIDEO, "text": Format.TEXT}
    for result, post in zip(results, truth, strict=True):
        assert isinstance(result, PostReading)
        assert result.metrics == {
            Metric.VIEWS: post.views(now),
            Metric.LIKES: None if post.likes_hidden else post.likes(now),
            Metric.COMMENTS: None if post.comments_off else post.comments(now),
            Metric.SHARES: post.shares(now),
        }
        assert result.format is formats[post.format] and result.title.startswith(post.title)
        assert result.published_at is not None and result.published_at.timestamp() == int(post.at)
        assert result.duration == (post.duration if post.format == "video" else None)
    first, second = results[0], results[1]
    assert isinstance(first, PostReading) and first.missing == {Metric.LIKES: Missing.NOT_GIVEN}
    assert isinstance(second, PostReading) and second.missing == {Metric.COMMENTS: Missing.OFF}
    assert calls(sandbox, HISTORY) == 2


async def test_posts_read_again(source: ConnectedApi, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    posts = channel.listed(now)[:130]
    posts[4].gone_at = now
    results = await read(source, known(channel, now), *(post.id for post in posts))
    assert [result.external_id for result in results] == [post.id for post in posts]
    gone = [result for result in results if isinstance(result, PostGone)]
    assert gone == [PostGone(posts[4].id, PostState.DELETED)]
    assert calls(sandbox, "channels.getMessages") == 2


async def test_nobody_and_nothing_of_ours(source: ConnectedApi, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    with pytest.raises(Gone):
        await source.read_account(handle("nobody_is_here"))
    for name in ("sandbox_talk", "person1"):
        with pytest.raises(Unsupported):
            await source.read_account(handle(name))
    with pytest.raises(Gone, match="another"):
        await source.read_account(Ref("telegram", RefKind.ID, "1234567890", "gorodpeshkom"))
    with pytest.raises(NeedsAction, match=r"t\.me"):
        await source.read_account(Ref("telegram", RefKind.ID, channel.id))
    assert await source.read_account(handle("gorodpeshkom"))
    sandbox.edit("terminate", channel=f"telegram:{channel.id}")
    with pytest.raises(Gone):
        await source.read_account(known(channel, now))
    with pytest.raises(Gone):
        await listed(source, known(channel, now))


async def test_a_flood_wait_is_not_slept_through(source: ConnectedApi, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    ref = known(channel, now)
    for reading, method in ((source.read_account(ref), FULL), (listed(source, ref), HISTORY)):
        sandbox.telegram.disturb(method, 420, "FLOOD_WAIT_77")
        started = clock.now()
        with pytest.raises(RetryAfter) as parked:
            await reading
        assert timedelta(seconds=70) < parked.value.until - started < timedelta(seconds=80)
        assert calls(sandbox, method) == 1
        made = len(sandbox.telegram.calls)
        with pytest.raises(RetryAfter) as still:  # and nothing is asked before its time
            await source.read_account(ref)
        assert still.value.until == parked.value.until and len(sandbox.telegram.calls) == made
        sandbox.clock.advance(80)
    assert await source.read_account(ref)


async def test_a_wait_in_the_middle_keeps_what_was_read(source: ConnectedApi, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    sandbox.telegram.disturb(HISTORY, 420, "FLOOD_WAIT_30", skip=1)
    batches = source.list_posts(known(channel, now), limit=250, known=frozenset())
    assert len(await anext(batches)) == 100
    with pytest.raises(RetryAfter):
        await anext(batches)


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        (420, "FROZEN_METHOD_INVALID", NeedsAction),  # a FloodError to Telethon: no waiting helps
        (420, "FLOOD_PREMIUM_WAIT_5", RetryAfter),
        (400, "PEER_FLOOD", NeedsAction),
        (401, "AUTH_KEY_UNREGISTERED", Unauthorized),
        (401, "SESSION_REVOKED", Unauthorized),
        (401, "SESSION_EXPIRED", Unauthorized),
        (401, "USER_DEACTIVATED_BAN", Unauthorized),
        (406, "AUTH_KEY_DUPLICATED", Unauthorized),
        (400, "API_ID_INVALID", NeedsAction),
        (400, "CHANNEL_PRIVATE", Gone),
        (500, "RPC_CALL_FAIL", RetryAfter),
        (503, "Timeout", RetryAfter),
        (400, "SOMETHING_NEW", Changed),
    ],
)
async def test_errors(
    source: ConnectedApi, sandbox: Sandbox, code: int, message: str, error: type[PlatformError]
) -> None:
    sandbox.telegram.disturb(FULL, code, message, times=-1)
    with pytest.raises(PlatformError) as raised:
        await source.read_account(handle("gorodpeshkom"))
    assert type(raised.value) is error


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "ignore"])
async def test_connections_that_break(
    source: ConnectedApi, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(mtproto, "_WHOLE", 1.0)
    sandbox.telegram.disturb(FULL, kind=kind)
    with pytest.raises(RetryAfter):
        await source.read_account(handle("gorodpeshkom"))
    assert calls(sandbox, FULL) == 1  # and nothing is sent again
    assert await source.read_account(handle("gorodpeshkom"))


@pytest.mark.parametrize(
    ("preset", "error"),
    [("flood", RetryAfter), ("frozen", NeedsAction), ("session-ended", Unauthorized)],
)
async def test_what_the_panel_offers(
    source: ConnectedApi, sandbox: Sandbox, preset: str, error: type[PlatformError]
) -> None:
    sandbox.switch(f"telegram-{preset}", True)
    with pytest.raises(error):
        await source.read_account(handle("gorodpeshkom"))


async def test_sessions_that_are_over(api: Api, credential: Credential, sandbox: Sandbox) -> None:
    for secret in ("", "1nonsense", StringSession().save() or "x"):
        with pytest.raises(Unauthorized):
            await api.with_credential(Credential("telegram", "7", secret)).read_account(handle("gorodpeshkom"))
    sandbox.edit("revoke_grants", provider="telegram")
    with pytest.raises(Unauthorized):
        await api.with_credential(credential).read_account(handle("gorodpeshkom"))
    sandbox.telegram.keys.clear()
    with pytest.raises(Unauthorized):
        await api.with_credential(credential).read_account(handle("gorodpeshkom"))


async def test_one_connection_at_a_time(api: Api, credential: Credential, sandbox: Sandbox) -> None:
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, len(sandbox.telegram.connections))
            await asyncio.sleep(0.001)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(api.with_credential(credential).read_account(handle("gorodpeshkom")) for _ in range(4)))
    watching.cancel()
    assert most <= 2  # one that is being closed, and the next


async def test_unreachable(source: ConnectedApi, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mtproto, "PORT", 80)  # the way out refuses it
    with pytest.raises(RetryAfter):
        await source.read_account(handle("gorodpeshkom"))
