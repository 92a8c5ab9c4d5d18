"""The world: channels, their posts and numbers, as a pure function of seed, first moment, edits and time."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from sandbox import edits
from sandbox.clock import WorldClock
from sandbox.grants import Grants
from sandbox.growth import DAY
from sandbox.population import CREATORS, Creator
from sandbox.posts import HISTORY_DAYS, NOTICE, Post, State, digits, identifier, planned
from sandbox.presences import LINKS, PRESENCES
from sandbox.quota import Quota


class Channel:
    """One creator on a platform. Numbers are asked for a moment in epoch seconds."""

    def __init__(self, creator: Creator, seed: int, start: float) -> None:
        self.creator = creator
        self.start = start
        self.id = channel_id(creator, seed)
        self.created = start - (HISTORY_DAYS + 400) * DAY
        self.peak = (19 - creator.utc_offset) * 3_600.0
        self._seed = seed
        self._posts: list[Post] = []
        self._by_id: dict[str, Post] = {}
        self._planned_until = start - HISTORY_DAYS * DAY
        self._growth: tuple[int, float] | None = None  # views at the first moment, subscribers won by each view
        self.forget()

    def forget(self) -> None:
        """Undo every edit."""
        self.title = self.creator.title
        self._handle: str | None = None
        self.hides_subscribers = self.creator.hides_subscribers
        self.terminated_at = None if self.creator.terminated is None else self.start + self.creator.terminated * DAY
        for post in self._posts:
            post.forget()

    def rename(self, handle: str) -> None:
        self._handle = handle

    def handle(self, moment: float) -> str:
        """The handle without @ at this moment."""
        if self._handle is not None:
            return self._handle
        if self.creator.renames and moment >= self.start + self.creator.renames[0] * DAY:
            return self.creator.renames[1]
        return self.creator.handle

    def terminated(self, moment: float) -> bool:
        return self.terminated_at is not None and moment >= self.terminated_at

    def known(self, moment: float) -> list[Post]:
        """Every post anybody was ever told of until this moment, newest first, whatever became of it."""
        self._plan(moment)
        return [post for post in self._posts if post.announced <= moment]

    def post(self, post_id: str, moment: float) -> Post | None:
        """One of the known posts."""
        self._plan(moment)
        post = self._by_id.get(post_id)
        return post if post is not None and post.announced <= moment else None

    def _plan(self, moment: float) -> None:
        """Make the posts until this moment, and a month ahead."""
        if moment + NOTICE > self._planned_until:
            until = moment + NOTICE + 30 * DAY
            fresh = planned(self.creator, self._seed, self.start, self._planned_until, until)
            self._posts = sorted([*self._posts, *fresh], key=lambda post: post.at, reverse=True)
            self._by_id = {post.id: post for post in self._posts}
            self._planned_until = until

    def listed(self, moment: float, *formats: str) -> list[Post]:
        """The posts the public finds on the channel, newest first; of these formats, or of all."""
        if self.terminated(moment):
            return []
        return [p for p in self.known(moment) if p.public(moment) and (not formats or p.format in formats)]

    def views(self, moment: float) -> int:
        """Views of the whole channel: all its posts, the hidden and deleted ones too, so it never falls."""
        return sum(post.views(moment) for post in self.known(moment))

    def subscribers(self, moment: float) -> int:
        creator = self.creator
        if not creator.series:
            return int(creator.subscribers * (1 + creator.gain * (moment - self.start) / (365 * DAY)))
        if self._growth is None:
            at_start = self.views(self.start)
            year = at_start - self.views(self.start - 365 * DAY)
            self._growth = (at_start, creator.subscribers * creator.gain / year)
        at_start, per_view = self._growth
        count = creator.subscribers + per_view * (self.views(moment) - at_start)
        if creator.stalls is not None:
            gone = max(0.0, moment - self.start - creator.stalls * DAY) / DAY
            count -= creator.subscribers * 0.0008 * gone
        return max(0, int(count))


def channel_id(creator: Creator, seed: int) -> str:
    """A channel's permanent id as its platform writes them."""
    name = f"{seed}:{creator.key}:channel"
    if creator.platform == "youtube":
        return "UC" + identifier(name, 22)
    if creator.platform == "tiktok":
        return "MS4wLjABAAAA" + identifier(name, 43) + identifier(f"{name}:more", 21)
    if creator.platform == "dzen":
        return hashlib.sha256(name.encode()).hexdigest()[:24]
    if creator.platform == "vk":  # a person's number, or a community's with a minus before it
        person = creator.handle.removeprefix("id")
        return person if person.isdigit() else f"-{digits(name, 8)}"
    return digits(name, 10 if creator.platform == "telegram" else 12)


