import numpy as np

from tests.tfx_pipeline.benchmarks.quality.sources.tiny_views import tiny_cases, tiny_past
from tfx_pipeline.benchmarks.quality.sources.own_items_features import OwnItemsFeatures
from tfx_pipeline.evaluation.ragged import Ragged


def test_where_candidates_stand_in_the_histories() -> None:
    """The histories are [1, 0], [3] and [0, 4, 0]."""
    candidates = Ragged.from_lists([[0, 1, 2], [3], [0, 3, 4]])
    columns = OwnItemsFeatures(decay=0.5).fit(tiny_past(), 0).columns(tiny_cases(), candidates)
    expected = {
        "is_own": [1, 1, 0, 1, 1, 0, 1],
        "is_other": [0, 0, 1, 0, 0, 1, 0],
        "own_recency": [1, 0.5, 0, 1, 1.25, 0, 0.5],
        "own_count": [1, 1, 0, 1, 2, 0, 1],
        "own_latest": [1, 0, 0, 1, 1, 0, 0],
        "own_previous": [0, 1, 0, 0, 0, 0, 1],
    }
    assert list(columns) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(columns[name], values, err_msg=name)
