"""Instagram's pages through instaloader: what they give, and what each failure means."""

from datetime import UTC, datetime

import pytest

from app.domain.ports.errors import Blocked, Changed, Gone, NeedsAction, PlatformError, RetryAfter
from app.domain.ports.values import Format, Metric, Missing, PostGone, PostReading, PostState, Ref, RefKind
from app.platforms.instagram import platform, words
from app.platforms.instagram.pages import PublicPages, SessionPages
from app.platforms.kit import words as kit_words
from sandbox.core import Sandbox
from sandbox.platforms.instagram_web import READER
from tests.platforms.conftest import MeansOf, no_means
from tests.platforms.instagram.conftest import by_name, channel_of, collected, ref_of

SITE = "www.instagram.com"


@pytest.fixture(params=["web", "session"])
def pages(request: pytest.FixtureRequest, web: PublicPages, session: SessionPages) -> PublicPages:
    return web if request.param == "web" else session


async def test_an_account_by_name_id_and_post(sandbox: Sandbox, pages: PublicPages) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    post = channel.listed(now)[0]
    for ref in (by_name(), ref_of(sandbox), Ref("instagram", RefKind.POST, post.id)):
        profile = await pages.read_account(ref)
        assert (profile.external_id, profile.handle, profile.title) == (channel.id, "kettleandpine", channel.title)
        assert profile.metrics == {
            Metric.FOLLOWERS: channel.subscribers(now),
            Metric.FOLLOWING: 87 + len("instagram:kettle"),
            Metric.POSTS: len(channel.listed(now)),
        }
        assert not profile.missing
        assert profile.url == "https://www.instagram.com/kettleandpine/"
        assert profile.avatar_url and profile.avatar_url.startswith("https://scontent.cdninstagram.com/")


async def test_posts_with_their_numbers(sandbox: Sandbox, pages: PublicPages) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    results = await collected(pages.list_posts(ref_of(sandbox), limit=12, known=frozenset()))
    expected = channel.listed(now)[:12]
    assert [result.external_id for result in results] == [post.id for post in expected]
    for result, post in zip(results, expected, strict=True):
        assert isinstance(result, PostReading)
        reel = post.format == "video"
        assert result.format is (Format.SHORT if reel else Format.PHOTO)
        assert result.metrics[Metric.LIKES] == post.likes(now)
        assert result.metrics[Metric.COMMENTS] == (None if post.comments_off else post.comments(now))
        assert result.metrics[Metric.VIEWS] == (post.views(now) if reel else None)
        assert result.missing.get(Metric.VIEWS) is (None if reel else Missing.NOT_PUBLISHED)
        assert result.missing[Metric.SAVES] is result.missing[Metric.SHARES] is Missing.NOT_GIVEN
        assert result.published_at == datetime.fromtimestamp(int(post.at), UTC)
        assert result.title.startswith(post.title) and result.duration == (post.duration if reel else None)
        assert result.url == f"https://www.instagram.com/{'reel' if reel else 'p'}/{post.id}/"
        assert result.thumbnail_url == f"https://scontent.cdninstagram.com/v/{post.id}.jpg"


async def test_a_visitor_lists_one_page_and_a_session_goes_on(
    sandbox: Sandbox, web: PublicPages, session: SessionPages
) -> None:
    ids = [post.id for post in channel_of(sandbox).listed(sandbox.world.now)[:30]]
    assert [r.external_id for r in await collected(web.list_posts(ref_of(sandbox), limit=30, known=frozenset()))] == (
        ids[:12]
    )
    found = [r.external_id for r in await collected(session.list_posts(ref_of(sandbox), limit=30, known=frozenset()))]
    assert found == ids


async def test_albums_are_photos_hidden_likes_are_hidden(sandbox: Sandbox, session: SessionPages) -> None:
    channel, now = channel_of(sandbox, "seconddraft.studio"), sandbox.world.now
    ref = ref_of(sandbox, "seconddraft.studio")
    results = await collected(session.list_posts(ref, limit=40, known=frozenset()))
    posts = channel.listed(now)[:40]
    hidden = [(r, p) for r, p in zip(results, posts, strict=True) if p.likes_hidden]
    assert hidden and any(post.format == "album" for post in posts)
    for result, post in zip(results, posts, strict=True):
        assert isinstance(result, PostReading)
        if post.format == "album":
            assert result.format is Format.PHOTO and result.missing[Metric.VIEWS] is Missing.NOT_PUBLISHED
        if post.likes_hidden:
            assert result.metrics[Metric.LIKES] is None and result.missing[Metric.LIKES] is Missing.HIDDEN
            if post.format == "video":
                assert result.missing[Metric.VIEWS] is Missing.HIDDEN


