"""Numbers and times the way the reader writes them. Each is a Jinja filter of the same name."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_timedelta, get_timezone_name
from babel.numbers import format_compact_decimal, format_decimal, format_percent

from app.domain.ports.platform import Platform
from app.web.i18n import gettext as _
from app.web.i18n import reader

MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
COMPACT_FROM = 10_000
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_ZONES = {"en": "en_GB"}  # day before month, 24 hours


@cache
def _dates(locale: str) -> Locale:
    return Locale.parse(_ZONES.get(locale, locale))


@cache
def _group(locale: str) -> str:
    return str(Locale.parse(locale).number_symbols["latn"]["group"])


def number(value: float | None, digits: int = 0) -> str:
    """1,234,567 / 1 234 567; `digits` after the point at most. Null is an empty string: say why with `ui.num`."""
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{abs(value):,}".replace(",", _group(reader().locale)).join((MINUS if value < 0 else "", ""))
    pattern = "#,##0." + "#" * digits if digits else "#,##0"
    return str(format_decimal(value, pattern, locale=reader().locale)).replace("-", MINUS)


def compact(value: float | None, digits: int = 1) -> str:
    """12.4M / 12,4 млн from ten thousand on; below, the number itself. digits: after the point at most."""
    if value is None:
        return ""
    if abs(value) < COMPACT_FROM:
        return number(value)
    short = format_compact_decimal(value, fraction_digits=digits, locale=reader().locale)
    return str(short).replace("-", MINUS).replace(" ", NBSP)


def percent(ratio: float | None, digits: int = 2) -> str:
    """0.0481 -> 4.81% / 4,81 %."""
    if ratio is None:
        return ""
    pattern = ("#,##0." + "0" * digits if digits else "#,##0") + ("%" if reader().locale == "en" else NBSP + "%")
    return str(format_percent(ratio, pattern, locale=reader().locale)).replace("-", MINUS)


def signed(value: float | None, digits: int = 0) -> str:
    """A change with its sign: +15,420 / −3."""
    return "" if value is None else ("+" if value > 0 else "") + number(value, digits)


def signed_percent(ratio: float | None, digits: int = 1) -> str:
    """A relative change with its sign: +18.4% / −6.2%."""
    return "" if ratio is None else ("+" if ratio > 0 else "") + percent(ratio, digits)


def signed_points(ratio: float | None, digits: int = 2) -> str:
    """A change of a share in percentage points: 0.0041 -> +0.41 pp."""
    if ratio is None:
        return ""
    value = number(float(ratio * 100), digits)
    return _("%(n)s pp", n=("+" if ratio > 0 else "") + value)


def change(current: float | None, previous: float | None) -> float | None:
    """The relative change, or null where there is nothing to divide by: previous null or 0."""
    if current is None or not previous:
        return None
    return (current - previous) / abs(previous)


def times(ratio: float | None) -> str:
    """8.4× as a multiple of something usual."""
    return "" if ratio is None else number(float(ratio), 1 if ratio < 100 else 0) + "×"


def duration(seconds: float | None) -> str:
    """How long something took, in the two largest units: 1.4 s, 5 min 12 s, 3 h 20 min, 2 d 4 h."""
    if seconds is None:
        return ""
    if seconds < 10:
        return _("%(n)s s", n=number(float(seconds), 1))
    whole = round(seconds)
    parts = (
        (whole // 86_400, _("%(n)s d", n=number(whole // 86_400))),
        (whole % 86_400 // 3600, _("%(n)s h", n=whole % 86_400 // 3600)),
        (whole % 3600 // 60, _("%(n)s min", n=whole % 3600 // 60)),
        (whole % 60, _("%(n)s s", n=whole % 60)),
    )
    first = next((i for i, (size, _text) in enumerate(parts) if size), len(parts) - 1)
    return " ".join(text for size, text in parts[first : first + 2] if size) or parts[-1][1]


def clock(seconds: int | None) -> str:
    """A video's length: 0:58, 12:04, 1:02:03."""
    if seconds is None:
        return ""
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def zone() -> ZoneInfo:
    return ZoneInfo(reader().timezone)


