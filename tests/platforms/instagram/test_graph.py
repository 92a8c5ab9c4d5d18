"""Instagram through Meta's Graph API: the connected account, and others through business discovery."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.ports.connections import Credential, Insight, ReadsInsights, ReadsStories
from app.domain.ports.errors import Changed, Gone, PlatformError, RetryAfter, Unauthorized, Unsupported
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts
from app.domain.ports.values import Format, Metric, Missing, PostGone, PostReading, PostState, Ref, RefKind
from app.platforms.instagram import platform, words
from app.platforms.instagram.graph import STORY_METRICS, OtherAccounts, OwnAccountWithStories
from app.platforms.instagram.pages import PublicPages
from app.platforms.kit import words as kit_words
from sandbox.core import Sandbox
from sandbox.growth import DAY
from sandbox.platforms import meta_numbers
from sandbox.platforms.meta_login import LONG_SECONDS, PROVIDER, people
from tests.platforms.conftest import MeansOf
from tests.platforms.instagram.conftest import by_name, channel_of, collected, ref_of

HOST = "graph.facebook.com"
SCOPES = ("instagram_basic", "instagram_manage_insights", "pages_show_list")


@pytest.fixture
def credential(sandbox: Sandbox) -> Credential:
    return credential_of(sandbox)


def credential_of(sandbox: Sandbox) -> Credential:
    """What the connection of @kettleandpine's owner gives."""
    channel = channel_of(sandbox)
    issued = sandbox.world.grants.give(
        PROVIDER,
        subject=people(sandbox.world)[0].id,
        scopes=SCOPES,
        moment=sandbox.world.now,
        access_seconds=LONG_SECONDS,
    )
    return Credential(PROVIDER, meta_numbers.graph_id(channel), issued.access, channel.id, SCOPES)


@pytest.fixture
def own(instagram: Platform, credential: Credential) -> OwnAccountWithStories:
    source = instagram.connected[0].with_credential(credential)
    assert isinstance(source, OwnAccountWithStories)
    return source


@pytest.fixture
def others(instagram: Platform, credential: Credential) -> OtherAccounts:
    source = instagram.connected[1].with_credential(credential)
    assert isinstance(source, OtherAccounts)
    return source


def test_what_the_sources_can(instagram: Platform, own: OwnAccountWithStories, others: OtherAccounts) -> None:
    for port in (ReadsAccount, ListsPosts, ReadsPosts, ReadsInsights, ReadsStories):
        assert isinstance(own, port)
    assert isinstance(others, ReadsAccount) and isinstance(others, ListsPosts)
    assert not isinstance(others, ReadsInsights) and not isinstance(others, ReadsStories)
    assert {source.provider for source in instagram.connected} == {PROVIDER}


async def test_the_own_account_is_the_public_one(
    sandbox: Sandbox, own: OwnAccountWithStories, web: PublicPages
) -> None:
    profile = await own.read_account(ref_of(sandbox))
    public = await web.read_account(by_name())
    assert (profile.external_id, profile.handle, profile.metrics) == (
        public.external_id,
        public.handle,
        public.metrics,
    )


async def test_own_posts_with_insights(sandbox: Sandbox, own: OwnAccountWithStories) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    results = await collected(own.list_posts(ref_of(sandbox), limit=40, known=frozenset()))
    posts = channel.listed(now)[:40]
    assert [result.external_id for result in results] == [post.id for post in posts]
    for result, post in zip(results, posts, strict=True):
        assert isinstance(result, PostReading)
        reel = post.format == "video"
        assert result.format is (Format.SHORT if reel else Format.PHOTO)
        assert result.metrics == {
            Metric.VIEWS: post.views(now) if reel else None,
            Metric.LIKES: post.likes(now),
            Metric.COMMENTS: None if post.comments_off else post.comments(now),
            Metric.SHARES: post.shares(now),
            Metric.SAVES: post.saves(now),
        }
        assert result.missing.get(Metric.VIEWS) is (None if reel else Missing.NOT_PUBLISHED)
        assert result.published_at == datetime.fromtimestamp(int(post.at), UTC)
    calls = [hit for hit in sandbox.journal.hits if hit.host == HOST]
    assert len(calls) == 2  # two pages, the insights with them


async def test_the_same_posts_as_the_public_ones(
    sandbox: Sandbox, own: OwnAccountWithStories, web: PublicPages
) -> None:
    mine = await collected(own.list_posts(ref_of(sandbox), limit=6, known=frozenset()))
    public = await collected(web.list_posts(ref_of(sandbox), limit=6, known=frozenset()))
    for a, b in zip(mine, public, strict=True):
        assert isinstance(a, PostReading) and isinstance(b, PostReading)
        assert (a.external_id, a.url, a.title, a.format, a.published_at) == (
            b.external_id,
            b.url,
            b.title,
            b.format,
            b.published_at,
        )
        for metric in (Metric.VIEWS, Metric.LIKES, Metric.COMMENTS):
            assert a.metrics[metric] == b.metrics[metric], metric


