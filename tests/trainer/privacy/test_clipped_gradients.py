"""What one user can do to the sum of a step, on the towers of a run and with their loss."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.privacy.clipped_gradients import Batch, clip_to_norm, clipped_sum, user_gradient
from trainer.retrieval import TwoTowerModel

CLIP_NORM = 0.3
numbers = st.lists(st.floats(-100, 100, width=32), min_size=2, max_size=8)
Compute = Callable[[Sequence[int], float], np.ndarray]


@pytest.fixture(scope="module", params=["sampled", pytest.param("full", marks=pytest.mark.slow)])
def towers(
    request: pytest.FixtureRequest, make_towers: Callable[..., TwoTowerModel], sampled_towers: TwoTowerModel
) -> TwoTowerModel:
    return sampled_towers if request.param == "sampled" else make_towers(softmax="full", history_vectors="tower")


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Four users; the last wants one thing again and again."""
    history = np.array([[0, 1, 2, 3], [4, 5, 0, -1], [6, 7, 8, 9], [11, 11, 11, 11]])
    return {"users": tf.range(4), "history": tf.constant(history), "targets": tf.constant(history)}


@pytest.fixture(scope="module")
def compute(towers: TwoTowerModel, batch: Batch) -> Compute:
    """A function from rows of the batch and a clip norm to the sum, as one vector."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([])], autograph=False)
    def compiled(rows: tf.Tensor, clip_norm: tf.Tensor) -> list[tf.Tensor]:
        return clipped_sum(towers, {name: tf.gather(values, rows) for name, values in batch.items()}, clip_norm)

    return lambda rows, clip_norm: flat(compiled(tf.constant(rows, tf.int32), tf.constant(clip_norm)))


def flat(gradients: list[tf.Tensor]) -> np.ndarray:
    return np.concatenate([gradient.numpy().reshape(-1) for gradient in gradients])


def reset_seeds(towers: TwoTowerModel) -> None:
    for state in towers.variables:
        if state.name == "seed_generator_state":
            state.assign([5, 0])


@given(numbers, st.floats(0.1, 10))
@settings(derandomize=True, max_examples=15, deadline=None)
def test_clipping_is_that_of_the_paper(values: list[float], clip_norm: float) -> None:
    gradient = np.array(values, np.float32)
    expected = gradient / max(1.0, np.linalg.norm(gradient.astype(np.float64)) / clip_norm)
    clipped = clip_to_norm([tf.constant(gradient[:1]), tf.constant(gradient[1:])], clip_norm)
    np.testing.assert_allclose(flat(clipped), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
def test_a_gradient_that_cannot_be_scaled_adds_nothing(bad: float) -> None:
    assert not flat(clip_to_norm([tf.constant([bad, 1.0]), tf.constant([bad])], 1.0)).any()


def test_the_sum_is_that_of_every_user_clipped_alone(towers: TwoTowerModel, compute: Compute) -> None:
    reset_seeds(towers)
    alone = [compute([user], 1e9) for user in range(4)]
    norms = [np.linalg.norm(gradient) for gradient in alone]
    assert max(norms) > CLIP_NORM
    expected = sum(gradient / max(1, norm / CLIP_NORM) for gradient, norm in zip(alone, norms, strict=True))
    reset_seeds(towers)
    np.testing.assert_allclose(compute(range(4), CLIP_NORM), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("user", range(4))
def test_one_user_moves_the_sum_by_at_most_the_clip_norm(towers: TwoTowerModel, compute: Compute, user: int) -> None:
    """The user comes last, so that the others draw the same negatives with and without."""
    others = [row for row in range(4) if row != user]
    reset_seeds(towers)
    with_user = compute([*others, user], CLIP_NORM)
    reset_seeds(towers)
    change = np.linalg.norm(with_user - compute(others, CLIP_NORM))
    assert 0 < change <= CLIP_NORM * (1 + 1e-4)


def test_nobody_gives_zeros(compute: Compute) -> None:
    assert not compute([], CLIP_NORM).any()


def test_the_gradient_of_a_table_of_categories_is_dense(sampled_towers: TwoTowerModel, batch: Batch) -> None:
    """What is left sparse would get noise on the user's own rows alone."""
    gradients = user_gradient(sampled_towers, {name: values[:1] for name, values in batch.items()})
    shapes = [variable.shape for variable in sampled_towers.trainable_variables]
    assert [tuple(gradient.shape) for gradient in gradients] == [tuple(shape) for shape in shapes]
    assert all(isinstance(gradient, tf.Tensor) for gradient in gradients)
