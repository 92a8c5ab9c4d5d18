"""A channel with its owner's sign-in: what the owner sees, and YouTube Analytics, through Google's own client."""

import json
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from app.domain.ports.connections import Credential, Insight, ReadsInsights, Tokens
from app.domain.ports.errors import (
    Changed,
    Gone,
    NeedsAction,
    PlatformError,
    QuotaSpent,
    RetryAfter,
    Unauthorized,
)
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts
from app.domain.ports.values import Metric, Missing, PostReading, PostResult, PostState
from app.platforms.youtube.auth import Google
from app.platforms.youtube.own import OwnChannel
from sandbox.core import Sandbox
from sandbox.platforms import youtube_analytics
from sandbox.platforms.google_oauth import ACCESS_SECONDS
from sandbox.world import Channel
from tests.platforms.conftest import Ledger
from tests.platforms.youtube.conftest import by_id
from tests.platforms.youtube.google import named, own_channel, sign_in

API, ANALYTICS = "youtube.googleapis.com", "youtubeanalytics.googleapis.com"
TODAY = date(2026, 11, 2)  # of the world's clock in California
NEWEST = TODAY - timedelta(days=youtube_analytics.LAG_DAYS + 1)
FIRST, LAST = TODAY - timedelta(days=28), TODAY - timedelta(days=1)


@pytest.fixture
def channel(sandbox: Sandbox) -> Channel:
    return named(sandbox, "boltbench")


@pytest.fixture
async def tokens(connectable: Platform, channel: Channel) -> Tokens:
    assert isinstance(connectable.oauth, Google)
    return await sign_in(connectable.oauth, channel)


@pytest.fixture
def own(connectable: Platform, channel: Channel, tokens: Tokens) -> OwnChannel:
    return own_channel(connectable, channel, tokens)


async def every(batches: AsyncIterator[Sequence[PostResult]]) -> dict[str, PostResult]:
    return {result.external_id: result async for batch in batches for result in batch}


def told(insights: Sequence[Insight], period: str, post: str | None = None) -> dict[tuple[str, str | None], Insight]:
    found = [one for one in insights if one.period == period and one.post_id == post]
    assert len({(one.metric, one.day) for one in found}) == len(found)
    return {(one.metric, one.day): one for one in found}


def test_it_reads_what_its_port_says(own: OwnChannel, connectable: Platform) -> None:
    for port in (ReadsAccount, ListsPosts, ReadsPosts, ReadsInsights):
        assert isinstance(own, port)
    (connected,) = connectable.connected
    assert connected.provider == "google" and own.configured
    assert (own.name, own.version, own.evidence) == (connected.name, connected.version, connected.evidence)
    assert len(own.name) <= 32 and own.account_numbers and own.post_numbers


# ---------------------------------------------------------------- account and posts


async def test_the_account(own: OwnChannel, channel: Channel, sandbox: Sandbox, ledger: Ledger) -> None:
    profile = await own.read_account(by_id(channel.id))
    assert (profile.external_id, profile.handle, profile.title) == (channel.id, "boltbench", channel.title)
    assert profile.metrics[Metric.VIEWS] == channel.views(sandbox.world.now)
    assert set(profile.metrics) <= own.account_numbers and not profile.missing
    assert ledger.spent == {"general": 1}
    (hit,) = [hit for hit in sandbox.journal.hits if hit.host == API]
    assert "mine=true" in hit.query and "key=" not in hit.query


async def test_a_sign_in_that_opens_another_channel(own: OwnChannel, sandbox: Sandbox) -> None:
    other = named(sandbox, "orbitnotes")
    with pytest.raises(Unauthorized, match="another channel"):
        await own.read_account(by_id(other.id))
    with pytest.raises(NeedsAction, match="account that owns the channel"):
        await own.read_insights(other.id, posts=[])


async def test_a_channel_that_was_closed(own: OwnChannel, channel: Channel, sandbox: Sandbox) -> None:
    sandbox.edit("terminate", channel="boltbench")
    with pytest.raises(Gone):
        await own.read_account(by_id(channel.id))


