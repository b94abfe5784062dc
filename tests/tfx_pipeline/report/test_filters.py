import pytest

from tfx_pipeline.report.filters import (
    format_days,
    format_difference,
    format_interval,
    format_p_value,
    format_share,
)


@pytest.mark.parametrize(
    ("interval", "text"),
    [((0.4, 0.4286), "0.4000–0.4286"), ((-0.2, 0.1), "-0.2000 to 0.1000"), (None, "–")],
)
def test_interval(interval: tuple[float, float] | None, text: str) -> None:
    assert format_interval(interval) == text


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0.01234, "+0.0123"), (-0.5, "-0.5000"), (0.0, "0.0000"), (-0.00001, "0.0000"), (None, "–")],
)
def test_difference(difference: float | None, text: str) -> None:
    assert format_difference(difference) == text


@pytest.mark.parametrize(
    ("p_value", "text"), [(0.0421, "0.042"), (0.001, "0.001"), (0.0009, "< 0.001"), (1.0, "1.000")]
)
def test_p_value(p_value: float, text: str) -> None:
    assert format_p_value(p_value) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [(None, ""), (0.9, "today"), (1.5, "1 day ago"), (12.0, "12 days ago"), (1200.0, "1,200 days ago")],
)
def test_days(days: float | None, text: str) -> None:
    assert format_days(days) == text


def test_share() -> None:
    assert format_share(0.3125) == "31.2 %"