async def test_hidden_likes(sandbox: Sandbox, own: OwnAccountWithStories) -> None:
    post = channel_of(sandbox).listed(sandbox.world.now)[0]
    sandbox.edit("hide_likes", video=f"instagram:{post.id}")
    [result] = await collected(own.list_posts(ref_of(sandbox), limit=1, known=frozenset()))
    assert isinstance(result, PostReading)
    assert result.metrics[Metric.LIKES] is None and result.missing[Metric.LIKES] is Missing.HIDDEN


async def test_posts_by_id_and_one_that_is_gone(sandbox: Sandbox, own: OwnAccountWithStories) -> None:
    posts = channel_of(sandbox).listed(sandbox.world.now)
    asked = [posts[40].id, posts[2].id, posts[0].id]
    sandbox.edit("delete", video=f"instagram:{posts[2].id}")
    results = await collected(own.read_posts(ref_of(sandbox), asked))
    found = {result.external_id: result for result in results}
    assert len(results) == 3 and set(found) == set(asked)
    assert found[posts[2].id] == PostGone(posts[2].id, PostState.DELETED)
    assert isinstance(found[posts[40].id], PostReading)


async def test_posts_from_before_the_business_account(sandbox: Sandbox, own: OwnAccountWithStories) -> None:
    sandbox.switch("instagram-just-converted", True)
    channel, now = channel_of(sandbox), sandbox.world.now
    results = await collected(own.list_posts(ref_of(sandbox), limit=10, known=frozenset()))
    posts = channel.listed(now)[:10]
    older = [post for post in posts if post.at < now - DAY]
    assert older and len(results) == len(posts)
    told = await own.read_insights(channel.id, posts=[post.id for post in posts])
    for result, post in zip(results, posts, strict=True):
        assert isinstance(result, PostReading)
        assert result.metrics[Metric.LIKES] == post.likes(now)  # the rest of the post is read
        reach = next(i for i in told if i.post_id == post.id and i.metric == "reach")
        if post in older:
            assert result.metrics[Metric.SAVES] is None
            assert result.missing[Metric.SAVES] is Missing.NOT_PUBLISHED
            assert reach.value is None and reach.missing is Missing.NOT_PUBLISHED
        else:
            assert result.metrics[Metric.SAVES] == post.saves(now) and reach.value


async def test_insights(sandbox: Sandbox, own: OwnAccountWithStories) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    posts = channel.listed(now)[:3]
    await collected(own.list_posts(ref_of(sandbox), limit=3, known=frozenset()))
    before = len(sandbox.journal.hits)
    told = await own.read_insights(channel.id, posts=[post.id for post in posts])
    asked = list(sandbox.journal.hits)[before:]
    assert not any(hit.path.endswith("/media") for hit in asked)  # what the list already gave is not asked for again
    of_account = [insight for insight in told if insight.post_id is None]
    days = sorted({insight.day for insight in of_account if insight.day})
    assert days == ["2026-10-31", "2026-11-01"]
    for day in days:
        mine = {insight.metric: insight for insight in of_account if insight.day == day}
        start = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() + 7 * 3600
        length = 25 * 3600 if day == "2026-11-01" else DAY  # the clocks went back in California
        seen = channel.views(start + length) - channel.views(start)
        assert mine["views"].value == seen
        assert mine["views.post"].value + mine["views.reel"].value == seen  # type: ignore[operator]
        assert mine["reach"].value and mine["profile_views"].value is not None
        assert mine["impressions"].value is None and mine["impressions"].missing is Missing.NOT_PUBLISHED
        assert mine["website_clicks"].missing is Missing.NOT_PUBLISHED  # refused, and only that one
        assert {insight.period for insight in mine.values()} == {"day"}
    for post in posts:
        mine = {insight.metric: insight for insight in told if insight.post_id == post.id}
        assert mine["reach"].value == int(post.views(now) * 0.78) and mine["views"].value == post.views(now)
        assert mine["saved"].value == post.saves(now) and mine["impressions"].missing is Missing.NOT_PUBLISHED


async def test_a_metric_that_is_refused_is_not_asked_for_all_the_time(
    sandbox: Sandbox, own: OwnAccountWithStories
) -> None:
    async def calls() -> int:
        before = len(sandbox.journal.hits)
        await own.read_insights(channel_of(sandbox).id, posts=[])
        return len(sandbox.journal.hits) - before

    assert await calls() > 4
    assert await calls() == 4
    sandbox.clock.advance(25 * 3600)
    assert await calls() > 4


