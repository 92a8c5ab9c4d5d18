"""Which channel a pasted text names. Pure; never asks YouTube.

Forms of addresses: support.google.com/youtube/answer/6180214 (channel URLs) and /11585688 (handles),
and the share links YouTube itself makes. Evidence: our reading of those pages.
"""

import re
import unicodedata
from urllib.parse import parse_qs, quote, unquote

from app.domain.ports.values import Ref, RefKind

PLATFORM = "youtube"

_LONGEST = 2048
_CHANNEL_ID = re.compile(r"UC[A-Za-z0-9_-]{22}")
VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_VIDEO_ID_AND_MORE = re.compile(rf"({VIDEO_ID.pattern})(?:[?&#/].*)?")
_ADDRESS = re.compile(r"(?:https?:)?(?://)?([A-Za-z0-9.-]+)(?::(?:80|443))?([/?#].*)?", re.IGNORECASE)
_HOST = re.compile(r"(?:(?:www|m|music|gaming|kids|studio)\.)?(?:youtube\.com|youtube-nocookie\.com)")
_SHORT_HOST = re.compile(r"(?:www\.)?youtu\.be")
_WRAPPING = "\"'`«»“”„‘’<>()[]{},;|\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"
_WITH_VIDEO_ID = {"watch", "shorts", "live", "embed", "v", "e"}
_EMBEDDED = {"videoseries", "live_stream"}  # /embed/ of something else, as long as an id
_TABS = {
    *("about", "channels", "community", "courses", "featured", "join", "live", "playlists", "podcasts", "posts"),
    *("releases", "search", "shorts", "store", "streams", "videos"),
}
# First path segments that are YouTube's own pages and never a channel's name.
_OWN_PAGES = {
    *("about", "account", "ads", "attribution_link", "c", "channel", "channels", "clip", "creators", "embed", "feed"),
    *("gaming", "handle", "hashtag", "howyoutubeworks", "iframe_api", "index", "intl", "jobs", "kids", "learning"),
    *("live", "live_chat", "login", "logout", "movies", "music", "new", "news", "oembed", "paid_memberships"),
    *("playlist", "playlists", "podcasts", "post", "premium", "purchases", "redirect", "reporthistory", "results"),
    *("shorts", "signin", "source", "sports", "static", "storefront", "t", "trending", "tv", "upload", "user"),
    *("videos", "watch", "watch_videos", "yt", "youtubei"),
}


def recognise(text: str) -> Ref | None:
    """The channel (or the video whose channel is meant) that a pasted link or handle names, or None.

    Handles and names are in NFC and keep their case as pasted; YouTube does not tell cases apart in them.
    A link to a playlist, a search or another page of YouTube's own names no channel: None.
    """
    text = _unwrapped(text)
    if not text or len(text) > _LONGEST or re.search(r"[\s\\]", text):
        return None
    if _CHANNEL_ID.fullmatch(text):
        return Ref(PLATFORM, RefKind.ID, text)
    if text.startswith("@"):
        return _of_path(text, "")
    address = _ADDRESS.fullmatch(text)
    if address is None:
        return None
    host, rest = address[1].lower().removesuffix("."), (address[2] or "").partition("#")[0]
    path, _, query = rest.partition("?")
    if _SHORT_HOST.fullmatch(host):
        return _video(path.strip("/").partition("/")[0])
    return _of_path(path, query) if _HOST.fullmatch(host) else None


def profile_url(ref: Ref) -> str:
    """The address of what `ref` names, for people."""
    value = quote(ref.value, safe="")
    paths = {
        RefKind.ID: f"channel/{value}",
        RefKind.HANDLE: f"@{value}",
        RefKind.USER: f"user/{value}",
        RefKind.CUSTOM: f"c/{value}",
        RefKind.POST: f"watch?v={value}",
    }
    return f"https://www.youtube.com/{paths[ref.kind]}"


def video_url(video_id: str) -> str:
    return f"https://www.youtube.com/watch?v={video_id}"


def _unwrapped(text: str) -> str:
    """Without what comes along when people copy: spaces, quotes, brackets, invisible marks, a closing full stop."""
    text = unicodedata.normalize("NFC", text)
    before = None
    while before != text:
        before = text
        text = text.strip().strip(_WRAPPING).rstrip(".")
    return text


def _of_path(path: str, query: str) -> Ref | None:
    try:
        decoded = [unquote(part, errors="strict") for part in path.split("/") if part]
    except UnicodeDecodeError:
        return None
    parts = [unicodedata.normalize("NFC", part) for part in decoded]
    values = parse_qs(query.replace("&amp;", "&"))
    first, second = (*parts, "", "")[:2]
    if not parts or first.lower() == "watch":
        return _video(second or values.get("v", [""])[0])
    if first.startswith("@"):
        return _named(RefKind.HANDLE, first[1:], 30)
    match first.lower():
        case "channel":
            return Ref(PLATFORM, RefKind.ID, second) if _CHANNEL_ID.fullmatch(second) else None
        case "embed" if second == "live_stream":
            channel = values.get("channel", [""])[0]
            return Ref(PLATFORM, RefKind.ID, channel) if _CHANNEL_ID.fullmatch(channel) else None
        case kind if kind in _WITH_VIDEO_ID:
            return _video(second)
        case "user":
            return _named(RefKind.USER, second)
        case "c":
            return _named(RefKind.CUSTOM, second)
        case page if page in _OWN_PAGES or len(parts) > 2 or (second and second.lower() not in _TABS):
            return None
    return _named(RefKind.CUSTOM, first)


def _video(value: str) -> Ref | None:
    found = _VIDEO_ID_AND_MORE.fullmatch(value)
    return Ref(PLATFORM, RefKind.POST, found[1]) if found and found[1] not in _EMBEDDED else None


def _named(kind: RefKind, name: str, longest: int = 100) -> Ref | None:
    """Letters and digits of any script (with their marks), and _ - . · in between."""
    fits = 0 < len(name) <= longest and all(c in "_-.·" or unicodedata.category(c)[0] in "LMN" for c in name)
    # "index.html", "favicon.ico": a file, not a name
    if not fits or name.strip("_-.·") == "" or (kind is RefKind.CUSTOM and re.search(r"\.[a-z]{2,4}$", name)):
        return None
    return Ref(PLATFORM, kind, name)
