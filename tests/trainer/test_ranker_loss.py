import keras
import numpy as np
import pytest

from trainer.listwise_loss import listwise_softmax
from trainer.pairwise_loss import pairwise_logistic
from trainer.pointwise_loss import masked_cross_entropy
from trainer.ranker_loss import RankerLoss


@pytest.fixture
def batch() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.integers(-1, 2, (5, 4, 2)).astype(np.float32), random.normal(size=(5, 4, 2)).astype(np.float32)


@pytest.mark.parametrize("weights", [(0.3, 0.0), (0.0, 0.7), (0.3, 0.7), (0.0, 0.0)])
def test_it_is_the_mean_over_cases_of_its_parts(
    weights: tuple[float, float], batch: tuple[np.ndarray, np.ndarray]
) -> None:
    losses = (masked_cross_entropy, listwise_softmax, pairwise_logistic)
    parts = [np.asarray(part(*batch)).mean() for part in losses]
    assert float(RankerLoss(*weights)(*batch)) == pytest.approx(np.dot([1, *weights], parts), rel=1e-5)


def test_only_the_cross_entropy_sees_what_all_candidates_have_in_common(batch: tuple[np.ndarray, np.ndarray]) -> None:
    labels, logits = batch
    changes = [float(RankerLoss(weight)(labels, logits + 1)) - float(RankerLoss(weight)(*batch)) for weight in (0, 5)]
    assert changes[0] == pytest.approx(changes[1], abs=1e-4)
    assert abs(changes[0]) > 0.01


def test_a_saved_configuration_is_the_same_loss(batch: tuple[np.ndarray, np.ndarray]) -> None:
    loss = RankerLoss(0.7, 0.2)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert float(again(*batch)) == float(loss(*batch))
