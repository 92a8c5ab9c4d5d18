"""Which channel a pasted text names. Pure; never asks Telegram.

Forms of addresses: core.telegram.org/api/links ("Public username links", "Message links"). Evidence: our reading.
"""

import re
from urllib.parse import parse_qs, urlsplit

from app.domain.ports.values import Ref, RefKind
from app.platforms.kit.pasted import address, unwrapped

PLATFORM = "telegram"
HOST = "t.me"

_HOSTS = {f"{www}{name}" for www in ("", "www.") for name in ("t.me", "telegram.me", "telegram.dog")}
_OWN_HOST = re.compile(r"([a-z0-9_]+)\.t\.me")  # NAME.t.me
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9]){3,31}")
# First steps that are Telegram's own, and never somebody's name.
_OWN_PAGES = {
    *("addemoji", "addlist", "addstickers", "addstyle", "addtheme", "auction", "boost", "call", "confirmphone"),
    *("contact", "download", "giftcode", "invoice", "joinchat", "login", "newbot", "privacy", "proxy", "setlanguage"),
    *("share", "socks", "username", "web"),
}


def recognise(text: str) -> Ref | None:
    """The channel that a pasted link names, by its public name, or None.

    A link to a post means its channel. Invitations to private chats (+..., joinchat) and the addresses that only
    members can open (c/...) name no public channel: None. So does a bare @name, which could be of any platform.
    """
    plain = unwrapped(text)
    if plain.lower().startswith(("tg://", "tg:")):
        return _deep(plain)
    there = address(plain)
    if there is None:
        return None
    own = _OWN_HOST.fullmatch(there.host)
    if own is not None and own[1] != "www":
        return _named(own[1])
    if there.host not in _HOSTS:
        return None
    first = there.step(1) if there.step(0) == "s" else there.step(0)
    return _named(first.removeprefix("@"))


def profile_url(ref: Ref) -> str:
    """The address of what `ref` names, for people."""
    name = ref.handle if ref.kind is RefKind.ID else ref.value
    return f"https://{HOST}/{name}" if name else f"https://{HOST}/c/{ref.value}"


def post_url(name: str, post_id: str) -> str:
    return f"https://{HOST}/{name}/{post_id}"


def name_of(ref: Ref) -> str | None:
    """The public name to ask Telegram by; None when only the number is known, which opens nothing."""
    name = ref.handle if ref.kind is RefKind.ID else ref.value
    return name if name and is_name(name) else None


def is_name(text: str) -> bool:
    """Whether it can be somebody's public name."""
    return _NAME.fullmatch(text) is not None


def _deep(link: str) -> Ref | None:
    try:
        parts = urlsplit(link)
        names = parse_qs(parts.query).get("domain", [])
    except ValueError:
        return None
    # tg://resolve?domain=NAME, and as some write it tg:resolve?domain=NAME
    action = (parts.netloc or parts.path).strip("/").lower()
    return _named(names[0]) if action == "resolve" and len(names) == 1 else None


def _named(name: str) -> Ref | None:
    if not is_name(name) or name.lower() in _OWN_PAGES:
        return None
    return Ref(PLATFORM, RefKind.HANDLE, name)