async def test_private_posts_are_the_owners_too(
    own: OwnChannel, channel: Channel, sandbox: Sandbox, youtube: Platform
) -> None:
    newest, second, third = channel.listed(sandbox.world.now)[:3]
    sandbox.edit("make_private", video=second.id)
    sandbox.edit("delete", video=third.id)
    readings = await every(own.list_posts(by_id(channel.id), limit=5, known=frozenset()))
    assert list(readings)[:2] == [newest.id, second.id] and third.id not in readings and len(readings) == 5
    private = readings[second.id]
    assert isinstance(private, PostReading) and private.state is PostState.PRIVATE
    assert private.metrics[Metric.VIEWS] == second.views(sandbox.world.now) > 0 and private.title == second.title
    again = await every(own.read_posts(by_id(channel.id), [second.id, newest.id]))
    assert again[second.id] == private
    api = youtube.sources[0]  # with a key, as everybody
    assert isinstance(api, ListsPosts)
    assert second.id not in await every(api.list_posts(by_id(channel.id), limit=5, known=frozenset()))


async def test_unlisted_posts_say_so(own: OwnChannel, channel: Channel, sandbox: Sandbox, tokens: Tokens) -> None:
    post = channel.listed(sandbox.world.now)[0]
    answer = await asked(sandbox, tokens, API, "/youtube/v3/videos", part="snippet,status,statistics", id=post.id)
    answer["items"][0]["status"]["privacyStatus"] = "unlisted"
    replay(sandbox, API, "/youtube/v3/videos", answer)
    reading = (await every(own.read_posts(by_id(channel.id), [post.id])))[post.id]
    assert isinstance(reading, PostReading) and reading.state is PostState.UNLISTED
    assert reading.metrics[Metric.VIEWS] == post.views(sandbox.world.now)


# ---------------------------------------------------------------- YouTube Analytics


async def test_the_channel_day_by_day(own: OwnChannel, channel: Channel, sandbox: Sandbox, ledger: Ledger) -> None:
    days = told(await own.read_insights(channel.id, posts=[]), "day")
    asked_for = [(FIRST + timedelta(days=n)).isoformat() for n in range(28)]
    assert sorted({day for _, day in days if day}) == asked_for and asked_for[-1] == LAST.isoformat()
    posts = channel.known(sandbox.world.now)
    for day in (FIRST, FIRST + timedelta(days=13), NEWEST):
        truth = youtube_analytics.numbers(channel, posts, day, day)
        for metric, column in (
            ("views", "views"),
            ("estimated_minutes_watched", "estimatedMinutesWatched"),
            ("average_view_duration", "averageViewDuration"),
            ("subscribers_gained", "subscribersGained"),
            ("subscribers_lost", "subscribersLost"),
            ("likes", "likes"),
            ("shares", "shares"),
        ):
            one = days[metric, day.isoformat()]
            assert (one.value, one.missing) == (truth[column], None), metric
    assert days["views", NEWEST.isoformat()].value
    assert ledger.spent == {"analytics": 2}


async def test_the_last_days_are_not_there_yet_and_never_0(own: OwnChannel, channel: Channel) -> None:
    days = told(await own.read_insights(channel.id, posts=[]), "day")
    late = [one for one in days.values() if one.day and date.fromisoformat(one.day) > NEWEST]
    assert len(late) == 2 * 7 and all((one.value, one.missing) == (None, Missing.NOT_YET) for one in late)
    assert all(one.missing is None for one in days.values() if one not in late)


async def test_a_hole_is_no_0_either(own: OwnChannel, channel: Channel, sandbox: Sandbox, tokens: Tokens) -> None:
    answer = await report(sandbox, tokens, channel, dimensions="day")
    hole = answer["rows"].pop(9)[0]
    answer["rows"][0] = [*reversed(answer["rows"][0])]  # and another order of columns, as the header says
    answer["rows"] = [answer["rows"][0]] + [[*reversed(row)] for row in answer["rows"][1:]]
    answer["columnHeaders"].reverse()
    replay(sandbox, ANALYTICS, "/v2/reports", answer, dimensions="day")
    days = told(await own.read_insights(channel.id, posts=[]), "day")
    truth = youtube_analytics.numbers(channel, channel.known(sandbox.world.now), FIRST, FIRST)
    assert days["views", FIRST.isoformat()].value == truth["views"]
    assert days["shares", FIRST.isoformat()].value == truth["shares"]
    assert {(one.value, one.missing) for one in days.values() if one.day == hole} == {(None, Missing.NOT_GIVEN)}


