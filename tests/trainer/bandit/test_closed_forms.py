"""Slot propensities against the enumeration of every order of five candidates."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.bandit.conftest import ITEM_IDS, SETTINGS
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.posterior import LinearPosterior

CANDIDATES, SLOTS, DRAWS = 5, 3, 4096
SAMPLES = DRAWS // 8
SlotProbability = Callable[[np.ndarray, np.ndarray, list[int]], np.ndarray]


def _plackett_luce(utility: np.ndarray, explorable: np.ndarray, left: list[int]) -> np.ndarray:
    """Probability of each candidate left in the next slot."""
    weights = np.exp(utility[left] / SETTINGS.plackett_luce_temperature)
    drawable = explorable[left].copy()
    drawable[np.argmax(utility[left])] = True
    return np.where(drawable, weights, 0) / weights[drawable].sum()


def _square_cb(utility: np.ndarray, explorable: np.ndarray, left: list[int]) -> np.ndarray:
    """Probability of each candidate left in the next slot."""
    best = int(np.argmax(utility[left]))
    drawable = explorable[left].copy()
    drawable[best] = True
    gaps = utility[left][best] - utility[left]
    worse = (explorable & (utility < utility[left][best])).sum()
    probability = np.where(drawable, 1 / (worse + 1 + SETTINGS.squarecb_gamma * gaps), 0)
    probability[best] = 0
    probability[best] = 1 - probability.sum()
    return probability


def _by_slots(utility: np.ndarray, explorable: np.ndarray, law: SlotProbability) -> np.ndarray:
    """Slot propensities [N, K] of successive sampling, over every order of K of the candidates."""
    shares = np.zeros((CANDIDATES, SLOTS))
    for order in permutations(range(CANDIDATES), SLOTS):
        probability, left = 1.0, list(range(CANDIDATES))
        for candidate in order:
            probability *= law(utility, explorable, left)[left.index(candidate)]
            left.remove(candidate)
        shares[list(order), range(SLOTS)] += probability
    return shares


def _epsilon_greedy(utility: np.ndarray, explorable: np.ndarray) -> np.ndarray:
    """Slot propensities [N, K] over every random order of what is explorable."""
    greedy = np.argsort(-utility)[:SLOTS]
    shares = (1 - SETTINGS.epsilon) * np.eye(CANDIDATES)[:, greedy]
    orders = list(permutations(np.flatnonzero(explorable)))
    for order in orders:
        shown = _with_random(greedy, explorable, iter(order))
        shares[shown, range(SLOTS)] += SETTINGS.epsilon / len(orders)
    return shares


def _with_random(greedy: np.ndarray, explorable: np.ndarray, order: Iterator[int]) -> list[int]:
    return [next(order) if explorable[candidate] else int(candidate) for candidate in greedy]


@pytest.mark.parametrize("held_back", [(), (0,), (1, 3)], ids=["all", "one held back", "two held back"])
@pytest.mark.parametrize("policy", ["epsilon_greedy", "plackett_luce", "square_cb"])
def test_distribution_is_that_of_every_order(
    policy: str, held_back: tuple[int, ...], posterior: LinearPosterior, make_candidates: Callable[..., Any]
) -> None:
    batch = make_candidates(1, CANDIDATES, seed=8, share_valid=1.0)
    batch.rows[0] = np.arange(CANDIDATES)
    settings = replace(SETTINGS, draws=DRAWS, never_explore=tuple(ITEM_IDS[row] for row in held_back))
    head = ExplorationHead(posterior, ITEM_IDS, settings)
    belief = head.belief(batch.predicted_utility, batch.features, batch.rows, batch.valid)
    utility = belief.utility.numpy()[0]
    explorable = ~np.isin(np.arange(CANDIDATES), held_back)
    if policy == "epsilon_greedy":
        expected = _epsilon_greedy(utility, explorable)
    else:
        law = _plackett_luce if policy == "plackett_luce" else _square_cb
        expected = _by_slots(utility.astype(np.float64), explorable, law)
    got = head._policies[policy].distribution(belief, tf.constant(SLOTS), tf.constant(batch.seed)).numpy()[0]
    # Later slots of successive sampling are estimated; they come closer than the stated error.
    exact = slice(SLOTS) if policy == "epsilon_greedy" else slice(1)
    np.testing.assert_allclose(got[:, exact], expected[:, exact], atol=2e-6)
    error = np.sqrt(expected * np.clip(1 - expected, 0, 1) / SAMPLES) + 1 / (SAMPLES + 1)
    assert (np.abs(got - expected) <= 4 * error + 2e-6).all()
    np.testing.assert_array_equal(got == 0, expected == 0)
    assert expected.sum(axis=1).max() < 1.0 + 1e-9


@pytest.mark.parametrize("policy", ["plackett_luce", "square_cb"])
def test_standard_error_of_a_later_slot_is_below_that_of_counting(
    policy: str, posterior: LinearPosterior, make_candidates: Callable[..., Any]
) -> None:
    """Over many contexts, since the fixed samples make one context give one error."""
    head = ExplorationHead(posterior, ITEM_IDS, replace(SETTINGS, draws=512))
    batch = make_candidates(40, CANDIDATES, seed=9, share_valid=1.0)
    belief = head.belief(batch.predicted_utility, batch.features, batch.rows, batch.valid)
    utility = belief.utility.numpy()
    law = _plackett_luce if policy == "plackett_luce" else _square_cb
    everything = np.ones(CANDIDATES, bool)
    expected = np.stack([_by_slots(row.astype(np.float64), everything, law) for row in utility])[:, :, 1:]
    got = head._policies[policy].distribution(belief, tf.constant(SLOTS), tf.constant(batch.seed)).numpy()[:, :, 1:]
    counting = np.sqrt(expected * (1 - expected) / head.settings.slate_samples)
    assert np.sqrt(np.mean((got - expected) ** 2)) < np.sqrt(np.mean(counting**2))
