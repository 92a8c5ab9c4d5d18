"""t.me read through the sandbox: what it shows, what it hides, and what becomes of odd pages."""

import pytest

from app.domain.ports.errors import (
    Blocked,
    Changed,
    Gone,
    NeedsAction,
    PlatformError,
    RetryAfter,
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
    PostUnread,
    Ref,
    RefKind,
)
from app.platforms.telegram import parse_web
from app.platforms.telegram.preview import Preview
from sandbox.core import Sandbox
from sandbox.platforms import telegram_pages
from sandbox.posts import Post
from tests.platforms.telegram.conftest import channel_of, handle, known


async def listed(preview: Preview, ref: Ref, limit: int = 10) -> list[PostResult]:
    return [post async for batch in preview.list_posts(ref, limit=limit, known=frozenset()) for post in batch]


async def read(preview: Preview, ref: Ref, *ids: str) -> list[PostResult]:
    return [post async for batch in preview.read_posts(ref, ids) for post in batch]


def as_shown(number: int) -> int:
    value, _ = parse_web.count(telegram_pages.rounded(number))
    assert value is not None
    return value


def reacted(post: Post, moment: float) -> int:
    return sum(as_shown(number) for _, number in telegram_pages.reactions(post.likes(moment)))


def test_what_it_shows(telegram: Platform) -> None:
    source = telegram.sources[0]
    assert isinstance(source, ReadsAccount) and isinstance(source, ListsPosts) and isinstance(source, ReadsPosts)
    assert "rounded" in source.label and "unproven" in source.evidence
    assert telegram.post_metrics[Metric.LIKES] == "Reactions" and telegram.post_metrics[Metric.SHARES] == "Forwards"
    assert telegram.engagement == (Metric.LIKES, Metric.COMMENTS, Metric.SHARES)


@pytest.mark.parametrize("name", ["gorodpeshkom", "orbitnotes", "GorodPeshkom"])
async def test_a_channel(preview: Preview, sandbox: Sandbox, name: str) -> None:
    channel = channel_of(sandbox, name)
    profile = await preview.read_account(handle(name))
    assert (profile.external_id, profile.title) == (channel.id, channel.title)
    assert profile.handle == channel.handle(sandbox.world.now)
    assert profile.metrics == {Metric.FOLLOWERS: channel.subscribers(sandbox.world.now)}  # exact, not "18.9M"
    assert not profile.missing and profile.avatar_url and profile.description
    assert profile == await preview.read_account(known(channel, sandbox.world.now))


