"""The recorded pages and answers of TikTok: read where they lie (SIGHTLINE_RECORDINGS), never copied."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ.get("SIGHTLINE_RECORDINGS", "../shared/fixtures")) / "tiktok"
needed = pytest.mark.skipif(not FOLDER.is_dir(), reason="no recordings here (SIGHTLINE_RECORDINGS)")

_SCRIPT = re.compile(rb'<script[^>]+id="__UNIVERSAL_DATA_FOR_REHYDRATION__"[^>]*>(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Recording:
    """One body. call: profile, video (pages with their data), display (an answer of the Display API). data: the parsed
    answer, or what the page carries."""

    name: str
    call: str
    status: int
    body: bytes
    data: dict[str, Any]

    def __str__(self) -> str:
        return self.name


def recordings(*calls: str) -> list[Recording]:
    """All recorded bodies of these calls."""
    return [recording for recording in _all() if recording.call in calls] if FOLDER.is_dir() else []


def _all() -> Iterator[Recording]:
    for path in sorted(FOLDER.rglob("*")):
        name = str(path.relative_to(FOLDER))
        if path.suffix == ".html":
            body = path.read_bytes()
            found = _SCRIPT.search(body)
            scope = json.loads(found[1])["__DEFAULT_SCOPE__"] if found else {}
            for key, call in (("webapp.user-detail", "profile"), ("webapp.video-detail", "video")):
                if key in scope:
                    yield Recording(name, call, 200, body, scope)
        elif path.suffix == ".json":
            body = path.read_bytes()
            answer = json.loads(body.decode("utf-8-sig"))
            status = re.search(r"\.(\d{3})\.json$", name)
            if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
                yield Recording(name, "display", int(status[1]) if status else 200, body, answer)
