import numpy as np
import pytest

from tests.tfx_pipeline.benchmarks.quality.sources.tiny_views import ITEMS, tiny_cases, tiny_past
from tfx_pipeline.benchmarks.quality.sources.transitions_source import TransitionsSource, recent_users

SETTINGS = {"steps": 2, "backward": 0.5, "source_power": 0.5, "target_power": 0.2, "decay": 0.6}


def counts(weight_of_user: list[float]) -> np.ndarray:
    """n(j, i) of the formula, with 1 / d for a pair at distance d."""
    pairs = np.zeros((ITEMS, ITEMS))
    pairs[0, 1] += weight_of_user[0]
    pairs[1, 2] += weight_of_user[0]
    pairs[0, 2] += weight_of_user[0] / 2
    pairs[1, 0] += weight_of_user[1]
    return pairs


@pytest.mark.parametrize(("half_life", "weights"), [(None, [1, 1, 1]), (2.0, [0.5, 0.5**0.5, 1])])
def test_scores_follow_the_formula(half_life: float | None, weights: list[float]) -> None:
    pairs = counts(weights)
    users = np.array([2, 2, 1, 1, 1])  # nobody has item 4, which counts as 1
    matrix = (pairs + 0.5 * pairs.T) / (users[:, None] ** 0.5 * users**0.2)
    expected = [0.6 * matrix[1] + matrix[0], matrix[3], 1.36 * matrix[0] + 0.6 * matrix[4]]
    source = TransitionsSource(name="t", half_life_users=half_life, **SETTINGS)
    scores = source.fit(tiny_past(), 0).scores(tiny_cases())
    assert list(scores) == ["t"]
    np.testing.assert_allclose(scores["t"], expected, atol=1e-6)


def test_users_count_by_how_many_came_after_them() -> None:
    np.testing.assert_allclose(recent_users(tiny_past(), 1.0), [0.25, 0.25, 0.25, 0.5, 0.5, 1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"half_life_users": 0.0}, "half_life_users is 0.0, expected more than 0"),
        ({"decay": 0.0}, "decay is 0.0, expected more than 0 and at most 1"),
    ],
)
def test_bad_settings(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError) as error:
        TransitionsSource(**settings)
    assert str(error.value) == message
