"""What people paste: an address or a name, with what comes along when they copy it. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

LONGEST = 2048
_ADDRESS = re.compile(r"(?:https?:)?(?://)?([A-Za-z0-9.-]+)(?::(?:80|443))?([/?#].*)?", re.IGNORECASE)
_WRAPPING = "\"'`«»“”„‘’<>()[]{},;|\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"


@dataclass(frozen=True, slots=True)
class Address:
    """host: lower case. steps: the path's, decoded and in NFC. query: values by name."""

    host: str
    steps: tuple[str, ...]
    query: dict[str, list[str]]

    def step(self, number: int) -> str:
        """A step of the path, counted from 0; empty when it has fewer."""
        return self.steps[number] if number < len(self.steps) else ""


def unwrapped(text: str) -> str:
    """Without spaces, quotes, brackets, invisible marks and a closing full stop around it."""
    text = unicodedata.normalize("NFC", text)
    before = None
    while before != text:
        before = text
        text = text.strip().strip(_WRAPPING).rstrip(".")
    return text


def address(text: str) -> Address | None:
    """The web address that a pasted text is, with or without a scheme; None when it is none."""
    text = unwrapped(text)
    if not text or len(text) > LONGEST or re.search(r"[\s\\]", text):
        return None
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return None
    path, _, query = (found[2] or "").partition("#")[0].partition("?")
    try:
        steps = [unquote(step, errors="strict") for step in path.split("/") if step]
    except UnicodeDecodeError:
        return None
    return Address(
        found[1].lower().removesuffix("."),
        tuple(unicodedata.normalize("NFC", step) for step in steps),
        parse_qs(query.replace("&amp;", "&")),
    )


def is_name(text: str, longest: int, also: str = "_-.") -> bool:
    """Letters and digits of any script (with their marks) and these signs in between, and not only those."""
    fits = 0 < len(text) <= longest and all(c in also or unicodedata.category(c)[0] in "LMN" for c in text)
    return fits and text.strip(also) != ""
