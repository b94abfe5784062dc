import numpy as np

from tests.tfx_pipeline.benchmarks.quality.sources.tiny_views import ITEMS, tiny_cases, tiny_past
from tfx_pipeline.benchmarks.quality.sources.ease_source import EaseSource


def test_scores_are_those_of_the_paper() -> None:
    """Steck 2019, equation 8, on the items that anybody has; item 4 has no row and no column."""
    users = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1]], float)
    inverse = np.linalg.inv(users.T @ users + 2 * np.eye(4))
    weights = np.zeros((ITEMS, ITEMS))
    weights[:4, :4] = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    scores = EaseSource(regularisation=2.0, decay=0.9).fit(tiny_past(), 0).scores(tiny_cases())["ease"]
    np.testing.assert_allclose(scores, [0.9 * weights[1] + weights[0], weights[3], 1.81 * weights[0]], atol=1e-6)
