"""The frozen values that cross the border between platforms and the domain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Metric(StrEnum):
    """Every number a snapshot can hold. Cumulative counters unless the catalogue says otherwise."""

    FOLLOWERS = "followers"
    FOLLOWING = "following"
    POSTS = "posts"
    VIEWS = "views"
    LIKES = "likes"
    COMMENTS = "comments"
    SHARES = "shares"
    SAVES = "saves"
    MONTHLY_VIEWS = "monthly_views"  # a gauge of the last 30 days: never summed, no gains


ACCOUNT_METRICS = (
    Metric.FOLLOWERS,
    Metric.FOLLOWING,
    Metric.POSTS,
    Metric.VIEWS,
    Metric.LIKES,
    Metric.MONTHLY_VIEWS,
)
POST_METRICS = (Metric.VIEWS, Metric.LIKES, Metric.COMMENTS, Metric.SHARES, Metric.SAVES)


class Missing(StrEnum):
    """Why a number is null. Every null metric of a reading carries one of these."""

    HIDDEN = "hidden"  # the owner hides it
    OFF = "off"  # switched off for this post (comments)
    NOT_PUBLISHED = "not_published"  # the platform does not give this number to anybody
    NOT_GIVEN = "not_given"  # this source does not give it; another one may
    NOT_YET = "not_yet"  # it will exist later (views of an upcoming live stream)
    UNREADABLE = "unreadable"  # it was there in a form we could not read; never guessed


class Format(StrEnum):
    """The kind of a post. UNKNOWN stays unknown: formats are never averaged together or guessed."""

    LONG = "long"
    SHORT = "short"
    LIVE = "live"
    VIDEO = "video"  # where the platform does not tell long from short
    PHOTO = "photo"
    TEXT = "text"
    UNKNOWN = "unknown"


class PostState(StrEnum):
    """Whether the public can see a post. LIVE_NOW and UPCOMING are streams."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"
    DELETED = "deleted"
    UPCOMING = "upcoming"
    LIVE_NOW = "live_now"


class RefKind(StrEnum):
    """What a pasted link names."""

    ID = "id"  # the platform's permanent id
    HANDLE = "handle"  # @name, without the @
    USER = "user"  # YouTube /user/NAME
    CUSTOM = "custom"  # YouTube /c/NAME or a bare vanity path
    POST = "post"  # a post's id: its author is meant


@dataclass(frozen=True, slots=True)
class Ref:
    """A recognised link or handle: which platform, and how the account is named in it.

    handle: beside a permanent id, the handle it was last known by, for a source that can only ask by it. Such a source
    raises Gone when the handle answers with another id: it has changed hands.
    """

    platform: str
    kind: RefKind
    value: str
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One reading of an account.

    metrics: value per ACCOUNT_METRICS name, null where unreadable; missing: the reason for each null.
    """

    external_id: str
    handle: str | None  # without @
    title: str
    url: str
    metrics: Mapping[Metric, int | None]
    missing: Mapping[Metric, Missing] = field(default_factory=dict)
    avatar_url: str | None = None
    description: str | None = None
    created_at: datetime | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class PostReading:
    """One reading of a post: its facts and numbers, as `Profile`.

    duration: seconds. published_at: UTC, null when the source does not say.
    """

    external_id: str
    url: str
    title: str
    published_at: datetime | None
    format: Format
    metrics: Mapping[Metric, int | None]
    missing: Mapping[Metric, Missing] = field(default_factory=dict)
    state: PostState = PostState.PUBLIC
    duration: int | None = None
    thumbnail_url: str | None = None


@dataclass(frozen=True, slots=True)
class PostGone:
    """A post that was asked for by id and is not there for the public."""

    external_id: str
    state: PostState  # PRIVATE or DELETED


@dataclass(frozen=True, slots=True)
class PostUnread:
    """A post that exists but could not be read this time; its last good numbers stay."""

    external_id: str
    kind: str  # a PlatformError kind
    message: str  # msgid
    params: Mapping[str, object] = field(default_factory=dict)


PostResult = PostReading | PostGone | PostUnread
