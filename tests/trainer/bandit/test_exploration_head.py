"""Dispatch by name, the posterior in variables, and the exported graph."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.greedy import GreedyPolicy
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.slate import Slate
from trainer.bandit.thompson import ThompsonPolicy

DRAWS = 64


def _choose(choose: Callable[..., Slate], names: list[str], batch: Any, k: int = 6) -> Slate:
    arguments = [tf.constant(value) for value in (batch.predicted_utility, batch.features, batch.valid)]
    return Slate(*(part.numpy() for part in choose(tf.constant(names), *arguments, tf.constant(k), batch.seed)))


def _export(head: ExplorationHead, path: Path) -> None:
    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "policy"),
            tf.TensorSpec([None, None], tf.float32, "predicted_utility"),
            tf.TensorSpec([None, None, head.mean.shape[0]], tf.float32, "features"),
            tf.TensorSpec([None, None], tf.bool, "valid"),
            tf.TensorSpec([None], tf.int32, "k"),
            tf.TensorSpec([None], tf.int64, "seed"),
        ]
    )
    def recommend(
        policy: tf.Tensor,
        predicted_utility: tf.Tensor,
        features: tf.Tensor,
        valid: tf.Tensor,
        k: tf.Tensor,
        seed: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        return head.choose(policy, predicted_utility, features, valid, tf.reduce_max(k), seed)._asdict()

    module = tf.Module()
    module.head = head
    tf.saved_model.save(module, str(path), signatures={"recommend": recommend})


def _call(signature: Callable[..., Any], names: list[str], batch: Any) -> dict[str, np.ndarray]:
    outputs = signature(
        policy=tf.constant(names),
        predicted_utility=tf.constant(batch.predicted_utility),
        features=tf.constant(batch.features),
        valid=tf.constant(batch.valid),
        k=tf.fill([len(names)], 6),
        seed=tf.constant(batch.seed),
    )
    return {name: value.numpy() for name, value in outputs.items()}


@pytest.mark.parametrize("default", ["greedy", "thompson"])
def test_rows_go_to_the_policy_that_they_name(
    default: str, posterior: LinearPosterior, make_candidates: Callable[..., Any]
) -> None:
    head = ExplorationHead(posterior, default, DRAWS)
    batch = make_candidates(6, 20)
    names = ["thompson", "", "greedy", "thompson", "", "greedy"]
    mixed = _choose(tf.function(head.choose), names, batch)
    alone = {
        "greedy": batch.choose(GreedyPolicy(head.mean), 6),
        "thompson": batch.choose(ThompsonPolicy(head.mean, head.covariance_factor, DRAWS), 6),
    }
    for row, name in enumerate(names):
        expected = alone[name or default]
        for part, expected_part in zip(mixed, expected, strict=True):
            np.testing.assert_array_equal(part[row], expected_part[row])


def test_eager_equals_graph(posterior: LinearPosterior, make_candidates: Callable[..., Any]) -> None:
    head, batch = ExplorationHead(posterior, "thompson", DRAWS), make_candidates(2, 10)
    eager, graph = (_choose(choose, ["", "greedy"], batch) for choose in (head.choose, tf.function(head.choose)))
    np.testing.assert_array_equal(eager.indices, graph.indices)
    np.testing.assert_allclose(eager.propensities, graph.propensities, rtol=1e-6)


def test_thompson_is_computed_only_where_a_row_asks_for_it(
    posterior: LinearPosterior, make_candidates: Callable[..., Any]
) -> None:
    head, batch = ExplorationHead(posterior, "greedy", DRAWS), make_candidates(3, 10)
    called: list[int] = []
    thompson = head._policies["thompson"]

    class Counted:
        def choose(self, *arguments: tf.Tensor) -> Slate:
            with tf.control_dependencies([tf.py_function(lambda: called.append(1), [], [])]):
                return Slate(*map(tf.identity, thompson.choose(*arguments)))

    head._policies["thompson"] = Counted()
    choose = tf.function(head.choose)
    _choose(choose, ["", "greedy", ""], batch)
    assert called == []
    _choose(choose, ["", "thompson", ""], batch)
    assert called == [1]


@pytest.mark.parametrize("names", [["greedy", "epsilon", "epsilon"], ["epsilon"] * 3])
def test_unknown_policy_is_named(
    names: list[str], posterior: LinearPosterior, make_candidates: Callable[..., Any]
) -> None:
    head, batch = ExplorationHead(posterior, draws=DRAWS), make_candidates(3, 10)
    for choose in (head.choose, tf.function(head.choose)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="policy: epsilon is not one of greedy, thompson"):
            _choose(choose, names, batch)


def test_bad_default_is_refused(posterior: LinearPosterior) -> None:
    with pytest.raises(ValueError, match="^default_policy: 'best' is not one of greedy, thompson$"):
        ExplorationHead(posterior, "best")


def test_swapped_posterior_moves_a_traced_graph(
    posterior: LinearPosterior, make_candidates: Callable[..., Any]
) -> None:
    head, batch = ExplorationHead(posterior, "thompson", DRAWS), make_candidates(4, 20)
    choose = tf.function(head.choose)
    before = _choose(choose, [""] * 4, batch)
    random = np.random.default_rng(2)
    updated = posterior.update(random.normal(size=(500, 5)), random.normal(0, 3, 500))
    head.set_posterior(updated)
    after = _choose(choose, [""] * 4, batch)
    assert (before.scores != after.scores).any()
    fresh = _choose(tf.function(ExplorationHead(updated, "thompson", DRAWS).choose), [""] * 4, batch)
    np.testing.assert_array_equal(after.indices, fresh.indices)
    np.testing.assert_array_equal(after.propensities, fresh.propensities)


def test_posterior_of_another_dimension_is_refused(posterior: LinearPosterior) -> None:
    head = ExplorationHead(posterior)
    with pytest.raises(ValueError, match="^posterior: has 3 features where 5 are expected$"):
        head.set_posterior(LinearPosterior.prior(3, 1.0, 1.0))


def test_exported_signature_answers_the_same_and_takes_a_new_posterior(
    posterior: LinearPosterior, make_candidates: Callable[..., Any], tmp_path: Path
) -> None:
    head, batch = ExplorationHead(posterior, "thompson", DRAWS), make_candidates(4, 20)
    _export(head, tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    signature = loaded.signatures["recommend"]
    names = ["", "greedy", "thompson", ""]
    expected = _choose(tf.function(head.choose), names, batch)._asdict()
    for name, value in _call(signature, names, batch).items():
        np.testing.assert_array_equal(value, expected[name])
    loaded.head.covariance_factor.assign(tf.zeros([5, 5]))
    assert (_call(signature, [""] * 4, batch)["propensities"] == 1).all()


def test_exported_signature_refuses_an_unknown_policy(
    posterior: LinearPosterior, make_candidates: Callable[..., Any], tmp_path: Path
) -> None:
    _export(ExplorationHead(posterior, draws=DRAWS), tmp_path / "model")
    signature = tf.saved_model.load(str(tmp_path / "model")).signatures["recommend"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="policy: epsilon is not one of greedy, thompson"):
        _call(signature, ["", "epsilon"], make_candidates(2, 10))
