import numpy as np
import pytest

from tests.tfx_pipeline.benchmarks.quality.sources.tiny_views import tiny_cases, tiny_past
from tfx_pipeline.benchmarks.quality.sources.popularity_features import PopularityFeatures
from tfx_pipeline.evaluation.ragged import Ragged

CANDIDATES = Ragged.from_lists([[0, 3], [], [2, 4, 0]])


@pytest.mark.parametrize(("half_life", "expected"), [(None, [2, 1, 1, 0, 2]), (1.0, [0.75, 1, 0.25, 0, 0.75])])
def test_users_or_recent_events(half_life: float | None, expected: list[float]) -> None:
    fitted = PopularityFeatures("p", half_life_users=half_life).fit(tiny_past(), 0)
    np.testing.assert_allclose(fitted.columns(tiny_cases(), CANDIDATES)["p"], expected)


def test_bad_settings() -> None:
    with pytest.raises(ValueError) as error:
        PopularityFeatures(half_life_users=-1.0)
    assert str(error.value) == "half_life_users is -1.0, expected more than 0"
