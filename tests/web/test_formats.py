"""Numbers and times the way a reader of each language writes them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.web import formats, i18n
from app.web.i18n import Reader

NOW = datetime(2025, 4, 14, 11, 5, tzinfo=UTC)
EN = Reader("en", "Europe/Moscow", NOW)
RU = Reader("ru", "Europe/Moscow", NOW)


@pytest.mark.parametrize(
    ("reader", "value", "shown"),
    [
        (EN, 1_234_567, "1,234,567"),
        (RU, 1_234_567, "1\u00a0234\u00a0567"),
        (EN, -42, "−42"),
        (EN, 0, "0"),
        (EN, None, ""),
        (RU, 1234.6, "1\u00a0235"),
    ],
)
def test_number(reader: Reader, value: float | None, shown: str) -> None:
    with i18n.reading_as(reader):
        assert formats.number(value) == shown


@pytest.mark.parametrize(
    ("reader", "value", "shown"),
    [
        (EN, 9_999, "9,999"),
        (EN, 12_437_812, "12.4M"),
        (RU, 12_437_812, "12,4\u00a0млн"),
        (EN, 884_210, "884.2K"),
        (EN, None, ""),
    ],
)
def test_compact(reader: Reader, value: float | None, shown: str) -> None:
    with i18n.reading_as(reader):
        assert formats.compact(value) == shown


def test_shares_and_changes() -> None:
    with i18n.reading_as(EN):
        assert formats.percent(0.0481) == "4.81%"
        assert formats.signed_percent(0.184) == "+18.4%"
        assert formats.signed_percent(-0.062) == "−6.2%"
        assert formats.signed_points(-0.0012) == "−0.12 pp"
        assert formats.times(8.4) == "8.4×"
    with i18n.reading_as(RU):
        assert formats.percent(0.0481) == "4,81\u00a0%"


@pytest.mark.parametrize("previous", [None, 0])
def test_a_change_from_nothing_is_not_a_number(previous: int | None) -> None:
    assert formats.change(10, previous) is None


def test_a_change_from_a_negative_value_keeps_its_direction() -> None:
    assert formats.change(-5, -10) == 0.5


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(1.44, "1.4 s"), (59, "59 s"), (312, "5 min 12 s"), (12_000, "3 h 20 min"), (187_200, "2 d 4 h"), (60, "1 min")],
)
def test_duration(seconds: float, shown: str) -> None:
    with i18n.reading_as(EN):
        assert formats.duration(seconds) == shown


def test_a_video_s_length() -> None:
    assert [formats.clock(s) for s in (58, 724, 3723)] == ["0:58", "12:04", "1:02:03"]


def test_moments_are_the_workspace_s() -> None:
    at = datetime(2025, 4, 14, 11, 2, 7, tzinfo=UTC)
    with i18n.reading_as(EN):
        assert formats.moment(at) == "14:02"
        assert formats.moment(at - timedelta(days=1)) == "13 Apr, 14:02"
        assert formats.exact(at) == "14 Apr 2025, 14:02:07 MSK"
        assert formats.relative(at) == "3 minutes ago"
        assert formats.relative(NOW - timedelta(seconds=20)) == "just now"
        assert formats.iso(at) == "2025-04-14T11:02:07Z"
        assert formats.zone_name() == "Moscow Time, UTC+3"
    with i18n.reading_as(RU):
        assert formats.relative(at) == "3 минуты назад"
        assert formats.day(date(2025, 3, 18)) == "18 мар"
        assert formats.day(date(2024, 3, 18)) == "18 мар 2024"


def test_a_day_is_cut_at_the_reader_s_midnight() -> None:
    late = datetime(2025, 4, 13, 22, 30, tzinfo=UTC)
    with i18n.reading_as(EN):
        assert formats.day(late) == "14 Apr"
