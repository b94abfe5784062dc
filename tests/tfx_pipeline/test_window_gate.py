"""A window in which the last blessed model is clearly below most popular blesses nothing."""

from typing import Any

import pytest

from tfx_pipeline.catalogue_evaluation import WindowResult
from tfx_pipeline.evaluation.table import EvaluationRow, EvaluationTable
from tfx_pipeline.evaluation_config import EvaluationConfig
from tfx_pipeline.release_gates import catalogue_gates

NAME = "NDCG@10, all items, eval window, last blessed against most popular"


def result(last: float | None, interval: tuple[float, float] | None, popular: float = 0.2) -> WindowResult:
    values = {"shoprank": 0.3, "most popular": popular, "last blessed": last}
    rows = tuple(
        EvaluationRow(model, "all", 10, {"NDCG@10": value}, {}, {"NDCG@10": interval})
        for model, value in values.items()
    )
    return WindowResult("eval", 0, 100, EvaluationTable((10,), rows), last_blessed="last blessed")


def reasons(result: WindowResult, **settings: Any) -> list[tuple[bool, str]]:
    gates = catalogue_gates(result, EvaluationConfig(cutoffs=[10], maximum_drop=None, **settings))
    return [(gate.passed, gate.reason) for gate in gates if gate.name == NAME]


@pytest.mark.parametrize(
    ("last", "interval", "passed", "reason"),
    [
        (0.3, (0.25, 0.35), True, "0.3000, 95 % interval from 0.2500 to 0.3500, against 0.2000"),
        (0.15, (0.1, 0.2), True, "0.1500, 95 % interval from 0.1000 to 0.2000, against 0.2000"),
        (
            0.15,
            (0.11, 0.19),
            False,
            "0.1500, 95 % interval from 0.1100 to 0.1900, against 0.2000; "
            "the data of this window contradict the model that was blessed: look at them first, or set "
            "doubt_window: false",
        ),
    ],
)
def test_the_whole_interval_has_to_be_below(
    last: float, interval: tuple[float, float], passed: bool, reason: str
) -> None:
    assert reasons(result(last, interval)) == [(passed, reason)]


def test_without_an_interval_or_by_the_settings_nothing_is_doubted() -> None:
    assert reasons(result(0.1, None)) == reasons(result(None, None)) == []
    assert reasons(result(0.1, (0.05, 0.15)), doubt_window=False) == []


def test_a_shop_that_blesses_models_below_most_popular_expects_no_more() -> None:
    [(passed, _)] = reasons(result(0.15, (0.11, 0.19)), minimum_lift_over_popular=-0.1)
    assert passed
    [(passed, _)] = reasons(result(0.15, (0.11, 0.17)), minimum_lift_over_popular=-0.1)
    assert not passed
