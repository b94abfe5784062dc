"""The results of a comparison, apart from how they were measured."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tfx_pipeline.distribution_comparison import (
    Comparison,
    Distance,
    NotMeasured,
    Side,
    check_threshold_names,
    describe_exceeded,
    load_comparison,
    threshold_of,
    write_comparison,
)
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.validation_config import ValidationConfig

PRICE = Distance("drift", "price", "Jensen-Shannon divergence", 0.54321, 0.3, True, 100, 80)
BRAND = Distance("skew", "brand", "L-infinity", 0.25, 0.3, False, 100, 80)
COMPARISON = Comparison(
    distances=(PRICE, BRAND),
    not_measured=(NotMeasured("drift", "quantity", "Jensen-Shannon divergence", "no values on either side"),),
    sides=(Side("drift", "span 1", 200, 100), Side("drift", "span 2", 80, 80)),
    remarks=("Skew was not measured: no serving log is configured.",),
)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "comparison.json"
    write_comparison(COMPARISON, path)
    assert load_comparison(path) == COMPARISON
    assert json.loads(path.read_text())["distances"][0] == {
        "kind": "drift",
        "feature": "price",
        "measure": "Jensen-Shannon divergence",
        "distance": 0.54321,
        "threshold": 0.3,
        "exceeded": True,
        "rows_before": 100,
        "rows_after": 80,
    }
    assert [each.name for each in path.parent.iterdir()] == ["comparison.json"]


def test_comparisons_add_up() -> None:
    added = COMPARISON + Comparison(distances=(BRAND,), remarks=("more",))
    assert added.distances == (PRICE, BRAND, BRAND)
    assert added.remarks == (*COMPARISON.remarks, "more")
    assert (added.not_measured, added.sides) == (COMPARISON.not_measured, COMPARISON.sides)
    assert added.exceeded == (PRICE,)


def test_a_feature_has_its_own_threshold_or_that_of_the_kind() -> None:
    config = ValidationConfig(drift_threshold=0.1, skew_threshold=0.2, thresholds={"price": 0.5})
    assert [threshold_of("brand", kind, config) for kind in ("drift", "skew")] == [0.1, 0.2]
    assert [threshold_of("price", kind, config) for kind in ("drift", "skew")] == [0.5, 0.5]


def test_a_threshold_of_no_feature_is_an_error() -> None:
    check_threshold_names(ValidationConfig(thresholds={"price": 0.5}), ["brand", "price"])
    with pytest.raises(DataError) as error:
        check_threshold_names(ValidationConfig(thresholds={"pirce": 0.5}), ["brand", "price"])
    assert str(error.value) == "validation.thresholds: no feature 'pirce' is compared; there are brand, price"


def test_what_exceeds_is_told_in_one_line() -> None:
    brand = replace(BRAND, distance=1.0, exceeded=True)
    assert describe_exceeded([PRICE, brand]) == (
        "the events differ too much: drift of price: Jensen-Shannon divergence 0.5432 is above 0.3; "
        "skew of brand: L-infinity 1.0000 is above 0.3"
    )
