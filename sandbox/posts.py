"""Posts: planned on each creator's schedule, from two years before the world's first moment into the future."""

import base64
import hashlib
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox import growth
from sandbox.growth import DAY, Wave
from sandbox.population import SUBJECTS, TITLES, Creator, Series

HISTORY_DAYS = 730
NOTICE = 2.5 * DAY  # how long before its start a stream is announced
_OF_FORMAT = {"long": 1.0, "short": 1.6, "live": 0.35, "video": 1.2, "photo": 0.8, "album": 0.9, "text": 0.7}
_TITLED_AS = {"video": "short", "photo": "long", "album": "long", "text": "long"}
_FIRST = 1_577_836_800.0  # 2020-01-01: posts that are numbered in their order count from here
_SERIES = 4  # a creator's series at most


class State(StrEnum):
    """What the public meets at a post's address."""

    PUBLIC = "public"
    UPCOMING = "upcoming"
    LIVE = "live"
    PRIVATE = "private"
    DELETED = "deleted"
    TERMINATED = "terminated"


def identifier(text: str, length: int) -> str:
    """A stable id of letters, digits, - and _."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:length]


def post_id(platform: str, name: str, at: float) -> str:
    """A post's id as its platform writes them."""
    match platform:
        case "youtube" | "instagram":
            return identifier(name, 11)
        case "telegram" | "vk":
            # In the order of time; two series may well post in the same second.
            return str(int(at - _FIRST) * _SERIES + int(name.rsplit(":", 2)[1]))
        case "dzen":
            return hashlib.sha256(name.encode()).hexdigest()[:24]
    return digits(name, 19 if platform == "tiktok" else 18)


def digits(text: str, length: int) -> str:
    """A stable number of so many digits, as text; not beginning with 0."""
    number = int(hashlib.sha256(text.encode()).hexdigest(), 16)
    return str(10 ** (length - 1) + number % (9 * 10 ** (length - 1)))


@dataclass(slots=True)
class Post:
    """at: publication, or a stream's scheduled start (epoch seconds). duration: seconds.

    `gone_at` and `private_at` come from the plan; an edit changes them until `forget`.
    """

    id: str
    title: str
    format: str
    at: float
    duration: int
    language: str
    peak: float
    plan: tuple[Wave, ...]
    like_rate: float
    comment_rate: float
    planned_gone: float | None
    planned_private: float | None
    planned_silent: bool
    planned_unliked: bool
    waves: tuple[Wave, ...] = ()
    gone_at: float | None = field(init=False)
    private_at: float | None = field(init=False)
    comments_off: bool = field(init=False)
    likes_hidden: bool = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Undo every edit."""
        self.waves = self.plan
        self.gone_at, self.private_at = self.planned_gone, self.planned_private
        self.comments_off, self.likes_hidden = self.planned_silent, self.planned_unliked

    @property
    def announced(self) -> float:
        return self.at - NOTICE if self.format == "live" else self.at

    @property
    def started(self) -> float:
        """A stream's real start, some minutes late; anything else's publication."""
        return self.waves[0].start

    @property
    def ended(self) -> float:
        return self.started + self.duration if self.format == "live" else self.started

    def state(self, moment: float) -> State:
        if self.gone_at is not None and moment >= self.gone_at:
            return State.DELETED
        if self.private_at is not None and moment >= self.private_at:
            return State.PRIVATE
        if self.format == "live" and moment < self.ended:
            return State.UPCOMING if moment < self.started else State.LIVE
        return State.PUBLIC

    def public(self, moment: float) -> bool:
        return self.state(moment) in (State.PUBLIC, State.LIVE, State.UPCOMING)

    def views(self, moment: float) -> int:
        return growth.views(self.waves, moment, self.peak)

    def likes(self, moment: float) -> int:
        return int(self.views(moment) * self.like_rate)

    def comments(self, moment: float) -> int:
        return int(self.views(moment) * self.comment_rate)

    def shares(self, moment: float) -> int:
        """Reposts, forwards: whatever the platform calls handing it on."""
        return int(self.views(moment) * self.like_rate * 0.09)

    def saves(self, moment: float) -> int:
        return int(self.views(moment) * self.like_rate * 0.06)

    def watching(self, moment: float) -> int:
        """People at a running stream (rises, then falls), or waiting for an upcoming one."""
        if moment < self.started:
            return int(self.waves[0].size * 0.004 * (1 + (moment - self.announced) / NOTICE))
        progress = (moment - self.started) / self.duration
        return int(self.waves[0].size * 0.06 * (0.2 + math.sin(math.pi * min(progress, 1.0))))


def planned(creator: Creator, seed: int, start: float, since: float, until: float) -> Iterator[Post]:
    """The creator's posts with since <= at < until, in no particular order."""
    for number, series in enumerate(creator.series):
        period = series.every_days * DAY
        origin = start - HISTORY_DAYS * DAY
        slot = max(0, int((since - origin) / period) - 2)
        while origin + slot * period < until + DAY:
            post = _post(creator, seed, start, number, series, slot, origin + slot * period)
            if since <= post.at < until:
                yield post
            slot += 1


def _post(creator: Creator, seed: int, start: float, number: int, series: Series, slot: int, due: float) -> Post:
    name = f"{seed}:{creator.key}:{number}:{slot}"
    dice = random.Random(name)
    # Some day of the slot, around the usual hour where the creator lives.
    day = math.floor((due + dice.uniform(0, 0.4 * series.every_days * DAY)) / DAY) * DAY
    at = day + (series.hour - creator.utc_offset) * 3_600 + dice.gauss(0, 900)
    grown = (1 + creator.gain) ** ((at - start) / (365 * DAY))
    size = creator.typical * _OF_FORMAT[series.format] * grown
    size *= math.exp(dice.gauss(0, growth.VIEWS_SIGMA * creator.scatter))
    if creator.stalls is not None and at > start + creator.stalls * DAY:
        size *= 0.15
    late = abs(dice.gauss(0, 180)) if series.format == "live" else 0.0
    waves = [Wave(at + late, size)]
    if dice.random() < creator.breakouts:
        waves.append(Wave(at + late + dice.uniform(0.1, 4) * DAY, size * dice.uniform(6, 25)))
    elif dice.random() < growth.SECOND_WAVE * 5:
        waves.append(Wave(at + late + dice.uniform(5, 90) * DAY, size * dice.uniform(0.3, 1.5)))
    gone = at + dice.uniform(3, 240) * DAY if dice.random() < creator.deletes else None
    private = at + dice.uniform(10, 200) * DAY if dice.random() < creator.private else None
    subjects = SUBJECTS.get(f"{creator.topic}/{creator.language}") or SUBJECTS[creator.topic]
    title = dice.choice(TITLES[creator.language][_TITLED_AS.get(series.format, series.format)]).format(
        dice.choice(subjects)
    )
    return Post(
        id=post_id(creator.platform, name, at),
        title=f"{title[0].upper()}{title[1:]} · {slot + 1}",
        format=series.format,
        at=at,
        duration=dice.randint(*series.seconds),
        language=creator.language,
        peak=(19 - creator.utc_offset) * 3_600.0,
        plan=tuple(waves),
        like_rate=min(0.2, growth.LIKE_RATE * math.exp(dice.gauss(0, growth.LIKE_SIGMA))),
        comment_rate=min(0.05, growth.COMMENT_RATE * math.exp(dice.gauss(0, growth.COMMENT_SIGMA))),
        planned_gone=gone,
        planned_private=private,
        planned_silent=dice.random() < creator.silent,
        planned_unliked=dice.random() < creator.hides_likes,
    )
