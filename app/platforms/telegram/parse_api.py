"""What Telegram's API answers (Telethon's objects) -> our values. Pure.

The shapes are those of Telegram's published schema, which Telethon is made from; there is no recording.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from telethon.tl import types

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

_LONGEST_DURATION = 2**31


def channel(answer: Any) -> Any:
    """The channel that a name was resolved to. Raises Unsupported when it is somebody else's, and Changed."""
    peer = getattr(answer, "peer", None)
    if isinstance(peer, types.PeerUser | types.PeerChat):
        raise Unsupported(words.NOT_A_CHANNEL)
    number = getattr(peer, "channel_id", None)
    for chat in _list(answer, "chats"):
        if isinstance(chat, types.Channel) and chat.id == number:
            if not chat.broadcast:
                raise Unsupported(words.NOT_A_CHANNEL)
            _id(chat), _hash(chat)
            return chat
    raise changed("contacts.resolvedPeer.chats")


def profile(answer: Any, number: int, name: str) -> Profile:
    """The channel of messages.chatFull, asked for under `name`. Raises Changed."""
    full = getattr(answer, "full_chat", None)
    if not isinstance(full, types.ChannelFull) or full.id != number:
        raise changed("messages.chatFull.full_chat")
    chat = next((one for one in _list(answer, "chats") if getattr(one, "id", None) == number), None)
    title = one_line(chat.title) if isinstance(chat, types.Channel) and isinstance(chat.title, str) else ""
    if chat is None or not title:
        raise changed("messages.chatFull.chats.title")
    handle = _handle(chat) or name
    about = full.about if isinstance(full.about, str) else ""
    numbers = Numbers({Metric.FOLLOWERS: _count(full.participants_count, Missing.NOT_GIVEN)})
    return Profile(
        external_id=str(number),
        handle=handle,
        title=title,
        url=f"https://t.me/{handle}",
        metrics=numbers.metrics,
        missing=numbers.missing,
        description=about.replace("\0", "").encode("utf-8", "replace").decode() or None,
        # To who is not among its members Telegram gives the day it was made, to others the day they joined.
        created_at=_moment(chat.date) if chat.left else None,
    )


def history(messages: Iterable[Any], name: str) -> Iterator[PostResult]:
    """Posts of a channel, in the order given. Of an album, which is a message per picture, the first one is the post;
    Telegram's own notes in between are none."""
    first: dict[int, int] = {}
    kept = [message for message in messages if isinstance(message, types.Message)]
    for message in kept:
        group = message.grouped_id
        if isinstance(group, int):
            first[group] = min(first.get(group, MOST), _id(message))
    for message in kept:
        group = message.grouped_id
        if not isinstance(group, int) or first[group] == message.id:
            yield post(message, name)


def by_id(answer: Any, ids: Iterable[int], name: str) -> list[PostResult]:
    """Each of these posts, of channels.getMessages."""
    found: Mapping[Any, Any] = {getattr(message, "id", None): message for message in messages(answer)}
    return [_one(found.get(number), number, name) for number in ids]


def messages(answer: Any) -> list[Any]:
    """The messages of an answer. Raises Changed."""
    if not isinstance(answer, types.messages.ChannelMessages | types.messages.Messages | types.messages.MessagesSlice):
        raise changed(type(answer).__name__)
    return _list(answer, "messages")


def post(message: Any, name: str) -> PostResult:
    """A message of a channel."""
    number = _id(message)
    try:
        return _reading(message, str(number), name)
    except Changed as error:
        return PostUnread(str(number), error.kind, error.message, error.params)


def _one(message: Any, number: int, name: str) -> PostResult:
    if isinstance(message, types.MessageEmpty):
        return PostGone(str(number), PostState.DELETED)
    if isinstance(message, types.Message):
        return post(message, name)
    error = changed(type(message).__name__)
    return PostUnread(str(number), error.kind, error.message, error.params)


