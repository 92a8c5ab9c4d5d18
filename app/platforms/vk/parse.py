"""VK's answers -> our values. Pure.

Evidence: recordings of API 5.x of 2013 to 2022 (groups.getById, users.get, wall.get, wall.getById, stats.get, errors,
and the shape of stats.getPostReach); the envelopes of 5.199, lists inside an object: VK's documentation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.ports.connections import Insight
from app.domain.ports.errors import Changed, Gone
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
    Ref,
    RefKind,
)
from app.platforms.kit import Node, Number, Numbers
from app.platforms.vk import words
from app.platforms.vk.links import OWNER_ID, PLATFORM, POST_ID, post_url, profile_url

ACCOUNT_NUMBERS = frozenset({Metric.FOLLOWERS})
POST_NUMBERS = frozenset({Metric.VIEWS, Metric.LIKES, Metric.COMMENTS, Metric.SHARES})

_VIEWS_SINCE = datetime(2017, 1, 1, tzinfo=UTC)  # VK began to count them that winter
_PICTURE = 500  # pixels a preview should at least be wide
_PHOTOS = {"photo", "posted_photo", "photos_list", "album", "graffiti"}
_WORDS = {"link", "note", "page", "poll", "article", "event", "donut_link"}  # beside a text
_SIZES = ("photo_604", "photo_807", "photo_1280", "photo_130", "photo_800", "photo_640", "photo_320")


@dataclass(frozen=True, slots=True)
class Entry:
    """One post of a wall. pinned: it stands first whatever its age."""

    result: PostResult
    at: datetime | None
    pinned: bool


def owner(response: Node) -> str:
    """The owner's id of a screen name. Raises Gone: VK answers an empty list for a name that nobody has."""
    if not response.value:
        raise Gone(words.NO_ACCOUNT)
    kind, number = response["type"].text(), _id(response["object_id"])
    if kind in ("group", "page", "event"):
        return f"-{number}"
    if kind != "user":
        raise Gone(words.NOT_AN_ACCOUNT)
    return number


def community(response: Node) -> Profile:
    """The community of a groups.getById answer. Raises Gone, Changed."""
    group = next(_listed(response, "groups"), None)
    if group is None or not group.value:
        raise Gone(words.NO_ACCOUNT)
    external_id = f"-{_id(group['id'])}"
    if group["deactivated"].exists:
        raise Gone(words.CLOSED)
    handle = group["screen_name"].text("") or f"club{external_id[1:]}"
    title = group["name"].text("") or handle
    country = group["country"] if isinstance(group["country"].value, dict) else None
    return _profile(
        group, external_id, handle, title, group["members_count"].count(), country["title"] if country else None
    )


def person(response: Node) -> Profile:
    """The person of a users.get answer. Raises Gone, Changed."""
    user = next(_listed(response, "users"), None)
    if user is None or not user.value:
        raise Gone(words.NO_ACCOUNT)
    external_id = _id(user["id"])
    if user["deactivated"].exists:
        raise Gone(words.CLOSED)
    handle = user["screen_name"].text("") or user["domain"].text("") or f"id{external_id}"
    title = " ".join(filter(None, (user["first_name"].text(""), user["last_name"].text(""))))
    followers = user["followers_count"].count()
    if not user["followers_count"].exists and isinstance(user["counters"].value, dict):
        followers = user["counters"]["followers"].count()
    return _profile(user, external_id, handle, title or handle, followers, None)


def wall(response: Node, owner_id: str) -> list[Entry]:
    """A page of a wall. A post that cannot be read is unread; Changed when none can."""
    entries: list[Entry] = []
    first: Changed | None = None
    for item in response.object()["items"].items():
        try:
            reading = post(item, owner_id)
            at = reading.published_at if isinstance(reading, PostReading) else None
            entries.append(Entry(reading, at, item["is_pinned"].whole() == 1))
        except Changed as error:
            first = first or error
            post_id = item.value.get("id") if isinstance(item.value, dict) else None
            if isinstance(post_id, int) and POST_ID.fullmatch(str(post_id)):
                unread = PostUnread(str(post_id), error.kind, error.message, error.params)
                entries.append(Entry(unread, None, False))
    if first is not None and not any(isinstance(entry.result, PostReading) for entry in entries):
        raise first
    return entries