def local(moment: datetime) -> datetime:
    """`moment` in the reader's time zone; one without a zone is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone())


def day(value: date | datetime | None, year: bool | None = None) -> str:
    """18 Mar; with its year when that is not this year's (or as asked)."""
    if value is None:
        return ""
    that = local(value).date() if isinstance(value, datetime) else value
    with_year = that.year != local(reader().now).year if year is None else year
    shown = format_date(that, "d MMM y" if with_year else "d MMM", locale=_dates(reader().locale))
    return str(shown).replace(".", "").replace("Sept", "Sep")


def weekday(value: date) -> str:
    """Mon / Пн."""
    return str(format_date(value, "ccc", locale=_dates(reader().locale))).capitalize()


def days(first: date, last: date) -> str:
    """18 Mar – 14 Apr."""
    return day(first) if first == last else f"{day(first)} – {day(last)}"


def hour(moment: datetime | None, seconds: bool = False) -> str:
    """14:02, or 14:02:07 with seconds; in the reader's time zone."""
    if moment is None:
        return ""
    return local(moment).strftime("%H:%M:%S" if seconds else "%H:%M")


def moment(value: datetime | None, seconds: bool = False) -> str:
    """14 Apr, 14:02; today's only as 14:02. In the reader's time zone."""
    if value is None:
        return ""
    same = local(value).date() == local(reader().now).date()
    return hour(value, seconds) if same else f"{day(value)}, {hour(value, seconds)}"


def exact(value: datetime | None) -> str:
    """14 Apr 2025, 14:02:07 MSK: for provenance, nothing left out."""
    if value is None:
        return ""
    at = local(value)
    return f"{day(at, year=True)}, {at:%H:%M:%S} {at.tzname()}"


def relative(value: datetime | None) -> str:
    """3 minutes ago / in 2 hours, from the world's now."""
    if value is None:
        return ""
    delta = local(value) - local(reader().now)
    if abs(delta) < timedelta(seconds=45):
        return _("just now") if delta <= timedelta() else _("now")
    return str(format_timedelta(delta, add_direction=True, threshold=1.1, locale=_dates(reader().locale)))


def iso(value: datetime | date | None) -> str:
    """For <time datetime>."""
    if value is None:
        return ""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value.isoformat()


def zone_name() -> str:
    """Moscow time, UTC+3: what the page's times are in."""
    at = local(reader().now)
    offset = at.utcoffset() or timedelta()
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    shown = f"UTC{'+' if offset >= timedelta() else MINUS}{hours}" + (f":{minutes:02}" if minutes else "")
    if reader().timezone in ("UTC", "Etc/UTC"):
        return "UTC"
    return f"{get_timezone_name(zone(), locale=_dates(reader().locale))}, {shown}"


def initials(name: str) -> str:
    """Up to two letters that stand for a name: Anna Sokolova -> AS."""
    words = [word for word in re.split(r"[\s._@-]+", name) if word]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def plain_number(value: float | None) -> str:
    """As a field of a form wants it: no grouping, a point, nothing for null."""
    return "" if value is None else f"{value:g}"


def named(platform: Platform) -> tuple[str, str]:
    """A platform as an option of a select."""
    return platform.name, platform.label


def twice(value: str) -> tuple[str, str]:
    """A value that is its own label, as an option of a select."""
    return value, value


def short_id(value: UUID) -> str:
    """The end of an id, enough to tell neighbours apart (a UUIDv7 begins with its time)."""
    return str(value)[-8:]


def plain(value: Any) -> str:
    """Whatever an error's parameter is, the reader's way: numbers grouped, moments in their time zone."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, (int, float)):
        return number(value, 2)
    if isinstance(value, str) and _ISO.match(value):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return str(value)
    if isinstance(value, datetime):
        return moment(value)
    return str(value)


FILTERS = (
    number, compact, percent, signed, signed_percent, signed_points, change, times, duration, clock,
    day, weekday, days, hour, moment, exact, relative, iso, initials, short_id, plain_number, named, twice,
)  # fmt: skip
