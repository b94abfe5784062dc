import keras
import numpy as np
import pytest

from tests.trainer.optimizers.small_tables import TABLE, WIDTH, Step, dense, random_steps, train
from trainer.optimizers import LazyAdam

STEPS = random_steps(12)
RATE, BETA_1, BETA_2, EPSILON = 0.1, 0.8, 0.95, 1e-6
SETTINGS = {"learning_rate": RATE, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": EPSILON}


def lazy_adam(table: np.ndarray, steps: list[Step]) -> np.ndarray:
    table, first, second = table.astype(np.float64), np.zeros(table.shape), np.zeros(table.shape)
    for count, (rows, values, _) in enumerate(steps, start=1):
        gradient = dense(rows, values).astype(np.float64)
        for row in set(rows):
            first[row] = BETA_1 * first[row] + (1 - BETA_1) * gradient[row]
            second[row] = BETA_2 * second[row] + (1 - BETA_2) * gradient[row] ** 2
            rate = RATE * np.sqrt(1 - BETA_2**count) / (1 - BETA_1**count)
            table[row] -= rate * first[row] / (np.sqrt(second[row]) + EPSILON)
    return table


def test_agrees_with_numpy() -> None:
    start = np.random.default_rng(1).normal(size=(TABLE, WIDTH))
    trained, _ = train(LazyAdam(**SETTINGS), STEPS, sparse=True)
    np.testing.assert_allclose(trained, lazy_adam(start, STEPS), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("sparse", [True, False])
def test_is_adam_where_every_row_is_touched(sparse: bool) -> None:
    steps = [
        (np.concatenate([rows, np.arange(TABLE, dtype=np.int32)]), np.concatenate([values, more]), bias)
        for (rows, values, bias), more in zip(
            STEPS, np.random.default_rng(4).normal(size=(len(STEPS), TABLE, WIDTH)).astype(np.float32), strict=True
        )
    ]
    lazy, adam = train(LazyAdam(**SETTINGS), steps, sparse), train(keras.optimizers.Adam(**SETTINGS), steps, False)
    for ours, theirs in zip(lazy, adam, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_rows_left_out_keep_values_and_moments() -> None:
    rows, values, bias = STEPS[0]
    elsewhere = np.full_like(rows, TABLE - 1)
    optimizer = LazyAdam(**SETTINGS)
    before, _ = train(LazyAdam(**SETTINGS), STEPS[:1], sparse=True)
    after, _ = train(optimizer, [STEPS[0], (elsewhere, values, bias)], sparse=True)
    np.testing.assert_array_equal(after[: TABLE - 1], before[: TABLE - 1])
    momentum = next(variable for variable in optimizer.variables if variable.shape == (TABLE, WIDTH))
    np.testing.assert_allclose(momentum.numpy()[rows], (1 - BETA_1) * dense(rows, values)[rows], rtol=1e-5)


def test_config_round_trip() -> None:
    config = LazyAdam(0.5, 0.8, 0.9, 1e-3, global_clipnorm=2.0, name="lazy").get_config()
    assert (config["beta_1"], config["beta_2"], config["epsilon"]) == (0.8, 0.9, 1e-3)
    assert LazyAdam.from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta_1": 1.0}, r"beta_1 must be in \[0, 1\), got 1.0"),
        ({"beta_2": -0.5}, r"beta_2 must be in \[0, 1\), got -0.5"),
        ({"epsilon": 0.0}, "epsilon must be above 0, got 0.0"),
    ],
)
def test_bad_arguments(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        LazyAdam(**arguments)