async def test_posts_by_id(sandbox: Sandbox, pages: PublicPages) -> None:
    posts = channel_of(sandbox).listed(sandbox.world.now)[:9]
    sandbox.edit("delete", video=f"instagram:{posts[1].id}")
    sandbox.edit("comments_off", video=f"instagram:{posts[2].id}")
    asked = [post.id for post in posts]
    results = await collected(pages.read_posts(ref_of(sandbox), [*asked, asked[0]]))
    assert [result.external_id for result in results] == asked
    assert results[1] == PostGone(asked[1], PostState.DELETED)
    off = results[2]
    assert isinstance(off, PostReading)
    assert off.metrics[Metric.COMMENTS] is None and off.missing[Metric.COMMENTS] is Missing.OFF


async def test_an_account_that_is_gone(sandbox: Sandbox, pages: PublicPages) -> None:
    with pytest.raises(Gone):
        await pages.read_account(by_name("nobody.has.this"))
    with pytest.raises(Gone):
        await pages.read_account(Ref("instagram", RefKind.ID, "123456789012", "nobody.has.this"))
    with pytest.raises(Gone):
        await pages.read_account(Ref("instagram", RefKind.POST, "AAAAAAAAAAA"))
    assert (await pages.read_account(by_name())).handle == "kettleandpine"  # nothing broke by that


async def test_a_renamed_account_is_found_by_its_id(sandbox: Sandbox, pages: PublicPages) -> None:
    ref = ref_of(sandbox)
    sandbox.edit("rename_handle", channel="instagram:kettleandpine", handle="kettle.and.pine")
    profile = await pages.read_account(ref)
    assert (profile.external_id, profile.handle) == (ref.value, "kettle.and.pine")
    # and the name is taken by somebody else
    sandbox.edit("rename_handle", channel="instagram:balkonlab", handle="kettleandpine")
    assert (await pages.read_account(ref)).external_id == ref.value


async def test_a_name_in_other_hands_lists_nothing(sandbox: Sandbox, web: PublicPages) -> None:
    stale = Ref("instagram", RefKind.ID, channel_of(sandbox, "north.loom").id, "kettleandpine")
    with pytest.raises(Gone) as error:
        await collected(web.list_posts(stale, limit=3, known=frozenset()))
    assert error.value.message == words.CHANGED_HANDS


FAILURES: list[tuple[str, type[PlatformError], str]] = [
    ("429", RetryAfter, kit_words.TOO_FAST),
    ("503", RetryAfter, kit_words.UNWELL),
    ("login-page", Blocked, words.LOGIN_WALL),
    ("login-redirect", Blocked, words.LOGIN_WALL),
    ("layout-change", Changed, kit_words.CHANGED),
    ("truncated", RetryAfter, kit_words.BROKE_OFF),
    ("reset", RetryAfter, kit_words.UNREACHABLE),
]


@pytest.mark.parametrize(("preset", "kind", "message"), FAILURES)
async def test_failures_of_pages(
    sandbox: Sandbox, web: PublicPages, preset: str, kind: type[PlatformError], message: str
) -> None:
    assert (await web.read_account(by_name())).handle == "kettleandpine"
    sandbox.switch(f"instagram-{preset}", True)
    for reading in (
        web.read_account(by_name()),
        collected(web.list_posts(ref_of(sandbox), limit=3, known=frozenset())),
    ):
        with pytest.raises(PlatformError) as error:
            await reading
        assert (type(error.value), error.value.message) == (kind, message), error.value
    sandbox.switch(f"instagram-{preset}", False)
    assert (await web.read_account(by_name())).handle == "kettleandpine"


async def test_a_retry_after_is_honoured(sandbox: Sandbox, web: PublicPages) -> None:
    sandbox.fault(SITE, status=429, headers={"retry-after": "7200"}, times=-1)
    with pytest.raises(RetryAfter) as error:
        await web.read_account(by_name())
    assert (error.value.until - sandbox.clock.moment).total_seconds() == pytest.approx(7200, abs=5)


async def test_please_wait_is_a_pause_and_then_blocked(sandbox: Sandbox, web: PublicPages) -> None:
    codes = [post.id for post in channel_of(sandbox).listed(sandbox.world.now)[:2]]
    sandbox.switch("instagram-please-wait", True)
    kinds = []
    for _ in range(3):
        with pytest.raises(PlatformError) as error:
            await collected(web.read_posts(ref_of(sandbox), codes))
        kinds.append((type(error.value), error.value.message))
    assert kinds == [(RetryAfter, words.PLEASE_WAIT)] * 2 + [(Blocked, words.KEEPS_REFUSING)]
    sandbox.switch("instagram-please-wait", False)
    assert len(await collected(web.read_posts(ref_of(sandbox), codes))) == 2
    sandbox.switch("instagram-please-wait", True)
    with pytest.raises(RetryAfter):  # a good answer in between, and the count begins anew
        await collected(web.read_posts(ref_of(sandbox), codes))


