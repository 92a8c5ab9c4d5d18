"""What stands inside Wibes' pages -> our values. Pure.

Nothing of wibes.ru could be seen when this was written: our reading, unproven. It takes a page for one whose scripts
leave its data in `<script type="application/json" id="page-data">`: an account's {"author", "videos", "next"}, a
video's {"author", "video"}. Whatever else it meets is `Changed`, and no number is made of it.
"""

import json
from dataclasses import dataclass

from app.domain.ports.errors import Changed
from app.domain.ports.values import Format, Metric, Missing, PostReading, PostResult, PostUnread, Profile, Ref, RefKind
from app.platforms.kit import Node, Numbers
from app.platforms.wibes.links import PLATFORM as NAME
from app.platforms.wibes.links import SITE, post_url
from app.platforms.wibes.words import PLATFORM

DATA = "document.querySelector('script#page-data')?.textContent"  # in the page's own language
_LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Feed:
    """posts: newest first. next: where the next part begins, null at the end."""

    posts: tuple[PostResult, ...]
    next: int | None


def data_of(text: str | None) -> Node | None:
    """A page's data; None when it is none."""
    try:
        value = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return Node(value, PLATFORM) if isinstance(value, dict) else None


def profile(data: Node) -> Profile:
    """The account of its page. Raises Changed."""
    author = data["author"].object()
    handle = author["name"].id(64)
    numbers = Numbers({Metric.FOLLOWERS: author["subscribers"].count(Missing.UNREADABLE)})
    title = " ".join(author["title"].text().split())
    if not title:
        raise author["title"].changed()
    about = author["description"]
    return Profile(
        external_id=author["id"].id(),
        handle=handle,
        title=title,
        url=f"{SITE}/@{handle}",
        metrics=numbers.metrics,
        missing=numbers.missing,
        avatar_url=author["avatar"].url(),
        description=about.text() if isinstance(about.value, str) and about.value else None,
    )


def author(data: Node) -> Ref:
    """Whose video a page shows. Raises Changed."""
    who = data["author"].object()
    return Ref(NAME, RefKind.ID, who["id"].id(), who["name"].id(64))


def feed(data: Node) -> Feed:
    """The videos of an account's page. Raises Changed when there are some and none can be read."""
    posts: list[PostResult] = []
    odd: Changed | None = None
    for item in data["videos"].items():
        try:
            posts.append(_of(item))
        except Changed as error:
            odd = odd or error
    if odd is not None and not any(isinstance(post, PostReading) for post in posts):
        raise odd
    following = data["next"].whole()
    return Feed(tuple(posts), following or None)


def single(data: Node, post_id: str) -> PostResult:
    """A video's own page."""
    try:
        video = data["video"].object()
        if video["id"].id() != post_id:
            raise video["id"].changed()
        return _reading(video, post_id)
    except Changed as error:
        return PostUnread(post_id, error.kind, error.message, error.params)


def _of(item: Node) -> PostResult:
    post_id = item.object()["id"].id(64)
    try:
        return _reading(item, post_id)
    except Changed as error:
        return PostUnread(post_id, error.kind, error.message, error.params)


def _reading(video: Node, post_id: str) -> PostReading:
    numbers = Numbers(
        {
            Metric.VIEWS: video["views"].count(Missing.UNREADABLE),
            Metric.LIKES: video["likes"].count(Missing.NOT_GIVEN if "likes" in video else Missing.UNREADABLE),
        }
    )
    if all(value is None for value in numbers.metrics.values()):
        raise video["views"].changed()
    return PostReading(
        external_id=post_id,
        url=post_url(post_id),
        title=" ".join(video["title"].text("").split())[:_LONGEST_TITLE],
        published_at=video["published"].moment(),
        format=Format.VIDEO,
        metrics=numbers.metrics,
        missing=numbers.missing,
        duration=video["duration"].seconds(),
        thumbnail_url=video["cover"].url(),
    )
