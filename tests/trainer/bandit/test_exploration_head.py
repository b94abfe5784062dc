"""Dispatch by name, the posterior in variables, and the exported graph."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.bandit.conftest import DIMENSION, ITEM_IDS, SETTINGS, SIGNATURE
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.settings import POLICIES
from trainer.bandit.slate import Slate


@pytest.fixture
def updated(posterior: LinearPosterior) -> LinearPosterior:
    """The posterior after many more rows, of other items as well."""
    random = np.random.default_rng(2)
    items = [ITEM_IDS[row] for row in random.integers(0, len(ITEM_IDS), 500)]
    return posterior.update(random.normal(size=(500, DIMENSION)), random.normal(0, 3, 500), items)


def test_rows_go_to_the_policy_that_they_name(head: ExplorationHead, make_candidates: Callable[..., Any]) -> None:
    batch = make_candidates(8, 20)
    names = ["thompson", "", "square_cb", "lin_ucb", "epsilon_greedy", "plackett_luce", "greedy", "thompson"]
    mixed, distribution = batch.choose(head, names, 6), batch.distribution(head, names, 6)
    for row, name in enumerate(names):
        alone = batch.only([row]).choose(head, name or SETTINGS.policy, 6)
        for part, expected in zip(mixed, alone, strict=True):
            np.testing.assert_array_equal(part[row], expected[0])
        expected = batch.only([row]).distribution(head, name or SETTINGS.policy, 6)
        np.testing.assert_array_equal(distribution[row], expected[0])


def test_eager_equals_graph(head: ExplorationHead, make_candidates: Callable[..., Any]) -> None:
    batch = make_candidates(6, 10)
    eager = head.choose(*batch.arguments(list(POLICIES), 4))
    graph = batch.choose(head, list(POLICIES), 4)
    np.testing.assert_array_equal(eager.indices, graph.indices)
    np.testing.assert_allclose(eager.propensities, graph.propensities, rtol=1e-6)


def test_policy_is_computed_only_where_a_row_asks_for_it(
    posterior: LinearPosterior, make_candidates: Callable[..., Any]
) -> None:
    head, batch = ExplorationHead(posterior, ITEM_IDS, SETTINGS), make_candidates(3, 10)
    called: list[int] = []
    thompson = head._policies["thompson"]

    class Counted:
        def choose(self, *arguments: tf.Tensor) -> Slate:
            with tf.control_dependencies([tf.py_function(lambda: called.append(1), [], [])]):
                return Slate(*map(tf.identity, thompson.choose(*arguments)))

    head._policies["thompson"] = Counted()
    batch.choose(head, ["", "greedy", ""], 4)
    assert called == []
    batch.choose(head, ["", "thompson", ""], 4)
    assert called == [1]


@pytest.mark.parametrize("names", [["greedy", "epsilon", "epsilon"], ["epsilon"] * 3])
def test_unknown_policy_is_named(names: list[str], head: ExplorationHead, make_candidates: Callable[..., Any]) -> None:
    batch = make_candidates(3, 10)
    message = "policy: epsilon is not one of greedy, epsilon_greedy, thompson, lin_ucb, square_cb, plackett_luce"
    for call in (batch.choose, batch.distribution):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            call(head, names, 4)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        head.choose(*batch.arguments(names, 4))


def test_negative_k_is_refused(head: ExplorationHead, make_candidates: Callable[..., Any]) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="k: must not be negative"):
        make_candidates(1, 5).choose(head, "greedy", -1)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (0, 0)])
def test_nothing_to_choose_from_where_the_graph_knows_it(head: ExplorationHead, shape: tuple[int, int]) -> None:
    """With the shapes known beforehand TensorFlow fuses operations that end the process on empty input."""
    arguments = (
        tf.fill(shape[:1], "thompson"),
        tf.zeros(shape),
        tf.zeros((*shape, DIMENSION)),
        tf.zeros(shape, tf.int32),
        tf.ones(shape, tf.bool),
        tf.constant(2),
        tf.zeros(shape[:1], tf.int64),
    )
    slate = tf.function(head.choose)(*arguments)
    np.testing.assert_array_equal(slate.indices, np.full((shape[0], 2), -1))


def test_intercept_of_an_item_moves_its_utility_and_its_uncertainty(
    head: ExplorationHead, posterior: LinearPosterior, make_candidates: Callable[..., Any]
) -> None:
    """The joint posterior of w and all intercepts, from its normal equations, against what the head believes."""
    batch = make_candidates(1, 12, share_valid=1.0)
    belief = head.belief(batch.predicted_utility, batch.features, batch.rows, batch.valid)
    offset, centre, spread = (table[batch.rows[0]] for table in posterior.item_arrays(ITEM_IDS))
    own = batch.features[0] - centre
    np.testing.assert_allclose(belief.utility[0], batch.predicted_utility[0] + offset + own @ posterior.mean, rtol=1e-5)
    np.testing.assert_allclose(belief.features[0], own, rtol=1e-6)
    np.testing.assert_allclose(belief.spread[0], spread, rtol=1e-6)
    assert len(np.unique(spread)) > 1


def test_swapped_posterior_moves_a_traced_graph(
    posterior: LinearPosterior, updated: LinearPosterior, make_candidates: Callable[..., Any]
) -> None:
    head, batch = ExplorationHead(posterior, ITEM_IDS, SETTINGS), make_candidates(4, 20)
    before = batch.choose(head, "thompson", 6)
    head.set_posterior(updated)
    after = batch.choose(head, "thompson", 6)
    assert (before.scores != after.scores).any()
    fresh = batch.choose(ExplorationHead(updated, ITEM_IDS, SETTINGS), "thompson", 6)
    for part, expected in zip(after, fresh, strict=True):
        np.testing.assert_array_equal(part, expected)


def test_posterior_of_another_dimension_is_refused(head: ExplorationHead) -> None:
    with pytest.raises(ValueError, match="^posterior: has 3 features where 5 are expected$"):
        head.set_posterior(LinearPosterior.prior(3, 1.0, 1.0))


def test_saved_model_takes_a_new_posterior_and_new_items_to_hold_back(
    posterior: LinearPosterior, updated: LinearPosterior, make_candidates: Callable[..., Any], tmp_path: Path
) -> None:
    """In place, by the names of the variables: this is how an update writes a version without training."""
    module, batch = tf.Module(), make_candidates(4, 20)
    module.head = ExplorationHead(posterior, ITEM_IDS, replace(SETTINGS, policy="thompson"))
    module.choose = tf.function(module.head.choose, input_signature=SIGNATURE)
    tf.saved_model.save(module, str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    loaded.head.mean.assign(updated.mean)
    loaded.head.covariance_factor.assign(updated.covariance_factor)
    tables = ("item_offset", "item_centre", "item_spread")
    for name, values in zip(tables, updated.item_arrays(ITEM_IDS), strict=True):
        getattr(loaded.head, name).assign(values)
    expected = batch.choose(ExplorationHead(updated, ITEM_IDS, SETTINGS), "thompson", 6)
    for part, of_fresh in zip(loaded.choose(*batch.arguments("", 6)), expected, strict=True):
        np.testing.assert_array_equal(part, of_fresh)
    loaded.head.explorable_items.assign(tf.zeros([len(ITEM_IDS) + 1], tf.bool))
    propensities = loaded.choose(*batch.arguments("", 6)).propensities
    assert set(np.unique(propensities)) == {1.0}


@pytest.mark.parametrize(
    "policy", ["thompson", *(pytest.param(name, marks=pytest.mark.slow) for name in POLICIES if name != "thompson")]
)
def test_a_slate_does_not_depend_on_the_lengths_of_the_others(
    posterior: LinearPosterior, make_candidates: Any, policy: str
) -> None:
    head = ExplorationHead(posterior, ITEM_IDS, replace(SETTINGS, explored_share=0.5))
    batch = make_candidates(3, 12)
    lengths = [2, 6, 4]
    names, candidates = tf.constant([policy] * 3), batch.arguments(policy, 0)
    mixed = head.choose(names, *candidates[1:5], tf.constant(lengths), candidates[6])
    distribution = head.distribution(names, *candidates[1:5], tf.constant(lengths), candidates[6]).numpy()
    for row, length in enumerate(lengths):
        alone = batch.only([row]).choose(head, policy, length)
        for part, of_alone in zip(mixed, alone, strict=True):
            np.testing.assert_allclose(part.numpy()[row, :length], of_alone[0], rtol=1e-5)
        assert (mixed.indices.numpy()[row, length:] == -1).all()
        np.testing.assert_allclose(
            distribution[row, :, :length], batch.only([row]).distribution(head, policy, length)[0]
        )
        assert not distribution[row, :, length:].any()