async def test_what_was_read_before_a_refusal_is_kept(sandbox: Sandbox, web: PublicPages) -> None:
    answer = '{"message": "Please wait a few minutes before you try again.", "status": "fail"}'
    sandbox.fault(SITE, "^/api/graphql$", status=401, body=answer, skip=4, times=-1)
    batches = web.list_posts(ref_of(sandbox), limit=12, known=frozenset())
    assert len(await anext(batches)) == 4
    with pytest.raises(RetryAfter):
        await anext(batches)


async def test_one_odd_post_is_its_own_affair(sandbox: Sandbox, web: PublicPages) -> None:
    sandbox.fault(SITE, "^/api/graphql$", status=200, body='{"data": {"else": 1}}', skip=2)
    results = await collected(web.list_posts(ref_of(sandbox), limit=6, known=frozenset()))
    assert [getattr(result, "kind", "read") for result in results] == ["read", "read", "changed", *["read"] * 3]
    sandbox.fault(SITE, "^/api/graphql$", status=200, body='{"data": {"else": 1}}', times=-1)
    with pytest.raises(Changed):
        await collected(web.list_posts(ref_of(sandbox), limit=6, known=frozenset()))


async def test_a_silent_host_is_not_waited_for(
    sandbox: Sandbox, web: PublicPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.platforms.instagram.wire.TIMEOUT", 0.3)
    sandbox.switch("instagram-silent", True)
    with pytest.raises(RetryAfter) as error:
        await web.read_account(by_name())
    assert error.value.message == kit_words.SILENT


# ---------------------------------------------------------------- the session


async def logins(sandbox: Sandbox) -> int:
    return sum("accounts/login/ajax" in hit.path for hit in sandbox.journal.hits)


@pytest.mark.parametrize(("preset", "message"), [("two-factor", words.TWO_FACTOR), ("checkpoint", words.CHECKPOINT)])
async def test_a_login_that_wants_a_person(sandbox: Sandbox, session: SessionPages, preset: str, message: str) -> None:
    sandbox.switch(f"instagram-{preset}", True)
    for _ in range(3):
        with pytest.raises(NeedsAction) as error:
            await session.read_account(by_name())
        assert error.value.message == message
    assert await logins(sandbox) == 1  # never again by itself


@pytest.mark.parametrize(("username", "password"), [(READER, "wrong"), ("somebody.else", "wrong")])
async def test_wrong_credentials(sandbox: Sandbox, means: MeansOf, username: str, password: str) -> None:
    wrong = means(instagram_public_pages="true", instagram_username=username, instagram_password=password)
    source = platform(wrong).sources[0]
    assert isinstance(source, SessionPages) and source.configured
    for _ in range(2):
        with pytest.raises(NeedsAction) as error:
            await source.read_account(by_name())
        assert error.value.message == words.WRONG_PASSWORD
    assert await logins(sandbox) == 1


@pytest.mark.parametrize(
    ("preset", "message"), [("session-ended", words.SESSION_ENDED), ("checkpoint", words.CHECKPOINT)]
)
async def test_a_session_that_ends(sandbox: Sandbox, session: SessionPages, preset: str, message: str) -> None:
    assert (await session.read_account(by_name())).handle == "kettleandpine"
    sandbox.switch(f"instagram-{preset}", True)
    for _ in range(2):
        with pytest.raises(NeedsAction) as error:
            await session.read_account(by_name())
        assert error.value.message == message
    assert await logins(sandbox) == 1


async def test_a_failing_network_at_login_is_tried_again(sandbox: Sandbox, session: SessionPages) -> None:
    sandbox.fault(SITE, "login/ajax", status=503)
    for _ in range(2):
        with pytest.raises(RetryAfter):
            await session.read_account(by_name())
    assert await logins(sandbox) == 1  # not one after the other
    sandbox.clock.advance(31 * 60)
    assert (await session.read_account(by_name())).handle == "kettleandpine"


async def test_a_session_is_kept_over_refusals(sandbox: Sandbox, session: SessionPages) -> None:
    await session.read_account(by_name())
    sandbox.switch("instagram-please-wait", True)
    with pytest.raises(RetryAfter):
        await session.read_account(by_name())
    sandbox.switch("instagram-please-wait", False)
    await session.read_account(by_name())
    assert await logins(sandbox) == 1


def test_what_is_configured() -> None:
    session, web, reels = platform(no_means(instagram_public_pages="True")).sources
    assert (session.configured, web.configured, reels.configured) == (False, True, True)
    session, web, reels = platform(no_means(instagram_username="a", instagram_password="b")).sources
    assert (session.configured, web.configured, reels.configured) == (False, False, False)


async def test_nothing_goes_out_without_a_way_out() -> None:
    with pytest.raises(RuntimeError):
        await platform(no_means(instagram_public_pages="True")).sources[1].read_account(by_name())  # type: ignore[attr-defined]


async def test_everything_goes_through_the_way_out(
    sandbox: Sandbox, web: PublicPages, session: SessionPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even with another way in the environment."""
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    for source in (web, session):
        assert (await source.read_account(by_name())).handle == "kettleandpine"
