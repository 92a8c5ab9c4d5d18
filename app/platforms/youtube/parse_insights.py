"""YouTube Analytics reports -> private numbers. Pure.

A report is a table: `columnHeaders` say what the columns are, in which order; `rows` are left out when there are none.
The days are California's. The most recent two or three days have no rows yet: they are null, never 0.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from app.domain.ports.connections import Insight
from app.domain.ports.values import Missing
from app.platforms.youtube.parse_api import MOST, changed

METRICS: Mapping[str, str] = {
    "views": "views",
    "estimatedMinutesWatched": "estimated_minutes_watched",
    "averageViewDuration": "average_view_duration",  # seconds
    "subscribersGained": "subscribers_gained",
    "subscribersLost": "subscribers_lost",
    "likes": "likes",  # those given less those taken back: may be below 0
    "shares": "shares",
}
DAYS = 28
LAG = timedelta(days=7)  # a day without a row that is older than this will not get one any more
_KIND = "youtubeAnalytics#resultTable"
_SIGNED = {"likes"}

Row = Mapping[str, tuple[float | None, Missing | None]]


def window(today: date) -> list[date]:
    """The 28 days before today, oldest first."""
    return [today - timedelta(days=ago) for ago in range(DAYS, 0, -1)]


def table(answer: object, dimension: str | None) -> dict[str, Row]:
    """Rows by the value of their dimension (a day, a video's id), or under "" without one. Raises Changed."""
    if not isinstance(answer, dict):
        raise changed("answer")
    if answer.get("kind", _KIND) != _KIND:
        raise changed("kind")
    if answer.get("errors"):
        raise changed("errors")
    names = _columns(answer.get("columnHeaders"))
    if dimension is not None and dimension not in names:
        raise changed(f"columnHeaders.{dimension}")
    rows = answer.get("rows", [])
    if not isinstance(rows, list):
        raise changed("rows")
    found: dict[str, Row] = {}
    for row in rows:
        if not isinstance(row, list) or len(row) != len(names):
            raise changed("rows[]")
        cells = dict(zip(names, row, strict=True))
        key = cells[dimension] if dimension is not None else ""
        if not isinstance(key, str) or key in found:
            raise changed(f"rows[].{dimension or ''}")
        found[key] = {name: _number(name, cells) for name in METRICS}
    return found


def daily(answer: object, days: Sequence[date]) -> list[Insight]:
    """One number per metric and day, null where the report has no row for the day. Raises Changed."""
    rows = table(answer, "day")
    newest = max((day for day in days if day.isoformat() in rows), default=None)
    told = []
    for day in days:
        pending = (newest is None or day > newest) and days[-1] - day < LAG
        missing = Missing.NOT_YET if pending else Missing.NOT_GIVEN
        told += _insights(rows.get(day.isoformat()), missing, period="day", day=day.isoformat())
    return told


def newest_day(insights: Sequence[Insight]) -> date | None:
    """The last day of which anything is known."""
    return max((date.fromisoformat(one.day) for one in insights if one.day and one.value is not None), default=None)


def total(answer: object, last: date) -> list[Insight]:
    """The whole channel over the 28 days that end with `last`. Raises Changed."""
    return no_total(last) if not (rows := table(answer, None)) else _insights(rows[""], None, **_over(last))


def no_total(last: date) -> list[Insight]:
    """The same where there is nothing to add up."""
    return _insights(None, Missing.NOT_GIVEN, **_over(last))


def videos(answer: object, ids: Sequence[str], last: date) -> list[Insight]:
    """Each of these videos over the 28 days that end with `last`; null for one without a row. Raises Changed."""
    rows = table(answer, "video")
    return [
        insight for one in ids for insight in _insights(rows.get(one), Missing.NOT_GIVEN, **_over(last), post_id=one)
    ]


def _over(last: date) -> dict[str, str]:
    return {"period": "days_28", "day": last.isoformat()}


def _insights(
    row: Row | None, absent: Missing | None, *, period: str, day: str, post_id: str | None = None
) -> list[Insight]:
    told = []
    for column, metric in METRICS.items():
        value, missing = row[column] if row is not None else (None, absent)
        told.append(Insight(metric, value, period, day, post_id, missing))
    return told


def _columns(headers: object) -> list[str]:
    if not isinstance(headers, list):
        raise changed("columnHeaders")
    names = [header.get("name") if isinstance(header, dict) else None for header in headers]
    named = [name for name in names if isinstance(name, str) and name]
    if len(named) != len(headers) or len(set(named)) != len(named):
        raise changed("columnHeaders[].name")
    return named


def _number(name: str, cells: Mapping[str, object]) -> tuple[float | None, Missing | None]:
    value = cells.get(name)
    if value is None:
        return None, Missing.NOT_GIVEN
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, Missing.UNREADABLE
    if not (isinstance(value, int) or math.isfinite(value)) or abs(value) > MOST:
        return None, Missing.UNREADABLE
    if value < 0 and name not in _SIGNED:
        return None, Missing.UNREADABLE
    return value, None
