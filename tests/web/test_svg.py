"""Server-made pictures."""

from app.web import svg


def test_a_null_cuts_the_line() -> None:
    assert svg.sparkline([1, 2, None, 4, 5]).count("<polyline") == 2


def test_one_known_value_is_no_line() -> None:
    assert "<polyline" not in svg.sparkline([None, 3, None])


def test_an_even_line_lies_in_the_middle() -> None:
    assert 'points="3.0,14.0 61.0,14.0"' in svg.sparkline([7, 7])


def test_bars_stay_within_their_box() -> None:
    assert 'width="100.0%"' in svg.bar(1.7)
    assert 'width="0.0%"' in svg.bar(None)


def test_heat_steps_span_the_known_values() -> None:
    assert svg.heat_steps([None, 1.0, 2.0, 7.0]) == ["x", "0", "1", "5"]
    assert svg.heat_steps([None]) == ["x"]
