"""Figures: what counts as met, and how they look in JSON and on a terminal."""

import json
from io import StringIO

import pytest
from rich.console import Console

from tfx_pipeline.benchmarks.figures import Figure, print_figures, to_json, unmet


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure.at_least("rate", 10.0, "events/s", 10.0, "timed"), True),
        (Figure.at_least("rate", 9.9, "events/s", 10.0, "timed"), False),
        (Figure.at_most("memory", 6.0, "GB", 6.0, "ru_maxrss"), True),
        (Figure.at_most("memory", 6.1, "GB", 6.0, "ru_maxrss"), False),
        (Figure.shown("rate of the peer", 3.0, "events/s", "timed"), None),
        (Figure.absent("rate", "events/s", 10.0, "no data"), False),
    ],
)
def test_met(figure: Figure, met: bool | None) -> None:
    assert figure.met is met
    assert unmet([figure]) == ([figure.name] if met is False else [])


def test_json_has_the_six_fields_of_a_row() -> None:
    figures = [
        Figure.at_least("rate", 12.5, "events/s", 10.0, "timed"),
        Figure.absent("ratio", "times", 40.0, "no TFX"),
    ]
    assert json.loads(to_json(figures)) == [
        {
            "name": "rate",
            "value": 12.5,
            "unit": "events/s",
            "target": 10.0,
            "met": True,
            "how": "at least the target; timed",
        },
        {
            "name": "ratio",
            "value": None,
            "unit": "times",
            "target": 40.0,
            "met": False,
            "how": "not measured: no TFX",
        },
    ]


def test_the_table_shows_numbers_and_below_how_they_came_about() -> None:
    text = StringIO()
    figures = [
        Figure.at_least("rate [of all]", 412_345.6, "events/s", 400_000, "best of 3 [runs]"),
        Figure.absent("ratio", "times", 40, "no TFX"),
        Figure.shown("cost", 2.5, "µs", "timed"),
    ]
    print_figures(figures, Console(file=text, width=100))
    lines = text.getvalue().splitlines()
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if line.startswith("│")]
    assert cells == [
        ["rate [of all]", "412,346", "events/s", "400,000", "yes"],
        ["ratio", "–", "times", "40", "no"],
        ["cost", "2.5", "µs", "–", "–"],
    ]
    assert lines[-3:] == [
        "rate [of all]: at least the target; best of 3 [runs]",
        "ratio: not measured: no TFX",
        "cost: timed",
    ]
