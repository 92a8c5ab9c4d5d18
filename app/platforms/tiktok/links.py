"""Which account a pasted text names. Pure; never asks TikTok.

Forms of addresses: those that TikTok's own pages, its share button and its embeds make. Evidence: our reading.
A bare @name is not ours: it is taken for YouTube's.
"""

import re
from urllib.parse import quote

from app.domain.ports.values import Ref, RefKind
from app.platforms.kit import pasted
from app.platforms.kit.pasted import Address

PLATFORM = "tiktok"

SEC_UID = re.compile(r"MS4wLjABAAAA[A-Za-z0-9_-]{20,100}")  # the permanent id of an account, in TikTok's own links
POST_ID = re.compile(r"\d{5,25}")
SHORT = re.compile(r"(?:vm|vt|t)/[A-Za-z0-9]{4,30}")  # a post's Ref that is a short link: where it stands, its code
_HOST = re.compile(r"(?:(?:www|m|us|lite)\.)?tiktok\.com|(?:www\.)?tiktokv\.com")
_SHORT_HOST = re.compile(r"(vm|vt)\.tiktok\.com")
_CODE = re.compile(r"[A-Za-z0-9]{4,30}")
_ID_IN_FILE = re.compile(r"(\d{5,25})(?:\.html)?")
_LONGEST_NAME = 64


def recognise(text: str) -> Ref | None:
    """The account (or the post whose author is meant) that a pasted link names, or None.

    A short link is a post's Ref of the form "vm/CODE"; where it leads only TikTok knows. Names are in NFC and keep
    their case as pasted. A link to a sound, a hashtag, a search or another page of TikTok's own names no account: None.
    """
    address = pasted.address(text)
    if address is None:
        return None
    short = _SHORT_HOST.fullmatch(address.host)
    if short:
        return _short(short[1], address.step(0))
    return _of_page(address) if _HOST.fullmatch(address.host) else None


def profile_url(ref: Ref) -> str:
    """The address of what `ref` names, for people."""
    if ref.kind is RefKind.POST:
        if SHORT.fullmatch(ref.value):
            where, _, code = ref.value.partition("/")
            return f"https://www.tiktok.com/t/{code}/" if where == "t" else f"https://{where}.tiktok.com/{code}/"
        return post_url(None, ref.value)
    return f"https://www.tiktok.com/@{quote(ref.handle or ref.value, safe='')}"


def post_url(handle: str | None, post_id: str, *, photo: bool = False) -> str:
    """A post's address; TikTok finds it by its id, whoever's name stands before it."""
    return f"https://www.tiktok.com/@{quote(handle or '_', safe='')}/{'photo' if photo else 'video'}/{post_id}"


def named(value: str) -> Ref | None:
    """The account of a name as it stands after an @."""
    if SEC_UID.fullmatch(value):
        return Ref(PLATFORM, RefKind.ID, value)
    return Ref(PLATFORM, RefKind.HANDLE, value) if pasted.is_name(value, _LONGEST_NAME, "_.-") else None


def _of_page(address: Address) -> Ref | None:
    first, second, third = (address.step(n) for n in range(3))
    if first.startswith("@"):
        if second in ("video", "photo"):
            return _post(third)
        return named(first[1:])
    match first.lower():
        case "t":
            return _short("t", second)
        case "v" | "i18n":  # m.tiktok.com/v/ID.html
            return _post(third if third and not second.isdigit() else second)
        case "embed":  # /embed/ID, /embed/v2/ID, /embed/@name
            if second.startswith("@"):
                return named(second[1:])
            return _post(third if re.fullmatch(r"v\d+", second) else second)
        case "share" | "player":  # /share/video/ID, /player/v1/ID
            return _post(third)
    shared = address.query.get("share_item_id") or address.query.get("item_id")
    return _post(shared[0]) if shared else None


def _post(value: str) -> Ref | None:
    found = _ID_IN_FILE.fullmatch(value)
    return Ref(PLATFORM, RefKind.POST, found[1]) if found else None


def _short(where: str, code: str) -> Ref | None:
    return Ref(PLATFORM, RefKind.POST, f"{where}/{code}") if _CODE.fullmatch(code) else None
