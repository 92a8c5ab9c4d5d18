"""t.me's public pages -> our values. Pure.

Recorded: a channel's preview, t.me/s/NAME (2026-10, an excerpt), and the pages t.me/NAME (2021-02, 2024-01). Photos,
videos, polls and single posts (?embed=1) are in no recording: our reading, unproven.

The preview rounds: "18.9M" is read as 18,900,000. Subscribers stand exactly on t.me/NAME ("5 012 subscribers").
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree, html

from app.domain.ports.errors import Changed, Unsupported
from app.domain.ports.values import (
    Format,
    Metric,
    Missing,
    PostGone,
    PostReading,
    PostResult,
    PostState,
    PostUnread,
    Profile,
)
from app.platforms.kit import MOST, Number, Numbers
from app.platforms.telegram import words
from app.platforms.telegram.common import changed, one_line
from app.platforms.telegram.links import is_name, post_url

_DURATION = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})", re.ASCII)
_COUNT = re.compile(r"(\d{1,15})(?:\.(\d{1,3}))?([KMB])?", re.ASCII)
_TIMES = {"K": 10**3, "M": 10**6, "B": 10**9}
_PICTURE = re.compile(r"background-image:\s*url\(\s*['\"]?(https://[^'\")\s]{1,2000})")
_VIDEOS = ("tgme_widget_message_video_wrap", "tgme_widget_message_video_player", "tgme_widget_message_roundvideo")
_PHOTOS = ("tgme_widget_message_photo_wrap", "tgme_widget_message_photo")
_OTHERS = (
    *("tgme_widget_message_document", "tgme_widget_message_poll", "tgme_widget_message_sticker_wrap"),
    *("tgme_widget_message_voice_player", "tgme_widget_message_location_wrap", "tgme_widget_message_contact"),
    *("tgme_widget_message_invoice", "tgme_widget_message_game", "tgme_widget_message_giveaway"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the preview. number: the channel's permanent id, when the page tells. posts: newest first.

    older: what to ask `before` for the page of older posts.
    """

    profile: Profile
    number: str | None
    posts: tuple[PostResult, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class Landing:
    """t.me/NAME of a channel: exact, but without posts. followers is null when the page does not say."""

    title: str
    followers: Number
    description: str | None
    avatar_url: str | None


class Elsewhere(Exception):
    """The page is not a channel's preview: `kind` is "nobody", "channel" (without a preview) or "other"."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


def preview(text: str, name: str) -> Page:
    """A channel's preview, asked for under `name`. Raises Elsewhere when it is another page, and Changed."""
    root = _parsed(text)
    info = _first(root, "tgme_channel_info")
    if info is None:
        raise Elsewhere(_kind(root))
    title = _line(_first(info, "tgme_channel_info_header_title"))
    if not title:
        raise changed("tgme_channel_info_header_title")
    shown = _line(_first(info, "tgme_channel_info_header_username")).removeprefix("@")
    handle = shown if is_name(shown) else name
    followers = _followers(root)
    messages = [message for message in _all(root, "tgme_widget_message") if message.get("data-post") is not None]
    posts = [result for message in messages if (result := _message(message, handle)) is not None]
    _not_all_odd(posts)
    number = next((number for message in messages if (number := _number(message)) is not None), None)
    about = _first(info, "tgme_channel_info_description")
    return Page(
        profile=_profile(handle, number, title, followers, _text(about), _image(info)),
        number=number,
        posts=tuple(sorted(posts, key=lambda post: int(post.external_id), reverse=True)),
        older=_older(root),
    )


def landing(text: str) -> Landing:
    """t.me/NAME of a channel. Raises Elsewhere when it is nobody's or no channel's, and Changed."""
    root = _parsed(text)
    kind = _kind(root)
    if kind != "channel":
        raise Elsewhere(kind)
    title = _line(_first(root, "tgme_page_title"))
    if not title:
        raise changed("tgme_page_title")
    extra = _line(_first(root, "tgme_page_extra"))
    return Landing(
        title=title,
        followers=count(extra.rpartition(" ")[0]),
        description=_text(_first(root, "tgme_page_description")),
        avatar_url=_image(root),
    )


def profile_of(page: Landing, handle: str) -> Profile:
    """What a channel without a preview shows of itself."""
    return _profile(handle, None, page.title, page.followers, page.description, page.avatar_url)


def single(text: str, name: str, post_id: str) -> PostResult:
    """One post's own page, t.me/NAME/ID?embed=1."""
    root = _parsed(text)
    for message in _all(root, "tgme_widget_message"):
        if (message.get("data-post") or "").lower() == f"{name}/{post_id}".lower():
            result = _message(message, name)
            if result is not None:
                return result
    refusal = _first(root, "tgme_widget_message_error")
    # Telegram's words for a post that was deleted, and for a channel that is not there
    if "not found" in _line(refusal) or (refusal is None and _kind(root) == "nobody"):
        return PostGone(post_id, PostState.DELETED)
    if refusal is not None:
        return PostUnread(post_id, Unsupported.kind, words.NO_PREVIEW)
    error = changed("tgme_widget_message")
    return PostUnread(post_id, error.kind, error.message, error.params)


def count(text: str) -> Number:
    """ "18.9M" -> 18,900,000; "5 012" -> 5,012; anything else is unreadable, and nothing is not given."""
    digits = "".join(text.split())
    if not digits:
        return None, Missing.NOT_GIVEN
    found = _COUNT.fullmatch(digits)
    if found is None or (found[2] and not found[3]):
        return None, Missing.UNREADABLE
    times = _TIMES.get(found[3] or "", 1)
    value = int(found[1]) * times + int((found[2] or "").ljust(3, "0") or 0) * times // 1000
    return (value, None) if value <= MOST else (None, Missing.UNREADABLE)


# -- the parts of a page


def _profile(
    handle: str, number: str | None, title: str, followers: Number, about: str | None, avatar: str | None
) -> Profile:
    numbers = Numbers({Metric.FOLLOWERS: followers})
    return Profile(
        # A page without a post does not tell the number: the name stands in until one does.
        external_id=number or f"@{handle.casefold()}",
        handle=handle,
        title=title,
        url=f"https://t.me/{handle}",
        metrics=numbers.metrics,
        missing=numbers.missing,
        avatar_url=avatar,
        description=about or None,
    )


def _followers(root: Any) -> Number:
    for counter in _all(root, "tgme_channel_info_counter"):
        if _line(_first(counter, "counter_type")) in ("subscribers", "subscriber"):
            return count(_line(_first(counter, "counter_value")))
    header = _line(_first(root, "tgme_header_counter"))
    value, _, unit = header.rpartition(" ")
    return count(value) if unit in ("subscribers", "subscriber") else (None, Missing.NOT_GIVEN)


def _message(message: Any, name: str) -> PostResult | None:
    """A post; None for Telegram's own notes in between ("Channel created")."""
    if "service_message" in _classes(message):
        return None
    place = re.fullmatch(r"\w{1,64}/(\d{1,10})", message.get("data-post"), re.ASCII)
    if place is None:
        raise changed("data-post")
    try:
        return _reading(message, name, place[1])
    except Changed as error:
        return PostUnread(place[1], error.kind, error.message, error.params)


def _reading(message: Any, name: str, post_id: str) -> PostReading:
    views = _first(message, "tgme_widget_message_views")
    numbers = Numbers(
        {
            Metric.VIEWS: count(_line(views)),
            Metric.LIKES: _reactions(message),
            Metric.COMMENTS: (None, Missing.NOT_GIVEN),
            Metric.SHARES: (None, Missing.NOT_GIVEN),
        }
    )
    kind, picture, duration = _media(message)
    return PostReading(
        external_id=post_id,
        url=post_url(name, post_id),
        title=_title(message),
        published_at=_published(message),
        format=kind,
        metrics=numbers.metrics,
        missing=numbers.missing,
        duration=duration,
        thumbnail_url=picture,
    )


def _reactions(message: Any) -> Number:
    """All reactions together: paid stars, the channel's own emoji and common ones, each in its own markup.

    Null when the page shows none: a post that nobody reacted to looks like one whose reactions are switched off.
    """
    total, shown = 0, False
    for reaction in _all(message, "tgme_reaction"):
        # The count is the element's own text; the emoji is in elements of its own.
        value, _ = count("".join(reaction.xpath("text()")))
        if value is None:
            return None, Missing.UNREADABLE  # a part of a sum is not the sum
        total, shown = total + value, True
    return (total, None) if shown else (None, Missing.NOT_GIVEN)


def _media(message: Any) -> tuple[Format, str | None, int | None]:
    """Format, picture and length: of the first photo or video; an album is what it begins with."""
    for element in message.iter(etree.Element):
        classes = _classes(element)
        if not classes.isdisjoint(_VIDEOS):
            found = _DURATION.fullmatch(_line(_first(message, "message_video_duration")))
            seconds = int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3]) if found else None
            return Format.VIDEO, _picture(element, "tgme_widget_message_video_thumb"), seconds or None
        if not classes.isdisjoint(_PHOTOS):
            return Format.PHOTO, _picture(element), None
        if not classes.isdisjoint(_OTHERS):
            return Format.UNKNOWN, None, None
    hidden = _first(message, "message_media_not_supported") is not None
    # The same notice stands below texts that only the app shows in full: such a post says so of itself.
    plain = _body(message) is not None and (not hidden or "text_not_supported_wrap" in _classes(message))
    return (Format.TEXT if plain else Format.UNKNOWN), None, None


