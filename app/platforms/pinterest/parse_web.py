"""Pinterest's public pages -> our values. Pure.

Evidence: our reading, unproven; no page was recorded. A page carries its state as JSON in a script: the accounts and
pins that it shows, by id. yt-dlp (2026) knows pins by the same names (created_at, repin_count, comment_count, images,
videos). Pages of single pins may carry the pin in the camel case of Pinterest's GraphQL instead.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from app.domain.ports.errors import Blocked, Changed, Gone
from app.domain.ports.values import Format, Metric, Missing, PostReading, PostResult, PostUnread, Profile, Ref, RefKind
from app.platforms.kit import Node, Number, Numbers
from app.platforms.kit import words as common
from app.platforms.pinterest import words
from app.platforms.pinterest.links import PIN_ID, PLATFORM, USER_ID, pin_url, profile_url

LABEL = "Pinterest"
ACCOUNT_NUMBERS = frozenset({Metric.FOLLOWERS, Metric.FOLLOWING, Metric.POSTS, Metric.MONTHLY_VIEWS})
POST_NUMBERS = frozenset({Metric.SAVES, Metric.COMMENTS, Metric.LIKES})

_STATE = re.compile(r'<script\b[^>]*\bid="(__PWS_INITIAL_PROPS__|__PWS_DATA__)"[^>]*>(.*?)</script>', re.DOTALL)
_RELAY = re.compile(r'<script\b[^>]*\bdata-relay-response="true"[^>]*>(.*?)</script>', re.DOTALL)
_CHECK = re.compile(r"captcha|are you a robot|unusual activity", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Page:
    """users, pins: what the page carries, by id."""

    users: dict[str, Node]
    pins: dict[str, Node]


def page(text: str) -> Page:
    """What a page carries. Raises Blocked when it asks for a human, Changed when it carries nothing."""
    users: dict[str, Node] = {}
    pins: dict[str, Node] = {}
    found = False
    for name, script in _STATE.findall(text):
        state = _node(script, name).object()
        for step in ("props", "initialReduxState"):
            if step in state:
                state = state[step]
        if "users" not in state and "pins" not in state:
            continue
        found = True
        for key, kept in (("users", users), ("pins", pins)):
            if state[key].exists:
                kept.update(state[key].fields())
    for script in _RELAY.findall(text):
        pin = _node(script, "relay")
        for step in ("response", "data", "v3GetPinQuery", "data"):
            pin = pin[step] if isinstance(pin.value, dict) else Node(None, LABEL)
        if isinstance(pin.value, dict):
            found = True
            whole = Node(_snake(pin.value), LABEL, "v3GetPinQuery.data")
            pins.setdefault(whole["id"].id(), whole)
    if found:
        return Page(users, pins)
    if _CHECK.search(text):
        raise Blocked(common.BOT_CHECK, platform=LABEL)
    raise Changed(common.CHANGED, field="__PWS_INITIAL_PROPS__", platform=LABEL)


def profile(carried: Page, name: str) -> Profile:
    """The account of this name. Raises Gone, Changed."""
    for user in carried.users.values():
        given = user.value.get("username") if isinstance(user.value, dict) else None
        if isinstance(given, str) and given.casefold() == name.casefold():
            return _profile(user)
    raise Changed(common.CHANGED, field="initialReduxState.users", platform=LABEL)


def author(carried: Page, pin_id: str) -> str:
    """The name of a pin's author. Raises Gone, Changed."""
    pin = carried.pins.get(pin_id)
    if pin is None:
        raise Gone(words.NO_PIN)
    who = pin["native_creator"] if isinstance(pin["native_creator"].value, dict) else pin["pinner"]
    return who["username"].id(60)


def created(carried: Page, user_id: str, limit: int) -> list[PostResult]:
    """The newest pins of this account on its page of created pins, newest first; pins of others beside them are left
    out. One that cannot be read is unread; Changed when none can."""
    read: list[PostReading] = []
    odd: list[PostResult] = []
    first: Changed | None = None
    for key, pin in carried.pins.items():
        try:
            if _owner(pin) == user_id:
                read.append(post(pin))
        except Changed as error:
            first = first or error
            if PIN_ID.fullmatch(key):
                odd.append(PostUnread(key, error.kind, error.message, error.params))
    if first is not None and not read:
        raise first
    read.sort(key=lambda one: one.published_at or datetime.min.replace(tzinfo=UTC), reverse=True)
    return [*read, *odd][:limit]