async def test_posts_over_several_pages(preview: Preview, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    truth = channel.listed(now)[:50]
    results = await listed(preview, known(channel, now), 50)
    assert [result.external_id for result in results] == [post.id for post in truth]
    formats = {"photo": Format.PHOTO, "video": Format.VIDEO, "text": Format.TEXT}
    for result, post in zip(results, truth, strict=True):
        assert isinstance(result, PostReading)
        assert result.metrics == {
            Metric.VIEWS: as_shown(post.views(now)),
            Metric.LIKES: reacted(post, now),
            Metric.COMMENTS: None,
            Metric.SHARES: None,
        }
        assert result.missing == dict.fromkeys((Metric.COMMENTS, Metric.SHARES), Missing.NOT_GIVEN)
        assert result.format is formats[post.format] and result.title.startswith(post.title)
        assert result.published_at is not None and result.published_at.timestamp() == int(post.at)
        assert result.duration == (post.duration if post.format == "video" else None)
        assert bool(result.thumbnail_url) == (post.format != "text")
        assert result.url == f"https://t.me/gorodpeshkom/{post.id}"
    assert {post.format for post in truth} == set(formats)
    assert len([hit for hit in sandbox.journal.hits if hit.path == "/s/gorodpeshkom"]) == 3


async def test_posts_read_again(preview: Preview, sandbox: Sandbox) -> None:
    """Twenty to a page; the deleted ones are asked for by themselves and are gone."""
    channel, now = channel_of(sandbox), sandbox.world.now
    posts = channel.listed(now)[:30]
    gone = [posts[3], posts[17]]
    for post in gone:
        post.gone_at = now
    ids = [post.id for post in posts]
    results = {result.external_id: result for result in await read(preview, known(channel, now), *ids)}
    assert sorted(results) == sorted(ids)
    assert {one for one, result in results.items() if isinstance(result, PostGone)} == {post.id for post in gone}
    assert all(isinstance(results[post.id], PostReading) for post in posts if post not in gone)
    assert len(sandbox.journal.hits) <= 1 + 2 + len(gone)  # robots.txt, pages, single posts


async def test_reactions_switched_off_are_not_zero(preview: Preview, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    post = channel.listed(now)[0]
    post.likes_hidden = True
    (result,) = await listed(preview, known(channel, now), 1)
    assert isinstance(result, PostReading)
    assert result.metrics[Metric.LIKES] is None and result.missing[Metric.LIKES] is Missing.NOT_GIVEN
    (result,) = await read(preview, known(channel, now), post.id)
    assert isinstance(result, PostReading) and result.metrics[Metric.LIKES] is None


async def test_nobody_there(preview: Preview, sandbox: Sandbox) -> None:
    with pytest.raises(Gone):
        await preview.read_account(handle("nobody_is_here"))
    channel = channel_of(sandbox)
    sandbox.edit("terminate", channel=f"telegram:{channel.id}")
    with pytest.raises(Gone):
        await preview.read_account(known(channel, sandbox.world.now))
    with pytest.raises(Gone):
        await listed(preview, known(channel, sandbox.world.now))


async def test_a_name_that_changed_hands(preview: Preview, sandbox: Sandbox) -> None:
    other = Ref("telegram", RefKind.ID, "1234567890", "gorodpeshkom")
    with pytest.raises(Gone, match="another"):
        await preview.read_account(other)
    with pytest.raises(Gone, match="another"):
        await listed(preview, other)
    with pytest.raises(Gone, match="another"):
        await read(preview, other, "1")


async def test_a_number_alone_opens_nothing(preview: Preview, sandbox: Sandbox) -> None:
    with pytest.raises(NeedsAction, match=r"t\.me"):
        await preview.read_account(Ref("telegram", RefKind.ID, channel_of(sandbox).id))


async def test_a_channel_without_a_preview(preview: Preview, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    sandbox.switch("telegram-no-preview", True)
    profile = await preview.read_account(handle("gorodpeshkom"))
    assert profile.metrics == {Metric.FOLLOWERS: channel.subscribers(now)} and profile.external_id == "@gorodpeshkom"
    assert (await preview.read_account(known(channel, now))).external_id == channel.id
    with pytest.raises(Unsupported):
        await listed(preview, known(channel, now))
    sandbox.switch("telegram-no-preview", False)
    named = Ref("telegram", RefKind.ID, "@gorodpeshkom", "gorodpeshkom")  # as it was known until now
    assert (await preview.read_account(named)).external_id == channel.id


async def test_a_person_and_a_group_are_no_channels(preview: Preview, sandbox: Sandbox) -> None:
    for extra in ("@somebody", "1 024 members, 73 online", "93 monthly users"):
        body = f'<body><div class="tgme_page"><div class="tgme_page_title">X</div><div class="tgme_page_extra">{extra}'
        sandbox.replay.add("t.me", "GET", "/s/somebody", headers={"content-type": "text/html"}, body=body.encode())
        with pytest.raises(Unsupported, match="not to a channel"):
            await preview.read_account(handle("somebody"))


@pytest.mark.parametrize(
    ("preset", "error"),
    [("429", RetryAfter), ("503", RetryAfter), ("layout", Changed), ("reset", RetryAfter)],
)
async def test_faults(preview: Preview, sandbox: Sandbox, preset: str, error: type[PlatformError]) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    sandbox.switch(f"telegram-{preset}", True)
    with pytest.raises(error):
        await preview.read_account(handle("gorodpeshkom"))
    with pytest.raises(error):
        await listed(preview, known(channel, now))
    with pytest.raises(error):
        await read(preview, known(channel, now), channel.listed(now)[0].id)


async def test_a_refusal(preview: Preview, sandbox: Sandbox) -> None:
    sandbox.fault("t.me", "^/s/", status=403)
    with pytest.raises(Blocked):
        await preview.read_account(handle("gorodpeshkom"))


async def test_robots_txt_is_honoured(preview: Preview, sandbox: Sandbox) -> None:
    sandbox.replay.add("t.me", "GET", "/robots.txt", body=b"User-agent: *\nDisallow: /s/\n")
    with pytest.raises(Blocked, match=r"robots\.txt"):
        await preview.read_account(handle("gorodpeshkom"))
    assert [hit.path for hit in sandbox.journal.hits] == ["/robots.txt"]


async def test_one_odd_post_is_that_posts(preview: Preview, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    posts = channel.listed(now)[:3]
    page = telegram_pages.preview(channel, posts[::-1], now, None).replace('datetime="', 'when="', 1)
    sandbox.replay.add("t.me", "GET", "/s/gorodpeshkom", headers={"content-type": "text/html"}, body=page.encode())
    results = await listed(preview, known(channel, now))
    assert [type(result) for result in results] == [PostReading, PostReading, PostUnread]
    page = page.replace('datetime="', 'when="')
    sandbox.replay.add("t.me", "GET", "/s/gorodpeshkom", headers={"content-type": "text/html"}, body=page.encode())
    with pytest.raises(Changed, match="date"):
        await listed(preview, known(channel, now))


@pytest.mark.parametrize(
    ("text", "number"),
    [("771", 771), ("14.3K", 14_300), ("18.9M", 18_900_000), ("4.21M", 4_210_000), ("132K", 132_000),
     ("1.2B", 12 * 10**8),
     ("5 012", 5_012), ("5\N{NO-BREAK SPACE}012", 5_012), ("0", 0), ("1.234K", 1_234)],
)  # fmt: skip
def test_counts(text: str, number: int) -> None:
    assert parse_web.count(text) == (number, None)


@pytest.mark.parametrize("text", ["-5", "1.5", "12,5", "1e9", "K", "9" * 16, "999999999999999M", "٣", "1.2345M"])
def test_counts_that_are_none(text: str) -> None:
    assert parse_web.count(text) == (None, Missing.UNREADABLE)
    assert parse_web.count(" ") == (None, Missing.NOT_GIVEN)


def test_a_gone_post_says_so() -> None:
    page = '<div class="tgme_widget_message_error">Post not found</div>'
    assert parse_web.single(page, "durov", "7") == PostGone("7", PostState.DELETED)
    refused = parse_web.single(page.replace("Post not found", "This channel can't be displayed"), "durov", "7")
    assert isinstance(refused, PostUnread) and refused.kind == "unsupported"


def post_with(media: str, classes: str = "") -> PostResult:
    page = (
        f'<div class="tgme_widget_message {classes}" data-post="durov/7">{media}'
        '<span class="tgme_widget_message_views">5</span><a class="tgme_widget_message_date"><time '
        'datetime="2026-06-15T18:58:13+00:00"></time></a></div>'
    )
    return parse_web.single(page, "durov", "7")


TEXT = '<div class="tgme_widget_message_text js-message_text">one<br>two</div>'
PHOTO = '<a class="tgme_widget_message_photo_wrap" style="background-image:url(\'https://cdn4.telesco.pe/a.jpg\')"></a>'
VIDEO = (
    '<div class="tgme_widget_message_video_player"><time class="message_video_duration">1:01:05</time>'
    '<i class="tgme_widget_message_video_thumb" style="background-image:url(\'https://cdn4.telesco.pe/b.jpg\')"></i></div>'
)
NOTICE = '<div class="message_media_not_supported">Please open Telegram to view this post</div>'
REPLY = '<a class="tgme_widget_message_reply"><div class="js-message_text js-message_reply_text">else</div></a>'


@pytest.mark.parametrize(
    ("media", "classes", "form", "title", "picture", "seconds"),
    [
        (TEXT, "", Format.TEXT, "one two", None, None),
        (REPLY + TEXT, "", Format.TEXT, "one two", None, None),
        (PHOTO + TEXT, "", Format.PHOTO, "one two", "https://cdn4.telesco.pe/a.jpg", None),
        (VIDEO, "", Format.VIDEO, "", "https://cdn4.telesco.pe/b.jpg", 3665),
        (PHOTO + VIDEO, "", Format.PHOTO, "", "https://cdn4.telesco.pe/a.jpg", None),
        (TEXT + NOTICE, "text_not_supported_wrap", Format.TEXT, "one two", None, None),
        (TEXT + NOTICE, "", Format.UNKNOWN, "one two", None, None),
        (NOTICE, "", Format.UNKNOWN, "", None, None),
        (
            '<div class="tgme_widget_message_poll"><div class="tgme_widget_message_poll_question">Tea?</div></div>',
            "", Format.UNKNOWN, "Tea?", None, None,
        ),
        (
            '<div class="tgme_widget_message_document"><p class="tgme_widget_message_document_title">a.pdf</p></div>',
            "", Format.UNKNOWN, "a.pdf", None, None,
        ),
    ],
)  # fmt: skip
def test_kinds_of_posts(
    media: str, classes: str, form: Format, title: str, picture: str | None, seconds: int | None
) -> None:
    post = post_with(media, classes)
    assert isinstance(post, PostReading) and post.metrics[Metric.VIEWS] == 5
    assert (post.format, post.title, post.thumbnail_url, post.duration) == (form, title, picture, seconds)
