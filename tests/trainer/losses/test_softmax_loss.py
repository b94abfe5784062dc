import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.losses.softmax_loss import SoftmaxLoss, TemperatureRange, weighted_mean


def test_the_first_temperature_is_the_one_given() -> None:
    loss = SoftmaxLoss(0.3)
    loss.build((None, 4))
    assert float(loss.temperature) == pytest.approx(0.3)
    assert len(loss.trainable_weights) == 1


def test_a_temperature_that_is_not_learned_is_no_trainable_weight() -> None:
    loss = SoftmaxLoss(0.3, learn_temperature=False)
    loss.build((None, 4))
    assert loss.trainable_weights == []


@pytest.mark.parametrize(("log_temperature", "expected"), [(-50.0, 0.01), (50.0, 10.0), (-1.0, np.exp(-1))])
def test_the_temperature_stays_in_its_range(log_temperature: float, expected: float) -> None:
    loss = SoftmaxLoss()
    loss.build((None, 4))
    loss.log_temperature.assign(log_temperature)
    assert float(loss.temperature) == pytest.approx(expected, rel=1e-5)


def test_an_optimizer_keeps_the_weight_in_the_range() -> None:
    loss = SoftmaxLoss(0.02)
    loss.build((None, 4))
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.apply([np.float32(100)], [loss.log_temperature])
    assert float(loss.log_temperature) == pytest.approx(np.log(0.01))
    optimizer.apply([np.float32(-0.5)], [loss.log_temperature])
    assert float(loss.log_temperature) == pytest.approx(np.log(0.01) + 0.5)
    assert isinstance(loss.log_temperature.constraint, TemperatureRange)


@given(st.lists(st.tuples(st.floats(0, 50, width=32), st.floats(0, 1, width=32)), min_size=1, max_size=8))
def test_the_weighted_mean_is_that_of_numpy(pairs: list[tuple[float, float]]) -> None:
    losses, weights = np.array(pairs, np.float32).T
    if 0 < weights.sum() < 1e-20:
        return
    expected = np.average(losses, weights=weights) if weights.sum() else 0
    assert float(weighted_mean(losses, weights)) == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("temperature", [0.0, -1.0, 0.009, 11.0])
def test_a_temperature_out_of_range_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match=f"^temperature must lie between 0.01 and 10.0, got {temperature}$"):
        SoftmaxLoss(temperature)
