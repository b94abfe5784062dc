"""Estimators of slates: by hand, and without bias over all slates of a small world."""

import itertools

import numpy as np
import pytest

from tfx_pipeline.evaluation.off_policy import (
    CascadeDoublyRobust,
    CascadeInversePropensity,
    DoublyRobust,
    Estimator,
    EvaluationPolicy,
    InversePropensity,
    LoggedSlots,
    WholeSlateInversePropensity,
    estimate,
    round_values,
)


def test_values_of_rows(log: LoggedSlots, evaluation: EvaluationPolicy) -> None:
    # Products down the slates: request 3 has 4, 2, 2, request 7 has 2, 1, request 5 has 0.
    expected = {
        WholeSlateInversePropensity(): [0.0, 1.0, 4.0, 0.0, 1.0, 0.0],
        CascadeInversePropensity(): [0.0, 2.0, 4.0, 0.0, 1.0, 0.0],
        CascadeDoublyRobust(): [0.8 - 0.2, 0.5 + 0.8, 2.0 + 1.0, 0.3 - 0.8, 1.2 + 0.6, 0.7],
    }
    for estimator, values in expected.items():
        np.testing.assert_allclose(round_values(estimator, log, evaluation), values, atol=1e-12, err_msg=estimator.name)


@pytest.mark.parametrize("estimator", [WholeSlateInversePropensity(), CascadeInversePropensity()])
def test_single_slots_are_ips(estimator: Estimator) -> None:
    random = np.random.default_rng(0)
    log = LoggedSlots(random.random(20), random.uniform(0.1, 1, 20), np.zeros(20, int), np.arange(20))
    evaluation = EvaluationPolicy(random.random(20))
    assert estimate(estimator, log, evaluation) == pytest.approx(estimate(InversePropensity(), log, evaluation))


SLOTS, ITEMS = 3, 2


def every_slate(reward: np.ndarray) -> dict[Estimator, float]:
    """Mean of the estimates over all slates of a logging policy, and under None the truth.

    Args:
        reward: Reward of each slot given all items of the slate; [ITEMS] * SLOTS + [SLOTS].
    """
    random = np.random.default_rng(3)
    logging, policy = (random.dirichlet(np.ones(ITEMS), SLOTS) for _ in range(2))
    model = random.random((SLOTS, ITEMS))
    slots = np.arange(SLOTS)
    estimators = (
        InversePropensity(),
        DoublyRobust(),
        CascadeInversePropensity(),
        CascadeDoublyRobust(),
        WholeSlateInversePropensity(),
    )
    means: dict = dict.fromkeys((None, *estimators), 0.0)
    for slate in itertools.product(range(ITEMS), repeat=SLOTS):
        items = np.array(slate)
        log = LoggedSlots(reward[slate], logging[slots, items], slots, np.zeros(SLOTS, int))
        evaluation = EvaluationPolicy(policy[slots, items], model[slots, items], (policy * model).sum(axis=1))
        means[None] += policy[slots, items].prod() * reward[slate].sum()
        for estimator in estimators:
            means[estimator] += logging[slots, items].prod() * estimate(estimator, log, evaluation)
    return means


def test_each_is_unbiased_under_its_click_model() -> None:
    random = np.random.default_rng(5)
    shape = (ITEMS,) * SLOTS
    own, above, whole = np.zeros((*shape, SLOTS)), np.zeros((*shape, SLOTS)), random.random((*shape, SLOTS))
    for slot in range(SLOTS):
        own[..., slot] = random.random(ITEMS).reshape([ITEMS if axis == slot else 1 for axis in range(SLOTS)])
        above[..., slot] = random.random([ITEMS if axis <= slot else 1 for axis in range(SLOTS)])
    unbiased = {
        "own item": (own, ["IPS", "DR", "cascade IPS", "cascade DR", "whole-slate IPS"]),
        "items above": (above, ["cascade IPS", "cascade DR", "whole-slate IPS"]),
        "all items": (whole, ["whole-slate IPS"]),
    }
    for depends_on, (reward, names) in unbiased.items():
        means = every_slate(reward)
        truth = means.pop(None)
        right = [estimator.name for estimator, mean in means.items() if mean == pytest.approx(truth, abs=1e-9)]
        assert right == names, depends_on