async def test_28_days_as_one_for_the_channel_and_each_video(
    own: OwnChannel, channel: Channel, sandbox: Sandbox, ledger: Ledger
) -> None:
    listed = channel.listed(sandbox.world.now)
    posts = [post for post in listed if post.started < youtube_analytics.midnight(NEWEST)][:3]
    insights = await own.read_insights(channel.id, posts=[*(post.id for post in posts), posts[0].id, "of/nobody"])
    first, day = NEWEST - timedelta(days=27), NEWEST.isoformat()
    whole = told(insights, "days_28")
    truth = youtube_analytics.numbers(channel, channel.known(sandbox.world.now), first, NEWEST)
    assert {metric for metric, _ in whole} == {metric for metric, _ in told(insights, "day")}
    assert whole["views", day].value == truth["views"] > 0
    assert whole["average_view_duration", day].value == truth["averageViewDuration"] > 0
    for post in posts:
        truth = youtube_analytics.numbers(None, [post], first, NEWEST)
        mine = told(insights, "days_28", post.id)
        assert mine["views", day].value == truth["views"] and mine["shares", day].value == truth["shares"]
    assert {one.post_id for one in insights} == {None, *(post.id for post in posts)}
    assert ledger.spent == {"analytics": 3}


async def test_a_video_without_a_row(own: OwnChannel, channel: Channel, sandbox: Sandbox) -> None:
    gone = channel.listed(sandbox.world.now)[0]
    sandbox.edit("delete", video=gone.id)
    mine = told(await own.read_insights(channel.id, posts=[gone.id]), "days_28", gone.id)
    assert len(mine) == 7
    assert {(one.value, one.missing) for one in mine.values()} == {(None, Missing.NOT_GIVEN)}


async def test_many_videos_in_reports_of_100(own: OwnChannel, channel: Channel, ledger: Ledger) -> None:
    insights = await own.read_insights(channel.id, posts=[f"{n:011}" for n in range(250)])
    assert len({one.post_id for one in insights} - {None}) == 250 and ledger.spent == {"analytics": 5}


async def test_a_channel_without_any_numbers(own: OwnChannel, channel: Channel, sandbox: Sandbox) -> None:
    empty = {"kind": "youtubeAnalytics#resultTable", "columnHeaders": [{"name": "day"}, {"name": "views"}]}
    replay(sandbox, ANALYTICS, "/v2/reports", empty)
    insights = await own.read_insights(channel.id, posts=["x" * 11])
    assert all(one.value is None and one.missing is not None for one in insights)
    days = told(insights, "day")
    assert days["views", LAST.isoformat()].missing is Missing.NOT_YET
    assert days["views", FIRST.isoformat()].missing is Missing.NOT_GIVEN  # it will not come any more
    assert len(told(insights, "days_28")) == 7


# ---------------------------------------------------------------- what goes wrong


async def test_a_token_that_is_over(own: OwnChannel, channel: Channel, sandbox: Sandbox) -> None:
    sandbox.clock.advance(ACCESS_SECONDS + 1)
    for reading in (
        own.read_account(by_id(channel.id)),
        every(own.list_posts(by_id(channel.id), limit=5, known=frozenset())),
        own.read_insights(channel.id, posts=[]),
    ):
        with pytest.raises(Unauthorized, match="Connect the channel again"):
            await reading


async def test_a_permission_that_was_left_out(
    connectable: Platform, channel: Channel, sandbox: Sandbox, ledger: Ledger
) -> None:
    assert isinstance(connectable.oauth, Google)
    tokens = await sign_in(connectable.oauth, channel, leave_out=("yt-analytics.readonly",))
    ours = own_channel(connectable, channel, tokens)
    assert (await ours.read_account(by_id(channel.id))).metrics[Metric.VIEWS]
    with pytest.raises(NeedsAction, match="leave every box ticked"):
        await ours.read_insights(channel.id, posts=[])
    assert ledger.spent == {"general": 1}  # it was known without asking
    (connected,) = connectable.connected
    unsaid = connected.with_credential(Credential("google", channel.id, tokens.access, channel.id))
    assert isinstance(unsaid, OwnChannel)
    with pytest.raises(NeedsAction, match="leave every box ticked"):
        await unsaid.read_insights(channel.id, posts=[])