def _picture(element: Any, inside: str = "") -> str | None:
    here = _first(element, inside) if inside else None
    for place in (here, element):
        found = _PICTURE.search(place.get("style") or "") if place is not None else None
        if found is not None:
            return found[1]
    return None


def _title(message: Any) -> str:
    """The post's text as one line; of a poll its question, of a file its name."""
    for part in (
        _body(message),
        _first(message, "tgme_widget_message_poll_question"),
        _first(message, "tgme_widget_message_document_title"),
    ):
        if line := one_line(_text(part) or ""):
            return line
    return ""


def _body(message: Any) -> Any:
    """The post's own text, not that of the post it replies to."""
    return next(
        (part for part in _all(message, "js-message_text") if "js-message_reply_text" not in _classes(part)), None
    )


def _published(message: Any) -> datetime:
    anchor = _first(message, "tgme_widget_message_date")
    stated = next((time.get("datetime") for time in anchor.iter("time")), None) if anchor is not None else None
    try:
        moment = datetime.fromisoformat(stated or "")
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise changed("tgme_widget_message_date") from None


def _number(message: Any) -> str | None:
    """The channel's permanent id: in the token with which Telegram counts the views of a post."""
    token = message.get("data-view") or ""
    try:
        seen = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        number = -int(seen["c"])
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return None
    return str(number) if 0 < number < 10**15 else None


