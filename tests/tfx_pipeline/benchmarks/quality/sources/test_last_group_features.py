"""Whether candidates are of the group of the latest item."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tfx_pipeline.benchmarks.quality.sources.tiny_views import ITEMS, tiny_past
from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop
from tfx_pipeline.benchmarks.quality.sources.last_group_features import LastGroupFeatures
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged

BRANDS = np.array([7, 2, 7, -1, -1])
HISTORIES = [[1, 0], [0, 3], [], [2, 1]]


def past_with_brands() -> Past:
    return replace(tiny_past(), shop=Shop(ITEMS, groups={"brand": BRANDS}))


def test_only_the_brand_of_the_latest_item_counts() -> None:
    cases = EvaluationCases.from_lists(list("abcd"), HISTORIES, [[0]] * 4, ITEMS)
    candidates = Ragged.from_lists([list(range(ITEMS))] * 4)
    columns = LastGroupFeatures("brand").fit(past_with_brands(), 0).columns(cases, candidates)
    expected = [
        [bool(items) and BRANDS[items[-1]] != -1 and brand == BRANDS[items[-1]] for brand in BRANDS]
        for items in HISTORIES
    ]
    assert np.sum(expected) == 3
    assert list(columns) == ["brand_last"]
    assert columns["brand_last"].dtype == np.float32
    np.testing.assert_array_equal(columns["brand_last"], np.ravel(expected))


@pytest.mark.parametrize(
    ("past", "message"),
    [
        (past_with_brands(), "group is 'colour', expected one of brand"),
        (tiny_past(), "group is 'colour', expected one of none"),
    ],
)
def test_an_unknown_group(past: Past, message: str) -> None:
    with pytest.raises(ValueError) as error:
        LastGroupFeatures("colour").fit(past, 0)
    assert str(error.value) == message