def post(pin: Node) -> PostReading:
    """One pin. Raises Changed."""
    pin_id = pin["id"].id(25)
    if not PIN_ID.fullmatch(pin_id):
        raise pin["id"].changed()
    numbers = Numbers(
        {
            Metric.SAVES: _saves(pin),
            Metric.COMMENTS: pin["comment_count"].count(),
            Metric.LIKES: _reactions(pin["reaction_counts"]),
            Metric.VIEWS: (None, Missing.NOT_GIVEN),
        }
    )
    if all(value is None for value in numbers.metrics.values()):
        raise pin["repin_count"].changed()
    film = _is_object(pin["videos"])
    told = _is_object(pin["story_pin_data"])
    pictured = _is_object(pin["images"])
    return PostReading(
        external_id=pin_id,
        url=pin_url(pin_id),
        title=_first_text(pin, "title", "grid_title", "closeup_unified_description", "description"),
        published_at=moment(pin["created_at"]),
        format=Format.VIDEO if film else Format.UNKNOWN if told else Format.PHOTO if pictured else Format.UNKNOWN,
        metrics=numbers.metrics,
        missing=numbers.missing,
        duration=_seconds(pin["videos"]) if film else None,
        thumbnail_url=_picture(pin["images"]) if pictured else None,
    )


def moment(found: Node) -> datetime | None:
    """A time as in "Sun, 04 Apr 2021 05:43:58 +0000", or ISO 8601. Raises Changed."""
    value = found.value
    if isinstance(value, str) and "," in value:
        try:
            return parsedate_to_datetime(value).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            raise found.changed() from None
    return found.moment()


def _profile(user: Node) -> Profile:
    external_id, handle = user["id"].id(25), user["username"].id(60)
    if not USER_ID.fullmatch(external_id):
        raise user["id"].changed()
    numbers = Numbers(
        {
            Metric.FOLLOWERS: _expected(user["follower_count"]),
            Metric.FOLLOWING: user["following_count"].count(),
            Metric.POSTS: user["pin_count"].count(),
            Metric.MONTHLY_VIEWS: _shown(user["profile_views"]),
        }
    )
    return Profile(
        external_id=external_id,
        handle=handle,
        title=user["full_name"].text("") or handle,
        url=profile_url(Ref(PLATFORM, RefKind.HANDLE, handle)),
        metrics=numbers.metrics,
        missing=numbers.missing,
        avatar_url=user["image_xlarge_url"].url() or user["image_medium_url"].url(),
        description=user["about"].text("") or None,
    )


def _expected(found: Node) -> Number:
    """A count whose place has always been there."""
    return found.count(Missing.UNREADABLE)


def _shown(found: Node) -> Number:
    """Monthly views: -1 where the owner shows none."""
    return (None, Missing.HIDDEN) if found.value == -1 and not isinstance(found.value, bool) else found.count()


def _saves(pin: Node) -> Number:
    """Saves of the picture wherever it was pinned, else of this pin."""
    data = pin["aggregated_pin_data"]
    stats = data["aggregated_stats"] if _is_object(data) else data
    if _is_object(stats) and stats["saves"].exists:
        return stats["saves"].count()
    return pin["repin_count"].count(Missing.UNREADABLE)


def _reactions(found: Node) -> Number:
    """All kinds of reactions together. None at all is no answer: Pinterest leaves the object empty for pins that have
    none and for those whose reactions it does not show."""
    if not found.exists or found.value == {}:
        return None, Missing.NOT_GIVEN
    if not isinstance(found.value, dict):
        return None, Missing.UNREADABLE
    counts = [kind.whole() for _, kind in found.fields()]
    total = sum(count for count in counts if count is not None)
    return (None, Missing.UNREADABLE) if None in counts else (total, None)


def _owner(pin: Node) -> str:
    who = pin["native_creator"] if isinstance(pin["native_creator"].value, dict) else pin["pinner"]
    return who.object()["id"].id(25)


def _first_text(pin: Node, *names: str) -> str:
    for name in names:
        if isinstance(pin[name].value, str) and pin[name].text().strip():
            return pin[name].text().strip()
    return ""


def _seconds(videos: Node) -> int | None:
    """The longest duration in a list of renditions, which are in milliseconds."""
    listed = videos["video_list"]
    if not _is_object(listed):
        return None
    lengths = [one["duration"].whole() or 0 for _, one in listed.fields() if _is_object(one)]
    longest = max(lengths, default=0)
    return round(longest / 1000) or None if longest < 2**31 else None


def _picture(images: Node) -> str | None:
    for name in ("736x", "600x", "474x", "orig", "236x"):
        if _is_object(images[name]) and images[name]["url"].url():
            return images[name]["url"].url()
    return None


def _is_object(found: Node) -> bool:
    return isinstance(found.value, dict)


def _node(script: str, place: str) -> Node:
    try:
        return Node(json.loads(script), LABEL)
    except (ValueError, RecursionError):
        raise Changed(common.CHANGED, field=place, platform=LABEL) from None


def _snake(value: Any, depth: int = 0) -> Any:
    """GraphQL's names as the pages' state has them; its own id is called entityId."""
    if depth > 40:
        return None
    if isinstance(value, list):
        return [_snake(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    named = {_HUMP.sub("_", str(name)).lower(): _snake(one, depth + 1) for name, one in value.items()}
    return named | {"id": named["entity_id"]} if "entity_id" in named else named
