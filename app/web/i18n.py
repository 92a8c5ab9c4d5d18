"""The reader's language: catalogues, and messages stored as msgids that are translated when somebody reads them.

A page is rendered inside `reading_as(Reader(...))`; everything that depends on who reads (language, time zone,
what "now" is) takes it from there, so templates and macros need not hand it on.
"""

import gettext as stdlib
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from app.domain.ports.errors import N_
from app.domain.ports.values import Missing

LOCALES = {"en": "English", "ru": "Русский"}
DEFAULT = "en"
CATALOGUES = Path(__file__).parent / "locale"


class Reader(msgspec.Struct, frozen=True):
    """For whom something is put into words. timezone: an IANA name; now: the world's time (app.lib.clock)."""

    locale: str = DEFAULT
    timezone: str = "UTC"
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)


_NOBODY = Reader()
_reader: ContextVar[Reader] = ContextVar("reader", default=_NOBODY)


def reader() -> Reader:
    """Who reads what is being rendered now."""
    return _reader.get()


@contextmanager
def reading_as(who: Reader) -> Iterator[None]:
    """Translate and format for `who` inside the block."""
    token = _reader.set(who)
    try:
        yield
    finally:
        _reader.reset(token)


@cache
def catalogue(locale: str) -> stdlib.NullTranslations:
    """The messages of `locale`, read from its .po once a process; an unknown locale reads as English."""
    path = CATALOGUES / locale / "LC_MESSAGES" / "messages.po"
    if locale not in LOCALES or not path.exists():
        return stdlib.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=locale))
    compiled.seek(0)
    return stdlib.GNUTranslations(compiled)


def gettext(message: str, /, **params: Any) -> str:
    """`message` in the reader's language, its %(name)s placeholders filled."""
    found = catalogue(reader().locale).gettext(message) if message else ""
    return found % params if params else found


def ngettext(one: str, many: str, n: int, /, **params: Any) -> str:
    """The form of a message for `n` in the reader's language."""
    found = catalogue(reader().locale).ngettext(one, many, n)
    return found % params if params else found


_ = gettext


def choose(setting: str | None, cookie: str | None, accept_language: str | None) -> str:
    """The language to answer in: what the user set, else the `lang` cookie, else the browser's list."""
    for known in (setting, cookie):
        if known in LOCALES:
            return str(known)
    ranked: list[tuple[float, str]] = []
    for part in (accept_language or "").split(","):
        tag, _sep, rest = part.strip().partition(";")
        weight = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", rest)
        if rest and not weight:
            continue
        ranked.append((float(weight[1]) if weight else 1.0, tag.partition("-")[0].lower()))
    for weight_, tag in sorted(ranked, key=lambda pair: -pair[0]):
        if tag in LOCALES and weight_ > 0:
            return tag
    return DEFAULT


_MISSING = {
    Missing.HIDDEN: N_("The owner hides this number."),
    Missing.OFF: N_("Switched off by the author for this post."),
    Missing.NOT_PUBLISHED: N_("The platform does not give this number to anybody."),
    Missing.NOT_GIVEN: N_("The source that was read does not give this number; another one may."),
    Missing.NOT_YET: N_("Not yet: the platform will show this number later."),
    Missing.UNREADABLE: N_("It was there in a form we could not read. We do not guess."),
    "never_read": N_("Not read yet. The first reading will bring it."),
    "not_collected": N_("Nothing was collected on this day."),
    "no_previous": N_("There is no earlier reading to compare with."),
    "insufficient": N_("Fewer than 8 earlier posts of the same format to compare with."),
    "two_readings": N_("A day's views are the difference between two days' readings; there is only one so far."),
    "no_engagement": N_("It adds up several numbers (the sum E), and one of them is missing."),
    "no_date": N_("The platform does not say when it was published."),
    "no_posts": N_("No post of this period has the numbers it needs."),
    "no_views": N_("It is a share of views, and there are no views to divide by."),
    "no_followers": N_("It is a share of followers, and their number on that day is not known."),
    "too_young": N_("Not yet: the post is younger than this number needs."),
    "no_reading_near": N_("No reading within 12 hours of that age, so nothing is interpolated."),
}


def missing_text(reason: str | None) -> str:
    """Why a number is not there, as a sentence. reason: a `Missing` code or one of the page's own."""
    return gettext(_MISSING.get(reason or "", N_("This number is not known.")))


_KINDS = {
    "retry_after": N_("The source asked for a pause. It is tried again by itself."),
    "quota": N_("Today's quota is used up. It goes on by itself when the quota resets."),
    "needs_action": N_("Somebody has to do something first."),
    "blocked": N_("The source wants proof of a human. We stop here and do not work around it."),
    "gone": N_("The account is not there for the public any more."),
    "changed": N_("The answer no longer has the shape we know. Last good numbers stay."),
    "unsupported": N_("This source cannot answer this question."),
    "error": N_("Something went wrong on our side. It is tried again by itself."),
}


def kind_text(kind: str | None) -> str:
    """What happens next after an error of this kind (app.domain.ports.errors)."""
    return gettext(_KINDS.get(kind or "error", _KINDS["error"]))


def error_text(kind: str | None, message: str | None, params: Mapping[str, Any] | None = None) -> str:
    """A stored platform error in the reader's language; without a message, what its kind means.

    message: a msgid; params fill it: numbers and ISO moments are shown the reader's way. A message whose
    placeholders are not all given is shown as it was stored rather than not at all.
    """
    from app.web import formats

    if not message:
        return kind_text(kind)
    shown = {name: formats.plain(value) for name, value in (params or {}).items()}
    for template in (gettext(message), message):
        try:
            return template % shown if shown else template
        except (KeyError, ValueError, TypeError):
            continue
    return message
