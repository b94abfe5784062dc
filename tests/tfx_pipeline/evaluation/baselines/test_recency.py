import numpy as np
import pytest

from tfx_pipeline.evaluation.baselines.recency import EQUAL, Recency

LENGTHS = np.array([3, 0, 1])
AGES = np.array([30, 10, 0, 20], np.float32)


def test_weights_by_age() -> None:
    weights = Recency(days=10, decay=0.5).weights(LENGTHS, AGES)
    np.testing.assert_allclose(weights, np.exp([-3, -1, 0, -2]), rtol=1e-6)


@pytest.mark.parametrize(("days", "ages"), [(10, None), (None, AGES), (None, None)])
def test_weights_by_order_where_there_are_no_ages_or_none_are_asked_for(
    days: float | None, ages: np.ndarray | None
) -> None:
    assert Recency(days, decay=0.5).weights(LENGTHS, ages).tolist() == [0.25, 0.5, 1, 1]


def test_equal_weights() -> None:
    assert EQUAL.weights(LENGTHS, AGES).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("days", "decay", "message"),
    [
        (0, 0.5, "days is 0, expected more than 0"),
        (float("nan"), 0.5, "days is nan, expected more than 0"),
        (1, 0, "decay is 0, expected more than 0 and at most 1"),
        (1, 1.5, "decay is 1.5, expected more than 0 and at most 1"),
    ],
)
def test_invalid_numbers(days: float, decay: float, message: str) -> None:
    with pytest.raises(ValueError) as error:
        Recency(days, decay)
    assert str(error.value) == message
