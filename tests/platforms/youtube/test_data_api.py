"""The Data API source: Google's own client, through the egress proxy, against the sandbox."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC

import pytest

from app.domain.ports.errors import Gone, Unsupported
from app.domain.ports.platform import ListsPosts, ReadsAccount, ReadsPosts
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
from app.platforms.youtube.data_api import GENERAL, DataApi
from sandbox.core import Sandbox
from tests.platforms.conftest import Ledger
from tests.platforms.youtube.conftest import ANY, by_id

API = "youtube.googleapis.com"


def ref(kind: RefKind, value: str) -> Ref:
    return Ref("youtube", kind, value)


async def every(batches: AsyncIterator[Sequence[PostResult]]) -> list[PostResult]:
    return [result async for batch in batches for result in batch]


async def posts(api: DataApi, channel: str, limit: int = 50, known: frozenset[str] = frozenset()) -> list[PostResult]:
    return await every(api.list_posts(by_id(channel), limit=limit, known=known))


def test_declares_what_it_can(api: DataApi) -> None:
    assert isinstance(api, ReadsAccount) and isinstance(api, ListsPosts) and isinstance(api, ReadsPosts)
    assert api.configured


# ---------------------------------------------------------------- accounts


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (RefKind.HANDLE, "orbitnotes"),
        (RefKind.HANDLE, "OrbitNotes"),
        (RefKind.HANDLE, "двор-и-мастерская"),
        (RefKind.USER, "balconylab"),
    ],
)
async def test_an_account_by_its_names(api: DataApi, sandbox: Sandbox, kind: RefKind, value: str) -> None:
    channel = sandbox.world.channel(value)
    assert channel is not None
    profile = await api.read_account(ref(kind, value))
    assert (profile.external_id, profile.title) == (channel.id, channel.title)
    assert profile.handle == channel.handle(sandbox.world.now)
    assert await api.read_account(ref(RefKind.ID, channel.id)) == profile


async def test_an_account_and_its_numbers(api: DataApi, sandbox: Sandbox, ledger: Ledger) -> None:
    channel = sandbox.world.channel("orbitnotes")
    assert channel is not None
    profile = await api.read_account(ref(RefKind.ID, channel.id))
    now = sandbox.world.now
    assert profile.metrics[Metric.VIEWS] == channel.views(now) > 0
    assert profile.metrics[Metric.POSTS] == len(channel.listed(now))
    subscribers = profile.metrics[Metric.FOLLOWERS]
    assert subscribers is not None and 0 <= channel.subscribers(now) - subscribers < 10_000
    assert profile.missing == {} and profile.country == "US" and profile.created_at is not None
    assert profile.url == "https://www.youtube.com/@orbitnotes" and (profile.avatar_url or "").startswith("https://")
    assert ledger.spent == {GENERAL: 1}


async def test_a_video_names_its_channel(api: DataApi, sandbox: Sandbox, ledger: Ledger) -> None:
    channel = sandbox.world.channel("boltbench")
    assert channel is not None
    video = channel.listed(sandbox.world.now)[3].id
    assert (await api.read_account(ref(RefKind.POST, video))).external_id == channel.id
    assert ledger.spent == {GENERAL: 2}


async def test_hidden_subscribers_are_null_with_the_reason(api: DataApi) -> None:
    profile = await api.read_account(ref(RefKind.HANDLE, "seconddraft"))
    assert profile.metrics[Metric.FOLLOWERS] is None and profile.missing == {Metric.FOLLOWERS: Missing.HIDDEN}
    assert profile.metrics[Metric.VIEWS]


@pytest.mark.parametrize(
    "who",
    [
        ref(RefKind.HANDLE, "nobody-has-this"),
        ref(RefKind.HANDLE, "fastlanefacts"),  # terminated
        ref(RefKind.ID, "UC" + "x" * 22),
        ref(RefKind.POST, "xxxxxxxxxxx"),
    ],
)
async def test_who_is_not_there_is_gone(api: DataApi, who: Ref) -> None:
    with pytest.raises(Gone):
        await api.read_account(who)


async def test_custom_names_are_for_another_source(api: DataApi, ledger: Ledger) -> None:
    with pytest.raises(Unsupported):
        await api.read_account(ref(RefKind.CUSTOM, "OrbitNotes"))
    assert ledger.spent == {}


# ---------------------------------------------------------------- posts


async def test_posts_with_their_numbers(api: DataApi, sandbox: Sandbox, ledger: Ledger) -> None:
    channel = sandbox.world.channel("kettleandpine")
    assert channel is not None
    now = sandbox.world.now
    readings = await posts(api, channel.id, 30)
    listed = channel.listed(now)[:30]
    assert [r.external_id for r in readings] == [post.id for post in listed]
    for reading, post in zip(readings, listed, strict=True):
        assert isinstance(reading, PostReading)
        assert reading.title == post.title and reading.duration == post.duration
        assert reading.metrics[Metric.VIEWS] == post.views(now)
        assert reading.format.value == post.format
        assert reading.published_at is not None and reading.published_at.tzinfo is UTC
        if post.comments_off:
            assert reading.metrics[Metric.COMMENTS] is None and reading.missing[Metric.COMMENTS] is Missing.OFF
        else:
            assert reading.metrics[Metric.COMMENTS] is not None
    assert {r.format for r in readings if isinstance(r, PostReading)} == {Format.LONG, Format.SHORT}
    assert ledger.spent == {GENERAL: 3}  # uploads, videos, Shorts


async def test_known_formats_are_not_asked_for_again(api: DataApi, sandbox: Sandbox, ledger: Ledger) -> None:
    channel = sandbox.world.channel("tinyterrarium")
    assert channel is not None
    known = frozenset(post.id for post in channel.known(sandbox.world.now))
    readings = await posts(api, channel.id, 10, known)
    assert {r.format for r in readings if isinstance(r, PostReading)} == {Format.UNKNOWN}
    assert ledger.spent == {GENERAL: 2}


async def test_a_short_video_in_no_playlist_stays_unknown(api: DataApi, sandbox: Sandbox, ledger: Ledger) -> None:
    channel = sandbox.world.channel("tinyterrarium")
    assert channel is not None
    for prefix in ("UUSH", "UULF"):
        query = {"playlistId": prefix + channel.id[2:]}
        body = b'{"kind": "youtube#playlistItemListResponse", "pageInfo": {"totalResults": 0}, "items": []}'
        sandbox.replay.add(API, "GET", "/youtube/v3/playlistItems", query, body=body)
    readings = await posts(api, channel.id, 10)
    assert {r.format for r in readings if isinstance(r, PostReading)} == {Format.UNKNOWN}
    assert all(r.metrics[Metric.VIEWS] for r in readings if isinstance(r, PostReading))
    assert ledger.spent == {GENERAL: 4}


async def test_a_failing_shorts_playlist_costs_no_numbers(api: DataApi, sandbox: Sandbox) -> None:
    channel = sandbox.world.channel("tinyterrarium")
    assert channel is not None
    query = {"playlistId": "UUSH" + channel.id[2:]}
    sandbox.replay.add(API, "GET", "/youtube/v3/playlistItems", query, status=500, body=b"")
    readings = await posts(api, channel.id, 10)
    assert len(readings) == 10 and all(r.metrics[Metric.VIEWS] for r in readings if isinstance(r, PostReading))


async def test_many_pages_come_in_batches(api: DataApi, sandbox: Sandbox, ledger: Ledger) -> None:
    channel = sandbox.world.channel("tinyterrarium")
    assert channel is not None
    there = len(channel.listed(sandbox.world.now))
    batches = [batch async for batch in api.list_posts(by_id(channel.id), limit=120, known=frozenset())]
    assert [len(batch) for batch in batches] == [50, 50, min(there, 120) - 100]
    results = [result for batch in batches for result in batch]
    assert len({r.external_id for r in results}) == len(results) == min(there, 120)
    assert {r.format for r in results if isinstance(r, PostReading)} == {Format.SHORT}
    assert ledger.spent == {GENERAL: 9}


async def test_a_channel_without_uploads_has_no_posts(api: DataApi, sandbox: Sandbox) -> None:
    channel = sandbox.world.channel("paperharbor")
    assert channel is not None
    assert await posts(api, channel.id) == []


async def test_streams_and_their_states(api: DataApi, sandbox: Sandbox) -> None:
    channel = sandbox.world.channel("pixelferry")
    assert channel is not None
    seen: dict[PostState, PostReading] = {}
    for _ in range(200):
        for result in await posts(api, channel.id, 8):
            if isinstance(result, PostReading) and result.format is Format.LIVE:
                seen.setdefault(result.state, result)
        if {PostState.UPCOMING, PostState.LIVE_NOW, PostState.PUBLIC} <= set(seen):
            break
        sandbox.clock.advance(3_600)
    upcoming, running, past = (seen[s] for s in (PostState.UPCOMING, PostState.LIVE_NOW, PostState.PUBLIC))
    assert upcoming.duration is None and running.duration is None and past.duration
    if upcoming.metrics[Metric.VIEWS] is None:
        assert upcoming.missing[Metric.VIEWS] is Missing.NOT_YET
    assert past.metrics[Metric.VIEWS]


async def test_posts_that_went_away(api: DataApi, sandbox: Sandbox) -> None:
    channel = sandbox.world.channel("gorodpeshkom")
    assert channel is not None
    first, second, third = (post.id for post in channel.listed(sandbox.world.now)[:3])
    sandbox.edit("make_private", video=first)
    sandbox.edit("delete", video=second)
    results = await every(api.read_posts(ANY, [first, second, third, third, "nevernever1"]))
    assert results[0] == PostGone(first, PostState.DELETED)
    assert results[1] == PostGone(second, PostState.DELETED)
    assert isinstance(results[2], PostReading) and results[2].external_id == third
    assert results[3:] == [PostGone("nevernever1", PostState.DELETED)]


async def test_a_listed_private_video_is_private(api: DataApi, sandbox: Sandbox) -> None:
    channel = sandbox.world.channel("gorodpeshkom")
    assert channel is not None
    ids = [post.id for post in channel.listed(sandbox.world.now)[:3]]
    sandbox.edit("make_private", video=ids[0])
    sandbox.edit("delete", video=ids[1])
    entries = [
        {"kind": "youtube#playlistItem", "contentDetails": {"videoId": one}, "status": {"privacyStatus": status}}
        for one, status in zip(ids, ("private", "privacyStatusUnspecified", "public"), strict=True)
    ]
    sandbox.replay.add(API, "GET", "/youtube/v3/playlistItems", body=json.dumps({"items": entries}).encode())
    results = await posts(api, channel.id, 3)
    assert results[:2] == [PostGone(ids[0], PostState.PRIVATE), PostGone(ids[1], PostState.DELETED)]
    assert isinstance(results[2], PostReading)


async def test_more_than_fifty_ids_are_asked_for_in_batches(api: DataApi, sandbox: Sandbox, ledger: Ledger) -> None:
    channel = sandbox.world.channel("tinyterrarium")
    assert channel is not None
    ids = [post.id for post in channel.listed(sandbox.world.now)[:60]]
    results = await every(api.read_posts(ANY, ids))
    assert [result.external_id for result in results] == ids
    assert ledger.spent == {GENERAL: 2}
