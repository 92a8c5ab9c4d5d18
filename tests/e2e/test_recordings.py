"""Real input: what YouTube answered, through the real client, the database and the page, number by number.

Every number comes from a recorded body. What the recordings lack is the channels' lists of uploads: this test writes
those envelopes, with ids only, so that one page of a list names the videos of one recorded answer. Most recorded
videos were asked for without their snippet, so they do not say whose they are; they are listed under the first
recorded channel. What was recorded more than once is read as often, a day apart. A number that was not asked for
when it was recorded is one that the page says it does not have.
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sandbox.core import Sandbox
from tests.conftest import Urls
from tests.platforms.youtube.recordings import FOLDER, Recording, recordings
from tests.played import Place, exact, numbers_of_post, played

pytestmark = [
    pytest.mark.recordings,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="no recordings here (SIGHTLINE_RECORDINGS)"),
]

API = "youtube.googleapis.com"
CHANNEL = {"followers": "subscriberCount", "views": "viewCount"}
VIDEO = {"views": "viewCount", "likes": "likeCount", "comments": "commentCount"}
MOST = 50  # videos of one answer, as we ask
ENOUGH = 10  # channels and videos together


@dataclass
class Day:
    """What YouTube answers on one day: each channel's answer, and the answers about videos that it lists."""

    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    videos: list[Recording] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """The numbers of one channel or video on one day, as they were recorded and as the page shows them.

    null: not there.
    """

    day: int
    what: str
    recorded: dict[str, int | None]
    shown: dict[str, int | None]


def days() -> list[Day]:
    """Every recorded channel and video that has numbers, each day with other ones."""
    found: list[Day] = []

    def first_without(known: set[str], taken: Any) -> Day:
        day = next((day for day in found if not known & taken(day)), None)
        if day is None:
            found.append(day := Day())
        return day

    for recording in recordings("channels"):
        for item in recording.items:
            day = first_without({item["id"]}, lambda day: set(day.channels))
            day.channels[item["id"]] = recording.answer | {"items": [item]}
    for recording in recordings("videos"):
        if 0 < len(recording.items) <= MOST:
            day = first_without(ids_of(recording), lambda day: {one for r in day.videos for one in ids_of(r)})
            day.videos.append(recording)
    for before, day in pairwise(found):
        day.channels = before.channels | day.channels  # who was not recorded again answers as before
    return found


def ids_of(recording: Recording) -> set[str]:
    return {item["id"] for item in recording.items}


def play(sandbox: Sandbox, day: Day, lister: str) -> None:
    """Let the sandbox give the day's answers; `lister` lists the videos, the other channels list none."""
    add = sandbox.replay.add
    for channel, answer in day.channels.items():
        add(API, "GET", "/youtube/v3/channels", {"id": channel}, body=json.dumps(answer).encode())
        pages = list(day.videos) if channel == lister else []
        for number, recording in enumerate(pages or [None]):
            ids = [item["id"] for item in recording.items] if recording else []
            envelope = {
                "kind": "youtube#playlistItemListResponse",
                "items": [{"kind": "youtube#playlistItem", "contentDetails": {"videoId": one}} for one in ids],
            } | ({"nextPageToken": f"page-{number + 1}"} if number + 1 < len(pages) else {})
            query = {"playlistId": f"UU{channel[2:]}"} | ({"pageToken": f"page-{number}"} if number else {})
            add(API, "GET", "/youtube/v3/playlistItems", query, body=json.dumps(envelope).encode())
            if recording:
                answers = json.dumps(recording.answer).encode()
                add(API, "GET", "/youtube/v3/videos", {"id": ",".join(ids)}, body=answers)


def recorded_of(item: dict[str, Any], keys: dict[str, str]) -> dict[str, int | None]:
    given = item.get("statistics", {})
    return {name: int(given[key]) if key in given else None for name, key in keys.items()}


async def read(here: Place, number: int, day: Day, lister: str) -> list[Line]:
    """Follow the day's channels, read them, and set what their pages show beside what was recorded."""
    accounts = {channel: await here.follow(f"https://www.youtube.com/channel/{channel}") for channel in day.channels}
    assert await here.collect() == len(accounts)
    lines = []
    for channel, account in accounts.items():
        page = await here.page(f"/accounts/{account}?size=100")
        recorded = recorded_of(day.channels[channel]["items"][0], CHANNEL)
        lines.append(Line(number, f"channel {channel}", recorded, {name: exact(page, name) for name in CHANNEL}))
        if channel == lister:
            posts = await here.posts_of(account)
            for item in (item for recording in day.videos for item in recording.items):
                shown = numbers_of_post(page, posts[item["id"]])
                lines.append(Line(number, f"video {item['id']}", recorded_of(item, VIDEO), shown))
    return lines


async def test_the_page_shows_the_recorded_numbers(urls: Urls, tmp_path: Path) -> None:
    recorded = days()
    lister = next(iter(recorded[0].channels))
    lines: list[Line] = []
    async with played(urls, tmp_path, max_posts_per_account=500) as here:
        for number, day in enumerate(recorded, 1):
            here.sandbox.replay.clear()
            play(here.sandbox, day, lister)
            lines += await read(here, number, day, lister)
            here.sandbox.clock.advance(timedelta(days=1).total_seconds())
    table = tmp_path / "recorded-and-shown.md"
    table.write_text(in_markdown(lines))
    print(f"\n{table}\n{table.read_text()}")
    assert [line for line in lines if line.recorded != line.shown] == []
    known = {line.what for line in lines if None not in line.recorded.values()}
    assert len(known) >= ENOUGH and sum(what.startswith("channel") for what in known) >= 2


def in_markdown(lines: list[Line]) -> str:
    def said(numbers: dict[str, int | None]) -> str:
        return ", ".join(f"{name} {'not given' if value is None else f'{value:,}'}" for name, value in numbers.items())

    rows = [f"| {line.day} | {line.what} | {said(line.recorded)} | {said(line.shown)} |" for line in lines]
    return "\n".join(["| day | what | recorded | shown |", "|---|---|---|---|", *rows]) + "\n"