async def test_insights_of_posts_that_were_not_listed(sandbox: Sandbox, own: OwnAccountWithStories) -> None:
    post = channel_of(sandbox).listed(sandbox.world.now)[30]
    told = await own.read_insights(channel_of(sandbox).id, posts=[post.id])
    assert next(i for i in told if i.metric == "saved").value == post.saves(sandbox.world.now)


async def test_stories_while_they_can_be_seen(sandbox: Sandbox, own: OwnAccountWithStories) -> None:
    channel = channel_of(sandbox)
    seen = meta_numbers.stories_of(channel, sandbox.world.now)
    stories = await own.read_stories(channel.id)
    assert [story.external_id for story in stories] == [key for key, _ in seen]
    for story, (_, at) in zip(stories, seen, strict=True):
        assert story.published_at == datetime.fromtimestamp(at, UTC)
        assert story.expires_at - story.published_at == timedelta(hours=24)
        assert story.metrics["views"] == meta_numbers.story_views(channel, at, sandbox.world.now)
        assert set(story.metrics) == {*STORY_METRICS, "impressions"}
        assert story.missing == {"impressions": Missing.NOT_PUBLISHED}
        assert story.thumbnail_url and story.url.startswith("https://www.instagram.com/stories/kettleandpine/")
    assert {story.format for story in stories} == {"photo", "video"}
    sandbox.clock.advance(2 * DAY)
    later = {story.external_id for story in await own.read_stories(channel.id)}
    assert later and not later & {key for key, _ in seen}


async def test_a_story_that_few_have_seen(sandbox: Sandbox, own: OwnAccountWithStories) -> None:
    channel = channel_of(sandbox)
    key, at = meta_numbers.stories_of(channel, sandbox.world.now + 9 * 3600)[0]
    sandbox.clock.set(at + 1)
    story = (await own.read_stories(channel.id))[0]
    assert story.external_id == key
    assert story.metrics["reach"] is None and story.missing["reach"] is Missing.NOT_YET


def test_stories_can_be_switched_off(means: MeansOf, credential: Credential) -> None:
    quiet = platform(means(instagram_stories_collection_enabled="False")).connected[0].with_credential(credential)
    assert isinstance(quiet, ReadsInsights) and not isinstance(quiet, ReadsStories)


async def test_the_connection_opens_its_own_account_only(sandbox: Sandbox, own: OwnAccountWithStories) -> None:
    stranger = ref_of(sandbox, "seconddraft.studio")
    for ask in (
        lambda: own.read_account(stranger),
        lambda: collected(own.list_posts(stranger, limit=3, known=frozenset())),
        lambda: collected(own.read_posts(stranger, ["AAAAAAAAAAA"])),
        lambda: own.read_insights(stranger.value, posts=[]),
        lambda: own.read_stories(stranger.value),
    ):
        with pytest.raises(Unsupported):
            await ask()


async def test_without_the_old_ids(sandbox: Sandbox, own: OwnAccountWithStories, others: OtherAccounts) -> None:
    sandbox.world.flags.add("meta.no_old_ids")
    assert (await own.read_account(ref_of(sandbox))).external_id == channel_of(sandbox).id
    assert (await others.read_account(by_name("north.loom"))).handle == "north.loom"


# ---------------------------------------------------------------- business discovery


async def test_another_business_account(sandbox: Sandbox, others: OtherAccounts) -> None:
    channel, now = channel_of(sandbox, "seconddraft.studio"), sandbox.world.now
    for ref in (by_name("seconddraft.studio"), ref_of(sandbox, "seconddraft.studio")):
        profile = await others.read_account(ref)
        assert profile.external_id == channel.id and profile.metrics[Metric.FOLLOWERS] == channel.subscribers(now)
    results = await collected(others.list_posts(ref_of(sandbox, "seconddraft.studio"), limit=60, known=frozenset()))
    posts = channel.listed(now)[:60]
    assert [result.external_id for result in results] == [post.id for post in posts]
    for result, post in zip(results, posts, strict=True):
        assert isinstance(result, PostReading)
        assert result.metrics[Metric.LIKES] == (None if post.likes_hidden else post.likes(now))
        assert result.metrics[Metric.VIEWS] == (post.views(now) if post.format == "video" else None)
        assert result.missing[Metric.SAVES] is Missing.NOT_GIVEN


async def test_whom_business_discovery_does_not_find(sandbox: Sandbox, others: OtherAccounts) -> None:
    for name in ("balkonlab", "nobody.has.this"):
        with pytest.raises(Unsupported) as error:
            await others.read_account(by_name(name))
        assert error.value.message == words.NOT_BUSINESS
    with pytest.raises(Unsupported) as error:
        await others.read_account(Ref("instagram", RefKind.ID, "123456789012"))
    assert error.value.message == words.ONLY_BY_NAME
    with pytest.raises(Unsupported):  # its own account is read directly
        await others.read_account(ref_of(sandbox))
    stale = Ref("instagram", RefKind.ID, channel_of(sandbox, "balkonlab").id, "north.loom")
    with pytest.raises(Gone):
        await others.read_account(stale)
    with pytest.raises(Gone):
        await collected(others.list_posts(stale, limit=3, known=frozenset()))


