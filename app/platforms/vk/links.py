"""Which account a pasted text names. Pure; never asks VK.

Forms of addresses: those that VK's own pages and its share button make. Evidence: our reading.
An owner's id is a user's number, or a community's with a minus before it, as VK writes owners itself.
"""

import re

from app.domain.ports.values import Ref, RefKind
from app.platforms.kit import pasted
from app.platforms.kit.pasted import Address

PLATFORM = "vk"

OWNER_ID = re.compile(r"-?[1-9]\d{0,18}")
POST_ID = re.compile(r"[1-9]\d{0,18}")
WALL_POST = re.compile(r"(-?[1-9]\d{0,18})_([1-9]\d{0,18})")  # the owner's id, the post's
_HOST = re.compile(r"(?:(?:www|m|new)\.)?(?:vk\.com|vk\.ru|vkontakte\.ru)")
_NUMBERED = re.compile(r"(id|club|public|event)([1-9]\d{0,18})")
_WALL = re.compile(r"wall(-?[1-9]\d{0,18})(?:_([1-9]\d{0,18}))?")
_OWNED = re.compile(
    r"(?:photos?|videos?|clips?|audios?|albums?|topic|board|market|docs|story|article|page|poll)"
    r"(-?[1-9]\d{0,18})(?:_\d+.*)?"
)
_NAME = re.compile(r"(?!(?:id|club|public|event)\d+$)(?=.*[a-z])[a-z0-9_.]{2,64}")
# First path segments that are VK's own pages and never somebody's name.
_OWN_PAGES = {
    *("about", "ads", "albums", "al_feed.php", "app", "apps", "artist", "audio", "audios", "away.php", "blog", "bugs"),
    *("calls", "catalog", "clips", "community_manage", "data", "dev", "dialogs", "discover", "docs", "edit", "events"),
    *("fave", "feed", "friends", "games", "gifts", "groups", "groups_create", "groups_list", "help", "hashtag", "im"),
    *("index.php", "jobs", "join", "login", "login.php", "mail", "market", "media", "menu", "mobile", "music"),
    *("notifications", "page.php", "people", "photos", "podcasts", "press", "privacy", "products", "profile", "reg"),
    *("restore", "rss.php", "search", "services", "settings", "share.php", "shopping", "sitemap", "stats", "stickers"),
    *(
        "stories",
        "support",
        "terms",
        "video",
        "videos",
        "vkvideo",
        "wall",
        "widget_community.php",
        "write",
        "robots.txt",
    ),
}


def recognise(text: str) -> Ref | None:
    """The account (or the wall post whose owner is meant) that a pasted link names, or None.

    Names are in lower case: VK does not tell them by case. A post's value is "OWNER_POST".
    """
    address = pasted.address(text)
    if address is None or not _HOST.fullmatch(address.host):
        return None
    return _shown(address) or _of_step(address.step(0).removeprefix("@").lower())


def profile_url(ref: Ref) -> str:
    """The address of what `ref` names, for people."""
    if ref.kind is RefKind.POST:
        return f"https://vk.com/wall{ref.value}"
    if ref.kind is RefKind.ID and not ref.handle:
        return f"https://vk.com/club{ref.value[1:]}" if ref.value.startswith("-") else f"https://vk.com/id{ref.value}"
    return f"https://vk.com/{ref.handle or ref.value}"


def post_url(owner: str, post_id: str) -> str:
    return f"https://vk.com/wall{owner}_{post_id}"


def owner_of(name: str) -> str | None:
    """The owner's id in a name that VK gives to those who chose none: id1, club1, public1, event1."""
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return None
    return found[2] if found[1] == "id" else f"-{found[2]}"


def _shown(address: Address) -> Ref | None:
    """What a page shows in front of itself: vk.com/feed?w=wall-1_2, vk.com/name?z=video-1_2."""
    for name in ("w", "z"):
        for value in address.query.get(name, []):
            found = _thing(value.partition("/")[0].lower())
            if found is not None:
                return found
    return None


def _of_step(step: str) -> Ref | None:
    found = _thing(step)
    if found is not None:
        return found
    owner = owner_of(step)
    if owner is not None:
        return Ref(PLATFORM, RefKind.ID, owner)
    if step in _OWN_PAGES or not _NAME.fullmatch(step):
        return None
    return Ref(PLATFORM, RefKind.HANDLE, step)


def _thing(text: str) -> Ref | None:
    wall = _WALL.fullmatch(text)
    if wall is not None:
        if wall[2] is None:
            return Ref(PLATFORM, RefKind.ID, wall[1])
        return Ref(PLATFORM, RefKind.POST, f"{wall[1]}_{wall[2]}")
    owned = _OWNED.fullmatch(text)
    return Ref(PLATFORM, RefKind.ID, owned[1]) if owned is not None else None
