"""What stands inside Dzen's pages -> our values. Pure.

A page carries its data as `var _params=({ssrData: ...})`. That, a channel's `exportResponse` with `channel.source` and
`feedData` (items, groups of items, `more.link`), and a video's `videoMetaResponse` are where yt-dlp finds them
(extractor/yandexvideo.py). Subscribers, likes, comments, articles and the numbers of a feed's items are in nothing that
we could see: our reading, unproven.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.domain.ports.errors import Changed
from app.domain.ports.values import Format, Metric, Missing, PostReading, PostResult, PostUnread, Profile, Ref, RefKind
from app.platforms.dzen.links import SITE, handle_of, is_id, post_path, post_url
from app.platforms.dzen.words import PLATFORM
from app.platforms.kit import Node, Number, Numbers

_PARAMS = re.compile(r"\b(?:var|let|const)\s+_params\s*=\s*\(\s*")
_SHORT, _LONGEST_TITLE = "shorts", 300


@dataclass(frozen=True, slots=True)
class Feed:
    """posts: newest first. more: the address of the next part, null at the end."""

    posts: tuple[PostResult, ...]
    more: str | None


def embedded(page: str) -> Node | None:
    """The data in a page; None when the page carries none."""
    found = _PARAMS.search(page)
    if found is None:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(page, found.end())
    except (ValueError, RecursionError):
        return None
    return data_of(value)


def data_of(params: Any) -> Node | None:
    """ssrData of what `_params` holds."""
    return Node(params["ssrData"], PLATFORM) if isinstance(params, dict) and params.get("ssrData") else None


def profile(data: Node, asked: Ref) -> Profile:
    """The channel of a channel's page. Raises Changed."""
    source = data.at("exportResponse.channel.source").object()
    numbers = Numbers({Metric.FOLLOWERS: source["subscribers"].count(Missing.UNREADABLE)})  # no channel is without
    channel_id, handle = _who(source)
    if handle is None and asked.kind is RefKind.HANDLE:
        handle = asked.value
    if channel_id is None and asked.kind is RefKind.ID:
        channel_id = asked.value
    if channel_id is None and handle is None:
        raise source["id"].changed()
    return Profile(
        # A page that does not tell the id is known by the name it was asked for.
        external_id=channel_id or f"@{(handle or '').casefold()}",
        handle=handle or asked.handle,
        title=_title(source["title"]),
        url=f"{SITE}/{handle}" if handle else f"{SITE}/id/{channel_id}",
        metrics=numbers.metrics,
        missing=numbers.missing,
        avatar_url=source["logo"].url(),
        description=_optional(source["description"]) or None,
    )


def channel_of_post(data: Node) -> Ref:
    """Whose publication a page shows. Raises Changed."""
    source = _meta(data)["source"].object()
    channel_id, handle = _who(source)
    if channel_id is not None:
        return Ref("dzen", RefKind.ID, channel_id, handle)
    if handle is not None:
        return Ref("dzen", RefKind.HANDLE, handle)
    raise source["id"].changed()


def feed(data: Node) -> Feed:
    """The publications on a channel's page. Raises Changed when there are some and none can be read."""
    return more(data.at("exportResponse.feedData").object())


def more(data: Node) -> Feed:
    """A further part of the feed, as `more.link` gives it."""
    posts: dict[str, PostResult] = {}
    odd: Changed | None = None
    for item, tab in _items(data["items"]):
        try:
            path = post_path(item["link"].text(""))
            if path is None:
                continue  # an advertisement, a survey, another channel
            reading: PostResult = _reading(item, path, tab)
        except Changed as error:
            odd = odd or error
            continue
        posts.setdefault(path, reading)
    if odd is not None and not any(isinstance(post, PostReading) for post in posts.values()):
        raise odd
    newest = sorted(posts.values(), key=_when, reverse=True)
    link = data["more"]["link"].url() if isinstance(data["more"].value, dict) else None
    return Feed(tuple(newest), link)


def single(data: Node, path: str) -> PostResult:
    """A publication's own page."""
    try:
        return _reading(_meta(data), path, None)
    except Changed as error:
        return PostUnread(path, error.kind, error.message, error.params)


def _meta(data: Node) -> Node:
    video = data["videoMetaResponse"]
    return (video if video.exists else data["articleMetaResponse"]).object()


def _items(items: Node) -> Iterator[tuple[Node, str | None]]:
    """A feed's items are publications, or groups of them by tab."""
    for entry in items.items():
        if not isinstance(entry.value, dict):
            continue
        if isinstance(entry.value.get("items"), list):
            tab = entry.value.get("tab")
            for inner in entry["items"].items():
                if isinstance(inner.value, dict):
                    yield inner, tab if isinstance(tab, str) else None
        else:
            yield entry, None


def _reading(item: Node, path: str, tab: str | None) -> PostReading:
    video, social = item["video"], item["socialInfo"]
    views = item["views"] if item["views"].exists else _inside(video, "views")
    numbers = {
        Metric.VIEWS: views.count(Missing.UNREADABLE),  # every publication shows them
        Metric.LIKES: _reaction(social, "likesCount"),
        Metric.COMMENTS: _reaction(social, "commentCount"),
    }
    if social.exists and isinstance(social.value, dict) and social["commentsEnabled"].value is False:
        numbers[Metric.COMMENTS] = None, Missing.OFF
    if all(value is None for value, _ in numbers.values()):
        raise item["views"].changed()
    read = Numbers(numbers)
    return PostReading(
        external_id=path,
        url=post_url(path),
        title=_title(item["title"])[:_LONGEST_TITLE],
        published_at=item["publicationDate"].moment(),
        format=_format(path, tab),
        metrics=read.metrics,
        missing=read.missing,
        duration=_inside(video, "duration").seconds(),
        thumbnail_url=item["image"].url(),
    )


def _reaction(social: Node, name: str) -> Number:
    """Not given where its place is there without it; unreadable where the place itself is gone."""
    if not isinstance(social.value, dict):
        return None, Missing.UNREADABLE
    return social[name].count()


def _format(path: str, tab: str | None) -> Format:
    if path.startswith("a/"):
        return Format.TEXT
    # A video's own page does not tell a short one; the feed did.
    return Format.SHORT if tab == _SHORT else Format.VIDEO if tab is not None else Format.UNKNOWN


def _who(source: Node) -> tuple[str | None, str | None]:
    """A channel's id and name, as far as its `source` tells them."""
    channel_id = source["id"].value
    return (
        channel_id if isinstance(channel_id, str) and is_id(channel_id) else None,
        handle_of(source["link"].url() or ""),
    )


def _inside(node: Node, name: str) -> Node:
    return node[name] if isinstance(node.value, dict) else Node(None, PLATFORM, f"{node.path}.{name}")


def _title(node: Node) -> str:
    title = " ".join(node.text().split())
    if not title:
        raise node.changed()
    return title


def _optional(node: Node) -> str:
    try:
        return node.text("")
    except Changed:
        return ""


def _when(post: PostResult) -> float:
    published = post.published_at if isinstance(post, PostReading) else None
    return published.timestamp() if published else 0.0
