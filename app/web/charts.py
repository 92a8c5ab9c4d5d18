"""What a chart on a page is: a table of rows, and which of its columns are drawn how."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from app.domain.metrics.read import Point, Series
from app.web import formats
from app.web.i18n import gettext as _


class Column(msgspec.Struct, frozen=True):
    """previous: it belongs to the period that is compared with."""

    label: str
    previous: bool = False


class Row(msgspec.Struct, frozen=True):
    """at: a day, or a moment. gap: nothing was collected. flag: the letter of a break that begins here."""

    at: date | datetime
    values: tuple[float | None, ...]
    gap: bool = False
    flag: str = ""
    partial: bool = False


class Plot(msgspec.Struct, frozen=True):
    """cols: indexes of columns; looks: "c1".."c4" or "prev", one for each. height: "", "low" or "tall"."""

    label: str
    cols: tuple[int, ...]
    looks: tuple[str, ...]
    zero: bool = False
    height: str = ""

    def known(self, rows: "Sequence[Row]") -> bool:
        """Whether there is anything to draw: axes without a line look like a number of nought."""
        return any(row.values[col] is not None for row in rows for col in self.cols)


class Key(msgspec.Struct, frozen=True):
    label: str
    look: str


class Break(msgspec.Struct, frozen=True):
    """From `at` on the number means something else; `text` says what happened."""

    flag: str
    at: date
    text: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """id: of the figure, the same on every rendering. zone: of rows that are moments; empty for days."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    plots: tuple[Plot, ...]
    keys: tuple[Key, ...] = ()
    breaks: tuple[Break, ...] = ()
    gaps: tuple[tuple[date, date], ...] = ()
    zone: str = ""


def gaps_of(days: Sequence[tuple[date, bool]]) -> tuple[tuple[date, date], ...]:
    """Runs of days that nobody read, after the first that somebody did: (first, last) each."""
    found: list[tuple[date, date]] = []
    unread: list[date] = []
    seen = False
    for day, read in [*days, (date.max, True)]:
        if not read:
            unread.append(day)
            continue
        if unread and seen:
            found.append((unread[0], unread[-1]))
        unread, seen = [], True
    return tuple(found)


def daily(id: str, title: str, now: Series, before: Series | None, *, followers: str, seen: str) -> Chart:
    """Views and followers by day against the period before.

    followers, seen: the platform's words for both. seen: "" where posts have no views: followers alone then.
    """
    words = {"views": seen}
    views = (
        _("%(views)s per day", **words)
        if now.basis == "account"
        else _("%(views)s per day, of posts that were read", **words)
    )
    first_read = next((i for i, d in enumerate(now.days) if d.read), len(now.days))
    then = list(before.days) if before and any(d.read for d in before.days) else []
    gaps = gaps_of([(d.day, d.read or d.partial) for d in now.days])
    missing = {d.day for d in now.days if any(a <= d.day <= b for a, b in gaps)}
    rows = []
    for index, day in enumerate(now.days):
        past = then[index] if index < len(then) else None
        if index < first_read and past is None:
            continue  # before anybody followed it there is nothing to say
        rows.append(
            Row(
                day.day,
                (day.views, past.views if past else None, day.followers, past.followers if past else None)
                if then
                else (day.views, day.followers),
                gap=day.day in missing,
                partial=day.partial,
            )
        )
    pair: tuple[Column, ...]
    plots: tuple[Plot, ...]
    keys: tuple[Key, ...] = ()
    if then:
        was = _("previous period")
        pair = (
            Column(seen), Column(f"{seen}, {was}", True),
            Column(followers), Column(f"{followers}, {was}", True),
        )  # fmt: skip
        plots = (
            Plot(views, (0, 1), ("c1", "prev"), zero=True),
            Plot(followers, (2, 3), ("c1", "prev"), height="low"),
        )
        keys = (
            Key(formats.days(now.days[0].day, now.days[-1].day), "c1"),
            Key(formats.days(then[0].day, then[-1].day), "prev"),
        )
    else:
        pair = (Column(seen), Column(followers))
        plots = (Plot(views, (0,), ("c1",), zero=True), Plot(followers, (1,), ("c1",), height="low"))
    if not seen:  # the columns of views go, the plot of followers gets their room
        pair, skip = pair[len(pair) // 2 :], len(pair) // 2
        rows = [msgspec.structs.replace(row, values=row.values[skip:]) for row in rows]
        plots = (Plot(followers, tuple(range(len(pair))), ("c1", "prev")[: len(pair)]),)
    return Chart(id=id, title=title, columns=pair, rows=tuple(rows), plots=plots, keys=keys, gaps=gaps)


def curve(id: str, title: str, points: Sequence[Point], words: Mapping[str, str], zone: str) -> Chart:
    """A post's numbers over its readings; the first of `words` (metric -> its word) high, the others low."""
    given = [(metric, word) for metric, word in words.items() if any(p.values.get(metric) is not None for p in points)]
    return Chart(
        id=id,
        title=title,
        columns=tuple(Column(word) for _metric, word in given),
        rows=tuple(Row(p.observed_at, tuple(p.values.get(metric) for metric, _word in given)) for p in points),
        plots=tuple(
            Plot(word, (index,), ("c1",), zero=True, height="tall" if index == 0 else "low")
            for index, (_metric, word) in enumerate(given)
        ),
        zone=zone,
    )
