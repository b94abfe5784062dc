"""What every policy promises; a new policy joins by its name in `POLICIES`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.slate import Slate

POLICIES = ("greedy", "thompson")
DRAWS = 64


class _Named:
    """One policy of the head, called as a policy."""

    def __init__(self, head: ExplorationHead, name: str) -> None:
        self.head, self._name = head, name

    def choose(
        self, predicted_utility: tf.Tensor, features: tf.Tensor, valid: tf.Tensor, k: tf.Tensor, seed: tf.Tensor
    ) -> Slate:
        names = tf.fill(tf.shape(seed), self._name)
        return self.head.choose(names, predicted_utility, features, valid, k, seed)


@pytest.fixture(scope="module", params=POLICIES)
def policy(request: pytest.FixtureRequest, posterior: LinearPosterior) -> _Named:
    return _Named(ExplorationHead(posterior, draws=DRAWS), request.param)


def _assert_equal(first: Slate, second: Slate) -> None:
    np.testing.assert_array_equal(first.indices, second.indices)
    np.testing.assert_array_equal(first.scores, second.scores)
    np.testing.assert_array_equal(first.propensities, second.propensities)


def test_every_policy_of_the_head_is_under_contract(posterior: LinearPosterior) -> None:
    assert ExplorationHead(posterior).policy_names == POLICIES


@pytest.mark.parametrize("rows", [0, 1, 7])
@pytest.mark.parametrize(("candidates", "k"), [(30, 5), (4, 9), (1, 1), (6, 0), (0, 3)])
def test_slate_is_well_formed(
    policy: _Named, make_candidates: Callable[..., Any], rows: int, candidates: int, k: int
) -> None:
    batch = make_candidates(rows, candidates)
    slate = batch.choose(policy, k)
    assert slate.indices.shape == slate.scores.shape == slate.propensities.shape == (rows, k)
    assert (slate.indices.dtype, slate.scores.dtype, slate.propensities.dtype) == (np.int32, np.float32, np.float32)
    for row in range(rows):
        count = min(k, int(batch.valid[row].sum()))
        chosen = slate.indices[row, :count]
        assert len(set(chosen)) == count
        assert batch.valid[row, chosen].all()
        assert ((slate.propensities[row, :count] > 0) & (slate.propensities[row, :count] <= 1)).all()
        assert (np.diff(slate.scores[row, :count]) <= 0).all()
        assert (slate.indices[row, count:] == -1).all()
        assert (slate.scores[row, count:] == 0).all()
        assert (slate.propensities[row, count:] == 0).all()


def test_row_without_a_candidate_stays_empty(policy: _Named, make_candidates: Callable[..., Any]) -> None:
    batch = make_candidates(3, 10)
    batch.valid[1] = False
    slate = batch.choose(policy, 4)
    assert (slate.indices[1] == -1).all()
    assert (slate.propensities[1] == 0).all()
    assert (slate.indices[[0, 2]] >= 0).all()


def test_candidate_without_a_finite_utility_is_never_shown(policy: _Named, make_candidates: Callable[..., Any]) -> None:
    batch = make_candidates(2, 6, share_valid=1.0)
    batch.predicted_utility[0, 3] = np.nan
    batch.features[1, 2, 0] = np.inf
    slate = batch.choose(policy, 6)
    assert sorted(slate.indices[0]) == [-1, 0, 1, 2, 4, 5]
    assert sorted(slate.indices[1]) == [-1, 0, 1, 3, 4, 5]
    assert np.isfinite(slate.scores).all()


def test_far_better_candidate_comes_first_with_propensity_one(
    policy: _Named, make_candidates: Callable[..., Any]
) -> None:
    batch = make_candidates(3, 12, share_valid=1.0)
    batch.predicted_utility[:, 5] += 1e4
    slate = batch.choose(policy, 3)
    assert (slate.indices[:, 0] == 5).all()
    assert (slate.propensities[:, 0] == 1).all()


def test_same_seed_same_slate(policy: _Named, make_candidates: Callable[..., Any]) -> None:
    batch = make_candidates(7, 40)
    _assert_equal(batch.choose(policy, 8), batch.choose(policy, 8))


def test_row_does_not_depend_on_its_batch(policy: _Named, make_candidates: Callable[..., Any]) -> None:
    batch = make_candidates(7, 40)
    whole = batch.choose(policy, 8)
    _assert_equal(batch.rows(slice(2, 3)).choose(policy, 8), Slate(*(part[2:3] for part in whole)))
    shuffled = [5, 2, 2, 0]
    _assert_equal(batch.rows(shuffled).choose(policy, 8), Slate(*(part[shuffled] for part in whole)))


def test_shorter_slate_is_the_start_of_a_longer_one(policy: _Named, make_candidates: Callable[..., Any]) -> None:
    batch = make_candidates(4, 40)
    longer = batch.choose(policy, 9)
    _assert_equal(batch.choose(policy, 3), Slate(*(part[:, :3] for part in longer)))


def test_negative_k_is_refused(policy: _Named, make_candidates: Callable[..., Any]) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="k: must not be negative"):
        make_candidates(1, 5).choose(policy, -1)


def test_saved_model_answers_the_same(policy: _Named, make_candidates: Callable[..., Any], tmp_path: Path) -> None:
    batch = make_candidates(5, 20)
    module = tf.Module()
    module.policy = policy
    module.head = policy.head
    dimension = batch.features.shape[-1]
    module.choose = tf.function(
        policy.choose,
        input_signature=[
            tf.TensorSpec([None, None], tf.float32),
            tf.TensorSpec([None, None, dimension], tf.float32),
            tf.TensorSpec([None, None], tf.bool),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([None], tf.int64),
        ],
    )
    tf.saved_model.save(module, str(tmp_path / "model"))
    _assert_equal(batch.choose(tf.saved_model.load(str(tmp_path / "model")), 6), batch.choose(policy, 6))
