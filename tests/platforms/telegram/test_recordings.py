"""What Telegram's pages really were, through our parsers, and through the source over the sandbox."""

import os
from pathlib import Path

import pytest

from app.domain.ports.errors import Changed
from app.domain.ports.values import Format, Metric, Missing, PostReading, Ref, RefKind
from app.platforms.telegram import parse_web
from app.platforms.telegram.preview import Preview
from sandbox.core import Sandbox
from tests.platforms.telegram.conftest import handle

FOLDER = Path(os.environ.get("SIGHTLINE_RECORDINGS", "../shared/fixtures")) / "telegram"
pytestmark = [
    pytest.mark.skipif(not FOLDER.is_dir(), reason="no recordings here (SIGHTLINE_RECORDINGS)"),
    pytest.mark.recordings,
]


def recorded(name: str) -> str:
    return (FOLDER / name).read_text()


PREVIEW = "axmaier__tme-s/durov.excerpt.html"
VIEWS = {"528": 18_900_000, "538": 4_210_000, "539": 3_390_000}
# Paid stars, custom emoji and common ones together.
REACTIONS = {"528": 14_300 + 132_000 + 39_900 + 24_700 + 22_100 + 771, "538": 17_900 + 45_700 + 17_100 + 12_900}


def test_a_preview() -> None:
    page = parse_web.preview(recorded(PREVIEW), "durov")
    assert (page.number, page.older) == ("1006503122", 528)
    assert page.profile.metrics == {Metric.FOLLOWERS: 10_500_000} and page.profile.handle == "durov"
    assert {post.external_id for post in page.posts} == set(VIEWS)
    for post in page.posts:
        assert isinstance(post, PostReading) and post.format is Format.TEXT and post.title and post.published_at
        assert post.metrics[Metric.VIEWS] == VIEWS[post.external_id]
        assert post.metrics[Metric.LIKES] == REACTIONS.get(post.external_id, 8_250 + 41_400 + 11_100 + 9_060)
        assert set(post.missing) == {Metric.COMMENTS, Metric.SHARES}


def test_a_channels_page() -> None:
    page = parse_web.landing(recorded("microlinkhq__metascraper/no-iframe.html"))
    assert page.followers == (5_012, None) and page.title and page.avatar_url and page.description


def test_a_posts_page_around_its_frame_is_refused() -> None:
    """We never ask for it; its numbers are in a frame of their own."""
    text = recorded("microlinkhq__metascraper/post-full-image.html")
    for parse in (lambda: parse_web.landing(text), lambda: parse_web.preview(text, "x")):
        with pytest.raises(Changed, match="tgme_channel_info"):
            parse()


async def test_a_preview_through_the_source(preview: Preview, sandbox: Sandbox) -> None:
    body = recorded(PREVIEW).encode()
    sandbox.replay.add("t.me", "GET", "/s/durov", headers={"content-type": "text/html; charset=utf-8"}, body=body)
    profile = await preview.read_account(handle("durov"))
    assert profile == parse_web.preview(body.decode(), "durov").profile
    ref = Ref("telegram", RefKind.ID, profile.external_id, profile.handle)
    posts = [post async for batch in preview.list_posts(ref, limit=3, known=frozenset()) for post in batch]
    assert [post.external_id for post in posts] == ["539", "538", "528"]
    assert all(isinstance(post, PostReading) for post in posts)


async def test_exact_subscribers_through_the_source(preview: Preview, sandbox: Sandbox) -> None:
    headers = {"content-type": "text/html; charset=utf-8"}
    body = recorded("microlinkhq__metascraper/no-iframe.html").encode()
    for path in ("/s/DiaboxApp", "/DiaboxApp"):  # as where a channel's preview is switched off
        sandbox.replay.add("t.me", "GET", path, headers=headers, body=body)
    profile = await preview.read_account(handle("DiaboxApp"))
    assert profile.metrics == {Metric.FOLLOWERS: 5_012} and Missing.UNREADABLE not in profile.missing.values()