def _reading(message: Any, post_id: str, name: str) -> PostReading:
    published = _moment(message.date)
    if published is None:
        raise changed("message.date")
    kind, duration = _media(message)
    numbers = Numbers(
        {
            Metric.VIEWS: _count(message.views, Missing.NOT_GIVEN),
            Metric.LIKES: _reactions(message.reactions),
            # A post that cannot be discussed has no replies at all.
            Metric.COMMENTS: _count(getattr(message.replies, "replies", None), Missing.OFF)
            if message.replies is None or isinstance(message.replies, types.MessageReplies)
            else (None, Missing.UNREADABLE),
            Metric.SHARES: _count(message.forwards, Missing.NOT_GIVEN),
        }
    )
    return PostReading(
        external_id=post_id,
        url=post_url(name, post_id),
        title=_title(message),
        published_at=published,
        format=kind,
        metrics=numbers.metrics,
        missing=numbers.missing,
        duration=duration,
    )


def _reactions(reactions: Any) -> Number:
    """All together, paid stars too. Absent where nobody reacted and where they are switched off: null, for we cannot
    tell; an empty list is a zero that Telegram states."""
    if reactions is None:
        return None, Missing.NOT_GIVEN
    results = getattr(reactions, "results", None)
    if not isinstance(results, list):
        return None, Missing.UNREADABLE
    total = 0
    for result in results:
        value, _ = _count(getattr(result, "count", None), Missing.UNREADABLE)
        if value is None:
            return None, Missing.UNREADABLE  # a part of a sum is not the sum
        total += value
    return total, None


def _media(message: Any) -> tuple[Format, int | None]:
    """Format and length in seconds."""
    media = message.media
    if media is None or isinstance(media, types.MessageMediaWebPage):
        return (Format.TEXT if message.message else Format.UNKNOWN), None
    if isinstance(media, types.MessageMediaPhoto):
        return Format.PHOTO, None
    attributes = getattr(getattr(media, "document", None), "attributes", None)
    for attribute in attributes if isinstance(attributes, list) else ():
        if isinstance(attribute, types.DocumentAttributeVideo):
            seconds = attribute.duration
            known = isinstance(seconds, int | float) and 0.5 <= seconds < _LONGEST_DURATION
            return Format.VIDEO, round(seconds) if known else None
    return Format.UNKNOWN, None


def _title(message: Any) -> str:
    """The post's text as one line; of a poll its question, of a file its name."""
    poll = getattr(getattr(message.media, "poll", None), "question", None)
    attributes = getattr(getattr(message.media, "document", None), "attributes", None)
    files = [getattr(one, "file_name", None) for one in attributes] if isinstance(attributes, list) else []
    for text in (message.message, getattr(poll, "text", None), *files):
        if isinstance(text, str) and (line := one_line(text)):
            return line
    return ""


def _handle(chat: Any) -> str | None:
    """Its public name; a channel with several has them in a list, the first of which is shown."""
    listed = chat.usernames if isinstance(chat.usernames, list) else []
    names = [chat.username, *(getattr(one, "username", None) for one in listed if getattr(one, "active", False))]
    return next((name for name in names if isinstance(name, str) and is_name(name)), None)


def _count(value: Any, absent: Missing) -> Number:
    if value is None:
        return None, absent
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        return None, Missing.UNREADABLE
    return value, None


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return moment if moment.year > 2012 else None  # Telegram began in 2013: 0 is no date


def _id(thing: Any) -> int:
    value = getattr(thing, "id", None)
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise changed(f"{type(thing).__name__}.id")
    return value


def _hash(chat: Any) -> int:
    if isinstance(chat.access_hash, bool) or not isinstance(chat.access_hash, int):
        raise changed("channel.access_hash")
    return chat.access_hash


def _list(thing: Any, name: str) -> list[Any]:
    value = getattr(thing, name, None)
    if not isinstance(value, list):
        raise changed(f"{type(thing).__name__}.{name}")
    return value
