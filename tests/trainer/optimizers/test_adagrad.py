import keras
import numpy as np
import pytest

from tests.trainer.optimizers.small_tables import TABLE, WIDTH, dense, random_steps, train
from trainer.optimizers import RowSparseAdagrad

STEPS = random_steps(12)


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("initial", [0.0, 0.1])
def test_agrees_with_the_adagrad_of_keras(sparse: bool, initial: float) -> None:
    settings = {"learning_rate": 0.3, "initial_accumulator_value": initial, "epsilon": 1e-5}
    for ours, theirs in zip(
        train(RowSparseAdagrad(**settings), STEPS, sparse),
        train(keras.optimizers.Adagrad(**settings), STEPS, sparse=False),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_agrees_with_the_paper() -> None:
    table = np.random.default_rng(1).normal(size=(TABLE, WIDTH))
    sums = np.zeros((TABLE, WIDTH))
    for rows, values, _ in STEPS:
        gradient = dense(rows, values).astype(np.float64)
        sums += gradient**2
        table -= 0.3 * gradient / np.sqrt(0.1 + sums + 1e-7)
    np.testing.assert_allclose(train(RowSparseAdagrad(0.3), STEPS, sparse=True)[0], table, rtol=1e-5, atol=1e-5)


def test_a_schedule_of_the_learning_rate_counts_steps() -> None:
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([4, 8], [0.3, 0.1, 0.0])
    sparse, _ = train(RowSparseAdagrad(schedule), STEPS, sparse=True)
    np.testing.assert_allclose(sparse, train(keras.optimizers.Adagrad(schedule), STEPS, sparse=False)[0], rtol=1e-5)
    np.testing.assert_array_equal(sparse, train(RowSparseAdagrad(schedule), STEPS[:9], sparse=True)[0])


def test_looked_up_rows_with_zero_gradient_do_not_move() -> None:
    rows, values, bias = STEPS[0]
    start, _ = train(RowSparseAdagrad(0.0), STEPS[:1], sparse=True)
    moved, _ = train(RowSparseAdagrad(0.3), [*STEPS[:2], (rows, np.zeros_like(values), bias)], sparse=True)
    np.testing.assert_array_equal(moved, train(RowSparseAdagrad(0.3), STEPS[:2], sparse=True)[0])
    untouched = sorted(set(range(TABLE)) - set(STEPS[0][0]) - set(STEPS[1][0]))
    np.testing.assert_array_equal(moved[untouched], start[untouched])


def test_config_round_trip() -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.3, 10, 0.5)
    optimizer = RowSparseAdagrad(schedule, 0.2, 1e-3, clipnorm=2.0, name="sparse")
    config = optimizer.get_config()
    assert (config["initial_accumulator_value"], config["epsilon"], config["clipnorm"]) == (0.2, 1e-3, 2.0)
    assert RowSparseAdagrad.from_config(optimizer.get_config()).get_config() == config


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"initial_accumulator_value": -0.1}, "initial_accumulator_value must be at least 0, got -0.1"),
        ({"epsilon": 0.0}, "epsilon must be above 0, got 0.0"),
    ],
)
def test_bad_arguments(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        RowSparseAdagrad(**arguments)