class World:
    """All channels, found by the names people use for them, and what is wrong in the world at present.

    flags: what platform fakes look up ("youtube.bot_check"). revoked: API keys that are no longer valid.
    tokens: access tokens made for tests, each with its channel's id. grants: what people agreed to. edits: what was
    changed, in order. scanned: login codes (of Telegram) that a phone has agreed to, each with whose phone it is.
    """

    def __init__(self, seed: int, clock: WorldClock, start: float) -> None:
        self.seed, self.clock, self.start = seed, clock, start
        self.channels = [Channel(creator, seed, start) for creator in CREATORS]  # YouTube's
        self._elsewhere = [Channel(creator, seed, start) for creator in PRESENCES]
        self.quota = Quota()
        self.flags: set[str] = set()
        self.revoked: set[str] = set()
        self.tokens: dict[str, str] = {}
        self.grants = Grants(seed)
        self.scanned: dict[str, str] = {}
        self.edits: list[dict[str, Any]] = []
        self._as_of: float | None = None

    @property
    def now(self) -> float:
        """The world's moment, in epoch seconds; while an edit is made, the moment it is made for."""
        return self.clock.now if self._as_of is None else self._as_of

    def reset(self) -> None:
        """The world without edits, faults and used quota."""
        for forgotten in (self.flags, self.revoked, self.tokens, self.scanned, self.edits):
            forgotten.clear()
        self.quota.reset()
        self.grants.reset()
        for channel in (*self.channels, *self._elsewhere):
            channel.forget()

    def edit(self, op: str, *, at: float | None = None, **arguments: Any) -> None:
        """Change the world at this moment, or as if at another; `sandbox.edits` lists the operations.

        Raises ValueError for an unfit one.
        """
        moment = self._as_of = self.clock.now if at is None else at
        try:
            edits.apply(self, op, arguments)
        finally:
            self._as_of = None
        self.edits.append({"op": op, "at": moment, **arguments})

    def on(self, platform: str) -> list[Channel]:
        """The channels of a platform."""
        if platform == "youtube":
            return self.channels
        return [channel for channel in self._elsewhere if channel.creator.platform == platform]

    def channel(self, name: str, platform: str = "youtube") -> Channel | None:
        """By id, @handle, or without @ by handle, custom or user name; case does not matter, but for ids."""
        for channel in self.on(platform):
            names = {
                f"@{channel.handle(self.now)}",
                channel.handle(self.now),
                channel.creator.custom,
                channel.creator.user,
            }
            if name == channel.id or name.casefold() in {known.casefold() for known in names if known}:
                return channel
        return None

    def post(self, post_id: str, platform: str = "youtube") -> tuple[Channel, Post] | None:
        """A post by its id, with its channel, whatever its state; None when it never was. Where ids are numbers of the
        channel's own (Telegram, VK) ask the channel."""
        for channel in self.on(platform):
            post = channel.post(post_id, self.now)
            if post is not None:
                return channel, post
        return None

    def state(self, channel: Channel, post: Post) -> State:
        """What the public meets at the post's own address now."""
        return State.TERMINATED if channel.terminated(self.now) else post.state(self.now)

    def describe(self) -> list[dict[str, Any]]:
        """The creators, for the demo's panel."""
        moment = self.now
        return [
            {
                "id": channel.id,
                "platform": channel.creator.platform,
                "link": LINKS[channel.creator.platform].format(channel.handle(moment)),
                "title": channel.title,
                "handle": channel.handle(moment),
                "language": channel.creator.language,
                "terminated": channel.terminated(moment),
                "subscribers": None if channel.hides_subscribers else channel.subscribers(moment),
                "posts": len(channel.listed(moment)),
            }
            for channel in (*self.channels, *self._elsewhere)
        ]


def iso(moment: float) -> str:
    """Epoch seconds as the platforms write them: 2026-11-02T12:00:00Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