# ---------------------------------------------------------------- failures

FAILURES: list[tuple[Callable[[Sandbox], object], type[PlatformError], str]] = [
    (lambda s: s.switch("instagram-token-expired", True), Unauthorized, words.RECONNECT),
    (lambda s: s.edit("expire_tokens", provider=PROVIDER), Unauthorized, words.RECONNECT),
    (lambda s: s.edit("revoke_grants", provider=PROVIDER), Unauthorized, words.RECONNECT),
    (lambda s: s.switch("instagram-too-many-calls", True), RetryAfter, words.TOO_MANY_CALLS),
    (lambda s: s.switch("instagram-graph-503", True), RetryAfter, kit_words.UNWELL),
    (lambda s: s.world.flags.add("meta.unwell"), RetryAfter, kit_words.UNWELL),
    (lambda s: s.fault(HOST, status=200, body="<html>", times=-1), Changed, kit_words.CHANGED),
    (lambda s: s.fault(HOST, status=400, body="<html>", times=-1), Changed, kit_words.CHANGED),
    (lambda s: s.fault(HOST, truncate_after=20, times=-1), RetryAfter, kit_words.BROKE_OFF),
    (lambda s: s.fault(HOST, reset=True, times=-1), RetryAfter, kit_words.BROKE_OFF),
]


@pytest.mark.parametrize(("harm", "kind", "message"), FAILURES)
async def test_failures(
    sandbox: Sandbox, own: OwnAccountWithStories, harm: Callable[[Sandbox], object], kind: type[PlatformError],
    message: str,
) -> None:  # fmt: skip
    await own.read_account(ref_of(sandbox))
    harm(sandbox)
    for ask in (
        lambda: own.read_account(ref_of(sandbox)),
        lambda: collected(own.list_posts(ref_of(sandbox), limit=3, known=frozenset())),
        lambda: own.read_insights(channel_of(sandbox).id, posts=[]),
        lambda: own.read_stories(channel_of(sandbox).id),
    ):
        with pytest.raises(PlatformError) as error:
            await ask()
        assert isinstance(error.value, kind), error.value
        assert error.value.message in (message, kit_words.UNREACHABLE)


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        *((code, None, RetryAfter) for code in (1, 2, 4, 17, 32, 613, 80002)),
        *((code, None, Unauthorized) for code in (10, 102, 190, 200, 299)),
        (190, 460, Unauthorized),
        (100, None, Changed),
        (100, 33, Gone),
        (999, None, Changed),
    ],
)
async def test_what_each_code_means(
    sandbox: Sandbox, own: OwnAccountWithStories, code: int, subcode: int | None, kind: type[PlatformError]
) -> None:
    more = f', "error_subcode": {subcode}' if subcode else ""
    body = f'{{"error": {{"message": "(#{code}) with EAAsecret", "type": "OAuthException", "code": {code}{more}}}}}'
    sandbox.fault(HOST, status=400, body=body, times=-1)
    with pytest.raises(PlatformError) as error:
        await own.read_account(ref_of(sandbox))
    assert type(error.value) is kind
    assert "EAAsecret" not in str(error.value)


async def test_meta_says_when_calls_are_taken_again(sandbox: Sandbox, own: OwnAccountWithStories) -> None:
    sandbox.switch("instagram-too-many-calls", True)
    with pytest.raises(RetryAfter) as error:
        await own.read_account(ref_of(sandbox))
    assert (error.value.until - sandbox.clock.moment).total_seconds() == pytest.approx(17 * 60, abs=5)


async def test_no_token_stands_in_an_address(
    sandbox: Sandbox, own: OwnAccountWithStories, others: OtherAccounts, credential: Credential
) -> None:
    await own.read_insights(channel_of(sandbox).id, posts=[])
    await collected(own.list_posts(ref_of(sandbox), limit=60, known=frozenset()))
    await others.read_account(by_name("north.loom"))
    assert not [hit for hit in sandbox.journal.hits if credential.secret in hit.query + hit.path]


def test_an_insight_without_a_value_has_a_reason() -> None:
    from app.platforms.instagram.parse_graph import insights
    from app.platforms.kit import Node

    data = [{"name": "reach", "period": "day", "values": [{"value": None}, {"value": 0}, {"value": "7"}]}]
    assert insights(Node(data, "Instagram")) == [
        Insight("reach", None, "day", None, None, Missing.NOT_GIVEN),
        Insight("reach", 0.0, "day"),
        Insight("reach", None, "day", None, None, Missing.UNREADABLE),
    ]
