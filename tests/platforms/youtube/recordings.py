"""The recorded answers of the YouTube Data API: read where they lie (SIGHTLINE_RECORDINGS), never copied."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

FOLDER = Path(os.environ.get("SIGHTLINE_RECORDINGS", "../shared/fixtures")) / "youtube-data-api"
needed = pytest.mark.skipif(not FOLDER.is_dir(), reason="no recordings here (SIGHTLINE_RECORDINGS)")

LISTS = {
    "youtube#channelListResponse": "channels",
    "youtube#playlistItemListResponse": "playlistItems",
    "youtube#videoListResponse": "videos",
}


@dataclass(frozen=True, slots=True)
class Recording:
    """One answer. call: channels, playlistItems, videos or error."""

    name: str
    call: str
    status: int
    answer: dict[str, Any]

    def __str__(self) -> str:
        return self.name

    @property
    def items(self) -> list[dict[str, Any]]:
        return list(self.answer.get("items", []))


def recordings(*calls: str) -> list[Recording]:
    """All recorded answers of these calls."""
    return [recording for recording in _all() if recording.call in calls] if FOLDER.is_dir() else []


def _all() -> Iterator[Recording]:
    for path in sorted(FOLDER.rglob("*.json")) + sorted(FOLDER.rglob("*.yml")):
        name = str(path.relative_to(FOLDER).with_suffix(""))
        text = path.read_text("utf-8-sig")
        document = yaml.safe_load(text) if path.suffix == ".yml" else json.loads(text)
        if isinstance(document, dict) and "http_interactions" in document:
            for at, interaction in enumerate(document["http_interactions"]):
                yield from _interaction(f"{name}[{at}]", interaction)
        else:
            yield from _answer(name, 200, document)


def _interaction(name: str, interaction: dict[str, Any]) -> Iterator[Recording]:
    host_and_path = urlsplit(interaction["request"]["uri"])
    if not host_and_path.path.startswith("/youtube/v3/"):
        return
    status, body = interaction["response"]["status"]["code"], interaction["response"]["body"]
    text = body.get("string") if isinstance(body, dict) else body
    answer = json.loads(text) if isinstance(text, str) and text.strip() else text
    yield from _answer(name, status, answer)


def _answer(name: str, status: int, answer: object) -> Iterator[Recording]:
    if not isinstance(answer, dict):
        return
    if isinstance(answer.get("error"), dict):
        yield Recording(name, "error", answer["error"].get("code", status), answer)
    elif answer.get("kind") in LISTS:
        yield Recording(name, LISTS[answer["kind"]], status, answer)
