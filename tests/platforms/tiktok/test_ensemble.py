"""EnsembleData over HTTP, through the egress proxy, against the sandbox."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.ports.errors import Changed, Gone, NeedsAction, PlatformError, QuotaSpent, RetryAfter, Unsupported
from app.domain.ports.platform import ListsPosts, ReadsAccount, ReadsPosts
from app.domain.ports.values import Metric, PostGone, PostReading, PostResult, PostState, PostUnread, Ref, RefKind
from app.lib import clock
from app.lib.egress import Egress
from app.platforms.tiktok.ensemble import Ensemble
from app.platforms.tiktok.ytdlp import PublicPages
from sandbox.core import Sandbox
from sandbox.platforms.tiktok_web import short_code, stats
from sandbox.world import Channel
from tests.platforms.conftest import Ledger
from tests.platforms.tiktok.conftest import TOKEN

HOST = "ensembledata.com"


def ref(kind: RefKind, value: str, handle: str | None = None) -> Ref:
    return Ref("tiktok", kind, value, handle)


def channel_of(sandbox: Sandbox, name: str = "kettleandpine") -> Channel:
    channel = sandbox.world.channel(name, "tiktok")
    assert channel is not None
    return channel


async def every(batches: AsyncIterator[Sequence[PostResult]]) -> list[PostResult]:
    return [result async for batch in batches for result in batch]


async def posts(source: Ensemble, channel: Channel, limit: int = 20) -> list[PostResult]:
    return await every(source.list_posts(ref(RefKind.ID, channel.id), limit=limit, known=frozenset()))


def test_declares_what_it_can(ensemble: Ensemble) -> None:
    assert isinstance(ensemble, ReadsAccount) and isinstance(ensemble, ListsPosts) and isinstance(ensemble, ReadsPosts)
    assert ensemble.configured


async def test_an_account_by_all_its_names(ensemble: Ensemble, sandbox: Sandbox, ledger: Ledger) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    post = channel.listed(now)[1]
    whole = await ensemble.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    exact = stats(channel, now)
    assert whole.metrics == {
        Metric.FOLLOWERS: exact["followerCount"],
        Metric.FOLLOWING: exact["followingCount"],
        Metric.LIKES: exact["heartCount"],
        Metric.POSTS: exact["videoCount"],
    }
    assert (whole.external_id, whole.handle) == (channel.id, "kettleandpine")
    assert ledger.spent == {"ensemble": 1} and ledger.allowed == {"ensemble": 1500}
    assert await ensemble.read_account(ref(RefKind.ID, channel.id, "an.old.name")) == whole
    assert await ensemble.read_account(ref(RefKind.POST, post.id)) == whole
    assert await ensemble.read_account(ref(RefKind.POST, f"vm/{short_code(post)}")) == whole
    assert ledger.spent == {"ensemble": 6}


async def test_it_says_the_same_as_the_pages(ensemble: Ensemble, web: PublicPages) -> None:
    by_name = ref(RefKind.HANDLE, "kuhnya.bez.speshki")
    account = await ensemble.read_account(by_name)
    assert account == await web.read_account(by_name)
    who = ref(RefKind.ID, account.external_id, account.handle)
    theirs = await every(ensemble.list_posts(who, limit=30, known=frozenset()))
    assert theirs == await every(web.list_posts(who, limit=30, known=frozenset()))


async def test_posts_in_batches_and_their_cost(ensemble: Ensemble, sandbox: Sandbox, ledger: Ledger) -> None:
    channel, now = channel_of(sandbox, "tinyterrarium"), sandbox.world.now
    who = ref(RefKind.ID, channel.id)
    batches = [batch async for batch in ensemble.list_posts(who, limit=45, known=frozenset())]
    assert [len(batch) for batch in batches] == [30, 15] and ledger.spent == {"ensemble": 5}
    read = [result for batch in batches for result in batch]
    assert [result.external_id for result in read] == [post.id for post in channel.listed(now)[:45]]
    assert len(await posts(ensemble, channel, 10_000)) == len(channel.listed(now))


async def test_posts_by_id_and_what_it_really_cost(ensemble: Ensemble, sandbox: Sandbox, ledger: Ledger) -> None:
    channel = channel_of(sandbox)
    first, second, *rest = (post.id for post in channel.listed(sandbox.world.now)[:25])
    sandbox.edit("make_private", video=f"tiktok:{first}")
    sandbox.edit("delete", video=f"tiktok:{second}")
    results = await every(ensemble.read_posts(ref(RefKind.ID, channel.id), [first, second, *rest]))
    assert results[:2] == [PostGone(first, PostState.DELETED), PostGone(second, PostState.DELETED)]
    assert all(isinstance(result, PostReading) for result in results[2:])
    assert [result.external_id for result in results] == [first, second, *rest]
    assert ledger.spent == {"ensemble": 3}  # 1 before the call, 2 that its header told


async def test_who_is_not_there_is_gone(ensemble: Ensemble) -> None:
    for who in (ref(RefKind.HANDLE, "nobody.has.this"), ref(RefKind.POST, "7000000000000000001")):
        with pytest.raises(Gone):
            await ensemble.read_account(who)


async def test_an_id_of_another_kind_is_not_asked_for(ensemble: Ensemble, ledger: Ledger) -> None:
    with pytest.raises(Unsupported):
        await ensemble.read_account(ref(RefKind.ID, "open-id-of-a-connection"))
    assert ledger.spent == {}


# ---------------------------------------------------------------- what goes wrong


async def test_units_used_up_wait_for_midnight(ensemble: Ensemble, sandbox: Sandbox) -> None:
    sandbox.switch("tiktok-units-gone", True)
    with pytest.raises(QuotaSpent) as error:
        await posts(ensemble, channel_of(sandbox))
    now = clock.now().astimezone(UTC)
    assert error.value.until == datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)


async def test_our_own_limit_stops_before_the_call(ensemble: Ensemble, sandbox: Sandbox, ledger: Ledger) -> None:
    ledger.left = 2
    with pytest.raises(QuotaSpent):
        await posts(ensemble, channel_of(sandbox), 30)
    assert not sandbox.journal.hits


async def test_a_refused_token_needs_a_person(ensemble: Ensemble, sandbox: Sandbox) -> None:
    sandbox.edit("revoke_key", key=TOKEN)
    with pytest.raises(NeedsAction) as error:
        await ensemble.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    assert "ENSEMBLE_API_TOKEN" in str(error.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, RetryAfter), (500, RetryAfter), (492, NeedsAction), (493, NeedsAction), (422, Changed), (404, Gone)],
)
async def test_statuses(ensemble: Ensemble, sandbox: Sandbox, status: int, kind: type[PlatformError]) -> None:
    sandbox.fault(HOST, times=-1, status=status, body=f'{{"detail": "{TOKEN}"}}')
    with pytest.raises(PlatformError) as error:
        await ensemble.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    assert type(error.value) is kind
    assert TOKEN not in str(error.value) and TOKEN not in repr(error.value.params)


@pytest.mark.parametrize("fault", [{"reset": True}, {"truncate_after": 50}])
async def test_a_broken_connection(ensemble: Ensemble, sandbox: Sandbox, fault: dict[str, Any]) -> None:
    sandbox.fault(HOST, times=-1, **fault)
    with pytest.raises(RetryAfter) as error:
        await ensemble.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    assert TOKEN not in str(error.value)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"<html>", "JSON"),
        (b"[]", "answer"),
        (b"{}", "data"),
        (b'{"data": {"user": {"uniqueId": "x"}}}', "data.user.secUid"),
    ],
)
async def test_answers_of_another_shape(ensemble: Ensemble, sandbox: Sandbox, body: bytes, field: str) -> None:
    sandbox.replay.add(HOST, "GET", "/apis/tt/user/info", body=body)
    with pytest.raises(Changed) as error:
        await ensemble.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    assert error.value.field == field


async def test_an_odd_post_is_that_posts_own(ensemble: Ensemble, sandbox: Sandbox, egress: Egress) -> None:
    good = b'{"aweme_id": "7000000000000000002", "statistics": {"play_count": 5}, "video": {}}'
    body = b'{"data": [{"aweme_id": "7000000000000000001", "statistics": []}, ' + good + b'], "nextCursor": null}'
    sandbox.replay.add(HOST, "GET", "/apis/tt/user/posts-from-secuid", body=body)
    odd, fine = await posts(ensemble, channel_of(sandbox))
    assert isinstance(odd, PostUnread) and odd.params["field"] == "data[].statistics"
    assert isinstance(fine, PostReading) and fine.metrics[Metric.VIEWS] == 5
    assert {metric for metric, value in fine.metrics.items() if value is None} == set(fine.missing)
    assert len(fine.missing) == 4


async def test_accounts_in_the_shape_of_the_app(ensemble: Ensemble, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    body = (
        f'{{"data": {{"user": {{"sec_uid": "{channel.id}", "unique_id": "kettleandpine", "nickname": "K",'
        '"follower_count": 12, "aweme_count": 3, "total_favorited": 9, "following_count": null}}}'
    )
    sandbox.replay.add(HOST, "GET", "/apis/tt/user/info", body=body.encode())
    profile = await ensemble.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    assert profile.metrics == {Metric.FOLLOWERS: 12, Metric.FOLLOWING: None, Metric.LIKES: 9, Metric.POSTS: 3}
    assert set(profile.missing) == {Metric.FOLLOWING}
