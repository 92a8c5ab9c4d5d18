"""Which account a pasted text names. Pure; never asks Pinterest.

Forms of addresses: those that Pinterest's own pages make. Evidence: our reading. A short pin.it link is not ours yet:
where it leads only Pinterest knows.
"""

import re
from urllib.parse import quote

from app.domain.ports.values import Ref, RefKind
from app.platforms.kit import pasted

PLATFORM = "pinterest"

PIN_ID = re.compile(r"\d{5,25}")
USER_ID = re.compile(r"\d{5,25}")
NAME = re.compile(r"[\w-]{3,60}")
_HOST = re.compile(r"(?:[a-z]{2,3}\.|www\.)?pinterest\.(?:com?(?:\.[a-z]{2})?|[a-z]{2,4}(?:\.[a-z]{2})?)")
_PIN = re.compile(r"(?:.*--)?(\d{5,25})")
# First path segments that are Pinterest's own pages and never somebody's name.
_OWN_PAGES = {
    *("_", "_tools", "about", "ads", "all", "amp", "api", "business", "categories", "collage", "convert-business"),
    *("discover", "domain", "email", "explore", "following", "homefeed", "ideas", "invite", "login", "logout", "news"),
    *("news_hub", "notifications", "oauth", "offsite", "password", "pin", "pin-builder", "pin-creation-tool"),
    *("resource", "robots.txt", "search", "settings", "shop", "shopping", "signup", "sitemap", "source", "story-pin"),
    *("today", "topics", "tos", "tv", "upload", "verify", "videos", "watch", "widgets"),
}


def recognise(text: str) -> Ref | None:
    """The account (or the pin whose author is meant) that a pasted link names, or None.

    Names are in lower case, as Pinterest keeps them. A board's address names its owner.
    """
    address = pasted.address(text)
    if address is None or not _HOST.fullmatch(address.host):
        return None
    first = address.step(0).lower()
    if first == "pin":
        found = _PIN.fullmatch(address.step(1))
        return Ref(PLATFORM, RefKind.POST, found[1]) if found else None
    if first in _OWN_PAGES or not NAME.fullmatch(first):
        return None
    return Ref(PLATFORM, RefKind.HANDLE, first)


def profile_url(ref: Ref) -> str:
    """The address of what `ref` names, for people. Pinterest has none for a bare id."""
    if ref.kind is RefKind.POST:
        return pin_url(ref.value)
    name = ref.handle if ref.kind is RefKind.ID else ref.value
    return f"https://www.pinterest.com/{quote(name, safe='')}/" if name else "https://www.pinterest.com/"


def pin_url(pin_id: str) -> str:
    return f"https://www.pinterest.com/pin/{pin_id}/"
