from collections.abc import Callable
from typing import Any

import numpy as np

from tfx_pipeline.evaluation.baselines import ImplicitALS
from tfx_pipeline.evaluation.baselines.als_solver import added_confidence, solve_rows
from tfx_pipeline.evaluation.baselines.history_matrix import training_matrix
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions


def loss(interactions: Interactions, items: np.ndarray, settings: ImplicitALS) -> float:
    """Equation 3 of the paper at the best user factors."""
    added = added_confidence(training_matrix(interactions), settings.alpha)
    users = solve_rows(added, items, settings.regularisation).astype(np.float64)
    dense = added.toarray()
    errors = (1 + dense) * ((dense > 0) - users @ items.T) ** 2
    return float(errors.sum() + settings.regularisation * ((users**2).sum() + (items**2).sum()))


def test_every_iteration_lowers_the_loss(random_shop: tuple[Interactions, EvaluationCases]) -> None:
    interactions, _ = random_shop
    losses = []
    for iterations in range(1, 8):
        settings = ImplicitALS(factors=6, regularisation=0.5, iterations=iterations)
        losses.append(loss(interactions, settings.fit(interactions).item_factors, settings))
    assert (np.diff(losses) < 0).all() and losses[-1] < 0.9 * losses[0]


def test_two_circles_of_customers_are_kept_apart(shop: Callable[..., Any]) -> None:
    random = np.random.default_rng(4)
    histories = [(random.choice(10, 6, replace=False) + 10 * (user % 2)).tolist() for user in range(60)]
    interactions, _ = shop(histories, 20)
    asked = EvaluationCases.from_lists(["a", "b"], [[0, 1, 2], [10, 11, 12]], [[]] * 2, 20)
    ranked = ImplicitALS(factors=2, regularisation=1.0).fit(interactions)(asked, 7, True).items
    assert set(ranked[0].tolist()) == set(range(3, 10)) and set(ranked[1].tolist()) == set(range(13, 20))


def test_the_seed_decides_where_to_start(random_shop: tuple[Interactions, EvaluationCases]) -> None:
    interactions, cases = random_shop
    scores = [ImplicitALS(factors=4, iterations=1, seed=seed).fit(interactions).score(cases) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.allclose(scores[0], scores[2])