def _older(root: Any) -> int | None:
    for link in _all(root, "js-messages_more"):
        stated = link.get("data-before") or ""
        if stated.isascii() and stated.isdigit() and len(stated) <= 10:
            return int(stated)
    return None


def _kind(root: Any) -> str:
    """What a page is that is no preview. Raises Changed when it is none of Telegram's we know."""
    page = _first(root, "tgme_page")
    if page is not None and "tgme_page_post" not in _classes(page):
        extra = _line(_first(root, "tgme_page_extra"))
        if extra.endswith((" subscribers", " subscriber")):
            return "channel"
        return "other" if _first(root, "tgme_page_title") is not None else "nobody"
    title = " ".join(root.xpath("string(//title)").split())
    # Who is not there is answered with telegram.org's front page.
    if page is None and title == "Telegram Messenger" and not root.xpath("boolean(//*[contains(@class, 'tgme_')])"):
        return "nobody"
    raise changed("tgme_channel_info")


def _not_all_odd(posts: Sequence[PostResult]) -> None:
    """One odd post is that post's; when none could be read, or none has a number, the page has changed."""
    readings = [post for post in posts if isinstance(post, PostReading)]
    if posts and not readings:
        odd = next(post for post in posts if isinstance(post, PostUnread))
        raise changed(str(odd.params.get("field", "tgme_widget_message")))
    if readings and all(post.metrics[Metric.VIEWS] is None for post in readings):
        raise changed("tgme_widget_message_views")


# -- HTML


def _parsed(text: str) -> Any:
    try:
        return html.document_fromstring(text.replace("\0", ""))
    except (etree.LxmlError, ValueError):
        raise changed("HTML") from None


def _classes(element: Any) -> frozenset[str]:
    return frozenset((element.get("class") or "").split())


def _all(root: Any, name: str) -> Iterator[Any]:
    """Elements of this class, in the page's order."""
    return (element for element in root.iter(etree.Element) if name in _classes(element))


def _first(root: Any, name: str) -> Any:
    return next(_all(root, name), None)


def _text(element: Any) -> str | None:
    """What a reader sees, with its line breaks."""
    if element is None:
        return None
    for line in element.iter("br"):
        line.tail = f"\n{(line.tail or '').removeprefix(chr(10))}"
    return str(element.xpath("string()")).encode("utf-8", "replace").decode().strip()


def _line(element: Any) -> str:
    return " ".join((_text(element) or "").split())


def _image(root: Any) -> str | None:
    for place in _all(root, "tgme_page_photo_image"):
        image = place if place.tag == "img" else next(place.iter("img"), None)
        address = image.get("src") if image is not None else None
        if address and address.startswith("https://") and len(address) < 4096 and address.isprintable():
            return str(address)
    return None
