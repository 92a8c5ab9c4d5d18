"""The recorded answers of Instagram and Meta's Graph API: read where they lie (SIGHTLINE_RECORDINGS), never copied."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("SIGHTLINE_RECORDINGS", "../shared/fixtures"))
_WEB, _GRAPH = FOLDER / "instagram-web", FOLDER / "meta-graph"
# Of Graph, what is not Instagram's with a business account: Facebook's own, and the Basic Display API that ended.
_OTHER_APIS = ("/facebook/", "/instagram_basic/", "basic_display", "threads_")


@dataclass(frozen=True, slots=True)
class Recording:
    """One answer, or one of several objects in it. kind: which call of ours gives such a thing."""

    name: str
    kind: str
    answer: Any

    def __str__(self) -> str:
        return self.name


def recordings(*kinds: str) -> list[Recording]:
    """All recorded answers of these kinds."""
    return [one for one in (*_web(), *_graph()) if one.kind in kinds]


def pages() -> list[tuple[str, bytes]]:
    """Recorded pages: name and body."""
    return [(path.stem, path.read_bytes()) for path in sorted(_WEB.rglob("*.html"))] if _WEB.is_dir() else []


def _documents(folder: Path) -> Iterator[tuple[str, Any]]:
    for path in sorted(folder.rglob("*.json")) if folder.is_dir() else ():
        try:
            yield str(path.relative_to(FOLDER).with_suffix("")), json.loads(path.read_text("utf-8-sig"))
        except ValueError:
            continue


def _web() -> Iterator[Recording]:
    for name, document in _documents(_WEB):
        if not isinstance(document, dict):
            continue
        if "authenticated" in document or "login" in name:
            yield Recording(name, "login", document)
        user = document.get("user") or (document.get("data") or {}).get("user")
        if isinstance(user, dict) and "username" in user and ("follower_count" in user or "edge_followed_by" in user):
            yield Recording(name, "profile", user)
        if isinstance(document.get("data"), dict) and "user" in document["data"] and document["data"]["user"] is None:
            yield Recording(name, "no profile", document)
        for at, item in enumerate(_media(document)):
            yield Recording(f"{name}[{at}]", "media", item)


def _media(value: Any) -> Iterator[dict[str, Any]]:
    """Everything in an answer that is a whole post."""
    if isinstance(value, dict):
        if ("code" in value and "taken_at" in value) or ("shortcode" in value and "taken_at_timestamp" in value):
            yield value
            return
        value = list(value.values())
    for child in value if isinstance(value, list) else ():
        yield from _media(child)


def _graph() -> Iterator[Recording]:
    for name, document in _documents(_GRAPH):
        if any(part in f"/{name}" for part in _OTHER_APIS):
            if isinstance(document, dict) and "error" in document:
                yield Recording(name, "error", document)
            continue
        if not isinstance(document, dict):
            continue
        if isinstance(document.get("error"), dict):
            yield Recording(name, "error", document)
        elif "access_token" in document:
            yield Recording(name, "token", document)
        elif "business_discovery" in document:
            found = document["business_discovery"]
            yield Recording(name, "others media" if "media" in found else "user", found)
        elif "username" in document and "media_count" in document:
            yield Recording(name, "user", document)
        elif "period" in document and "values" in document:
            yield Recording(name, "insights", [document])
        else:
            yield from _listed(name, document)


def _listed(name: str, document: dict[str, Any]) -> Iterator[Recording]:
    data = document.get("data")
    items = data if isinstance(data, list) else [document]
    if data is None and document and all(isinstance(v, dict) and v.get("id") == k for k, v in document.items()):
        items = list(document.values())  # several objects by their ids
    items = [item for item in items if isinstance(item, dict)]
    if items and all("period" in item for item in items):
        yield Recording(name, "insights", items)
    elif items and all("tasks" in item for item in items):
        yield Recording(name, "accounts", document)
    for at, item in enumerate(items):
        if "media_type" in item:
            story = "/stories/" in item.get("permalink", "") or "stor" in name
            yield Recording(f"{name}[{at}]", "story" if story else "graph media", item)
