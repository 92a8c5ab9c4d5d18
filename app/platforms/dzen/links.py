"""Which channel or publication of Dzen a pasted text names. Pure; never asks Dzen."""

import re

from app.domain.ports.values import Ref, RefKind
from app.platforms.kit.pasted import address

PLATFORM = "dzen"
HOST = "dzen.ru"
SITE = f"https://{HOST}"

_HOSTS = {"dzen.ru", "www.dzen.ru", "m.dzen.ru", "zen.yandex.ru", "zen.yandex.com"}
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9_])?")
_ID = re.compile(r"[0-9a-f]{24}")
_POST = re.compile(r"[A-Za-z0-9_-]{6,64}")
# First steps that are Dzen's own, and never a channel's name.
_OWN_PAGES = {
    *("about", "api", "article", "articles", "away", "direct", "favicon.ico", "feed", "games", "help", "id", "legal"),
    *("lenta", "live", "login", "map", "me", "media", "news", "portal", "profile", "robots.txt", "search", "settings"),
    *("short", "shorts", "sitemap.xml", "static", "studio", "subscriptions", "suite", "topic", "turbo", "user"),
    *("video", "weather", "a", "b", "t"),
}


def recognise(text: str) -> Ref | None:
    """The channel that a pasted link names, or a publication's link, by which its channel is found; else None.

    A bare @name could be of any platform: None.
    """
    there = address(text)
    if there is None or there.host not in _HOSTS:
        return None
    steps = there.steps
    match steps:
        case ("id", name, *_) | ("media", "id", name, *_) if _ID.fullmatch(name.lower()):
            return Ref(PLATFORM, RefKind.ID, name.lower())
        case ("a" | "b", post) if _POST.fullmatch(post):
            return Ref(PLATFORM, RefKind.POST, f"a/{post}")
        case ("video", "watch", post) | ("shorts", post) if _POST.fullmatch(post):
            return Ref(PLATFORM, RefKind.POST, f"video/watch/{post}")
        case ("media", name, *_) | (name,):
            name = name.removeprefix("@")
            if _NAME.fullmatch(name) and name.lower() not in _OWN_PAGES:
                return Ref(PLATFORM, RefKind.HANDLE, name)
    return None


def profile_url(ref: Ref) -> str:
    """The address of what `ref` names."""
    if ref.kind is RefKind.POST:
        return post_url(ref.value)
    if ref.kind is RefKind.ID and _ID.fullmatch(ref.value):
        return f"{SITE}/id/{ref.value}"
    return f"{SITE}/{(ref.handle if ref.kind is RefKind.ID else None) or ref.value.removeprefix('@')}"


def post_url(path: str) -> str:
    """path: "a/ID" or "video/watch/ID"."""
    return f"{SITE}/{path}"


def post_path(url: str) -> str | None:
    """The path of a publication from its address; None when it is none of Dzen's."""
    ref = recognise(url)
    return ref.value if ref is not None and ref.kind is RefKind.POST else None


def handle_of(url: str) -> str | None:
    """The name in a channel's address."""
    ref = recognise(url)
    return ref.value if ref is not None and ref.kind is RefKind.HANDLE else None


def is_id(text: str) -> bool:
    """Whether it can be a channel's permanent id."""
    return _ID.fullmatch(text) is not None