def posts(response: Node, owner_id: str, asked: list[str]) -> list[PostResult]:
    """The posts of a wall.getById answer, each that was asked for once: one that is not there is DELETED."""
    found: dict[str, PostResult] = {}
    first: Changed | None = None
    for item in _listed(response, "items"):
        result: PostResult
        try:
            result = post(item, owner_id)
        except Changed as error:
            first = first or error
            number = item.value.get("id") if isinstance(item.value, dict) else None
            if number is None:
                raise  # whose numbers these are cannot be said, so nor can which post is gone
            result = PostUnread(str(number), error.kind, error.message, error.params)
        found[result.external_id] = result
    if first is not None and not any(isinstance(result, PostReading) for result in found.values()):
        raise first
    if not found.keys() <= set(asked):  # and so those that are not there cannot be said to be gone
        raise response.changed("items[].id")
    return [found.get(one) or PostGone(one, PostState.DELETED) for one in asked]


def post(item: Node, owner_id: str) -> PostReading | PostGone:
    """One post of this owner. Raises Changed."""
    post_id = _id(item["id"])
    if item["owner_id"].value != int(owner_id):
        raise item["owner_id"].changed()
    if item["is_deleted"].value in (True, 1):
        return PostGone(post_id, PostState.DELETED)
    published = item["date"].moment()
    if published is None:
        raise item["date"].changed()
    numbers = Numbers(
        {
            Metric.VIEWS: _counted(
                item["views"], Missing.NOT_PUBLISHED if published < _VIEWS_SINCE else Missing.NOT_GIVEN
            ),
            Metric.LIKES: _counted(item["likes"], Missing.UNREADABLE),
            Metric.COMMENTS: _counted(item["comments"], Missing.UNREADABLE),
            Metric.SHARES: _counted(item["reposts"], Missing.UNREADABLE),
        }
    )
    if all(value is None for value in numbers.metrics.values()):
        raise item["likes"].changed()
    carried = _carried(item)
    film = next((thing["video"] for kind, thing in carried if kind == "video"), None)
    return PostReading(
        external_id=post_id,
        url=post_url(owner_id, post_id),
        title=item["text"].text("") or _title(item, film),
        published_at=published,
        format=_format(item, [kind for kind, _ in carried], film),
        metrics=numbers.metrics,
        missing=numbers.missing,
        duration=_seconds(film),
        thumbnail_url=_preview(carried),
    )


def key_owner(response: Node) -> Profile:
    """The community that a key belongs to. Raises Gone when it is none's."""
    return community(response)


# What stats.get gives of each day, by its part of the answer; VK's own words.
STATISTICS = {
    "visitors": ("views", "visitors", "mobile_views"),
    "reach": ("reach", "reach_subscribers", "mobile_reach"),
    "activity": ("likes", "comments", "copies", "hidden", "subscribed", "unsubscribed"),
}
POST_STATISTICS = (
    *("reach_subscribers", "reach_total", "links", "to_group", "join_group", "report", "hide", "unsubscribe"),
)


def statistics(response: Node) -> list[Insight]:
    """A stats.get answer: the community's days. A part that VK leaves out (or empty) is null: nothing to tell is not
    zero."""
    insights: list[Insight] = []
    for period in response.items():
        begins = period["period_from"].moment()
        if begins is None:
            raise period["period_from"].changed()
        day = begins.date().isoformat()
        for part, names in STATISTICS.items():
            counts = period[part]
            if isinstance(counts.value, list) and not counts.value:  # an empty part comes as a list
                counts = Node({}, counts.platform, counts.path)
            for name in names:
                value, missing = counts[name].count()
                insights.append(Insight(name, value, "day", day, missing=missing))
    return insights


def post_statistics(response: Node) -> list[Insight]:
    """A stats.getPostReach answer: what each post reached in its life."""
    insights: list[Insight] = []
    for item in response.items():
        post_id = _id(item["post_id"] if item["post_id"].exists else item["id"])
        for name in POST_STATISTICS:
            value, missing = item[name].count()
            insights.append(Insight(name, value, "lifetime", post_id=post_id, missing=missing))
    return insights


