import pytest

from tfx_pipeline.number_format import format_count, format_metric, format_number, format_seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 s"),
        (0.44, "0.4 s"),
        (12.34, "12.3 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (119.7, "2 min 00 s"),
        (125, "2 min 05 s"),
        (3599.7, "1 h 00 min"),
        (3725, "1 h 02 min"),
    ],
)
def test_seconds(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(0.82314, "0.8231"), (1.0, "1.0000"), (None, "–")])
def test_metric(value: float | None, text: str) -> None:
    assert format_metric(value) == text


@pytest.mark.parametrize(("value", "text"), [(3.2149, "3.215"), (20480.6, "20,481"), (30.0, "30")])
def test_number(value: float, text: str) -> None:
    assert format_number(value) == text


def test_count() -> None:
    assert format_count(1469307) == "1,469,307"
