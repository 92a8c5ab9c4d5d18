"""Which account a pasted text names. Pure; never asks Instagram.

Forms of addresses: those Instagram's own pages and share buttons make. Evidence: our reading of them.
"""

import re

from app.domain.ports.values import Ref, RefKind
from app.platforms.kit import pasted

PLATFORM = "instagram"

SHORTCODE = re.compile(r"[A-Za-z0-9_-]{5,11}")
_PRIVATE_CODE = re.compile(r"[A-Za-z0-9_-]{39}")  # a shortcode and 28 characters that let followers in
_HANDLE = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9._]{1,30}(?<!\.)")
_HOST = re.compile(r"(?:(?:www|m|web)\.)?(?:instagram\.com|instagr\.am)")
_WITH_SHORTCODE = {"p", "reel", "reels", "tv"}
_TABS = {"channel", "feed", "followers", "following", "guides", "live", "photos", "reels", "reposts", "tagged", "video"}
# First path segments that are Instagram's own pages and never an account's name.
_OWN_PAGES = {
    *("_n", "_u", "a", "about", "accounts", "ads", "ajax", "api", "archive", "ar", "blog", "challenge", "create"),
    *("data", "developer", "developers", "direct", "directory", "download", "emails", "embed", "embed.js", "explore"),
    *("favicon.ico", "graphql", "hashtag", "help", "home", "invites", "kids", "legal", "lite", "locations", "login"),
    *("logout", "notifications", "oauth", "popular", "privacy", "publicapi", "push", "qr", "query", "robots.txt", "s"),
    *("scraping", "security", "session", "settings", "share", "shop", "shopping", "sitemap.xml", "static", "stories"),
    *("support", "tags", "terms", "topics", "topical_explore", "tos", "web", "your_activity"),
    *_WITH_SHORTCODE,
}


def recognise(text: str) -> Ref | None:
    """The account (or the post whose author is meant) that a pasted link names, or None.

    Handles are in lower case, as Instagram keeps them. A bare @name is nobody's in particular: None.
    """
    address = pasted.address(text)
    if address is None or not _HOST.fullmatch(address.host):
        return None
    return _of_path(list(address.steps))


def profile_url(ref: Ref) -> str:
    """The address of what `ref` names, for people. Instagram has none for a bare id."""
    if ref.kind is RefKind.POST:
        return post_url(ref.value)
    name = ref.handle if ref.kind is RefKind.ID else ref.value
    return f"https://www.instagram.com/{name}/" if name else "https://www.instagram.com/"


def post_url(shortcode: str, *, reel: bool = False) -> str:
    return f"https://www.instagram.com/{'reel' if reel else 'p'}/{shortcode}/"


def handle(name: str) -> str | None:
    """A name as Instagram keeps it, or None when it can be nobody's."""
    return name.lower() if _HANDLE.fullmatch(name) and name.lower() not in _OWN_PAGES else None


def _of_path(parts: list[str]) -> Ref | None:
    first, second, third = (*parts, "", "", "")[:3]
    kind = first.lower()
    if kind in _WITH_SHORTCODE:
        return _post(second)
    if kind == "stories":
        return _named(second) if second.lower() != "highlights" else None
    if kind in ("_u", "_n"):
        return _named(second)
    if second.lower() in _WITH_SHORTCODE and third:  # instagram.com/name/reel/CODE
        return _post(third) if handle(first) else None
    if second and second.lower() not in _TABS:
        return None
    return _named(first)


def _post(code: str) -> Ref | None:
    if _PRIVATE_CODE.fullmatch(code):
        code = code[:-28]
    fits = SHORTCODE.fullmatch(code) and code != "audio"  # /reels/audio/... is a sound's page
    return Ref(PLATFORM, RefKind.POST, code) if fits else None


def _named(name: str) -> Ref | None:
    name = handle(name.removeprefix("@")) or ""
    return Ref(PLATFORM, RefKind.HANDLE, name) if name else None
