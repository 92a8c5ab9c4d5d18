"""Which account or video of Wibes a pasted text names. Pure; never asks Wibes."""

import re

from app.domain.ports.values import Ref, RefKind
from app.platforms.kit.pasted import address

PLATFORM = "wibes"
HOST = "wibes.ru"
SITE = f"https://{HOST}"

_HOSTS = {"wibes.ru", "www.wibes.ru", "m.wibes.ru"}
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?")
_POST = re.compile(r"[A-Za-z0-9_-]{1,64}")


def recognise(text: str) -> Ref | None:
    """The account that a pasted link names, or a video's link, by which its account is found; else None."""
    there = address(text)
    if there is None or there.host not in _HOSTS:
        return None
    match there.steps:
        case (name, *_) if name.startswith("@") and _NAME.fullmatch(name[1:]):
            return Ref(PLATFORM, RefKind.HANDLE, name[1:])
        case ("video", post, *_) if _POST.fullmatch(post):
            return Ref(PLATFORM, RefKind.POST, post)
    return None


def profile_url(ref: Ref) -> str:
    """The address of what `ref` names; accounts are found by name only."""
    if ref.kind is RefKind.POST:
        return post_url(ref.value)
    return f"{SITE}/@{(ref.handle if ref.kind is RefKind.ID else None) or ref.value}"


def post_url(post_id: str) -> str:
    return f"{SITE}/video/{post_id}"