async def test_an_api_that_is_switched_off(own: OwnChannel, channel: Channel, sandbox: Sandbox) -> None:
    sandbox.edit("raise_flag", flag="youtube.analytics_disabled")
    with pytest.raises(NeedsAction, match="Switch both on"):
        await own.read_insights(channel.id, posts=[])
    assert (await own.read_account(by_id(channel.id))).metrics[Metric.VIEWS]
    sandbox.switch("youtube-api-disabled", True)
    with pytest.raises(NeedsAction, match="Switch both on"):
        await own.read_account(by_id(channel.id))


async def test_our_own_ledger_stops_before_the_call(own: OwnChannel, channel: Channel, ledger: Ledger) -> None:
    ledger.left = 1
    with pytest.raises(QuotaSpent):
        await own.read_insights(channel.id, posts=[])
    assert ledger.spent == {"analytics": 1}


def error(status: int, reason: str, **more: object) -> dict[str, Any]:
    said = {"message": f"about {reason}", "domain": "global", "reason": reason}
    return {"error": {"code": status, "message": f"about {reason}", "errors": [said], **more}}


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (401, error(401, "authError"), Unauthorized),
        (401, error(401, "youtubeSignupRequired"), Unauthorized),
        (401, None, Unauthorized),
        (403, error(403, "insufficientPermissions"), NeedsAction),
        (403, error(403, "forbidden"), NeedsAction),
        (403, error(403, "accessNotConfigured"), NeedsAction),
        (403, error(403, "quotaExceeded"), QuotaSpent),
        (403, error(403, "userRateLimitExceeded"), RetryAfter),
        (429, error(429, "rateLimitExceeded"), RetryAfter),
        (503, None, RetryAfter),
        (400, error(400, "badRequest"), Changed),
        (200, None, Changed),
        (200, {"kind": "youtube#groupListResponse", "items": []}, Changed),
        (200, {"kind": "youtubeAnalytics#resultTable", "errors": {"code": "BAD_REQUEST"}}, Changed),
    ],
)
async def test_failures_in_words(
    own: OwnChannel, channel: Channel, sandbox: Sandbox, tokens: Tokens, status: int, answer: Any, kind: type
) -> None:
    headers = {"content-type": "application/json"}
    if status == 401:  # as recorded, without quotes
        headers["www-authenticate"] = 'Bearer realm="https://accounts.google.com/", error=invalid_token'
    body = b"<!doctype html>" if answer is None else json.dumps(answer).encode()
    sandbox.replay.add(ANALYTICS, "GET", "/v2/reports", status=status, headers=headers, body=body)
    with pytest.raises(PlatformError) as met:
        await own.read_insights(channel.id, posts=[])
    assert type(met.value) is kind
    assert "about " not in str(met.value) and tokens.access not in str(met.value) + repr(met.value.params)


async def test_the_network(own: OwnChannel, channel: Channel, sandbox: Sandbox) -> None:
    for behaviour in ({"reset": True}, {"truncate_after": 30}):
        sandbox.fault(ANALYTICS, times=-1, **behaviour)
        with pytest.raises(RetryAfter):
            await own.read_insights(channel.id, posts=[])
        sandbox.faults.clear()
    assert await own.read_insights(channel.id, posts=[])


# ---------------------------------------------------------------- answers to change


async def asked(sandbox: Sandbox, tokens: Tokens, host: str, path: str, **query: str) -> Any:
    """The sandbox's answer itself."""
    ca = str(sandbox.certificates.ca)
    async with httpx.AsyncClient(proxy=sandbox.proxy_url, verify=ssl.create_default_context(cafile=ca)) as http:
        answer = await http.get(
            f"https://{host}{path}", params=query, headers={"authorization": f"Bearer {tokens.access}"}
        )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def report(sandbox: Sandbox, tokens: Tokens, channel: Channel, **more: str) -> Any:
    query = {"ids": f"channel=={channel.id}", "startDate": FIRST.isoformat(), "endDate": LAST.isoformat()}
    metrics = "views,estimatedMinutesWatched,averageViewDuration,subscribersGained,subscribersLost,likes,shares"
    return await asked(sandbox, tokens, ANALYTICS, "/v2/reports", **query, metrics=metrics, **more)


def replay(sandbox: Sandbox, host: str, path: str, answer: object, **query: str) -> None:
    sandbox.replay.add(host, "GET", path, query, body=json.dumps(answer).encode())
