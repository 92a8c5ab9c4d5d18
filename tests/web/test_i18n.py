"""Languages: which one is chosen, and messages that were stored as msgids."""

from datetime import UTC, datetime

import pytest

from app.domain.ports.values import Missing
from app.web import i18n
from app.web.i18n import Reader

NOW = datetime(2025, 4, 14, 11, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("setting", "cookie", "header", "chosen"),
    [
        ("ru", "en", "en", "ru"),
        ("", "ru", "en", "ru"),
        (None, "xx", "de,ru;q=0.8,en;q=0.5", "ru"),
        (None, None, "en-GB,en;q=0.9,ru;q=0.8", "en"),
        (None, None, "ru;q=0", "en"),
        (None, None, "ru;q=high, en", "en"),
        (None, None, None, "en"),
    ],
)
def test_choice(setting: str | None, cookie: str | None, header: str | None, chosen: str) -> None:
    assert i18n.choose(setting, cookie, header) == chosen


def test_every_reason_for_a_missing_number_has_its_sentence() -> None:
    unknown = i18n.missing_text(None)
    sentences = {i18n.missing_text(reason) for reason in Missing}
    assert len(sentences) == len(Missing)
    assert unknown not in sentences


def test_a_stored_error_is_shown_the_reader_s_way() -> None:
    with i18n.reading_as(Reader("en", "Europe/Moscow", NOW)):
        text = i18n.error_text(
            "quota",
            "Quota spent: %(used)s units; resets at %(until)s",
            {"used": 10_000, "until": "2025-04-15T07:00:00+00:00"},
        )
    assert text == "Quota spent: 10,000 units; resets at 15 Apr, 10:00"


def test_an_error_whose_parameters_were_not_kept_is_still_shown() -> None:
    assert i18n.error_text("error", "Field %(field)s is gone", {"other": 1}) == "Field %(field)s is gone"


def test_an_error_without_words_says_what_its_kind_means() -> None:
    assert i18n.error_text("blocked", None) == i18n.kind_text("blocked")
    assert i18n.kind_text("blocked") != i18n.kind_text("error")


def test_the_reader_is_set_back() -> None:
    before = i18n.reader()
    with i18n.reading_as(Reader("ru")):
        assert i18n.reader().locale == "ru"
    assert i18n.reader() == before
