"""One suite for every source of every platform: what app/domain/ports promises, each adapter keeps."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.metrics.catalogue import engagement_of
from app.domain.ports.connections import ConnectedSource
from app.domain.ports.errors import Blocked, Changed, Gone, NeedsAction, PlatformError, RetryAfter, Unsupported
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts, Source
from app.domain.ports.values import (
    ACCOUNT_METRICS,
    POST_METRICS,
    Metric,
    Missing,
    PostGone,
    PostReading,
    PostResult,
    PostUnread,
    Profile,
    Ref,
    RefKind,
)
from app.platforms import all_platforms
from app.platforms.kit import browser
from sandbox.core import Sandbox
from sandbox.keys import SETTINGS
from sandbox.presences import LINKS
from sandbox.world import Channel
from tests.platforms.conftest import MeansOf, no_means

PAGES = {f"{name}_public_pages": "True" for name in LINKS}
EVERYTHING = {name.lower(): value for name, value in SETTINGS.items()} | PAGES | {"youtube_api_key": "contract"}
BARE = all_platforms(no_means(**EVERYTHING))
SOURCES = [(platform.name, source.name) for platform in BARE.values() for source in platform.sources]
# Names that the platform would give back as somebody else, or that are nobody's: each in the form of its own handles.
NOBODY = "nobody_has_this_name"


def able(kind: type) -> list[tuple[str, str]]:
    return [
        (platform.name, source.name)
        for platform in BARE.values()
        for source in platform.sources
        if isinstance(source, kind)
    ]


named = pytest.mark.parametrize(("platform_name", "source_name"), SOURCES, ids=lambda value: value)
reads_account = pytest.mark.parametrize(("platform_name", "source_name"), able(ReadsAccount), ids=lambda value: value)
lists_posts = pytest.mark.parametrize(("platform_name", "source_name"), able(ListsPosts), ids=lambda value: value)
reads_posts = pytest.mark.parametrize(("platform_name", "source_name"), able(ReadsPosts), ids=lambda value: value)


@pytest.fixture
async def platforms(means: MeansOf) -> AsyncIterator[dict[str, Platform]]:
    yield all_platforms(means(**EVERYTHING, playwright_timeout="8"))
    await browser.close_all()


@pytest.fixture
def source(platforms: dict[str, Platform], source_name: str, platform_name: str) -> Source:
    return next(source for source in platforms[platform_name].sources if source.name == source_name)


@pytest.fixture
def channel(sandbox: Sandbox, platform_name: str) -> Channel:
    """Somebody alive who publishes there and hides nothing."""
    return next(
        channel
        for channel in sandbox.world.on(platform_name)
        if channel.creator.series and not channel.hides_subscribers and not channel.terminated(sandbox.world.now)
    )


def platform_of(channel: Channel) -> str:
    return channel.creator.platform


def by_handle(channel: Channel, sandbox: Sandbox) -> Ref:
    return Ref(platform_of(channel), RefKind.HANDLE, channel.handle(sandbox.world.now))


async def every(batches: AsyncIterator[Sequence[PostResult]]) -> list[PostResult]:
    return [result for batch in [batch async for batch in batches] for result in batch]


async def as_known(source: Source, channel: Channel, sandbox: Sandbox) -> Ref:
    """The account as the collector asks for it once it has been read, by this source or another of its platform."""
    if isinstance(source, ReadsAccount):
        profile = await source.read_account(by_handle(channel, sandbox))
        return Ref(platform_of(channel), RefKind.ID, profile.external_id, profile.handle)
    return Ref(platform_of(channel), RefKind.ID, channel.id, channel.handle(sandbox.world.now))


def check_numbers(
    metrics: dict[Metric, int | None],
    missing: dict[Metric, Missing],
    declared: frozenset[Metric],
    allowed: Sequence[Metric],
) -> None:
    assert set(metrics) <= set(allowed)
    for metric, value in metrics.items():
        if value is None:
            assert isinstance(missing.get(metric), Missing), f"{metric}: null without a reason"
        else:
            assert isinstance(value, int) and not isinstance(value, bool) and value >= 0
            assert metric in declared, f"{metric} is given, and not declared"
            assert metric not in missing


@pytest.mark.parametrize("name", list(BARE))
def test_a_platform_says_what_it_is(name: str) -> None:
    platform = BARE[name]
    assert platform.sources
    assert set(platform.account_metrics) <= set(ACCOUNT_METRICS)
    assert set(platform.post_metrics) <= set(POST_METRICS)
    assert Metric.FOLLOWERS in platform.account_metrics
    assert set(platform.engagement) == set(engagement_of(name)) & set(platform.post_metrics)
    both: list[Source | ConnectedSource] = [*platform.sources, *platform.connected]
    assert len({source.name for source in both}) == len(both)
    for source in both:
        assert source.label and source.evidence and 0 < len(source.version) <= 32 and len(source.name) <= 32
        assert source.account_numbers <= set(ACCOUNT_METRICS)
        assert source.post_numbers <= set(POST_METRICS)
    for url in (LINKS[name].format("some_name"), LINKS[name].format("some_name").removeprefix("https://")):
        assert platform.recognise(url) is not None
        others = [other for other, its in BARE.items() if other != name and its.recognise(url)]
        assert others == [], f"{url} is taken for {others}, too"


@named
def test_without_settings_it_says_what_is_missing(platform_name: str, source_name: str) -> None:
    bare = all_platforms(no_means())[platform_name]
    source = next(source for source in bare.sources if source.name == source_name)
    assert source.configured is False
    assert len(source.unconfigured_reason) > 10


@reads_account
async def test_an_account(source: Source, channel: Channel, sandbox: Sandbox) -> None:
    assert isinstance(source, ReadsAccount) and source.configured
    profile = await source.read_account(by_handle(channel, sandbox))
    assert isinstance(profile, Profile)
    assert profile.external_id and profile.title == channel.title
    assert profile.url.startswith("https://")
    check_numbers(dict(profile.metrics), dict(profile.missing), source.account_numbers, ACCOUNT_METRICS)
    given = {metric for metric, value in profile.metrics.items() if value is not None}
    assert given == set(source.account_numbers), "it gives what it declares"
    again = await source.read_account(
        Ref(
            platform_of(channel),
            RefKind.ID,
            profile.external_id,
            profile.handle or channel.handle(sandbox.world.now),
        )
    )
    assert again.external_id == profile.external_id


@reads_account
async def test_an_account_that_is_not_there(source: Source, channel: Channel) -> None:
    assert isinstance(source, ReadsAccount)
    with pytest.raises(Gone):
        await source.read_account(Ref(platform_of(channel), RefKind.HANDLE, NOBODY))


@lists_posts
async def test_posts(source: Source, channel: Channel, sandbox: Sandbox) -> None:
    assert isinstance(source, ListsPosts)
    results = await every(source.list_posts(await as_known(source, channel, sandbox), limit=6, known=frozenset()))
    readings = [result for result in results if isinstance(result, PostReading)]
    assert 0 < len(readings) <= 6
    assert len({reading.external_id for reading in readings}) == len(readings)
    dates = [reading.published_at for reading in readings if reading.published_at]
    assert dates == sorted(dates, reverse=True), "newest first"
    now = datetime.fromtimestamp(sandbox.world.now, UTC)
    assert all(date.tzinfo is not None and date <= now for date in dates)
    for reading in readings:
        assert reading.url.startswith("https://")
        check_numbers(dict(reading.metrics), dict(reading.missing), source.post_numbers, POST_METRICS)
    given = {metric for reading in readings for metric, value in reading.metrics.items() if value is not None}
    assert given == set(source.post_numbers), "it gives what it declares"


@reads_posts
async def test_posts_by_their_ids(source: Source, channel: Channel, sandbox: Sandbox) -> None:
    assert isinstance(source, ReadsPosts)
    moment = sandbox.world.now
    listed = channel.listed(moment)
    if not isinstance(source, ListsPosts):  # one that reads a kind of post only
        listed = [post for post in listed if post.format in ("video", "short", "long")]
        ids = [post.id for post in listed[:3]]
        ref = await as_known(source, channel, sandbox)
    else:
        ref = await as_known(source, channel, sandbox)
        first = await every(source.list_posts(ref, limit=3, known=frozenset()))
        ids = [result.external_id for result in first]
    results = await every(source.read_posts(ref, [*ids, ids[0]]))
    assert sorted(result.external_id for result in results) == sorted(ids), "each id is answered exactly once"
    assert all(isinstance(result, PostReading | PostGone | PostUnread) for result in results)
    assert any(isinstance(result, PostReading) for result in results)
    for result in results:
        if isinstance(result, PostReading):
            check_numbers(dict(result.metrics), dict(result.missing), source.post_numbers, POST_METRICS)


FAULTS: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "headers": {"retry-after": "120"}},
    "503": {"status": 503},
    "html": {
        "status": 200,
        "headers": {"content-type": "text/html"},
        "body": "<!doctype html><title>Maintenance</title>",
    },
    "reset": {"reset": True},
    "cut": {"truncate_after": 60},
}
# What may come of each: never a crash, never "there is nobody" (Gone), never an empty success.
FITS: dict[str, tuple[type[PlatformError], ...]] = {
    "429": (RetryAfter, Blocked),
    "503": (RetryAfter,),
    "html": (Changed, RetryAfter, Blocked),
    "reset": (RetryAfter,),
    "cut": (RetryAfter, Changed),
}


@pytest.mark.parametrize("fault", list(FAULTS))
@reads_account
async def test_a_platform_that_misbehaves(source: Source, channel: Channel, sandbox: Sandbox, fault: str) -> None:
    assert isinstance(source, ReadsAccount)
    for host in sandbox.apps:
        sandbox.fault(host, times=-1, **FAULTS[fault])
    with pytest.raises(PlatformError) as met:
        await source.read_account(by_handle(channel, sandbox))
    sandbox.faults.clear()
    assert isinstance(met.value, FITS[fault]), f"{type(met.value).__name__}: {met.value}"
    if isinstance(met.value, RetryAfter):
        assert met.value.until > datetime.fromtimestamp(sandbox.world.now, UTC)


@named
async def test_a_process_without_a_way_out_reads_nothing(platform_name: str, source_name: str) -> None:
    """An empty proxy would mean "go directly" to most libraries: it must never reach them."""
    source = next(source for source in BARE[platform_name].sources if source.name == source_name)
    ref = Ref(platform_name, RefKind.ID, "1", "somebody")
    asks: list[Callable[[], object]] = []
    if isinstance(source, ReadsAccount):
        asks.append(lambda: source.read_account(Ref(platform_name, RefKind.HANDLE, "somebody")))
    if isinstance(source, ReadsPosts):
        asks.append(lambda: every(source.read_posts(ref, ["1"])))
    assert asks
    for ask in asks:
        with pytest.raises((RuntimeError, NeedsAction, Unsupported)):
            await ask()  # type: ignore[misc]