def _profile(
    found: Node, external_id: str, handle: str, title: str, followers: Number, country: Node | None
) -> Profile:
    value, missing = followers
    if value is None and missing is Missing.NOT_GIVEN:
        missing = Missing.UNREADABLE  # it was asked for by its name
    numbers = Numbers({Metric.FOLLOWERS: (value, missing)})
    about = found["description"].text("") or found["status"].text("")
    return Profile(
        external_id=external_id,
        handle=handle,
        title=title,
        url=profile_url(Ref(PLATFORM, RefKind.ID, external_id, handle)),
        metrics=numbers.metrics,
        missing=numbers.missing,
        avatar_url=found["photo_200"].url() or found["photo_100"].url() or found["photo_50"].url(),
        description=about or None,
        country=country.text("") or None if country else None,
    )


def _listed(response: Node, name: str) -> Iterator[Node]:
    """The entries of an answer: a list, or since 5.139 a list under a name."""
    return response.items() if isinstance(response.value, list) else response.object()[name].items()


def _id(found: Node) -> str:
    value = found.id(20)
    if not OWNER_ID.fullmatch(value) or value.startswith("-"):
        raise found.changed()
    return value


def _counted(found: Node, absent: Missing) -> Number:
    """The count inside an object such as {"count": 5}; one of another shape is that number's fault alone."""
    if not found.exists:
        return None, absent
    if not isinstance(found.value, dict):
        return None, Missing.UNREADABLE
    return found["count"].count(Missing.UNREADABLE)


def _carried(item: Node) -> list[tuple[str, Node]]:
    """What is attached to a post, or to the one that it hands on, by kind. Odd ones are left out."""
    found: list[tuple[str, Node]] = []
    for source in (item, _original(item)):
        if found or source is None or not isinstance(source["attachments"].value, list):
            continue
        for attachment in source["attachments"].items():
            kind = attachment.value.get("type") if isinstance(attachment.value, dict) else None
            if isinstance(kind, str) and isinstance(attachment[kind].value, dict | list | None):
                found.append((kind, attachment))
    return found


def _original(item: Node) -> Node | None:
    history = item["copy_history"]
    if not isinstance(history.value, list):
        return None
    return next((one for one in history.items() if isinstance(one.value, dict)), None)


def _title(item: Node, film: Node | None) -> str:
    """What stands for the words of a post that has none of its own."""
    original = _original(item)
    for text in (original["text"] if original else None, film["title"] if _is_object(film) and film else None):
        if text is not None and isinstance(text.value, str) and text.value:
            return text.text()
    return ""


def _format(item: Node, kinds: list[str], film: Node | None) -> Format:
    if "video" in kinds:
        return Format.SHORT if _is_object(film) and film and film["type"].value == "short_video" else Format.VIDEO
    if _PHOTOS & set(kinds):
        return Format.PHOTO
    original = _original(item)
    said = any(isinstance(one["text"].value, str) and one["text"].value for one in (item, original) if one is not None)
    if said or (kinds and set(kinds) <= _WORDS):
        return Format.TEXT
    return Format.UNKNOWN


def _is_object(found: Node | None) -> bool:
    return found is not None and isinstance(found.value, dict)


def _seconds(film: Node | None) -> int | None:
    if film is None or not _is_object(film):
        return None
    seconds = film["duration"].whole()
    return seconds if seconds and seconds < 2**31 else None


def _preview(carried: list[tuple[str, Node]]) -> str | None:
    """A picture of the first photo or video; one that we cannot use is no reason to lose the numbers."""
    for kind, attachment in carried:
        thing = attachment[kind]
        if kind not in ("photo", "posted_photo", "video") or not _is_object(thing):
            continue
        listed = thing["image" if kind == "video" else "sizes"]
        sizes = [one for one in listed.items() if _is_object(one)] if isinstance(listed.value, list) else []
        sizes.sort(key=lambda one: one["width"].whole() or 0)
        wide = [one for one in sizes if (one["width"].whole() or 0) >= _PICTURE]
        for one in (*wide, *reversed(sizes)):
            if one["url"].url():
                return one["url"].url()
        for name in _SIZES:
            if thing[name].url():
                return thing[name].url()
    return None
